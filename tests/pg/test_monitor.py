"""`monitor`: states, limits, the plugin's line and exit codes, and servers that stop, die and come back."""

import json
import os
import signal

import pytest

from harness.cluster import Cluster
from harness.wait import wait_until


def monitor(sluice, *options, database=None):
    more = {"database": database} if database else {}
    return sluice.run("monitor", *options, migrations=None, **more)


def configured(sluice, folder, text):
    path = folder / "monitor.conf"
    path.write_text(text, encoding="utf-8")
    return ("--config", str(path))


def documents(running):
    return [json.loads(line) for line in running.stdout().splitlines() if line.endswith("}")]


@pytest.fixture(name="own", scope="module")
def own_database(base):
    """In a cluster that nobody else uses: what its counters say is of no other test's doing."""
    own = Cluster(base, "watched").init(checksums=True).start()
    yield own.create_database()
    own.remove()


# -- limits --

def test_a_value_beyond_its_limit_is_a_warning_with_advice(sluice, database, folder):
    config = configured(sluice, folder, "monitor.transaction-age = 1ms 1h\n")
    with database.transaction("SELECT 1", application_name="sleepy"):
        result = monitor(sluice, "transactions", *config).ended(0)
    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"warning: database {database.name}, PostgreSQL ")
    assert lines[1].startswith("warning: transaction-age: the oldest transaction is open for ")
    assert lines[1].endswith(", sleepy, idle in transaction). Have it ended: it keeps its locks, and old rows from being "
                             "removed.")


def test_the_document_has_these_members(sluice, own):
    document = monitor(sluice, "--format", "json", database=own).ended(0).json()
    assert list(document) == ["v", "taken", "trouble", "state", "checks", "server", "cost", "samplers"]
    assert document["v"] == 1 and document["trouble"] is None and document["state"] == "ok"
    assert list(document["checks"][0]) == ["check", "sampler", "state", "value", "unit", "warning", "critical", "text",
                                           "advice"]
    assert [check["check"] for check in document["checks"]] == [
        "connections", "lock-wait", "behind-us", "transaction-age", "prepared-age", "deadlocks", "checksums",
        "replica-lag", "replica-bytes", "replay-delay", "slots-lost", "slot-retained", "archiver", "checkpoints",
        "wraparound", "invalid-indexes", "sequences"]
    assert list(document["server"]) == ["place", "database", "version", "in_recovery", "started_ms"]
    assert document["server"]["database"] == own.name
    assert list(document["cost"]) == ["queries", "skipped", "round_us", "busy_ms_per_s"]


# -- the plugin --

def test_the_plugin_says_ok_with_perfdata_and_ends_with_0(sluice, own):
    result = monitor(sluice, "--once", "--plugin", database=own).ended(0)
    text, _, perfdata = result.stdout.rstrip("\n").partition(" | ")
    assert text.startswith(f"OK - 17 checks of database {own.name}, PostgreSQL ")
    assert "\n" not in text and perfdata.split()[0].endswith(";90;95") and "deadlocks=0;1;" in perfdata.split()
    assert "wraparound" in perfdata and "lock-wait=0ms;60000;120000" in perfdata.split()


def test_the_plugin_ends_with_1_and_2_for_warning_and_critical(sluice, own, folder):
    own.execute("CREATE TABLE t (id int); CREATE INDEX broken ON t (id)")
    own.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass")
    result = monitor(sluice, "--plugin", database=own).ended(1)
    assert result.stdout.startswith("WARNING - indexes that are not valid: 1 (public.broken) | ")
    config = configured(sluice, folder, "monitor.invalid-indexes = - 1\nmonitor.connections = 0 -\n")
    result = monitor(sluice, "--plugin", *config, database=own).ended(2)
    assert result.stdout.startswith("CRITICAL - indexes that are not valid: 1 (public.broken); ")
    assert " of the usable connections are taken (" in result.stdout


def test_the_plugin_ends_with_3_when_it_cannot_see(sluice, database, folder):
    database.execute("CREATE ROLE blind LOGIN")
    try:
        where = database.conninfo(user="blind")
        result = monitor(sluice, "connections", "locks", "--plugin", database=where).ended(3)
        assert result.stdout.startswith("UNKNOWN - connections: n/a (needs pg_monitor); locks: n/a (needs pg_monitor)")
        config = configured(sluice, folder,
                            "monitor.connections = off\nmonitor.lock-wait = off\nmonitor.behind-us = off\n")
        assert monitor(sluice, "connections", "locks", "--plugin", *config, database=where).ended(0)
    finally:
        database.execute("DROP ROLE blind")


def test_the_plugin_tells_a_server_that_is_gone_from_a_wrong_configuration(sluice, database, folder, make_cluster):
    own = make_cluster()
    where = own.conninfo()
    own.stop()
    result = monitor(sluice, "--plugin", database=where).ended(2)
    assert result.stdout.startswith("CRITICAL - could not connect to ") and result.stdout.count("\n") == 1
    result = monitor(sluice, "--plugin", database=database.conninfo(user="nobody_here")).ended(3)
    assert 'UNKNOWN - could not connect to ' in result.stdout and 'role "nobody_here" does not exist' in result.stdout
    config = configured(sluice, folder, "monitor.connection = 1 2\n")
    result = monitor(sluice, "--plugin", *config).ended(3)
    assert result.stdout.endswith("there is no check \"connection\" of the server's health\n")


def test_options_that_do_not_go_together_are_refused(sluice):
    assert "--watch goes on, and --once ends" in monitor(sluice, "--watch", "--once").ended(2).stderr
    assert 'there is no sampler "lock"\nhint: Did you mean "locks"?' in monitor(sluice, "lock").ended(2).stderr
    assert "--interval is for --watch" in monitor(sluice, "--interval", "1s").ended(2).stderr


# -- servers that do not answer --

def test_a_server_that_stands_still_is_skipped_and_counted_and_the_watch_goes_on(sluice, make_cluster):
    own = make_cluster()
    running = sluice.start("monitor", "waits", "locks", "--watch", "--interval", "500ms", "--format", "json",
                           database=own.conninfo(), migrations=None)
    wait_until(lambda: len(documents(running)) >= 2, what="it is measured")
    stopped = [own.server.pid, *own.children()]
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        before = len(documents(running))
        wait_until(lambda: len(documents(running)) >= before + 12, what="it goes on printing")
        newest = documents(running)[-1]
        assert newest["cost"]["skipped"] >= 2
        wait_until(lambda: documents(running)[-1]["trouble"], what="it says that nobody answers")
        assert "does not answer" in documents(running)[-1]["trouble"]
        assert documents(running)[-1]["state"] == "unknown"
        assert documents(running)[-1]["samplers"]["waits"]["values"] is not None
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    wait_until(lambda: documents(running)[-1]["state"] == "ok", what="it measures again")
    assert documents(running)[-1]["trouble"] is None
    running.signal(signal.SIGINT)
    running.result().ended(130)


def test_a_server_that_dies_and_comes_back_is_measured_again_without_a_rate_across_the_gap(sluice, make_cluster):
    own = make_cluster()
    running = sluice.start("monitor", "workload", "--watch", "--interval", "250ms", "--format", "json",
                           database=own.conninfo(), migrations=None)

    def values():
        return documents(running)[-1]["samplers"]["workload"]["values"]
    wait_until(lambda: documents(running) and values() and values()["commits_per_s"] is not None, what="rates are known")
    own.kill()
    wait_until(lambda: documents(running)[-1]["trouble"], what="it says that the server is gone")
    gone = len(documents(running))
    wait_until(lambda: len(documents(running)) > gone + 12, what="three seconds have passed")
    own.start()
    wait_until(lambda: documents(running)[-1]["state"] == "ok", what="it is measured again")
    back = [document for document in documents(running)[gone:] if document["trouble"] is None
            and document["samplers"]["workload"]["state"] == "ok"]
    assert (back[0]["samplers"]["workload"]["values"]["interval_ms"] or 0) < 2500
    running.signal(signal.SIGINT)
    assert "hint: It measures until it is stopped, and leaves nothing behind." in running.result().ended(130).stderr


def test_the_session_leaves_when_the_program_is_killed(sluice, database):
    running = sluice.start("monitor", "--watch", "--interval", "200ms", migrations=None)
    pid = database.wait_for_session("pgsluice")
    running.wait_for_output("own cost")
    assert database.one("SELECT state FROM pg_stat_activity WHERE pid = %s", pid) in ("idle", "active")
    running.kill()
    wait_until(lambda: not database.one("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", pid),
               what="the session is gone")
