"""Commands that show and make, and write nothing to live: new, graph, plan, status."""

import json
import re

import pytest

from harness.snapshot import database_snapshot, folder_snapshot

HISTORY = """CREATE TABLE schema_migrations (version text PRIMARY KEY, name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now())"""
GATES = ["inspect", "backup", "rehearsal", "plans", "preflight", "approval", "apply", "verify"]


@pytest.fixture
def half_way(database, migrations):
    """001 is applied, 002 is pending, 003 cannot be had here."""
    migrations.write("001_users", up="CREATE TABLE users (id bigint PRIMARY KEY);", down="DROP TABLE users;")
    migrations.write("002_names", up="""
        -- Description: a name for each
        -- pgsluice:requires 001
        ALTER TABLE users ADD COLUMN name text;
        UPDATE users SET name = '';
        """, down="ALTER TABLE users DROP COLUMN name;")
    migrations.write("003_space", up="""
        -- pgsluice:requires-extension warp_drive >= 9
        SELECT 1;
        """)
    database.execute(HISTORY)
    database.execute("CREATE TABLE users (id bigint PRIMARY KEY)")
    database.execute("INSERT INTO schema_migrations VALUES ('001', 'users', '2026-01-02 03:04:05+00')")
    return migrations


# -- new --

def test_new_makes_three_files_of_the_next_number_and_prints_their_paths(sluice, migrations):
    migrations.write("0041_users", up="SELECT 1;")
    migrations.file("TEMPLATE.sql", "-- Migration: NNN_name\n-- Date: YYYY-MM-DD\n-- Related Task: TASK-0\n")
    result = sluice.run("new", "orders", "APP-7", database=None).ended(0)
    names = ["0042_orders.sql", "0042_orders.down.sql", "0042_orders.verify.sql"]
    assert result.stdout == "".join(f"{migrations.path}/{name}\n" for name in names)
    assert result.stderr == ""
    lines = (migrations.path / names[0]).read_text(encoding="utf-8").split("\n")
    assert lines[0] == "-- Migration: 0042_orders"
    assert lines[1].startswith("-- Date: 20") and len(lines[1]) == len("-- Date: YYYY-MM-DD")
    assert lines[2] == "-- Related Task: APP-7"
    assert sluice.run("graph", database=None).ended(0).stdout == "0041_users\n0042_orders\n"


def test_new_files_belong_to_a_folder_that_check_reads_and_finds_unfinished(sluice, migrations):
    sluice.run("new", "orders", database=None).ended(0)
    result = sluice.run("check", "--format", "json", database=None).ended(10)
    found = [(finding["check"], finding["message"]) for finding in result.json()["findings"]]
    assert found == [
        ("verify", f"{migrations.path}/001_orders.verify.sql:2: row 1 says false"),
        ("down", "migration 001: the way back of 001_orders is not written yet [P0001]"),
    ]


@pytest.mark.parametrize("words, message, hint", [
    (["add users"], '"add users" cannot be the name of a migration: it has other characters than letters, digits, _'
     ' and -', 'Did you mean "add_users"?'),
    (["users"], "there is a migration of that name already: 001_users.sql",
     "Choose another name: it is how people tell migrations apart."),
    ([], "pgsluice new needs NAME [TASK], or --index SQL", "`pgsluice new --help` shows what it takes."),
])
def test_new_refuses_and_writes_nothing(sluice, migrations, words, message, hint):
    migrations.write("001_users", up="SELECT 1;")
    before = folder_snapshot(migrations.path)
    result = sluice.run("new", *words, database=None).ended(2)
    assert result.stdout == ""
    assert result.stderr == f"pgsluice: error: {message}\nhint: {hint}\n"
    assert folder_snapshot(migrations.path) == before


def test_new_names_a_folder_that_is_not_there(sluice, folder):
    result = sluice.run("new", "users", database=None, migrations=folder / "nowhere").ended(2)
    assert result.stderr == (f'pgsluice: error: cannot look for the next number: could not read folder "{folder}/nowhere":'
                             " No such file or directory\n"
                             "hint: Name the folder of the migrations with -m DIR; make it first when it is new.\n")


# -- graph --

def test_graph_needs_no_database(sluice, half_way):
    result = sluice.run("graph", database=None).ended(0)
    assert result.stdout == "001_users\n`-- 002_names (declared)\n003_space\n"


def test_graph_formats(sluice, half_way):
    dot = sluice.run("graph", "--format", "dot", database=None).ended(0).stdout
    assert dot.startswith("digraph migrations {\n") and '\t"002" -> "001" [label="declared"];\n' in dot
    document = sluice.run("graph", "--format", "json", database=None).ended(0).json()
    assert document["v"] == 1
    assert document["migrations"][1] == {"version": "002", "name": "names",
                                         "requires": [{"version": "001", "reason": "declared"}]}
    refused = sluice.run("graph", "--format", "yaml", database=None).ended(2)
    assert refused.stderr == 'pgsluice: error: --format: "yaml" is not one of tree, dot, json\nhint: Choose one of them.\n'


def test_graph_names_the_edge_that_points_forward(sluice, migrations):
    migrations.write("001_a", up="-- pgsluice:requires 002\nSELECT 1;").write("002_b", up="SELECT 1;")
    result = sluice.run("graph", database=None).ended(10)
    assert "requires 002" in result.stderr and result.stdout == ""


# -- status --

def test_status_shows_what_is_applied_pending_and_held(sluice, half_way, database):
    result = sluice.run("status").ended(0)
    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"database {database.name}, PostgreSQL ")
    assert lines[0].endswith(": 1 applied, 1 pending, 1 held")
    assert lines[1:4] == [
        "applied 001 users, 2026-01-02 03:04:05 UTC",
        "pending 002 names",
        "held 003 space: it requires extension warp_drive >= 9, which this server does not have",
    ]
    assert re.fullmatch("plan id [0-9a-f]{64}", lines[4])
    assert lines[5:-1] == [f"waiting {gate}" for gate in GATES]
    assert re.fullmatch(r"next: \S*pgsluice --batch -d .* -m \S+", lines[-1])
    assert result.stderr == ""


def test_status_document(sluice, half_way):
    document = sluice.run("status", "--format", "json").ended(0).json()
    assert list(document) == ["v", "applied", "pending", "held", "gates", "migrations"]
    assert (document["v"], document["applied"], document["pending"], document["held"]) == (1, 1, 1, 1)
    assert document["gates"] == [{"gate": gate, "state": "waiting", "valid_until": None, "reason": None}
                                 for gate in GATES]
    first, second, third = document["migrations"]
    assert first == {"version": "001", "name": "users", "state": "applied", "reason": None, "checksum": None}
    assert (second["state"], len(second["checksum"])) == ("pending", 64)
    assert (third["state"], third["reason"]) == (
        "held", "it requires extension warp_drive >= 9, which this server does not have")


def test_status_and_plan_write_nothing_and_make_no_folder(sluice, half_way, make_cluster):
    own = make_cluster()
    database = own.create_database()
    database.execute(HISTORY)
    before = database_snapshot(database)
    with own.no_transaction_ids():
        sluice.run("status", database=database).ended(0)
        sluice.run("plan", database=database).ended(0)
    assert database_snapshot(database) == before
    assert not sluice.state.exists()


def test_status_check_ends_with_3_while_something_is_pending(sluice, half_way, database):
    result = sluice.run("status", "--check").ended(3)
    assert result.stderr == ("pgsluice: error: 1 migration is pending\n"
                             "hint: Run `pgsluice --batch` to carry the pending migrations out.\n")
    database.execute("INSERT INTO schema_migrations VALUES ('002', 'names')")
    assert sluice.run("status", "--check").ended(0).stderr == ""


@pytest.mark.parametrize("version, exit_code, said", [
    ("1", 0, "version 1 is reached\n"),
    ("000", 0, "version 000 is reached\n"),
    ("002", 3, "pgsluice: error: version 002 is not reached: the highest applied one is 001\n"
               "hint: Run `pgsluice --batch` to carry the pending migrations out.\n"),
])
def test_at_least_asks_the_target_alone(sluice, half_way, folder, version, exit_code, said):
    result = sluice.run("status", "--at-least", version, migrations=folder / "nowhere").ended(exit_code)
    assert result.stdout + result.stderr == said


def test_at_least_without_history(sluice, database):
    result = sluice.run("status", "--at-least", "1").ended(3)
    assert result.stderr.startswith("pgsluice: error: version 1 is not reached: nothing is applied\n")


def test_at_least_is_not_met_by_a_version_that_was_passed_over(sluice, half_way, database):
    database.execute("INSERT INTO schema_migrations VALUES ('004', 'later')")
    sluice.run("status", "--at-least", "003").ended(0)
    sluice.run("status", "--at-least", "005").ended(3)


def test_a_standby_and_a_role_that_only_reads_will_do_for_looking(sluice, half_way, make_cluster, make_standby):
    own = make_cluster()
    database = own.create_database()
    database.execute(HISTORY)
    database.execute("INSERT INTO schema_migrations VALUES ('001', 'users')")
    own.execute("CREATE ROLE app LOGIN")
    own.execute("ALTER ROLE app SET default_transaction_read_only = on")
    database.execute("GRANT SELECT ON schema_migrations TO app")
    replica = make_standby(own)
    for target in (database.conninfo(user="app"), replica.conninfo(database.name)):
        sluice.run("status", "--at-least", "1", database=target).ended(0)
        sluice.run("status", "--check", database=target).ended(3)
        sluice.run("plan", database=target).ended(0)


def test_status_of_a_target_that_does_not_answer(sluice, half_way, folder):
    result = sluice.run("status", database=f"host={folder} port=5432 dbname=x user=x").ended(22)
    assert result.stdout == ""
    assert result.stderr.startswith("pgsluice: error: could not connect to ")


def test_what_the_files_alone_show_comes_before_an_unreachable_target(sluice, migrations, folder):
    migrations.write("001_a", up="SELECT 'open;")
    result = sluice.run("status", database=f"host={folder} port=5432 dbname=x user=x").ended(10)
    assert result.stderr.startswith(f"pgsluice: error: {migrations.path}/001_a.sql:1:8: ")


def test_status_shows_the_refused_and_ends_with_10(sluice, half_way, database):
    database.execute("ALTER TABLE schema_migrations ADD checksum text, ADD applied_by text, "
                     "ADD duration_ms bigint, ADD run_id uuid")
    database.execute("UPDATE schema_migrations SET checksum = repeat('0', 64)")
    database.execute("INSERT INTO schema_migrations VALUES ('009', 'gone')")
    result = sluice.run("status", "--format", "json").ended(10)
    states = {row["version"]: row["state"] for row in result.json()["migrations"]}
    assert states == {"001": "edited", "002": "out-of-order", "003": "held", "009": "missing"}
    assert f"file {half_way.path}/001_users.sql was edited after it was applied" in result.stderr


def test_status_shows_control_characters_as_marks(sluice, half_way, database):
    database.execute("INSERT INTO schema_migrations VALUES ('002', E'na\\033[2Jme')")
    half_way.remove("002_names.sql").remove("002_names.down.sql")
    result = sluice.run("status").ended(10)
    assert "\033" not in result.stdout + result.stderr
    assert "missing 002 na␛[2Jme: version 002 (na␛[2Jme) is applied and its file is gone\n" in result.stdout


def test_status_lists_only_the_last_applied_one_by_one(sluice, migrations, database):
    database.execute(HISTORY)
    for number in range(1, 10):
        migrations.write(f"{number:03}_m", up="SELECT 1;")
        database.execute("INSERT INTO schema_migrations VALUES (%s, 'm', '2026-01-01')", f"{number:03}")
    lines = sluice.run("status").ended(0).stdout.splitlines()
    assert lines[1] == "4 applied before these"
    assert [line.split()[1] for line in lines[2:]] == ["005", "006", "007", "008", "009"]


# -- plan --

def test_a_reader_that_has_seen_enough_is_no_error(sluice, half_way):
    pipe = ["bash", "-o", "pipefail", "-c", '"$@" | head -n 1', "bash"]
    for _ in range(5):
        result = sluice.run("plan", under=pipe).ended(0)
        assert result.stderr == "" and len(result.stdout.splitlines()) == 1


def test_output_that_cannot_be_written_is_an_error(sluice, half_way):
    for place in ("/dev/full", "&-"):
        result = sluice.run("status", under=["sh", "-c", f'exec "$@" >{place}', "sh"]).ended(1)
        assert result.stderr == ("pgsluice: error: could not write to standard output\nhint: It is closed, or its disk"
                                 " is full: give it a place that takes it all, then run again.\n")


def test_plan_says_what_every_statement_does(sluice, half_way, database):
    result = sluice.run("plan").ended(0)
    lines = result.stdout.splitlines()
    assert lines[0].endswith(": 1 applied, 1 to apply, 1 held")
    assert lines[1:7] == [
        "002_names",
        "  a name for each",
        "  needs 001: declared",
        "  changes rows of users",
        "    line 3: ALTER TABLE, ACCESS EXCLUSIVE on users",
        "    line 4: UPDATE",
    ]
    assert lines[7] == "held 003_space: it requires extension warp_drive >= 9, which this server does not have"
    assert lines[-1].startswith("plan id ") and len(lines[-1]) == len("plan id ") + 64


def test_plan_document_has_the_id_of_the_text(sluice, half_way):
    document = sluice.run("plan", "--format", "json").ended(0).json()
    text = sluice.run("plan").ended(0).stdout
    assert text.splitlines()[-1] == f"plan id {document['plan_id']}"
    assert list(document) == ["v", "plan_id", "target", "migrations"]
    assert [migration["state"] for migration in document["migrations"]] == ["applied", "pending", "held"]
    second = document["migrations"][1]
    assert second["transaction"] == "transactional"
    assert second["requires"] == [{"version": "001", "reason": "declared"}]
    assert [statement["tag"] for statement in second["steps"][0]["statements"]] == ["ALTER TABLE", "UPDATE"]


def test_plan_up_to_a_version_and_with_a_waiver_has_another_id(sluice, half_way):
    half_way.write("0021_more", up="ALTER TABLE users ADD COLUMN more text;")
    half_way.remove("0021_more.sql")
    half_way.write("004_more", up="ALTER TABLE users ADD COLUMN more text;")
    ids = {tuple(options): json.loads(sluice.run("plan", "--format", "json", *options).ended(0).stdout)["plan_id"]
           for options in ([], ["--until", "002"], ["--waive", "inspect.drift", "--reason", "known"])}
    assert len(set(ids.values())) == 3


def test_plan_of_nothing(sluice, migrations, database):
    migrations.write("001_a", up="SELECT 1;")
    database.execute(HISTORY)
    database.execute("INSERT INTO schema_migrations VALUES ('1', 'a')")
    assert sluice.run("plan").ended(0).stdout.splitlines()[-1] == "nothing to apply"


def test_refused_plan_shows_no_document(sluice, half_way, database):
    database.execute("INSERT INTO schema_migrations VALUES ('009', 'gone')")
    result = sluice.run("plan", "--format", "json").ended(10)
    assert result.stdout == ""
    assert result.stderr == (
        f"pgsluice: error: {half_way.path}/002_names.sql: version 002 is not applied and it is below 009, the highest"
        " applied version\nhint: Give it a higher number, or name it with --out-of-order 002.\n")


# -- gates, by the evidence of earlier runs --

def gates(sluice, exit_code=0):
    document = sluice.run("status", "--format", "json").ended(exit_code).json()
    return {gate["gate"]: gate for gate in document["gates"]}


def test_status_shows_how_far_the_evidence_reaches(sluice, half_way):
    sluice.run("--batch").ended(12)
    found = gates(sluice)
    assert {name: gate["state"] for name, gate in found.items()} == {
        "inspect": "waiting", "backup": "passed", "rehearsal": "passed", "plans": "passed", "preflight": "passed",
        "approval": "failed", "apply": "waiting", "verify": "waiting"}
    assert found["inspect"]["reason"] == "It passed, and is always asked anew."
    assert found["backup"]["valid_until"].endswith("Z") and found["backup"]["reason"] is None
    assert found["approval"]["reason"].startswith("approval.consent: nobody consented to plan ")

    half_way.write("004_more", up="SELECT 1;")
    found = gates(sluice)
    assert {name: gate["state"] for name, gate in found.items()} == {
        "inspect": "stale", "backup": "passed", "rehearsal": "stale", "plans": "stale", "preflight": "stale",
        "approval": "stale", "apply": "waiting", "verify": "waiting"}
    assert found["rehearsal"]["reason"] == "The plan has changed since."
    assert found["plans"]["reason"] == "The plan or the canaries have changed since."
    assert found["approval"]["reason"] == "It failed for another plan."


def test_status_trusts_no_evidence_when_one_file_was_altered(sluice, half_way):
    sluice.run("--batch", "--stop-before", "rehearsal").ended(0)
    path, = (sluice.state / "evidence").glob("*/backup.json")
    path.write_text(path.read_text(encoding="utf-8").replace("passed", "waived", 1), encoding="utf-8")
    found = gates(sluice, exit_code=11)
    assert {gate["state"] for gate in found.values()} == {"failed"}
    assert all(str(path) in gate["reason"] for gate in found.values())
    result = sluice.run("status").ended(11)
    assert result.stderr.endswith("hint: Remove this file; its gate then runs again and takes new evidence.\n")
