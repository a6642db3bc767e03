"""`smoke`: queries asked by many sessions at once, and what is told of how long they took."""

import contextlib
import os
import re
import signal
import time

import pytest

from harness.cluster import is_alive
from harness.wait import wait_until

SLOW = "SELECT pg_sleep(0.05)"


def smoke(sluice, exit_code, *options, **more):
    """What it measured, as JSON."""
    return sluice.run("smoke", "--format", "json", *options, **more).ended(exit_code).json()


def canary(migrations, name, sql, *header):
    folder = migrations.path / "canaries"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.sql").write_text("".join(f"-- {line}\n" for line in header) + sql + ";\n")


def figures(document, name):
    return next(query for query in document["queries"] if query["name"] == name)


def sessions(database, state="%"):
    """Those that measure: what they ask begins in capitals here, what one of ours asks at its start does not."""
    return [row[0] for row in database.query(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'pgsluice' AND datname = %s AND state LIKE %s "
        "AND query LIKE 'SELECT%%' AND backend_type = 'client backend'", database.name, state)]


def wait_for_sessions(database, count, state="%"):
    return wait_until(lambda: (found := sessions(database, state)) and len(found) >= count and found, 30,
                      f"{count} sessions that are {state}")


def values(histogram):
    """How many values are in it, counted from its cells."""
    return sum(histogram["cells"][1::2])


# ---- what is counted ----

def test_every_query_asked_for_is_run_once(sluice, database):
    document = smoke(sluice, 0, "--count", "137", "--concurrency", "5", "SELECT 4711")
    query = figures(document, "query 1")
    assert (query["done"], query["failed"], query["omitted"], values(query["histogram"])) == (137, 0, 0, 137)
    assert document["sessions"] == 5
    log = database.cluster.log()
    assert len(re.findall(r"execute s1: SELECT 4711\b", log)) == 137


def test_canaries_are_the_mix_each_as_often_as_it_says(sluice, migrations):
    canary(migrations, "often", "SELECT 1", "frequency: 30/s")
    canary(migrations, "seldom", "SELECT 2", "frequency: 10/s")
    document = smoke(sluice, 0, "--count", "80", "--concurrency", "3")
    assert {query["name"]: query["done"] for query in document["queries"]} == {"often": 60, "seldom": 20}
    assert document["total"]["done"] == 80
    assert smoke(sluice, 0, "canaries", "--count", "8")["total"]["done"] == 8


def test_parameters_reach_the_server(sluice, migrations, database):
    database.execute("CREATE TABLE words (id int, word text); INSERT INTO words VALUES (7, 'it''s')")
    canary(migrations, "found", "SELECT 1 / count(*) FROM words WHERE id = $1 AND word = $2 AND $3::int IS NULL",
           "parameters: 7, 'it''s', null")
    canary(migrations, "not found", "SELECT 1 / count(*) FROM words WHERE id = $1", "parameters: 8")
    document = smoke(sluice, 11, "--count", "20")
    assert (figures(document, "found")["done"], figures(document, "found")["failed"]) == (10, 0)
    assert figures(document, "not found")["errors"] == [
        {"sqlstate": "22012", "message": "division by zero", "count": 10}]


def test_time_ends_it_and_latency_is_what_the_query_took(sluice):
    document = smoke(sluice, 0, "--duration", "1s", "--concurrency", "2", SLOW)
    query = figures(document, "query 1")
    assert 1000 <= document["elapsed_ms"] < 3000
    assert 10 <= query["done"] <= 42
    assert query["p50_ms"] >= 50
    assert query["p50_ms"] <= query["p90_ms"] <= query["p95_ms"] <= query["p99_ms"] <= query["max_ms"]
    assert document["throughput"] == pytest.approx(query["done"] / document["elapsed_ms"] * 1000, rel=0.01)


def test_a_rate_is_kept(sluice):
    document = smoke(sluice, 0, "--duration", "2s", "--rate", "100", "--concurrency", "4", "SELECT 1")
    assert document["total"]["done"] + document["total"]["omitted"] == 200
    assert document["rate"] == 100.0
    assert document["elapsed_ms"] >= 1900


def test_errors_are_counted_by_sqlstate(sluice, database):
    database.execute("CREATE FUNCTION moody() RETURNS int LANGUAGE plpgsql AS $$ BEGIN "
                     "IF random() < 0 THEN RETURN 1; END IF; RAISE EXCEPTION 'not today' USING ERRCODE = 'P0007'; END $$")
    result = sluice.run("smoke", "--format", "json", "--count", "30", "--concurrency", "3", "SELECT moody()",
                        "SELECT 1", "SELECT 1/0").ended(11)
    document = result.json()
    assert figures(document, "query 1")["errors"] == [{"sqlstate": "P0007", "message": "not today", "count": 10}]
    assert figures(document, "query 2")["done"] == 10
    assert figures(document, "query 3")["errors"][0]["sqlstate"] == "22012"
    assert {(error["sqlstate"], error["count"]) for error in document["total"]["errors"]} == {("P0007", 10), ("22012", 10)}
    assert "20 of 30 queries failed" in result.stderr
    assert figures(document, "query 1")["histogram"]["count"] == 0


def test_a_query_that_cannot_be_prepared_takes_no_part(sluice):
    document = smoke(sluice, 11, "--count", "10", "--concurrency", "4", "SELECT nope", "SELECT 1")
    assert figures(document, "query 1")["errors"] == [
        {"sqlstate": "42703", "message": 'column "nope" does not exist', "count": 1}]
    assert figures(document, "query 2")["done"] == 10


def test_a_query_that_never_ends_is_stopped_and_counts_with_its_time(sluice):
    document = smoke(sluice, 11, "--count", "2", "--timeout", "300ms", "SELECT pg_sleep(600)")
    query = figures(document, "query 1")
    assert [(error["sqlstate"], error["count"]) for error in query["errors"]] == [("57014", 2)]
    assert query["p50_ms"] >= 300


# ---- the tail ----

def test_more_queries_than_can_be_answered_show_as_waiting(sluice):
    """20 a second can be answered, 100 are due: half of them wait for more than about 0.4 s."""
    document = smoke(sluice, 0, "--duration", "1s", "--rate", "100", SLOW)
    total = document["total"]
    assert total["done"] + total["omitted"] == 100
    assert total["omitted"] >= 60
    assert total["p50_ms"] > 300
    assert total["max_ms"] > 700
    assert values(total["histogram"]) == 100
    assert values(total["service_histogram"]) == total["done"]


def stand_still(pid, seconds):
    os.kill(pid, signal.SIGSTOP)
    end = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() >= end, seconds + 5)
    os.kill(pid, signal.SIGCONT)


def test_a_standstill_shows_in_the_corrected_tail(sluice, database):
    """A second of three: the answers to a third of the queries came up to a second late, although one took long."""
    run = sluice.start("smoke", "--format", "json", "--duration", "3s", "--rate", "200", "SELECT 1")
    stand_still(wait_for_sessions(database, 1)[0], 1)
    total = run.result().ended(0).json()["total"]
    assert total["done"] + total["omitted"] == 600
    assert total["p90_ms"] > 400
    assert total["max_ms"] > 990
    service = total["service_histogram"]
    assert service["most_us"] > 990000
    # Without the correction nearly all is well: one value of 600 above half a second, or few on a busy machine.
    cells, at, over = service["cells"], 0, 0
    for gap, count in zip(cells[::2], cells[1::2]):
        at += gap
        # 500 ms: 2^18 = 262,144 us begins the doubling, in cells of 2,048 us behind 256 + 10 * 128 cells.
        over += count if at >= 256 + 10 * 128 + (500000 - 262144) // 2048 else 0
    assert 1 <= over <= 3


def test_a_server_that_stands_still_for_good_is_given_up(sluice, database):
    run = sluice.start("smoke", "--format", "json", "--count", "1000000", "--timeout", "500ms", "SELECT 1")
    pid = wait_for_sessions(database, 1)[0]
    os.kill(pid, signal.SIGSTOP)
    try:
        result = run.result().ended(22)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert "the server gave no answer within 2 s" in result.stderr
    query = figures(result.json(), "query 1")
    assert query["errors"] == [{"sqlstate": "", "message": "no answer until the end", "count": 1}]
    assert query["max_ms"] > 1500


# ---- what may be sent ----

@pytest.mark.parametrize("sql, message", [
    ("INSERT INTO notes VALUES (1)", 'query "query 1": INSERT does more than read'),
    ("SELECT * FROM notes FOR UPDATE", 'query "query 1": SELECT does more than read'),
    ("WITH gone AS (DELETE FROM notes RETURNING id) SELECT * FROM gone", 'query "query 1": SELECT does more than read'),
    ("SELECT nextval('notes_seq')", 'query "query 1": SELECT does more than read'),
    ("SELECT 1; DROP TABLE notes", 'query "query 1": there are 2 statements here, and one query is wanted'),
    ("DROP TABLE notes", 'query "query 1": DROP TABLE is no query that can be explained'),
    ("SELECT set_config('default_transaction_read_only', 'off', false)",
     'query "query 1" changes settings of its session'),
    ("SELECT $1::int", 'query "query 1" has 1 parameter(s), and 0 value(s) are given'),
    ("", 'query "query 1": there is no query here'),
])
def test_what_is_no_reading_query_is_refused_before_anything_is_sent(sluice, database, sql, message):
    database.execute("CREATE TABLE notes (id int); INSERT INTO notes VALUES (1); CREATE SEQUENCE notes_seq")
    result = sluice.run("smoke", "--count", "1", sql).ended(10)
    assert message in result.stderr
    assert database.one("SELECT count(*) FROM notes") == 1
    assert database.one("SELECT is_called FROM notes_seq") is False


def test_a_function_that_writes_is_refused_by_the_server(sluice, database):
    database.execute("CREATE TABLE notes (id int); CREATE FUNCTION note() RETURNS void LANGUAGE sql AS "
                     "'INSERT INTO notes VALUES (1)'")
    document = smoke(sluice, 11, "--count", "3", "SELECT note()")
    assert [(error["sqlstate"], error["count"]) for error in document["total"]["errors"]] == [("25006", 3)]
    assert database.one("SELECT count(*) FROM notes") == 0


def test_a_session_that_a_function_made_writable_is_given_up(sluice, database):
    if database.one("SELECT current_setting('server_version_num')::int") < 140000:
        pytest.skip("the server does not report the setting")
    database.execute("CREATE TABLE notes (id int); CREATE FUNCTION open_up() RETURNS text LANGUAGE sql AS "
                     "$$ SELECT set_config('default_transaction_read_only', 'off', false) $$; "
                     "CREATE FUNCTION note() RETURNS void LANGUAGE sql AS 'INSERT INTO notes VALUES (1)'")
    document = smoke(sluice, 11, "--count", "6", "SELECT open_up()", "SELECT note()")
    assert figures(document, "query 1")["errors"][0]["message"] == (
        "the session's transactions were made writable by a statement")
    assert document["lost"] >= 2
    assert database.one("SELECT count(*) FROM notes") == 0


def test_nothing_on_the_server_is_given_a_transaction_id(sluice, make_cluster):
    own = make_cluster()
    database = own.create_database()
    database.execute("CREATE TABLE notes (id int); INSERT INTO notes SELECT generate_series(1, 100)")
    database.execute("VACUUM notes")
    with own.no_transaction_ids():
        smoke(sluice, 0, "--count", "100", "--concurrency", "4", "SELECT sum(id) FROM notes", database=database)


def test_the_configured_role_asks(sluice, database, migrations):
    database.execute("DROP ROLE IF EXISTS smoke_reader; CREATE ROLE smoke_reader; CREATE TABLE notes (id int)")
    configuration = migrations.path / "pgsluice.conf"
    configuration.write_text("role = smoke_reader\n")
    document = smoke(sluice, 11, "-c", configuration, "--count", "1", "SELECT * FROM notes")
    assert document["total"]["errors"][0]["sqlstate"] == "42501"
    database.execute("GRANT SELECT ON notes TO smoke_reader")
    smoke(sluice, 0, "-c", configuration, "--count", "1", "SELECT * FROM notes")


# ---- how it ends ----

@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stop_ends_it_with_what_was_measured(sluice, database, number, code):
    run = sluice.start("smoke", "--format", "json", "--duration", "10min", "--timeout", "10min", "--concurrency", "3",
                       "SELECT 1", "SELECT 2", "SELECT pg_sleep(600)")
    wait_until(lambda: database.one("SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND state = 'active' "
                                    "AND wait_event = 'PgSleep'", database.name) == 3, 30, "three that sleep")
    run.signal(number)
    result = run.result().ended(code)
    document = result.json()
    assert (figures(document, "query 1")["done"], figures(document, "query 2")["done"]) == (3, 3)
    assert document["total"]["failed"] == 0
    assert "What was measured up to then is shown." in result.stderr
    assert result.duration_s < 30
    wait_until(lambda: not sessions(database), 30, "no session is left")


def test_a_stop_does_not_wait_for_a_server_that_stands_still(sluice, make_cluster):
    own = make_cluster()
    database = own.create_database()
    run = sluice.start("smoke", "--format", "json", "--duration", "10min", "--concurrency", "2", SLOW, database=database)
    wait_for_sessions(database, 2, "active")
    pids = [own.server.pid, *own.children()]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        run.signal(signal.SIGINT)
        run.result(60).ended(130)
        assert time.monotonic() - began < 20
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def test_a_budget_that_is_not_kept_is_told(sluice, migrations):
    canary(migrations, "slow one", "SELECT pg_sleep(0.03)", "budget: 10ms")
    canary(migrations, "quick one", "SELECT 1", "budget: 10s")
    result = sluice.run("smoke", "--count", "10").ended(11)
    assert 'error: 1 of 2 queries over budget: p95 of "slow one" is ' in result.stderr
    assert re.search(r"over budget slow one: p95 is \d+(\.\d+)? ms, and its budget is 10 ms", result.stdout)
    document = smoke(sluice, 0, "--count", "10", "--budget", "20s")
    assert [query["budget_ms"] for query in document["queries"]] == [20000, 20000]
    assert all(query["in_budget"] for query in document["queries"])


def test_without_canaries_and_queries_there_is_nothing_to_run(sluice, migrations):
    result = sluice.run("smoke", "--count", "10").ended(2)
    assert f'there is nothing to run: "{migrations.path}/canaries" has no canaries' in result.stderr
    canary(migrations, "unknown", "SELECT $1::int")
    result = sluice.run("smoke", "--count", "10").ended(2)
    assert "left out unknown: it has parameters, and no values are given for them" in result.stderr
    assert "no query has values for its parameters" in result.stderr


def test_a_file_has_its_own_name_and_budget(sluice, folder):
    path = folder / "mine.sql"
    path.write_text("-- budget: 1ms\n-- parameters: 20\nSELECT pg_sleep($1::float / 1000);\n")
    document = smoke(sluice, 11, "-f", path, "--count", "3")
    assert (document["queries"][0]["name"], document["queries"][0]["budget_ms"]) == ("mine", 1)
    with open(path, encoding="utf-8") as stdin:
        document = smoke(sluice, 0, "-f", "-", "--budget", "10s", "--count", "3", stdin=stdin)
    assert document["queries"][0]["name"] == "standard input"


def test_too_many_sessions_for_the_server(sluice, make_cluster):
    own = make_cluster(settings={"max_connections": 8, "superuser_reserved_connections": 1, "max_wal_senders": 0})
    result = sluice.run("smoke", "--concurrency", "20", "--count", "1", "SELECT 1",
                        database=own.create_database()).ended(22)
    assert re.search(r"could not open 20 sessions: could not connect to .*(too many clients|remaining connection slots)",
                     result.stderr)
    assert result.stdout == ""


def test_a_server_that_goes_and_comes_back_is_counted_and_measured_on(sluice, make_cluster):
    own = make_cluster()
    database = own.create_database()
    run = sluice.start("smoke", "--format", "json", "--duration", "10min", "--rate", "50", "--concurrency", "3",
                       "--timeout", "60s", "SELECT 1", database=database)
    wait_for_sessions(database, 3)
    own.restart("immediate")
    wait_for_sessions(database, 3)
    wait_until(lambda: database.one("SELECT xact_commit > 200 FROM pg_stat_database WHERE datname = current_database()"), 30)
    run.signal(signal.SIGINT)
    document = run.result().ended(130).json()
    assert document["lost"] == 3
    assert document["total"]["done"] > 50


def test_a_server_that_does_not_come_back_ends_it(sluice, make_cluster):
    own = make_cluster()
    database = own.create_database()
    run = sluice.start("smoke", "--format", "json", "--duration", "10min", "--timeout", "1s", "--concurrency", "2",
                       "SELECT pg_sleep(0.01)", database=database)
    wait_for_sessions(database, 2)
    wait_until(lambda: database.one("SELECT xact_commit > 50 FROM pg_stat_database WHERE datname = current_database()"), 30)
    own.stop("immediate")
    result = run.result().ended(22)
    document = result.json()
    assert "the server went away and did not come back within 1 s" in result.stderr
    assert document["lost"] == 2
    assert document["refused"] > 0
    assert document["total"]["done"] > 0


def test_one_session_that_is_ended_is_opened_anew(sluice, database):
    run = sluice.start("smoke", "--format", "json", "--count", "60", "--concurrency", "2", SLOW)
    pid = wait_for_sessions(database, 2, "active")[0]
    database.execute("SELECT pg_terminate_backend(%s)", pid)
    wait_until(lambda: pid not in sessions(database) and len(sessions(database)) == 2, 30, "a new session")
    result = run.result().ended(11)
    document = result.json()
    assert [(error["sqlstate"], error["count"]) for error in document["total"]["errors"]] == [("57P01", 1)]
    assert (document["lost"], document["total"]["done"]) == (1, 59)
    assert not is_alive(pid)


def test_text_form_has_figures_and_the_histogram(sluice):
    result = sluice.run("smoke", "--count", "20", "--concurrency", "2", SLOW, "SELECT 1").ended(0)
    lines = result.stdout.splitlines()
    assert "2 session(s), each asks again when it is answered" in lines[0]
    assert re.match(r"query +done +p50 +p90 +p95 +p99 +max$", lines[1])
    assert re.match(r"query 1 +10( +\d+(\.\d+)? (us|ms|s)){5}$", lines[2])
    assert re.match(r"all +20( +\d+(\.\d+)? (us|ms|s)){5}$", lines[4])
    assert re.search(r"32\.8 ms to  65\.5 ms \|#+ *\| +\d+\.\d % +\d+", result.stdout)
    assert re.search(r"\d+\.\d queries a second for ", result.stdout)


@pytest.mark.parametrize("options, message", [
    (("--concurrency", "0"), '--concurrency: "0" is not a number of sessions from 1 to 1000'),
    (("--count", "x"), '--count: "x" is not a number from 1 to 1000000000'),
    (("--rate", "0"), '--rate: "0" is not a number of queries per second, as 50 or 0.5'),
    (("--timeout", "8d"), "--timeout: more than 7d"),
    (("--duration", "soon"), '--duration: "soon" is not a duration such as 30s, 10min or 1h'),
])
def test_bad_figures_are_told(sluice, options, message):
    result = sluice.run("smoke", *options, "SELECT 1").ended(2)
    assert message in result.stderr
