"""What findings advise is tried: the SQL runs, the finding is gone, and the plan is better by its pages."""

import contextlib
import json

import psycopg2
import pytest

ORDERS = """
    CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL, status varchar(10) NOT NULL, doc jsonb NOT NULL,
                         "Amount" numeric NOT NULL, note text NOT NULL);
    INSERT INTO orders SELECT i, i % 5000, CASE WHEN i % 500 = 0 THEN 'open' ELSE 'paid' END,
                              jsonb_build_object('k', i % 5000), i % 997, repeat('x', 60)
    FROM generate_series(1, 100000) i;
    CREATE TABLE items (id int PRIMARY KEY, order_id int NOT NULL REFERENCES orders, product int NOT NULL);
    INSERT INTO items SELECT i, 50001 + i % 50000, i % 500 FROM generate_series(1, 100000) i;
    CREATE INDEX items_product ON items (product);
    VACUUM ANALYZE orders, items"""

SERIAL = "SET max_parallel_workers_per_gather = 0; SET jit = off"


@pytest.fixture
def told(sluice, folder):
    """What `explain` says of the plan of a query, as JSON; the plan stays in a file of that name."""
    def tell(cursor, query, name):
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, SETTINGS, FORMAT JSON) {query}")
        path = folder / name
        path.write_text(json.dumps(cursor.fetchone()[0]), encoding="utf-8")
        result = sluice.run("explain", "-f", path, "--format", "json", database="host=/nowhere").ended(0)
        return json.loads(result.stdout)
    return tell


@pytest.fixture
def cursor(database):
    with contextlib.closing(psycopg2.connect(database.conninfo())) as connection:
        connection.autocommit = True  # CREATE INDEX CONCURRENTLY is no part of a transaction
        with connection.cursor() as cursor:
            for statement in (ORDERS + ";" + SERIAL).split(";"):
                cursor.execute(statement)
            yield cursor


def finding_of(document, rule):
    found = [finding for finding in document["findings"] if finding["rule"] == rule]
    return found[0] if found else None


@pytest.mark.parametrize("rule, query, advice", [
    ("selective-scan", "SELECT * FROM orders WHERE customer = 42", "ON orders (customer)"),
    ("selective-scan", "SELECT * FROM orders o WHERE o.\"Amount\" > 990 AND o.customer = 42",
     'ON orders (customer, "Amount")'),
    ("selective-scan", "SELECT id FROM orders WHERE status = 'open' AND \"Amount\" > 900",
     'ON orders (status, "Amount")'),
    ("selective-scan", "SELECT id FROM orders WHERE doc @> '{\"k\": 17}'", "ON orders USING gin (doc)"),
    ("selective-scan", "SELECT id FROM orders WHERE doc ->> 'k' = '17'", "ON orders ((doc ->> 'k'::text))"),
    ("selective-scan", "SELECT id, note FROM orders o WHERE customer = 42 ORDER BY o.\"Amount\" DESC, id LIMIT 5",
     'ON orders (customer, "Amount" DESC, id)'),
    ("filter-waste", "SELECT * FROM items WHERE product = 7 AND order_id = 50008", "ON items (product, order_id)"),
])
def test_an_index_that_is_advised_makes_the_plan_better(sluice, folder, cursor, told, rule, query, advice):
    before = told(cursor, query, "before")
    sql = finding_of(before, rule)["sql"]
    assert sql == f"CREATE INDEX CONCURRENTLY {advice}"
    cursor.execute(sql)
    cursor.execute("ANALYZE")
    after = told(cursor, query, "after")
    assert finding_of(after, rule) is None
    judged = sluice.run("explain", "--diff", folder / "before", folder / "after", database="host=/nowhere").ended(0)
    assert judged.stdout.startswith("better: ")
    assert " pages instead of " in judged.stdout.splitlines()[0]


def test_memory_that_is_advised_keeps_a_sort_and_a_hash_table_off_the_disk(cursor, told):
    for rule, query in (("sort-on-disk", "SELECT * FROM orders ORDER BY note, \"Amount\""),
                        ("hash-batches", "SELECT count(o.note) FROM items i JOIN orders o ON o.id = i.order_id")):
        cursor.execute("SET work_mem = '1MB'; SET enable_mergejoin = off; SET enable_nestloop = off")
        sql = finding_of(told(cursor, query, "small"), rule)["sql"]
        assert sql.startswith("SET work_mem = '")
        cursor.execute(sql)
        assert finding_of(told(cursor, query, "large"), rule) is None


def test_statistics_that_are_advised_mend_the_estimate(cursor, told):
    cursor.execute("CREATE TABLE towns AS SELECT i, i % 20 AS \"Region\", i % 20 AS city FROM generate_series(1, 20000) i")
    cursor.execute("ANALYZE towns")
    query = "SELECT * FROM towns WHERE \"Region\" = 7 AND city = 7"
    sql = finding_of(told(cursor, query, "before"), "estimate")["sql"]
    assert sql == ('CREATE STATISTICS "towns_Region_city" ON "Region", city FROM towns; ANALYZE towns')
    cursor.execute(sql)
    assert finding_of(told(cursor, query, "after"), "estimate") is None


def test_the_query_for_a_slow_foreign_key_writes_the_index(cursor, told):
    delete = "DELETE FROM orders WHERE id <= 20"
    slow = finding_of(told(cursor, delete, "before"), "foreign-key-trigger")
    assert slow["sentence"].startswith("the foreign key items_order_id_fkey is checked 20 times in ")
    cursor.execute(slow["sql"])
    index = cursor.fetchone()[0]
    assert index == "CREATE INDEX CONCURRENTLY ON items (order_id)"
    cursor.execute(index)
    again = told(cursor, "DELETE FROM orders WHERE id BETWEEN 21 AND 40", "after")
    assert finding_of(again, "foreign-key-trigger") is None


def test_vacuum_is_what_an_index_only_scan_needs(cursor, told):
    cursor.execute("CREATE TABLE fresh AS SELECT i AS id FROM generate_series(1, 50000) i; ALTER TABLE fresh SET "
                   "(autovacuum_enabled = off); CREATE INDEX ON fresh (id); ANALYZE fresh; SET enable_seqscan = off; "
                   "SET enable_bitmapscan = off")
    query = "SELECT count(id) FROM fresh WHERE id < 25000"
    sql = finding_of(told(cursor, query, "before"), "heap-fetches")["sql"]
    assert sql == "VACUUM fresh"
    cursor.execute(sql)
    assert finding_of(told(cursor, query, "after"), "heap-fetches") is None
