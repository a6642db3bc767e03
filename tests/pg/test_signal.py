"""Requests `signal` and `pull-back`: an operator ends what stands in the way, by name, or takes our own step back."""

import os

import pytest

from harness.gates import ADD, evidence, live, log  # noqa: F401
from harness.proxy import LOST_REPLY, NO_REPLY
from harness.viewer import Engine, attach
from harness.wait import wait_until
from test_socket import wait_in_apply

HOLD = "ALTER TABLE items ADD COLUMN w int; SELECT pg_advisory_xact_lock(77);"
SIGNALS = r"(?s).*\bpg_terminate_backend\b"
UNKNOWN = ("Live was asked and gave no answer: nobody knows whether the signal was sent. "
           "Look whether the session is still there.")


@pytest.fixture
def patient(live):
    """Nothing but the test ends a wait."""
    return live.configure(lock_timeout="60s", lock_budget="60s")


def seen(viewer, application):
    """The session of that name, as the samples show it."""
    def found(_):
        for event in reversed(viewer.of("sample")):
            if event["sampler"] == "locks":
                return next((one for one in event["values"].get("sessions", ()) if one["application"] == application), None)
        return None
    return viewer.wait(found, what=f"{application} in the forest")


def target(session, **changed):
    return {"backend_pid": session["pid"], "backend_start": session["backend_start"], "name": session["application"],
            **changed}


def begun(database, pid):
    """When a session began, as a request names it."""
    return database.one("SELECT to_char(backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') "
                        "FROM pg_stat_activity WHERE pid = %s", pid)


def in_ledger(database):
    return [body for body, in database.query("SELECT body FROM pgsluice.ledger WHERE kind = 'signal' ORDER BY seq")]


def start_behind(flow, database, migrations):
    """A run whose step waits for the reader's lock on the table."""
    migrations.write("002_more", up=ADD)
    plan_id = flow.prove()
    return plan_id, database.transaction("SELECT count(*) FROM items", application_name="reader")


def test_a_blocker_is_terminated_by_name_and_that_is_recorded(patient, database, migrations):
    plan_id, reader = start_behind(patient, database, migrations)
    with reader as session:
        pid = session.get_backend_pid()
        run = patient.start("--approve", plan_id, "--format", "json")
        with attach(patient.sluice) as viewer:
            blocker = seen(viewer, "reader")
            assert blocker["pid"] == pid and not blocker["ours"]
            viewer.ask("signal", action="terminate", **target(blocker), reason="it was left open")
            answer = viewer.wait_answer("signal")
            assert answer["accepted"] and answer["user"] and answer["pid"] == os.getpid()
            assert answer["session"].startswith(f"process {pid} (reader, role postgres, from local), "
                                                "idle in transaction, transaction open for ")
            viewer.wait_end()
        assert not database.one("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", pid)
    run.result().ended(0)
    assert patient.versions() == ["001", "002"]
    kept, = evidence(patient, "apply")["data"]["signals"]
    ledger, = [body for body, in database.query("SELECT body FROM pgsluice.ledger WHERE kind = 'signal'")]
    assert kept == ledger
    assert {name: kept[name] for name in ("action", "backend_pid", "name", "reason", "accepted")} == {
        "action": "terminate", "backend_pid": pid, "name": "reader", "reason": "it was left open",
        "accepted": True}


def test_a_statement_of_somebody_else_is_cancelled_and_his_session_stays(patient, database, migrations):
    migrations.write("002_more", up=ADD)
    plan_id = patient.prove()
    sleeper = database.background("BEGIN; SELECT count(*) FROM items; SELECT pg_sleep(600)", application_name="sleeper")
    run = patient.start("--approve", plan_id, "--format", "json")
    with attach(patient.sluice) as viewer:
        viewer.ask("signal", action="cancel", **target(seen(viewer, "sleeper")))
        assert viewer.wait_answer("signal")["accepted"]
        viewer.wait_end()
    with pytest.raises(Exception, match="canceling statement due to user request"):
        sleeper.result()
    run.result().ended(0)


def test_nothing_but_the_named_session_is_signalled(patient, database, migrations):
    plan_id, reader = start_behind(patient, database, migrations)
    with reader as session:
        run = patient.start("--approve", plan_id, "--format", "json")
        with attach(patient.sluice) as viewer:
            blocker = seen(viewer, "reader")
            ours = viewer.wait(lambda _: next((one for event in viewer.of("sample") if event["sampler"] == "locks"
                                               for one in event["values"].get("sessions", ()) if one["ours"]), None))
            server = database.one("SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'")
            start = begun(database, server)
            gone = database.background("SELECT 1")
            gone.result()
            tool = database.background("SELECT pg_sleep(600)", application_name="pgsluice")
            cases = [
                (target(blocker, name="writer"), f'Process {session.get_backend_pid()} is not called "writer".'),
                (target(blocker, backend_start="2026-01-01T00:00:00.000000Z"),
                 f"Process {session.get_backend_pid()} is another session by now."),
                (target(ours), f"Process {ours['pid']} is a session of pgsluice: cancel its run instead."),
                ({"backend_pid": server, "backend_start": start, "name": "checkpointer"},
                 f"Process {server} is one of the server's own."),
                ({"backend_pid": tool.pid, "backend_start": begun(database, tool.pid), "name": "pgsluice"},
                 f"Process {tool.pid} is a session of pgsluice: cancel its run instead."),
                (target(blocker, backend_pid=gone.pid), f"Process {gone.pid} is gone already."),
                (target(blocker, backend_pid=0), "That is no process number."),
            ]
            for number, (fields, refused) in enumerate(cases, 1):
                viewer.ask("signal", action="terminate", **fields)
                answer = viewer.wait_answer("signal", number)
                assert not answer["accepted"] and answer["refused"] == refused
            assert database.one("SELECT count(*) FROM pg_stat_activity WHERE pid = ANY (%s)",
                                [session.get_backend_pid(), ours["pid"], server, tool.pid]) == 4
            database.one("SELECT pg_terminate_backend(%s)", tool.pid)
    run.result().ended(0)
    assert "signals" not in evidence(patient, "apply")["data"]
    assert database.one("SELECT count(*) FROM pgsluice.ledger WHERE kind = 'signal'") == 0


def test_a_role_without_the_right_is_told_which_one(patient, database, migrations, cluster):
    role = f"operator_{database.name}"
    cluster.execute(f"CREATE ROLE {role} LOGIN; GRANT pg_read_all_data, pg_read_all_stats TO {role}")
    database.execute(f"GRANT CREATE ON DATABASE {database.name} TO {role}; ALTER TABLE schema_migrations OWNER TO {role};"
                     f"ALTER TABLE items OWNER TO {role}; GRANT CREATE, USAGE ON SCHEMA public TO {role};"
                     f"CREATE ROLE {role}_other LOGIN; GRANT SELECT ON items TO {role}_other")
    patient.configure(**{"not-checked.preflight.disk": "a managed server"})
    migrations.write("002_more", up=ADD)
    operator = database.conninfo(user=role)
    plan_id = patient.batch("--format", "json", database=operator).ended(12).events("plan")[0]["plan_id"]
    with database.transaction("SELECT count(*) FROM items", application_name="reader", user=f"{role}_other"), \
            database.transaction("SELECT count(*) FROM items", application_name="dba") as dba:
        run = patient.start("--approve", plan_id, "--format", "json", database=operator)
        with attach(patient.sluice) as viewer:
            viewer.ask("signal", action="terminate", **target(seen(viewer, "reader")))
            refused = viewer.wait_answer("signal")["refused"]
            assert refused.startswith("Live refused: ") and refused.endswith(" The role needs pg_signal_backend.")
            viewer.ask("signal", action="terminate", **target(seen(viewer, "dba")))
            assert viewer.wait_answer("signal", 2)["refused"] == (
                f"Process {dba.get_backend_pid()} is a superuser's: only a superuser may signal it.")
    run.result().ended(0)


def signal_unanswered(flow, database, migrations, make_proxy, mode):
    """Terminates a blocker by a session whose answer gets lost; returns the run's result and what was told of it."""
    plan_id, reader = start_behind(flow, database, migrations)
    proxy = make_proxy(database.cluster)
    rule = proxy.cut(SIGNALS, mode=mode, application="/signal$")
    with reader:
        run = flow.start("--approve", plan_id, "--format", "json", database=proxy.conninfo(database.name))
        with attach(flow.sluice) as viewer:
            viewer.ask("signal", action="terminate", **target(seen(viewer, "reader")))
            viewer.wait_end()
            answer, = viewer.answers("signal")
        assert rule.fired.is_set()
    return run.result().ended(0), answer


@pytest.mark.parametrize("mode", [LOST_REPLY, NO_REPLY])
def test_a_signal_that_may_have_been_sent_is_told_and_kept_as_such(patient, database, migrations, make_proxy, mode):
    _, answer = signal_unanswered(patient, database, migrations, make_proxy, mode)
    assert not answer["accepted"] and answer["unknown"] == UNKNOWN and "refused" not in answer
    kept, = evidence(patient, "apply")["data"]["signals"]
    assert kept["unknown"] == UNKNOWN and in_ledger(database) == [kept]


def test_a_signal_during_a_verify_that_is_cancelled_is_in_the_ledger(patient, database, migrations):
    migrations.write("002_more", up=ADD)
    patient.configure(verify_watch="60s")
    plan_id = patient.prove()
    sleeper = database.background("SELECT pg_sleep(600)", application_name="sleeper")
    run = patient.start("--approve", plan_id, "--format", "json")
    with attach(patient.sluice) as viewer:
        viewer.wait_event("sample", sampler="verify")
        viewer.ask("signal", action="cancel", backend_pid=sleeper.pid, backend_start=begun(database, sleeper.pid),
                   name="sleeper")
        assert viewer.wait_answer("signal")["accepted"]
        viewer.ask("cancel")
        viewer.wait_end()
    run.result().ended(130)
    with pytest.raises(Exception, match="canceling statement due to user request"):
        sleeper.result()
    assert [(row["action"], row["name"]) for row in in_ledger(database)] == [("cancel", "sleeper")]


def test_what_is_not_at_work_is_not_pulled_back(live, migrations):
    migrations.write("002_more", up=ADD)
    engine = Engine(live.sluice)
    try:
        with attach(live.sluice) as viewer:
            viewer.wait_state("waiting")
            viewer.ask("pull-back")
            assert viewer.wait_answer("pull-back")["refused"] == (
                "No step is at work on live with a guard to pull it back.")
    finally:
        engine.close()


def test_an_operator_pulls_the_step_back_and_it_is_tried_again(patient, database, migrations):
    migrations.write("002_more", up=HOLD)
    plan_id = patient.prove()
    with database.transaction("SELECT pg_advisory_xact_lock(77)", application_name="holder"):
        run = patient.start("--approve", plan_id, "--format", "json")
        with attach(patient.sluice) as viewer:
            wait_in_apply(database)
            viewer.ask("pull-back")
            assert viewer.wait_answer("pull-back")["accepted"]
            told = viewer.wait_event("guard")
            assert told["limit"] == "pull-back" and told["version"] == "002" and told["step"] == 1
            assert told["message"].startswith("pull-back: ") and told["message"].endswith(" asked for it")
            wait_until(lambda: not database.one("SELECT count(*) FROM pg_locks WHERE relation = 'items'::regclass "
                                                "AND mode = 'AccessExclusiveLock'"), 10, "the lock is gone")
    result = run.result().ended(0)
    assert "pulled back by the guard: pull-back: " in log(result)
    assert patient.versions() == ["001", "002"]
