"""Others in the way: a second run, a run whose client is gone, a pooler."""

import contextlib
import os
import signal

import pytest

from harness.flow import Flow, error
from harness.snapshot import database_snapshot
from harness.tool import Sluice
from site_before_apply import OURS, Site

HOLD = {"002_hold": "INSERT INTO marks VALUES ('002');\nSELECT pg_advisory_xact_lock(77);",
        "003_more": "INSERT INTO marks VALUES ('003');"}


@pytest.fixture
def held(make_cluster, folder, migrations):
    site = Site(make_cluster, folder, migrations, plan=HOLD)
    yield site
    site.close()


@pytest.fixture
def elsewhere(held, folder):
    """The same migrations and the same evidence on another machine."""
    home = folder / "elsewhere"
    home.mkdir()
    other = Flow(Sluice(home, held.database, held.flow.sluice.migrations))
    yield other
    other.sluice.close()


def test_of_two_runs_on_one_machine_one_applies_and_the_other_is_told(held):
    with held.database.transaction("SELECT pg_advisory_xact_lock(77)"):
        first = held.start()
        held.wait_in_apply()
        second = held.apply("--format", "json").ended(20)
    assert error(second)["hint"]
    first.result().ended(0)
    assert held.marks() == ["002", "003"]


def test_of_two_runs_on_two_machines_one_applies_and_the_other_is_told(held, elsewhere):
    elsewhere.prove()
    with held.database.transaction("SELECT pg_advisory_xact_lock(77)"):
        first = held.start()
        pid = held.wait_in_apply()
        second = elsewhere.batch("--approve", held.plan_id, "--format", "json").ended(20)
    assert f"process {pid} (pgsluice/" in second.stdout or "another run holds this target" in second.stdout
    first.result().ended(0)
    assert held.marks() == ["002", "003"]
    elsewhere.batch().ended(0)


def test_two_runs_that_start_together_do_not_stop_each_other(held, elsewhere):
    elsewhere.prove()
    runs = [held.start(), elsewhere.start("--approve", held.plan_id)]
    codes = sorted(run.result().exit for run in runs)
    assert codes in ([0, 0], [0, 20]), [str(run.result()) for run in runs]
    assert held.marks() == ["002", "003"] and held.history() == ["001", "002", "003"]


def test_two_runs_that_wait_for_each_other_both_end_well(held, elsewhere):
    elsewhere.prove()
    runs = [held.start("--wait-leader", "60s"), elsewhere.start("--approve", held.plan_id, "--wait-leader", "60s")]
    results = sorted((run.result() for run in runs), key=lambda result: result.exit)
    assert [result.exit for result in results] in ([0, 0], [0, 20]), [str(result) for result in results]
    if results[1].exit == 20:
        assert "the history was changed since this run read it: 002 is applied now" in results[1].stderr
    assert held.marks() == ["002", "003"]


def test_a_statement_that_outlived_its_client_is_named(held):
    with held.database.transaction("SELECT pg_advisory_xact_lock(77)"):
        first = held.start()
        pid = held.wait_in_apply()
        # A server process that stands still does not see that its client is gone, and goes on later.
        os.kill(pid, signal.SIGSTOP)
        try:
            run = first.kill().stdout
            second = held.apply("--format", "json").ended(20)
        finally:
            os.kill(pid, signal.SIGCONT)
    assert "passed approval" in run
    assert f"process {pid} (pgsluice/" in error(second)["message"]
    assert error(second)["hint"] == \
        f"Wait for it; when its client is gone: select pg_terminate_backend({pid});"
    held.wait_for_silence()
    held.apply().ended(0)
    assert held.marks() == ["002", "003"]


def test_a_statement_that_ends_soon_after_its_client_is_waited_for(held):
    with held.database.transaction("SELECT pg_advisory_xact_lock(77)"):
        first = held.start()
        held.wait_in_apply()
        first.kill()
        second = held.start()
        held.wait_in_apply()
    second.result().ended(0)
    assert held.marks() == ["002", "003"]


def test_looking_does_not_stop_a_run(held):
    name = "pgsluice/00000000-0000-4000-8000-000000000000/read"
    with contextlib.closing(held.database.connect(application_name=name)):
        assert held.database.one(OURS) == 1
        held.apply().ended(0)


def test_a_pooler_in_the_path_is_refused_and_nothing_happens(held, make_pooler):
    pooler = make_pooler(held.cluster)
    before = database_snapshot(held.database)
    result = held.flow.batch("--format", "json", database=pooler.conninfo(held.database.name)).ended(2)
    assert error(result)["message"].startswith("a connection pooler is in the path to host=")
    assert error(result)["hint"] == \
        "Connect to the server itself: a pooler shares its sessions, and a run needs its own."
    assert database_snapshot(held.database) == before
