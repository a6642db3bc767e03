"""The server crashes at chosen points of an apply: while a statement runs, before a COMMIT arrives, after it was done."""

import pytest

from harness.flow import error
from harness.proxy import LOST_REPLY, LOST_REQUEST

APPLY = r"^pgsluice/.*/apply$"


def crash(site):
    site.cluster.stop("immediate")
    site.cluster.start()


def finish(site):
    site.check_consistent()
    site.apply().ended(0)
    site.check_finished()


@pytest.mark.parametrize("statement", [
    "UPDATE accounts SET balance = balance \\+ 1$",
    "CREATE INDEX CONCURRENTLY notes_first",
    "CREATE INDEX CONCURRENTLY notes_between",
    "CREATE INDEX CONCURRENTLY notes_last",
    "VACUUM accounts",
])
def test_a_server_that_crashes_when_a_statement_arrives(site, make_proxy, statement):
    proxy = make_proxy(site.cluster)
    rule = proxy.cut(statement, mode=LOST_REQUEST, application=APPLY, then=lambda: crash(site))
    result = site.apply("--format", "json", database=proxy.conninfo(site.database.name))
    assert rule.fired.is_set(), result
    assert result.exit in (22, 31), result
    assert error(result)["hint"]
    finish(site)


@pytest.mark.parametrize("mode", [LOST_REQUEST, LOST_REPLY])
@pytest.mark.parametrize("nth", [1, 4, 7])
def test_a_server_that_crashes_at_commit(site, make_proxy, mode, nth):
    proxy = make_proxy(site.cluster)
    rule = proxy.cut(mode=mode, nth=nth, application=APPLY, then=lambda: crash(site))
    result = site.apply("--format", "json", database=proxy.conninfo(site.database.name))
    assert rule.fired.is_set(), result
    # Recovered at once, it tells: what committed goes on, what did not ends the run.
    assert result.exit in (0, 22), result
    assert mode == LOST_REQUEST or "is committed: its row is there" in result.stderr, result
    finish(site)


def test_a_server_that_crashes_in_the_middle_of_a_concurrent_build(site):
    with site.database.transaction("SELECT * FROM accounts; LOCK TABLE marks IN ACCESS SHARE MODE"):
        running = site.start("--format", "json")
        # A build waits for every older snapshot; this transaction holds one from before.
        site.database.wait_for_session("pgsluice/%/apply")
        site.cluster.stop("immediate")
    site.cluster.start()
    result = running.result()
    assert result.exit in (20, 21, 22, 31), result
    finish(site)
