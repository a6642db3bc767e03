"""`check`: every migration on an empty server."""

import os
import signal

import pytest

from harness import place
from harness.wait import wait_until


def findings(result):
    return [(found["version"], found["check"], found["severity"], found["message"])
            for found in result.json()["findings"]]


def check(sluice, exit_code, *options):
    return sluice.run("check", "--format", "json", *options, database=None).ended(exit_code)


def well_written(migrations, name="001_users", table="users"):
    return migrations.write(name, up=f"CREATE TABLE IF NOT EXISTS {table} (id bigint PRIMARY KEY);",
                            down=f"DROP TABLE IF EXISTS {table};",
                            verify=f"SELECT to_regclass('{table}') IS NOT NULL;")


def test_good_migrations_have_no_findings(sluice, migrations):
    well_written(migrations)
    document = check(sluice, 0).json()
    assert document["findings"] == []
    assert [(row["version"], row["outcome"]) for row in document["migrations"]] == [("001", "good")]


def test_text_form_says_how_each_went_and_why_it_failed(sluice, migrations):
    well_written(migrations)
    migrations.write("002_orders", up="CREATE TABLE orders (id bigint);", down="DROP TABLE orders;",
                     verify="SELECT true;")
    result = sluice.run("check", database=None).ended(10)
    lines = result.stdout.splitlines()
    assert lines[0].startswith("good 001_users, ")
    assert lines[1].startswith("findings 002_orders, ")
    assert lines[2:4] == [
        f'error twice: {migrations.path}/002_orders.sql:1: migration 002: relation "orders" already exists [42P07]',
        "  hint: Make it do nothing where all is there: IF NOT EXISTS, IF EXISTS, ON CONFLICT, WHERE."]
    assert lines[4] == "no init.sql beside the migrations: no fresh install to compare"
    assert lines[5].startswith("failed: 2 migration(s) on a scratch cluster of PostgreSQL ")
    assert ", 1 error(s), 0 warning(s), " in lines[5]
    assert result.stderr == ("pgsluice: error: the migrations do not hold: 1 error(s) found\n"
                             "hint: Correct what the findings name, then run `pgsluice check` again.\n")


def test_second_run_that_changes_the_schema_is_found(sluice, migrations):
    migrations.write("001_t", up="""
        CREATE TABLE IF NOT EXISTS t (id int);
        DO $$ BEGIN EXECUTE 'ALTER TABLE t ADD COLUMN c' || (SELECT count(*) FROM pg_attribute
            WHERE attrelid = 't'::regclass AND attnum > 0) || ' int'; END $$;
        """, down="DROP TABLE t;", verify="SELECT true;")
    found = findings(check(sluice, 10))
    assert {f[:3] for f in found} == {("001", "twice", "error")}
    assert any("c2" in f[3] for f in found), found


def test_down_that_leaves_something_is_found_and_the_way_goes_on(sluice, migrations):
    migrations.write("001_t", up="CREATE TABLE IF NOT EXISTS t (id int); CREATE TABLE IF NOT EXISTS u (id int);",
                     down="DROP TABLE t;", verify="SELECT true;")
    well_written(migrations, "002_users")
    result = check(sluice, 10)
    found = findings(result)
    assert {(version, name, severity) for version, name, severity, _ in found} == {("001", "down", "error")}
    assert any("public.u" in message for *_, message in found)
    assert [row["outcome"] for row in result.json()["migrations"]] == ["findings", "good"]


def test_down_that_fails_is_found(sluice, migrations):
    migrations.write("001_t", up="CREATE TABLE IF NOT EXISTS t (id int);", down="DROP TABLE nothing;",
                     verify="SELECT true;")
    assert findings(check(sluice, 10)) == [
        ("001", "down", "error", 'migration 001: table "nothing" does not exist [42P01]')]


def test_verify_that_does_not_hold_is_found(sluice, migrations):
    migrations.write("001_t", up="CREATE TABLE IF NOT EXISTS t (id int);", down="DROP TABLE t;",
                     verify="SELECT count(*) = 1 FROM t;")
    assert findings(check(sluice, 10)) == [
        ("001", "verify", "error", f"{migrations.path}/001_t.verify.sql:1: row 1 says false")]


def test_verify_must_outlive_later_migrations(sluice, migrations):
    well_written(migrations)
    migrations.write("002_gone", up="DROP TABLE IF EXISTS users;",
                     down="CREATE TABLE users (id bigint PRIMARY KEY);", verify="SELECT true;")
    assert findings(check(sluice, 10)) == [
        ("001", "verify", "error",
         f"{migrations.path}/001_users.verify.sql:1: row 1 says false, when all migrations have run")]


def test_migration_that_does_not_run_ends_the_way(sluice, migrations):
    migrations.write("001_t", up="SELECT 1;\nSELECT 1 / 0;", down="SELECT 1;", verify="SELECT true;")
    well_written(migrations, "002_users")
    result = check(sluice, 10)
    assert findings(result) == [("001", "up", "error", "migration 001: division by zero [22012]")]
    assert result.json()["findings"][0]["line"] == 2
    assert [(row["outcome"], row["reason"]) for row in result.json()["migrations"]] == [
        ("findings", None), ("not_reached", "001 does not run")]


def test_missing_down_and_verify_are_warnings(sluice, migrations):
    migrations.write("001_t", up="CREATE TABLE IF NOT EXISTS t (id int);")
    assert findings(check(sluice, 0)) == [("001", "down", "warning", "there is no down file"),
                                          ("001", "verify", "warning", "there is no verify file")]


def test_rules_look_at_each_migration_after_those_before_it(sluice, migrations):
    well_written(migrations)
    migrations.write("002_i", up="CREATE INDEX IF NOT EXISTS i ON users (id);", down="DROP INDEX i;",
                     verify="SELECT true;")
    found = findings(check(sluice, 0))
    assert [f[:3] for f in found] == [("002", "index-lock", "warning")]


def test_requirement_that_this_server_lacks_is_held_and_said(sluice, migrations):
    well_written(migrations)
    migrations.write("002_s", up="-- pgsluice:requires-extension warp_drive\nSELECT 1;")
    rows = check(sluice, 0).json()["migrations"]
    assert [(row["outcome"], row["reason"]) for row in rows] == [
        ("good", None), ("held", "it requires extension warp_drive, which this server does not have")]


def test_contract_may_follow_its_expand(sluice, migrations):
    migrations.write("001_e", up="-- pgsluice:phase expand\nCREATE TABLE IF NOT EXISTS t (a int, b int);",
                     down="DROP TABLE t;", verify="SELECT true;")
    migrations.write("002_c", up="-- pgsluice:phase contract\n-- pgsluice:requires 001\n"
                                 "ALTER TABLE t DROP COLUMN IF EXISTS b;",
                     down="ALTER TABLE t ADD COLUMN b int;", verify="SELECT true;")
    assert findings(check(sluice, 0)) == []


def test_statements_outside_transactions_are_tried_too(sluice, migrations):
    well_written(migrations)
    migrations.write("002_i", up="CREATE INDEX CONCURRENTLY IF NOT EXISTS users_i ON users (id);",
                     down="DROP INDEX CONCURRENTLY IF EXISTS users_i;", verify="SELECT true;")
    assert findings(check(sluice, 0)) == []


# -- init.sql --

INIT = """CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE schema_migrations (version text PRIMARY KEY, name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now());
COPY schema_migrations (version, name) FROM STDIN;
1\tusers
\\.
"""


@pytest.mark.parametrize("name", ["init.sql", "share/init.sql"])
def test_fresh_install_equals_all_migrations(sluice, migrations, folder, name):
    well_written(migrations)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(INIT, encoding="utf-8")
    result = check(sluice, 0)
    assert findings(result) == []
    assert os.path.samefile(result.json()["init"], folder / name)


def test_fresh_install_that_differs_is_found_by_object(sluice, migrations, folder):
    well_written(migrations)
    (folder / "init.sql").write_text(INIT + "CREATE INDEX extra ON users (id);", encoding="utf-8")
    found = findings(check(sluice, 10))
    assert [f[:3] for f in found] == [(None, "init", "error")]
    assert "index" in found[0][3] and "extra" in found[0][3]


def test_fresh_install_that_forgets_a_migration_is_found(sluice, migrations, folder):
    well_written(migrations)
    migrations.write("002_none", up="SELECT 1;", down="SELECT 1;", verify="SELECT true;")
    (folder / "init.sql").write_text(INIT, encoding="utf-8")
    assert findings(check(sluice, 10)) == [
        (None, "init", "error", "it does not record migration 002 as applied")]


def test_fresh_install_that_does_not_run_is_found_with_its_line(sluice, migrations, folder):
    well_written(migrations)
    (folder / "init.sql").write_text(INIT + "\nSELECT nothing;\n", encoding="utf-8")
    result = check(sluice, 10)
    assert findings(result) == [(None, "init", "error", 'column "nothing" does not exist [42703]')]
    assert result.json()["findings"][0]["line"] == 8


# -- where --

def test_staging_server_is_left_as_it_was(sluice, migrations, cluster):
    well_written(migrations)
    names = "SELECT array_agg(datname ORDER BY 1) FROM pg_database"
    before = cluster.one(names)
    document = check(sluice, 0, "--staging", cluster.conninfo()).json()
    assert document["findings"] == []
    assert cluster.one(names) == before


def test_what_reaches_beyond_its_database_is_not_tried_on_a_staging_server(sluice, migrations, cluster):
    migrations.write("001_r", up="CREATE TABLE t (id int);\nCREATE ROLE pgsluice_nobody;")
    result = check(sluice, 10, "--staging", cluster.conninfo())
    assert result.stderr == (f"pgsluice: error: {migrations.path}/001_r.sql:2:1: CREATE ROLE reaches beyond its database\n"
                             "hint: Leave out --staging: on a scratch cluster it can do no harm.\n")
    assert cluster.one("SELECT count(*) FROM pg_roles WHERE rolname = 'pgsluice_nobody'") == 0


def test_interrupted_check_leaves_no_server(sluice, migrations, folder):
    migrations.write("001_t", up="SELECT pg_sleep(600);")
    running = sluice.start("check", database=None, env={"TMPDIR": str(folder)})

    def scratch_clusters():
        # Root's own state folder is closed to the server's account: then it is below TMPDIR.
        return [*sluice.state.glob("work/scratch-*"), *folder.glob("pgsluice-*/scratch-*")]
    wait_until(scratch_clusters, what="a scratch cluster is there")
    running.signal(signal.SIGINT)
    running.result().ended(130)
    assert scratch_clusters() == []


def test_reference_schema_holds_in_under_a_minute(sluice):
    result = sluice.run("check", "--format", "json", "-m", place.TOP / "migrations", database=None, migrations=None)
    result.ended(0)
    document = result.json()
    assert [finding for finding in document["findings"] if not finding["allowed_because"]] == []
    assert os.path.samefile(document["init"], place.TOP / "share" / "init.sql")
    outcomes = {row["version"]: row["outcome"] for row in document["migrations"]}
    assert set(outcomes) == {f"{number:03}" for number in range(1, 14)}
    assert set(outcomes.values()) <= {"good", "held"}
    assert [version for version, outcome in outcomes.items() if outcome == "held"] in ([], ["013"])
    assert result.duration_s < 60
