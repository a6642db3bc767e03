"""The inspect gate: rules, drift, the ledger, and what stopped half-way."""

import contextlib

import pytest

from harness.flow import error, failed_checks, states
from harness.gates import ADD, hint, live, notes, only
from harness.snapshot import database_snapshot

BUILD = "CREATE INDEX CONCURRENTLY IF NOT EXISTS items_v_once ON items (v);"
DRIFT_HINT = "Undo the change, or make it the new base line with --accept-drift OBJECT."


def refused(flow, database, exit_code=10):
    """The gate is shut, nothing after it ran, and live is as it was."""
    before = database_snapshot(database)
    result = flow.batch("--format", "json").ended(exit_code)
    assert states(result) == {"inspect": "failed"}
    assert database_snapshot(database) == before
    return result


# -- rules --


def test_an_index_that_if_not_exists_would_pass_over_is_refused_while_it_is_invalid(live, database, migrations):
    database.execute("INSERT INTO items VALUES (1001, 'same'), (1002, 'same')")
    with contextlib.suppress(Exception):
        database.execute("CREATE UNIQUE INDEX CONCURRENTLY items_v_once ON items (v)")
    migrations.write("002_index", up=BUILD)
    result = refused(live, database)
    assert only(result, "inspect.invalid-index") == (
        f"{migrations.path}/002_index.sql:1:1: IF NOT EXISTS would pass over the invalid index items_v_once and leave it "
        "so")
    assert hint(result) == ("Drop it first, on live or in the migration before the statement: "
                            "DROP INDEX CONCURRENTLY items_v_once;")
    migrations.write("002_index", up=f"DROP INDEX CONCURRENTLY IF EXISTS items_v_once;\n{BUILD}")
    live.approve().ended(0)
    assert database.one("SELECT indisvalid FROM pg_index WHERE indexrelid = 'items_v_once'::regclass") is True


def test_a_rule_is_allowed_by_name_and_reason_and_both_are_noted(live, database, migrations):
    migrations.write("002_block", up="BEGIN;\nVACUUM items;\nCOMMIT;")
    result = refused(live, database)
    assert only(result, "inspect.transaction-block") == (
        f"{migrations.path}/002_block.sql:2:1: VACUUM cannot run inside BEGIN")
    migrations.write("002_block", up="""
        -- pgsluice:allow index-lock because the table is small
        CREATE INDEX items_v ON items (v);
        """)
    result = live.batch("--format", "json", "--stop-before", "backup").ended(0)
    assert notes(result, "inspect.index-lock") == [
        f"{migrations.path}/002_block.sql:2:1: writers of items wait while the index is built (allowed: the table is "
        "small)"]


def test_warnings_refuse_nothing(live, migrations):
    migrations.write("002_index", up="CREATE INDEX items_v ON items (v);")
    result = live.batch("--format", "json", "--stop-before", "backup").ended(0)
    assert len(notes(result, "inspect.index-lock")) == 1 and states(result) == {"inspect": "passed"}


# -- files --


def test_an_applied_file_saved_with_other_line_ends_is_the_same(live, migrations):
    migrations.write("002_more", up=f"-- a comment\n{ADD}\n")
    live.approve().ended(0)
    path = migrations.path / "002_more.sql"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert "nothing to do: 2 applied, 0 held" in live.batch().ended(0).stderr


# -- drift --


def is_not_null(object_or_line):
    """From 18 on a column's NOT NULL is a constraint of its own as well."""
    return object_or_line.startswith("constraint ") and object_or_line.split(": ")[0].endswith("_not_null")


def test_drift_is_named_object_by_object_and_taken_object_by_object(live, database, migrations):
    migrations.write("002_more", up=ADD)
    live.approve().ended(0)
    database.execute("ALTER TABLE items ALTER COLUMN v SET NOT NULL; DROP TABLE parts; "
                     "CREATE FUNCTION sneaked() RETURNS int LANGUAGE sql AS 'SELECT 1'; GRANT SELECT ON items TO public")
    migrations.write("003_more", up="ALTER TABLE items ADD COLUMN x int;")
    result = refused(live, database)
    found = [measured for name, measured in failed_checks(result) if name == "inspect.drift"]
    assert found[0] == 'column public.items.v: changed from "#2 text storage x" to "#2 text not null storage x"'
    objects = [measured.split(": ")[0] for measured in found]
    assert [name for name in objects if not is_not_null(name)] == [
        "column public.items.v", "column public.parts.id", "column public.parts.item",
        "constraint public.parts.parts_item_fkey", "constraint public.parts.parts_pkey", "function public.sneaked()",
        "index public.parts_pkey", "table public.items", "table public.parts"]
    assert hint(result) == DRIFT_HINT
    taken = [option for name in objects[:-1] for option in ("--accept-drift", name)]
    result = live.batch("--format", "json", *taken).ended(10)
    assert failed_checks(result) == [("inspect.drift", "table public.parts: missing")]
    result = live.approve(*taken, "--accept-drift", "table public.parts").ended(0)
    # It is the new base line.
    migrations.write("004_more", up="ALTER TABLE items ADD COLUMN y int;")
    assert states(live.batch("--format", "json", "--stop-before", "backup").ended(0)) == {"inspect": "passed"}


def test_accepting_a_table_accepts_all_that_belongs_to_it_and_names_it(live, database, migrations):
    migrations.write("002_more", up=ADD)
    live.approve().ended(0)
    database.execute("CREATE TABLE fresh (id serial PRIMARY KEY, item int REFERENCES items CHECK (item > 0)); "
                     "CREATE INDEX fresh_item ON fresh (item); CREATE STATISTICS fresh_both ON id, item FROM fresh; "
                     "COMMENT ON COLUMN fresh.item IS 'what it is of'; DROP TABLE parts; "
                     "ALTER TABLE items ALTER v SET NOT NULL")
    migrations.write("003_more", up="ALTER TABLE items ADD COLUMN x int;")
    result = live.batch("--format", "json", "--accept-drift", "table public.fresh", "--accept-drift", "public.parts")
    found = [measured for name, measured in failed_checks(result.ended(10)) if name == "inspect.drift"]
    assert [line for line in found if not is_not_null(line)] == [
        'column public.items.v: changed from "#2 text storage x" to "#2 text not null storage x"']
    accepted = ["column public.fresh.id: added", "column public.fresh.item: added", "column public.parts.id: missing",
                "column public.parts.item: missing", "comment table column public.fresh.item: added",
                "constraint public.fresh.fresh_item_check: added", "constraint public.fresh.fresh_item_fkey: added",
                "constraint public.fresh.fresh_pkey: added", "constraint public.parts.parts_item_fkey: missing",
                "constraint public.parts.parts_pkey: missing", "index public.fresh_item: added",
                "index public.fresh_pkey: added", "index public.parts_pkey: missing",
                "sequence public.fresh_id_seq: added", "statistics public.fresh_both: added",
                "table public.fresh: added", "table public.parts: missing"]
    assert [line for line in notes(result, "inspect.accepted") if not is_not_null(line)] == accepted
    options = ["--accept-drift", "public.fresh", "--accept-drift", "public.parts"]
    options += [option for line in found for option in ("--accept-drift", line.split(": ")[0])]
    result = live.approve("--format", "json", *options).ended(0)
    assert [f"drift of {name}" in notes(result, "approval.waived") for name in accepted] == [True] * len(accepted)
    migrations.write("004_more", up="ALTER TABLE items ADD COLUMN y int;")
    assert states(live.batch("--format", "json", "--stop-before", "backup").ended(0)) == {"inspect": "passed"}


def test_objects_that_come_and_go_by_configuration_are_no_drift(live, database, migrations):
    live.configure(digest_ignore="public.tmp_*")
    migrations.write("002_more", up=ADD)
    live.approve().ended(0)
    database.execute("CREATE TABLE tmp_1 (id int)")
    migrations.write("003_more", up="ALTER TABLE items ADD COLUMN x int;")
    assert states(live.batch("--format", "json", "--stop-before", "backup").ended(0)) == {"inspect": "passed"}


# -- the ledger --


def test_a_ledger_that_somebody_changed_stops_every_run(live, database, migrations):
    migrations.write("002_more", up=ADD)
    live.approve().ended(0)
    migrations.write("003_more", up="ALTER TABLE items ADD COLUMN x int;")
    database.execute("ALTER TABLE pgsluice.ledger DISABLE TRIGGER ALL")
    result = refused(live, database)
    assert only(result, "inspect.ledger") == "the ledger's triggers are missing, disabled or changed"
    assert hint(result) == "Somebody changed the ledger: find out who before anything else runs here."
    seq, = [seq for seq, in database.query("DELETE FROM pgsluice.ledger WHERE kind = 'approval' RETURNING seq")]
    database.execute("ALTER TABLE pgsluice.ledger ENABLE ALWAYS TRIGGER ledger_append, "
                     "ENABLE ALWAYS TRIGGER ledger_refuse")
    result = refused(live, database)
    assert only(result, "inspect.ledger") == f"the ledger is broken at row {seq + 1}: rows before it are missing"


# -- half-way --


def test_a_migration_that_stopped_half_way_and_was_changed_needs_a_decision(live, database, migrations):
    migrations.write("002_half", up="CREATE TABLE first (id int);\nCREATE UNIQUE INDEX CONCURRENTLY items_v_once ON items (v);")
    plan_id = live.prove()
    database.execute("INSERT INTO items VALUES (1001, 'same'), (1002, 'same')")
    result = live.batch("--approve", plan_id, "--format", "json").ended(31)
    assert error(result)["file"] == f"{migrations.path}/002_half.sql" and error(result)["line"] == 2
    assert database.one("SELECT to_regclass('first')") and not database.one("SELECT to_regclass('items_v_once')")
    migrations.write("002_half", up="CREATE TABLE first (id int);\nCREATE INDEX CONCURRENTLY items_v_once ON items (v);")
    result = refused(live, database, 31)
    measured = only(result, "inspect.unfinished")
    assert measured.startswith("migration 002 of run ")
    assert measured.endswith(" is half-way (1 step(s) done) and the file of migration 002 was changed since")
    assert hint(result) == "Run `pgsluice resolve`: it shows what the catalog proves possible."
    said = live.sluice.run("resolve").ended(0)
    assert "resolve go-on --approve " in said.stderr and "resolve give-up --approve " in said.stderr


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
