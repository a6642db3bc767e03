"""`--probe`: what an apply does to others, measured on the way of the applications."""

import json
import re

import pytest

from harness.flow import check, error, states
from harness.gates import ADD, live  # noqa: F401
from harness.wait import wait_until

PHASES = ["before", "during", "after"]


def latency(result, live_flow):
    """What the report keeps of it."""
    run = result.events("run")[0]["run"]
    report = json.loads((live_flow.sluice.state / "runs" / f"{run}.report.json").read_text(encoding="utf-8"))
    return next(gate for gate in report["gates"] if gate["gate"] == "apply")["evidence"]["data"]["latency"]


def samples(result):
    return [event["values"] for event in result.events("sample") if event["sampler"] == "latency"]


def test_before_during_and_after_are_told_and_kept(live, database, migrations, make_pooler, cluster):
    migrations.write("002_more", up=ADD)
    pooler = make_pooler(cluster, mode="transaction")
    result = live.approve("--probe", pooler.conninfo(database.name), "--format", "json").ended(0)
    told = check(result, "apply.latency")
    assert told["ok"]
    assert re.match(r"p99 [\d.]+ (us|ms) before, ([\d.]+ (us|ms)|unknown) during, [\d.]+ (us|ms) after; "
                    r"longest [\d.]+ (us|ms) during; \d+ asked, 0 failed$", told["measured"]), told
    kept = latency(result, live)
    # Two seconds at 50 a second, at least.
    for phase in ("before", "after"):
        assert kept[phase]["count"] >= 90
        assert 0 < kept[phase]["p50_us"] <= kept[phase]["p99_us"] <= kept[phase]["most_us"]
        assert sum(kept[phase]["histogram"]["cells"][1::2]) == kept[phase]["count"]
    assert {values["phase"] for values in samples(result)} >= {"before", "after"}
    assert all(values["failed"] == 0 for values in samples(result))


def test_a_lock_that_the_apply_holds_shows_with_all_who_would_have_waited(live, database, migrations):
    migrations.write("002_more", up="ALTER TABLE items ADD COLUMN more int; SELECT pg_sleep(1.5);")
    # The guard would not let it hold the lock for so long.
    live.configure(guard_wait="0", guard_latency="0")
    result = live.approve("--format", "json", "--probe", database.conninfo(), "--probe-query",
                          "SELECT count(*) FROM items").ended(0)
    kept = latency(result, live)
    assert kept["before"]["most_us"] < 1000000
    assert kept["during"]["most_us"] >= 1400000
    # 50 a second would have been asked in that time: each waits 20 ms less than the one before.
    assert kept["during"]["count"] >= 70
    assert kept["during"]["p50_us"] >= 500000
    assert any(values.get("waiting_us", 0) > 300000 for values in samples(result))
    for values in samples(result):
        assert {"p50_us", "p99_us", "most_us"} & set(values) == (
            {"p50_us", "p99_us", "most_us"} if values["count"] else set())
    wait_until(lambda: not database.one("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE "
                                        "'pgsluice/%%/probe'"), 30, "the probe is gone")


def test_a_probe_that_cannot_connect_stops_before_anything_is_written(live, database, migrations, folder):
    migrations.write("002_more", up=ADD)
    result = live.approve("--probe", f"host={folder} dbname=app", "--format", "json").ended(22)
    assert error(result)["message"].startswith(f"--probe: could not connect to host={folder}")
    assert states(result)["apply"] == "failed"
    assert live.versions() == ["001"]


def test_a_probe_that_loses_its_session_counts_it_and_goes_on(live, database, migrations):
    migrations.write("002_more", up="SELECT pg_advisory_xact_lock(77);")
    live.configure(lock_timeout="60s", lock_budget="60s")
    plan_id = live.prove()
    with database.transaction("SELECT pg_advisory_xact_lock(77)", application_name="holder"):
        run = live.start("--approve", plan_id, "--format", "json", "--probe", database.conninfo())
        wait_until(lambda: database.one("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory'"), 60)
        pid = database.wait_for_session("pgsluice/%/probe")
        database.execute("SELECT pg_terminate_backend(%s)", pid)
        wait_until(lambda: database.one("SELECT pid FROM pg_stat_activity WHERE pid <> %s AND application_name LIKE "
                                        "'pgsluice/%%/probe'", pid), 30, "a new session")
    result = run.result().ended(0)
    kept = latency(result, live)
    assert kept["during"]["failed"] > 0
    assert kept["after"]["failed"] == 0
    assert kept["after"]["count"] > 0
    assert re.search(r"\d+ asked, [1-9]\d* failed", check(result, "apply.latency")["measured"])


@pytest.mark.parametrize("sql, message", [
    ("INSERT INTO items VALUES (1)", "--probe-query: this INSERT is not known to read only"),
    ("SELECT my_function()", "--probe-query: this SELECT is not known to read only"),
    ("SELECT set_config('a.b', 'c', false)", "--probe-query: this SELECT is not known to read only"),
    ("SELECT $1::int", "--probe-query: this SELECT is not known to read only"),
    ("SELECT 1; SELECT 2", "--probe-query: there are 2 statements here, and one query is wanted"),
])
def test_only_what_is_known_to_read_is_asked(live, sql, message):
    assert message in live.batch("--probe-query", sql).ended(2).stderr
