"""`demo`: a server of its own that goes on running, and its end."""

import contextlib
import shlex

import psycopg2
import pytest

from harness import place
from harness.snapshot import folder_snapshot

pytestmark = pytest.mark.xdist_group("demo")


def query(conninfo, sql):
    with contextlib.closing(psycopg2.connect(conninfo)) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def conninfo_in(text):
    """The connection string of the line that the user is to paste."""
    line, = [line for line in text.splitlines() if line.startswith("  export DATABASE_URL=")]
    return shlex.split(line)[1].partition("=")[2]


@pytest.fixture
def demo_place(folder):
    return folder / "demo"


@pytest.fixture
def stops(sluice, demo_place):
    yield
    sluice.run("demo", "--stop", demo_place, database=None, migrations=None)


def demo(sluice, *words, env=None):
    return sluice.run("demo", *words, database=None, migrations=None, env=env or {"PGSLUICE_DATA": str(place.TOP)})


def test_demo_is_half_way_runs_on_and_ends(sluice, demo_place, stops):
    result = demo(sluice, demo_place).ended(0)
    conninfo = conninfo_in(result.stdout)
    assert query(conninfo, "SELECT version FROM schema_migrations ORDER BY 1") == [("001",), ("002",), ("003",), ("004",)]
    assert query(conninfo, "SELECT count(*) FROM documents") == [(60000,)]
    assert query(conninfo, "SELECT to_regnamespace('pgsluice')") == [(None,)]

    status = sluice.run("status", database=conninfo, migrations=place.TOP / "migrations").ended(0)
    assert ": 4 applied, " in status.stdout.splitlines()[0]
    assert f"  {place.program()} status -m {place.TOP}/migrations\n" in result.stdout

    again = demo(sluice, demo_place).ended(0)
    assert conninfo_in(again.stdout) == conninfo
    assert "making" not in again.stdout
    assert query(conninfo, "SELECT count(*) FROM documents") == [(60000,)]

    stopped = demo(sluice, "--stop", demo_place).ended(0)
    assert stopped.stdout == f"the demo in {demo_place} was stopped and removed\n"
    assert not demo_place.exists()
    with pytest.raises(psycopg2.OperationalError):
        query(conninfo, "SELECT 1")
    assert demo(sluice, "--stop", demo_place).ended(0).stdout == f"there is no demo in {demo_place}\n"


def test_demo_that_was_killed_half_way_is_made_anew(sluice, demo_place, stops):
    running = sluice.start("demo", demo_place, database=None, migrations=None,
                           env={"PGSLUICE_DATA": str(place.TOP)})
    running.wait_for_output("making 60,000 documents")
    running.kill()
    result = demo(sluice, demo_place).ended(0)
    assert query(conninfo_in(result.stdout), "SELECT count(*) FROM documents") == [(60000,)]


@pytest.mark.parametrize("words", [[], ["--stop"]])
def test_folder_that_holds_something_else_is_left_alone(sluice, demo_place, words):
    demo_place.mkdir(mode=0o755)
    (demo_place / "thesis.txt").write_text("all of it", encoding="utf-8")
    before = folder_snapshot(demo_place)
    result = demo(sluice, *words, demo_place).ended(2)
    assert result.stderr == (f'pgsluice: error: folder "{demo_place}" holds something else\n'
                             "hint: Name a folder that is new or empty; nothing in this one was touched.\n")
    assert folder_snapshot(demo_place) == before


def test_data_folder_that_is_none_is_refused(sluice, demo_place, folder):
    result = demo(sluice, demo_place, env={"PGSLUICE_DATA": str(folder)}).ended(2)
    assert result.stderr == (f'pgsluice: error: $PGSLUICE_DATA names "{folder}", which has no share/demo/data.sql and'
                             " migrations/\nhint: Name the source tree, or the folder of the installed files.\n")
    assert not demo_place.exists()
