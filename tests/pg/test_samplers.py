"""What the samplers say of a server, held against what was done to it."""

import contextlib
import json

import pytest

from harness.cluster import conninfo
from harness.gates import live
from harness.wait import wait_until

SAMPLERS = ["connections", "waits", "locks", "transactions", "workload", "progress", "wal", "checkpoints", "wal_files",
            "replicas", "slots", "vacuum", "wraparound", "indexes", "sequences", "sizes"]


def measured(sluice, *names, database=None):
    """The samplers of the document."""
    more = {"database": database} if database else {}
    result = sluice.run("monitor", *names, "--format", "json", migrations=None, **more).ended(0)
    return result.json()["samplers"]


def values(sluice, name, database=None):
    sample = measured(sluice, name, database=database)[name]
    assert sample["state"] == "ok", sample
    return sample["values"]


def shape(forest):
    return [(place["pid"], place["depth"]) for place in forest]


def edges(locks, pid):
    session, = (session for session in locks["sessions"] if session["pid"] == pid)
    return {blocker["pid"]: blocker["edge"] for blocker in session["blocked_by"]}


# -- locks --

def test_a_reader_behind_a_queued_alter_waits_for_the_alter_and_for_nobody_who_holds_a_lock(sluice, database):
    database.execute("CREATE TABLE t (id int)")
    with database.transaction("SELECT * FROM t", application_name="report") as report:
        holder = report.get_backend_pid()
        alter = database.background("ALTER TABLE t ADD c int", application_name="pgsluice/x/apply")
        database.wait_for_lock(alter.pid)
        reader = database.background("SELECT * FROM t WHERE 'hidden' = 'hidden'", application_name="shop")
        database.wait_for_lock(reader.pid)
        # What everybody takes for the truth: no lock that was granted is in the reader's way.
        assert not database.query("""
            SELECT h.pid FROM pg_locks w JOIN pg_locks h ON h.relation = w.relation AND h.granted AND h.pid <> w.pid
            WHERE w.pid = %s AND NOT w.granted AND h.mode = 'AccessExclusiveLock'""", reader.pid)
        locks = values(sluice, "locks")
        text = sluice.run("monitor", "locks", migrations=None).ended(0).stdout
    assert shape(locks["forest"]) == [(holder, 0), (alter.pid, 1), (reader.pid, 2)]
    assert edges(locks, alter.pid) == {holder: "hard"}
    assert edges(locks, reader.pid) == {alter.pid: "soft"}
    assert (locks["waiting"], locks["behind_us"]) == (2, 1)
    session, = (session for session in locks["sessions"] if session["pid"] == reader.pid)
    assert session["mode"] == "ACCESS SHARE" and session["relation"] == "public.t" and not session["ours"]
    assert "hidden" not in session["query"]
    assert f"{holder} report, idle in transaction, transaction open for " in text
    assert f"      {alter.pid} pgsluice/x/apply waits " in text and " for ACCESS EXCLUSIVE on relation public.t [ours]" in text
    assert " for ACCESS SHARE on relation public.t, only behind others who wait\n" in text
    alter.result()
    reader.result()


def test_rows_and_prepared_transactions_are_in_the_forest_too(sluice, database):
    database.execute("CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 1), (2, 2)")
    with contextlib.closing(database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("BEGIN; UPDATE t SET n = 5 WHERE id = 1; PREPARE TRANSACTION 'left'")
    with database.transaction("UPDATE t SET n = 6 WHERE id = 2") as writer:
        first = database.background("UPDATE t SET n = 7 WHERE id = 1")
        second = database.background("UPDATE t SET n = 7 WHERE id = 2")
        database.wait_for_lock(first.pid)
        database.wait_for_lock(second.pid)
        locks = values(sluice, "locks")
        transactions = values(sluice, "transactions")
        holder = writer.get_backend_pid()
    database.execute("ROLLBACK PREPARED 'left'")
    first.result()
    second.result()
    assert edges(locks, first.pid) == {0: "hard"}
    assert edges(locks, second.pid) == {holder: "hard"}
    assert sorted(shape(locks["forest"])) == sorted([(0, 0), (first.pid, 1), (holder, 0), (second.pid, 1)])
    assert [prepared["gid"] for prepared in transactions["prepared"]] == ["left"]


def test_a_long_queue_is_one_chain(sluice, database):
    database.execute("CREATE TABLE t (id int)")
    with database.transaction("SELECT * FROM t") as report:
        queue = []
        for sql in ("ALTER TABLE t ADD a int", "SELECT 1 FROM t", "ALTER TABLE t ADD b int", "SELECT 2 FROM t"):
            queue.append(database.background(sql))
            database.wait_for_lock(queue[-1].pid)
        locks = values(sluice, "locks")
        holder = report.get_backend_pid()
    pids = [waiter.pid for waiter in queue]
    assert edges(locks, pids[2]) == {holder: "hard", pids[0]: "soft", pids[1]: "soft"}
    assert edges(locks, pids[3]) == {pids[0]: "soft", pids[2]: "soft"}
    assert shape(locks["forest"])[0] == (holder, 0)
    assert sorted(pid for pid, _ in shape(locks["forest"])) == sorted([holder, *pids])
    for waiter in queue:
        waiter.result()


# -- sessions --

def test_connections_are_counted_by_state_against_what_ordinary_roles_can_have(sluice, make_cluster):
    own = make_cluster(settings={"max_connections": 20, "superuser_reserved_connections": 4})
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(contextlib.closing(own.connect(application_name="shop")))
        broken = stack.enter_context(contextlib.closing(own.connect(application_name="broken"))).cursor()
        with contextlib.suppress(Exception):
            broken.execute("BEGIN; SELECT 1 / 0")
        found = values(sluice, "connections", database=own.conninfo())
    assert found["usable"] == 16 and found["used"] == 5 and found["free"] == 11 and found["max"] == 20
    assert found["states"] == {"idle": 3, "active": 1, "idle in transaction (aborted)": 1}
    assert {"state": "idle", "application": "shop", "count": 3} in found["groups"]


def test_the_holder_of_the_horizon_is_the_one_that_sees_the_oldest_transaction(sluice, database):
    database.execute("CREATE TABLE t (id int)")
    with database.transaction("", application_name="old but harmless"):
        with database.transaction("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT * FROM t",
                                  application_name="holder"):
            for _ in range(5):
                database.execute("INSERT INTO t VALUES (1)")
            found = values(sluice, "transactions")
    assert found["sessions"][0]["application"] == "old but harmless"
    assert found["sessions"][0]["backend_start"].endswith("Z")
    assert found["horizon"]["name"] == "holder" and found["horizon"]["holds_xids"] >= 5
    assert found["horizon"]["kind"] == "session"


def test_waits_are_those_of_active_sessions_alone(sluice, database):
    database.execute("CREATE TABLE t (id int)")
    with database.transaction("LOCK t"):
        waiter = database.background("SELECT * FROM t")
        database.wait_for_lock(waiter.pid)
        found = values(sluice, "waits")
    waiter.result()
    assert [(event["type"], event["event"], event["count"]) for event in found["events"]] == [("Lock", "relation", 1)]


# -- counters --

def test_workload_counts_what_others_did_between_two_looks(sluice, database):
    database.execute("CREATE TABLE t (id int)")
    running = sluice.start("monitor", "workload", "--watch", "--interval", "300ms", "--format", "json", migrations=None)
    running.wait_for_output('"commits_per_s":0.0')
    for number in range(20):
        database.execute("INSERT INTO t VALUES (%s)", number)
    running.wait_for_output('"deadlocks_total"')

    def documents():
        lines = running.stdout().splitlines()[:-1]
        return [line for line in lines if not any(f'"rows_inserted_per_s":{none}' in line for none in ("0.0", "null"))]
    wait_until(documents, what="rows are seen")
    running.signal(2)
    running.result().ended(130)


def test_checksum_failures_are_null_where_nothing_is_checked(sluice, make_cluster, database):
    own = make_cluster(checksums=False)
    assert values(sluice, "workload", database=own.conninfo())["checksum_failures_total"] is None
    assert values(sluice, "workload")["checksum_failures_total"] == 0


# -- the schema --

def test_an_invalid_index_is_left_over_unless_somebody_builds_it(sluice, database):
    database.execute("CREATE TABLE t (id int)")
    with contextlib.closing(database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO t VALUES (1), (1)")
        with pytest.raises(Exception, match="could not create unique index"):
            cursor.execute("CREATE UNIQUE INDEX CONCURRENTLY broken ON t (id)")
    found = values(sluice, "indexes")
    assert found["left_over"] == 1 and found["invalid"][0]["index"] == "public.broken"
    assert found["invalid"][0]["table"] == "public.t" and not found["invalid"][0]["building"]
    with database.transaction("LOCK t IN ROW EXCLUSIVE MODE"):
        build = database.background("CREATE INDEX CONCURRENTLY slow ON t (id)")
        wait_until(lambda: database.one("SELECT count(*) FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting%'"),
                   what="the build waits for the writer")
        progress = values(sluice, "progress")["commands"][0]
        assert [index["building"] for index in values(sluice, "indexes")["invalid"]] == [True, True]
    build.result()
    assert progress["command"] == "CREATE INDEX CONCURRENTLY" and progress["relation"] == "public.t"
    assert (progress["phase"], progress["phase_number"], progress["phase_count"]) == (
        "waiting for writers before build", 2, 8)
    assert (progress["done"], progress["total"], progress["unit"]) == (0, 1, "sessions")
    assert progress["waits_for"] is not None


def test_a_sequence_ends_where_the_column_ends_that_it_fills(sluice, database):
    database.execute("""CREATE TABLE small (id int PRIMARY KEY); CREATE SEQUENCE s AS bigint OWNED BY small.id;
                        SELECT setval('s', 2000000000); CREATE SEQUENCE round MAXVALUE 10 CYCLE; SELECT setval('round', 9)""")
    found = values(sluice, "sequences")
    assert found["total"] == 1 and found["unreadable"] == 0
    assert found["fullest"] == [{"sequence": "public.s", "last": 2000000000, "first": 1, "end": 2147483647,
                                 "fills": "public.small.id", "used_percent": 93.1}]


def test_sizes_ask_no_table_that_is_locked(sluice, database):
    database.execute("CREATE TABLE t AS SELECT generate_series(1, 20000) AS id; CREATE INDEX i ON t (id); ANALYZE t")
    with database.transaction("LOCK t"):
        found = values(sluice, "sizes")
    assert found["largest"][0]["table"] == "public.t" and found["largest"][0]["rows"] == 20000
    assert found["largest"][0]["bytes"] > found["largest"][0]["index_bytes"] > 0
    assert found["database_bytes"] > found["largest"][0]["bytes"]


# -- replicas --

def test_a_replica_that_replays_nothing_falls_behind_in_time_although_it_reports_nothing(
        sluice, make_cluster, make_standby):
    own = make_cluster()
    standby = make_standby(own)
    own.execute("CREATE TABLE t (id int)")
    standby.execute("SELECT pg_wal_replay_pause()")
    wait_until(lambda: standby.one("SELECT pg_get_wal_replay_pause_state()") == "paused", what="replay is paused")
    own.execute("INSERT INTO t SELECT generate_series(1, 1000)")
    running = sluice.start("monitor", "replicas", "--watch", "--interval", "500ms", "--format", "json",
                           database=own.conninfo(), migrations=None)

    def newest():
        lines = running.stdout().splitlines()
        replicas = json.loads(lines[-2])["samplers"]["replicas"]["values"] if len(lines) > 1 else None
        return replicas and replicas["replicas"][0]
    wait_until(lambda: newest() and (newest()["lag_ms"] or 0) >= 2000, what="the lag grows")
    assert newest()["replay_bytes"] > 0 and newest()["name"] == standby.name and newest()["state"] == "streaming"
    standby.execute("SELECT pg_wal_replay_resume()")
    wait_until(lambda: newest()["lag_ms"] == 0, what="the replica has caught up")
    running.signal(2)
    running.result().ended(130)
    found = values(sluice, "wal", database=standby.conninfo())
    assert found["in_recovery"] is True and found["replay_delay_ms"] is not None


# -- during a run --

def test_an_apply_tells_samples_of_live_and_who_waits_behind_it(live, database, migrations):
    migrations.write("002_more", up="SELECT pg_advisory_xact_lock(77); CREATE TABLE more (id int);")
    live.prove()
    with database.transaction("SELECT pg_advisory_xact_lock(77)", application_name="holder") as holder:
        running = live.start_approved("--format", "json")
        apply = wait_until(lambda: database.one(
            "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'pgsluice/%%/apply' AND wait_event = 'advisory'"),
            what="the apply waits")
        running.wait_for_output('"sampler":"sizes"')
        running.wait_for_output(f'"pid":{apply}')
        assert database.one("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'pgsluice/%%/samples'") == 1
        pid = holder.get_backend_pid()
    result = running.result().ended(0)
    samples = {event["sampler"]: event["values"] for event in result.events("sample")}
    assert set(SAMPLERS) <= samples.keys()
    locks = [event["values"] for event in result.events("sample") if event["sampler"] == "locks"]
    assert any(shape(found["forest"]) == [(pid, 0), (apply, 1)] for found in locks)
    assert not database.one("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'pgsluice/%%'")


def told_locks(output):
    """The values of the samples of locks in the whole lines of what a run has told so far."""
    events = [json.loads(line) for line in output.split("\n")[:-1] if '"sampler":"locks"' in line]
    return [event["values"] for event in events]


def test_a_lost_session_is_told_by_every_sampler_and_then_they_go_on(live, database, migrations):
    migrations.write("002_more", up="SELECT pg_advisory_xact_lock(77); CREATE TABLE more (id int);")
    live.configure(lock_timeout="60s", lock_budget="60s")
    live.prove()
    with database.transaction("SELECT pg_advisory_xact_lock(77)"):
        running = live.start_approved("--format", "json")
        running.wait_for_output('"sampler":"sizes"')
        pid = database.wait_for_session("pgsluice/%/samples")
        database.execute("SELECT pg_terminate_backend(%s)", pid)
        running.wait_for_output('"unavailable":')
        wait_until(lambda: "waiting" in told_locks(running.stdout())[-1], what="the locks are seen again")
    result = running.result().ended(0)
    assert {event["sampler"] for event in result.events("sample") if "unavailable" in event["values"]} == set(SAMPLERS)
    locks = told_locks(result.stdout)
    lost = [index for index, told in enumerate(locks) if "unavailable" in told]
    assert lost[0] > 0 and "waiting" in locks[lost[-1] + 1]
    # The first while it is idle, the second while it is asked.
    assert locks[lost[0]]["unavailable"] in ("the connection to the server was lost",
                                             "terminating connection due to administrator command")


def test_a_short_apply_is_not_sampled(live, migrations):
    migrations.write("002_more", up="CREATE TABLE more (id int);")
    result = live.batch("--approve", live.prove(), "--format", "json").ended(0)
    took = [event["duration_ms"] for event in result.events("step") if event["phase"] == "end"]
    if sum(took) < 500:
        assert not {event["sampler"] for event in result.events("sample")} & {"sizes", "sequences", "wraparound"}


def test_what_a_run_may_not_see_of_live_is_told_with_what_it_needs(live, database, migrations, cluster):
    role = f"operator_{database.name}"
    cluster.execute(f"CREATE ROLE {role} LOGIN; GRANT pg_read_all_data, pg_read_all_stats TO {role}")
    database.execute(f"GRANT CREATE ON DATABASE {database.name} TO {role}; ALTER TABLE schema_migrations OWNER TO {role};"
                     f"GRANT CREATE, USAGE ON SCHEMA public TO {role}")
    migrations.write("002_more", up="SELECT pg_advisory_xact_lock(77); CREATE TABLE more (id int);")
    live.configure(**{"not-checked.preflight.disk": "a managed server"})
    operator = database.conninfo(user=role)
    plan = live.batch("--format", "json", database=operator).ended(12).events("plan")[0]["plan_id"]
    with database.transaction("SELECT pg_advisory_xact_lock(77)"):
        running = live.start("--approve", plan, "--format", "json", database=operator)
        running.wait_for_output('"sampler":"sizes"')
        running.wait_for_output('"sampler":"wal_files"')
    samples = {event["sampler"]: event["values"] for event in running.result().ended(0).events("sample")}
    assert samples["wal_files"] == {"unavailable": "needs pg_monitor"}
    assert samples["connections"]["used"] > 0


# -- rights --

def test_a_role_without_rights_is_told_so_and_gets_no_figure_that_is_too_small(sluice, database):
    database.execute("CREATE ROLE outsider LOGIN; CREATE SEQUENCE s")
    try:
        samples = measured(sluice, database=database.conninfo(user="outsider"))
        text = sluice.run("monitor", database=database.conninfo(user="outsider"), migrations=None).ended(0).stdout
        database.execute("GRANT pg_monitor TO outsider")
        granted = measured(sluice, database=database.conninfo(user="outsider"))
    finally:
        database.execute("REVOKE ALL ON DATABASE postgres FROM outsider; DROP ROLE outsider")
    needy = {"connections", "waits", "locks", "transactions", "progress", "wal_files", "replicas", "vacuum"}
    assert {name for name, sample in samples.items() if sample["state"] == "n/a"} == needy | {"sequences"}
    for name in needy:
        assert samples[name]["reason"] == "needs pg_monitor" and samples[name]["values"] is None
        assert f"{name}: n/a (needs pg_monitor)\n" in text
    assert samples["sequences"]["reason"] == "needs SELECT on the sequences"
    assert {name for name, sample in granted.items() if sample["state"] == "n/a"} == {"sequences"}


def test_every_sampler_answers_and_has_the_same_members_on_an_empty_server(sluice):
    samples = measured(sluice)
    assert list(samples) == SAMPLERS
    for name, sample in samples.items():
        assert sample["state"] == "ok" and sample["failed"] == 0 and sample["values"], (name, sample)
        assert list(sample) == ["state", "reason", "age_ms", "interval_ms", "cost_us", "taken", "skipped", "failed",
                                "values"]
    assert {name: list(sample["values"]) for name, sample in samples.items()} == {
        "connections": ["used", "usable", "free", "used_percent", "max", "reserved", "states", "groups"],
        "waits": ["active", "events"],
        "locks": ["waiting", "longest_wait_ms", "behind_us", "behind_us_ms", "forest", "sessions"],
        "transactions": ["open", "oldest_ms", "sessions", "prepared", "horizon"],
        "workload": ["commits_per_s", "rollbacks_per_s", "rows_returned_per_s", "rows_fetched_per_s",
                     "rows_inserted_per_s", "rows_updated_per_s", "rows_deleted_per_s", "temp_bytes_per_s",
                     "cache_hit_percent", "busy_sessions", "temp_files", "deadlocks", "conflicts", "commits_total",
                     "rollbacks_total", "rows_returned_total", "rows_fetched_total", "rows_inserted_total",
                     "rows_updated_total", "rows_deleted_total", "blocks_hit_total", "blocks_read_total",
                     "temp_bytes_total", "deadlocks_total", "checksum_failures_total", "interval_ms"],
        "progress": ["commands"],
        "wal": ["in_recovery", "position_bytes", "bytes_per_s", "records_per_s", "full_pages_per_s", "buffers_full",
                "replay_delay_ms", "archiver"],
        "checkpoints": ["timed", "requested", "timed_total", "requested_total", "done_total", "write_ms_total",
                        "sync_ms_total", "buffers_written_total", "buffers_cleaned_total", "cleaning_halted_total"],
        "wal_files": ["files", "bytes", "ready", "max_wal_bytes"],
        "replicas": ["replicas"],
        "slots": ["slots"],
        "vacuum": ["autovacuum", "max_workers", "workers", "most_dead"],
        "wraparound": ["oldest_xids", "oldest_multixacts", "forced_vacuum_percent", "forced_multixact_percent",
                       "databases", "tables"],
        "indexes": ["left_over", "invalid"],
        "sequences": ["total", "unreadable", "fullest"],
        "sizes": ["database_bytes", "growth_bytes_per_s", "largest"],
    }


def test_measuring_leaves_no_transaction_id_behind(sluice, make_cluster):
    own = make_cluster()
    database = own.create_database()
    with own.no_transaction_ids():
        sluice.run("monitor", database=database, migrations=None).ended(0)


def test_a_pooler_in_the_path_is_told(sluice, make_pooler, cluster, database):
    pooler = make_pooler(cluster)
    result = sluice.run("monitor", database=pooler.conninfo(database.name), migrations=None).ended(2)
    assert "a connection pooler is in the path" in result.stderr


def test_a_password_is_never_printed(sluice):
    result = sluice.run("monitor", database=conninfo(host="/nowhere", user="x", password="hidden"), migrations=None)
    assert result.ended(22) and "hidden" not in result.stdout + result.stderr
