"""/status of `monitor --listen`: how the migrations stand, and the newest run's story while it goes on and afterwards."""

import datetime
import os
import re
import signal

import pytest

from harness.endpoint import Endpoint
from harness.gates import ADD, live  # noqa: F401
from harness.tool import Sluice
from harness.wait import wait_until

# Holds the table until the test lets go of 77.
HOLD = "ALTER TABLE items ADD COLUMN w int; SELECT pg_advisory_xact_lock(77);"
WRITE = "UPDATE items SET v = v WHERE id = 7"


class Story(Endpoint):
    def status(self):
        answer = self.ask("/status")
        assert answer.code == 200 and answer.headers["content-type"] == "application/json"
        return answer.json()

    def when(self, condition, what):
        """The first status that is so."""
        def so():
            status = self.status()
            return status if condition(status) else None
        return wait_until(so, 60, what)

    def when_run(self, what, **members):
        return self.when(lambda status: status["last_run"] and all(
            status["last_run"][name] == value for name, value in members.items()), what)


@pytest.fixture(name="story")
def told_of_live(live):
    """Listens to the flow's own target, once it has looked."""
    endpoint = Story(live.sluice)
    endpoint.when(lambda status: status["looked"], "it has looked")
    return endpoint


def gates(status):
    return {gate["gate"]: gate["state"] for gate in status["gates"]}


def seconds(stamp):
    return datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()


def migrations_of(status):
    return {migration["version"]: migration["state"] for migration in status["migrations"]}


def counts(status):
    return status["applied"], status["pending"], status["held"]


def not_well(status):
    """Without the checkpoints: they are counted since the cluster began, and other tests asked for some."""
    return [check for check in status["health"]["checks"] if check["state"] != "ok" and check["check"] != "checkpoints"]


def test_it_says_what_the_command_status_says(live, story, migrations):
    migrations.write("002_more", up=ADD)
    live.prove()
    told = story.when(lambda status: status["last_run"] and status["last_run"]["ended"] and
                      status["looked"] > status["last_run"]["ended"], "it has looked after the run")
    assert list(told) == ["v", "taken", "trouble", "server", "health", "unread", "looked", "environment", "plan_id",
                          "refusal", "applied", "pending", "held", "gates", "migrations", "last_run"]
    said = live.sluice.run("status", "--format", "json").ended(0).json()
    assert {name: told[name] for name in said} == said
    assert counts(told) == (1, 1, 0) and told["unread"] is None and told["refusal"] is None
    assert not_well(told) == [] and len(told["health"]["checks"]) >= 17
    assert told["plan_id"] == told["last_run"]["plan_id"]
    found = story.metrics()
    assert found["pgsluice_migrations"] == {(("state", "applied"),): 1, (("state", "pending"),): 1, (("state", "held"),): 0}
    assert found["pgsluice_gate_state"][(("gate", "approval"), ("state", "failed"))] == 1
    assert found["pgsluice_last_run_exit_code"] == {(): 12}


def test_a_colleague_is_told_who_blocked_whom_and_that_the_guard_pulled_back_and_how_it_ended(
        live, story, database, migrations):
    migrations.write("002_more", up=ADD)
    live.configure(guard_wait="300ms", lock_timeout="60s", lock_budget="60s")
    plan_id = live.prove()
    proved = story.when_run("the proof has ended", state="ended", exit=12)
    assert proved["last_run"]["reason"].startswith("gate approval: approval.consent: nobody consented to plan ")
    assert proved["last_run"]["hint"].endswith(f"--approve {plan_id[:12]}.")
    with database.transaction("SELECT count(*) FROM items", application_name="reader"):
        run = live.start("--approve", plan_id, "--format", "json")
        wait_until(lambda: database.one("SELECT count(*) FROM pg_locks WHERE NOT granted"), 60, "the apply waits")
        writers = []

        def pulled_back(status):
            if not writers or not writers[-1].running():
                writers.append(database.background(WRITE, application_name="writer"))
            return any("the guard pulls back" in line["message"] for line in status["last_run"]["said"])
        told = story.when(pulled_back, "the guard has pulled back")
        writers[-1].result()
    last = told["last_run"]
    assert (last["state"], last["from"], last["gate"], last["exit"]) == ("running", "record", "apply", None)
    assert gates(told)["approval"] == "passed" and gates(told)["apply"] == "running"
    line, = [line for line in last["said"] if "the guard pulls back" in line["message"]][:1]
    assert line["level"] == "warning" and line["gate"] == "apply"
    assert re.search(r"guard-wait: process \d+ \(writer, .* has waited \d+ ms behind step 1 of migration 002",
                     line["message"])
    run.result().ended(0)
    told = story.when_run("it has ended", state="ended", exit=0)
    told = story.when(lambda status: counts(status) == (2, 0, 0) and gates(status)["apply"] != "running", "it looked again")
    assert migrations_of(told) == {"001": "applied", "002": "applied"}
    last = told["last_run"]
    assert [(done["version"], done["state"]) for done in last["migrations"]] == [("002", "done")]
    assert any(re.search(r"process \d+ \(reader, ", f'{line["message"]} {line["detail"]}') for line in last["said"]), last
    assert {gate["state"] for gate in last["gates"]} == {"passed"}


def test_what_is_committed_is_told_while_the_run_goes_on(live, story, database, migrations):
    migrations.write("002_more", up=ADD)
    migrations.write("003_held", up="SELECT pg_advisory_xact_lock(77); CREATE TABLE c (id int);")
    plan_id = live.prove()
    with database.transaction("SELECT pg_advisory_xact_lock(77)"):
        run = live.start("--approve", plan_id)
        told = story.when_run("003 is at work", migration="003", gate="apply")
        assert counts(told) == (2, 1, 0)
        assert migrations_of(told) == {"001": "applied", "002": "applied", "003": "pending"}
        work = {done["version"]: done["state"] for done in told["last_run"]["migrations"]}
        assert work == {"002": "done", "003": "running"}
    run.result().ended(0)
    story.when(lambda status: counts(status) == (3, 0, 0), "all is applied")


def test_a_run_that_was_killed_is_stopped_and_not_running(live, story, database, migrations):
    migrations.write("002_more", up=HOLD)
    plan_id = live.prove()
    with database.transaction("SELECT pg_advisory_xact_lock(77)"):
        run = live.start("--approve", plan_id)
        story.when_run("002 is at work", migration="002", gate="apply")
        run.kill()
        told = story.when_run("it is seen to be stopped", state="stopped")
    assert told["last_run"]["exit"] is None and told["last_run"]["ended"] is None
    assert told["last_run"]["plan_id"] == plan_id


def test_a_newer_record_of_another_run_does_not_take_the_place_of_the_run_at_work(live, story, database, migrations):
    migrations.write("002_held", up="SELECT pg_advisory_xact_lock(77); CREATE TABLE c (id int);")
    plan_id = live.prove()
    record, = (live.sluice.state / "runs").glob("*.jsonl")
    with database.transaction("SELECT pg_advisory_xact_lock(77)"):
        run = live.start("--approve", plan_id)
        at_work = story.when_run("002 is at work", migration="002", gate="apply")["last_run"]
        newest = seconds(at_work["told"]) + 4
        os.utime(record, (newest, newest))

        def told_again(status):
            last = status["last_run"]
            assert (last["run"], last["from"], last["state"]) == (at_work["run"], "record", "running")
            return seconds(last["told"]) > newest + 1
        told = story.when(told_again, "it is told of for seconds more")
        assert migrations_of(told) == {"001": "applied", "002": "pending"}
    run.result().ended(0)
    story.when_run("it has ended", run=at_work["run"], state="ended", exit=0)


def test_a_database_of_the_same_name_is_not_told_the_story_of_the_one_before(live, story, database, migrations):
    migrations.write("002_more", up=ADD)
    live.prove()
    story.when_run("the record is read", state="ended")
    new = database.cluster.create_database()
    database.drop()
    database.cluster.execute(f'ALTER DATABASE "{new.name}" RENAME TO "{database.name}"')
    told = story.when(lambda status: status["applied"] == 0, "it has looked at the new one")
    assert told["last_run"] is None and migrations_of(told) == {"001": "pending", "002": "pending"}


def test_of_a_run_elsewhere_the_ledger_tells(live, folder, database, migrations):
    home = folder / "elsewhere"
    home.mkdir()
    other = Sluice(home, database, migrations)
    migrations.write("002_more", up=ADD)
    try:
        endpoint = Story(other)
        told = endpoint.when(lambda status: status["looked"], "it has looked")
        assert told["last_run"] is None
        result = live.approve("--format", "json").ended(0)
        run = result.events("run")[0]
        told = endpoint.when_run("the ledger is read", run=run["run"])
        assert told["last_run"] == {
            "run": run["run"], "from": "ledger", "command": "batch", "plan_id": run["plan_id"],
            "began": told["last_run"]["began"], "state": "ended", "ended": told["last_run"]["ended"],
            "outcome": told["last_run"]["outcome"], "reason": None}
        assert told["last_run"]["outcome"] and told["last_run"]["began"] < told["last_run"]["ended"]
        assert counts(told) == (2, 0, 0)
    finally:
        other.close()


def test_a_plan_that_is_refused_and_files_that_cannot_be_read_are_told_with_what_to_do(sluice, live, story, migrations):
    migrations.write("002_bad", up="\\connect other\n")
    told = story.when(lambda status: status["unread"] or status["refusal"], "it is refused")
    assert told["unread"]["message"] == "psql command \\connect is not accepted" and told["unread"]["hint"]
    assert (told["unread"]["file"].rpartition("/")[2], told["unread"]["line"]) == ("002_bad.sql", 1)
    assert counts(told) == (1, 0, 0) and told["refusal"] is None
    found = story.metrics()
    assert "pgsluice_migrations" not in found and "pgsluice_gate_state" not in found
    assert "pgsluice_migrations_time_seconds" in found and "pgsluice_server_info" in found
    migrations.write("002_bad", up="CREATE TABLE b (id int);").remove("001_items.sql")
    told = story.when(lambda status: status["refusal"], "it is refused")
    assert told["unread"] is None and told["refusal"]["hint"] and "001" in told["refusal"]["message"]
    nowhere = Story(sluice, migrations=sluice.home / "none")
    told = nowhere.when(lambda status: status["unread"], "it could not look")
    assert 'none"' in told["unread"]["message"] and told["looked"] is None and told["migrations"] is None and told["gates"] is None
    assert not_well(told) == [] and nowhere.is_ready()


def test_what_was_known_stays_while_the_server_is_away(sluice, make_cluster, migrations):
    own = make_cluster()
    database = own.create_database()
    migrations.write("001_first", up="CREATE TABLE a (id int);")
    endpoint = Story(sluice, database=database.conninfo())
    endpoint.when(lambda status: status["looked"], "it has looked")
    own.stop()
    told = endpoint.when(lambda status: status["trouble"], "it is noticed")
    assert counts(told) == (0, 1, 0) and told["health"]["state"] == "unknown"
    found = endpoint.metrics()
    assert "pgsluice_migrations" not in found and "pgsluice_gate_state" not in found
    assert endpoint.ask("/readyz").code == 503
    own.start()
    endpoint.when(lambda status: status["trouble"] is None and status["health"]["state"] == "ok", "it answers again")


def test_no_page_tells_a_password_or_a_statement(live, story, database, migrations):
    secret = "hunter2-and-more"
    endpoint = Story(live.sluice, database=database.conninfo(password=secret))
    endpoint.when(lambda status: status["looked"], "it has looked")
    with database.transaction("SELECT 1 AS whats_my_statement", application_name="talker"):
        endpoint.when(lambda status: "talker" in str(status["health"]), "the transaction is seen")
        for page in ("/status", "/metrics", "/"):
            text = endpoint.ask(page).text
            assert secret not in text and "whats_my_statement" not in text


def test_files_are_named_only_for_the_endpoint(sluice, folder):
    for option in ("--migrations", "--evidence"):
        result = sluice.run("monitor", option, folder, migrations=None).ended(2)
        assert f"{option} is for --listen" in result.stderr


def test_a_stop_in_the_middle_of_a_look_ends_it(sluice, database, migrations):
    migrations.write("001_first", up="CREATE TABLE a (id int);")
    with database.transaction("LOCK pg_description IN ACCESS EXCLUSIVE MODE"):
        endpoint = Story(sluice, "waits")
        wait_until(lambda: database.one("SELECT count(*) FROM pg_locks WHERE NOT granted AND "
                                        "relation = 'pg_description'::regclass"), what="the look waits")
        wait_until(endpoint.is_ready, what="it is ready all the same")
        assert endpoint.status()["looked"] is None
        endpoint.running.signal(signal.SIGTERM)
        endpoint.running.result(timeout=15).ended(143)


def test_a_server_that_takes_no_requests_to_cancel_does_not_hold_up_the_end_of_a_look(sluice, make_cluster, migrations):
    own = make_cluster()
    database = own.create_database()
    migrations.write("001_first", up="CREATE TABLE a (id int);")
    with database.transaction("LOCK pg_description IN ACCESS EXCLUSIVE MODE"):
        endpoint = Story(sluice, "waits", database=database)
        wait_until(lambda: database.one("SELECT count(*) FROM pg_locks WHERE NOT granted AND "
                                        "relation = 'pg_description'::regclass"), what="the look waits")
        os.kill(own.server.pid, signal.SIGSTOP)
        try:
            endpoint.running.signal(signal.SIGTERM)
            endpoint.running.result(timeout=5).ended(143)
        finally:
            os.kill(own.server.pid, signal.SIGCONT)
