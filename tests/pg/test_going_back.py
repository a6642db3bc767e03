"""Going back and deciding: rollback as an apply of its own, resolve for what stopped half-way."""

import re

import pytest

QUICK = "verify-watch = 0\nnot-checked.preflight.disk = tests\n"


@pytest.fixture
def flow(sluice, folder):
    """The program with a quick configuration; approve(*options) runs twice, the second time with consent."""
    config = folder / "pgsluice.conf"
    config.write_text(QUICK)

    class Flow:
        def run(self, *options):
            return sluice.run(*options, "--config", str(config))

        def approve(self, *options):
            first = self.run(*options).ended(12)
            plan_id = re.search(r"--approve ([0-9a-f]{12})", first.stdout)[1]
            return self.run(*options, "--approve", plan_id)

    return Flow()


def versions(database):
    return [row[0] for row in database.query("SELECT version FROM schema_migrations ORDER BY version")]



@pytest.fixture
def applied(flow, database, migrations):
    migrations.write("001_items", up="CREATE TABLE items (id int PRIMARY KEY);", down="DROP TABLE items;")
    migrations.write("002_note", up="ALTER TABLE items ADD COLUMN note text;",
                     down="ALTER TABLE items DROP COLUMN note;")
    flow.approve("--batch").ended(0)
    return flow


def test_rollback_undoes_the_newest_through_every_gate(applied, database):
    database.execute("INSERT INTO items VALUES (1, 'kept'), (2, NULL)")
    first = applied.run("rollback", "--to", "001").ended(12)
    assert "note rehearsal.loss: the plan drops column note of public.items with 1 value(s)" in first.stdout
    applied.approve("rollback", "--to", "001").ended(0)
    assert versions(database) == ["001"]
    assert database.query("SELECT * FROM items ORDER BY id") == [(1,), (2,)]


def test_rollback_needs_a_consent_of_its_own(applied, database):
    result = applied.run("rollback", "--to", "001").ended(12)
    assert "going back: migration 002 note is undone" in result.stderr
    assert "\na rollback to 001: 1 to undo, the newest first\n" in result.stdout and "pending" not in result.stdout
    looked = applied.run("rollback", "--to", "0", "--stop-before", "backup", "--format", "json").ended(0)
    kinds = [event["type"] for event in looked.events() if event.get("level") != "debug"]
    assert kinds[:4] == ["run", "plan", "log", "log"]
    assert versions(database) == ["001", "002"]


def test_after_a_rollback_the_way_forward_is_open_again(applied, database):
    applied.approve("rollback", "--to", "0").ended(0)
    assert versions(database) == []
    applied.approve("--batch").ended(0)
    assert versions(database) == ["001", "002"]


def test_rollback_without_a_down_file_is_refused(applied, database, migrations):
    migrations.remove("002_note.down.sql")
    result = applied.run("rollback", "--to", "001").ended(10)
    assert "migration 002 has no down file" in result.stderr
    assert versions(database) == ["001", "002"]


def test_rollback_to_a_version_that_is_not_applied_is_refused(applied):
    result = applied.run("rollback", "--to", "007").ended(10)
    assert "version 007 is not applied: there is nothing to go back to" in result.stderr


def test_rollback_wants_a_goal(flow):
    result = flow.run("rollback").ended(2)
    assert "rollback needs --to VERSION" in result.stderr


@pytest.fixture
def half_way(flow, database, migrations):
    """002 stops at its second step: a unique index over what live alone has twice."""
    migrations.write("001_people", up="CREATE TABLE people (id int PRIMARY KEY, email text);\n"
                     "INSERT INTO people SELECT g, 'm' || g FROM generate_series(1, 20) g;")
    flow.approve("--batch").ended(0)
    migrations.write("002_unique", up="ALTER TABLE people ADD COLUMN note text;\n"
                     "CREATE UNIQUE INDEX CONCURRENTLY people_email ON people (email);")
    first = flow.run("--batch").ended(12)
    plan_id = re.search(r"--approve ([0-9a-f]{12})", first.stdout)[1]
    database.execute("INSERT INTO people VALUES (21, 'm1')")
    stopped = flow.run("--batch", "--approve", plan_id).ended(31)
    assert "Key (email)=(m1) is duplicated. Steps before it are committed and stay." in stopped.stderr
    return flow


def test_a_failed_concurrent_build_leaves_no_index(half_way, database):
    assert database.one("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == 0
    assert versions(database) == ["001"]


def test_the_run_goes_on_by_itself_when_the_cause_is_gone(half_way, database):
    database.execute("DELETE FROM people WHERE id = 21")
    result = half_way.run("--batch").ended(0)
    assert "which stopped during apply, under its plan id" in result.stderr
    assert versions(database) == ["001", "002"]
    assert database.one("SELECT indisvalid FROM pg_index WHERE indexrelid = 'people_email'::regclass")


def test_a_changed_file_needs_a_decision(half_way, database, migrations):
    migrations.write("002_unique", up="ALTER TABLE people ADD COLUMN note text;\n"
                     "CREATE INDEX CONCURRENTLY people_email ON people (email);")
    refused = half_way.run("--batch").ended(31)
    assert "is half-way (1 step(s) done) and the file of migration 002 was changed since" in refused.stdout

    look = half_way.run("resolve").ended(0)
    assert "stopped after 1 of 2 step(s): no step is open" in look.stderr
    plan_id = re.search(r"resolve go-on --approve ([0-9a-f]{12})", look.stderr)[1]
    half_way.run("resolve", "go-on", "--approve", plan_id).ended(0)

    half_way.approve("--batch").ended(0)
    assert versions(database) == ["001", "002"]
    assert database.one("SELECT count(*) FROM information_schema.columns WHERE table_name = 'people'") == 3


def test_resolve_writes_nothing_without_consent(half_way, database):
    before = database.one("SELECT max(seq) FROM pgsluice.ledger")
    result = half_way.run("resolve", "give-up").ended(12)
    assert "nobody consented to it" in result.stderr
    half_way.run("resolve", "give-up", "--approve", "0123456789ab").ended(12)
    assert database.one("SELECT max(seq) FROM pgsluice.ledger") == before


def test_resolve_offers_only_what_the_catalog_allows(half_way):
    result = half_way.run("resolve", "record-done", "--approve", "0123456789ab").ended(10)
    assert "record-done is not possible: no step is open" in result.stderr


def test_resolve_with_nothing_half_way_says_so(applied):
    result = applied.run("resolve").ended(0)
    assert "nothing to resolve: no migration is half-way" in result.stderr


def test_resolve_knows_its_words(applied):
    result = applied.run("resolve", "go-onn").ended(2)
    assert 'resolve knows no action "go-onn"' in result.stderr
    assert "Did you mean go-on?" in result.stderr


def test_what_a_run_left_that_was_given_up_is_no_drift(half_way, database, migrations):
    look = half_way.run("resolve").ended(0)
    plan_id = re.search(r"resolve give-up --approve ([0-9a-f]{12})", look.stderr)[1]
    half_way.run("resolve", "give-up", "--approve", plan_id).ended(0)
    migrations.write("002_unique", up="ALTER TABLE people ADD COLUMN IF NOT EXISTS note text;")
    result = half_way.run("--batch", "--stop-before", "backup").ended(0)
    assert "ok inspect.drift: no drift" in result.stdout
