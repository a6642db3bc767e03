"""Query plans of a real server, in every form that it and psql print, are read as one tree with figures that add up."""

import contextlib
import json
import subprocess

import pytest

from harness.programs import query_plan

TABLES = """
    CREATE TABLE orders (id int PRIMARY KEY, customer int, total numeric, note text);
    INSERT INTO orders SELECT i, i % 100, i * 1.5, 'note' FROM generate_series(1, 20000) i;
    CREATE INDEX orders_customer ON orders (customer);
    CREATE TABLE customers (id int PRIMARY KEY, name text, region int);
    INSERT INTO customers SELECT i, 'c' || i, i % 10 FROM generate_series(0, 99) i;
    CREATE TABLE items (id serial PRIMARY KEY, order_id int REFERENCES orders ON DELETE CASCADE, n int);
    INSERT INTO items (order_id, n) SELECT i % 20000 + 1, i FROM generate_series(1, 5000) i;
    CREATE TABLE parted (id int, k int) PARTITION BY RANGE (id);
    CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (1000);
    CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (1000) TO (2000);
    INSERT INTO parted SELECT i, i % 10 FROM generate_series(0, 1999) i;
    CREATE TABLE "Odd ""Name" ("Col A" int, b text);
    INSERT INTO "Odd ""Name" SELECT i, E'a\\nb: c' FROM generate_series(1, 10) i;
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
    CREATE TRIGGER touched BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch();
    VACUUM ANALYZE;
"""
SERIAL = "SET jit = off; SET max_parallel_workers_per_gather = 0"
PARALLEL = ("SET jit = off; SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0; "
            "SET parallel_tuple_cost = 0; SET max_parallel_workers_per_gather = 2")

QUERIES = {
    "bitmap": "SELECT * FROM orders WHERE customer = 5 AND total > 100",
    "or": "SELECT * FROM orders WHERE customer = 3 OR id < 30",
    "initplan": "SELECT count(*) FROM orders WHERE total > (SELECT avg(total) FROM orders)",
    "eleven initplans": "SELECT * FROM customers WHERE " + " AND ".join(
        f"id <> (SELECT max(n) FROM items WHERE id < {i})" for i in range(10, 120, 10)),
    "cte": "WITH x AS MATERIALIZED (SELECT customer, sum(total) s FROM orders GROUP BY 1) "
           "SELECT * FROM x a JOIN x b USING (customer) WHERE a.s > 10",
    "nested ctes": "WITH x AS MATERIALIZED (WITH x AS MATERIALIZED (SELECT * FROM customers) SELECT * FROM x LIMIT 9) "
                   "SELECT * FROM x",
    "recursive": "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 10) SELECT * FROM r",
    "subplan": "SELECT (SELECT count(*) FROM items i WHERE i.order_id = o.id) FROM orders o WHERE id < 30",
    "hashed subplan": "SELECT * FROM customers WHERE id IN (SELECT region FROM customers) OR name = 'c7'",
    "exists": "SELECT * FROM customers c WHERE EXISTS (SELECT FROM orders o WHERE o.customer = c.id AND o.total > 9)",
    "grouping sets": "SELECT customer, note, count(*) FROM orders GROUP BY GROUPING SETS ((customer, note), (note), ())",
    "window": "SELECT rank() OVER (PARTITION BY customer ORDER BY total) FROM orders WHERE customer < 3",
    "sort on disk": "SELECT * FROM orders o, items i WHERE i.order_id = o.id ORDER BY o.note, i.n",
    "limit": "SELECT * FROM orders ORDER BY customer, total LIMIT 10",
    "partitions": "SELECT * FROM parted WHERE k = 3 ORDER BY id",
    "function": "SELECT * FROM generate_series(1, 10) g(x) WHERE x > 3",
    "values": "SELECT * FROM (VALUES (1, 2), (3, 4)) v(a, b) WHERE a > 1",
    "set operation": "SELECT customer FROM orders EXCEPT ALL SELECT id FROM customers WHERE region = 1",
    "sample": "SELECT * FROM orders TABLESAMPLE bernoulli (10) REPEATABLE (5)",
    "tid": "SELECT * FROM orders WHERE ctid = '(0,1)'",
    "nothing": "SELECT 1 WHERE false",
    "odd names": 'SELECT "Col A", b || E\'\\n  ->  x\' FROM "Odd ""Name" "W w" WHERE b = E\'a\\nb: c\' OR "Col A" < 3',
    "for update": "SELECT * FROM orders a LEFT JOIN customers b ON b.id = a.customer WHERE a.id < 9 FOR UPDATE OF a",
    "update": "UPDATE orders SET note = 'it''s' WHERE id < 20 RETURNING id",
    "update of partitions": "UPDATE parted SET k = 11 WHERE k = 2",
    "delete": "DELETE FROM orders WHERE id BETWEEN 100 AND 120",
    "upsert": "INSERT INTO customers SELECT g, 'n', 1 FROM generate_series(95, 105) g ON CONFLICT (id) DO NOTHING",
    "write in a cte": "WITH gone AS (DELETE FROM items WHERE id < 50 RETURNING n) SELECT count(*) FROM gone",
}

# What the two runs cannot have in common, and what only one form tells.
VOLATILE = {"figures", "buffers", "planning_buffers", "planning_ms", "execution_ms", "unattributed_ms", "wall_ms",
            "trigger_ms", "time_ms", "startup_ms", "total_ms", "has_buffers", "has_wal", "wal_records", "wal_fpi",
            "wal_bytes", "inner_unique", "heap_fetches"}


@pytest.fixture(scope="module")
def shop(cluster):
    database = cluster.create_database()
    for statement in filter(str.strip, TABLES.split(";\n")):
        database.execute(statement)
    yield database
    database.drop()


def explain(shop, options, query, before=SERIAL):
    """EXPLAIN's output, one text; what the query wrote is rolled back."""
    with contextlib.closing(shop.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(f"{before}; BEGIN")
        cursor.execute(f"EXPLAIN ({options}) {query}")
        return "\n".join(row[0] if isinstance(row[0], str) else json.dumps(row[0]) for row in cursor.fetchall())


def read(text):
    plan = query_plan(text)
    assert "error" not in plan, f"{plan}\n{text}"
    return plan


def steady(value):
    """A dumped plan without what is another in another run."""
    if isinstance(value, dict):
        return {key: steady(part) for key, part in value.items() if key not in VOLATILE}
    if isinstance(value, list):
        return [steady(part) for part in value if not (isinstance(part, list) and part[:1] == ["Heap Fetches"])]
    return value


def without_triggers(plan):
    """The text form leaves out a trigger's relation, and its name where a constraint has one."""
    return {**plan, "triggers": [{"calls": trigger["calls"]} for trigger in plan["triggers"]]}


@pytest.mark.parametrize("options", ["COSTS OFF", "VERBOSE", "ANALYZE, TIMING OFF, SUMMARY OFF",
                                     "ANALYZE, VERBOSE, BUFFERS, WAL, SETTINGS, TIMING OFF"])
@pytest.mark.parametrize("name", QUERIES)
def test_the_same_plan_in_json_and_text_is_one_tree(shop, name, options):
    before = SERIAL + "; SET work_mem = '64kB'; SET enable_indexscan = on"
    from_json = read(explain(shop, options + ", FORMAT JSON", QUERIES[name], before))
    from_text = read(explain(shop, options, QUERIES[name], before))
    assert without_triggers(steady(from_text)) == without_triggers(steady(from_json))
    assert ["work_mem", "64kB"] in from_text["settings"] or "SETTINGS" not in options


@pytest.mark.parametrize("name", ["initplan", "cte", "partitions", "limit", "grouping sets", "window"])
def test_the_same_parallel_plan_in_json_and_text_is_one_tree(shop, name):
    from_json = read(explain(shop, "VERBOSE, FORMAT JSON", QUERIES[name], PARALLEL))
    from_text = read(explain(shop, "VERBOSE", QUERIES[name], PARALLEL))
    assert steady(from_text) == steady(from_json)


@pytest.mark.parametrize("name", QUERIES)
def test_own_times_and_pages_add_up_to_the_whole(shop, name):
    """In one process: each millisecond and each block is some node's own, and only one's."""
    plan = read(explain(shop, "ANALYZE, BUFFERS, FORMAT JSON", QUERIES[name]))
    nodes = plan["nodes"]
    rounding = 0.001 * sum(node.get("loops", 0) for node in nodes)
    own = sum(node["figures"].get("self_wall_ms", 0) for node in nodes)
    assert abs(own - nodes[0].get("total_ms", 0) * nodes[0].get("loops", 0)) <= rounding, plan
    pages = sum(nodes[0]["buffers"].get(key, 0) for key in (
        "shared_hit", "shared_read", "local_hit", "local_read", "temp_read", "temp_written"))
    assert sum(node["figures"].get("self_pages", 0) for node in nodes) == pages
    assert not [node["title"] for node in nodes if node["figures"].get("inconsistent")]
    assert plan["wall_ms"] == plan["execution_ms"]


@pytest.mark.parametrize("leader", ["on", "off"])
def test_processes_are_the_workers_with_their_leader_or_without(shop, leader):
    plan = read(explain(shop, "ANALYZE, VERBOSE, FORMAT JSON", "SELECT count(*) FROM orders WHERE total > 0",
                        f"{PARALLEL}; SET parallel_leader_participation = {leader}"))
    gather = next(node for node in plan["nodes"] if node["type"] == "Gather")
    scan = next(node for node in plan["nodes"] if node["type"] == "Seq Scan")
    expected = gather.get("workers_launched", 0) + (leader == "on" or not gather.get("workers_launched"))
    assert scan["figures"]["processes"] == expected == scan["loops"]
    assert gather["figures"]["processes"] == 1
    assert scan["figures"]["cpu_ms"] == pytest.approx(scan["figures"]["wall_ms"] * expected)
    assert [worker["number"] for worker in scan["workers"]] == list(range(int(gather.get("workers_launched", 0))))
    own = sum(node["figures"]["self_wall_ms"] for node in plan["nodes"])
    assert own == pytest.approx(plan["nodes"][0]["total_ms"], abs=0.01)


def test_a_trigger_of_a_foreign_key_is_outside_the_tree(shop):
    plan = read(explain(shop, "ANALYZE, FORMAT JSON", QUERIES["delete"]))
    assert [trigger["constraint"] for trigger in plan["triggers"]] == ["items_order_id_fkey"]
    assert plan["trigger_ms"] > 0
    assert plan.get("unattributed_ms", 0) <= plan["execution_ms"] - plan["trigger_ms"]


def test_jit_is_told_where_the_server_has_it(shop):
    if not shop.one("SELECT pg_jit_available()"):
        pytest.skip("this server has no JIT")
    query, before = "SELECT sum(total) FROM orders WHERE customer > 3", "SET jit = on; SET jit_above_cost = 0"
    from_json = read(explain(shop, "ANALYZE, FORMAT JSON", query, before))
    from_text = read(explain(shop, "ANALYZE", query, before))
    assert from_json["has_jit"] and from_json["jit_functions"] == from_text["jit_functions"] > 0
    assert 0 < from_json["jit_ms"] < from_json["execution_ms"] and from_text["jit_ms"] > 0
    assert [name for name, _ in from_json["details"]] == [name for name, _ in from_text["details"]] \
        == ["JIT Options", "JIT Timing"]


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("setup", ["\\pset border 0", "\\pset border 1", "\\pset border 2", "\\x",
                                   "\\pset border 2\n\\pset linestyle unicode", "\\x\n\\pset linestyle unicode",
                                   "\\pset format unaligned", "\\pset format csv", "\\pset tuples_only on",
                                   "\\timing on"])
def test_what_psql_prints_is_read_in_its_frame(shop, cluster, setup, form):
    query = f"EXPLAIN (FORMAT {form}, VERBOSE) {QUERIES['bitmap']}"
    done = subprocess.run([str(cluster.bindir / "psql"), "-X", "-q", shop.conninfo()], capture_output=True, text=True,
                          input=f"{setup}\n{query};\n", check=True)
    plain = read(explain(shop, f"FORMAT {form}, VERBOSE", QUERIES["bitmap"], "SELECT 1"))
    assert read(done.stdout) == plain, done.stdout


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_entry_of_the_log_is_read(make_cluster, form):
    own = make_cluster(settings={"log_line_prefix": "'%m [%p] %q%u@%d '", "log_statement": "'all'"})
    own.execute("CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 100)")
    query = "SELECT *\n-- it's: a trap\nFROM t\nWHERE a > 50 AND a::text <> E'x\\n\\ty: z'"
    with contextlib.closing(own.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("LOAD 'auto_explain'; SET auto_explain.log_analyze = on; SET auto_explain.log_timing = off; "
                       f"SET auto_explain.log_format = {form}; SET auto_explain.log_min_duration = 0")
        cursor.execute(query)
        cursor.execute("SELECT 1")
    plan = read(own.log())
    assert plan["query"] == query
    assert [node["title"] for node in plan["nodes"]] == ["Seq Scan on t"]
    assert plan["nodes"][0]["actual_rows"] == 50 and plan["nodes"][0]["removed_by_filter"] == 50
    assert plan["nodes"][0]["filter"] == "((a > 50) AND ((a)::text <> 'x\n\ty: z'::text))"


def test_what_is_no_plan_is_refused_by_name(shop):
    assert query_plan("SELECT 1")["error"] == "there is no query plan in this text"
    assert query_plan('[{"Plan": 1}]')["error"] == "this JSON is no query plan"
    yaml = explain(shop, "FORMAT YAML", "SELECT 1")
    assert query_plan(yaml)["error"] == "there is no query plan in this text"
