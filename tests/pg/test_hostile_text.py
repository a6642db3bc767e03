"""Text from the database and from files steers no terminal, hides nothing from a reader and breaks no line."""

import os
import unicodedata

import pytest

from harness.flow import Flow, error, failed_checks
from harness.gates import LIVE, notes

# A title and a clear screen, C1's CSI, text that runs backwards, nothing that takes no room, and a delete.
EVIL = "e\x1b]0;owned\x07\x1b[2J\x9b31m\u202elive\u200b\u2066\ufeff\x7f\r"
SHOWN = "e␛]0;owned␇␛[2J<U+009B>31m<U+202E>live<U+200B><U+2066><U+FEFF>␡␍"
FORGED = "x\npgsluice: error: forged"
HARMLESS = "\n\t"


def unsafe(data):
    """What in these bytes could steer a terminal or fool a reader."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as problem:
        return [f"not UTF-8: {problem}"]
    return sorted({f"U+{ord(char):04X}" for char in text if char not in HARMLESS
                   and unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Co", "Cs")})


def nothing_unsafe(sluice, result):
    """Neither what the run said nor what it wrote down is unsafe."""
    for path in sorted((sluice.home / "out").iterdir())[-2:]:
        assert unsafe(path.read_bytes()) == [], result
    for path in sluice.state.rglob("*"):
        if path.is_file() and path.suffix in (".json", ".jsonl", ".md"):
            assert unsafe(path.read_bytes()) == [], path
    assert not [line for line in (result.stdout + result.stderr).splitlines() if line.startswith("pgsluice: error: forged")]
    return result


@pytest.fixture
def evil(cluster, sluice, migrations):
    """A database where every name that anybody may choose is hostile; 001 is applied."""
    # With a line end in its name pg_dump cannot be told of it, which is said.
    database = cluster.create_database("d" + EVIL.replace("\r", ""))
    role = f"r{EVIL}"
    cluster.execute(f'DROP ROLE IF EXISTS "{role}"')
    cluster.execute(f'CREATE ROLE "{role}"')
    database.execute(LIVE)
    database.execute(f'CREATE SCHEMA "s{EVIL}"')
    database.execute(f'CREATE TABLE "s{EVIL}"."t{EVIL}" ("c{EVIL}" int PRIMARY KEY, b text)')
    database.execute(f"COMMENT ON TABLE items IS '{EVIL}'")
    database.execute(f'GRANT SELECT ON items TO "{role}"')
    database.execute(f'CREATE VIEW "v{EVIL}" AS SELECT \'{EVIL}\'::text AS a')
    database.execute(f'ALTER TABLE parts DISABLE TRIGGER ALL')
    database.execute(f'CREATE UNLOGGED TABLE "u{EVIL}" ()')
    migrations.write("001_items", up="CREATE TABLE items (id int PRIMARY KEY, v text);")
    sluice.database = database
    yield Flow(sluice)
    database.drop()
    cluster.execute(f'DROP ROLE "{role}"')


PLAN = f"""
    -- Description: {EVIL}
    ALTER TABLE "s{EVIL}"."t{EVIL}" ADD COLUMN "n{EVIL}" text DEFAULT '{EVIL}';
    CREATE INDEX "i{EVIL}" ON "s{EVIL}"."t{EVIL}" (b);
    DO $$ BEGIN RAISE NOTICE 'say %', '{EVIL}'; RAISE WARNING '%', '{FORGED}'; END $$;
    """


@pytest.mark.parametrize("options", [
    ["status"], ["status", "--format", "json"], ["plan"], ["plan", "--format", "json"], ["graph"],
    ["graph", "--format", "dot"], ["graph", "--format", "json"],
], ids=" ".join)
def test_what_is_printed_of_hostile_names_is_safe(evil, sluice, migrations, options):
    migrations.write(f"002_{EVIL.replace('/', '')}", up=PLAN)
    migrations.write(f"003_{FORGED}", up=f'-- pgsluice:requires 002\nSELECT * FROM "s{EVIL}"."t{EVIL}";')
    result = nothing_unsafe(sluice, sluice.run(*options, database=True if options[0] != "graph" else None).ended(0))
    assert SHOWN.split("]")[0] in result.stdout or "e\\u001B" in result.stdout


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_run_with_hostile_names_is_safe_to_watch_and_to_keep(evil, sluice, migrations, form):
    migrations.write(f"002_{EVIL}", up=PLAN, down="SELECT 1;",
                     verify=f"SELECT '{EVIL}' IS NOT NULL AS \"{EVIL}\";")
    record = sluice.home / "record"
    plan_id = evil.plan_id()
    result = nothing_unsafe(sluice, evil.batch("--approve", plan_id, "--format", form, "--record", record).ended(0))
    assert unsafe(record.read_bytes()) == []
    assert f"NOTICE: say {SHOWN}" in result.stdout + result.stderr
    assert evil.database.one(f"SELECT count(*) FROM pg_class WHERE relname = 'i{EVIL}'") == 1


def test_errors_that_quote_hostile_text_are_safe(evil, sluice, migrations):
    migrations.write(f"002_{EVIL}", up=f'SELECT 1;\nSELECT "{EVIL}" FROM items;')
    result = nothing_unsafe(sluice, evil.batch("--format", "json").ended(11))
    (name, measured), = failed_checks(result)
    assert name == "rehearsal.plan"
    assert measured == (f"{migrations}/002_{SHOWN}.sql:2:8: migration 002: column \"{SHOWN}\" does not exist "
                        "(SQLSTATE 42703)")
    result = nothing_unsafe(sluice, evil.batch().ended(11))
    assert f"column \"{SHOWN}\" does not exist" in result.stdout


@pytest.mark.parametrize("sql, place, said", [
    (f"SELECT 1 AS a {EVIL} '{EVIL}';", "", ""),
    (f"\\{EVIL}", "", ""),
    (f"-- pgsluice:{EVIL.replace(chr(13), '')}", "", ""),
    (f"SELECT '{EVIL}", "1:8", "unterminated quoted string"),
])
def test_files_that_are_refused_show_nothing_raw(evil, sluice, migrations, sql, place, said):
    migrations.file("002_bad.sql", sql.encode())
    result = nothing_unsafe(sluice, evil.batch("--format", "json").ended(10))
    assert said in error(result)["message"]
    nothing_unsafe(sluice, evil.batch().ended(10))
    nothing_unsafe(sluice, sluice.run("plan").ended(10))


BROKEN = os.fsdecode(b"\xff\xfe\xc3(\xed\xa0\x80")


@pytest.mark.parametrize("name", [EVIL, FORGED, BROKEN])
@pytest.mark.parametrize("form", ["text", "json"])
def test_file_names_that_are_refused_show_nothing_raw(evil, sluice, migrations, name, form):
    migrations.file(f"{name}.sql", b"SELECT 1;")
    nothing_unsafe(sluice, evil.batch("--format", form).ended(10))


def test_a_file_name_that_is_no_utf8_is_refused(evil, sluice, migrations):
    migrations.file(f"002_{BROKEN}.sql", b"ALTER TABLE items ADD COLUMN w int;")
    result = nothing_unsafe(sluice, evil.batch().ended(10))
    marks = "\ufffd\ufffd\ufffd(\ufffd\ufffd\ufffd"
    assert result.stderr.splitlines() == [
        f"pgsluice: error: {migrations}/002_{marks}.sql: the file's name is no valid UTF-8",
        "hint: Rename the file: its name is what the history table will show."]


@pytest.mark.parametrize("options", [
    [EVIL], [f"--{EVIL}"], [f"-{EVIL}"], ["--batch", "--until", EVIL], ["--batch", "--stop-before", EVIL],
    ["--batch", "--waive", EVIL], ["--batch", "--format", EVIL], ["--batch", "--config", EVIL],
    ["--batch", "--evidence", EVIL], ["--batch", "-m", EVIL], ["new", EVIL], ["--batch", "--accept-drift", EVIL],
    ["--batch", "--wait-leader", EVIL], ["--batch", "--approve", EVIL], ["--batch", BROKEN],
])
def test_hostile_arguments_are_not_repeated_raw(sluice, migrations, options):
    migrations.write("001_items", up="SELECT 1;")
    result = sluice.run(*options)
    assert result.exit in (0, 2, 10, 12)
    nothing_unsafe(sluice, result)


def test_findings_about_hostile_objects_are_safe(evil, sluice, migrations):
    migrations.write("002_more", up="ALTER TABLE items ADD COLUMN w int;")
    result = nothing_unsafe(sluice, evil.batch("--format", "json", "--stop-before", "rehearsal").ended(0))
    assert any(SHOWN in note for note in notes(result, "backup.findings"))


def test_hostile_names_of_sessions_in_the_way_are_safe(evil, sluice, migrations):
    migrations.write("002_more", up="ALTER TABLE items ADD COLUMN w int;")
    plan_id = evil.prove()
    evil.configure(max_transaction_age="1ms")
    with evil.database.transaction("SELECT * FROM items", application_name=f"a{EVIL}"):
        nothing_unsafe(sluice, evil.batch("--approve", plan_id).ended(13))
        nothing_unsafe(sluice, evil.batch("--approve", plan_id, "--format", "json").ended(13))
