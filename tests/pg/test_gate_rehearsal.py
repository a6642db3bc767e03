"""The rehearsal gate: the plan does on the copy what it would do on live, and no more than it says."""

import json
import os

import pytest

from harness.flow import check, error, failed_checks, states
from harness.gates import ADD, evidence, hint, live, notes, only, own, shut
from harness.snapshot import database_snapshot, table_digests

DECLARE = "If it is meant, declare it in the migration: -- pgsluice:changes-data TABLE"
SCRIPT = "Correct the migration, or the script where it asks for the wrong thing."

# -- data --


def test_a_declared_column_may_change_and_the_others_may_not(live, database, migrations):
    database.execute("ALTER TABLE items ADD COLUMN note text")
    change = "DO $$ BEGIN UPDATE items SET v = 'x', note = 'y' WHERE id = 1; END $$;"
    migrations.write("002_change", up=f"-- pgsluice:changes-data items.v\n{change}")
    result = shut(live, "rehearsal", 11)
    assert only(result, "rehearsal.data") == "public.items: the content of its 50 rows differs"
    assert hint(result) == DECLARE
    migrations.write("002_change", up=f"-- pgsluice:changes-data items.v, items.note\n{change}")
    live.approve().ended(0)
    assert database.query("SELECT v, note FROM items WHERE id = 1") == [("x", "y")]


def test_what_the_plan_changes_and_takes_away_is_noted_for_who_approves(live, migrations):
    migrations.write("002_change", up="""
        INSERT INTO items VALUES (51, 'new');
        UPDATE items SET v = upper(v) WHERE id <= 5;
        DELETE FROM parts WHERE id > 40;
        """)
    migrations.write("003_drop", up="ALTER TABLE items DROP COLUMN v; DROP TABLE parts;")
    result = live.batch("--format", "json").ended(12)
    assert notes(result, "rehearsal.changes") == [
        "migration 002 in public.items: 1 row(s) inserted, 5 updated, 0 deleted",
        "migration 002 in public.parts: 0 row(s) inserted, 0 updated, 10 deleted"]
    assert notes(result, "rehearsal.loss") == ["the plan drops column v of public.items with 50 value(s)",
                                               "the plan drops table public.parts with 50 row(s)"]


def test_a_table_that_is_renamed_and_altered_keeps_its_rows(live, database, migrations):
    migrations.write("002_rename", up="""
        ALTER TABLE parts RENAME TO pieces;
        ALTER TABLE pieces ALTER COLUMN id TYPE bigint;
        ALTER TABLE pieces ADD COLUMN note text DEFAULT 'none';
        """)
    result = live.approve("--format", "json").ended(0)
    assert notes(result, "rehearsal.rewrites")[0].startswith("migration 002 rewrites public.parts in ")
    assert database.one("SELECT count(*) FROM pieces") == 50


def test_rows_lost_behind_a_rename_are_seen(live, migrations):
    migrations.write("002_rename", up="""
        ALTER TABLE parts RENAME TO pieces;
        DO $$ BEGIN EXECUTE 'DELETE FROM pie' || 'ces WHERE id = 1'; END $$;
        """)
    assert only(shut(live, "rehearsal", 11), "rehearsal.data") == "public.parts: 50 rows became 49"


# -- verify scripts --


@pytest.mark.parametrize("script, said", [
    ("SELECT null;", "row 1 says null"),
    ("SELECT v <> 'v3' FROM items ORDER BY id;", "row 3 says false"),
    ("SELECT 1/0;", "division by zero"),
    ("SELECT no_such FROM items;", 'column "no_such" does not exist'),
])
def test_a_verify_script_that_does_not_hold_shuts_the_gate(live, migrations, script, said):
    migrations.write("002_more", up=ADD, verify=f"SELECT true;\n{script}")
    result = shut(live, "rehearsal", 11)
    assert only(result, "rehearsal.verify_scripts") == f"{migrations.path}/002_more.verify.sql:2: {said}"
    assert hint(result) == SCRIPT


@pytest.mark.parametrize("script, tag", [("INSERT INTO items VALUES (99, 'x') RETURNING true;", "INSERT"),
                                         ("SELECT nextval('s');", "SELECT"), ("DO $$ BEGIN END $$;", "DO")])
def test_a_verify_script_that_does_more_than_read_is_refused_before_any_gate(live, migrations, script, tag):
    migrations.write("002_more", up=ADD, verify=script)
    result = live.batch("--format", "json").ended(10)
    assert error(result)["message"] == f"{tag} in a verify file"
    assert error(result)["file"] == f"{migrations.path}/002_more.verify.sql"
    assert error(result)["detail"] == "Verify files run on live: only statements that read may stand in them."
    assert not states(result)


# -- as the operator --


def test_the_configured_role_is_the_one_that_rehearses_and_applies(live, database, migrations, cluster):
    role = f"owner_{database.name}"
    cluster.execute(f"CREATE ROLE {role}; GRANT pg_monitor TO {role}; GRANT CREATE ON DATABASE {database.name} TO {role}")
    database.execute(f"GRANT CREATE, USAGE ON SCHEMA public TO {role}; ALTER TABLE schema_migrations OWNER TO {role}")
    migrations.write("002_more", up=ADD)
    live.configure(role=role)
    measured = only(shut(live, "rehearsal", 11), "rehearsal.plan")
    assert measured == (f"{migrations.path}/002_more.sql:1:1: migration 002: must be owner of table items "
                        "(SQLSTATE 42501)")
    migrations.write("002_more", up="CREATE TABLE fresh (id int);")
    live.approve().ended(0)
    assert database.query("SELECT tableowner FROM pg_tables WHERE tablename = 'fresh'") == [(role,)]
    assert database.query("SELECT applied_by FROM schema_migrations WHERE version = '002'") == [("postgres",)]


def test_the_applications_tests_get_the_migrated_copy_and_live_stays_as_it_is(live, database, migrations, folder):
    script = folder / "application"
    script.write_text("""#!/bin/sh
set -e
test "$(psql -X -At -c "SELECT count(w), current_database(), current_user FROM items" | tee -a "$0.said")"
psql -X -q -c "DELETE FROM items; CREATE TABLE leftover (id int)"
env | grep ^PG | grep -v SERVICE | grep -iE 'host|password|port' >> "$0.said" || :
""", encoding="utf-8")
    script.chmod(0o755)
    migrations.write("002_more", up=ADD)
    live.configure(rehearsal_command=script)
    before = database_snapshot(database)
    result = live.batch("--format", "json").ended(12)
    assert check(result, "rehearsal.application")["measured"] == f"{script} ended with 0"
    said = (folder / "application.said").read_text(encoding="utf-8")
    assert said.startswith(f"0|{database.name}|postgres\n")
    assert "PASSWORD" not in said and str(database.cluster.socket_dir) not in said
    assert database_snapshot(database) == before
    # What it did is in nobody's promise.
    live.approve().ended(0)


# -- no way out --


@pytest.fixture
def elsewhere(database):
    """Another database of the same server, which a foreign table of live can write to."""
    other = database.cluster.create_database()
    other.execute("CREATE TABLE remote (id int)")
    database.execute(f"""
        CREATE EXTENSION postgres_fdw;
        CREATE SERVER there FOREIGN DATA WRAPPER postgres_fdw
            OPTIONS (host '{database.cluster.socket_dir}', port '5432', dbname '{other.name}');
        CREATE USER MAPPING FOR public SERVER there OPTIONS (user 'postgres', password_required 'false');
        CREATE FOREIGN TABLE remote (id int) SERVER there;
        INSERT INTO remote VALUES (1)""")
    yield other
    other.drop()


MAPPING = "CREATE USER MAPPING FOR public SERVER there OPTIONS (user 'postgres', password_required 'false');\n"


@pytest.mark.parametrize("before, said", [
    ("", "user mapping not found for "), (MAPPING, "could not connect to server \"there\"")],
    ids=["as live has it", "with a mapping of its own"])
def test_a_foreign_table_is_out_of_reach_of_the_rehearsal(live, database, migrations, elsewhere, before, said):
    migrations.write("002_remote", up=f"{before}INSERT INTO remote VALUES (2);")
    result = shut(live, "rehearsal", 11)
    assert said in only(result, "rehearsal.plan")
    assert elsewhere.query("SELECT id FROM remote") == [(1,)]


def test_a_subscription_is_not_in_the_copy_and_none_can_be_made_that_connects(own, migrations, make_cluster):
    publisher = make_cluster(settings={"wal_level": "logical", "log_connections": "on"})
    publisher.execute("CREATE TABLE items (id int PRIMARY KEY, v text); CREATE PUBLICATION p FOR TABLE items")
    live = own()
    live.database.execute(f"CREATE SUBSCRIPTION s CONNECTION $${publisher.conninfo()}$$ PUBLICATION p "
                          "WITH (connect = false, slot_name = NONE)")
    asked = publisher.log().count("connection received")
    migrations.write("002_more", up=ADD + "\nDO $$ BEGIN ASSERT (SELECT count(*) = 0 FROM pg_stat_subscription "
                     "WHERE pid IS NOT NULL); END $$;")
    result = live.batch("--format", "json").ended(12)
    assert notes(result, "backup.findings") == ["subscription on live: s"]
    migrations.write("002_more", up=f"CREATE SUBSCRIPTION s2 CONNECTION $${publisher.conninfo()}$$ PUBLICATION p;")
    measured = only(live.batch("--format", "json").ended(11), "rehearsal.plan")
    assert "could not connect to the publisher" in measured
    assert publisher.log().count("connection received") == asked


def test_a_program_that_the_plan_starts_reaches_neither_live_nor_files(live, database, migrations, folder):
    folder.chmod(0o777)
    (folder / "open").write_text("as it was", encoding="utf-8")
    (folder / "open").chmod(0o666)
    reach = (f"cat > {folder}/open; psql -X -h {database.cluster.socket_dir} -U postgres -d {database.name} "
             "-c \"DELETE FROM parts\"")
    migrations.write("002_program", up=f"COPY (SELECT 1) TO PROGRAM '{reach}';")
    result = shut(live, "rehearsal", 11)
    assert only(result, "rehearsal.plan").startswith(f"{migrations.path}/002_program.sql:1:1: migration 002: program ")
    assert "no way in or out; files of this machine are read-only to it" in check(result, "rehearsal.isolation")["measured"]
    assert (folder / "open").read_text(encoding="utf-8") == "as it was"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")
def test_without_root_the_copy_is_shut_in_as_well(live, migrations):
    migrations.write("002_program", up="COPY (SELECT 1) TO PROGRAM 'cat > /tmp/pgsluice-reached';")
    result = live.batch("--format", "json", user="postgres").ended(11)
    if "a network of its own" not in check(result, "rehearsal.isolation")["measured"]:
        pytest.skip("this system gives no user namespaces")
    assert "files of this machine are read-only to it" in check(result, "rehearsal.isolation")["measured"]
    assert not os.path.exists("/tmp/pgsluice-reached")


# -- how far it may go on --


def test_a_statement_timeout_of_the_file_counts_in_the_rehearsal(live, migrations):
    migrations.write("002_slow", up="-- pgsluice:statement-timeout 100ms\nSELECT pg_sleep(60);")
    result = shut(live, "rehearsal", 11)
    assert "canceling statement due to statement timeout (SQLSTATE 57014)" in only(result, "rehearsal.plan")


def test_a_broken_event_trigger_of_live_fails_in_the_rehearsal(live, database, migrations):
    database.execute("CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS "
                     "$$ BEGIN RAISE EXCEPTION 'no % here', tg_tag; END $$")
    database.execute("CREATE EVENT TRIGGER refuse ON ddl_command_end WHEN tag IN ('ALTER TABLE') "
                     "EXECUTE FUNCTION refuse()")
    migrations.write("002_more", up=ADD)
    measured = only(live.batch("--format", "json").ended(11), "rehearsal.plan")
    assert "no ALTER TABLE here (SQLSTATE P0001)" in measured
    assert evidence(live, "backup")["state"] == "passed"
    assert table_digests(database)["public.items"][0] == 50


# -- beyond the database --


def test_roles_and_databases_of_the_plan_are_made_on_every_clone_anew(own, migrations):
    flow = own()
    role = "CREATE ROLE made; GRANT pg_monitor TO made; ALTER ROLE made SET work_mem = '5MB'; ALTER ROLE old RENAME TO new;"
    flow.database.cluster.execute("CREATE ROLE old; CREATE ROLE gone; GRANT old TO gone")
    migrations.write("002_role", up=f"{role} DROP ROLE gone; GRANT SELECT ON items TO made;",
                     down="REVOKE SELECT ON items FROM made; DROP ROLE made; ALTER ROLE new RENAME TO old;")
    migrations.write("003_other", up="CREATE DATABASE other;")
    result = flow.batch("--format", "json", "--until", "002").ended(12)
    assert check(result, "rehearsal.downs")["measured"] == "1 down(s) ran in reverse and restored the schema exactly"
    flow.approve("--format", "json").ended(0)
    assert flow.database.one("SELECT rolname::text FROM pg_roles WHERE rolname IN ('made', 'gone')") == "made"


def test_a_migration_that_fails_in_the_rehearsal_is_the_gates_failure(live, database, migrations):
    migrations.write("002_bad", up="SELECT 1/0;")
    result = shut(live, "rehearsal", 11)
    assert error(result)["code"] == "gate_failed"


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
