"""The guard: a step that hurts live is pulled back, tried again, and given up when its budget is spent."""

import contextlib
import datetime
import os
import re
import signal
import threading
import time

import psycopg2
import pytest

from harness.cluster import PORT, conninfo
from harness.flow import check, error, failed_checks, states
from harness.gates import ADD, live, log, notes, own  # noqa: F401
from harness.place import TOP
from harness.wait import wait_until

PULLED_BACK = "the guard pulls back step 1 of migration 002: "
# Holds the table until the test lets go of 77.
HOLD = "ALTER TABLE items ADD COLUMN w int; SELECT pg_advisory_xact_lock(77);"
WRITE = "UPDATE items SET v = v WHERE id = 7"
# Of those whom the step does not lock out.
ELSEWHERE = "UPDATE parts SET item = item WHERE id = 7"
ROLE = r"\(writer, role postgres, from local\)"


class Customers:
    """They write all the time, and remember how long each write took."""

    def __init__(self, database, count=2, sql=WRITE):
        self.took, self.sql = [], sql
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self.write, args=(database,), daemon=True) for _ in range(count)]

    def write(self, database):
        with contextlib.closing(database.connect(application_name="writer")) as connection:
            with connection.cursor() as cursor:
                while not self.stop.is_set():
                    begun = time.monotonic()
                    cursor.execute(self.sql)
                    self.took.append(time.monotonic() - begun)
                    self.stop.wait(0.005)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join(60)


@pytest.fixture
def patient(live):
    """Only the guard ends a wait."""
    return live.configure(lock_timeout="60s", lock_budget="60s")


def apply_waits(database):
    """It waits, and no more on the ladder's first rungs, which are shorter than a second."""
    wait_until(lambda: database.one("SELECT count(*) FROM pg_stat_activity a JOIN pg_locks l USING (pid) "
                                    "WHERE a.application_name LIKE 'pgsluice/%%/apply' AND a.datname = %s AND NOT l.granted "
                                    "AND l.waitstart < clock_timestamp() - interval '0.85 s'", database.name), 60,
               "the apply waits")


def operator_with(right, database):
    """The connection of a role that may migrate `items`, and has this right to look at others."""
    role = f"operator_{database.name}"
    database.cluster.execute(f"CREATE ROLE {role} LOGIN; GRANT pg_read_all_data, {right} TO {role}")
    database.execute(f"GRANT CREATE ON DATABASE {database.name} TO {role}; ALTER TABLE schema_migrations OWNER TO {role};"
                     f"ALTER TABLE items OWNER TO {role}; GRANT CREATE, USAGE ON SCHEMA public TO {role}")
    return database.conninfo(user=role)


def columns(database):
    return [name for name, in database.query("SELECT attname FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped "
                                             "AND attrelid = 'items'::regclass ORDER BY attnum")]


def trips(result):
    return [event["limit"] for event in result.events("guard")]


# -- who waits --


def test_a_step_that_queues_the_world_behind_it_is_pulled_back_until_the_reader_has_left(patient, database, migrations):
    migrations.write("002_more", up=ADD)
    patient.configure(guard_wait="500ms")
    plan_id = patient.prove()
    with Customers(database) as customers:
        with database.transaction("SELECT count(*) FROM items", application_name="reader"):
            run = patient.start("--approve", plan_id, "--format", "json")
            run.wait_for_output(PULLED_BACK, deadline=60)
            written = len(customers.took)
            wait_until(lambda: len(customers.took) > written + 20, 10, "they write again")
        result = run.result().ended(0)
    # Noticed and pulled back within the limit and half a second.
    assert max(customers.took) < 1.0
    assert columns(database) == ["id", "v", "w"]
    told = re.search(re.escape(PULLED_BACK) + r"guard-wait: process \d+ " + ROLE + r" has waited (5\d\d|[67]\d\d) ms "
                     r"behind step 1 of migration 002, and 500 ms is allowed; behind it: process \d+ " + ROLE, log(result))
    assert told, log(result)
    assert re.search(r"migration 002, step 1: pulled back by the guard: .* at attempt \d+; process \d+ \(reader, ", log(result))
    measured, = notes(result, "apply.guard")
    assert re.match(r"pulled back \d+ time\(s\), the last for guard-wait: process \d+ ", measured)
    assert check(result, "apply.guard")["limit"] == (
        "nobody waits 500 ms behind us, at most 5 wait at once, standbys at most 30.0 s behind, "
        "at least 2 connection(s) left, at least 256 MiB free on disk")


def test_when_the_budget_is_spent_the_run_ends_clean_and_says_why(patient, database, migrations):
    migrations.write("002_more", up=ADD)
    patient.configure(guard_wait="300ms", lock_timeout="2s", lock_budget="2s")
    with Customers(database), database.transaction("SELECT count(*) FROM items", application_name="reader"):
        result = patient.approve("--format", "json").ended(21)
    message = error(result)["message"]
    assert re.match(r"migration 002: given up after \d+ attempts within 2.0 s: pulled back by the guard: guard-wait: "
                    r"process \d+ " + ROLE + r" has waited \d{3} ms behind step 1 of migration 002, and 300 ms is "
                    r"allowed$", message), message
    assert re.search(r"Behind it waited process \d+ " + ROLE + r" for \d{3} ms.*\. .*"
                     r"process \d+ \(reader, [^;]* holds ACCESS SHARE on public.items", error(result)["detail"])
    assert [name for name, _ in failed_checks(result)] == ["apply.migrations", "apply.guard"]
    assert dict(failed_checks(result))["apply.guard"].startswith("guard-wait: process ")
    assert states(result)["apply"] == "failed"
    assert columns(database) == ["id", "v"]
    assert patient.versions() == ["001"]


def test_who_waits_for_a_lock_that_the_step_holds_counts_as_well(patient, database, migrations):
    migrations.write("002_more", up=HOLD)
    patient.configure(guard_wait="0", guard_waiting="2")
    plan_id = patient.prove()
    with database.transaction("SELECT pg_advisory_xact_lock(77)"):
        run = patient.start("--approve", plan_id, "--format", "json")
        apply_waits(database)
        with Customers(database, count=4):
            run.wait_for_output(PULLED_BACK + "guard-waiting: ", deadline=30)
    result = run.result().ended(0)
    assert re.search(r"guard-waiting: [34] sessions wait behind step 1 of migration 002, and 2 may", log(result))


def test_a_role_that_may_not_see_what_others_do_is_guarded_too(patient, database, migrations):
    operator = operator_with("pg_read_all_stats", database)
    migrations.write("002_more", up=ADD)
    patient.configure(**{"not-checked.preflight.disk": "a managed server"})
    plan_id = patient.batch("--format", "json", database=operator).ended(12).events("plan")[0]["plan_id"]
    with Customers(database, count=1), database.transaction("SELECT count(*) FROM items"):
        run = patient.start("--approve", plan_id, "--format", "json", database=operator)
        run.wait_for_output(PULLED_BACK + "guard-wait: process", deadline=60)
    run.result().ended(0)


def test_a_guard_that_lost_its_session_guards_with_a_new_one(patient, database, migrations):
    migrations.write("002_more", up=HOLD)
    plan_id = patient.prove()
    with database.transaction("SELECT pg_advisory_xact_lock(77)"):
        run = patient.start("--approve", plan_id, "--format", "json")
        apply_waits(database)
        guard = database.wait_for_session("pgsluice/%/guard")
        database.execute("SELECT pg_terminate_backend(%s)", guard)
        wait_until(lambda: database.one("SELECT pid FROM pg_stat_activity WHERE pid <> %s AND application_name LIKE "
                                        "'pgsluice/%%/guard'", guard), 30, "a new session")
        waiter = database.background(WRITE, application_name="writer")
        run.wait_for_output(PULLED_BACK + "guard-wait: process", deadline=30)
        waiter.result()
    run.result().ended(0)
    assert database.one("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'pgsluice/%%/guard' "
                        "AND datname = %s", database.name) == 0


# At work for so long, and waits for nobody.
WORK = "UPDATE items SET v = v || '!' WHERE id < 20; SELECT pg_sleep(1.5);"


def test_a_step_that_waits_for_nobody_is_given_up_after_the_third_time(patient, database, migrations):
    migrations.write("002_more", up=WORK)
    patient.configure(guard_wait="300ms")
    with Customers(database):
        result = patient.approve("--format", "json").ended(21)
    assert trips(result) == ["guard-wait"] * 3
    message = error(result)["message"]
    assert re.match(r"migration 002: given up after \d+ attempts, its own statement at work: pulled back by the guard: "
                    r"guard-wait: process \d+ " + ROLE + " has waited ", message), message
    assert error(result)["hint"].startswith("Its own statement is what others wait for: write it in batches, ")
    # Who writes there is whom we hurt, and nobody who is in our way.
    retries = [event["values"] for event in result.events("sample") if event["sampler"] == "retry"]
    assert len(retries) == 2
    for values in retries:
        assert values["guard"].startswith("pulled back by the guard: guard-wait: ") and "blocker" not in values
    # It was told before.
    told, = notes(result, "approval.guard")
    assert re.match(r"002: who writes the same rows of public.items may wait 1\.[5-9] s; guard-wait is 300 ms$", told)
    assert notes(result, "preflight.guard")[0][:60] == told[:60]
    assert patient.versions() == ["001"]


def test_a_migration_may_be_allowed_more_than_the_others(patient, database, migrations):
    migrations.write("002_more", up="-- pgsluice:guard-wait 30s\n-- pgsluice:guard-waiting 50\n" + WORK)
    patient.configure(guard_wait="300ms", guard_waiting="1")
    with Customers(database, count=4):
        result = patient.approve("--format", "json").ended(0)
    assert trips(result) == notes(result, "approval.guard") == notes(result, "preflight.guard") == []
    assert patient.versions() == ["001", "002"]


def test_a_guard_that_gets_no_answer_says_so_and_sees_again(patient, database, migrations):
    with held_step(patient, migrations) as (run, _):
        guard = database.wait_for_session("pgsluice/%/guard")
        os.kill(guard, signal.SIGSTOP)
        try:
            run.wait_for_output("the guard sees nothing of live, and step 1 of migration 002 goes on without it: ", 30)
            run.wait_for_output("the guard sees live again", deadline=30)
        finally:
            os.kill(guard, signal.SIGCONT)
    result = run.result().ended(0)
    measured, = notes(result, "apply.guard")
    assert re.match(r"nothing had to be pulled back; saw nothing of live for \d+\.\d s$", measured)


def test_a_guard_that_finds_another_server_under_the_name_cancels_nothing_there(own, migrations, make_cluster, folder):
    live = own().configure(lock_timeout="60s", lock_budget="60s", guard_wait="500ms")
    database, other, name = live.database, make_cluster(), folder / "name"
    other.create_database(database.name)
    migrations.write("002_more", up=HOLD)
    lead_to(name, database.cluster)
    named = conninfo(host=name, port=PORT, dbname=database.name, user="postgres")
    plan_id = live.batch("--format", "json", database=named).ended(12).events("plan")[0]["plan_id"]
    with database.transaction("SELECT pg_advisory_xact_lock(77)"):
        run = live.start("--approve", plan_id, "--format", "json", database=named)
        apply_waits(database)
        guard = database.wait_for_session("pgsluice/%/guard")
        lead_to(name, other)
        database.execute("SELECT pg_terminate_backend(%s)", guard)
        waiter = database.background(WRITE, application_name="writer")
        run.wait_for_output("the guard sees nothing of live, and step 1 of migration 002 goes on without it: the server that "
                            "answers at ", deadline=30)
        lead_to(name, database.cluster)
    waiter.result()
    result = run.result().ended(0)
    assert "is not the one where the step is at work" in log(result)
    assert trips(result) == []
    measured, = notes(result, "apply.guard")
    assert re.match(r"nothing had to be pulled back; saw nothing of live for [1-9][\d.]* (ms|s)$", measured)


def lead_to(name, cluster):
    """The name of a host is given to this cluster."""
    new = name.with_suffix(".new")
    new.symlink_to(cluster.socket_dir)
    new.replace(name)


def test_a_cancel_reaches_the_one_session_that_is_meant_and_only_in_time(database):
    text = (TOP / "share/sql/guard_cancel.sql").read_text(encoding="utf-8")
    with contextlib.closing(database.connect()) as ours, ours.cursor() as cursor:
        cursor.execute("PREPARE cancel AS " + text)
        sleeper = database.background("SELECT pg_sleep(60)")
        cursor.execute("SELECT backend_start, extract(epoch from clock_timestamp()) * 1000 FROM pg_stat_activity "
                       "WHERE pid = %s", (sleeper.pid,))
        start, now_ms = cursor.fetchone()

        def cancel(begun, until_ms):
            cursor.execute("EXECUTE cancel(%s, %s, %s)", (str(sleeper.pid), begun.isoformat(), str(until_ms)))
            return cursor.fetchall()

        assert cancel(start - datetime.timedelta(microseconds=1), now_ms + 60000) == []
        assert cancel(start, now_ms - 1) == []
        assert sleeper.running()
        assert cancel(start, now_ms + 60000) == [(True,)]
        with pytest.raises(psycopg2.errors.QueryCanceled):
            sleeper.result()


# -- statements outside transactions --


def test_a_concurrent_build_is_not_pulled_back_for_waits_that_others_cause(live, database, migrations):
    migrations.write("002_index", up="CREATE INDEX CONCURRENTLY items_v ON items (v);")
    live.configure(guard_wait="300ms", guard_waiting="1")
    plan_id = live.prove()
    with database.transaction(WRITE, application_name="holder"):
        run = live.start("--approve", plan_id, "--format", "json")
        apply_waits(database)
        waiters = [database.background(WRITE, application_name="writer") for _ in range(3)]
        for waiter in waiters:
            database.wait_for_lock(waiter.pid)
        looked = "SELECT count(*) FROM pg_locks WHERE NOT granted AND waitstart < clock_timestamp() - interval '1.2 s' "
        wait_until(lambda: database.one(looked + "AND pid = ANY (%s)", [waiter.pid for waiter in waiters]) == 3)
    for waiter in waiters:
        waiter.result()
    result = run.result().ended(0)
    told = check(result, "apply.guard")
    assert told["ok"] and told["measured"] == "nothing had to be pulled back"
    assert "pulls back" not in log(result)


def test_a_concurrent_build_that_is_pulled_back_leaves_nothing_and_is_built_again(live, database, migrations):
    migrations.write("002_index", up="CREATE INDEX CONCURRENTLY items_v ON items (v);")
    live.configure(guard_wait="300ms")
    plan_id = live.prove()
    with database.transaction(WRITE, application_name="holder"):
        run = live.start("--approve", plan_id, "--format", "json")
        apply_waits(database)
        waiter = database.background("BEGIN; LOCK TABLE items IN SHARE UPDATE EXCLUSIVE MODE; COMMIT",
                                     application_name="vacuum")
        run.wait_for_output(PULLED_BACK + "guard-wait: process", deadline=30)
        waiter.result()
    result = run.result().ended(0)
    assert "removing the unfinished index public.items_v" in log(result)
    assert database.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'items_v'::regclass") == [(True,)]
    assert live.versions() == ["001", "002"]


# -- the other limits --


@contextlib.contextmanager
def held_step(flow, migrations, *options, settles=True):
    """
    A run at work in a step that holds its locks until the block ends, while others write; the run and the writers. It
    settles: nothing pulls it back from the start.
    """
    migrations.write("002_more", up=HOLD)
    plan_id = flow.prove()
    with flow.database.transaction("SELECT pg_advisory_xact_lock(77)"):
        run = flow.start("--approve", plan_id, "--format", "json", *options)
        with Customers(flow.database, sql=ELSEWHERE) as customers:
            if settles:
                apply_waits(flow.database)
            yield run, customers
            written = len(customers.took)
            wait_until(lambda: len(customers.took) > written + 20, 10, "they write on")
    assert max(customers.took) < 1.0


def test_a_standby_that_falls_behind_holds_the_step_until_it_has_caught_up(own, migrations, make_standby):
    live = own().configure(lock_timeout="60s", lock_budget="60s", guard_lag="1s")
    database = live.database
    replica = make_standby(database.cluster)
    with held_step(live, migrations) as (run, _):
        replica.execute("SELECT pg_wal_replay_pause()")
        run.wait_for_output(PULLED_BACK + f"guard-lag: standby {replica.name} is ", deadline=30)
        run.wait_for_output("not begun by word of the guard: guard-lag: ", deadline=30)
        assert database.one("SELECT count(*) FROM pg_locks WHERE relation = 'items'::regclass") == 0
    replica.execute("SELECT pg_wal_replay_resume()")
    result = run.result().ended(0)
    assert re.search(r"guard-lag: standby \S+ is 1\.\d s behind, and 1\.0 s is allowed", log(result))
    assert set(trips(result)) == {"guard-lag"}


def test_few_connections_left_for_others_pull_the_step_back(own, migrations):
    live = own(max_connections=30).configure(lock_timeout="60s", lock_budget="60s", guard_connections="8")
    with held_step(live, migrations) as (run, _):
        with contextlib.ExitStack() as crowd:
            # A superuser takes those that are reserved, too.
            with pytest.raises(psycopg2.OperationalError, match="too many clients"):
                while True:
                    crowd.enter_context(contextlib.closing(live.database.connect(application_name="crowd")))
            run.wait_for_output(PULLED_BACK + "guard-connections: ", deadline=30)
            run.wait_for_output("guard-connections: 0 connection(s) are left, and 8 must be", deadline=30)
    result = run.result().ended(0)
    assert re.search(r"guard-connections: \d connection\(s\) are left, and 8 must be", log(result))
    assert set(trips(result)) == {"guard-connections"}


def test_wal_that_grows_over_its_limit_pulls_the_step_back(own, migrations):
    live = own(min_wal_size="32MB", max_wal_size="32MB").configure(lock_timeout="60s", lock_budget="60s",
                                                                   guard_wal="100MiB")
    database = live.database
    with held_step(live, migrations) as (run, _):
        database.execute("SELECT pg_create_physical_replication_slot('holds', true)")
        for _ in range(7):
            database.execute("SELECT pg_logical_emit_message(true, 'filling', 'x')")
            database.execute("SELECT pg_switch_wal()")
        run.wait_for_output(PULLED_BACK + "guard-wal: pg_wal has 1", deadline=30)
        database.execute("SELECT pg_drop_replication_slot('holds')")
        database.execute("CHECKPOINT")
    result = run.result().ended(0)
    assert re.search(r"guard-wal: pg_wal has \d+ MiB, and 100 MiB is allowed", log(result))
    assert set(trips(result)) == {"guard-wal"}


def test_wal_that_is_no_longer_seen_is_told_and_ends_nothing(patient, database, migrations, cluster):
    operator = operator_with("pg_monitor", database)
    migrations.write("002_more", up=HOLD)
    patient.configure(guard_wal="100GiB", **{"not-checked.preflight.disk": "a managed server"})
    plan_id = patient.batch("--format", "json", database=operator).ended(12).events("plan")[0]["plan_id"]
    with database.transaction("SELECT pg_advisory_xact_lock(77)"):
        run = patient.start("--approve", plan_id, "--format", "json", database=operator)
        apply_waits(database)
        cluster.execute(f"REVOKE pg_monitor FROM operator_{database.name}")
        run.wait_for_output("the guard does not see the size of pg_wal: permission denied for function pg_ls_waldir", 30)
    result = run.result().ended(0)
    assert trips(result) == []
    assert ", pg_wal not seen: permission denied for function pg_ls_waldir, " in check(result, "apply.guard")["limit"]


def test_a_disk_that_fills_pulls_the_step_back(live, migrations, folder):
    left, program = folder / "left", folder / "disk"
    left.write_text("107374182400\n", encoding="utf-8")
    program.write_text(f"#!/bin/sh\ncat {left}\n", encoding="utf-8")
    program.chmod(0o755)
    live.configure(lock_timeout="60s", lock_budget="60s", disk_command=str(program), guard_disk="1GiB")
    with held_step(live, migrations) as (run, _):
        left.write_text("1000000000\n", encoding="utf-8")
        run.wait_for_output(PULLED_BACK + "guard-disk: ", deadline=30)
        run.wait_for_output("not begun by word of the guard: guard-disk: ", deadline=30)
        left.write_text("107374182400\n", encoding="utf-8")
    result = run.result().ended(0)
    assert "guard-disk: 954 MiB are free on the server's disk, and 1.0 GiB must be" in log(result)
    assert set(trips(result)) == {"guard-disk"}


def test_a_disk_that_is_no_longer_seen_is_told_and_ends_nothing(live, migrations, folder):
    program = folder / "disk"
    program.write_text("#!/bin/sh\necho 107374182400\n", encoding="utf-8")
    program.chmod(0o755)
    live.configure(lock_timeout="60s", lock_budget="60s", disk_command=str(program))
    with held_step(live, migrations) as (run, _):
        program.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
        run.wait_for_output("the guard does not see the disk's free space: disk-command ended with 3", deadline=30)
    result = run.result().ended(0)
    assert trips(result) == []
    assert check(result, "apply.guard")["limit"].endswith(", free disk not seen: disk-command ended with 3")


def test_a_disk_command_that_hangs_is_ended_and_told(live, migrations, folder):
    program = folder / "disk"
    program.write_text("#!/bin/sh\necho 107374182400\n", encoding="utf-8")
    program.chmod(0o755)
    live.configure(lock_timeout="60s", lock_budget="60s", disk_command=str(program))
    with held_step(live, migrations) as (run, _):
        program.write_text("#!/bin/sh\nsleep 300\n", encoding="utf-8")
        run.wait_for_output("the guard does not see the disk's free space: disk-command does not answer", deadline=40)
        program.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    result = run.result().ended(0)
    assert trips(result) == []
    assert ", free disk not seen: disk-command " in check(result, "apply.guard")["limit"]


def test_a_probe_that_fails_is_told_and_ends_nothing(live, database, migrations, cluster):
    role = f"prober_{database.name}"
    cluster.execute(f"CREATE ROLE {role} LOGIN")
    live.configure(lock_timeout="60s", lock_budget="60s")
    with held_step(live, migrations, "--probe", database.conninfo(user=role)) as (run, _):
        cluster.execute(f"ALTER ROLE {role} NOLOGIN")
        cluster.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", role)
        run.wait_for_output("the guard does not see latency: ", deadline=30)
    result = run.result().ended(0)
    assert re.search(f'the guard does not see latency: .*role "{role}" is not permitted to log in', log(result))
    assert trips(result) == []
    assert ", latency not seen: " in check(result, "apply.guard")["limit"]


def test_latency_that_rises_over_what_it_was_pulls_the_step_back(live, database, migrations):
    live.configure(lock_timeout="60s", lock_budget="60s", guard_wait="0", guard_waiting="0", guard_latency="300ms")
    with held_step(live, migrations, "--probe", database.conninfo(), "--probe-query",
                   "SELECT count(*) FROM items", settles=False) as (run, _):
        run.wait_for_output(PULLED_BACK + "guard-latency: ", deadline=30)
    result = run.result().ended(0)
    assert re.search(r"guard-latency: p99 of the probe is (\d+ ms|\d\.\d s), was [\d.]+ (us|ms) before, and may rise by 300 ms",
                     log(result))
    assert set(trips(result)) == {"guard-latency"}
    assert check(result, "apply.guard")["limit"].startswith("p99 of the probe at most 300 ms above before, standbys")


def test_a_step_is_not_begun_while_a_limit_is_passed(live, database, migrations):
    migrations.write("002_more", up=ADD)
    live.configure(lock_timeout="1s", lock_budget="1s", guard_wal="1MiB")
    result = live.approve("--format", "json").ended(21)
    assert columns(database) == ["id", "v"]
    assert re.match(r"migration 002: given up after \d+ attempts within 1.0 s: not begun by word of the guard: "
                    r"guard-wal: pg_wal has [\d.]+ [MG]iB, and 1.0 MiB is allowed$", error(result)["message"])


# -- when there is none --


def test_without_the_guard_only_lock_timeout_ends_a_wait(patient, database, migrations):
    migrations.write("002_more", up=HOLD)
    patient.configure(guard="off", guard_wait="100ms")
    plan_id = patient.prove()
    with database.transaction("SELECT pg_advisory_xact_lock(77)"):
        run = patient.start("--approve", plan_id, "--format", "json")
        apply_waits(database)
        waiter = database.background(WRITE, application_name="writer")
        wait_until(lambda: database.one("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = %s AND waitstart < "
                                        "clock_timestamp() - interval '1.5 s'", waiter.pid))
        assert database.one("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'pgsluice/%%/guard'") == 0
    result = run.result().ended(0)
    waiter.result()
    assert notes(result, "apply.guard") == ["off: nothing but lock-timeout and statement-timeout ended a step"]


def test_a_right_that_the_guard_lacks_for_what_it_is_to_watch_stops_the_run(live, database, migrations):
    operator = operator_with("pg_read_all_stats", database)
    migrations.write("002_more", up=ADD)
    live.configure(guard_wal="1GiB", **{"not-checked.preflight.disk": "a managed server"})
    plan_id = live.batch("--format", "json", database=operator).ended(12).events("plan")[0]["plan_id"]
    result = live.batch("--approve", plan_id, "--format", "json", database=operator).ended(2)
    assert error(result)["message"] == "the guard cannot look at live: permission denied for function pg_ls_waldir"
    assert live.versions() == ["001"]
