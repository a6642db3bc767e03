"""On live: what stops an apply, what it leaves behind then, and what verify sees afterwards."""

import contextlib

import pytest

from harness.flow import error, failed_checks
from harness.snapshot import database_snapshot
from harness.wait import wait_until

ADD = "ALTER TABLE items ADD COLUMN w int;"


@pytest.fixture
def live(flow, database, migrations):
    """The flow on a database that nothing is wrong with, 001 applied."""
    database.execute("""
        CREATE TABLE items (id int PRIMARY KEY, v text);
        CREATE TABLE parts (id int PRIMARY KEY, item int NOT NULL REFERENCES items ON DELETE CASCADE);
        INSERT INTO items SELECT g, 'v' || g FROM generate_series(1, 50) g;
        INSERT INTO parts SELECT g, g FROM generate_series(1, 50) g;
        CREATE TABLE schema_migrations (version text PRIMARY KEY, name text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now());
        INSERT INTO schema_migrations (version, name) VALUES ('001', 'items')""")
    migrations.write("001_items", up="CREATE TABLE items (id int PRIMARY KEY, v text);")
    return flow


# -- apply --


def test_a_lock_that_is_not_had_within_the_budget_ends_the_run_and_names_who_holds_it(live, database, migrations):
    migrations.write("002_more", up=ADD)
    migrations.write("003_more", up="ALTER TABLE parts ADD COLUMN w int;")
    live.configure(lock_timeout="200ms", lock_budget="1s")
    plan_id = live.prove()
    with database.transaction("LOCK TABLE parts IN ACCESS SHARE MODE", application_name="reader") as other:
        pid = other.get_backend_pid()
        result = live.batch("--approve", plan_id, "--format", "json").ended(21)
    found = error(result)
    assert found["message"].startswith("migration 003: no lock within 1.0 s after ")
    assert f"process {pid} (reader, role postgres" in found["detail"]
    assert "holds ACCESS SHARE on public.parts" in found["detail"]
    assert live.versions() == ["001", "002"]
    assert not database.query("SELECT 1 FROM pg_attribute WHERE attrelid = 'parts'::regclass AND attname = 'w'")
    # The same consent carries the rest.
    live.batch("--approve", plan_id).ended(0)
    assert live.versions() == ["001", "002", "003"]


def test_a_lock_that_is_released_in_time_is_waited_for(live, database, migrations):
    migrations.write("002_more", up=ADD)
    live.configure(lock_timeout="200ms", lock_budget="30s")
    plan_id = live.prove()
    with database.transaction("LOCK TABLE items IN ACCESS SHARE MODE"):
        running = live.start("--approve", plan_id)
        running.wait_for_output("no lock at attempt 2")
    running.result().ended(0)
    assert live.versions() == ["001", "002"]


def test_more_rows_lost_than_rehearsed_roll_the_migration_back(live, database, migrations):
    migrations.write("002_clean", up="DELETE FROM parts WHERE id < 11;")
    plan_id = live.prove()
    database.execute("INSERT INTO items SELECT g, 'more' FROM generate_series(1001, 1300) g; "
                     "INSERT INTO parts SELECT -g, g FROM generate_series(1001, 1300) g")
    before = database_snapshot(database)["rows"]
    result = live.batch("--approve", plan_id, "--format", "json").ended(30)
    assert "public.parts" in error(result)["message"]
    assert "310" in error(result)["message"] and "10" in error(result)["message"]
    after = database_snapshot(database)["rows"]
    assert {name: after[name] for name in before if name != "public.schema_migrations"} == {
        name: before[name] for name in before if name != "public.schema_migrations"}
    assert live.versions() == ["001"]


def test_a_migration_that_fails_on_live_alone_is_rolled_back_and_says_where(live, database, migrations):
    migrations.write("002_more", up="CREATE TABLE extra (id int);\nALTER TABLE items ALTER COLUMN v SET NOT NULL;")
    plan_id = live.prove()
    database.execute("INSERT INTO items VALUES (99, NULL)")
    result = live.batch("--approve", plan_id, "--format", "json").ended(30)
    found = error(result)
    assert 'column "v" of relation "items" contains null values' in found["message"]
    assert found["sqlstate"] == "23502" and found["file"].endswith("002_more.sql") and found["line"] == 2
    assert database.one("SELECT to_regclass('extra')") is None
    assert live.versions() == ["001"]


def test_a_deferred_constraint_fails_before_the_commit(live, database, migrations):
    database.execute("ALTER TABLE parts ALTER CONSTRAINT parts_item_fkey DEFERRABLE INITIALLY DEFERRED")
    migrations.write("002_parts", up="INSERT INTO parts VALUES (1000, 50);\nALTER TABLE items ADD COLUMN w int;")
    plan_id = live.prove()
    database.execute("DELETE FROM items WHERE id = 50")
    result = live.batch("--approve", plan_id, "--format", "json").ended(30)
    found = error(result)
    assert 'violates foreign key constraint "parts_item_fkey"' in found["message"]
    assert found["sqlstate"] == "23503"
    assert "COMMIT" not in found["message"]
    assert live.versions() == ["001"]


# -- verify --


def hold(database, number=77):
    """A migration that asks for this advisory lock waits on live, and nowhere else."""
    return database.transaction(f"SELECT pg_advisory_xact_lock({number})", application_name="holder")


def wait_in_apply(database):
    """Until the apply waits for the held lock; its process."""
    return wait_until(lambda: database.one(
        "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'pgsluice/%%/apply' AND wait_event = 'advisory'"),
        what="the apply waits for the advisory lock")


def test_verify_names_what_somebody_else_changed_meanwhile(live, database, migrations):
    migrations.write("002_more", up="SELECT pg_advisory_xact_lock(77);\n" + ADD)
    plan_id = live.prove()
    with hold(database):
        running = live.start("--approve", plan_id, "--format", "json")
        wait_in_apply(database)
        database.execute("ALTER TABLE parts ADD COLUMN sneaked int")
    result = running.result().ended(33)
    (name, measured), = failed_checks(result)
    assert name == "verify.schema" and "public.parts.sneaked" in measured
    assert live.versions() == ["001", "002"]
    assert error(result)["hint"]


def test_verify_runs_the_scripts_on_live(live, database, migrations):
    migrations.write("002_more", up=ADD, verify="SELECT count(*) = 50 FROM items;")
    plan_id = live.prove()
    database.execute("INSERT INTO items VALUES (51, 'after the rehearsal')")
    result = live.batch("--approve", plan_id, "--format", "json").ended(33)
    (name, measured), = failed_checks(result)
    assert name == "verify.scripts" and "002_more.verify.sql:1" in measured
    # What was applied stays, and the next run says that it was not verified.
    again = live.batch("--format", "json")
    assert again.exit != 0


# -- leadership --


def test_another_holder_of_the_leadership_is_named(live, database, migrations):
    migrations.write("002_more", up=ADD)
    plan_id = live.prove()
    with contextlib.closing(database.connect(application_name="somebody")) as other:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(8099569364512629605)")
        before = database_snapshot(database)
        result = live.batch("--approve", plan_id, "--format", "json").ended(20)
        assert error(result)["message"].endswith(
            f"another run holds this target: process {other.get_backend_pid()}, somebody")
        assert database_snapshot(database) == before
        waiting = live.start("--approve", plan_id, "--wait-leader", "60s")
        database.wait_for_session("pgsluice/%/leader")
    waiting.result().ended(0)
