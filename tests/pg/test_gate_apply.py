"""The apply gate: live gets what was rehearsed, or keeps what it had."""

import contextlib

import pytest

from harness.flow import check, error, failed_checks, states
from harness.gates import ADD, hint, live, notes, only, ran
from harness.snapshot import database_snapshot, table_digests
from harness.wait import wait_until

CHANGED_HINT = "See what changed on live since the backup, then take a new backup and rehearse again."


def hold(database):
    """Whoever asks for this lock waits: on live, and not in the rehearsal."""
    return database.transaction("SELECT pg_advisory_xact_lock(77)", application_name="holder")


def wait_in_apply(database):
    wait_until(lambda: database.one("SELECT pid FROM pg_stat_activity WHERE wait_event = 'advisory' "
                                           "AND application_name LIKE 'pgsluice/%%/apply'"), what="the apply waits")


# -- more than was rehearsed --


@pytest.mark.parametrize("does, said", [
    ("DELETE FROM parts WHERE id = 1", "table public.parts loses 1 rows here and lost 0 in the rehearsal"),
    ("UPDATE parts SET item = 1 WHERE id = 1", "table public.parts has 1 rows changed here and had 0 in the rehearsal"),
    ("TRUNCATE parts", "table public.parts is truncated, rewritten or dropped here and was not in the rehearsal"),
    ("DROP TABLE parts", "table public.parts is truncated, rewritten or dropped here and was not in the rehearsal"),
])
def test_what_happens_to_a_table_on_live_alone_is_rolled_back(live, database, migrations, does, said):
    migrations.write("002_more", up=f"""
        -- pgsluice:changes-data parts
        CREATE TABLE fresh (id int);
        DO $$ BEGIN IF (SELECT count(*) FROM items) > 50 THEN {does}; END IF; END $$;
        """)
    plan_id = live.prove()
    database.execute("INSERT INTO items VALUES (51, 'after the rehearsal')")
    before = table_digests(database)
    result = live.batch("--approve", plan_id, "--format", "json").ended(30)
    assert error(result)["message"] == f"migration 002: {said}"
    assert error(result)["detail"] == "Rows that the rehearsal did not touch may not be touched on live. It was rolled back."
    assert error(result)["hint"] == CHANGED_HINT
    assert {name: digest for name, digest in table_digests(database).items() if name in before
            and name != "public.schema_migrations"} == {
                name: digest for name, digest in before.items() if name != "public.schema_migrations"}
    assert database.one("SELECT to_regclass('fresh')") is None and live.versions() == ["001"]


def test_a_table_that_the_rehearsal_truncated_and_rewrote_may_be(live, database, migrations):
    migrations.write("002_more", up="TRUNCATE parts; ALTER TABLE items ALTER COLUMN id TYPE bigint;")
    live.approve().ended(0)
    assert database.one("SELECT count(*) FROM parts") == 0
    # Both have files of their own by now, which a plan that leaves them alone may say nothing about.
    migrations.write("003_more", up="LOCK TABLE items; INSERT INTO parts VALUES (1, 1);")
    live.approve().ended(0)


def test_a_temporary_table_is_the_same_whatever_the_number_of_its_schema(live, database, migrations):
    migrations.write("002_more", up="""
        BEGIN;
        CREATE TEMP TABLE picked AS SELECT id FROM items;
        UPDATE picked SET id = -id;
        DELETE FROM picked WHERE id < -25;
        COMMIT;
        BEGIN;
        TRUNCATE picked;
        ALTER TABLE items ADD COLUMN w int;
        COMMIT;""")
    plan_id = live.prove()
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(contextlib.closing(database.connect()))
        live.batch("--approve", plan_id).ended(0)


# -- others --


def test_a_schema_changed_while_the_run_waited_for_its_turn_stops_it(live, database, migrations):
    migrations.write("002_more", up=ADD)
    plan_id = live.prove()
    before = database_snapshot(database)
    with contextlib.closing(database.connect(application_name="somebody")) as other:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(8099569364512629605)")
        waiting = live.start("--approve", plan_id, "--wait-leader", "60s", "--format", "json")
        database.wait_for_session("pgsluice/%/leader")
        database.execute("ALTER TABLE parts ADD COLUMN sneaked int")
    result = waiting.result().ended(11)
    assert error(result)["message"] == ("the live schema changed since this run read it: "
                                        "column public.parts.sneaked: added")
    assert hint(result) == "Start again: the plan is made anew and what depends on the schema is proved anew."
    database.execute("ALTER TABLE parts DROP COLUMN sneaked")
    assert database_snapshot(database) == before


def test_a_file_changed_while_the_run_waited_is_applied_as_it_was_approved(live, database, migrations):
    migrations.write("002_more", up=ADD)
    plan_id = live.prove()
    with contextlib.closing(database.connect(application_name="somebody")) as other:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(8099569364512629605)")
        waiting = live.start("--approve", plan_id, "--wait-leader", "60s")
        database.wait_for_session("pgsluice/%/leader")
        migrations.write("002_more", up="DROP TABLE items;")
    waiting.result().ended(0)
    assert database.one("SELECT count(*) FROM items") == 50
    result = live.batch("--format", "json").ended(10)
    assert f"file {migrations.path}/002_more.sql was edited after it was applied" in error(result)["message"]


def test_a_second_runner_that_commits_the_same_version_first_leaves_nothing_to_do_twice(live, database, migrations):
    migrations.write("002_first", up="CREATE TABLE first (id int);")
    live.approve().ended(0)
    migrations.write("003_more", up="INSERT INTO items VALUES (51, 'once');")
    plan_id = live.prove()
    with database.transaction("INSERT INTO items VALUES (51, 'once'); "
                              "INSERT INTO schema_migrations (version, name) VALUES ('003', 'more')") as other:
        running = live.start("--approve", plan_id, "--format", "json")
        database.wait_for_lock(database.wait_for_session("pgsluice/%/apply"))
        other.cursor().execute("COMMIT")
        result = running.result().ended(20)
    assert error(result)["message"] == "migration 003: migration 003 was applied by another run meanwhile"
    assert error(result)["hint"] == "Start again: the new run sees what the other one did."
    assert database.one("SELECT count(*) FROM items") == 51
    assert live.batch().exit == 0


# -- limits --


def test_a_statement_that_takes_too_long_on_live_is_rolled_back_with_its_place(live, database, migrations):
    migrations.write("002_slow", up="-- pgsluice:statement-timeout 500ms\nCREATE TABLE fresh (id int);\n"
                     "SELECT pg_sleep(60) FROM items WHERE id = 51;")
    plan_id = live.prove()
    database.execute("INSERT INTO items VALUES (51, 'after the rehearsal')")
    result = live.batch("--approve", plan_id, "--format", "json").ended(30)
    found = error(result)
    assert found["message"] == "migration 002: canceling statement due to statement timeout"
    assert (found["sqlstate"], found["file"], found["line"]) == ("57014", f"{migrations.path}/002_slow.sql", 3)
    assert database.one("SELECT to_regclass('fresh')") is None and live.versions() == ["001"]


def test_a_failed_migration_leaves_those_before_it_and_stops_those_after_it(live, database, migrations):
    migrations.write("002_one", up="CREATE TABLE one (id int);")
    migrations.write("003_two", up="CREATE TABLE two (id int);\nSELECT 1 / (51 - count(*)) FROM items;")
    migrations.write("004_three", up="CREATE TABLE three (id int);")
    plan_id = live.prove()
    database.execute("INSERT INTO items VALUES (51, 'after the rehearsal')")
    result = live.batch("--approve", plan_id, "--format", "json").ended(30)
    assert error(result)["message"] == "migration 003: division by zero"
    position = check(result, "apply.migrations")
    assert position["measured"] == "migration 003: division by zero; 1 of 3 migration(s) committed"
    assert position["limit"] == "every pending migration is committed"
    assert live.versions() == ["001", "002"]
    assert database.query("SELECT to_regclass('one') IS NOT NULL, to_regclass('two'), to_regclass('three')") == [
        (True, None, None)]
    # When the cause is gone, the same consent carries the rest.
    database.execute("DELETE FROM items WHERE id = 51")
    again = live.batch("--format", "json").ended(0)
    assert "rehearsal" not in ran(again) and live.versions() == ["001", "002", "003", "004"]


# -- what files may do --


def test_a_file_starts_from_a_session_that_no_file_before_it_has_touched(live, database, migrations):
    migrations.write("002_mess", up="""
        SET search_path = pg_catalog;
        SET statement_timeout = '1h';
        SET ROLE pg_monitor;
        RESET ROLE;
        CREATE TEMP TABLE items (x int);
        PREPARE p AS SELECT 1;
        SELECT pg_advisory_lock(5);
        LISTEN hello;
        """)
    migrations.write("003_clean", up="""
        ALTER TABLE items ADD COLUMN w int;
        CREATE TABLE seen AS SELECT current_user::text AS who, current_setting('statement_timeout') AS timeout,
            current_schemas(false)::text AS path, (SELECT count(*) FROM pg_prepared_statements) AS prepared,
            (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks,
            (SELECT count(*) FROM pg_listening_channels()) AS channels;
        """)
    live.approve().ended(0)
    assert database.query("SELECT * FROM seen") == [("postgres", "0", "{public}", 0, 0, 0)]
    assert database.one("SELECT count(w) FROM items") == 0


def test_rows_in_the_file_come_with_copy(live, database, migrations):
    migrations.write("002_copy", up="CREATE TABLE before (id int);\nCOPY items (id, v) FROM STDIN;\n100\tone\n101\t\\N\n"
                     "\\.\nCREATE TABLE after AS SELECT count(*) AS n FROM items;\n")
    result = live.approve("--format", "json").ended(0)
    assert notes(result, "rehearsal.changes") == ["migration 002 in public.items: 2 row(s) inserted, 0 updated, 0 deleted"]
    assert database.query("SELECT id, v FROM items WHERE id > 50 ORDER BY id") == [(100, "one"), (101, None)]
    assert database.one("SELECT n FROM after") == 52
    migrations.write("003_copy", up="CREATE TABLE third (id int);\nCOPY items (id, v) FROM STDIN;\n200\tone\nx\ttwo\n\\.\n")
    measured = only(live.batch("--format", "json").ended(11), "rehearsal.plan")
    assert measured == (f'{migrations.path}/003_copy.sql:2:1: migration 003: invalid input syntax for type integer: "x" '
                        '(SQLSTATE 22P02); COPY items, line 2, column id: "x"')


@pytest.mark.parametrize("type_is_new", [False, True])
def test_an_enum_value_can_be_used_in_the_file_that_adds_it(live, database, migrations, type_is_new):
    create = "CREATE TYPE mood AS ENUM ('sad', 'ok');\n"
    if not type_is_new:
        database.execute(create)
    migrations.write("002_mood", up=f"""{create if type_is_new else ''}
        CREATE TABLE person (m mood);
        ALTER TYPE mood ADD VALUE 'happy';
        INSERT INTO person VALUES ('happy');
        """)
    result = live.approve("--format", "json").ended(0)
    steps = result.events("plan")[0]["migrations"][1]["steps"]
    assert len(steps) == 2
    assert database.query("SELECT m::text FROM person") == [("happy",)]


def test_an_event_trigger_that_logs_is_a_data_change_to_declare(live, database, migrations):
    database.execute("CREATE TABLE ddl_log (tag text)")
    database.execute("CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS "
                     "$$ BEGIN INSERT INTO public.ddl_log VALUES (tg_tag); END $$")
    database.execute("CREATE EVENT TRIGGER note ON ddl_command_end EXECUTE FUNCTION note()")
    migrations.write("002_more", up=ADD)
    result = live.batch("--format", "json").ended(11)
    # Our own tables are made there, as on live.
    assert only(result, "rehearsal.data").startswith("public.ddl_log: 0 rows became ")
    migrations.write("002_more", up=f"-- pgsluice:changes-data ddl_log\n{ADD}")
    live.approve().ended(0)
    assert ("ALTER TABLE",) in database.query("SELECT tag FROM ddl_log")


# -- verify --


def test_an_index_that_somebody_else_left_invalid_meanwhile_is_named(live, database, migrations):
    database.execute("INSERT INTO items VALUES (1001, 'same'), (1002, 'same')")
    migrations.write("002_more", up="SELECT pg_advisory_xact_lock(77);\nALTER TABLE parts ADD COLUMN w int;")
    plan_id = live.prove()
    with hold(database):
        running = live.start("--approve", plan_id, "--format", "json")
        wait_in_apply(database)
        with contextlib.suppress(Exception), contextlib.closing(database.connect()) as other:
            other.cursor().execute("SET statement_timeout = '300ms'")
            other.cursor().execute("CREATE UNIQUE INDEX CONCURRENTLY items_v_once ON items (v)")
    result = running.result().ended(33)
    assert failed_checks(result) == [("verify.schema", "index public.items_v_once: added"),
                                     ("verify.leftovers", "index public.items_v_once is not valid")]
    assert live.versions() == ["001", "002"]


def test_what_was_unfinished_before_the_plan_is_not_its_leftover(live, database, migrations):
    database.execute("INSERT INTO items VALUES (1001, 'same'), (1002, 'same')")
    with contextlib.suppress(Exception):
        database.execute("CREATE UNIQUE INDEX CONCURRENTLY items_v_once ON items (v)")
    database.execute("ALTER TABLE items ADD CONSTRAINT longer CHECK (length(v) < 100) NOT VALID")
    migrations.write("002_more", up=ADD + " ALTER TABLE items ADD CONSTRAINT long CHECK (length(v) < 50) NOT VALID;")
    result = live.approve("--format", "json").ended(0)
    assert notes(result, "backup.findings") == ["invalid index on live: public.items_v_once"]
    assert check(result, "verify.leftovers")["measured"] == (
        "no invalid index, no unvalidated constraint that was not rehearsed")


def test_rows_that_others_delete_meanwhile_are_noted(live, database, migrations):
    migrations.write("002_more", up="SELECT pg_advisory_xact_lock(77);\nCREATE TABLE fresh (id int);")
    plan_id = live.prove()
    with hold(database):
        running = live.start("--approve", plan_id, "--format", "json")
        wait_in_apply(database)
        database.execute("DELETE FROM parts WHERE id > 40")
    result = running.result().ended(0)
    assert notes(result, "verify.rows") == ["table public.parts has 10 rows less than when the apply began"]


def test_a_verify_script_that_fails_on_live_is_asked_again_by_the_next_run(live, database, migrations):
    migrations.write("002_more", up=ADD, verify="SELECT count(*) = 50 FROM items;")
    plan_id = live.prove()
    database.execute("INSERT INTO items VALUES (51, 'after the rehearsal')")
    for options in (("--approve", plan_id), ()):
        result = live.batch("--format", "json", *options).ended(33)
        assert only(result, "verify.scripts") == f"{migrations.path}/002_more.verify.sql:1: row 1 says false"
        assert hint(result) == "Correct the migration, or the script where it asks for the wrong thing."
        assert live.versions() == ["001", "002"]
    database.execute("DELETE FROM items WHERE id = 51")
    again = live.batch("--format", "json").ended(0)
    assert ran(again) == ["verify"] and states(again) == {"verify": "passed"}
    assert states(live.batch("--format", "json").ended(0)) == {}
