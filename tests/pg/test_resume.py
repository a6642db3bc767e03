"""After a run that stopped: what the next one takes over, what it refuses, and what it says of it."""

import re

import pytest

from harness.flow import Flow, check, error, failed_checks
from harness.wait import wait_until

HISTORY = """
    CREATE TABLE schema_migrations (version text PRIMARY KEY, name text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now());
    INSERT INTO schema_migrations (version, name) VALUES ('001', 'items')"""


@pytest.fixture
def live(sluice, database, migrations):
    """The flow on a database with 001 applied."""
    database.execute("CREATE TABLE items (id int PRIMARY KEY, v text); "
                     "INSERT INTO items SELECT g, 'v' || g FROM generate_series(1, 50) g;" + HISTORY)
    migrations.write("001_items", up="CREATE TABLE items (id int PRIMARY KEY, v text);")
    return Flow(sluice)


def wait_in_apply(database, event="Lock"):
    """Waits until the session that applies waits for something; returns its process."""
    return wait_until(lambda: database.one(
        "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'pgsluice/%%/apply' AND datname = %s "
        "AND (wait_event_type = %s OR wait_event = %s)", database.name, event, event), what="the apply waits")


def wait_until_gone(database, pid):
    wait_until(lambda: not database.one("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", pid), what="it is gone")


# -- what happened between reading and leadership --


def test_what_another_run_applied_meanwhile_is_not_run_again(live, database, migrations, folder):
    database.execute("CREATE TABLE counter (n int); INSERT INTO counter VALUES (0)")
    migrations.write("002_count", up="-- pgsluice:transaction none\nUPDATE counter SET n = n + 1;\n"
                     "UPDATE counter SET n = n + 10;")
    gate = folder / "gate"
    script = folder / "disk"
    script.write_text(f"#!/bin/sh\necho asked >> {folder}/asked\nwhile [ ! -e {gate} ]; do sleep 0.05; done\n"
                      "echo 99999999999\n", encoding="utf-8")
    script.chmod(0o755)
    live.configure(disk_command=script)
    running = live.start_approved("--format", "json")
    wait_until((folder / "asked").exists, what="preflight is at work")
    database.execute("UPDATE counter SET n = n + 11; INSERT INTO schema_migrations VALUES ('002', 'count')")
    gate.touch()
    result = running.result().ended(20)
    assert error(result)["message"] == "the history was changed since this run read it: 002 is applied now"
    assert error(result)["hint"] == "Start again: the new run sees what the other one did."
    assert database.one("SELECT n FROM counter") == 11


# -- the session of a migration that goes on in a later run --


def test_a_later_step_finds_the_search_path_that_an_earlier_one_set(live, database, migrations):
    database.execute("CREATE SCHEMA app; CREATE TABLE app.t (a int); CREATE TABLE public.t (a int)")
    migrations.write("002_index", up="""
        SET search_path = app, public;
        ALTER TABLE t ADD COLUMN b int;
        CREATE INDEX CONCURRENTLY t_a ON t (a);""")
    plan_id = live.prove()
    with database.transaction("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT 1"):
        running = live.start("--approve", plan_id)
        pid = wait_in_apply(database, "virtualxid")
        running.kill()
        wait_until_gone(database, pid)
    live.batch("--approve", plan_id).ended(0)
    assert database.query("SELECT indrelid::regclass::text, indisvalid FROM pg_index "
                          "WHERE indexrelid::regclass::text LIKE '%%t_a'") == [("app.t", True)]


def test_a_statement_outside_transactions_runs_under_the_configured_role(live, database, migrations):
    owner, made = f"owner_{database.name}", f"made_{database.name}"
    database.execute(f"CREATE ROLE {owner} SUPERUSER")
    try:
        migrations.write("002_database", up=f"CREATE DATABASE {made};")
        live.configure(role=owner)
        live.approve().ended(0)
        assert database.one("SELECT datdba::regrole::text FROM pg_database WHERE datname = %s", made) == owner
    finally:
        database.drop()
        database.cluster.execute(f"DROP DATABASE IF EXISTS {made}")
        database.cluster.execute(f"DROP ROLE {owner}")


def test_status_tells_a_run_at_work_from_one_that_was_stopped(live, sluice, database, migrations):
    migrations.write("002_index", up="CREATE INDEX CONCURRENTLY items_v ON items (v);")
    plan_id = live.prove()
    with database.transaction("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT 1"):
        running = live.start("--approve", plan_id)
        pid = wait_in_apply(database, "virtualxid")
        at_work = sluice.run("status").ended(0).stdout.splitlines()
        running.kill()
        wait_until_gone(database, pid)
        wait_until(lambda: not database.one("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"),
                   what="the leader's session is gone")
    stopped = sluice.run("status").ended(0).stdout.splitlines()
    assert re.fullmatch(r"running another run is at work: process \d+, pgsluice/[0-9a-f-]+/leader", at_work[1])
    assert re.fullmatch(r"unfinished run [0-9a-f-]+ stopped during its apply", stopped[1])
    assert stopped[-2] == "consented: the next run applies this plan" and stopped[-1].startswith("next: ")


# -- drift after a run that stopped --


def stopped_at_003(live, database, migrations):
    """A run that applied 002 and failed at 003 on live only."""
    migrations.write("002_table", up="CREATE TABLE second (a int);")
    migrations.write("003_check", up="ALTER TABLE items ADD CONSTRAINT short CHECK (length(v) < 5);")
    plan_id = live.prove()
    database.execute("INSERT INTO items VALUES (1000, 'much too long')")
    live.batch("--approve", plan_id).ended(30)
    assert live.versions() == ["001", "002"]
    migrations.write("003_check", up="ALTER TABLE items ADD CONSTRAINT short CHECK (length(v) < 50);")


def test_after_a_stopped_run_a_schema_as_rehearsed_is_no_drift(live, database, migrations):
    stopped_at_003(live, database, migrations)
    result = live.batch("--format", "json", "--stop-before", "backup").ended(0)
    assert check(result, "inspect.drift")["measured"] == (
        "live is as the rehearsal of the run that stopped promised it for that point")


def test_after_a_stopped_run_what_somebody_else_changed_is_drift(live, database, migrations):
    stopped_at_003(live, database, migrations)
    database.execute("CREATE TABLE foreign_body (a int)")
    result = live.batch("--format", "json", "--stop-before", "backup").ended(10)
    assert ("inspect.drift", "table public.foreign_body: added") in failed_checks(result)


def test_after_a_run_that_changed_nothing_the_base_line_stays_the_measure(live, database, migrations):
    migrations.write("002_table", up="CREATE TABLE second (a int);")
    live.approve().ended(0)
    migrations.write("003_check", up="ALTER TABLE items ADD CONSTRAINT short CHECK (length(v) < 5);")
    plan_id = live.prove()
    database.execute("INSERT INTO items VALUES (1000, 'much too long')")
    live.batch("--approve", plan_id).ended(30)
    migrations.write("003_check", up="ALTER TABLE items ADD CONSTRAINT short CHECK (length(v) < 50);")
    result = live.batch("--format", "json", "--stop-before", "backup").ended(0)
    assert check(result, "inspect.drift")["measured"] == "no drift"
    database.execute("CREATE TABLE foreign_body (a int)")
    result = live.batch("--format", "json", "--stop-before", "backup").ended(10)
    assert ("inspect.drift", "table public.foreign_body: added") in failed_checks(result)


def test_what_verify_refused_is_refused_again_when_nothing_is_pending(live, database, migrations):
    migrations.write("002_hold", up="CREATE TABLE second (a int); SELECT pg_advisory_xact_lock(77);")
    plan_id = live.prove()
    with database.transaction("SELECT pg_advisory_xact_lock(77)"):
        running = live.start("--approve", plan_id, "--format", "json")
        wait_in_apply(database)
        database.execute("CREATE TABLE foreign_body (a int)")
    result = running.result().ended(33)
    refused = ("verify.schema", "table public.foreign_body: added")
    assert refused in failed_checks(result)
    result = live.batch("--format", "json").ended(33)
    assert refused in failed_checks(result)
    database.execute("DROP TABLE foreign_body")
    live.batch("--format", "json").ended(0)
    assert database.one("SELECT count(*) FROM pgsluice.ledger WHERE kind = 'end'") == 1


def test_where_the_rehearsal_promised_nothing_what_the_ledger_noted_at_the_stop_counts(live, database, migrations):
    migrations.write("002_table", up="CREATE TABLE second (a int);")
    migrations.write("003_check", up="ALTER TABLE items ADD CONSTRAINT short CHECK (length(v) < 5);")
    live.configure(validity_rehearsal="1ms")
    plan_id = live.prove()
    database.execute("INSERT INTO items VALUES (1000, 'much too long')")
    live.batch("--approve", plan_id).ended(30)
    # Made anew on the way: it knows nothing of the point behind 002 any more.
    live.batch("--approve", plan_id).ended(30)
    noted = database.query("SELECT body ->> 'live_digest' FROM pgsluice.ledger WHERE kind = 'stopped'")
    assert len(noted) == 2 and noted[0] == noted[1] and len(noted[0][0]) == 64
    database.execute("DELETE FROM items WHERE id = 1000; CREATE TABLE foreign_body (a int)")
    refused = live.batch("--format", "json", "--stop-before", "backup").ended(10)
    assert ("inspect.drift", "table public.foreign_body: added") in failed_checks(refused)
    database.execute("DROP TABLE foreign_body")
    result = live.batch("--approve", plan_id, "--format", "json").ended(0)
    assert check(result, "inspect.drift")["measured"] == "live is as the run that stopped left it"
    assert live.versions() == ["001", "002", "003"]


# -- a rollback that stopped --


def test_a_rollback_that_stopped_half_way_goes_on_from_there(live, database, migrations):
    migrations.write("002_index", up="ALTER TABLE items ADD COLUMN w int; CREATE INDEX items_v ON items (v);",
                     down="""
        BEGIN; ALTER TABLE items DROP COLUMN w; COMMIT;
        BEGIN; DROP INDEX items_v; SELECT pg_advisory_xact_lock(77); COMMIT;""")
    live.approve().ended(0)

    def rollback(*options):
        return live.sluice.start("rollback", "--to", "001", *options)

    plan_id = rollback("--format", "json").result().ended(12).events("plan")[0]["plan_id"]
    with database.transaction("SELECT pg_advisory_xact_lock(77)"):
        running = rollback("--approve", plan_id)
        pid = wait_in_apply(database)
        running.kill()
    wait_until_gone(database, pid)
    assert live.versions() == ["001", "002"]
    migrations.write("003_more", up="CREATE TABLE more (a int);")
    refused = live.batch("--stop-before", "backup", "--format", "json").ended(31)
    assert failed_checks(refused)[0][0] == "inspect.unfinished"
    migrations.remove("003_more.sql")
    again = rollback("--format", "json").result().ended(12)
    rollback("--approve", again.events("plan")[0]["plan_id"]).result().ended(0)
    assert live.versions() == ["001"]
    assert database.one("SELECT to_regclass('items_v')") is None
    # In one row with the beginning: a run that was cut off right behind it must not do the steps again.
    assert database.one("SELECT body -> 'half_way' FROM pgsluice.ledger WHERE kind = 'run' ORDER BY seq DESC LIMIT 1"
                        ) == {"version": "002", "steps_done": 1, "intent_open": False}
