"""The reference schema by itself: its files through psql, without the tool."""

import contextlib
import re
import subprocess

import pytest

from harness import place
from harness.cluster import clean_env
from harness.snapshot import schema_text

MIGRATIONS = place.TOP / "migrations"
SHARE = place.TOP / "share"
UPS = sorted(path for path in MIGRATIONS.glob("[0-9]*.sql") if not re.search(r"\.(down|verify)\.sql$", path.name))
NAMES = [path.stem for path in UPS]
PLAIN = [name for name in NAMES if "requires-extension" not in (MIGRATIONS / f"{name}.sql").read_text()]
DEMO_AFTER = "004_content_sha256_expand"
# As the tool makes it; part of the schema that is compared.
HISTORY = """CREATE TABLE schema_migrations (version text PRIMARY KEY, name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(), checksum text, applied_by text, duration_ms bigint, run_id uuid)"""
COLUMNS = """id, source_id, created_at, updated_at, token_count, status, external_id, title, content, metadata,
    ingest_run_id, hash_array_extended(embedding, 0) AS embedding"""
DIGEST = "SELECT count(*), sum(hashtextextended(t::text, 0)::numeric) FROM ({}) AS t"


def psql(database, text, *options):
    """A finished psql that was fed this text and stops at the first error."""
    return subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database.conninfo(),
                           *options, "-f", "-"], input=text, env=clean_env(), capture_output=True, text=True, check=False)


def run(database, path, *options):
    """Runs a file as README.md says: in one transaction unless it cannot be."""
    text = path.read_text(encoding="utf-8")
    alone = re.search(r"CONCURRENTLY|^-- pgsluice:transaction none$", text, re.MULTILINE)
    done = psql(database, text, *([] if alone else ["-1"]), *options)
    assert done.returncode == 0, f"{path.name}:\n{done.stderr}"
    return done.stdout


def up(database, name):
    run(database, MIGRATIONS / f"{name}.sql")


def down(database, name):
    run(database, MIGRATIONS / f"{name}.down.sql")


def verify_failures(database, name):
    """What its verify file finds wrong: an error, or the rows whose first column is not true."""
    text = (MIGRATIONS / f"{name}.verify.sql").read_text(encoding="utf-8")
    done = psql(database, "BEGIN READ ONLY;\n" + text)
    if done.returncode != 0:
        return [done.stderr]
    rows = done.stdout.splitlines()
    assert rows, f"{name}: nothing was asked"
    return [row for row in rows if not row.startswith("t|")]


def load_demo(database):
    run(database, SHARE / "demo" / "data.sql")


def migrate(database, first=None, last=None, demo=False):
    """Applies the migrations that need no extension, from `first` to `last`."""
    for name in PLAIN:
        if (first is None or name >= first) and (last is None or name <= last):
            up(database, name)
            if demo and name == DEMO_AFTER:
                load_demo(database)


# One worker makes the journey, once.
pytestmark = pytest.mark.xdist_group("reference_schema")


class Journey:
    """What was seen on the way up and down with demo data: by migration name."""

    def __init__(self, database):
        self.database = database
        self.before, self.once, self.twice = {}, {}, {}
        self.verify_before, self.verify_after, self.verify_at_end = {}, {}, {}
        self.undone, self.undone_twice, self.again = {}, {}, {}
        self.rows_at_demo = self.rows_at_end = self.rows_after_downs = None
        database.execute(HISTORY)
        self.go_up()
        self.go_down()

    def go_up(self):
        for name in PLAIN:
            self.verify_before[name] = verify_failures(self.database, name)
            self.before[name] = schema_text(self.database)
            up(self.database, name)
            self.once[name] = schema_text(self.database)
            self.verify_after[name] = verify_failures(self.database, name)
            up(self.database, name)
            self.twice[name] = schema_text(self.database)
            if name == DEMO_AFTER:
                load_demo(self.database)
                self.rows_at_demo = self.rows("documents")
        for name in PLAIN:
            self.verify_at_end[name] = verify_failures(self.database, name)
        self.rows_at_end = self.rows("documents", "documents_archive")

    def go_down(self):
        for name in reversed(PLAIN):
            down(self.database, name)
            self.undone[name] = schema_text(self.database)
            down(self.database, name)
            self.undone_twice[name] = schema_text(self.database)
            if name > DEMO_AFTER:
                self.rows_after_downs = self.rows("documents")
            up(self.database, name)
            self.again[name] = schema_text(self.database)
            down(self.database, name)

    def rows(self, *tables):
        """Count and content hash of the documents, wherever they are, and of the log."""
        documents = " UNION ALL ".join(f"SELECT {COLUMNS} FROM {table}" for table in tables)
        return self.database.query(DIGEST.format(documents)) + self.database.query(DIGEST.format("TABLE query_log"))


@pytest.fixture(scope="module")
def journey(cluster):
    database = cluster.create_database()
    yield Journey(database)
    database.drop()


# -- the files --

@pytest.mark.parametrize("name", NAMES)
def test_migration_has_header_down_and_verify(name):
    lines = (MIGRATIONS / f"{name}.sql").read_text(encoding="utf-8").split("\n")
    assert lines[0] == f"-- Migration: {name}"
    assert [line.split(":")[0] for line in lines[1:4]] == ["-- Description", "-- Date", "-- Related Task"]
    assert re.match(r"-- Date: \d{4}-\d\d-\d\d$", lines[2])
    assert (MIGRATIONS / f"{name}.down.sql").is_file()
    assert (MIGRATIONS / f"{name}.verify.sql").is_file()


def test_migrations_are_numbered_without_gap():
    assert [int(name[:3]) for name in NAMES] == list(range(1, len(NAMES) + 1))


def test_files_leave_transactions_to_whoever_runs_them():
    for path in sorted(MIGRATIONS.glob("[0-9]*.sql")):
        text = re.sub(r"\$\$.*?\$\$|--[^\n]*", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not re.search(r"(?i)\b(BEGIN|COMMIT|ROLLBACK|END)\s*;", text), path.name


# -- up and down, with sixty thousand documents on the way --

@pytest.mark.parametrize("name", PLAIN)
def test_up_can_run_twice(journey, name):
    assert journey.twice[name] == journey.once[name]


@pytest.mark.parametrize("name", PLAIN)
def test_up_changes_the_schema_unless_it_is_the_backfill(journey, name):
    assert (journey.once[name] == journey.before[name]) == (name == "008_content_sha256_backfill")


@pytest.mark.parametrize("name", PLAIN)
def test_verify_fails_before_and_passes_after(journey, name):
    assert journey.verify_before[name] != []
    assert journey.verify_after[name] == []


@pytest.mark.parametrize("name", PLAIN)
def test_verify_outlives_later_migrations(journey, name):
    assert journey.verify_at_end[name] == []


@pytest.mark.parametrize("name", PLAIN)
def test_down_is_exact_and_can_run_twice(journey, name):
    assert journey.undone[name] == journey.before[name]
    assert journey.undone_twice[name] == journey.before[name]


@pytest.mark.parametrize("name", PLAIN)
def test_up_after_down_leads_to_the_same_schema(journey, name):
    assert journey.again[name] == journey.once[name]


def test_no_document_and_no_log_line_is_lost_or_changed_on_the_way(journey):
    assert [count for count, _ in journey.rows_at_demo] == [60000, 200000]
    assert journey.rows_at_end == journey.rows_at_demo
    assert journey.rows_after_downs == journey.rows_at_demo


# -- init.sql --

def test_fresh_install_equals_all_migrations(journey, database):
    run(database, SHARE / "init.sql")
    if database.one("SELECT to_regclass('documents_embedding_idx')"):
        down(database, "013_vector_search")
    assert schema_text(database) == journey.once[PLAIN[-1]]


def test_fresh_install_counts_as_migrated(database):
    run(database, SHARE / "init.sql")
    expected = NAMES if database.one("SELECT to_regclass('documents_embedding_idx')") else PLAIN
    recorded = database.query("SELECT version || '_' || name FROM schema_migrations ORDER BY version")
    assert [row[0] for row in recorded] == expected
    assert database.one("SELECT count(checksum) FROM schema_migrations") == 0
    assert [failure for name in expected for failure in verify_failures(database, name)] == []


@pytest.mark.parametrize("table", ["schema_migrations", "documents"])
def test_fresh_install_refuses_a_database_that_is_not_empty(database, table):
    database.execute(f"CREATE TABLE {table} (version text)")
    before = schema_text(database)
    done = psql(database, (SHARE / "init.sql").read_text(encoding="utf-8"), "-1")
    assert done.returncode == 3
    assert f"ERROR:  this database is not empty: it has a table {table}\n" in done.stderr
    assert "Bring an existing database up to date with the migrations." in done.stderr
    assert schema_text(database) == before


# -- demo data --

@pytest.fixture(scope="module")
def demo(cluster):
    """A database as it is after 004, with demo data; to be read only."""
    database = cluster.create_database()
    migrate(database, last=DEMO_AFTER, demo=True)
    yield database
    database.drop()


def test_demo_data_has_a_living_shape(demo):
    row = demo.query("""
        SELECT count(*) >= 50000, count(DISTINCT source_id) >= 100, min(length(content)) < 500,
            max(length(content)) > 10000, count(DISTINCT metadata) > 10000,
            count(*) FILTER (WHERE status = 'indexed') BETWEEN 0.8 * count(*) AND 0.95 * count(*),
            count(DISTINCT status) = 4, count(embedding) >= 1500, count(content_sha256) < 0.1 * count(*),
            count(*) FILTER (WHERE content_hash IS NULL) > 1000,
            count(*) FILTER (WHERE created_at >= '2025-01-01') > count(*) / 2, min(cardinality(embedding)) = 3072
        FROM documents""")[0]
    assert row == (True,) * 12
    assert demo.one("SELECT pg_database_size(current_database()) < 500 * 1024 * 1024")


def test_demo_sources_are_skewed(demo):
    biggest = demo.one("""SELECT sum(n) FROM (SELECT count(*) AS n FROM documents GROUP BY source_id
        ORDER BY n DESC LIMIT 20) AS top""")
    assert biggest > 60000 * 0.35


def test_demo_data_is_not_loaded_twice(demo):
    done = psql(demo, (SHARE / "demo" / "data.sql").read_text(encoding="utf-8"), "-1")
    assert done.returncode == 3
    assert "ERROR:  there are documents already\n" in done.stderr
    assert demo.one("SELECT count(*) FROM documents") == 60000


def test_demo_data_leaves_the_hash_trigger_on_and_sequences_ahead(demo):
    assert verify_failures(demo, DEMO_AFTER) == []
    with contextlib.closing(demo.connect()) as session:
        session.autocommit = False
        with session.cursor() as cursor:
            cursor.execute("""INSERT INTO documents (source_id, external_id, title, content)
                VALUES (1, 'new', 'new', 'new') RETURNING id, content_hash = encode(content_sha256, 'hex'),
                content_sha256 = sha256('new')""")
            assert cursor.fetchone() == (60001, True, True)
        session.rollback()


# -- the promises of the patterns --

def test_foreign_keys_do_not_wait_for_readers(database):
    migrate(database, last="005_document_indexes")
    with contextlib.closing(database.connect()) as reader, reader.cursor() as cursor:
        cursor.execute("BEGIN; SELECT FROM documents, document_sources, ingest_runs")
        done = psql(database, "SET lock_timeout = '1ms';\n"
                    + (MIGRATIONS / "006_constraints_not_valid.sql").read_text(encoding="utf-8"), "-1")
        assert done.returncode == 0, done.stderr


def test_validation_does_not_wait_for_writers(database):
    migrate(database, last="006_constraints_not_valid")
    database.execute("INSERT INTO document_sources (id, kind, name) VALUES (1, 'web', 'one')")
    with contextlib.closing(database.connect()) as writer, writer.cursor() as cursor:
        cursor.execute("""BEGIN; INSERT INTO documents (source_id, external_id, title, content) VALUES (1, 'a', 'a', 'a');
            INSERT INTO query_log (duration_ms, result_count, query_text) VALUES (1, 1, 'a')""")
        done = psql(database, "SET lock_timeout = '1ms';\n"
                    + (MIGRATIONS / "007_constraints_validate.sql").read_text(encoding="utf-8"), "-1")
        assert done.returncode == 0, done.stderr


def test_validation_stops_at_an_orphan_and_changes_nothing(database):
    migrate(database, last="005_document_indexes")
    database.execute("INSERT INTO documents (source_id, external_id, title, content) VALUES (7, 'a', 'a', 'a')")
    up(database, "006_constraints_not_valid")
    before = schema_text(database)
    done = psql(database, (MIGRATIONS / "007_constraints_validate.sql").read_text(encoding="utf-8"), "-1")
    assert done.returncode == 3
    assert 'Key (source_id)=(7) is not present in table "document_sources".' in done.stderr
    assert schema_text(database) == before
    assert verify_failures(database, "007_constraints_validate") != []


def test_verify_sees_an_index_that_an_interrupted_build_left_invalid(database):
    migrate(database, last=DEMO_AFTER)
    database.execute("""INSERT INTO documents (source_id, external_id, title, content)
        VALUES (1, 'a', 'a', 'a'), (1, 'b', 'b', 'b')""")
    broken = psql(database, "CREATE UNIQUE INDEX CONCURRENTLY documents_open_idx ON documents (status)")
    assert "could not create unique index" in broken.stderr
    up(database, "005_document_indexes")
    assert verify_failures(database, "005_document_indexes") == ["f|index documents_open_idx is there and valid"]


def test_not_null_reads_no_row(demo, cluster):
    database = cluster.create_database(options=f'TEMPLATE "{demo.name}"')
    try:
        up(database, "008_content_sha256_backfill")
        statements = (MIGRATIONS / "009_content_sha256_not_null.sql").read_text(encoding="utf-8").split(";\n")
        check, validate, not_null = statements[:3]
        for statement in (check, validate):
            database.execute(statement)
        with contextlib.closing(database.connect()) as session, session.cursor() as cursor:
            cursor.execute("BEGIN;" + not_null)
            assert "SET NOT NULL" in not_null
            cursor.execute("SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'documents'")
            assert cursor.fetchone() == (0,)
    finally:
        database.drop()


def test_writes_go_on_through_every_state(database):
    for name in PLAIN:
        up(database, name)
        if name >= "003":
            database.execute("""INSERT INTO document_sources (kind, name) VALUES ('web', %s);
                INSERT INTO documents (source_id, external_id, title, content)
                SELECT max(id), 'x', 'x', 'x' FROM document_sources;
                INSERT INTO query_log (duration_ms, result_count, query_text) VALUES (1, 1, 'x')""", name)
    assert database.one("SELECT count(*) FROM documents WHERE content_sha256 = sha256('x')") == len(PLAIN) - 2
    assert database.one("SELECT count(*) FROM query_log_p0") == len(PLAIN) - 2


def test_log_keeps_its_numbers_when_its_first_partition_is_dropped(database):
    migrate(database)
    database.execute("ALTER TABLE query_log DETACH PARTITION query_log_p0; DROP TABLE query_log_p0")
    database.execute("""SELECT setval('query_log_id_seq', 10000000);
        INSERT INTO query_log (duration_ms, result_count, query_text) VALUES (1, 1, 'x')""")
    assert database.one("SELECT id FROM query_log_p1") == 10000001


def test_down_of_the_partitions_refuses_to_lose_rows(database):
    migrate(database)
    database.execute("INSERT INTO query_log (id, duration_ms, result_count, query_text) VALUES (10000000, 1, 1, 'x')")
    before = schema_text(database)
    done = psql(database, (MIGRATIONS / "012_query_log_partitions.down.sql").read_text(encoding="utf-8"), "-1")
    assert done.returncode == 3
    assert "ERROR:  query_log has rows beyond its first partition\n" in done.stderr
    assert schema_text(database) == before
    assert database.one("SELECT count(*) FROM query_log") == 1


# -- pgvector --

def test_vector_search_up_and_down(demo, cluster):
    available = cluster.one("SELECT default_version FROM pg_available_extensions WHERE name = 'vector'")
    if not available or tuple(map(int, available.split(".")[:2])) < (0, 7):
        pytest.skip("this server offers no pgvector 0.7 or later: 013 is not tried")
    database = cluster.create_database(options=f'TEMPLATE "{demo.name}"')
    name = "013_vector_search"
    try:
        before = schema_text(database)
        assert verify_failures(database, name) != []
        up(database, name)
        once = schema_text(database)
        up(database, name)
        assert schema_text(database) == once
        assert verify_failures(database, name) == []
        plan = database.query("""EXPLAIN SELECT id FROM documents ORDER BY embedding::halfvec(3072)
            <=> (SELECT embedding::halfvec(3072) FROM documents WHERE id = 58000) LIMIT 10""")
        assert any("documents_embedding_idx" in line for line, in plan)
        down(database, name)
        assert schema_text(database) == before
    finally:
        database.drop()


def test_vector_search_fails_clean_without_pgvector(database, cluster):
    if cluster.one("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'"):
        pytest.skip("this server offers pgvector")
    migrate(database)
    before = schema_text(database)
    done = psql(database, (MIGRATIONS / "013_vector_search.sql").read_text(encoding="utf-8"))
    assert done.returncode == 3
    assert 'extension "vector" is not available' in done.stderr
    assert schema_text(database) == before
