"""For each gate the very thing that it guards is broken, and it is seen shut."""

import contextlib
import json
import pathlib

import pytest

from harness.flow import check, error, failed_checks, states
from harness.snapshot import database_snapshot

LIVE = """
    CREATE TABLE items (id int PRIMARY KEY, v text);
    CREATE TABLE parts (id int PRIMARY KEY, item int NOT NULL REFERENCES items ON DELETE CASCADE);
    INSERT INTO items SELECT g, 'v' || g FROM generate_series(1, 50) g;
    INSERT INTO parts SELECT g, g FROM generate_series(1, 50) g;
    CREATE TABLE schema_migrations (version text PRIMARY KEY, name text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now());
    INSERT INTO schema_migrations (version, name) VALUES ('001', 'items')"""
ADD = "ALTER TABLE items ADD COLUMN w int;"


def seed(database, migrations):
    database.execute(LIVE)
    migrations.write("001_items", up="CREATE TABLE items (id int PRIMARY KEY, v text);")


@pytest.fixture
def live(flow, database, migrations):
    """The flow on a database that nothing is wrong with, 001 applied."""
    seed(database, migrations)
    return flow


@pytest.fixture
def own(flow, make_cluster, migrations):
    """own(setting=...) is the same on a cluster of its own."""
    def make(**settings):
        flow.sluice.database = make_cluster(settings=settings).create_database()
        seed(flow.sluice.database, migrations)
        return flow
    return make


def shut(flow, gate, exit_code, *options):
    """Runs with consent, sees this gate shut with that exit code and live untouched, and returns the result."""
    before = database_snapshot(flow.database)
    result = flow.approve("--format", "json", *options).ended(exit_code)
    assert states(result)[gate] == "failed"
    assert database_snapshot(flow.database) == before
    return result


# -- inspect --


def test_inspect_sees_drift_and_names_the_object(live, database, migrations):
    migrations.write("002_more", up=ADD)
    live.approve().ended(0)
    database.execute("ALTER TABLE items ADD COLUMN sneaked int")
    migrations.write("003_yet_more", up="ALTER TABLE items ADD COLUMN x int;")
    result = live.batch("--format", "json").ended(10)
    (name, measured), = failed_checks(result)
    assert name == "inspect.drift"
    assert "public.items.sneaked" in measured
    assert states(result)["inspect"] == "failed" and "backup" not in states(result)

    options = ("--waive", "inspect.drift", "--reason", "hotfix of last night")
    assert states(live.batch("--format", "json", "--stop-before", "backup", *options).ended(0))["inspect"] == "waived"
    accepted = live.approve("--accept-drift", "column public.items.sneaked").ended(0)
    assert "waived inspect" not in accepted.stdout
    migrations.write("004_last", up="ALTER TABLE items ADD COLUMN y int;")
    live.approve().ended(0)


def test_drift_without_anything_to_apply_is_a_warning(live, database, migrations):
    migrations.write("002_more", up=ADD)
    live.approve().ended(0)
    database.execute("DROP TABLE parts")
    result = live.batch().ended(0)
    assert "warning: drift: " in result.stderr
    assert "public.parts" in result.stderr


def test_inspect_sees_a_ledger_that_was_altered(live, database, migrations):
    migrations.write("002_more", up=ADD)
    live.approve().ended(0)
    database.execute("ALTER TABLE pgsluice.ledger DISABLE TRIGGER ALL; "
                     "UPDATE pgsluice.ledger SET body = jsonb_set(body, '{plan_id}', '\"0\"') WHERE kind = 'run'; "
                     "ALTER TABLE pgsluice.ledger ENABLE ALWAYS TRIGGER ledger_append, "
                     "ENABLE ALWAYS TRIGGER ledger_refuse")
    migrations.write("003_yet_more", up="ALTER TABLE items ADD COLUMN x int;")
    result = live.batch("--format", "json").ended(10)
    (name, measured), = failed_checks(result)
    assert name == "inspect.ledger"
    assert "its content was changed" in measured


@pytest.mark.parametrize("edit, word", [("CREATE TABLE other (id int);", "edited"), (None, "missing")])
def test_inspect_refuses_an_applied_file_that_was_edited_or_is_gone(live, migrations, edit, word):
    migrations.write("002_more", up=ADD)
    live.approve().ended(0)
    migrations.write("002_more", up=edit) if edit else migrations.remove("002_more.sql")
    result = live.batch("--format", "json").ended(10)
    found = {m["version"]: m["state"] for m in result.events("plan")[0]["migrations"]}
    assert found["002"] == word
    assert "002" in error(result)["message"]


# -- backup --


def dump_of(flow):
    """The folder of the kept dump, as the evidence names it."""
    evidence, = (flow.sluice.state / "evidence").glob("*/backup.json")
    return pathlib.Path(json.loads(evidence.read_text(encoding="utf-8"))["data"]["dump"]["folder"])


def damage(dump, how):
    largest = max((path for path in dump.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    data = bytearray(largest.read_bytes())
    if how == "flipped":
        data[len(data) // 2] ^= 1
    largest.write_bytes(data if how == "flipped" else data[:-1])
    return largest.name


@pytest.mark.parametrize("how", ["flipped", "cut short"])
def test_a_kept_dump_that_was_damaged_is_not_restored(live, database, migrations, how):
    migrations.write("002_more", up=ADD)
    live.prove()
    name = damage(dump_of(live), how)
    # A typo mended: the backup still counts, and its dump is needed once more.
    migrations.write("002_more", up="ALTER TABLE items ADD COLUMN ww int;")
    before = database_snapshot(database)
    result = live.approve("--format", "json").ended(11)
    assert states(result)["backup"] == "passed" and states(result)["rehearsal"] == "failed"
    measured = check(result, "rehearsal.carried_out")["measured"]
    assert f'the dump in "{dump_of(live)}" is damaged' in measured and name in measured
    assert database_snapshot(database) == before


# -- rehearsal --


@pytest.mark.parametrize("name, up, where", [
    ("a DO block", "DO $$ BEGIN UPDATE items SET v = 'x' WHERE id = 1; END $$;", "public.items"),
    ("a trigger", "INSERT INTO logs VALUES (1);", "public.items"),
    ("a cascade", "DELETE FROM items WHERE id < 3;", "public.parts"),
])
def test_rehearsal_sees_a_data_change_that_is_not_declared(live, database, migrations, name, up, where):
    database.execute("CREATE TABLE logs (id int); CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS "
                     "$$ BEGIN UPDATE items SET v = 'touched' WHERE id = 2; RETURN new; END $$; "
                     "CREATE TRIGGER touch AFTER INSERT ON logs FOR EACH ROW EXECUTE FUNCTION touch()")
    migrations.write("002_change", up=up)
    result = shut(live, "rehearsal", 11)
    (found, measured), = failed_checks(result)
    assert found == "rehearsal.data"
    assert where in measured
    # Declared, it may.
    migrations.write("002_change", up=f"-- pgsluice:changes-data {where}\n{up}")
    live.approve().ended(0)


def test_rehearsal_runs_as_the_operator_and_finds_a_missing_right(live, database, migrations, cluster):
    role = f"operator_{database.name}"
    cluster.execute(f"CREATE ROLE {role} LOGIN; GRANT pg_read_all_data, pg_monitor TO {role}")
    database.execute(f"GRANT CREATE ON DATABASE {database.name} TO {role}; GRANT CREATE ON SCHEMA public TO {role}; "
                     f"ALTER TABLE schema_migrations OWNER TO {role}")
    migrations.write("002_more", up=ADD)
    before = database_snapshot(database)
    result = live.batch("--format", "json", database=database.conninfo(user=role)).ended(11)
    (name, measured), = failed_checks(result)
    assert name == "rehearsal.plan"
    assert measured.startswith("002_more.sql:1:1: ") or "/002_more.sql:1:1: " in measured
    assert "must be owner of table items (SQLSTATE 42501)" in measured
    assert database_snapshot(database) == before


def test_rehearsal_finds_a_statement_that_fails_and_says_where(live, migrations):
    migrations.write("002_more", up="ALTER TABLE items ADD COLUMN w int;\nSELECT\n  no_such_column FROM items;\n")
    result = shut(live, "rehearsal", 11)
    (name, measured), = failed_checks(result)
    assert name == "rehearsal.plan"
    assert "002_more.sql:3:3: " in measured
    assert 'column "no_such_column" does not exist (SQLSTATE 42703)' in measured


def test_rehearsal_fails_when_a_verify_script_is_false(live, migrations):
    migrations.write("002_more", up=ADD, verify="SELECT true;\nSELECT count(*) = 49 FROM items;")
    result = shut(live, "rehearsal", 11)
    (name, measured), = failed_checks(result)
    assert name == "rehearsal.verify_scripts"
    assert "002_more.verify.sql:2" in measured


@pytest.mark.parametrize("down, word", [(None, "missing"), ("SELECT 1;", "inexact"), ("SELECT 1/0;", "failed")])
def test_rehearsal_judges_the_way_back(live, migrations, down, word):
    migrations.write("002_more", up=ADD, down=down)
    reported = live.batch("--format", "json").ended(12)
    evidence, = (live.sluice.state / "evidence").glob("*/rehearsal.json")
    downs = json.loads(evidence.read_text(encoding="utf-8"))["data"]["downs"]
    assert [(row["version"], row["state"]) for row in downs] == [("002", word)]
    assert states(reported)["rehearsal"] == "passed"
    live.configure(rollback="require")
    migrations.write("003_other", up="SELECT 1;", down="SELECT 1;")
    result = shut(live, "rehearsal", 11)
    assert [name for name, _ in failed_checks(result)] == ["rehearsal.downs"]
    assert "002" in failed_checks(result)[0][1]


def test_a_verify_script_that_writes_in_a_function_fails(live, migrations):
    migrations.write("002_more", up=ADD + """
        CREATE FUNCTION sneak() RETURNS boolean LANGUAGE sql AS
            $$ INSERT INTO items VALUES (99, 'x') RETURNING true $$;
        """, verify="SELECT sneak();")
    (name, measured), = failed_checks(shut(live, "rehearsal", 11))
    assert name == "rehearsal.verify_scripts"
    assert "002_more.verify.sql:1" in measured
    assert "cannot execute INSERT in a read-only transaction" in measured


def test_the_applications_own_tests_can_shut_the_rehearsal(live, migrations, folder):
    script = folder / "application"
    script.write_text("#!/bin/sh\npsql -X -At -c 'SELECT count(w) FROM items' >&2\nexit 3\n", encoding="utf-8")
    script.chmod(0o755)
    migrations.write("002_more", up=ADD)
    live.configure(rehearsal_command=script)
    result = shut(live, "rehearsal", 11)
    (name, measured), = failed_checks(result)
    assert name == "rehearsal.application"
    assert measured == f"{script} ended with 3: 0\n"


# -- preflight --


def test_preflight_sees_an_old_transaction(live, database, migrations):
    migrations.write("002_more", up=ADD)
    live.configure(max_transaction_age="200ms")
    with database.transaction("SELECT 1", application_name="report of the month") as old:
        pid = old.get_backend_pid()
        result = shut(live, "preflight", 13)
    measured = dict(failed_checks(result))["preflight.transactions"]
    assert measured.startswith(f"process {pid} (report of the month, role postgres, idle in transaction), "
                               "transaction open for ")
    live.approve().ended(0)


def test_preflight_sees_a_lock_on_a_table_of_the_plan(live, database, migrations):
    migrations.write("002_more", up=ADD)
    live.configure(max_transaction_age="200ms")
    with database.transaction("LOCK TABLE items IN SHARE MODE", application_name="loader") as old:
        pid = old.get_backend_pid()
        result = shut(live, "preflight", 13)
    measured = dict(failed_checks(result))["preflight.locks"]
    assert f"process {pid} (loader" in measured
    assert measured.endswith("holds SHARE on public.items")
    hint = [event["hint"] for event in result.events("gate") if event["state"] == "failed"]
    assert hint == [f"Wait for it, or end it: select pg_terminate_backend({pid});"]


def test_preflight_sees_a_prepared_transaction(own, migrations):
    live = own()
    migrations.write("002_more", up=ADD)
    live.database.execute("BEGIN; INSERT INTO items VALUES (99, 'x'); PREPARE TRANSACTION 'two_phases'")
    result = live.batch("--format", "json").ended(13)
    assert "prepared transaction two_phases of postgres has been open for" in \
        dict(failed_checks(result))["preflight.prepared"]


def test_preflight_keeps_the_window(live, migrations):
    migrations.write("002_more", up=ADD)
    # A window that is closed now and for the next hours, whatever the time is.
    closed = live.database.one("SELECT to_char(now() + interval '10 hours', 'HH24:00') || '-' "
                               "|| to_char(now() + interval '11 hours', 'HH24:00')")
    live.configure(window=closed)
    result = shut(live, "preflight", 23)
    (name, measured), = failed_checks(result)
    assert name == "preflight.window" and measured.startswith("closed now (")
    live.configure(window_applies="blocking")
    assert dict(failed_checks(shut(live, "preflight", 23))).keys() == {"preflight.window"}
    # A plan that blocks nobody needs no window then.
    migrations.write("002_more", up="CREATE INDEX CONCURRENTLY items_v ON items (v);")
    live.approve().ended(0)


def test_preflight_counts_free_connections(own, migrations):
    live = own(max_connections=14, superuser_reserved_connections=3)
    migrations.write("002_more", up=ADD)
    with contextlib.ExitStack() as stack:
        for _ in range(6):
            stack.enter_context(contextlib.closing(live.database.connect()))
        result = live.batch("--format", "json").ended(13)
    assert dict(failed_checks(result)).keys() == {"preflight.connections"}
    hint, = [event["hint"] for event in result.events("gate") if event["state"] == "failed"]
    assert hint == "Close idle sessions or raise max_connections."


def test_preflight_refuses_a_server_that_loses_what_it_committed(own, migrations):
    live = own(fsync="off")
    migrations.write("002_more", up=ADD)
    result = shut(live, "preflight", 11)
    assert dict(failed_checks(result)) == {"preflight.fsync": "fsync = off"}


def test_preflight_wants_the_synchronous_standby(own, migrations):
    live = own()
    migrations.write("002_more", up=ADD)
    live.database.cluster.execute("ALTER SYSTEM SET synchronous_standby_names = 'gone'")
    live.database.cluster.reload()
    result = live.batch("--format", "json").ended(13)
    assert dict(failed_checks(result)) == {"preflight.standby": "0 synchronous standby(s) connected"}


def test_preflight_sees_a_publication_that_would_carry_the_ledger_away(own, migrations):
    live = own(wal_level="logical")
    live.database.execute("CREATE PUBLICATION everything FOR ALL TABLES")
    migrations.write("002_more", up=ADD)
    result = shut(live, "preflight", 11)
    assert dict(failed_checks(result)) == {
        "preflight.publications": "publication everything would replicate pgsluice.ledger"}


# -- approval --


def test_yesterdays_approval_does_not_count_for_todays_plan(live, database, migrations):
    migrations.write("002_more", up=ADD)
    yesterday = live.prove()
    migrations.write("003_yet_more", up="ALTER TABLE items ADD COLUMN x int;")
    before = database_snapshot(database)
    result = live.batch("--approve", yesterday[:12], "--format", "json").ended(12)
    today = result.events("plan")[0]["plan_id"]
    assert today != yesterday
    assert check(result, "approval.consent")["measured"] == (
        f"the approval {yesterday[:12]} is for another plan; this one is {today[:12]}")
    assert database_snapshot(database) == before


def test_a_file_changed_after_its_rehearsal_makes_another_plan(live, migrations):
    migrations.write("002_more", up=ADD)
    rehearsed = live.prove()
    migrations.write("002_more", up=ADD + "\nDROP TABLE parts;")
    live.batch("--approve", rehearsed, "--format", "json").ended(12)
    result = live.batch("--format", "json").ended(12)
    ran = [event["gate"] for event in result.events("gate") if event["state"] == "running"]
    assert "rehearsal" in ran and "backup" not in ran
    assert live.versions() == ["001"]


@pytest.mark.parametrize("part", ["down", "verify"])
def test_down_and_verify_files_are_part_of_the_plan(live, migrations, part):
    migrations.write("002_more", up=ADD)
    before = live.plan_id()
    migrations.write("002_more", **{part: "SELECT true;"})
    assert live.plan_id() != before


def test_a_live_schema_changed_after_the_rehearsal_makes_another_plan(live, database, migrations):
    migrations.write("002_more", up=ADD)
    rehearsed = live.prove()
    database.execute("ALTER TABLE items ADD COLUMN sneaked int")
    live.batch("--approve", rehearsed, "--format", "json").ended(12)
    result = live.batch("--format", "json").ended(12)
    ran = [event["gate"] for event in result.events("gate") if event["state"] == "running"]
    assert "backup" in ran and "rehearsal" in ran
    assert live.versions() == ["001"]


def test_two_approvals_need_two_roles(live, database, migrations, cluster):
    second = f"second_{database.name}"
    cluster.execute(f"CREATE ROLE {second} LOGIN SUPERUSER")
    migrations.write("002_more", up=ADD)
    live.configure(approvals="2")
    plan_id = live.prove()
    once = live.batch("--approve", plan_id, "--format", "json").ended(12)
    assert check(once, "approval.consent")["measured"] == f"1 of 2 consented to plan {plan_id[:12]}"
    again = live.batch("--approve", plan_id, "--format", "json").ended(12)
    assert check(again, "approval.consent")["measured"] == f"1 of 2 consented to plan {plan_id[:12]}"
    result = live.batch("--approve", plan_id, "--format", "json", database=database.conninfo(user=second)).ended(0)
    assert check(result, "approval.consent")["measured"] == f"2 of 2 consented to plan {plan_id[:12]}"
