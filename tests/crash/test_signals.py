"""SIGTERM and ^C during an apply: bounded, journalled, and safe to start again."""

import shutil
import signal

import pytest

from harness.flow import error
from harness.wait import wait_until
from site_before_apply import Site

BOUND_S = 15
STOPS = [(signal.SIGTERM, 143), (signal.SIGINT, 130)]
HELD = "SELECT pg_advisory_xact_lock(77)"


@pytest.fixture
def small(make_cluster, folder, migrations):
    """small(name="SQL", ...) is a site with that plan."""
    made = []

    def make(**plan):
        made.append(Site(make_cluster, folder, migrations, plan={f"00{n}_{name}": up for n, (name, up) in
                                                                 enumerate(plan.items(), 2)}))
        return made[-1]

    yield make
    for site in made:
        site.close()


def ended_in_time(running, number, code):
    running.signal(number)
    result = running.result(timeout=BOUND_S).ended(code)
    return result


def stopped_row(site):
    rows = site.database.query("SELECT body ->> 'code' FROM pgsluice.ledger WHERE kind = 'stopped' ORDER BY seq")
    return [code for code, in rows]


@pytest.mark.parametrize("number, code", STOPS)
def test_during_a_statement_it_is_cancelled_and_rolled_back(small, number, code):
    site = small(mark="INSERT INTO marks VALUES ('002');",
                 hold="INSERT INTO marks VALUES ('003'); SELECT pg_advisory_xact_lock(77);")
    with site.database.transaction(HELD):
        running = site.start("--format", "json")
        site.wait_in_apply()
        result = ended_in_time(running, number, code)
    assert result.events("end")[0]["exit"] == code
    assert site.history() == ["001", "002"] and site.marks() == ["002"]
    assert stopped_row(site) == ["terminated" if code == 143 else "interrupted"]
    site.apply().ended(0)
    assert site.history() == ["001", "002", "003"] and site.marks() == ["002", "003"]


@pytest.mark.parametrize("number, code", STOPS)
def test_during_a_lock_wait_it_gives_up_waiting(small, number, code):
    site = small(column="ALTER TABLE accounts ADD COLUMN note text;")
    with site.database.transaction("LOCK TABLE accounts IN ACCESS SHARE MODE"):
        running = site.start()
        running.wait_for_output("no lock at attempt 1")
        ended_in_time(running, number, code)
    assert site.history() == ["001"]
    site.apply().ended(0)
    assert site.history() == ["001", "002"]


@pytest.mark.parametrize("number, code", STOPS)
def test_during_a_concurrent_build_it_ends_although_its_index_cannot_be_dropped_yet(small, number, code):
    site = small(index="CREATE INDEX CONCURRENTLY accounts_balance ON accounts (balance);")
    with site.database.transaction("INSERT INTO accounts VALUES (1000, 0)"):
        running = site.start("--format", "json")
        site.wait_in_apply("virtualxid")
        assert site.index_is_valid("accounts_balance") is False
        result = ended_in_time(running, number, code)
    assert "What it left behind is looked for and removed by the next run." in error(result)["detail"]
    assert site.history() == ["001"]
    assert site.index_is_valid("accounts_balance") is False
    again = site.apply().ended(0)
    assert "removing the unfinished index public.accounts_balance" in again.stderr
    assert site.index_is_valid("accounts_balance") is True
    assert site.history() == ["001", "002"]


def test_during_a_concurrent_build_its_index_is_dropped_where_that_can_be_done(small):
    site = small(index="CREATE INDEX CONCURRENTLY accounts_held ON accounts (held(id));",
                 )
    with site.database.transaction(HELD):
        running = site.start()
        site.wait_in_apply()
        ended_in_time(running, signal.SIGTERM, 143)
        assert site.index_is_valid("accounts_held") is None
    site.apply().ended(0)
    assert site.index_is_valid("accounts_held") is True


@pytest.mark.parametrize("number, code", STOPS)
@pytest.mark.parametrize("gate", ["backup", "rehearsal", "the application's tests"])
def test_before_the_apply_nothing_was_written_and_nothing_is_left(small, number, code, folder, gate):
    script = folder / "application"
    script.write_text(f"#!/bin/sh\ntouch {folder}/started\nexec sleep 600\n", encoding="utf-8")
    script.chmod(0o755)
    site = small(mark="INSERT INTO marks VALUES ('002');")
    shutil.rmtree(site.flow.sluice.state / "evidence")
    work = folder / "work"
    work.mkdir()
    work.chmod(0o755)
    site.flow.configure(rehearsal_command=script, work_dir=work)
    with site.cluster.no_transaction_ids():
        running = site.flow.start("--format", "json")
        if gate in ("backup", "rehearsal"):
            running.wait_for_output(f'"gate":"{gate}","state":"running"')
        else:
            wait_until((folder / "started").exists, 60, "the application's tests have started")
        ended_in_time(running, number, code)
    assert site.database.one("SELECT to_regnamespace('pgsluice')") is None
    assert not list(work.rglob("postmaster.pid")), "a scratch cluster is left"


def test_a_second_signal_does_not_leave_a_half_way_state(small):
    site = small(mark="INSERT INTO marks VALUES ('002'); SELECT pg_advisory_xact_lock(77);")
    with site.database.transaction(HELD):
        running = site.start()
        site.wait_in_apply()
        running.signal(signal.SIGINT)
        running.signal(signal.SIGINT)
        result = running.result(timeout=BOUND_S)
    assert result.exit == 130, result
    assert site.history() == ["001"]
    site.apply().ended(0)
    assert site.marks() == ["002"]
