"""Bad input that only a gate can see: one clear message, its exit code, and nothing changed but what that gate found."""

import json
import pathlib
import re

import pytest

from harness import place
from harness.flow import Flow
from harness.machine import Machine
from harness.scene import Scene, error_lines, scene

BIG = "CREATE TABLE big AS SELECT g, md5(g::text) || md5((-g)::text) AS t FROM generate_series(1, 200000) g"
FREE_SPACE = "hint: Free space there, or choose other folders with --evidence and work-dir; then run again."
BACKUP = ["inspect", "backup"]


@pytest.fixture
def machine(folder):
    return Machine(folder)


@pytest.fixture
def flow(scene):
    return Flow(scene.sluice)


def leftovers(scene):
    return [name for name in scene.evidence() if "/dump-" in name]


# -- the programs of this machine --


def test_no_server_programs_of_that_major(scene, machine):
    major = place.server_major()
    machine.without(place.server_bindir())
    scene.refused(2, [f"pgsluice: error: no server programs of PostgreSQL {major} on this machine",
                      "detail: The copy of the target is made on a server of the same major version.",
                      f"hint: Install the package postgresql-{major}, or name a server of that version with --staging."],
                  judged=BACKUP, under=machine.under)


def test_server_programs_older_than_the_target(scene, machine):
    major, now = place.server_major(), scene.database.one("SHOW server_version")
    machine.program("postgres", f'[ "$1" = --version ] && echo "postgres (PostgreSQL) {major}.1" || exec "$REAL" "$@"')
    scene.refused(2, [f"pgsluice: error: pg_dump {major}.1 is older than the server, which is {now}",
                      f"hint: Update the packages postgresql-{major} and postgresql-client-{major} on this machine: an older"
                      " pg_dump writes what cannot be restored."], judged=BACKUP, under=machine.under)


def test_staging_server_of_another_database_system_only(scene):
    scene.refused(2, ["pgsluice: error: --staging names the target's own server",
                      "hint: Name another server, or leave --staging out to use a scratch cluster."],
                  "--batch", "--staging", scene.database.cluster.conninfo(), judged=BACKUP)


# -- room --


def test_no_room_for_the_dump_is_seen_before_it_is_taken(scene, machine, folder):
    machine.small(folder / "kept", "3m")
    scene.refused(11, [re.compile(r"pgsluice: error: gate backup: backup\.space: [\d.]+ MiB free in \"\S+\" \(limit: [\d.]+"
                                  r" MiB for the dump\)"),
                       "hint: Free space there, or choose other folders with --evidence and work-dir."],
                  "--batch", "--evidence", str(folder / "kept"), under=machine.under)


def test_a_disk_that_is_full_before_anything_can_be_kept(scene, machine, folder):
    machine.full(folder / "kept")
    scene.refused(11, [re.compile(r'pgsluice: error: could not .*"\S+/kept/\S+": No space left on device'),
                       "hint: Free space on that file system, or choose another folder, then run again."],
                  "--batch", "--evidence", str(folder / "kept"), under=machine.under)


def test_a_disk_that_is_full_while_dumping(scene, machine, folder, flow):
    scene.database.execute(BIG)
    flow.configure(**{"not-checked.backup.space": "to see what happens"})
    machine.small(folder / "kept", "3m")
    result = scene.refused(11, [re.compile("pgsluice: error: pg_dump failed with exit code 1: pg_dump: error: .*No space left"
                                           " on device"),
                                re.compile("detail: pg_dump: error: .*No space left on device"),
                                "    pg_dump: error: a worker process died unexpectedly", FREE_SPACE],
                           "--batch", "--evidence", str(folder / "kept"), under=machine.under)
    assert "running rehearsal" not in result.stdout


# -- the dump --


LARGEST = ('dump=$(for a; do case $a in --file=*) echo "${a#--file=}";; esac; done); '
           'largest=$(ls -S "$dump"/*.dat.gz | head -n 1); ')


@pytest.mark.parametrize("damage", [
    'truncate -s 1000 "$largest"', 'printf x | dd of="$largest" bs=1 seek=600 conv=notrunc 2>/dev/null',
], ids=["cut short", "a byte changed"])
def test_a_dump_that_is_damaged_while_it_is_taken(scene, machine, damage):
    scene.database.execute(BIG)
    machine.program("pg_dump", f'"$REAL" "$@" || exit; {LARGEST}{damage}')
    if damage.startswith("truncate") and place.server_major() >= 18:
        # That pg_restore takes what is left of the file for all of it.
        said = [re.compile(r"pgsluice: error: gate backup: backup\.content: public\.big: 200000 rows became \d+ \(limit: .*"),
                "hint: The backup does not hold what live holds: find out why before anything else."]
    else:
        said = None
    result = scene.refused(11, said or [
        re.compile("pgsluice: error: pg_restore could not restore the dump as it is: pg_restore: error: .+"),
        "detail: pg_restore: error: a worker process died unexpectedly",
        "hint: What cannot be restored now cannot be restored in need: mend the object that is named on live, or install"
        " what is missing here."], judged=BACKUP, under=machine.under)
    assert leftovers(scene) == [] and "running rehearsal" not in result.stdout


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("damage", [flip, cut])
def test_a_kept_dump_that_was_damaged_before_it_is_restored(scene, damage):
    scene.database.execute(BIG)
    scene.sluice.run("--batch", "--stop-before", "rehearsal").ended(0)
    kept, = (scene.sluice.state / "evidence").glob("*/backup.json")
    dump = pathlib.Path(json.loads(kept.read_text(encoding="utf-8"))["data"]["dump"]["folder"])
    victim = max((dump / "data").glob("*.dat.gz"), key=lambda path: path.stat().st_size)
    damage(victim)
    scene.refused(11, [
        f'pgsluice: error: the dump in "{dump}" is damaged: data/{victim.name} was changed or cut short: its SHA-256 is not'
        " the one in SHA256SUMS",
        "hint: Remove the folder and the evidence file backup.json and run again: a new backup is taken. Then find out what"
        " changed the file."], judged=["inspect", "rehearsal"])


# -- consent to something else --


@pytest.fixture
def proven(scene, flow):
    """All gates up to the approval have passed; the id of that plan."""
    return flow.prove()


def refused_consent(scene, flow, yesterday):
    """Consent to another plan does not count, and the proof of this one, which is there, stays as it is."""
    today = flow.prove()
    assert today != yesterday
    result = scene.refused(12, [
        f"pgsluice: error: gate approval: approval.consent: the approval {yesterday} is for another plan; this one is"
        f" {today[:12]} (limit: consent to exactly this plan)",
        "hint: Run the same command without --approve: it proves this plan and shows what it does; then consent to it with"
        f" --approve {today[:12]}."],
        "--batch", "--approve", yesterday, judged=["inspect", "approval"])
    following, = [line for line in result.stdout.splitlines() if line.startswith("next: ")]
    assert "--approve" not in following and "running apply" not in result.stdout


def states(result):
    """The states each gate went through, in words."""
    return [(event["gate"], event["state"]) for event in result.events("gate")]


def stale_run(scene):
    """The run that finds the change: which gates it judges anew. Nothing is applied."""
    before = scene.look()
    result = scene.sluice.run("--batch", "--format", "json").ended(12)
    scene.unchanged(before, ["inspect", "backup", "rehearsal", "plans", "preflight", "approval"])
    assert ("apply", "running") not in states(result)
    return states(result)


def test_approval_for_yesterdays_plan(scene, flow, proven):
    scene.migrations.write("003_more", up="CREATE TABLE more (id int);")
    refused_consent(scene, flow, proven)


def test_migration_changed_between_rehearsal_and_apply(scene, flow, proven):
    scene.migrations.write("002_names", up="ALTER TABLE users ADD COLUMN full_name text;")
    found = stale_run(scene)
    assert ("backup", "running") not in found
    assert ("rehearsal", "stale") in found and ("rehearsal", "passed") in found
    refused_consent(scene, flow, proven)


def test_live_schema_changed_between_rehearsal_and_apply(scene, flow, proven):
    scene.database.execute("CREATE INDEX users_hot ON users (id)")
    found = stale_run(scene)
    assert ("backup", "stale") in found and ("rehearsal", "stale") in found
    refused_consent(scene, flow, proven)


def test_only_the_comment_of_a_file_changed_and_it_is_another_plan_too(scene, flow, proven):
    scene.migrations.write("002_names", up="-- a word\nALTER TABLE users ADD COLUMN name text;")
    refused_consent(scene, flow, proven)


def test_evidence_that_somebody_edited(scene, proven):
    path, = (scene.sluice.state / "evidence").glob("*/rehearsal.json")
    path.write_text(path.read_text(encoding="utf-8").replace('"passed"', '"waived"'), encoding="utf-8")
    scene.refused(11, [f'pgsluice: error: evidence file "{path}": evidence of gate rehearsal was altered: its hash does not'
                       " match", "hint: Remove this file; its gate then runs again and takes new evidence."],
                  "--batch", "--approve", proven, judged=["inspect"])
