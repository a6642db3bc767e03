"""The backup gate: whatever is lost between live and the restored copy keeps it shut."""

import contextlib
import pathlib
import re
import subprocess

import pytest

from harness import place
from harness.cluster import clean_env
from harness.flow import check, error, failed_checks, states
from harness.gates import ADD, evidence, hint, leftovers, live, notes, only, ran, shut
from harness.machine import Machine
from harness.snapshot import database_snapshot, table_digests

CARRIED_OUT = "backup.carried_out"
RESTORE_HINT = ("What cannot be restored now cannot be restored in need: mend the object that is named on live, or "
                "install what is missing here.")
BIG = "CREATE TABLE big AS SELECT g, md5(g::text) || md5((-g)::text) AS t FROM generate_series(1, %s) g"


@pytest.fixture
def machine(folder):
    return Machine(folder)


def shut_without_a_trace(flow, exit_code, **how):
    """Shut; nothing after it ran, and no dump is kept that nobody proved."""
    result = shut(flow, "backup", exit_code, **how)
    assert leftovers(flow) == []
    assert "rehearsal" not in states(result)
    return result


def sql(conninfo, statement):
    """A line of sh that runs it in a session of its own, without the program's environment."""
    return f"env -i PATH=\"$PATH\" psql -X -q -d \"{conninfo}\" -c \"{statement}\" >&2"


# -- between the dump and its restore --

LARGEST = ('dump=$(for a; do case $a in --file=*) echo "${a#--file=}";; esac; done); '
           'largest=$(ls -S "$dump"/*.dat.gz | head -n 1); ')


@pytest.mark.parametrize("damage", [
    'truncate -s 1000 "$largest"', 'printf x | dd of="$largest" bs=1 seek=600 conv=notrunc 2>/dev/null',
], ids=["cut short", "a byte changed"])
def test_a_dump_that_was_damaged_is_not_taken_for_a_backup(live, database, migrations, machine, damage):
    database.execute(BIG % 2000)
    migrations.write("002_more", up=ADD)
    machine.program("pg_dump", f'"$REAL" "$@" || exit; {LARGEST}{damage}')
    result = shut_without_a_trace(live, 11, under=machine.under)
    (name, measured), = failed_checks(result)
    if damage.startswith("truncate") and name == "backup.content":
        # pg_restore 18 takes what is left of the file for all of it.
        assert re.fullmatch(r"public\.big: 2000 rows became \d+", measured)
        return
    assert name == CARRIED_OUT
    assert measured.startswith("pg_restore could not restore the dump as it is: pg_restore: error: ")
    assert hint(result) == RESTORE_HINT


def test_one_line_of_pg_restore_on_its_error_output_shuts_the_gate(live, migrations, machine):
    migrations.write("002_more", up=ADD)
    machine.program("pg_restore", '"$REAL" "$@" || exit; echo "pg_restore: warning: something" >&2')
    result = shut_without_a_trace(live, 11, under=machine.under)
    assert only(result, CARRIED_OUT) == (
        "pg_restore could not restore the dump as it is: pg_restore: warning: something")
    assert hint(result) == RESTORE_HINT


# -- while the dump is taken --


def test_what_pg_dump_says_when_it_fails_is_in_the_evidence(live, migrations, machine):
    migrations.write("002_more", up=ADD)
    machine.program("pg_dump", 'echo "pg_dump: error: out of luck" >&2; exit 7')
    result = shut_without_a_trace(live, 11, under=machine.under)
    assert only(result, CARRIED_OUT) == "pg_dump failed with exit code 7: pg_dump: error: out of luck"
    assert hint(result) == "Look at what pg_dump said; a missing right is given by pg_read_all_data."


def test_pg_dump_gives_up_on_a_table_that_somebody_locks(live, database, migrations, machine):
    migrations.write("002_more", up=ADD)
    conninfo = database.conninfo(application_name="loader")
    hold = sql(conninfo, "BEGIN; LOCK TABLE parts; SELECT pg_sleep(60)").replace(" -c ", " -o /dev/null -c ")
    wait = ("until psql -X -At -c \"SELECT 'there' FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
            "WHERE a.application_name = 'loader' AND mode = 'AccessExclusiveLock'\" | grep -q there; do :; done")
    end = sql(database.conninfo(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
              "WHERE application_name = 'loader'").replace(" -c ", " -o /dev/null -c ")
    machine.program("pg_dump", f'{hold} & {wait}; "$REAL" "$@"; code=$?; {end}; exit $code')
    result = shut_without_a_trace(live, 11, under=machine.under)
    measured = only(result, CARRIED_OUT)
    assert measured.startswith("pg_dump failed with exit code 1: ") and "canceling statement due to" in measured
    # One table at a time, or from 16 on all of them.
    assert re.search(r"LOCK TABLE (\S+, )*public\.parts(, \S+)* IN ACCESS SHARE MODE", error(result)["detail"])
    assert hint(result) == "Somebody holds a strong lock on one of these tables: run again when it is released."


def test_somebody_who_locks_a_table_before_the_run_is_waited_for_by_nobody(live, database, migrations):
    migrations.write("002_more", up=ADD)
    with database.transaction("LOCK TABLE parts IN ACCESS EXCLUSIVE MODE", application_name="loader"):
        result = live.batch("--format", "json").ended(13)
    assert error(result)["message"].startswith("somebody holds a lock on an object whose definition has to be read")
    assert error(result)["sqlstate"] == "55P03"


# -- rights --


@pytest.fixture
def operator(database, cluster):
    """A role that may do all but what a test takes away."""
    role = f"operator_{database.name}"
    cluster.execute(f"CREATE ROLE {role} LOGIN; GRANT pg_read_all_data, pg_monitor TO {role};"
                    f"GRANT CREATE ON DATABASE {database.name} TO {role}")
    return role


def test_rows_that_row_level_security_hides_are_not_left_out_silently(live, database, migrations, operator):
    database.execute("ALTER TABLE items ENABLE ROW LEVEL SECURITY")
    migrations.write("002_more", up=ADD)
    before = database_snapshot(database)
    result = live.batch("--format", "json", database=database.conninfo(user=operator)).ended(2)
    assert only(result, "inspect.rights") == f"row level security hides rows from role {operator}: public.items"
    assert hint(result) == f"Have an administrator run: ALTER ROLE {operator} BYPASSRLS;"
    assert ran(result) == ["inspect"]
    assert database_snapshot(database) == before
    database.cluster.execute(f"ALTER ROLE {operator} BYPASSRLS")
    result = live.batch("--stop-before", "rehearsal", database=database.conninfo(user=operator)).ended(0)


def test_a_table_that_the_role_may_not_read_is_named(live, database, migrations, operator):
    database.cluster.execute(f"REVOKE pg_read_all_data FROM {operator}")
    database.execute(f"GRANT SELECT ON items, schema_migrations TO {operator}")
    migrations.write("002_more", up=ADD)
    result = live.batch("--format", "json", database=database.conninfo(user=operator)).ended(2)
    assert only(result, "inspect.rights") == f"role {operator} may not read public.parts"
    assert hint(result) == (f"Have an administrator run: GRANT SELECT ON public.parts TO {operator}; or for all tables: "
                            f"GRANT pg_read_all_data TO {operator};")
    assert ran(result) == ["inspect"]
    # A backup that is there is not read again.
    live.batch("--stop-before", "rehearsal").ended(0)
    assert live.batch("--stop-before", "rehearsal", database=database.conninfo(user=operator)).ended(0)


def test_with_source_the_rights_are_asked_for_there(live, database, migrations, operator):
    database.cluster.execute(f"REVOKE pg_read_all_data FROM {operator}")
    database.execute(f"GRANT SELECT ON items, schema_migrations TO {operator}")
    migrations.write("002_more", up=ADD)
    result = live.batch("--format", "json", "--source", database.conninfo(user=operator)).ended(2)
    assert only(result, CARRIED_OUT) == f"role {operator} may not read 1 table(s): public.parts"
    assert hint(result) == ("Use a role with pg_read_all_data, or grant SELECT on these tables and USAGE on their "
                            "schemas.")


# -- room --


def test_a_disk_that_is_full_while_restoring_shuts_the_gate(live, database, migrations, machine, folder):
    database.execute(BIG % 200000)
    migrations.write("002_more", up=ADD)
    machine.small(folder / "work", "60m")
    live.configure(work_dir=folder / "work", **{"not-checked.backup.space": "to see what happens"})
    result = shut_without_a_trace(live, 11, under=machine.under)
    assert notes(result, "backup.space") == ["not checked: to see what happens"]
    assert hint(result) == "Free space there, or choose other folders with --evidence and work-dir; then run again."


# -- the kept dump --


def test_the_evidence_says_where_the_dump_is_and_it_restores_by_hand(live, database, migrations, cluster):
    migrations.write("002_more", up=ADD)
    live.prove()
    kept = evidence(live, "backup")
    dump = pathlib.Path(kept["data"]["dump"]["folder"])
    done = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=dump, env=clean_env(), check=False,
                          capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
    other = cluster.create_database(f"{database.name}_by_hand")
    subprocess.run([str(place.server_bindir() / "pg_restore"), "-d", other.conninfo(), str(dump / "data")],
                   env=clean_env(), check=True)
    assert table_digests(other) == table_digests(database)
    other.drop()


def test_evidence_that_is_too_old_is_taken_again(live, migrations):
    migrations.write("002_more", up=ADD)
    live.configure(validity_backup="1ms")
    plan_id = live.prove()
    result = live.batch("--approve", plan_id, "--format", "json").ended(0)
    assert ran(result)[:2] == ["inspect", "backup"] and "rehearsal" not in ran(result)
    assert states(result)["backup"] == "passed"
    stale = next(event for event in result.events("gate") if event["state"] == "stale")
    assert stale["gate"] == "backup" and re.fullmatch(r"It expired .* ago\. It is done again\.", stale["reason"])


def test_evidence_that_somebody_edited_is_refused(live, migrations):
    migrations.write("002_more", up=ADD)
    live.batch("--stop-before", "rehearsal").ended(0)
    path, = (live.sluice.state / "evidence").glob("*/backup.json")
    path.write_text(path.read_text(encoding="utf-8").replace('"content"', '"started"'), encoding="utf-8")
    result = live.batch("--format", "json").ended(11)
    assert error(result)["message"] == (
        f'evidence file "{path}": evidence of gate backup was altered: its hash does not match')
    assert error(result)["hint"] == "Remove this file; its gate then runs again and takes new evidence."


# -- what a dump cannot carry --


def test_what_a_dump_leaves_out_is_noted(live, database, migrations):
    database.execute("ALTER TABLE parts DISABLE TRIGGER ALL")
    database.execute("CREATE UNLOGGED TABLE scratchpad (id int)")
    database.execute("INSERT INTO items VALUES (1001, 'same'), (1002, 'same')")
    with contextlib.suppress(Exception):
        database.execute("CREATE UNIQUE INDEX CONCURRENTLY items_v_once ON items (v)")
    migrations.write("002_more", up=ADD)
    result = live.batch("--format", "json", "--stop-before", "rehearsal").ended(0)
    assert notes(result, "backup.findings") == ["disabled foreign key on live: public.parts.parts_item_fkey",
                                                "invalid index on live: public.items_v_once",
                                                "unlogged table on live: public.scratchpad"]


def dump_of(flow):
    """The folder of the kept dump, as the evidence names it."""
    return pathlib.Path(evidence(flow, "backup")["data"]["dump"]["folder"])


def damage(dump, how):
    largest = max((path for path in dump.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    data = bytearray(largest.read_bytes())
    if how == "flipped":
        data[len(data) // 2] ^= 1
    largest.write_bytes(data if how == "flipped" else data[:-1])
    return largest.name


@pytest.mark.parametrize("how", ["flipped", "cut short"])
def test_a_kept_dump_that_was_damaged_is_not_restored(live, database, migrations, how):
    migrations.write("002_more", up=ADD)
    live.prove()
    name = damage(dump_of(live), how)
    # A typo mended: the backup still counts, and its dump is needed once more.
    migrations.write("002_more", up="ALTER TABLE items ADD COLUMN ww int;")
    before = database_snapshot(database)
    result = live.approve("--format", "json").ended(11)
    assert states(result)["backup"] == "passed" and states(result)["rehearsal"] == "failed"
    measured = check(result, "rehearsal.carried_out")["measured"]
    assert f'the dump in "{dump_of(live)}" is damaged' in measured and name in measured
    assert database_snapshot(database) == before
