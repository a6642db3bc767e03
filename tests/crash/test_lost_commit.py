"""The connection is lost at COMMIT: the history row alone tells what became of it."""

import pytest

from harness.flow import error
from harness.proxy import LOST_REPLY, LOST_REQUEST, NO_REPLY

APPLY = r"^pgsluice/.*/apply$"


def apply_through(site, make_proxy, **cut):
    proxy = make_proxy(site.cluster)
    rule = proxy.cut(application=APPLY, **cut)
    running = site.start("--format", "json", database=proxy.conninfo(site.database.name))
    assert rule.fired.wait(60)
    return proxy, running


# The 9th is in the middle of a file that set its search path before.
@pytest.mark.parametrize("nth", [1, 2, 4, 6, 9])
def test_a_commit_whose_answer_is_lost_is_found_and_the_run_goes_on(site, make_proxy, nth):
    _, running = apply_through(site, make_proxy, mode=LOST_REPLY, nth=nth)
    result = running.result().ended(0)
    assert "connection lost at COMMIT of migration " in result.stderr
    assert "is committed: its row is there" in result.stderr
    site.check_finished()


def test_a_commit_that_never_arrived_was_rolled_back(site, make_proxy):
    _, running = apply_through(site, make_proxy, mode=LOST_REQUEST, nth=2)
    result = running.result().ended(22)
    assert error(result)["message"].endswith("the connection was lost at COMMIT of migration 003, which was rolled back")
    assert error(result)["hint"] == "Nothing of it is there. Start again when the target is stable."
    site.check_consistent()
    assert site.history() == ["001", "002"]
    site.apply().ended(0)
    site.check_finished()


@pytest.mark.parametrize("mode, left", [(LOST_REPLY, ["001", "002"]), (LOST_REQUEST, ["001"])])
def test_a_target_that_cannot_be_asked_leaves_the_outcome_in_doubt(site, make_proxy, mode, left):
    proxy, running = apply_through(site, make_proxy, mode=mode, refuse=True)
    running.wait_for_output("asking what became of it")
    running.signal()  # it asks for a minute; the operator does not want to wait
    result = running.result(timeout=30).ended(24)
    assert "the connection was lost at COMMIT of migration 002" in error(result)["message"]
    assert error(result)["hint"] == "Start again when the target answers: the history row decides."
    site.check_consistent()
    assert site.history() == left
    proxy.accept()
    site.apply(database=proxy.conninfo(site.database.name)).ended(0)
    site.check_finished()


def test_a_connection_that_falls_silent_at_commit_is_not_waited_for(site, make_proxy):
    _, running = apply_through(site, make_proxy, mode=NO_REPLY)
    result = running.result().ended(0)
    assert "connection lost at COMMIT of migration 002; asking what became of it" in result.stderr
    assert "migration 002 is committed: its row is there" in result.stderr
    site.check_finished()


def test_another_server_that_answers_after_a_lost_commit_is_not_believed(site, make_proxy, make_cluster):
    proxy = make_proxy(site.cluster)
    other = make_cluster()
    other.create_database(site.database.name)

    def switch():
        proxy.target = str(other.socket_dir / ".s.PGSQL.5432")

    rule = proxy.cut(mode=LOST_REPLY, application=APPLY, then=switch)
    result = site.apply("--format", "json", database=proxy.conninfo(site.database.name)).ended(24)
    assert rule.fired.is_set()
    assert error(result)["message"].endswith("the connection was lost at COMMIT and another server answers now")
    assert error(result)["hint"] == \
        "After a failover the old primary alone knows. Compare the history table on both first."
    site.apply().ended(0)
    site.check_finished()
