"""`canaries`: what is watched, what was last seen of it, and files made of live's statements."""

import pytest

from harness.gates import ADD, live, own

ORDERS = """
    CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL);
    INSERT INTO orders SELECT g, g % 2000 FROM generate_series(1, 20000) g;
    CREATE INDEX orders_customer ON orders (customer)"""
FILE = ("-- name: orders of a customer\n-- budget: 200ms\n-- parameters: 42\n-- frequency: 10/s\n"
        "SELECT * FROM orders WHERE customer = $1;\n")


@pytest.fixture
def canary(migrations):
    """canary("by_customer", text) writes a file of the folder canaries."""
    folder = migrations.path / "canaries"

    def write(name, text):
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.sql").write_text(text, encoding="utf-8")
    return write


def listed(flow, **how):
    return {row["name"]: row for row in flow.sluice.run("canaries", "--format", "json", **how).ended(0).json()["canaries"]}


def test_no_canaries_are_told_in_these_words(live, migrations):
    assert live.sluice.run("canaries").ended(0).stdout == f'no canaries in "{migrations.path}/canaries"\n'


def test_a_canary_is_listed_with_what_was_last_seen_of_it(live, database, migrations, canary):
    database.execute(ORDERS)
    migrations.write("002_more", up=ADD)
    canary("by_customer", FILE)
    row = listed(live)["orders of a customer"]
    assert row["origin"] == "file" and row["file"].endswith("/canaries/by_customer.sql") and row["line"] == 5
    assert (row["budget_ms"], row["per_second"], row["runs"]) == (200, 10, True) and "last" not in row
    assert "last: not looked at yet" in live.sluice.run("canaries").ended(0).stdout

    live.prove()
    last = listed(live)["orders of a customer"]["last"]
    assert last["outcome"] == "same" and last["p95_us"] > 0 and last["taken_at"].endswith("Z") and last["verdict"]
    assert "last: same " in live.sluice.run("canaries").ended(0).stdout

    canary("by_customer", FILE.replace("SELECT *", "SELECT id"))
    assert "last" not in listed(live)["orders of a customer"]
    assert "last: not looked at since it was changed" in live.sluice.run("canaries").ended(0).stdout


def test_without_live_the_files_are_listed_alone(live, canary):
    canary("by_customer", FILE)
    result = live.sluice.run("canaries", database="host=/nonexistent dbname=x").ended(0)
    assert result.stdout.startswith("orders of a customer: budget 200 ms, 10 a second, ")
    assert "files alone: live does not answer" in result.stderr and "last:" not in result.stdout


def test_a_wrong_file_is_refused_by_its_line(live, canary):
    canary("two", "SELECT 1;\nSELECT 2;\n")
    assert "canaries/two.sql:2:1" in live.sluice.run("canaries").ended(10).stderr


def test_files_are_made_of_the_statements_of_live(own, migrations):
    flow = own(shared_preload_libraries="pg_stat_statements")
    flow.database.execute(ORDERS)
    flow.database.execute("CREATE EXTENSION pg_stat_statements")
    for customer in range(9):
        flow.database.query(f"SELECT * FROM orders WHERE customer = {customer}")
    row, = [row for row in listed(flow).values() if row["sql"] == "SELECT * FROM orders WHERE customer = $1"]
    assert (row["origin"], row["calls"], row["runs"]) == ("statements", 9, False)

    made = flow.sluice.run("canaries", "--refresh").ended(0).stdout.split()
    assert f"{migrations.path}/canaries/statement_{row['fingerprint']}.sql" in made
    again = listed(flow)
    assert again[row["name"]]["origin"] == "file" and again[row["name"]]["file"] in made
    assert flow.sluice.run("canaries", "--refresh").ended(0).stdout == "nothing new among live's statements\n"


def test_a_refresh_without_the_statistics_says_what_is_missing(live):
    result = live.sluice.run("canaries", "--refresh").ended(2)
    assert "live's statements cannot be listed: the extension pg_stat_statements is not in this database" in result.stderr
