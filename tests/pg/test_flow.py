"""The gated flow from end to end, as a new user meets it."""

import json

import pytest

from harness import place
from harness.flow import EventSchema, Writers, check, error, failed_checks, read_lines, states
from harness.snapshot import database_snapshot, folder_snapshot
from harness.tool import Sluice

GATES = ["inspect", "backup", "rehearsal", "plans", "preflight", "approval", "apply", "verify"]
BY_HAND = """
    CREATE TABLE schema_migrations (version varchar(40) NOT NULL PRIMARY KEY, name text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now());
    CREATE TABLE users (id bigserial PRIMARY KEY, email text NOT NULL);
    CREATE TABLE clicks (id bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());
    INSERT INTO users (email) SELECT 'u' || g || '@example.org' FROM generate_series(1, 500) g;
    INSERT INTO schema_migrations (version, name) VALUES ('001', 'users')"""


def write_by_hand(migrations):
    """A folder as people write it for psql: its own transactions, its own history rows."""
    migrations.write("001_users", up="""
        BEGIN;
        CREATE TABLE IF NOT EXISTS schema_migrations (version varchar(40) NOT NULL PRIMARY KEY, name text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now());
        CREATE TABLE users (id bigserial PRIMARY KEY, email text NOT NULL);
        CREATE TABLE clicks (id bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());
        INSERT INTO schema_migrations (version, name) VALUES ('001', 'users');
        COMMIT;
        """)
    migrations.write("002_orders", up="""
        -- Migration: orders
        -- Date: 2026-01-05
        BEGIN;
        CREATE TABLE orders (id bigserial PRIMARY KEY, user_id bigint NOT NULL REFERENCES users, total numeric);
        INSERT INTO orders (user_id, total) SELECT id, id * 1.5 FROM users;
        INSERT INTO schema_migrations (version, name) VALUES ('002', 'orders');
        COMMIT;
        """, down="DROP TABLE orders;", verify="SELECT count(*) = 500 FROM orders;")
    migrations.write("003_orders_by_user", up="""
        BEGIN;
        ALTER TABLE orders ADD COLUMN note text;
        COMMIT;
        CREATE INDEX CONCURRENTLY orders_user_id ON orders (user_id);
        BEGIN;
        INSERT INTO schema_migrations (version, name) VALUES ('003', 'orders_by_user');
        COMMIT;
        """, down="""
        DROP INDEX CONCURRENTLY orders_user_id;
        ALTER TABLE orders DROP COLUMN note;
        """)


@pytest.fixture
def own(make_cluster):
    """A database that nothing else touches, so that its WAL tells who wrote."""
    live = make_cluster(checksums=True).create_database()
    live.execute(BY_HAND)
    return live


@pytest.fixture
def started(flow, database, migrations):
    """One table with rows, applied as 001; what follows is the test's."""
    database.execute("CREATE TABLE items (id int PRIMARY KEY, v text); "
                     "INSERT INTO items SELECT g, 'v' || g FROM generate_series(1, 50) g; "
                     "CREATE TABLE schema_migrations (version text PRIMARY KEY, name text NOT NULL, "
                     "applied_at timestamptz NOT NULL DEFAULT now()); "
                     "INSERT INTO schema_migrations (version, name) VALUES ('001', 'items')")
    migrations.write("001_items", up="CREATE TABLE items (id int PRIMARY KEY, v text);", down="DROP TABLE items;")
    return flow


def test_a_folder_written_by_hand_goes_through_in_two_runs(own, flow, migrations):
    write_by_hand(migrations)
    flow.sluice.database = own
    before = database_snapshot(own)
    with own.cluster.no_transaction_ids():
        first = flow.batch("--format", "json")
    first.ended(12)
    assert database_snapshot(own) == before
    plan_id = first.events("plan")[0]["plan_id"]
    assert error(first)["code"] == "not_approved"
    assert error(first)["message"] == ("gate approval: approval.consent: nobody consented to plan "
                                       f"{plan_id[:12]} (limit: consent to exactly this plan)")
    assert error(first)["hint"] == ("If that is what you mean, run the same command with --approve "
                                    f"{plan_id[:12]}.")
    assert states(first) == {"inspect": "passed", "backup": "passed", "rehearsal": "passed", "plans": "passed",
                             "preflight": "passed", "approval": "failed"}

    second = flow.batch("--approve", plan_id[:12], "--format", "json").ended(0)
    ran = [event["gate"] for event in second.events("gate") if event["state"] == "running"]
    assert "backup" not in ran and "rehearsal" not in ran
    assert states(second) == dict.fromkeys(GATES, "passed")
    assert flow.versions() == ["001", "002", "003"]
    assert own.one("SELECT count(*) FROM orders") == 500
    assert own.one("SELECT indisvalid FROM pg_index WHERE indexrelid = 'orders_user_id'::regclass") is True
    checksum, by, duration, run = own.query(
        "SELECT checksum, applied_by, duration_ms, run_id::text FROM schema_migrations WHERE version = '002'")[0]
    assert len(checksum) == 64 and by == "postgres" and duration >= 0 and run == second.events("run")[0]["run"]
    assert own.query("SELECT checksum, run_id FROM schema_migrations WHERE version = '001'") == [(None, None)]

    after = database_snapshot(own)
    state = folder_snapshot(flow.sluice.state / "evidence")
    with own.cluster.no_transaction_ids():
        third = flow.batch()
    third.ended(0)
    assert "nothing to do: 3 applied, 0 held" in third.stderr
    assert database_snapshot(own) == after
    assert folder_snapshot(flow.sluice.state / "evidence") == state


def test_writers_keep_writing_and_no_write_is_lost(own, flow, migrations):
    write_by_hand(migrations)
    migrations.write("004_clicks_by", up="""
        ALTER TABLE clicks ADD COLUMN by text NOT NULL DEFAULT 'nobody';
        """, down="ALTER TABLE clicks DROP COLUMN by;")
    flow.sluice.database = own
    with Writers(own, "INSERT INTO clicks DEFAULT VALUES RETURNING id") as writers:
        plan_id = flow.prove()
        proved = len(writers.ids())
        result = flow.batch("--approve", plan_id)
    result.ended(0)
    assert not writers.errors
    assert 0 < proved < len(writers.ids())
    assert [row for row, in own.query("SELECT id FROM clicks ORDER BY id")] == writers.ids()
    assert flow.versions() == ["001", "002", "003", "004"]


def test_stop_before_a_gate_ends_well_and_asks_nothing_after_it(started, database, migrations):
    migrations.write("002_more", up="ALTER TABLE items ADD COLUMN w int;")
    before = database_snapshot(database)
    result = started.batch("--stop-before", "rehearsal", "--format", "json").ended(0)
    assert states(result) == {"inspect": "passed", "backup": "passed"}
    assert result.events("log")[-1]["message"] == "stopped before rehearsal, as asked; live is untouched"
    assert database_snapshot(database) == before


def test_until_leaves_later_migrations_for_another_plan(started, database, migrations):
    migrations.write("002_more", up="ALTER TABLE items ADD COLUMN w int;")
    migrations.write("003_yet_more", up="ALTER TABLE items ADD COLUMN x int;")
    whole = started.plan_id()
    assert started.plan_id("--until", "002") != whole
    started.approve("--until", "002").ended(0)
    assert started.versions() == ["001", "002"]
    assert not database.query("SELECT 1 FROM pg_attribute WHERE attrelid = 'items'::regclass AND attname = 'x'")
    started.approve().ended(0)
    assert started.versions() == ["001", "002", "003"]


def test_a_migration_whose_extension_is_missing_is_held_and_the_rest_goes_on(started, migrations):
    migrations.write("002_vectors", up="""
        -- pgsluice:requires-extension no_such_extension >= 0.7
        CREATE TABLE vectors (id int);
        """)
    migrations.write("003_more", up="ALTER TABLE items ADD COLUMN w int;")
    migrations.write("004_needs_vectors", up="""
        -- pgsluice:requires 002
        ALTER TABLE vectors ADD COLUMN w int;
        """)
    result = started.approve("--format", "json").ended(0)
    assert started.versions() == ["001", "003"]
    found = {m["version"]: m["state"] for m in result.events("plan")[0]["migrations"]}
    assert (found["002"], found["003"], found["004"]) == ("held", "pending", "held")
    again = started.batch().ended(0)
    assert "nothing to do: 2 applied, 2 held" in again.stderr


def test_a_version_below_the_highest_applied_one_needs_its_name_said(started, database, migrations):
    migrations.write("003_more", up="ALTER TABLE items ADD COLUMN w int;")
    started.approve().ended(0)
    migrations.write("002_late", up="ALTER TABLE items ADD COLUMN x int;")
    before = database_snapshot(database)
    refused = started.batch("--format", "json").ended(10)
    assert error(refused)["message"] == "version 002 is not applied and it is below 003, the highest applied version"
    assert "--out-of-order 002" in error(refused)["hint"]
    assert database_snapshot(database) == before
    started.approve("--out-of-order", "002").ended(0)
    assert sorted(started.versions()) == ["001", "002", "003"]


def test_a_version_that_was_held_when_later_ones_were_applied_is_not_out_of_order(started, migrations):
    migrations.write("002_held", up="""
        -- pgsluice:requires-extension no_such_extension
        CREATE TABLE vectors (id int);
        """)
    migrations.write("003_more", up="ALTER TABLE items ADD COLUMN w int;")
    first = started.approve("--format", "json").ended(0)
    assert {m["version"]: m["state"] for m in first.events("plan")[0]["migrations"]}["002"] == "held"
    migrations.write("002_held", up="CREATE TABLE vectors (id int);")
    started.approve().ended(0)
    assert sorted(started.versions()) == ["001", "002", "003"]


def test_every_event_line_is_as_the_schema_says(started, migrations, folder):
    migrations.write("002_more", up="ALTER TABLE items ADD COLUMN w int; UPDATE items SET w = 1;",
                     down="ALTER TABLE items DROP COLUMN w;", verify="SELECT true;")
    migrations.write("003_index", up="CREATE INDEX CONCURRENTLY items_w ON items (w);",
                     down="DROP INDEX CONCURRENTLY items_w;")
    schema = EventSchema(place.TOP / "share" / "event.schema.json")
    copy = folder / "copy.jsonl"
    refused = started.batch("--format", "json").ended(12)
    result = started.approve("--format", "json", "--record", copy).ended(0)
    for run in (refused, result):
        events = run.events()
        assert [problem for event in events for problem in schema.problems(event)] == []
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        assert len({event["run"] for event in events}) == 1
        assert [event["type"] for event in events].index("end") == len(events) - 1
    assert refused.events("end")[0]["exit"] == 12
    assert result.events("end")[0]["exit"] == 0
    # STATE/runs keeps every run; --record is a copy of the same lines.
    run = result.events("run")[0]["run"]
    assert read_lines(started.sluice.state / "runs" / f"{run}.jsonl") == result.events()
    assert read_lines(copy) == result.events()
    assert copy.stat().st_mode & 0o077 == 0


def test_the_report_has_every_gate_with_its_evidence(started, migrations):
    migrations.write("002_more", up="ALTER TABLE items ADD COLUMN w int;", down="ALTER TABLE items DROP COLUMN w;")
    result = started.approve("--format", "json").ended(0)
    path = result.events("end")[0]["report"]
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for title in ("Inspect", "Backup", "Rehearsal", "Plans", "Preflight", "Approval", "Apply", "Verify"):
        assert f"### {title}: passed" in text
    assert "| 002 | more | committed |" in text
    with open(path.replace(".md", ".json"), encoding="utf-8") as file:
        report = json.load(file)
    assert [gate["state"] for gate in report["gates"]] == ["passed"] * 8
    assert all(gate["evidence"]["checks"] for gate in report["gates"])
    assert report["exit"] == 0
    assert [row["version"] for row in report["applied"]] == ["002"]


def test_a_terminal_is_not_needed_and_the_plain_output_says_what_happened(started, migrations):
    migrations.write("002_more", up="ALTER TABLE items ADD COLUMN w int;")
    plan_id = started.plan_id()
    first = started.batch().ended(12)
    assert f"plan id {plan_id}\n1 pending, 0 held\n" in first.stdout
    assert "pending 002 more\n" in first.stdout
    assert "passed backup, valid until " in first.stdout
    assert "ok approval.migration: 002 more: " in first.stdout
    assert "note approval.locks: ACCESS EXCLUSIVE for " in first.stdout
    assert f"  not ok approval.consent: nobody consented to plan {plan_id[:12]} (limit: " in first.stdout
    assert "\nfailed approval\nstopped with exit 12: " in first.stdout
    assert first.stdout.splitlines()[-1].startswith("next: ")
    assert f"pgsluice --batch --approve {plan_id[:12]} " in first.stdout.splitlines()[-1]
    assert "\x1b" not in first.stdout + first.stderr


def test_the_ledger_tells_what_the_run_did(started, database, migrations):
    migrations.write("002_more", up="ALTER TABLE items ADD COLUMN w int;")
    migrations.write("003_index", up="CREATE INDEX CONCURRENTLY items_w ON items (w);")
    result = started.approve("--format", "json").ended(0)
    kinds = [kind for kind, in database.query("SELECT kind FROM pgsluice.ledger ORDER BY seq")]
    assert kinds[0] == "run" and kinds[-1] == "end"
    assert kinds.count("evidence") >= 4 and kinds.count("approval") == 1
    assert [kind for kind in kinds if kind in ("intent", "outcome")] == ["intent", "outcome"]
    assert {run for run, in database.query("SELECT DISTINCT run_id::text FROM pgsluice.ledger")} == {
        result.events("run")[0]["run"]}
    for change in ("UPDATE pgsluice.ledger SET kind = 'x'", "DELETE FROM pgsluice.ledger",
                   "TRUNCATE pgsluice.ledger"):
        with pytest.raises(Exception, match="the ledger is append-only"):
            database.execute(change)


def test_the_same_files_on_another_machine_have_the_same_plan_id(started, database, migrations, folder):
    migrations.write("002_more", up="ALTER TABLE items ADD COLUMN w int;")
    plan_id = started.prove()
    windows = folder / "windows"
    windows.mkdir()
    for file in migrations.path.iterdir():
        (windows / file.name).write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    home = folder / "other"
    home.mkdir()
    other = type(started)(Sluice(home, database, str(windows)))
    try:
        assert other.plan_id() == plan_id
        # Nothing was proved over there: consent is not evidence.
        result = other.batch("--approve", plan_id, "--format", "json").ended(0)
        ran = [event["gate"] for event in result.events("gate") if event["state"] == "running"]
        assert ran == GATES
    finally:
        other.sluice.close()


def test_a_waiver_is_part_of_the_plan_and_is_shown(started, database, migrations):
    migrations.write("002_more", up="ALTER TABLE items ADD COLUMN w int;", verify="SELECT count(*) = 0 FROM items;")
    plain = started.plan_id()
    refused = started.batch("--approve", plain, "--format", "json").ended(11)
    assert [name for name, _ in failed_checks(refused)] == ["rehearsal.verify_scripts"]
    waiver = ("--waive", "rehearsal.verify_scripts", "--reason", "the count is wrong in the script")
    waived = started.plan_id(*waiver)
    assert waived != plain
    result = started.batch("--approve", waived, *waiver, "--format", "json")
    assert states(result)["rehearsal"] == "waived"
    reason, = [event["reason"] for event in result.events("gate") if event["state"] == "waived"]
    assert "the count is wrong in the script" in reason
    # On live the same script counts and cannot be waived.
    result.ended(33)
    assert check(result, "verify.scripts")["ok"] is False
    assert started.versions() == ["001", "002"]


@pytest.mark.parametrize("what, why", [
    ("approval.consent", "Consent cannot be waived: it is what the waiver itself would need."),
    ("verify.schema", "The proof after the apply cannot be waived: it says what live is now."),
    ("rehearsal", "This gate cannot be waived as a whole: name the check, as in inspect.drift."),
])
def test_what_cannot_be_waived_is_refused_before_anything_runs(started, what, why):
    result = started.batch("--waive", what, "--reason", "no").ended(2)
    assert f'--waive: "{what}" cannot be waived' in result.stderr
    assert why in result.stderr
