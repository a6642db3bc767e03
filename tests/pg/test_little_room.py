"""Where the work folder has no room for a clone, the plan is rehearsed on the copy itself, and nothing else is lost."""

import re

import pytest

from harness.flow import check, failed_checks, states
from harness.gates import evidence, live, notes, only, shut
from harness.machine import Machine

FILL = """
"$REAL" "$@" || exit
if [ ! -e "{work}/fill" ]; then
    fallocate -l $(( $(df --output=avail -B1 "{work}" | tail -n 1) - {free} )) "{work}/fill"
fi
"""
CHANGE = """
    ALTER TABLE items ADD COLUMN w int;
    ALTER TABLE parts RENAME TO pieces;
    DROP TABLE notes;
    CREATE ROLE {role};"""
BACK = """
    DROP ROLE {role};
    CREATE TABLE notes (id int);
    ALTER TABLE pieces RENAME TO parts;
    ALTER TABLE items DROP COLUMN w;"""


@pytest.fixture
def work(live, folder):
    """work(free): the options of a run whose work folder has so many bytes free once the backup is restored."""
    def make(free):
        machine = Machine(folder)
        machine.small(folder / "work", "420m").program("pg_restore", FILL.format(work=folder / "work", free=free))
        live.configure(work_dir=folder / "work")
        return {"under": machine.under}
    return make


def test_the_copy_itself_serves_where_a_clone_has_no_room(live, database, migrations, work):
    role = f"made_{database.name}"
    database.execute("CREATE TABLE notes (id int); INSERT INTO notes VALUES (1), (2), (3)")
    migrations.write("002_change", up=CHANGE.format(role=role), down=BACK.format(role=role),
                     verify="SELECT count(*) = 50 FROM pieces;")
    live.batch("--format", "json", "--stop-before", "preflight").ended(0)
    cloned = evidence(live, "rehearsal")["data"]
    for gate in ("backup", "rehearsal"):
        next((live.sluice.state / "evidence").glob(f"*/{gate}.json")).unlink()

    result = live.batch("--format", "json", **work(100 << 20)).ended(12)
    assert re.fullmatch(r'the copy itself, which is restored again afterwards: [\d.]+ MiB free in "\S+", [\d.]+ MiB needed'
                        " for a clone", check(result, "rehearsal.clone")["measured"])
    assert notes(result, "rehearsal.loss") == ["the plan drops table public.notes with 3 row(s)"]
    assert check(result, "rehearsal.data")["measured"] == "2 table(s) that the plan does not declare kept every row"
    lent = evidence(live, "rehearsal")["data"]
    for part in ("promise", "touched", "downs", "declared"):
        assert lent[part] == cloned[part], part
    live.approve().ended(0)
    assert live.versions() == ["001", "002"]


def test_rows_that_change_are_seen_there_as_well(live, migrations, work):
    migrations.write("002_change", up="DO $$ BEGIN UPDATE items SET v = 'x' WHERE id = 7; END $$;")
    result = shut(live, "rehearsal", 11, **work(100 << 20))
    assert check(result, "rehearsal.clone")["measured"].startswith("the copy itself")
    assert only(result, "rehearsal.data") == "public.items: the content of its 50 rows differs"


def test_without_room_to_work_at_all_the_gate_is_shut(live, migrations, work):
    migrations.write("002_change", up="ALTER TABLE items ADD COLUMN w int;")
    result = shut(live, "rehearsal", 11, **work(40 << 20))
    (name, measured), = failed_checks(result)
    assert name == "rehearsal.carried_out"
    assert re.fullmatch(r'no space to work on the copy: [\d.]+ MiB free in "\S+", [\d.]+ MiB needed for a clone', measured)


def test_the_backup_gate_says_beforehand_what_there_is_room_for(live, database, migrations, folder):
    database.execute("CREATE TABLE big AS SELECT g, repeat(md5(g::text), 30) AS t FROM generate_series(1, 90000) g;"
                     "ALTER TABLE big ALTER t SET STORAGE PLAIN")
    size = database.one("SELECT pg_database_size(current_database())") >> 20
    migrations.write("002_change", up="ALTER TABLE items ADD COLUMN w int;")
    machine = Machine(folder).small(folder / "work", f"{256 + size + size * 6 // 10}m")
    live.configure(work_dir=folder / "work")
    result = live.batch("--format", "json", "--stop-before", "rehearsal", under=machine.under).ended(0)
    found = check(result, "backup.space")
    assert re.fullmatch(r'[\d.]+ MiB free in "\S+": no room for a clone, so the plan is rehearsed on the copy itself, which is'
                        " restored again afterwards", found["measured"])
    assert re.fullmatch(r"[\d.]+ MiB for copy, and better [\d.]+ MiB more for a clone", found["limit"])
    assert states(result)["backup"] == "passed"
