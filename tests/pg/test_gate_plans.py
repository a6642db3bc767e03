"""The plans gate: canaries are looked at before the plan and after it, on a clone of the copy."""

import re
import signal

import pytest

from harness.flow import check, error, failed_checks, states
from harness.gates import ADD, evidence, hint, live, log, notes, only, own, ran, shut
from harness.wait import wait_until

CUSTOMERS = """
    CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL, note text NOT NULL);
    INSERT INTO orders SELECT g, g % 2000, repeat('x', 100) FROM generate_series(1, 20000) g;
    CREATE INDEX orders_customer ON orders (customer)"""
BY_CUSTOMER = "-- name: orders of a customer\n-- parameters: 42\nSELECT * FROM orders WHERE customer = $1;\n"


@pytest.fixture
def shop(live, database):
    """The flow on a database with a table that is worth an index."""
    database.execute(CUSTOMERS)
    return live


@pytest.fixture
def canary(migrations):
    """canary("by_customer", text) writes a file of the folder canaries."""
    folder = migrations.path / "canaries"

    def write(name, text):
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.sql").write_text(text, encoding="utf-8")
    return write


# -- without canaries --


def test_no_canaries_passes_in_these_words_and_makes_nothing(live, migrations):
    migrations.write("002_more", up=ADD)
    result = live.batch("--format", "json").ended(12)
    assert states(result)["plans"] == "passed"
    told = check(result, "plans.canaries")
    assert (told["measured"], told["limit"]) == ("no canaries", "-")
    assert not [event for event in result.events("sample") if event["sampler"] == "plans"]


def test_files_that_are_no_canaries_are_not_looked_at(live, migrations, canary):
    migrations.write("002_more", up=ADD)
    canary("x", "SELECT 1")
    (migrations.path / "canaries" / "x.sql").unlink()
    (migrations.path / "canaries" / "README.md").write_text("words", encoding="utf-8")
    (migrations.path / "canaries" / "old.sql").mkdir()
    assert check(live.batch("--format", "json").ended(12), "plans.canaries")["measured"] == "no canaries"


# -- files --


def test_a_canary_that_writes_is_refused_by_file_and_line(live, database, migrations, canary):
    migrations.write("002_more", up=ADD)
    canary("clean", "-- budget: 1s\nDELETE FROM items;\n")
    result = live.batch("--format", "json").ended(10)
    told = error(result)
    assert told["message"] == "a canary may only read, and this DELETE does more"
    assert told["file"].endswith("/canaries/clean.sql") and told["line"] == 2
    assert told["hint"] == "Watch the SELECT that is behind it; canaries are run on live as well."
    assert database.one("SELECT count(*) FROM items") == 50


def test_a_function_that_writes_is_stopped_by_the_server(live, database, migrations, canary):
    database.execute("CREATE FUNCTION take() RETURNS int LANGUAGE sql AS 'DELETE FROM items RETURNING id'")
    migrations.write("002_more", up=ADD)
    canary("take", "SELECT take()")
    assert only(shut(live, "plans", 11), "plans.canaries") == (
        "take: it runs neither before the plan nor after it: cannot execute DELETE in a read-only transaction")


# -- what the plan does to them --


def explained(result):
    """The events of canaries by phase."""
    return {event["phase"]: event for event in result.events("explain")}


def test_a_plan_that_drops_the_index_of_a_canary_is_stopped_with_a_readable_difference(shop, migrations, canary):
    migrations.write("002_drop", up="DROP INDEX orders_customer;")
    canary("by_customer", BY_CUSTOMER)
    result = shut(shop, "plans", 11)
    measured = only(result, "plans.worse")
    assert re.match(r"orders of a customer: \d+ pages instead of 12: ", measured)
    assert "Seq Scan" in measured and "orders_customer" in measured
    assert hint(result) == "Change the migration so that the query keeps what it needs, an index most of all."
    before, after = explained(result)["before"], explained(result)["after"]
    assert (before["name"], before["on"], before["sql"]) == ("orders of a customer", "copy",
                                                            "SELECT * FROM orders WHERE customer = $1")
    assert "outcome" not in before and after["outcome"] == "worse" and measured.startswith(f"{after['name']}: {after['reason']}")
    assert before["shape"] != after["shape"] and before["fingerprint"] == after["fingerprint"]
    assert after["plan"]["Plan"]["Node Type"] == "Seq Scan" and "Actual Rows" in after["plan"]["Plan"]
    assert after["changes"] and all(change in measured for change in after["changes"])
    assert 0 < before["p95_us"] and before["budget_ms"] == 2000 and before["verdict"]
    kept = evidence(shop, "plans")["data"]["explained"]
    assert [look["phase"] for look in kept] == ["before", "after"] and kept[1]["plan"] == after["plan"]


def test_a_plan_that_adds_the_right_index_shows_the_improvement(shop, database, migrations, canary):
    database.execute("DROP INDEX orders_customer")
    migrations.write("002_add", up="CREATE INDEX CONCURRENTLY orders_customer ON orders (customer);")
    canary("by_customer", BY_CUSTOMER)
    result = shop.batch("--format", "json").ended(12)
    assert states(result)["plans"] == "passed"
    after = explained(result)["after"]
    assert after["outcome"] == "better" and "less" in after["reason"]
    assert check(result, "plans.canaries")["measured"].startswith(f"orders of a customer: {after['reason']}; ")
    again = shop.batch("--format", "json").ended(12)
    assert "plans" not in ran(again) and explained(again)["after"]["plan"] == after["plan"]


def test_what_the_plan_writes_is_analyzed_before_the_second_look(shop, migrations, canary):
    migrations.write("002_few", up="UPDATE orders SET customer = 1 WHERE customer <> 42;")
    canary("by_customer", "-- parameters: 1\n-- budget: 1min\n" + BY_CUSTOMER.replace("-- parameters: 42\n", ""))
    after = explained(shop.batch("--format", "json").ended(11))["after"]
    assert after["outcome"] == "worse" and after["plan"]["Plan"]["Plan Rows"] == pytest.approx(19990, rel=0.01)


def test_an_index_alone_is_enough_as_on_a_server_with_autovacuum(shop, migrations, canary):
    migrations.write("002_cover", up="CREATE INDEX orders_cover ON orders (customer) INCLUDE (id);")
    canary("ids", "-- parameters: 42\nSELECT id FROM orders WHERE customer = $1;\n")
    after = explained(shop.batch("--format", "json").ended(12))["after"]
    assert after["plan"]["Plan"]["Node Type"] == "Index Only Scan" and after["plan"]["Plan"]["Heap Fetches"] == 0


def test_a_canary_without_values_is_planned_and_never_run(shop, migrations, canary):
    migrations.write("002_drop", up="DROP INDEX orders_customer;")
    canary("by_customer", "SELECT *, pg_sleep(60) FROM orders WHERE customer = $1;\n")
    result = shut(shop, "plans", 11)
    assert "an estimated cost of " in only(result, "plans.worse")
    assert all("Actual Rows" not in event["plan"]["Plan"] for event in result.events("explain"))


def test_a_canary_that_keeps_its_plan_is_told_with_its_time(shop, migrations, canary):
    migrations.write("002_more", up=ADD)
    canary("by_customer", BY_CUSTOMER)
    result = shop.batch("--format", "json").ended(12)
    assert states(result)["plans"] == "passed"
    told = check(result, "plans.canaries")
    assert re.fullmatch(r"orders of a customer: 12 pages, before 12; p95 \S+ ms of 40 run\(s\), budget 2.0 s",
                        told["measured"])
    assert told["limit"] == "no plan gets worse, and none is over its budget"
    phases = {event["values"]["phase"] for event in result.events("sample") if event["sampler"] == "plans"}
    assert phases == {"canaries before the plan", "the plan runs", "canaries after the plan"}


def test_a_canary_that_breaks_by_the_plan_fails(shop, migrations, canary):
    migrations.write("002_rename", up="ALTER TABLE orders RENAME COLUMN customer TO buyer;")
    canary("by_customer", BY_CUSTOMER)
    result = shut(shop, "plans", 11)
    assert only(result, "plans.broken") == (
        'orders of a customer: it ran before the plan and does not after it: column "customer" does not exist')
    assert hint(result) == "The plan takes away what the query needs: change the application first, and its canary with it."


def test_a_canary_for_the_new_schema_is_told_as_such(shop, migrations, canary):
    migrations.write("002_rename", up="ALTER TABLE orders RENAME COLUMN customer TO buyer;")
    canary("by_buyer", "-- parameters: 42\nSELECT * FROM orders WHERE buyer = $1;\n")
    result = shop.batch("--format", "json").ended(12)
    assert states(result)["plans"] == "passed"
    assert check(result, "plans.canaries")["measured"].startswith(
        'by_buyer: it is for the new schema: before the plan, column "buyer" does not exist; p95 ')


def test_a_canary_that_never_ends_is_stopped_and_fails(shop, migrations, canary):
    migrations.write("002_more", up=ADD)
    canary("endless", "-- budget: 10ms\nSELECT count(*) FROM orders a, orders b, orders c, orders d, orders e;\n")
    result = shut(shop, "plans", 11)
    assert only(result, "plans.budget") == (
        "endless: it did not end within 10.0 s and was stopped; before the plan, it did not end within 10.0 s and was stopped")


def test_a_canary_over_its_budget_fails_with_what_it_took(shop, migrations, canary):
    migrations.write("002_more", up=ADD)
    canary("slow", "-- budget: 5ms\nSELECT pg_sleep(0.02);\n")
    measured = only(shut(shop, "plans", 11), "plans.budget")
    assert re.match(r"slow: p95 [2-9]\d\.\d ms of 40 run\(s\), before the plan [2-9]\d\.\d ms", measured)


def test_a_stop_ends_a_canary_that_would_not_end(shop, migrations, canary):
    migrations.write("002_more", up=ADD)
    canary("endless", "-- budget: 1min\nSELECT count(*) FROM orders a, orders b, orders c, orders d, orders e;\n")
    running = shop.start("--format", "json")
    running.wait_for_output('"phase":"canaries before the plan"')
    running.signal(signal.SIGINT)
    result = running.result(timeout=60).ended(130)
    assert states(result)["plans"] == "failed" and result.duration_s < 60


# -- the gate among the others --


def test_a_changed_canary_voids_this_gate_alone(shop, migrations, canary):
    migrations.write("002_more", up=ADD)
    canary("by_customer", BY_CUSTOMER)
    shop.prove()
    assert "plans" not in ran(shop.batch("--format", "json").ended(12))
    canary("by_customer", "-- budget: 1s\n" + BY_CUSTOMER)
    again = shop.batch("--format", "json").ended(12)
    assert [gate for gate in ran(again) if gate not in ("inspect", "preflight", "approval")] == ["plans"]
    stale = next(event for event in again.events("gate") if event["state"] == "stale" and event["gate"] == "plans")
    assert stale["reason"] == "The plan or the canaries have changed since. It is done again."


def test_the_gate_can_be_waived_as_a_whole(shop, migrations, canary):
    migrations.write("002_rename", up="ALTER TABLE orders RENAME COLUMN customer TO buyer;")
    canary("by_customer", BY_CUSTOMER)
    result = shop.approve("--format", "json", "--waive", "plans", "--reason", "nobody asks this at night").ended(0)
    assert states(result)["plans"] == "waived"


def test_a_role_that_the_plan_makes_is_made_here_too(shop, database, migrations, canary):
    role = f"canary_role_{database.name}"
    migrations.write("002_role", up=f"CREATE ROLE {role};")
    canary("by_customer", BY_CUSTOMER)
    try:
        shop.approve("--format", "json").ended(0)
    finally:
        database.execute(f"DROP ROLE IF EXISTS {role}")


def test_a_run_that_began_without_this_gate_is_continued(shop, database, migrations, canary):
    migrations.write("002_more", up=ADD)
    migrations.write("003_index", up="CREATE INDEX CONCURRENTLY items_v ON items (v);")
    plan_id = shop.prove()
    with database.transaction("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT 1"):
        running = shop.start("--approve", plan_id)
        wait_until(lambda: database.one("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'virtualxid' AND "
                                        "application_name LIKE 'pgsluice/%%/apply' AND datname = %s", database.name),
                   what="the build waits")
        running.kill()
    wait_until(lambda: not database.one("SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND "
                                        "application_name LIKE 'pgsluice/%%'", database.name), what="it is gone")
    for path in (shop.sluice.state / "evidence").glob("*/plans.json"):
        path.unlink()
    canary("by_customer", BY_CUSTOMER)
    result = shop.batch("--format", "json", "--approve", plan_id).ended(0)
    assert notes(result, "plans.canaries") == ["not looked at: the run that is continued began without them"]
    assert check(result, "verify.canaries")["ok"] and shop.versions() == ["001", "002", "003"]


# -- on live, after the apply --


def live_looks(result):
    return [event for event in result.events("explain") if event["on"] == "live"]


def test_the_canaries_run_on_live_after_the_apply(shop, migrations, canary):
    migrations.write("002_more", up=ADD)
    canary("by_customer", BY_CUSTOMER)
    result = shop.approve("--format", "json").ended(0)
    told = check(result, "verify.canaries")
    assert told["ok"] and re.fullmatch(r"orders of a customer: p95 \S+ ms of 20 run\(s\), budget 2.0 s", told["measured"])
    look, = live_looks(result)
    assert (look["phase"], look["outcome"]) == ("live", "same")
    assert "Actual Rows" not in look["plan"]["Plan"] and look["shape"] == explained(result)["after"]["shape"]


def test_without_canaries_live_is_asked_for_none(live, migrations):
    migrations.write("002_more", up=ADD)
    result = live.approve("--format", "json").ended(0)
    assert check(result, "verify.canaries")["measured"] == "no canaries"


def test_a_canary_that_is_slow_on_live_alone_fails_the_proof(shop, migrations, canary):
    migrations.write("002_more", up=ADD)
    canary("slow", "-- budget: 40ms\nSELECT pg_sleep(0.1) WHERE current_setting('shared_buffers') <> '256MB';\n")
    result = shop.approve("--format", "json").ended(33)
    assert states(result)["plans"] == "passed"
    assert only(result, "verify.canaries").startswith("slow: p95 1")
    assert live_looks(result)[0]["outcome"] == "over-budget"


def test_another_plan_on_live_is_a_note_with_the_difference(shop, database, migrations, canary):
    migrations.write("002_more", up=ADD)
    canary("by_customer", BY_CUSTOMER)
    shop.prove()
    database.execute("TRUNCATE orders; ANALYZE orders")
    result = shop.approve("--format", "json").ended(0)
    note, = notes(result, "verify.canaries")
    assert note.startswith("orders of a customer: its plan on live is not the one on the copy; orders is read by Seq "
                           "Scan instead of Bitmap Heap Scan using orders_customer")


def test_what_was_waived_on_the_copy_is_a_note_on_live(shop, migrations, canary):
    migrations.write("002_more", up=ADD)
    canary("slow", "-- budget: 40ms\nSELECT pg_sleep(0.06);\n")
    result = shop.approve("--format", "json", "--waive", "plans.budget", "--reason", "it is known").ended(0)
    assert states(result)["plans"] == "waived"
    assert notes(result, "verify.canaries")[0].startswith("slow: p95 ")


# -- the statements that take most of live's time --

STATEMENT = "SELECT * FROM orders WHERE customer = {}"


@pytest.fixture
def busy(own):
    """A shop on a server that counts what it is asked."""
    flow = own(shared_preload_libraries="pg_stat_statements")
    flow.database.execute(CUSTOMERS)
    flow.database.execute("CREATE SCHEMA watch; CREATE EXTENSION pg_stat_statements SCHEMA watch")
    for customer in range(20):
        flow.database.query(STATEMENT.format(customer))
    flow.database.execute("UPDATE orders SET note = 'y' WHERE id = 1")
    return flow


def test_a_statement_of_live_that_gets_a_worse_plan_fails(busy, migrations):
    migrations.write("002_drop", up="DROP INDEX orders_customer;")
    result = shut(busy, "plans", 11)
    assert check(result, "plans.canaries")["measured"] == "no canaries"
    failed, = [measured for name, measured in failed_checks(result) if name == "plans.statements"]
    assert re.match(r"statement [0-9a-f]{16}: an estimated cost of \S+ instead of \S+: ", failed)
    assert "Seq Scan" in failed and failed.endswith("(SELECT * FROM orders WHERE customer = $1)")
    looks = [event for event in result.events("explain") if event["sql"] == STATEMENT.format("$1")]
    assert [look["phase"] for look in looks] == ["before", "after"] and looks[1]["outcome"] == "worse"
    assert all("Actual Rows" not in look["plan"]["Plan"] and "budget_ms" not in look for look in looks)


def test_statements_that_keep_their_plans_are_counted(busy, migrations):
    migrations.write("002_more", up=ADD)
    result = busy.batch("--format", "json").ended(12)
    told = check(result, "plans.statements")["measured"]
    assert re.fullmatch(r"[1-9]\d* of pg_stat_statements keep their plans, 0 get better ones", told)
    asked = {event["sql"] for event in result.events("explain")}
    assert STATEMENT.format("$1") in asked and not [sql for sql in asked if "FROM ONLY" in sql or "pg_" in sql]
    assert not [sql for sql in asked if sql.startswith("UPDATE")]


def test_a_statement_that_the_plan_breaks_fails(busy, migrations):
    migrations.write("002_rename", up="ALTER TABLE orders RENAME COLUMN customer TO buyer;")
    failed = only(shut(busy, "plans", 11), "plans.statements")
    assert 'it ran before the plan and does not after it: column "customer" does not exist' in failed


def test_the_statements_can_be_left_out(busy, migrations):
    migrations.write("002_drop", up="DROP INDEX orders_customer;")
    busy.configure(canary_statements="0")
    result = busy.batch("--format", "json").ended(12)
    assert states(result)["plans"] == "passed" and not result.events("explain")


def test_a_canary_stands_for_the_statement_that_it_is(busy, migrations, canary):
    migrations.write("002_more", up=ADD)
    canary("by_customer", BY_CUSTOMER)
    result = busy.batch("--format", "json").ended(12)
    names = {event["name"] for event in result.events("explain") if event["sql"] == STATEMENT.format("$1")}
    assert names == {"orders of a customer"}


def test_statistics_that_are_not_loaded_are_no_failure(live, database, migrations):
    database.execute("CREATE EXTENSION pg_stat_statements")
    migrations.write("002_more", up=ADD)
    result = live.batch("--format", "json").ended(12)
    assert states(result)["plans"] == "passed"
    assert "no statements to watch: pg_stat_statements cannot be read: " in log(result)
