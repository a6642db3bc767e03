"""Live databases for the tests of the gates, and what it means that a gate is shut."""

import json

import pytest

from .flow import failed_checks, states
from .snapshot import database_snapshot, folder_snapshot

LIVE = """
    CREATE TABLE items (id int PRIMARY KEY, v text);
    CREATE TABLE parts (id int PRIMARY KEY, item int NOT NULL REFERENCES items ON DELETE CASCADE);
    INSERT INTO items SELECT g, 'v' || g FROM generate_series(1, 50) g;
    INSERT INTO parts SELECT g, g FROM generate_series(1, 50) g;
    CREATE TABLE schema_migrations (version text PRIMARY KEY, name text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now());
    INSERT INTO schema_migrations (version, name) VALUES ('001', 'items')"""
ADD = "ALTER TABLE items ADD COLUMN w int;"


def seed(database, migrations):
    database.execute(LIVE)
    migrations.write("001_items", up="CREATE TABLE items (id int PRIMARY KEY, v text);")


@pytest.fixture
def live(flow, database, migrations):
    """The flow on a database that nothing is wrong with, 001 applied."""
    seed(database, migrations)
    return flow


@pytest.fixture
def own(flow, make_cluster, migrations):
    """own(setting=...) is the same on a cluster of its own."""
    def make(**settings):
        flow.sluice.database = make_cluster(settings=settings).create_database()
        seed(flow.sluice.database, migrations)
        return flow
    return make


def shut(flow, gate, exit_code, *options, **how):
    """Runs with consent, sees this gate shut with that exit code and live untouched, and returns the result."""
    before = database_snapshot(flow.database)
    result = flow.approve("--format", "json", *options, **how).ended(exit_code)
    assert states(result)[gate] == "failed"
    assert database_snapshot(flow.database) == before
    return result


def only(result, name):
    """What the one failed check measured, which must have this name."""
    found = failed_checks(result)
    assert [check for check, _ in found] == [name], f"{found}\n{result}"
    return found[0][1]


def notes(result, name):
    """What the notes of this name say."""
    return [event["measured"] for event in result.events("evidence")
            if event["check"] == name and event.get("warning")]


def hint(result):
    """What the failed gate advises."""
    found, = [event["hint"] for event in result.events("gate") if event["state"] == "failed"]
    return found


def ran(result):
    """The gates that were carried out, in order; the others' evidence was reused."""
    return [event["gate"] for event in result.events("gate") if event["state"] == "running"]


def log(result):
    """The messages of the log, a line each."""
    return "\n".join(event["message"] for event in result.events("log"))


def evidence(flow, gate):
    """The evidence of a gate as it is kept."""
    path, = (flow.sluice.state / "evidence").glob(f"*/{gate}.json")
    return json.loads(path.read_text(encoding="utf-8"))


def leftovers(flow):
    """What a run leaves in the evidence folder beside the gates' own files."""
    return [name for name in folder_snapshot(flow.sluice.state / "evidence") if "/dump-" in name]
