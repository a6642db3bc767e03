"""A live database that something is about to be wrong with, and what it means to be refused."""

import re

import pytest

from .snapshot import database_snapshot, folder_snapshot

HISTORY = """CREATE TABLE schema_migrations (version text PRIMARY KEY, name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now())"""


def error_lines(stderr):
    """What an operator reads of an error, without the log before it."""
    lines = stderr.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("pgsluice: error: "))
    return lines[start:]


def says(lines, said):
    """Whether the lines are these texts, or match these patterns whole."""
    return len(lines) == len(said) and all(
        wanted.fullmatch(line) if isinstance(wanted, re.Pattern) else wanted == line
        for line, wanted in zip(lines, said))


class Scene:
    """A live database with a table, rows, history and evidence of an earlier run; 001 is applied, 002 pending."""

    def __init__(self, sluice, database, migrations):
        self.sluice = sluice
        self.database = database
        self.migrations = migrations
        migrations.write("001_users", up="CREATE TABLE users (id bigint PRIMARY KEY);", down="DROP TABLE users;")
        migrations.write("002_names", up="ALTER TABLE users ADD COLUMN name text;")
        database.execute(HISTORY)
        database.execute("CREATE TABLE users (id bigint PRIMARY KEY)")
        database.execute("INSERT INTO users SELECT generate_series(1, 10)")
        database.execute("INSERT INTO schema_migrations VALUES ('001', 'users', '2026-01-02 03:04:05+00')")
        sluice.run("--batch", "--stop-before", "backup").ended(0)
        assert self.evidence(), "the earlier run left no evidence"

    def evidence(self):
        return folder_snapshot(self.sluice.state / "evidence")

    def look(self):
        """Catalog, rows and history; evidence; the migrations' files; the chain that evidence is only ever added to."""
        chains = b"".join(path.read_bytes() for path in sorted((self.sluice.state / "evidence").glob("*/chain.jsonl")))
        return database_snapshot(self.database), self.evidence(), folder_snapshot(self.migrations.path), chains

    def refused(self, exit_code, said, *options, judged=(), before=None, **more):
        """Runs the flow and asserts how it ends, what it says, and that all is as before, byte by byte. `judged` are
        the gates that were asked: what they found is written down anew, and not one file besides. `before` is what
        look() gave, where the database cannot be looked at just before the run."""
        before = before or self.look()
        result = self.sluice.run(*(options or ("--batch",)), **more).ended(exit_code)
        said = [line.format(folder=self.migrations.path) if isinstance(line, str) else line for line in said]
        found = error_lines(result.stderr)
        assert says(found, said), f"{result}\n{found}\nexpected\n{said}"
        self.unchanged(before, judged)
        return result

    def unchanged(self, before, judged=()):
        database, evidence, files, chains = self.look()
        assert (database, files) == (before[0], before[2])
        assert chains == before[3] or judged and chains.startswith(before[3]), "the chain of evidence was rewritten"
        changed = {name for name in evidence.keys() | before[1].keys() if evidence.get(name) != before[1].get(name)}
        assert not {name for name in changed if not is_of(name, judged)}, f"{changed}"


def is_of(name, gates):
    """Whether a file of the evidence folder is what one of these gates writes: its evidence, and the backup's dump."""
    file = name.rpartition("/")[2]
    return file in [f"{gate}.json" for gate in gates] or (file == "chain.jsonl" and gates) or (
        "/dump-" in name and "backup" in gates)


@pytest.fixture
def scene(sluice, database, migrations):
    return Scene(sluice, database, migrations)
