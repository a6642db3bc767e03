"""A synchronous standby that does not confirm: committed here is not committed there, and that is never green."""

import os
import signal

import pytest

from harness.flow import error
from harness.wait import wait_until
from site_before_apply import Site

HOLD = "INSERT INTO marks VALUES ('002');\nSELECT pg_advisory_xact_lock(77);"


@pytest.fixture
def synchronous(make_cluster, make_standby, folder, migrations):
    """synchronous(plan) is a site whose standby is waited for, and stop() makes the standby fall silent."""
    made, stopped = [], []

    def make(plan):
        site = Site(make_cluster, folder, migrations, plan=plan)
        made.append(site)
        replica = make_standby(site.cluster)
        site.cluster.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{replica.name}'")
        site.cluster.reload()
        wait_until(lambda: site.cluster.one("SELECT sync_state FROM pg_stat_replication") == "sync", what="it is in sync")

        def stop():
            stopped.append(replica.one("SELECT pid FROM pg_stat_wal_receiver"))
            os.kill(stopped[0], signal.SIGSTOP)

        def bring_back():
            """Nobody is waited for any more, and the standby catches up."""
            site.cluster.execute("ALTER SYSTEM RESET synchronous_standby_names")
            site.cluster.reload()
            while stopped:
                os.kill(stopped.pop(), signal.SIGCONT)
            wait_until(lambda: site.cluster.one("SELECT count(*) FROM pg_stat_replication "
                                                "WHERE replay_lsn = pg_current_wal_lsn()") == 1, what="it has caught up")
        site.bring_back = bring_back
        return site, stop

    yield make
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)
    for site in made:
        site.close()


def release_one(site):
    """Has one of our sessions give up its wait for the standby; the role word of its name."""
    rows = site.database.query("SELECT pid, application_name FROM pg_stat_activity WHERE wait_event = 'SyncRep' "
                               "AND application_name LIKE 'pgsluice/%%'")
    for pid, name in rows:
        site.database.execute("SELECT pg_cancel_backend(%s)", pid)
        return name.split("/")[-1]
    return None


def test_a_commit_that_no_standby_confirms_is_its_own_outcome(synchronous):
    site, stop = synchronous({"002_hold": HOLD, "003_more": "INSERT INTO marks VALUES ('003');"})
    with site.database.transaction("SELECT pg_advisory_xact_lock(77)"):
        running = site.start("--format", "json")
        site.wait_in_apply()
        stop()
    site.wait_in_apply("SyncRep")
    assert release_one(site) == "apply"
    result = running.result(timeout=60).ended(32)
    assert error(result)["message"].endswith(
        "migration 002 is committed here, but no synchronous standby confirmed it")
    assert error(result)["detail"] == "After a failover now it could be gone."
    assert site.history() == ["001", "002"]
    site.bring_back()
    site.apply().ended(0)
    assert site.history() == ["001", "002", "003"] and site.marks() == ["002", "003"]


def test_a_stop_ends_the_wait_for_a_standby(synchronous):
    site, stop = synchronous({"002_hold": HOLD})
    with site.database.transaction("SELECT pg_advisory_xact_lock(77)"):
        running = site.start("--format", "json")
        site.wait_in_apply()
        stop()
    site.wait_in_apply("SyncRep")
    running.signal()
    running.result(timeout=60).ended(32)
    assert site.history() == ["001", "002"]
    site.bring_back()
    site.apply().ended(0)


def test_a_statement_outside_transactions_is_not_called_done_before_the_standby_confirms(synchronous):
    site, stop = synchronous({"002_index": "CREATE INDEX CONCURRENTLY accounts_held ON accounts (held(id));"})
    with site.database.transaction("SELECT pg_advisory_xact_lock(77)"):
        running = site.start("--format", "json")
        site.wait_in_apply()
        stop()
    wait_until(lambda: release_one(site) == "ledger", 60, "its outcome is recorded")
    result = running.result(timeout=60).ended(32)
    assert error(result)["message"].endswith(
        "step 1 of migration 002 is recorded here, but no synchronous standby confirmed it")
    assert site.history() == ["001", "002"] and site.index_is_valid("accounts_held") is True
    site.bring_back()
    site.apply().ended(0)
