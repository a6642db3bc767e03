"""The engine's socket: who may watch, what he is told, and what he may ask of a run that goes by itself."""

import os
import pathlib
import pwd
import socket
import stat
import subprocess
import sys

import pytest

from harness.gates import ADD, live
from harness.viewer import attach, sockets
from harness.wait import wait_until

SLOW = "ALTER TABLE items ADD COLUMN w int; DO $$ BEGIN IF (SELECT count(*) FROM items) > 50 THEN " \
       "PERFORM pg_advisory_xact_lock(77); END IF; END $$;"


def record(flow, run):
    return (flow.sluice.state / "runs" / f"{run}.jsonl").read_text(encoding="utf-8").splitlines()


def seal(viewer):
    """The plan's id and the database's name, as the viewer was told."""
    run, = viewer.of("run")
    return {"plan_id": run["plan_id"], "database": run["target"]["database"]}


def wait_in_apply(database):
    wait_until(lambda: database.one("SELECT pid FROM pg_stat_activity WHERE wait_event = 'advisory' "
                                    "AND application_name LIKE 'pgsluice/%%/apply'"), what="the apply waits")


def start_held(flow, database, migrations, *options):
    """A run whose apply waits in a statement until the lock is let go; the lock and the run."""
    migrations.write("002_more", up=SLOW)
    plan_id = flow.prove()
    database.execute("INSERT INTO items VALUES (51, 'after the rehearsal')")
    return flow.start("--approve", plan_id, *options)


def hold(database):
    return database.transaction("SELECT pg_advisory_xact_lock(77)", application_name="holder")


def test_a_batch_run_is_watched_and_approved_from_another_shell(live, migrations):
    migrations.write("002_more", up=ADD)
    run = live.start("--format", "json")
    with attach(live.sluice) as viewer:
        viewer.wait_state("asking", gate="approval", attended=False)
        viewer.ask("approve", **seal(viewer), reason="ticket 7")
        end = viewer.wait_end()
        viewer.wait_hang_up()
    result = run.result().ended(0)
    assert end["exit"] == 0 and live.versions() == ["001", "002"]
    answer, = viewer.answers("approve")
    assert answer["accepted"] and answer["uid"] == os.getuid() and answer["pid"] == os.getpid()
    assert answer["user"] == pwd.getpwuid(os.getuid()).pw_name and answer["reason"] == "ticket 7"
    assert viewer.lines == record(live, end["run"]) == result.stdout.splitlines()
    assert sockets(live.sluice) == sockets(live.sluice, ".target") == []


def test_the_ledger_says_who_consented_through_the_socket(live, database, migrations):
    migrations.write("002_more", up=ADD)
    run = live.start()
    with attach(live.sluice) as viewer:
        viewer.wait_state("asking")
        viewer.ask("approve", **seal(viewer), reason="ticket 7").wait_end()
    run.result().ended(0)
    consents = database.one("SELECT body->'data'->'consents' FROM pgsluice.ledger WHERE kind = 'approval'")
    assert [(one["os_user"], one["role"], one["reason"]) for one in consents] == [
        (pwd.getpwuid(os.getuid()).pw_name, database.one("SELECT session_user::text"), "ticket 7")]


def test_another_name_or_another_plan_is_no_consent(live, migrations):
    migrations.write("002_more", up=ADD)
    run = live.start()
    with attach(live.sluice) as viewer:
        viewer.ask("approve", plan_id="0" * 64, database="x").wait_answer("approve")
        viewer.wait_state("asking")
        right = seal(viewer)
        viewer.ask("approve", plan_id=right["plan_id"], database="prod").wait_answer("approve", 2)
        viewer.ask("approve", plan_id="0" * 64, database=right["database"]).wait_answer("approve", 3)
        viewer.ask("approve", plan_id=right["plan_id"][:11], database=right["database"]).wait_answer("approve", 4)
        viewer.ask("cancel").wait_end()
    result = run.result().ended(130)
    other = f"This is another plan: {right['plan_id'][:12]}."
    assert [answer["refused"] for answer in viewer.answers("approve")] == [
        "Gate approval does not wait for consent now.", "The name is not that of this database.", other, other]
    assert not any(answer["accepted"] for answer in viewer.answers("approve"))
    assert live.versions() == ["001"] and f"cancelled by {pwd.getpwuid(os.getuid()).pw_name}" in result.stderr


def test_nobody_who_watches_is_as_before(live, migrations):
    migrations.write("002_more", up=ADD)
    run = live.start(env={"PGSLUICE_ALONE_MS": "200"})
    with attach(live.sluice) as viewer:
        viewer.wait_state("asking")
    result = run.result().ended(12)
    assert "watches no more: nobody watches now, and nothing changes for it" in result.stderr + result.stdout


def test_who_comes_late_is_told_the_same_story(live, database, migrations):
    with hold(database) as holder:
        run = start_held(live, database, migrations)
        with attach(live.sluice) as first:
            wait_in_apply(database)
            with attach(live.sluice) as second:
                assert second.wait_state("working", gate="apply", viewers=2)
                seen = len(first.wait_event("gate", gate="apply", state="running") and first.events)
                second.wait(lambda viewer: len(viewer.events) >= seen, what="what the first one saw")
                holder.close()
                end = first.wait_end()
                second.wait_end()
                first.wait_hang_up()
                second.wait_hang_up()
        run.result().ended(0)
    assert first.lines == second.lines == record(live, end["run"])
    assert [event["seq"] for event in second.events] == list(range(1, len(second.events) + 1))


def test_a_statement_is_cancelled_and_rolled_back(live, database, migrations):
    with hold(database):
        run = start_held(live, database, migrations)
        with attach(live.sluice) as viewer:
            wait_in_apply(database)
            viewer.ask("cancel")
            assert viewer.wait_end()["exit"] == 130
        run.result().ended(130)
    assert live.versions() == ["001"]
    assert database.one("SELECT count(*) FROM information_schema.columns WHERE table_name = 'items'") == 2


def test_a_viewer_that_vanishes_changes_nothing(live, database, migrations):
    with hold(database) as holder:
        run = start_held(live, database, migrations)
        with attach(live.sluice) as viewer:
            wait_in_apply(database)
            viewer.wait_state("working", gate="apply")
        holder.close()
        run.result().ended(0)
    assert live.versions() == ["001", "002"]


def test_a_paused_run_waits_before_its_next_step(live, database, migrations):
    migrations.write("003_next", up="CREATE TABLE next (id int);")
    with hold(database) as holder:
        run = start_held(live, database, migrations)
        with attach(live.sluice) as viewer:
            wait_in_apply(database)
            viewer.ask("pause").wait_answer("pause")
            holder.close()
            viewer.wait_state("paused", gate="apply")
            assert live.versions() == ["001", "002"]
            viewer.ask("continue")
            assert viewer.wait_end()["exit"] == 0
        run.result().ended(0)
    assert live.versions() == ["001", "002", "003"]


def test_a_batch_run_refuses_to_be_driven(live, migrations):
    migrations.write("002_more", up=ADD)
    run = live.start()
    refusal = "A batch run goes its way by itself: it can be watched, approved, paused and cancelled."
    with attach(live.sluice) as viewer:
        for request, fields in (("start", {}), ("run", {"gate": "backup"}), ("rollback", {"to": "0"}),
                                ("waive", {"check": "backup", "reason": "r"}), ("quit", {"force": True})):
            viewer.ask(request, **fields)
            assert viewer.wait_answer(request)["refused"] == refusal
        viewer.ask("continue")
        assert viewer.wait_answer("continue")["refused"] == "Nothing is paused."
        viewer.ask("cancel").wait_end()
    run.result().ended(130)


def test_what_is_no_request_is_answered_and_changes_nothing(live, migrations):
    migrations.write("002_more", up=ADD)
    run = live.start()
    with attach(live.sluice) as viewer:
        viewer.send('{"v":1,"request":"dance"}\nrm -rf /\n\n{"v":1,"request":"run","to":1}\n')
        viewer.wait(lambda viewer: len([e for e in viewer.beside if e["type"] == "error"]) == 3, what="three answers")
        assert [event["code"] for event in viewer.beside if event["type"] == "error"] == ["refused"] * 3
        viewer.send("x" * 100000)
        viewer.wait_hang_up()
    with attach(live.sluice) as viewer:
        viewer.ask("cancel").wait_end()
    run.result().ended(130)


def test_the_socket_is_the_users_own(live, migrations):
    migrations.write("002_more", up=ADD)
    run = live.start()
    with attach(live.sluice) as viewer:
        path, = sockets(live.sluice)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        # Even where the modes let him in, another user is told nothing.
        for folder in (path, path.parent, path.parent.parent, live.sluice.home):
            folder.chmod(0o777)
        script = f"import socket; s = socket.socket(socket.AF_UNIX); s.connect({str(path)!r}); print(s.recv(100))"
        account = pwd.getpwnam("nobody")
        told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True,
                              user=account.pw_uid, group=account.pw_gid, extra_groups=[]).stdout
        assert told == "b''\n"
        viewer.wait(lambda viewer: [e for e in viewer.of("log") if f"of user {account.pw_uid} wanted to watch and was "
                                    "refused" in e["message"]], what="the refusal in the log")
        viewer.ask("cancel").wait_end()
    run.result().ended(130)


def test_what_a_dead_engine_left_is_swept(live, migrations):
    migrations.write("002_more", up=ADD)
    run = live.start()
    with attach(live.sluice) as viewer:
        viewer.wait_event("run")
        run.kill()
    left = sockets(live.sluice) + sockets(live.sluice, ".target")
    assert len(left) == 2
    live.plan_id()
    assert sockets(live.sluice) == sockets(live.sluice, ".target") == []
    assert not any(path.exists() for path in left)


def test_a_socket_works_in_a_folder_with_a_long_name(live, migrations):
    migrations.write("002_more", up=ADD)
    long = live.sluice.home / ("long" * 30)
    long.mkdir()
    run = live.start(env={"XDG_RUNTIME_DIR": str(long)})
    path, = wait_until(lambda: list((long / "pgsluice").glob("*.sock")), what="the socket")
    folder = os.open(path.parent, os.O_PATH)
    with attach(live.sluice, f"/proc/self/fd/{folder}/{path.name}") as viewer:
        viewer.ask("cancel").wait_end()
    os.close(folder)
    run.result().ended(130)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can listen as somebody else")
def test_an_engine_of_another_user_is_told_nothing(sluice):
    """Root may enter every folder: what listens there is somebody else's all the same."""
    folder = pathlib.Path(sluice.env()["XDG_RUNTIME_DIR"]) / "pgsluice"
    folder.mkdir(mode=0o700, parents=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "00000000-0000-4000-8000-000000000001.sock"))
    os.seteuid(65534)
    try:
        listener.listen()
    finally:
        os.seteuid(0)
    result = sluice.run("attach", "--plain", database=None, migrations=None).ended(2)
    assert "is held by user 65534 and not by you" in result.stderr
    assert "No engine of yours listens there" in result.stderr
    listener.close()
