"""PgBouncer's pools among the samples: of `monitor`, and of live during an apply."""

import json
import signal

import psycopg2
import pytest

from harness.gates import live  # noqa: F401
from harness.pool_client import client  # noqa: F401
from harness.wait import wait_until


def options(bouncer):
    return ("--bouncer", bouncer.conninfo("pgbouncer"))


def documents(running):
    return [json.loads(line) for line in running.stdout().splitlines() if line.endswith("}")]


@pytest.fixture
def watched(sluice):
    """watched(bouncer) watches its pools: the newest sample, when it is asked."""
    started = []

    def watch(bouncer):
        running = sluice.start("monitor", "pools", "--watch", "--interval", "200ms", "--format", "json",
                               *options(bouncer), migrations=None)
        started.append(running)

        def newest():
            found = documents(running)
            return found[-1]["samplers"]["pools"] if found else {"state": "none"}
        return newest
    yield watch
    for running in started:
        running.signal(signal.SIGINT)
        running.result().ended(130)


def test_monitor_tells_the_pools_of_the_bouncer_that_it_is_given(sluice, database, cluster, make_pooler, client):  # noqa: F811
    bouncer = make_pooler(cluster, default_pool_size=4)
    for _ in range(2):
        client(bouncer, database, "SELECT pg_sleep(0.02)")
    document = sluice.run("monitor", "--format", "json", *options(bouncer), migrations=None).ended(0).json()
    sample = document["samplers"]["pools"]
    assert (sample["state"], sample["taken"], sample["failed"]) == ("ok", 2, 0)
    assert sample["cost_us"] > 0
    values = sample["values"]
    assert list(values) == ["place", "version", "seconds", "settings", "clients", "waiting", "longest_wait_ms", "servers",
                            "busy", "transactions_per_s", "wait_ms", "databases"]
    load, = [load for load in values["databases"] if load["database"] == database.name]
    assert list(load) == ["database", "mode", "pools", "capacity", "reserve", "clients", "waiting", "longest_wait_ms",
                          "servers", "servers_taken", "busy", "utilisation", "transactions_per_s", "transaction_ms",
                          "wait_ms", "state", "verdict", "advice"]
    assert 1 <= load["busy"] <= 2.1 and load["clients"] == 2 and load["state"] == "good" and load["advice"] is None
    checks = {check["check"]: check for check in document["checks"]}
    assert checks["pool-wait"]["state"] == checks["pool-use"]["state"] == "ok"
    assert checks["pool-use"]["value"] == int(load["utilisation"] * 100)


def test_without_a_bouncer_there_are_no_pools(sluice):
    document = sluice.run("monitor", "--format", "json", migrations=None).ended(0).json()
    assert "pools" not in document["samplers"]
    assert not [check for check in document["checks"] if check["sampler"] == "pools"]
    told = sluice.run("monitor", "pools", migrations=None).ended(2)
    assert "the sampler pools needs --bouncer" in told.stderr


def test_a_pool_that_is_full_is_critical_for_a_plugin(sluice, database, cluster, make_pooler, client, folder):  # noqa: F811
    config = folder / "pools.conf"
    config.write_text("monitor.pool-use = 20% 50%\n", encoding="utf-8")
    bouncer = make_pooler(cluster, default_pool_size=1)
    for _ in range(3):
        client(bouncer, database, "SELECT pg_sleep(0.05)")
    told = sluice.run("monitor", "pools", "--plugin", "--config", str(config), *options(bouncer),
                      migrations=None).ended(2)
    assert " % of the servers of a pool are busy" in told.stdout and "pool-use=" in told.stdout
    text = sluice.run("monitor", "pools", *options(bouncer), migrations=None).ended(0).stdout
    assert "pools: 3 clients, " in text
    assert f"{database.name}: " in text and " of 1 servers are busy on average (" in text


def test_a_bouncer_that_dies_and_comes_back_is_looked_at_again(sluice, cluster, make_pooler, watched):
    bouncer = make_pooler(cluster)
    newest = watched(bouncer)
    wait_until(lambda: newest()["state"] == "ok", what="it is looked at")
    bouncer.close()
    wait_until(lambda: newest()["state"] == "failed", what="it is gone")
    assert newest()["reason"]
    bouncer.start()
    wait_until(lambda: newest()["state"] == "ok", what="it is looked at again")


def test_a_bouncer_that_stands_still_is_skipped_and_holds_nothing_up(sluice, cluster, make_pooler, watched):
    bouncer = make_pooler(cluster)
    newest = watched(bouncer)
    wait_until(lambda: newest()["state"] == "ok", what="it is looked at")
    bouncer.process.send_signal(signal.SIGSTOP)
    wait_until(lambda: newest()["state"] == "failed", what="it does not answer")
    assert newest()["skipped"] > 0
    assert "does not answer" in newest()["reason"] or "no answer" in newest()["reason"]
    bouncer.process.send_signal(signal.SIGCONT)
    wait_until(lambda: newest()["state"] == "ok", what="it is looked at again")


def test_a_server_in_its_place_is_told(sluice, database):
    sample = sluice.run("monitor", "pools", "--format", "json", "--bouncer", database.conninfo(), migrations=None)
    found = sample.ended(0).json()["samplers"]["pools"]
    assert found["state"] == "failed" and found["values"] is None
    assert 'database "pgbouncer" does not exist' in found["reason"]


def test_an_apply_tells_who_waits_for_a_server(live, database, migrations, cluster, make_pooler, client):  # noqa: F811
    database.execute("CREATE TABLE orders (id int)")
    migrations.write("002_more", up="LOCK TABLE orders; SELECT pg_advisory_xact_lock(77); CREATE TABLE more (id int);")
    bouncer = make_pooler(cluster, default_pool_size=1)
    live.configure(guard="off")
    live.prove()
    with database.transaction("SELECT pg_advisory_xact_lock(77)"):
        running = live.start_approved("--format", "json", *options(bouncer))
        wait_until(lambda: database.one(
            "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'pgsluice/%%/apply' AND wait_event = 'advisory'"),
            what="the apply waits")
        for _ in range(3):
            client(bouncer, database, "SELECT count(*) FROM orders")
        # One has the pool's only server and waits behind the migration, the two others for that server.
        running.wait_for_output('"waiting":2,"longest_wait_ms":')
    result = running.result().ended(0)
    samples = [event["values"] for event in result.events("sample") if event["sampler"] == "pools"]
    loads = [load for values in samples for load in values["databases"] if load["database"] == database.name]
    assert max(load["waiting"] for load in loads) == 2
    assert any(load["servers_taken"] == 1 for load in loads)
    with psycopg2.connect(bouncer.conninfo("pgbouncer")) as connection:
        assert connection
    connection.close()


def test_an_apply_goes_on_without_the_bouncer_that_it_was_told_of(live, database, migrations, folder):  # noqa: F811
    migrations.write("002_more", up="SELECT pg_advisory_xact_lock(77); CREATE TABLE more (id int);")
    live.prove()
    with database.transaction("SELECT pg_advisory_xact_lock(77)"):
        running = live.start_approved("--format", "json", "--bouncer", f"host={folder} port=1 user=nobody")
        running.wait_for_output('"sampler":"pools"')
    result = running.result().ended(0)
    values = next(event["values"] for event in result.events("sample") if event["sampler"] == "pools")
    assert list(values) == ["unavailable"] and values["unavailable"].startswith("could not connect to ")
