"""An engine that a console started: each gate only when somebody asks for it, one run after the other."""

import json
import os
import select
import signal

import pytest

from harness.gates import ADD, live
from harness.viewer import Engine, attach, sockets
from harness.wait import wait_until
from test_socket import SLOW, hold, record, seal, wait_in_apply

WRONG = "ALTER TABLE items ADD COLUMN w nonsense;"


@pytest.fixture
def engine(live):
    """engine(option...) starts one on a database that nothing is wrong with."""
    made = []

    def make(*options, **how):
        made.append(Engine(live.sluice, *options, **how))
        return made[-1]

    yield make
    for one in made:
        one.close()


def states(viewer, after=0):
    """The last state of each gate since then."""
    return {event["gate"]: event["state"] for event in viewer.of("gate", after)}


def approve(viewer, gate="approval", after=0):
    """Goes on to the approval and consents; the answer."""
    viewer.ask("run", gate=gate).wait_state("asking")
    run = viewer.of("run", after)[-1]
    viewer.ask("approve", plan_id=run["plan_id"], database=run["target"]["database"])
    return viewer.wait_answer("approve")


def test_nothing_begins_unless_it_is_asked_for(engine, live, migrations):
    migrations.write("002_more", up=ADD)
    engine()
    with attach(live.sluice) as viewer:
        told = viewer.wait_state("waiting", gate="inspect", attended=True)
        assert told["command"] == "console" and not viewer.of("gate")
        viewer.ask("run").wait_state("waiting", gate="backup")
        assert states(viewer) == {"inspect": "passed"}
        viewer.ask("run", gate="rehearsal").wait_state("waiting", gate="plans")
        assert states(viewer) == {"inspect": "passed", "backup": "passed", "rehearsal": "passed"}
        promise, = [event["values"] for event in viewer.of("sample") if event["sampler"] == "promise"]
        assert [one["version"] for one in promise["migrations"]] == ["002"]
        assert {"relation": "public.items", "mode": "ACCESS EXCLUSIVE"} in promise["migrations"][0]["locks"]
        viewer.ask("run", gate="inspect")
        assert viewer.wait_answer("run", 3)["refused"] == "Gate inspect lies behind: start a new run."
        assert approve(viewer)["accepted"]
        viewer.wait_state("waiting", gate="apply")
        assert live.versions() == ["001"]
        viewer.ask("run", gate="apply")
        end = viewer.wait_end()
        assert end["exit"] == 0 and states(viewer)["verify"] == "passed"
        assert viewer.lines == record(live, end["run"])
    assert live.versions() == ["001", "002"]


def test_what_is_proved_already_is_told_before_anything_begins(engine, live, migrations):
    migrations.write("002_more", up=ADD)
    live.prove()
    engine()
    with attach(live.sluice) as viewer:
        viewer.wait_state("waiting", gate="inspect")
        gates = {event["gate"]: event for event in viewer.of("gate")}
        assert gates["backup"]["state"] == gates["rehearsal"]["state"] == "passed"
        assert "is reused" in gates["backup"]["reason"] and gates["backup"]["valid_until"]
        assert {"backup.content", "rehearsal.plan"} <= {event["check"] for event in viewer.of("evidence")}
        assert [event["sampler"] for event in viewer.of("sample")] == ["promise"]
        viewer.ask("run", gate="approval").wait_state("asking")
        running = [event["gate"] for event in viewer.of("gate") if event["state"] == "running"]
        assert [gate for gate in running if gate != "preflight"] == ["inspect", "approval"]


def test_a_failed_gate_is_mended_and_the_run_goes_on(engine, live, migrations):
    migrations.write("002_more", up=WRONG)
    started = engine()
    with attach(live.sluice) as viewer:
        viewer.wait_state("waiting")
        viewer.ask("run", gate="approval").wait_state("idle")
        assert viewer.of("end")[0]["exit"] == 11 and states(viewer)["rehearsal"] == "failed"
        migrations.write("002_more", up=ADD)
        seen = len(viewer.events)
        viewer.ask("run", gate="approval").wait_state("asking")
        assert states(viewer, seen) == {"inspect": "passed", "backup": "passed", "rehearsal": "passed", "plans": "passed",
                                        "preflight": "passed", "approval": "running"}
        assert "is reused" in next(event["reason"] for event in viewer.of("gate", seen) if event["gate"] == "backup")
        assert viewer.events[seen]["seq"] == 1 and viewer.events[seen]["run"] != viewer.events[0]["run"]
        approve(viewer, gate="verify", after=seen)
        assert viewer.wait_end(seen)["exit"] == 0
    assert live.versions() == ["001", "002"]
    assert started.lives()


def test_a_cancelled_statement_is_rolled_back_and_the_engine_lives_on(engine, live, database, migrations):
    migrations.write("002_more", up=SLOW)
    live.prove()
    database.execute("INSERT INTO items VALUES (51, 'after the rehearsal')")
    started = engine()
    with attach(live.sluice) as viewer:
        viewer.wait_state("waiting")
        with hold(database):
            approve(viewer, gate="verify")
            wait_in_apply(database)
            viewer.ask("quit")
            assert viewer.wait_answer("quit")["refused"] == "Gate apply is at work: cancel it first."
            viewer.ask("start")
            assert viewer.wait_answer("start")["refused"] == "Gate apply is at work: cancel it first."
            viewer.ask("cancel").wait_state("idle")
        assert viewer.of("end")[0]["exit"] == 130 and live.versions() == ["001"]
        assert viewer.of("end")[0]["reason"].startswith("migration 002: cancelled by ")
        seen = len(viewer.events)
        viewer.ask("run", gate="verify")
        assert viewer.wait_end(seen)["exit"] == 0
        seen = len(viewer.events)
        viewer.ask("start").wait_end(seen)
        assert viewer.of("run", seen)[0]["run"] != viewer.of("run")[-2]["run"]
    assert live.versions() == ["001", "002"] and started.lives()


def test_a_terminal_that_vanishes_leaves_an_approved_apply_to_its_end(engine, live, database, migrations):
    migrations.write("002_more", up=SLOW)
    live.prove()
    database.execute("INSERT INTO items VALUES (51, 'after the rehearsal')")
    started = engine()
    with hold(database) as holder:
        with attach(live.sluice) as viewer:
            viewer.wait_state("waiting")
            approve(viewer, gate="verify")
            wait_in_apply(database)
        started.hang_up()
        os.kill(started.pid, signal.SIGHUP)
        run = viewer.of("run")[0]["run"]
        wait_until(lambda: any("nobody watches now" in line for line in record(live, run)), what="the log of it")
        holder.close()
    with attach(live.sluice) as viewer:
        end = viewer.wait_end()
        assert end["exit"] == 0 and live.versions() == ["001", "002"]
        assert viewer.lines == record(live, end["run"])
        viewer.ask("quit").wait_hang_up()
    started.wait_end()


def test_an_engine_keeps_nothing_open_that_its_console_was_given(engine, migrations):
    migrations.write("002_more", up=ADD)
    reading, writing = os.pipe()
    started = engine(pass_fds=(writing,))
    os.close(writing)
    started.hang_up()
    with open(reading, "rb") as pipe:
        assert select.select([pipe], [], [], 10)[0] and pipe.read() == b""
    assert started.lives()


def test_an_engine_that_nobody_watches_ends_when_it_has_nothing_to_do(engine, live, migrations):
    migrations.write("002_more", up=ADD)
    started = engine(env={"PGSLUICE_ALONE_MS": "300"})
    with attach(live.sluice) as viewer:
        viewer.wait_state("waiting")
        started.hang_up()
        viewer.wait_state("waiting", viewers=1)
    started.wait_end()
    assert sockets(live.sluice) == sockets(live.sluice, ".target") == []


def test_the_approval_waits_for_whoever_comes_back(engine, live, migrations):
    migrations.write("002_more", up=ADD)
    started = engine(env={"PGSLUICE_ALONE_MS": "300"})
    with attach(live.sluice) as viewer:
        viewer.wait_state("waiting")
        viewer.ask("run", gate="approval").wait_state("asking")
        run, = viewer.of("run")
        started.hang_up()
    wait_until(lambda: any("nobody watches now" in line for line in record(live, run["run"])), what="the log of it")
    with attach(live.sluice) as viewer:
        viewer.wait_state("asking")
        viewer.ask("approve", plan_id=run["plan_id"], database=run["target"]["database"])
        viewer.wait_state("waiting", gate="apply")


def test_a_second_engine_of_the_same_target_names_the_first_and_goes(engine, live, migrations):
    migrations.write("002_more", up=ADD)
    first = engine()
    with attach(live.sluice) as viewer:
        viewer.wait_state("waiting")
        second = engine()
        second.wait_end()
        end = json.loads([line for line in second.told() if '"type":"end"' in line][-1])
        path, = sockets(live.sluice, ".target")
        assert end["exit"] == 20 and end["attach"] == path.name
        with attach(live.sluice, path) as other:
            assert other.wait_state("waiting")["pid"] == first.pid
    assert first.lives()


def test_an_engine_of_a_target_that_a_batch_run_has_names_that(engine, live, database, migrations):
    migrations.write("002_more", up=SLOW)
    plan_id = live.prove()
    database.execute("INSERT INTO items VALUES (51, 'after the rehearsal')")
    with hold(database) as holder:
        run = live.start("--approve", plan_id)
        wait_in_apply(database)
        other = engine()
        other.wait_end()
        end = json.loads([line for line in other.told() if '"type":"end"' in line][-1])
        path, = sockets(live.sluice, ".target")
        assert end["exit"] == 20 and end["attach"] == path.name
        with attach(live.sluice, path) as viewer:
            assert viewer.wait_state("working", gate="apply")["command"] == "batch"
            holder.close()
            viewer.wait_end()
        run.result().ended(0)


def test_start_reads_everything_anew(engine, live, migrations):
    migrations.write("002_more", up=ADD)
    engine()
    with attach(live.sluice) as viewer:
        viewer.wait_state("waiting")
        migrations.write("003_next", up="CREATE TABLE next (id int);")
        seen = len(viewer.events)
        viewer.ask("start")
        wait_until(lambda: viewer.read() or len(viewer.of("plan")) == 2, what="the second plan")
        plan = viewer.of("plan", seen)[-1]
        assert [one["version"] for one in plan["migrations"]] == ["001", "002", "003"]
        assert viewer.of("end")[0]["exit"] == 0
        viewer.wait_state("waiting")


def test_a_waiver_makes_a_new_plan(engine, live, migrations):
    migrations.write("002_more", up=ADD)
    engine()
    with attach(live.sluice) as viewer:
        viewer.wait_state("waiting")
        viewer.ask("waive", check="approval", reason="r")
        assert "refused" in viewer.wait_answer("waive")
        viewer.ask("waive", check="backup", reason="it is a toy")
        assert viewer.wait_answer("waive", 2)["accepted"]
        viewer.wait(lambda viewer: len(viewer.of("run")) == 2, what="the second run")
        before, after = viewer.of("run")
        assert before["plan_id"] != after["plan_id"]
        assert viewer.answers("waive")[1]["reason"] == "it is a toy"


def test_a_rollback_has_a_plan_and_an_approval_of_its_own(engine, live, migrations):
    migrations.write("002_more", up=ADD, down="ALTER TABLE items DROP COLUMN w;")
    engine()
    with attach(live.sluice) as viewer:
        viewer.wait_state("waiting")
        approve(viewer, gate="verify")
        viewer.wait_state("idle")
        seen = len(viewer.events)
        viewer.ask("rollback", to="001").wait_state("waiting", command="rollback")
        assert live.versions() == ["001", "002"]
        viewer.ask("run", gate="verify").wait_state("asking")
        run, = viewer.of("run", seen)
        viewer.ask("approve", plan_id=viewer.of("run")[0]["plan_id"], database=run["target"]["database"])
        assert viewer.wait_answer("approve", 2)["refused"] == f"This is another plan: {run['plan_id'][:12]}."
        viewer.ask("approve", plan_id=run["plan_id"], database=run["target"]["database"])
        assert viewer.wait_end(seen)["exit"] == 0
    assert live.versions() == ["001"]


def test_a_target_that_cannot_be_reached_is_told_and_tried_again(engine, live, migrations, cluster):
    migrations.write("002_more", up=ADD)
    name = live.database.name
    cluster.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    engine()
    with attach(live.sluice) as viewer:
        viewer.wait_state("idle")
        # The state may be told before the lines of the run that ended.
        assert viewer.wait_end()["exit"] != 0 and viewer.of("error")
        cluster.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        viewer.ask("run").wait_state("waiting", gate="backup")
