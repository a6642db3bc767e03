"""`explain --what-if`: the plan with an index that nobody built; and `new --index`, which makes its migration."""

import re

import pytest

from harness.gates import ADD, live  # noqa: F401 (a fixture)

ORDERS = """
    CREATE TABLE public.orders (id int PRIMARY KEY, customer int, day date);
    INSERT INTO public.orders SELECT i, i % 5000, date '2026-01-01' + i % 100 FROM generate_series(1, 50000) i"""
SLOW = "SELECT * FROM orders WHERE customer = 42"
INDEX = "CREATE INDEX ON orders (customer)"
BUILT = "CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_customer_idx ON orders (customer)"


def has_hypopg(database):
    return database.one("SELECT count(*) FROM pg_available_extensions WHERE name = 'hypopg'") > 0


@pytest.fixture
def proved(live, migrations):  # noqa: F811
    """A live database with a backup that is valid."""
    live.database.execute(ORDERS)
    live.database.execute("ANALYZE orders")
    migrations.write("002_more", up=ADD)
    live.prove()
    return live


@pytest.fixture
def supposing(proved):
    if not has_hypopg(proved.database):
        pytest.skip("HypoPG is not installed for this server")
    return proved


def test_the_plan_with_an_index_is_shown_with_its_size_and_what_builds_it(supposing):
    told = supposing.sluice.run("explain", "--what-if", INDEX, SLOW).ended(0).stdout
    first = told.split("\n\n")[0].split("\n")
    assert first[0] == f"what if: {BUILT}"
    assert re.fullmatch(r"about [\d.]+ (KiB|MiB|kB); nothing was built, and both plans are estimates", first[1])
    assert first[2] == f"the planner would use it; to build it: pgsluice new --index '{INDEX}'"
    assert re.search(r"^better: .*cost", told, re.M)
    assert "Seq Scan on orders" in told and "orders_customer_idx" in told and "<" not in told


def test_parameters_need_no_values(supposing):
    told = supposing.sluice.run("explain", "--what-if", INDEX, "SELECT * FROM orders WHERE customer = $1").ended(0)
    assert "\nthe planner would use it;" in told.stdout and "customer = $1" in told.stdout


def test_as_json_it_is_the_comparison_and_what_was_supposed(supposing):
    told = supposing.sluice.run("explain", "--what-if", INDEX, "--format", "json", SLOW).ended(0).json()
    assert told["outcome"] == "better"
    size = told["what_if"].pop("size_bytes")
    assert told["what_if"] == {"index": BUILT, "used": True}
    # A real one of 50,000 integers with many duplicates has 0.4 to 1.1 MiB, by how it is deduplicated.
    assert 300_000 < size < 2_000_000


def test_an_index_that_does_not_help_is_said_to_be_unused(supposing):
    told = supposing.sluice.run("explain", "--what-if", "CREATE INDEX ON orders (day)", SLOW).ended(0).stdout
    assert "\nthe planner would not use it\n" in told and "new --index" not in told
    assert re.search("^same: ", told, re.M)


def test_nothing_is_left_on_live_nor_in_the_plan_of_the_next_query(supposing):
    supposing.sluice.run("explain", "--what-if", INDEX, SLOW).ended(0)
    assert supposing.database.one("SELECT count(*) FROM pg_indexes WHERE tablename = 'orders'") == 1
    assert supposing.database.one("SELECT count(*) FROM pg_extension WHERE extname = 'hypopg'") == 0
    assert "Seq Scan on orders" in supposing.sluice.run("explain", "--on", "copy", SLOW).ended(0).stdout


def test_where_live_has_hypopg_its_copy_has_it_too(live, migrations):  # noqa: F811
    if not has_hypopg(live.database):
        pytest.skip("HypoPG is not installed for this server")
    live.database.execute('CREATE SCHEMA "What If"')
    live.database.execute('CREATE EXTENSION hypopg SCHEMA "What If"')
    live.database.execute(ORDERS)
    live.database.execute("ANALYZE orders")
    migrations.write("002_more", up=ADD)
    live.prove()
    assert "the planner would use it" in live.sluice.run("explain", "--what-if", INDEX, SLOW).ended(0).stdout


@pytest.mark.parametrize("index, message", [
    ("CREATE INDEX ON nowhere (a)", 'the index cannot be tried: relation "nowhere" does not exist'),
    ("CREATE INDEX ON orders (nothing)", 'the index cannot be tried: hypopg: column "nothing" does not exist'),
    ("CREATE INDEX ON orders USING magic (day)", 'the index cannot be tried: hypopg: access method "magic" does not exist'),
])
def test_an_index_that_cannot_be_is_refused_in_the_server_s_words(supposing, index, message):
    told = supposing.sluice.run("explain", "--what-if", index, SLOW).ended(2)
    assert f"error: {message}" in told.stderr, told.stderr


def test_a_server_without_hypopg_is_told_the_package(proved):
    if has_hypopg(proved.database):
        pytest.skip("HypoPG is installed for this server")
    major = int(proved.database.one("SHOW server_version_num")) // 10000
    told = proved.sluice.run("explain", "--what-if", INDEX, SLOW).ended(2)
    assert told.stderr == (f"pgsluice: error: HypoPG is not installed for PostgreSQL {major}, where the copy is\n"
                           f"hint: Install the package postgresql-{major}-hypopg there; live does not need it.\n")


def test_what_is_no_proposal_is_refused_before_anything_is_restored(sluice):
    for words, message in ((["--what-if", "DROP TABLE orders"], "this is not one CREATE INDEX: it is another statement"),
                           (["--what-if", f"{INDEX}; DROP TABLE orders"],
                            "this is not one CREATE INDEX: there is a second statement"),
                           (["--what-if", INDEX, "--analyze"], "--what-if plans on the copy, and runs nothing"),
                           (["--what-if", INDEX, "--on", "live"], "--what-if plans on the copy, and runs nothing")):
        told = sluice.run("explain", *words, SLOW, database="host=/nowhere").ended(2)
        assert f"error: {message}\n" in told.stderr


# ---- the migration ----

def test_new_makes_a_whole_migration_of_an_index(sluice, migrations):
    migrations.write("0041_orders", up="CREATE TABLE IF NOT EXISTS orders (id int, customer int);",
                     down="DROP TABLE orders;")
    told = sluice.run("new", "--index", INDEX, database=None).ended(0)
    names = [f"0042_add_orders_customer_idx.{end}" for end in ("sql", "down.sql", "verify.sql")]
    assert told.stdout == "".join(f"{migrations.path}/{name}\n" for name in names)
    up, down, verify = ((migrations.path / name).read_text(encoding="utf-8") for name in names)
    assert up.startswith("-- Migration: 0042_add_orders_customer_idx\n"
                         "-- Description: index orders_customer_idx on orders\n-- Date: 20")
    assert up.endswith(f"\n{BUILT};\n")
    assert down.endswith("\nDROP INDEX CONCURRENTLY IF EXISTS orders_customer_idx;\n")
    assert "to_regclass('orders_customer_idx')" in verify
    sluice.run("check", database=None).ended(0)


def test_names_that_need_quotes_are_quoted_everywhere(sluice, migrations):
    migrations.write("001_orders", up='CREATE SCHEMA IF NOT EXISTS "S"; CREATE TABLE IF NOT EXISTS "S"."it\'s" (a int);',
                     down='DROP SCHEMA "S" CASCADE;')
    sluice.run("new", "by_a", "APP-7", "--index", 'CREATE UNIQUE INDEX "By\nA" ON "S"."it\'s" (a)', database=None).ended(0)
    up = (migrations.path / "002_by_a.sql").read_text(encoding="utf-8")
    assert "-- Related Task: APP-7\n" in up and 'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "By\nA"' in up
    sluice.run("check", database=None).ended(0)


def test_new_refuses_what_is_no_index_and_writes_nothing(sluice, migrations):
    told = sluice.run("new", "--index", "DROP TABLE orders", database=None).ended(2)
    assert "this is not one CREATE INDEX: it is another statement" in told.stderr
    assert list(migrations.path.iterdir()) == []
