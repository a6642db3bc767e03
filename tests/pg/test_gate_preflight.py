"""The preflight gate: what live is like at this moment, asked again when the apply begins."""

import contextlib
import re
import uuid

from harness.flow import error, failed_checks, states
from harness.gates import ADD, hint, live, notes, only, own, ran, shut
from harness.snapshot import database_snapshot
from harness.wait import wait_until


UNKNOWN_HINT = ("Set disk-command to a program that prints the free bytes, or switch the check off with "
                "`not-checked.preflight.disk = REASON` in the configuration.")

# -- the disk --


def program(folder, text):
    script = folder / "disk"
    script.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    script.chmod(0o755)
    return script


def test_preflight_believes_numbers_of_the_disk_command_and_nothing_else(live, migrations, folder):
    migrations.write("002_more", up=ADD)
    for text, exit_code, measured in (
            ("echo 1000000", 13, "977 KiB"),
            ("echo no idea; exit 4", 11, "disk-command ended with 4"),
            ("echo lots", 11, 'disk-command printed "lots", which is no number of bytes'),
            ("echo 900 GB", 11, 'disk-command printed "900 GB", which is no number of bytes')):
        live.configure(disk_command=program(folder, text))
        result = shut(live, "preflight", exit_code)
        assert only(result, "preflight.disk") == measured
        assert hint(result) == (UNKNOWN_HINT if exit_code == 11 else "Free space on the server first.")
    live.configure(disk_command=program(folder, "echo 900000000000"))
    live.approve().ended(0)


def test_free_space_that_nobody_can_see_has_to_be_switched_off_by_name(live, database, migrations, cluster, folder):
    role = f"operator_{database.name}"
    cluster.execute(f"CREATE ROLE {role} LOGIN; GRANT pg_read_all_data, pg_read_all_stats TO {role}")
    database.execute(f"GRANT CREATE ON DATABASE {database.name} TO {role}; ALTER TABLE schema_migrations OWNER TO {role};"
                     f"GRANT CREATE, USAGE ON SCHEMA public TO {role}")
    migrations.write("002_more", up="CREATE TABLE fresh (id int);")
    operator = database.conninfo(user=role)
    result = live.batch("--format", "json", database=operator).ended(11)
    assert only(result, "preflight.disk") == "the free space of the server cannot be seen from here"
    assert hint(result) == UNKNOWN_HINT
    live.configure(**{"not-checked.preflight.disk": "a managed server"})
    result = live.batch("--format", "json", database=operator).ended(12)
    assert notes(result, "preflight.disk") == ["not checked: a managed server"]


# -- others --


def test_preflight_waits_for_nobody_who_calls_himself_another_run(live, database, migrations):
    migrations.write("002_more", up=ADD)
    name = f"pgsluice/{uuid.uuid4()}/apply"
    with contextlib.closing(database.connect(application_name=name)) as other:
        result = shut(live, "preflight", 20)
        assert only(result, "preflight.runs").startswith(f"process {other.get_backend_pid()} ({name}) has been at work for ")
        assert hint(result) == ("Wait for it; when its client is gone: select pg_terminate_backend("
                                f"{other.get_backend_pid()});")


def test_preflight_leaves_a_vacuum_against_wraparound_its_time(live, database, migrations):
    migrations.write("002_more", up=ADD)
    with database.transaction("LOCK TABLE items IN SHARE UPDATE EXCLUSIVE MODE /* (to prevent wraparound) */",
                              application_name="autovacuum worker"):
        result = shut(live, "preflight", 13)
    assert only(result, "preflight.wraparound").startswith("a vacuum to prevent wraparound is at work on public.items (")
    assert hint(result) == "Let the vacuum end: it is not cancelled by a waiting lock."


def test_preflight_sees_that_a_role_cannot_see_others(live, database, migrations, cluster):
    role = f"blind_{database.name}"
    cluster.execute(f"CREATE ROLE {role} LOGIN; GRANT pg_read_all_data TO {role}")
    database.execute(f"GRANT CREATE ON DATABASE {database.name} TO {role}; ALTER TABLE schema_migrations OWNER TO {role};"
                     f"GRANT CREATE, USAGE ON SCHEMA public TO {role}")
    migrations.write("002_more", up="CREATE TABLE fresh (id int);")
    live.configure(**{"not-checked.preflight.disk": "a managed server"})
    result = live.batch("--format", "json", database=database.conninfo(user=role)).ended(2)
    assert only(result, "inspect.rights") == f"role {role} does not see what other roles' sessions do"
    assert hint(result) == f"Have an administrator run: GRANT pg_monitor TO {role};"
    # Whoever lets that pass is asked again where it counts.
    result = live.batch("--waive", "inspect.rights", "--reason", "to see", "--format", "json",
                        database=database.conninfo(user=role)).ended(2)
    assert ("preflight.rights", "this role does not see the transactions of other roles") in failed_checks(result)
    assert hint(result) == "Grant pg_monitor (or pg_read_all_stats) to the role."


def test_a_role_that_may_not_see_how_far_a_replica_is_lacks_a_right(own, migrations, make_standby):
    live = own()
    database = live.database
    database.cluster.execute("CREATE ROLE blind LOGIN; GRANT pg_read_all_data TO blind")
    database.execute(f"GRANT CREATE ON DATABASE {database.name} TO blind; ALTER TABLE schema_migrations OWNER TO blind;"
                     "GRANT CREATE, USAGE ON SCHEMA public TO blind")
    migrations.write("002_more", up="CREATE TABLE fresh (id int);")
    live.configure(**{"not-checked.preflight.disk": "a managed server"})
    replica = make_standby(database.cluster)
    waived = [word for check in ("inspect.rights", "preflight.rights") for word in ("--waive", check, "--reason", "to see")]
    result = live.batch(*waived, "--format", "json", database=database.conninfo(user="blind")).ended(2)
    assert ("preflight.lag", f"standby {replica.name}: this role may not see its lag") in failed_checks(result)
    assert hint(result) == "Grant pg_monitor to the role."


def test_a_replica_that_replays_nothing_is_behind(own, migrations, make_standby):
    live = own()
    migrations.write("002_more", up=ADD)
    replica = make_standby(live.database.cluster)
    replica.execute("SELECT pg_wal_replay_pause()")
    live.database.execute("INSERT INTO items SELECT g, 'more' FROM generate_series(1000, 3000) g")
    result = shut(live, "preflight", 13)
    replica.execute("SELECT pg_wal_replay_resume()")
    measured = only(result, "preflight.lag")
    assert re.fullmatch(rf"standby {replica.name} \(streaming\) has still not replayed \d+ KiB of WAL", measured)
    assert hint(result) == "Wait until the standby has caught up; if it does not, look whether its replay is paused."
    wait_until(lambda: replica.one("SELECT count(*) FROM items", dbname=live.database.name) == 2051, what="the replica has replayed it")
    wait_until(lambda: live.batch().exit == 12, what="the primary has heard of it")


# -- when it counts --


def test_preflight_is_asked_again_under_leadership(live, database, migrations):
    migrations.write("002_more", up=ADD)
    live.configure(max_transaction_age="200ms", validity_preflight="1h")
    plan_id = live.prove()
    before = database_snapshot(database)
    with database.transaction("LOCK TABLE items IN SHARE MODE", application_name="loader") as other:
        database.execute("SELECT pg_sleep(0.3)")
        result = live.batch("--approve", plan_id, "--format", "json").ended(13)
        pid = other.get_backend_pid()
    assert "preflight" not in ran(result) and states(result)["apply"] == "failed"
    assert error(result)["message"].startswith(
        f"preflight.locks: process {pid} (loader, role postgres, idle in transaction), transaction open for ")
    assert error(result)["message"].endswith(" holds SHARE on public.items")
    assert error(result)["hint"] == f"Wait for it, or end it: select pg_terminate_backend({pid});"
    assert database_snapshot(database) == before
    live.batch("--approve", plan_id).ended(0)


def test_a_waived_check_of_preflight_is_waived_when_it_is_asked_again(live, database, migrations):
    migrations.write("002_more", up="CREATE TABLE fresh (id int);")
    live.configure(max_transaction_age="200ms")
    waiver = ("--waive", "preflight.transactions", "--reason", "the report runs all day")
    with database.transaction("SELECT 1", application_name="report"):
        database.execute("SELECT pg_sleep(0.3)")
        result = live.approve("--format", "json", *waiver).ended(0)
    assert states(result)["preflight"] == "waived"
    assert live.versions() == ["001", "002"]


def test_a_server_without_full_page_writes_is_noted(own, migrations):
    live = own(full_page_writes="off")
    migrations.write("002_more", up=ADD)
    result = live.batch("--format", "json").ended(12)
    assert notes(result, "preflight.full_page_writes") == ["full_page_writes = off: a crash can tear pages"]


def test_preflight_sees_an_old_transaction(live, database, migrations):
    migrations.write("002_more", up=ADD)
    live.configure(max_transaction_age="200ms")
    with database.transaction("SELECT 1", application_name="report of the month") as old:
        pid = old.get_backend_pid()
        result = shut(live, "preflight", 13)
    measured = dict(failed_checks(result))["preflight.transactions"]
    assert measured.startswith(f"process {pid} (report of the month, role postgres, idle in transaction), "
                               "transaction open for ")
    live.approve().ended(0)


def test_preflight_sees_a_lock_on_a_table_of_the_plan(live, database, migrations):
    migrations.write("002_more", up=ADD)
    live.configure(max_transaction_age="200ms")
    with database.transaction("LOCK TABLE items IN SHARE MODE", application_name="loader") as old:
        pid = old.get_backend_pid()
        result = shut(live, "preflight", 13)
    measured = dict(failed_checks(result))["preflight.locks"]
    assert f"process {pid} (loader" in measured
    assert measured.endswith("holds SHARE on public.items")
    hint = [event["hint"] for event in result.events("gate") if event["state"] == "failed"]
    assert hint == [f"Wait for it, or end it: select pg_terminate_backend({pid});"]


def test_preflight_sees_a_prepared_transaction(own, migrations):
    live = own()
    migrations.write("002_more", up=ADD)
    live.database.execute("BEGIN; INSERT INTO items VALUES (99, 'x'); PREPARE TRANSACTION 'two_phases'")
    result = live.batch("--format", "json").ended(13)
    assert "prepared transaction two_phases of postgres has been open for" in \
        dict(failed_checks(result))["preflight.prepared"]


def test_preflight_keeps_the_window(live, migrations):
    migrations.write("002_more", up=ADD)
    # A window that is closed now and for the next hours, whatever the time is.
    closed = live.database.one("SELECT to_char(now() + interval '10 hours', 'HH24:00') || '-' "
                               "|| to_char(now() + interval '11 hours', 'HH24:00')")
    live.configure(window=closed)
    result = shut(live, "preflight", 23)
    (name, measured), = failed_checks(result)
    assert name == "preflight.window" and measured.startswith("closed now (")
    live.configure(window_applies="blocking")
    assert dict(failed_checks(shut(live, "preflight", 23))).keys() == {"preflight.window"}
    # A plan that blocks nobody needs no window then.
    migrations.write("002_more", up="CREATE INDEX CONCURRENTLY items_v ON items (v);")
    live.approve().ended(0)


def test_preflight_counts_free_connections(own, migrations):
    live = own(max_connections=14, superuser_reserved_connections=3)
    migrations.write("002_more", up=ADD)
    with contextlib.ExitStack() as stack:
        for _ in range(6):
            stack.enter_context(contextlib.closing(live.database.connect()))
        result = live.batch("--format", "json").ended(13)
    assert dict(failed_checks(result)).keys() == {"preflight.connections"}
    hint, = [event["hint"] for event in result.events("gate") if event["state"] == "failed"]
    assert hint == "Close idle sessions or raise max_connections."


def test_preflight_refuses_a_server_that_loses_what_it_committed(own, migrations):
    live = own(fsync="off")
    migrations.write("002_more", up=ADD)
    result = shut(live, "preflight", 11)
    assert dict(failed_checks(result)) == {"preflight.fsync": "fsync = off"}


def test_preflight_wants_the_synchronous_standby(own, migrations):
    live = own()
    migrations.write("002_more", up=ADD)
    live.database.cluster.execute("ALTER SYSTEM SET synchronous_standby_names = 'gone'")
    live.database.cluster.reload()
    result = live.batch("--format", "json").ended(13)
    assert dict(failed_checks(result)) == {"preflight.standby": "0 synchronous standby(s) connected"}


def test_preflight_sees_a_publication_that_would_carry_the_ledger_away(own, migrations):
    live = own(wal_level="logical")
    live.database.execute("CREATE PUBLICATION everything FOR ALL TABLES")
    migrations.write("002_more", up=ADD)
    result = shut(live, "preflight", 11)
    assert dict(failed_checks(result)) == {
        "preflight.publications": "publication everything would replicate pgsluice.ledger"}
