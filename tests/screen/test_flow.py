"""The console on a real engine and a real database: from the first screen to a verified apply, and what goes wrong."""

import signal

import pytest

from harness.gates import ADD, live  # noqa: F401 (a fixture)
from harness.wait import wait_until



@pytest.fixture
def console(live, migrations, start):  # noqa: F811
    """console() opens it on the database of `live`; console("attach") comes back. It and its engine end with the test."""
    opened = []
    live.configure(environment="TEST")

    def open_console(*words, **options):
        target = [] if words else ["-d", live.database.conninfo(), "-m", str(migrations.path)]
        glass = start(*words, *target, env=live.sluice.env({"TERM": "xterm-256color", "LANG": "C.UTF-8", "TZ": "UTC",
                                                            "INPUTRC": "/dev/null"}), **options)
        opened.append(glass)
        return glass

    yield open_console
    for glass in opened:
        if not glass.look("screen").last["ended"] and not glass.last["hung_up"]:
            glass.press("Esc", "Esc", "Q").press("a").look("next 200")
            glass.press("Q")


def name_of(live):  # noqa: F811
    return live.database.one("SELECT current_database()")


def prove(glass):
    """Every gate up to the approval, from the first screen."""
    glass.wait_for("waits before inspect", deadline=60)
    return glass.press("R").wait_for("ASKS YOU", deadline=120)


def approve(glass, live):  # noqa: F811
    glass.press("A").wait_for("Approve and apply", "To approve, type the name")
    return glass.type(name_of(live)).press("Enter")


def test_from_the_first_screen_to_a_verified_apply(console, live, migrations):  # noqa: F811
    migrations.write("002_more", up=ADD)
    glass = console()
    glass.wait_for("read-only", "waits before inspect", "pending", "002", deadline=60)
    glass.press("r").wait_for("waits before backup", "Gates 1/8", deadline=60)
    glass.press("R").wait_for("ASKS YOU", deadline=120)
    assert live.versions() == ["001"]
    approve(glass, live).wait_for("ended with 0", "Gates 8/8", deadline=120)
    assert live.versions() == ["001", "002"]
    glass.press("Q").ended(0)
    assert "The run ended with 0: done." in glass.text()


def test_a_wrong_name_and_none_approve_nothing(console, live, migrations):  # noqa: F811
    migrations.write("002_more", up=ADD)
    glass = prove(console())
    glass.press("A").wait_for("Approve and apply")
    glass.press("Enter").wait_for("Nothing was typed, so nothing was approved.")
    glass.type("postgres").press("Enter").wait_for("That is not the name of this database: nothing was approved.")
    glass.press("Esc").wait_without("Approve and apply")
    assert "ASKS YOU" in glass.text() and live.versions() == ["001"]
    approve(glass, live).wait_for("ended with 0", deadline=120)
    assert live.versions() == ["001", "002"]


def test_a_failed_gate_says_why_is_mended_and_passed(console, live, migrations):  # noqa: F811
    migrations.write("002_more", up="ALTER TABLE itmes ADD COLUMN w int;")
    glass = console().wait_for("waits before inspect", deadline=60)
    glass.press("R").wait_for("ended with 11", deadline=120)
    glass.press("5").wait_for("FAILED", "rehearsal", 'relation "itmes" does not exist')
    glass.press("A").wait_for("The run has ended")
    migrations.write("002_more", up=ADD)
    glass.press("S").wait_for("waits before inspect", deadline=60)
    glass.press("R").wait_for("ASKS YOU", deadline=120)
    approve(glass, live).wait_for("ended with 0", deadline=120)
    assert live.versions() == ["001", "002"]


def test_a_terminal_that_vanishes_in_a_statement_changes_nothing(console, live, migrations):  # noqa: F811
    migrations.write("002_more", up=ADD + " DO $$ BEGIN IF (SELECT count(*) FROM items) > 50 THEN "
                                          "PERFORM pg_advisory_xact_lock(77); END IF; END $$;")
    glass = prove(console())
    live.database.execute("INSERT INTO items VALUES (51, 'after the rehearsal')")
    with live.database.transaction("SELECT pg_advisory_xact_lock(77)"):
        approve(glass, live).wait_for("apply at work", deadline=60)
        wait_until(lambda: live.database.one("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory' "
                                             "AND application_name LIKE 'pgsluice/%%/apply'"), what="the apply waits")
        glass.hang_up().ended(0)
        again = console("attach").wait_for("apply at work", "WRITES UNLOCKED", deadline=60)
    again.wait_for("ended with 0", deadline=60)
    assert live.versions() == ["001", "002"]
    again.press("Q").ended(0)


def test_a_statement_is_cancelled_and_rolled_back(console, live, migrations):  # noqa: F811
    migrations.write("002_more", up=ADD + " DO $$ BEGIN IF (SELECT count(*) FROM items) > 50 THEN "
                                          "PERFORM pg_advisory_xact_lock(77); END IF; END $$;")
    glass = prove(console())
    live.database.execute("INSERT INTO items VALUES (51, 'after the rehearsal')")
    with live.database.transaction("SELECT pg_advisory_xact_lock(77)"):
        approve(glass, live).wait_for("apply at work", deadline=60)
        wait_until(lambda: live.database.one("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory' "
                                             "AND application_name LIKE 'pgsluice/%%/apply'"), what="the apply waits")
        glass.press("C").wait_for("Gate apply is at work. Cancel it?")
        glass.press("Enter").wait_without("Cancel it?")
        assert "apply at work" in glass.text()
        glass.press("C", "y").wait_for("ended with", deadline=60)
    assert live.versions() == ["001"]
    assert live.database.one("SELECT count(*) FROM pg_attribute WHERE attrelid = 'items'::regclass AND attname = 'w'") == 0


def test_two_consoles_watch_one_engine(console, live, migrations):  # noqa: F811
    migrations.write("002_more", up=ADD)
    first = console().wait_for("waits before inspect", deadline=60)
    second = console().wait_for("connected to the engine that is at this target already", "waits before inspect",
                                deadline=60)
    second.press("r").wait_for("waits before backup", deadline=60)
    first.wait_for("waits before backup", deadline=60)
    first.press("D").ended(0)
    assert "The engine goes on. To come back: pgsluice attach" in first.text()
    second.press("r").wait_for("waits before rehearsal", deadline=60)


def test_leaving_asks_while_a_run_is_on(console, live, migrations):  # noqa: F811
    migrations.write("002_more", up=ADD)
    glass = console().wait_for("waits before inspect", deadline=60)
    glass.press("Q").wait_for("What shall become of it?", "continue watching (Enter)")
    glass.press("Enter").wait_without("What shall become of it?")
    glass.press("Q", "a").ended(0, deadline=30)


def test_a_batch_run_is_watched_and_approved(console, live, migrations):  # noqa: F811
    migrations.write("002_more", up=ADD)
    run = live.start()
    wait_until(lambda: list((live.sluice.home / "run").rglob("*.sock")), what="its socket")
    glass = console("attach").wait_for("ASKS YOU", deadline=120)
    approve(glass, live).wait_for("ended with 0", deadline=120)
    run.result().ended(0)
    assert live.versions() == ["001", "002"]
    glass.press("Q").ended(0)


def test_a_console_without_a_terminal_names_the_way_out(live):  # noqa: F811
    result = live.sluice.run().ended(2)
    assert "there is no terminal to show the console on" in result.stderr
    assert "pgsluice --batch" in result.stderr


def test_a_sigterm_leaves_the_engine(console, live, migrations):  # noqa: F811
    migrations.write("002_more", up=ADD)
    glass = console().wait_for("waits before inspect", deadline=60)
    glass.signal(int(signal.SIGTERM)).ended(143)
    console("attach").wait_for("waits before inspect", deadline=60)
