"""The executor on live: sessions and roles that files change, locks, leftovers, and connections that get lost."""

import re
import signal

import pytest

from harness.flow import Flow, error, failed_checks
from harness.gates import log
from harness.proxy import LOST_REPLY
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


def apply_waits(database, event):
    return wait_until(lambda: database.one(
        "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'pgsluice/%%/apply' AND datname = %s "
        "AND (wait_event_type = %s OR wait_event = %s)", database.name, event, event), what="the apply waits")


# -- what a file does to its session --


def test_a_role_that_a_file_takes_on_does_not_write_our_rows(live, database, migrations):
    role = f"app_{database.name}"
    database.execute(f"CREATE ROLE {role}; CREATE SCHEMA app; GRANT ALL ON SCHEMA app TO {role}")
    try:
        migrations.write("002_one", up=f"SET ROLE {role}; CREATE TABLE app.one (a int);")
        migrations.write("003_steps", up=f"""
            SET ROLE {role};
            CREATE TABLE app.two (a int);
            CREATE INDEX CONCURRENTLY two_a ON app.two (a);
            ALTER TABLE app.two ADD COLUMN b int;""")
        migrations.write("004_user", up=f"SET SESSION AUTHORIZATION {role}; CREATE TABLE app.three (a int);")
        live.approve().ended(0)
        assert live.versions() == ["001", "002", "003", "004"]
        assert {owner for owner, in database.query("SELECT tableowner FROM pg_tables WHERE schemaname = 'app'")} == {role}
        assert {who for who, in database.query("SELECT applied_by FROM schema_migrations WHERE version > '001'")
                } == {"postgres"}
    finally:
        database.drop()
        database.cluster.execute(f"DROP ROLE {role}")


def test_a_file_that_switches_the_lock_timeout_off_does_not_wait_without_end(live, database, migrations):
    migrations.write("002_more", up="SET lock_timeout = 0;\nALTER TABLE items ADD COLUMN w int;")
    live.configure(lock_timeout="200ms", lock_budget="1s")
    plan_id = live.prove()
    with database.transaction("LOCK TABLE items IN ACCESS SHARE MODE"):
        live.batch("--approve", plan_id).ended(21)


def test_a_lock_that_only_the_rehearsal_shows_is_asked_for_in_short_tries(live, database, migrations):
    migrations.write("002_more", up="DO $$ BEGIN EXECUTE 'ALTER TABLE items ADD COLUMN w int'; END $$;")
    live.configure(lock_timeout="200ms", lock_budget="60s")
    plan_id = live.prove()
    with database.transaction("LOCK TABLE items IN ACCESS SHARE MODE"):
        running = live.start("--approve", plan_id)
        running.wait_for_output("no lock at attempt 2", deadline=30)
    running.result().ended(0)


def test_that_the_same_session_is_still_in_the_way_is_told_less_and_less(live, database, migrations):
    migrations.write("002_more", up="ALTER TABLE items ADD COLUMN w int;")
    live.configure(lock_timeout="50ms", lock_budget="3s")
    plan_id = live.prove()
    with database.transaction("LOCK TABLE items IN ACCESS SHARE MODE"):
        result = live.batch("--approve", plan_id).ended(21)
    attempts = int(re.search(r"no lock within 3.0 s after (\d+) attempts", result.stderr).group(1))
    told = [int(number) for number in re.findall(r"no lock at attempt (\d+); process \d+ ", result.stderr)]
    assert told == [number for number in (1, 2, 4, 8, 16) if number < attempts]


def test_whom_a_concurrent_build_waits_for_is_told(live, database, migrations):
    migrations.write("002_index", up="CREATE INDEX CONCURRENTLY items_v ON items (v);")
    plan_id = live.prove()
    with database.transaction("LOCK TABLE items IN SHARE UPDATE EXCLUSIVE MODE"):
        running = live.start("--approve", plan_id)
        running.wait_for_output("CREATE INDEX of migration 002 waits for a lock held by process")
        assert re.search(r"waits for a lock held by process \d+ \([^,]+, role postgres, from local,"
                         r" idle in transaction, transaction open for [^)]+\)\n", running.stderr())
    running.result().ended(0)


# -- what a concurrent build leaves --


def test_what_others_build_is_no_leftover_of_ours(live, database, migrations):
    database.execute("CREATE TABLE other (a int)")
    migrations.write("002_index", up="CREATE UNIQUE INDEX CONCURRENTLY items_v ON items (v);")
    plan_id = live.prove()
    database.execute("INSERT INTO items VALUES (1001, 'v1')")
    with database.transaction("LOCK TABLE items IN SHARE UPDATE EXCLUSIVE MODE"):
        running = live.start("--approve", plan_id)
        apply_waits(database, "Lock")
        with database.transaction("INSERT INTO other VALUES (1)") as writer:
            build = database.background("CREATE INDEX CONCURRENTLY other_a ON other (a)")
            wait_until(lambda: database.one("SELECT to_regclass('other_a')"), what="the other's index is begun")
            # Ours goes on now, fails at the duplicate and cleans up after itself.
            database.one("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE relation = 'items'::regclass "
                         "AND mode = 'ShareUpdateExclusiveLock' AND granted")
            wait_until(lambda: database.one("SELECT count(*) FROM pgsluice.ledger WHERE kind = 'outcome'"),
                       what="the failure is recorded")
            assert database.one("SELECT to_regclass('items_v')") is None
            assert database.one("SELECT to_regclass('other_a')") is not None
            writer.rollback()
        build.result()
    running.result().ended(30)
    assert database.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'other_a'::regclass") == [(True,)]


def test_a_concurrent_drop_that_was_cut_off_is_finished_by_the_next_run(live, database, migrations):
    database.execute("CREATE INDEX items_v ON items (v)")
    migrations.write("002_drop", up="DROP INDEX CONCURRENTLY items_v;")
    plan_id = live.prove()
    with database.transaction("SELECT * FROM items"):
        running = live.start("--approve", plan_id)
        apply_waits(database, "virtualxid")
        running.signal(signal.SIGTERM)
        running.result(timeout=20).ended(143)
    live.batch("--approve", plan_id).ended(0)
    assert database.one("SELECT to_regclass('items_v')") is None
    assert live.versions() == ["001", "002"]


def test_names_in_quotes_are_found_again(live, database, migrations):
    database.execute('CREATE SCHEMA "App"; CREATE TABLE "App"."Orders" ("Id" int)')
    migrations.write("002_index", up='CREATE INDEX CONCURRENTLY "Orders Id" ON "App"."Orders" ("Id");')
    plan_id = live.prove()
    with database.transaction("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT 1"):
        running = live.start("--approve", plan_id)
        pid = apply_waits(database, "virtualxid")
        running.kill()
        wait_until(lambda: not database.one("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", pid),
                   what="its statement is gone")
    result = live.batch("--approve", plan_id).ended(0)
    assert 'index "App"."Orders Id" is there and' in result.stderr
    assert database.query("SELECT indisvalid FROM pg_index WHERE indrelid = '\"App\".\"Orders\"'::regclass") == [(True,)]


def test_a_stop_that_comes_too_late_for_a_statement_says_what_was_done(live, database, migrations):
    migrations.write("002_index", up="CREATE INDEX CONCURRENTLY items_v ON items (v);")
    migrations.write("003_more", up="ALTER TABLE items ADD COLUMN w int;")
    plan_id = live.prove()
    with database.transaction("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT 1"):
        running = live.start("--approve", plan_id)
        apply_waits(database, "virtualxid")
        running.signal(signal.SIGINT)
        running.result(timeout=20).ended(130)
    done = [row for row, in database.query("SELECT body ->> 'done' FROM pgsluice.ledger WHERE kind = 'outcome'")]
    there = database.query("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('items_v')")
    assert (done, there) in ((["false"], []), ([], [(False,)]))
    live.batch("--approve", plan_id).ended(0)
    assert live.versions() == ["001", "002", "003"]


def test_the_locks_of_a_short_concurrent_build_are_known_to_preflight(live, database, migrations):
    migrations.write("002_index", up="SET search_path = public;\nCREATE INDEX CONCURRENTLY items_v ON items (v);")
    result = live.batch("--format", "json").ended(12)
    locks = [lock for event in result.events("step") for lock in event.get("locks", [])]
    assert {"relation": "public.items", "mode": "SHARE UPDATE EXCLUSIVE"} in locks


def locks_of(result):
    return sorted({(lock["relation"], lock["mode"]) for event in result.events("step")
                   for lock in event.get("locks", []) if "statement" in event})


def test_a_file_that_takes_kept_statements_away_is_traced_all_the_same(live, migrations):
    migrations.write("002_away", up="""
        ALTER TABLE items ADD COLUMN w int;
        DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$;
        SELECT * FROM items;
        """)
    assert locks_of(live.batch("--format", "json").ended(12)) == [("public.items", "ACCESS EXCLUSIVE")]


def test_what_a_migration_has_made_the_next_one_locks_by_name(live, migrations):
    migrations.write("002_parts", up='CREATE TABLE parts (id int); CREATE TABLE "Brief" (id int);')
    migrations.write("003_index", up="CREATE INDEX CONCURRENTLY parts_id ON parts (id);")
    migrations.write("004_more", up='ALTER TABLE parts ADD COLUMN w int; DROP TABLE "Brief";')
    steps = live.batch("--format", "json").ended(12).events("step")
    locks = {(event["version"], lock["relation"], lock["mode"]) for event in steps for lock in event.get("locks", [])}
    assert locks == {("003", "public.parts", "SHARE UPDATE EXCLUSIVE"), ("004", "public.parts", "ACCESS EXCLUSIVE"),
                     ("004", 'public."Brief"', "ACCESS EXCLUSIVE")}


def test_a_table_that_nobody_else_could_ever_see_is_in_no_trace(live, migrations):
    migrations.write("002_through", up="""
        CREATE TEMPORARY TABLE through ON COMMIT DROP AS SELECT * FROM items;
        CREATE TABLE brief (id int);
        DROP TABLE brief;
        INSERT INTO items SELECT id + 50, v FROM through;
        """)
    assert locks_of(live.batch("--format", "json").ended(12)) == [
        ("public.items", "ACCESS SHARE"), ("public.items", "ROW EXCLUSIVE")]


# -- what a concurrent DETACH leaves --

FINALIZE = "ALTER TABLE public.logs DETACH PARTITION public.logs_1 FINALIZE"


@pytest.fixture
def parted(live, database, migrations):
    """A partitioned table, of which the plan detaches the second partition."""
    database.execute("CREATE TABLE logs (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);"
                     "CREATE TABLE logs_0 PARTITION OF logs FOR VALUES FROM (0) TO (100);"
                     "CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (100) TO (200);"
                     "INSERT INTO logs SELECT g, 'v' FROM generate_series(0, 199) g")
    migrations.write("002_detach", up="ALTER TABLE logs DETACH PARTITION logs_1 CONCURRENTLY;")
    return live.configure(lock_budget="1s")


def pending(database):
    """Whether the second partition's DETACH waits for its second phase; None: it is no partition."""
    return database.one("SELECT (SELECT inhdetachpending FROM pg_inherits WHERE inhrelid = 'logs_1'::regclass)")


def test_a_concurrent_detach_that_was_ended_in_its_second_phase_is_finished(parted, database):
    plan_id = parted.prove()
    # Holds the table and the other partition: it is waited for, but not in the way of FINALIZE.
    with database.transaction("SELECT * FROM logs WHERE id = 1"):
        result = parted.batch("--approve", plan_id, "--format", "json").ended(0)
        assert pending(database) is None
    assert f"finishing what is left of it: {FINALIZE}" in log(result)
    assert "migration 002, step 1: canceling statement due to lock timeout; it is done all the same" in log(result)
    assert parted.versions() == ["001", "002"]


def test_a_concurrent_detach_is_finished_when_those_in_the_way_of_that_have_left(parted, database):
    parted.configure(lock_budget="60s")
    plan_id = parted.prove()
    with database.transaction("SELECT count(*) FROM logs"):
        running = parted.start("--approve", plan_id)
        running.wait_for_output("finishing what is left of it", deadline=30)
        apply_waits(database, "relation")
        assert pending(database)
    running.result().ended(0)
    assert pending(database) is None
    assert parted.versions() == ["001", "002"]


def test_a_stop_in_the_second_phase_of_a_concurrent_detach_keeps_what_is_done(parted, database):
    parted.configure(lock_budget="60s")
    plan_id = parted.prove()
    with database.transaction("SELECT * FROM logs WHERE id = 1"):
        running = parted.start("--approve", plan_id)
        apply_waits(database, "virtualxid")
        assert pending(database)
        running.signal(signal.SIGTERM)
        running.result(timeout=20)
        assert pending(database) is None
    parted.batch("--approve", plan_id).ended(0)
    assert parted.versions() == ["001", "002"]


def test_a_concurrent_detach_that_cannot_be_finished_says_how_and_the_next_run_goes_on(parted, database):
    plan_id = parted.prove()
    with database.transaction("SELECT count(*) FROM logs"):
        result = parted.batch("--approve", plan_id, "--format", "json").ended(31)
        assert pending(database)
    told = error(result)
    assert "Partition public.logs_1 is marked as detached from public.logs and waits for those" in told["detail"]
    assert told["hint"] == f"Run `{FINALIZE}` when they are gone, then the same command again: it goes on from there."
    asked = parted.batch("--approve", plan_id, "--format", "json").ended(31)
    assert f"public.logs_1 is marked as detached from public.logs, and `{FINALIZE}` is missing" in (
        error(asked)["message"])
    database.execute(FINALIZE)
    parted.batch("--approve", plan_id).ended(0)
    assert parted.versions() == ["001", "002"]


def test_who_is_there_while_a_limit_of_the_guard_is_passed_is_not_said_to_be_in_the_way(live, database, migrations):
    migrations.write("002_more", up="ALTER TABLE items ADD COLUMN w int;")
    live.configure(lock_timeout="1s", lock_budget="1s", guard_wal="1MiB")
    plan_id = live.prove()
    with database.transaction("SELECT count(*) FROM items", application_name="reader"):
        result = live.batch("--approve", plan_id, "--format", "json").ended(21)
    retries = [event["values"] for event in result.events("sample") if event["sampler"] == "retry"]
    assert retries and not any("blocker" in values for values in retries)
    assert "reader" not in error(result).get("detail", "")


# -- connections --


def test_a_lost_answer_to_the_commit_of_an_outcome_is_looked_up(live, database, migrations, make_proxy):
    proxy = make_proxy(database.cluster)
    migrations.write("002_index", up="CREATE INDEX CONCURRENTLY items_v ON items (v);")
    migrations.write("003_more", up="ALTER TABLE items ADD COLUMN w int;")
    plan_id = live.prove()
    rule = proxy.cut(r"COMMIT\b", mode=LOST_REPLY, nth=2, application="pgsluice/.*/ledger")
    result = live.batch("--approve", plan_id, database=proxy.conninfo(database.name)).ended(0)
    assert rule.fired.is_set()
    assert "migration 002 is committed: its row is there" in result.stderr
    assert live.versions() == ["001", "002", "003"]


# -- secrets --


def test_a_password_in_a_statement_is_in_no_event_and_in_no_row(make_cluster, sluice, migrations, folder):
    own = make_cluster()
    database = own.create_database()
    sluice.database = database
    database.execute("CREATE TABLE items (id int PRIMARY KEY);" + HISTORY)
    migrations.write("001_items", up="CREATE TABLE items (id int PRIMARY KEY);")
    migrations.write("002_setting", up="ALTER SYSTEM SET primary_conninfo = 'host=x password=geheim1';")
    migrations.write("003_block", up="""
        DO $$ BEGIN EXECUTE 'ALTER ROLE postgres PASSWORD ''geheim2'''; PERFORM 1/(SELECT count(*) - 1 FROM items); END $$;
        DO $$ BEGIN IF (SELECT count(*) FROM items) = 1 THEN
            EXECUTE 'ALTER ROLE postgres PASSWORD ''geheim3'' nonsense'; END IF; END $$;""")
    live = Flow(sluice)
    plan_id = live.prove()
    database.execute("INSERT INTO items VALUES (1)")
    seen = live.batch("--approve", plan_id, "--format", "json").ended(30)
    migrations.write("003_block", up="DO $$ BEGIN EXECUTE 'ALTER ROLE nobody PASSWORD ''geheim4'''; END $$;")
    seen2 = live.batch("--format", "json")
    written = database.one("SELECT string_agg(body::text, '') FROM pgsluice.ledger")
    kept = "".join(path.read_text(errors="replace") for path in sluice.state.rglob("*") if path.is_file()
                   and "dump-" not in str(path))
    for text in (seen.stdout, seen.stderr, seen2.stdout, seen2.stderr, written, kept):
        assert not re.search("geheim[0-9]", text)
    assert "does not exist" in seen2.stdout


def test_a_build_without_its_locks_that_cannot_be_cleaned_up_is_left_to_resolve(live, database, migrations):
    migrations.write("002_index", up="CREATE INDEX CONCURRENTLY items_v ON items (v);")
    live.configure(lock_budget="1s")
    plan_id = live.prove()

    def invalid():
        return database.query("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid")

    with database.transaction("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM items"):
        result = live.batch("--approve", plan_id, "--format", "json").ended(31)
        assert error(result)["message"].endswith("waited for locks longer than lock-budget allows and was cancelled")
        assert "What it left behind could not be established or removed." in error(result)["detail"]
        assert "pgsluice resolve" in error(result)["hint"]
    assert invalid() == [("items_v",)] and live.versions() == ["001"]
    assert [kind for kind, in database.query("SELECT kind FROM pgsluice.ledger WHERE kind IN ('intent', 'outcome', "
                                             "'stopped', 'end') ORDER BY seq")] == ["intent", "stopped"]
    look = live.sluice.run("resolve").ended(0)
    assert "index public.items_v is there and not valid" in look.stderr
    consent = re.search(r"resolve clean-up --approve ([0-9a-f]{12})", look.stderr)[1]
    live.sluice.run("resolve", "clean-up", "--approve", consent).ended(0)
    assert invalid() == []
    live.batch("--approve", plan_id).ended(0)
    assert invalid() == [] and live.versions() == ["001", "002"]


# -- what a plan declares --


def test_a_table_is_declared_by_the_path_that_the_file_sets(live, database, migrations):
    database.execute('CREATE SCHEMA app; CREATE TABLE app.t (a int); CREATE TABLE public.t (a int); '
                     'INSERT INTO app.t VALUES (1); INSERT INTO public.t VALUES (1); '
                     'CREATE TABLE "Orders" ("Id" int); INSERT INTO "Orders" VALUES (1)')
    migrations.write("002_update", up='SET search_path = app, public; UPDATE t SET a = 2; UPDATE "Orders" SET "Id" = 2;')
    live.prove()


def test_one_name_can_mean_two_tables_in_one_file(live, database, migrations):
    database.execute("CREATE SCHEMA app; CREATE TABLE app.t (a int); CREATE TABLE public.t (a int)")
    migrations.write("002_insert", up="INSERT INTO t VALUES (1); INSERT INTO t VALUES (2); SET search_path = app; "
                     "INSERT INTO t VALUES (1); INSERT INTO t VALUES (2);")
    live.prove()


def test_a_table_of_the_same_name_elsewhere_is_not_declared(live, database, migrations):
    database.execute("""
        CREATE SCHEMA app; CREATE TABLE app.t (a int); CREATE TABLE public.t (a int); INSERT INTO public.t VALUES (1);
        CREATE FUNCTION app.also() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN UPDATE public.t SET a = a + 1; RETURN NEW; END';
        CREATE TRIGGER also AFTER INSERT ON app.t FOR EACH ROW EXECUTE FUNCTION app.also()""")
    migrations.write("002_insert", up="SET search_path = app, public; INSERT INTO t VALUES (1);")
    result = live.batch("--format", "json").ended(11)
    assert ("rehearsal.data" in [name for name, _ in failed_checks(result)])


def test_the_runs_that_ended_well_are_told_from_those_that_were_cut_off(live, database, migrations):
    migrations.write("002_more", up="ALTER TABLE items ADD COLUMN w int;")
    live.approve().ended(0)
    assert database.query("SELECT outcome FROM pgsluice.runs") == [("verified",)]
