"""`explain`: a plan pasted from anywhere, one of live without running it, and one of the restored copy."""

import json
import os
import re

import pytest

from harness.gates import ADD, live
from harness.viewer import Engine, attach, sockets

ORDERS = """
    CREATE TABLE orders (id int PRIMARY KEY, customer int, note text);
    INSERT INTO orders SELECT i, i % 5000, repeat('x', 60) FROM generate_series(1, 150000) i;
    ANALYZE orders"""
SLOW = "SELECT * FROM orders WHERE customer = 42"


def plan_of(database, sql, options="ANALYZE, BUFFERS, FORMAT JSON"):
    rows = database.query(f"EXPLAIN ({options}) {sql}")
    return json.dumps(rows[0][0]) if "JSON" in options else "\n".join(row[0] for row in rows)


def given(path, text):
    path.write_text(text, encoding="utf-8")
    return path


# ---- a plan that was pasted ----

def test_a_pasted_plan_is_judged_in_the_first_sentence(sluice, database, folder):
    database.execute(ORDERS)
    plan = given(folder / "plan.json", plan_of(database, SLOW))
    told = sluice.run("explain", "-f", plan, database="host=/nowhere").ended(0)
    first = told.stdout.splitlines()[0]
    assert re.match(r"[\d.]+ ms; \d+% in Seq Scan on orders, which reads 150,000 rows to keep 30$", first)
    assert "CREATE INDEX CONCURRENTLY ON orders (customer)" in told.stdout
    assert "filter: (customer = 42): removed 149,970 of 150,000 rows (99%)" in told.stdout


def test_standard_input_and_the_operand_are_taken_too(sluice, database, folder):
    database.execute(ORDERS)
    text = plan_of(database, SLOW)
    with open(given(folder / "plan.json", text), "rb") as stream:
        piped = sluice.run("explain", stdin=stream).ended(0)
    assert sluice.run("explain", text).ended(0).stdout == piped.stdout


@pytest.mark.parametrize("form", ["json", "dot", "html"])
def test_every_form_is_whole(sluice, database, folder, form):
    database.execute(ORDERS)
    plan = given(folder / "plan.json", plan_of(database, SLOW))
    told = sluice.run("explain", "-f", plan, "--format", form).ended(0).stdout
    if form == "json":
        document = json.loads(told)
        assert document["v"] == 1 and document["nodes"][0]["relation"] == "orders"
        assert {finding["rule"] for finding in document["findings"]} >= {"selective-scan"}
    assert told.rstrip().endswith({"json": "}", "dot": "}", "html": "</html>"}[form])


def test_two_plans_are_compared_by_pages(sluice, database, folder):
    database.execute(ORDERS)
    before = given(folder / "before.json", plan_of(database, SLOW))
    database.execute("CREATE INDEX orders_customer ON orders (customer)")
    after = given(folder / "after.json", plan_of(database, SLOW))
    told = sluice.run("explain", "--diff", before, after).ended(0).stdout
    assert re.match(r"better: \d+ pages instead of \d+", told) and "using orders_customer" in told
    assert sluice.run("explain", "--diff", after, before).ended(0).stdout.startswith("worse: ")
    same = json.loads(sluice.run("explain", "--diff", after, after, "--format", "json").ended(0).stdout)
    assert same["outcome"] == "same" and same["changes"] == []


def test_what_is_neither_a_plan_nor_a_query_is_said(sluice, folder):
    told = sluice.run("explain", "-f", given(folder / "x", "the quick brown fox\n"), database=None).ended(2)
    assert "Hint" in told.stderr or "hint" in told.stderr
    told = sluice.run("explain", "EXPLAIN SELECT 1").ended(2)
    assert "the query begins with EXPLAIN" in told.stderr
    plan = given(folder / "p", '[{"Plan": {"Node Type": "Result", "Total Cost": 1}}]')
    assert "this is a plan already, not a query" in sluice.run("explain", "-f", plan, "--analyze").ended(2).stderr
    assert "--diff takes two files" in sluice.run("explain", "--diff", plan).ended(2).stderr
    assert "there is no" not in sluice.run("explain", "-f", plan, database="host=/nowhere").ended(0).stderr


# ---- live ----

def test_a_query_is_planned_by_live_and_not_run(sluice, database):
    database.execute(ORDERS)
    told = sluice.run("explain", SLOW).ended(0).stdout
    assert told.startswith("not run, estimated cost ") and "Seq Scan on orders" in told
    assert database.one("SELECT pg_stat_get_xact_numscans('orders'::regclass)") == 0


def test_parameters_need_no_values_to_be_planned(sluice, database):
    database.execute(ORDERS)
    assert "customer = $1" in sluice.run("explain", "SELECT * FROM orders WHERE customer = $1").ended(0).stdout


def test_a_query_runs_on_live_only_under_the_database_s_name_and_reads_only(sluice, database):
    database.execute(ORDERS)
    refused = sluice.run("explain", "--analyze", "--on", "live", SLOW).ended(2)
    assert "needs --confirm DATABASE" in refused.stderr and f"--confirm {database.name}" in refused.stderr
    assert "--confirm names" in sluice.run("explain", "--analyze", "--on", "live", "--confirm", "x", SLOW).ended(2).stderr
    told = sluice.run("explain", "--analyze", "--on", "live", "--confirm", database.name, SLOW).ended(0).stdout
    assert "reads 150,000 rows to keep 30" in told
    written = sluice.run("explain", "--analyze", "--on", "live", "--confirm", database.name, "DELETE FROM orders")
    assert written.ended(10).stderr and database.one("SELECT count(*) FROM orders") == 150000


def test_a_text_is_never_more_than_one_statement(sluice, database):
    database.execute(ORDERS)
    for text in ("SELECT 1; COMMIT; DROP TABLE orders", "SELECT 1); DROP TABLE orders; --",
                 "SELECT 1\n;\nCOMMIT\n;\nDROP TABLE orders", "COMMIT", "DROP TABLE orders",
                 "WITH x AS (DELETE FROM orders RETURNING 1) SELECT * FROM x"):
        for how in ((), ("--analyze", "--on", "live", "--confirm", database.name)):
            told = sluice.run("explain", *how, text)
            if told.exit == 0:  # a plan of it is no harm
                assert not how and "Delete on" in told.stdout, told
            assert database.one("SELECT count(*) FROM orders") == 150000


def test_a_query_that_does_not_end_is_stopped(sluice, database):
    told = sluice.run("explain", "--analyze", "--on", "live", "--confirm", database.name, "--timeout", "200ms",
                      "SELECT pg_sleep(60)")
    assert told.exit == 11 and told.duration_s < 20, told


def test_what_changed_a_query_s_plan_is_remembered(sluice, database):
    database.execute(ORDERS)
    assert "this query before" not in sluice.run("explain", SLOW).ended(0).stdout
    database.execute("CREATE INDEX orders_customer ON orders (customer)")
    told = sluice.run("explain", SLOW.replace("42", "43")).ended(0).stdout
    before = told[told.index("this query before"):]
    assert "another plan on live, cost 3," in before and "orders_customer" in before
    document = sluice.run("explain", "--format", "json", SLOW).ended(0).json()
    assert len(document["history"]) == 1


# ---- the copy ----

def test_without_a_backup_the_command_says_how_to_make_one(sluice, database, migrations):
    migrations.write("001_a", up="CREATE TABLE a (id int)")
    told = sluice.run("explain", "--analyze", "SELECT 1").ended(11)
    assert "there is no valid backup to restore the copy from" in told.stderr
    assert "--stop-before rehearsal" in told.stderr


def test_on_the_copy_a_query_is_run_and_a_write_is_rolled_back(live, migrations):
    migrations.write("002_more", up=ADD)
    live.prove()
    told = live.sluice.run("explain", "--on", "copy", "--analyze", "DELETE FROM items WHERE id < 10").ended(0)
    assert "Delete on items" in told.stdout and "trigger" in told.stdout
    assert live.database.one("SELECT count(*) FROM items") == 50


# ---- an engine ----

@pytest.fixture
def engine(live):
    made = []
    yield lambda: made.append(Engine(live.sluice))
    for one in made:
        one.close()


def wait_plan(viewer, count=1):
    def told(_):
        plans = [event for event in viewer.beside if event["type"] == "explain"]
        return plans[count - 1] if len(plans) >= count else None
    return viewer.wait(told, what="a plan")


def test_an_engine_tells_the_one_who_asks(engine, live, migrations):
    migrations.write("002_more", up=ADD)
    engine()
    with attach(live.sluice) as viewer, attach(live.sluice, sockets(live.sluice)[0]) as other:
        viewer.wait_state("waiting", gate="inspect")
        viewer.ask("explain", sql="SELECT * FROM items WHERE id = 1")
        plan = wait_plan(viewer)
        assert (plan["seq"], plan["on"], plan["phase"]) == (0, "live", "asked")
        assert plan["plan"]["Plan"]["Node Type"] and plan["verdict"].startswith("not run") and len(plan["shape"]) == 16
        viewer.ask("explain", sql="SELECT 1; COMMIT; DROP TABLE items")
        assert "plan" not in wait_plan(viewer, 2) and wait_plan(viewer, 2)["error"]
        viewer.ask("explain", sql="SELECT 1", on="live", analyze=True)
        assert "confirm=DATABASE" in viewer.wait_answer("explain", 3)["refused"]
        viewer.ask("explain", sql="SELECT 1", on="live", analyze=True, confirm="x")
        assert "is not the name of this database" in wait_plan(viewer, 3)["error"]
        viewer.ask("explain", sql="DELETE FROM items", on="live", analyze=True, confirm=live.database.name)
        assert wait_plan(viewer, 4)["error"]
        viewer.ask("explain", sql="SELECT 1", on="copy")
        assert "There is no restored copy now" in viewer.wait_answer("explain", 6)["refused"]
        viewer.ask("run", gate="backup").wait_state("waiting", gate="rehearsal")
        viewer.ask("explain", sql="DELETE FROM items", analyze=True)
        plan = wait_plan(viewer, 5)
        assert plan["on"] == "copy" and "Actual Rows" in plan["plan"]["Plan"]
        with attach(live.sluice, sockets(live.sluice)[0]) as third:
            third.ask("explain", sql="SELECT pg_sleep(1)", on="live", analyze=True, confirm=live.database.name)
            assert third.wait_answer("explain", 8)["accepted"]
        viewer.wait(lambda _: len(viewer.answers("explain")) == 8, what="that it was asked")
        assert viewer.ask("explain", sql="SELECT 2") and "accepted" in viewer.wait_answer("explain", 9)
        other.read()
        assert not [event for event in other.beside if event["type"] == "explain"]
    assert live.database.one("SELECT count(*) FROM items") == 50
