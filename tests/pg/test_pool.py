"""`pool`: PgBouncer's pools, looked at through its console; and a ramp that finds how large they should be."""

import re

import psycopg2
import pytest

from harness.gates import ADD, live  # noqa: F401
from harness.pool_client import client  # noqa: F401
from harness.wait import wait_until


def run(sluice, *options):
    return sluice.run("pool", *options, database=None, migrations=None)


def look(sluice, bouncer, *options, duration="100ms"):
    return run(sluice, "--bouncer", bouncer.conninfo("pgbouncer"), "--duration", duration, *options)


def pool(sluice, bouncer, exit_code, duration="100ms"):
    """What it said, as JSON."""
    return look(sluice, bouncer, "--format", "json", duration=duration).ended(exit_code).json()["bouncer"]


def of(document, database):
    return next(load for load in document["databases"] if load["database"] == database.name)


@pytest.fixture
def console():
    """console(bouncer) asks its console: a row as a dictionary."""
    opened = []

    def connect(bouncer):
        connection = psycopg2.connect(bouncer.conninfo("pgbouncer"))
        connection.autocommit = True
        opened.append(connection)

        def ask(sql, **wanted):
            with connection.cursor() as cursor:
                cursor.execute(sql)
                names = [column.name for column in cursor.description or []]
                rows = [dict(zip(names, row)) for row in cursor.fetchall()] if names else []
            return [row for row in rows if all(row[key] == value for key, value in wanted.items())]
        return ask
    yield connect
    for connection in opened:
        connection.close()


# ---- what is measured ----

def test_busy_servers_are_those_that_transactions_hold(sluice, database, cluster, make_pooler, client):
    bouncer = make_pooler(cluster, default_pool_size=4)
    for _ in range(2):
        client(bouncer, database, "SELECT pg_sleep(0.02)")
    document = pool(sluice, bouncer, 0, duration="2s")
    load = of(document, database)
    # Two clients that always ask: each holds a server for nearly all the time.
    assert 1.3 <= load["busy"] <= 2.05
    assert load["utilisation"] == pytest.approx(load["busy"] / 4, abs=0.002)
    assert 20 <= load["transaction_ms"] <= 60
    assert load["transactions_per_s"] * load["transaction_ms"] / 1000 == pytest.approx(load["busy"], abs=0.01)
    assert (load["mode"], load["pools"], load["capacity"], load["clients"], load["waiting"]) == \
        ("transaction", 1, 4, 2, 0)
    assert load["wait_ms"] < 20
    assert load["state"] == "good" and "advice" not in load
    assert re.match(r"[12]\.\d of 4 servers are busy on average \(\d\d %\)$", load["verdict"])
    assert document["settings"] == {"pool_mode": "transaction", "default_pool_size": 4, "reserve_pool_size": 0,
                                    "max_client_conn": 100, "query_wait_timeout_s": 120}
    assert document["version"].count(".") == 2
    assert 2 <= document["seconds"] < 10


def test_a_pool_that_is_too_small_is_bad_and_its_wait_is_told(sluice, database, cluster, make_pooler, client):
    bouncer = make_pooler(cluster, default_pool_size=1)
    for _ in range(4):
        client(bouncer, database, "SELECT pg_sleep(0.05)")
    load = of(pool(sluice, bouncer, 11, duration="2s"), database)
    # The time of a transaction that PgBouncer counts has the wait in it: no more than one server can be busy.
    assert 0.85 < load["busy"] <= 1
    assert 40 <= load["transaction_ms"] < 100
    assert load["state"] == "bad"
    # Three others come first, each time.
    assert 100 <= load["wait_ms"] <= 400
    assert load["clients"] == 4


def test_clients_that_no_server_is_given_to_are_seen_though_nothing_counts_them(sluice, database, cluster, make_pooler,
                                                                               client, console):
    bouncer = make_pooler(cluster, default_pool_size=1)
    ask = console(bouncer)
    with database.connect() as holder:
        holder.cursor().execute("SELECT pg_advisory_xact_lock(1)")
        client(bouncer, database, "SELECT pg_advisory_lock(1), pg_advisory_unlock(1)")
        wait_until(lambda: ask("SHOW POOLS", database=database.name, sv_active=1), 30, "the server is taken")
        for _ in range(2):
            client(bouncer, database, "SELECT 1")
        wait_until(lambda: [row for row in ask("SHOW POOLS", database=database.name, cl_waiting=2)
                            if row["maxwait"] >= 1], 30, "two wait, the first for a second")
        result = look(sluice, bouncer, "--format", "json").ended(11)
    load = of(result.json()["bouncer"], database)
    assert (load["waiting"], load["servers_taken"], load["busy"], load["state"]) == (2, 1, 0, "bad")
    assert load["longest_wait_ms"] >= 1000
    assert load["verdict"].startswith("2 client(s) wait for a server, the first for ")
    assert load["verdict"].endswith(": all 1 are taken")
    assert f'database "{database.name}": 2 client(s) wait for a server' in result.stderr


def test_a_paused_database_is_told(sluice, database, cluster, make_pooler, console):
    bouncer = make_pooler(cluster)
    with psycopg2.connect(bouncer.conninfo(database.name)) as connection:
        connection.cursor().execute("SELECT 1")
        connection.commit()
        console(bouncer)(f"PAUSE {database.name}")
        load = of(pool(sluice, bouncer, 0), database)
        console(bouncer)(f"RESUME {database.name}")
    connection.close()
    assert (load["state"], load["verdict"]) == ("tight", "it is paused, and 0 client(s) wait")


def test_it_says_the_same_to_people(sluice, database, cluster, make_pooler, client):
    bouncer = make_pooler(cluster, default_pool_size=4)
    client(bouncer, database, "SELECT pg_sleep(0.02)")
    result = look(sluice, bouncer, duration="1s").ended(0)
    lines = result.stdout.splitlines()
    assert lines[0].startswith("PgBouncer 1.") and ": looked at for 1.0 s" in lines[0]
    assert lines[1].startswith(f"{database.name}: transaction pooling, 1 pool(s), 1 clients, 1 of 4 servers open")
    assert "transactions a second of 2" in lines[2]
    assert lines[3].startswith("good: ") and "of 4 servers are busy on average" in lines[3]


# ---- what is refused ----

def test_a_server_is_not_a_console(sluice, database):
    result = run(sluice, "--bouncer", database.conninfo()).ended(2)
    assert 'database "pgbouncer" does not exist' in result.stderr
    assert "Give the address of PgBouncer, with a user of its admin_users or stats_users." in result.stderr


def test_a_user_who_may_not_look_is_told(sluice, cluster, make_pooler):
    bouncer = make_pooler(cluster, admin_users="somebody")
    result = run(sluice, "--bouncer", bouncer.conninfo("pgbouncer")).ended(2)
    assert "not allowed" in result.stderr
    assert "with a user of its admin_users or stats_users." in result.stderr


def test_it_has_to_be_told_where(sluice):
    result = run(sluice).ended(2)
    assert "there is nothing to measure" in result.stderr
    result = run(sluice, "--bouncer", "host=/nowhere", "SELECT 1").ended(2)
    assert "queries are asked in a ramp, which needs --on" in result.stderr


def test_nobody_there_is_unreachable(sluice, folder):
    result = run(sluice, "--bouncer", f"host={folder} port=1 user=nobody").ended(22)
    assert "could not connect" in result.stderr


# ---- the ramp ----

# One at a time, whoever asks: with more sessions each only waits.
ONE_BY_ONE = """CREATE FUNCTION one_by_one() RETURNS int LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_advisory_xact_lock(4711); PERFORM pg_sleep(0.01); RETURN 1; END $$"""


def ramp(sluice, exit_code, *options, duration="500ms"):
    """What it said, as JSON."""
    return sluice.run("pool", "--format", "json", "--duration", duration, *options).ended(exit_code).json()


def on_live(database):
    return ("--on", "live", "--confirm", database.name)


def setting(document, name):
    return next(row for row in document["settings"] if row["name"] == name)


def test_the_knee_is_where_more_sessions_only_wait(sluice, database):
    database.execute(ONE_BY_ONE)
    document = ramp(sluice, 0, *on_live(database), "SELECT one_by_one()")["ramp"]
    assert [step["sessions"] for step in document["steps"]] == [1, 2, 3]
    assert (document["found"], document["sessions"], document["on"]) == (True, 1, "live")
    first, *_, last = document["steps"]
    assert last["p95_us"] > 2 * first["p95_us"]
    assert setting(document, "default_pool_size")["value"] == "1"
    assert setting(document, "default_pool_size")["why"].startswith("the knee is at 1 session(s): ")
    # So many that ask at once are answered within the budget of two seconds.
    assert int(setting(document, "max_client_conn")["value"]) == pytest.approx(first["throughput"] * 2, abs=1)
    assert {row["name"] for row in document["settings"]} >= {"reserve_pool_size", "query_wait_timeout"}
    assert all(row["why"] for row in document["settings"])
    assert len(document["hints"]) == 2


def test_without_a_knee_it_says_so(sluice, database):
    document = ramp(sluice, 0, *on_live(database), "--concurrency", "4", "SELECT pg_sleep(0.05)")["ramp"]
    assert [step["sessions"] for step in document["steps"]] == [1, 2, 3, 4]
    assert (document["found"], document["sessions"]) == (False, 4)
    assert document["text"].startswith("there is no knee up to 4 session(s): ")


def test_a_server_that_takes_no_more_sessions_ends_the_ramp(sluice, database):
    role = f"visitor_{database.name}"
    database.execute(f"ALTER DATABASE {database.name} CONNECTION LIMIT 2; CREATE ROLE {role} LOGIN")
    document = ramp(sluice, 0, "-d", database.conninfo(user=role), *on_live(database),
                    "SELECT pg_sleep(0.05)")["ramp"]
    assert [step["sessions"] for step in document["steps"]] == [1, 2]
    assert document["ended"].startswith("3 sessions were refused: ")


def test_live_is_measured_only_when_it_is_named(sluice, database):
    told = sluice.run("pool", "--on", "live", "SELECT 1").ended(2)
    assert "a ramp takes all that live can give, which needs --confirm DATABASE" in told.stderr
    told = sluice.run("pool", "--on", "live", "--confirm", "other", "SELECT 1").ended(2)
    assert f'--confirm names "other", and the database is "{database.name}"' in told.stderr


def test_errors_leave_nothing_to_say(sluice, database):
    told = sluice.run("pool", *on_live(database), "--duration", "100ms", "SELECT 1 / 0").ended(11)
    assert "the ramp says nothing: no step was without errors" in told.stderr


def test_what_writes_is_refused(sluice, database):
    sluice.run("pool", *on_live(database), "CREATE TABLE t ()").ended(10)


def test_on_the_copy_canaries_find_the_operators_names(live, database, migrations):  # noqa: F811
    migrations.write("002_more", up=ADD)
    (migrations.path / "canaries").mkdir()
    (migrations.path / "canaries" / "items.sql").write_text("SELECT count(*) FROM items;\n", encoding="utf-8")
    live.batch("--stop-before", "rehearsal").ended(0)
    told = live.sluice.run("pool", "--on", "copy", "--duration", "200ms", "--concurrency", "2", "--format",
                           "json").ended(0)
    document = told.json()["ramp"]
    assert (document["on"], [step["failed"] for step in document["steps"]]) == ("copy", [0, 0])
    assert database.name in document["place"]


def test_what_pgbouncer_has_now_enters_the_advice(sluice, database, cluster, make_pooler, client):
    bouncer = make_pooler(cluster, default_pool_size=4)
    client(bouncer, database, "SELECT pg_sleep(0.02)")
    database.execute(ONE_BY_ONE)
    document = ramp(sluice, 0, "--bouncer", bouncer.conninfo("pgbouncer"), *on_live(database), "SELECT one_by_one()")
    assert of(document["bouncer"], database)["state"] == "good"
    assert setting(document["ramp"], "default_pool_size")["value"] == "1"
