"""The schema digest: every change of the schema is seen under the name of its object, and nothing else is."""

import pytest

from harness import place
from harness.programs import look

SETUP = """
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE DOMAIN email AS text CHECK (value ~ '@');
CREATE TYPE pair AS (x int, y int);
CREATE SEQUENCE counter;
CREATE TABLE t (id int PRIMARY KEY, v varchar(10) DEFAULT 'x', d int);
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE long (x text);
ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (d) REFERENCES parent NOT VALID;
CREATE INDEX i ON t (v);
CREATE VIEW w AS SELECT id FROM t;
CREATE MATERIALIZED VIEW mv AS SELECT id FROM t;
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION trg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION trg();
CREATE POLICY p ON t USING (id > 0);
CREATE STATISTICS st (dependencies) ON id, v FROM t;
CREATE PUBLICATION pub FOR TABLE t;
CREATE FOREIGN DATA WRAPPER fw;
CREATE SERVER far FOREIGN DATA WRAPPER fw;
CREATE TEXT SEARCH CONFIGURATION ts (COPY = english);
"""

# What is run, and an object (kind, name) that must show it.
CHANGES = [
    ("CREATE SCHEMA s", ("schema", "s")),
    ("CREATE TABLE u ()", ("table", "public.u")),
    ("ALTER TABLE t OWNER TO digest_role", ("table", "public.t")),
    ("GRANT SELECT ON t TO digest_role", ("table", "public.t")),
    ("ALTER TABLE t SET (fillfactor = 50)", ("table", "public.t")),
    ("ALTER TABLE long SET (toast.autovacuum_enabled = off)", ("table", "public.long")),
    ("ALTER TABLE long SET UNLOGGED", ("table", "public.long")),
    ("ALTER TABLE t ENABLE ROW LEVEL SECURITY", ("table", "public.t")),
    ("ALTER TABLE t FORCE ROW LEVEL SECURITY", ("table", "public.t")),
    ("ALTER TABLE t REPLICA IDENTITY FULL", ("table", "public.t")),
    ("ALTER TABLE t ADD c int", ("column", "public.t.c")),
    ("ALTER TABLE t DROP v CASCADE", ("column", "public.t.v")),
    ("ALTER TABLE t ALTER v TYPE varchar(11)", ("column", "public.t.v")),
    ("ALTER TABLE t ALTER v TYPE varchar(10) COLLATE \"C\"", ("column", "public.t.v")),
    ("ALTER TABLE t ALTER v SET DEFAULT 'y'", ("column", "public.t.v")),
    ("ALTER TABLE t ALTER v SET NOT NULL", ("column", "public.t.v")),
    ("ALTER TABLE t ALTER v SET STORAGE EXTERNAL", ("column", "public.t.v")),
    ("ALTER TABLE t ALTER v SET STATISTICS 77", ("column", "public.t.v")),
    ("ALTER TABLE t ALTER v SET (n_distinct = 5)", ("column", "public.t.v")),
    ("GRANT UPDATE (v) ON t TO digest_role", ("column", "public.t.v")),
    ("ALTER TABLE t ALTER id ADD GENERATED ALWAYS AS IDENTITY", ("column", "public.t.id")),
    ("ALTER TABLE t VALIDATE CONSTRAINT fk", ("constraint", "public.t.fk")),
    ("ALTER TABLE t DROP CONSTRAINT fk", ("constraint", "public.t.fk")),
    ("ALTER TABLE t ADD CHECK (id > 0)", ("constraint", "public.t.t_id_check")),
    ("ALTER TABLE t ADD CHECK (id > 0) NO INHERIT", ("constraint", "public.t.t_id_check")),
    ("ALTER DOMAIN email ADD CHECK (length(value) < 100)", ("constraint", "public.email.email_check1")),
    ("DROP INDEX i", ("index", "public.i")),
    ("DROP INDEX i; CREATE INDEX i ON t (v DESC)", ("index", "public.i")),
    ("DROP INDEX i; CREATE INDEX i ON t (v) WHERE id > 5", ("index", "public.i")),
    ("ALTER TABLE t CLUSTER ON i", ("index", "public.i")),
    ("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass", ("index", "public.i")),
    ("CREATE OR REPLACE VIEW w AS SELECT id FROM t WHERE id > 1", ("view", "public.w")),
    ("REFRESH MATERIALIZED VIEW mv WITH NO DATA", ("materialized view", "public.mv")),
    ("ALTER SEQUENCE counter INCREMENT 2", ("sequence", "public.counter")),
    ("ALTER SEQUENCE counter OWNED BY t.id", ("sequence", "public.counter")),
    ("CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2'", ("function", "public.f()")),
    ("ALTER FUNCTION f() SECURITY DEFINER", ("function", "public.f()")),
    ("ALTER FUNCTION f() SET work_mem = '1MB'", ("function", "public.f()")),
    ("REVOKE EXECUTE ON FUNCTION f() FROM public", ("function", "public.f()")),
    ("CREATE PROCEDURE pr() LANGUAGE sql AS ''", ("procedure", "public.pr()")),
    ("CREATE AGGREGATE ag (int) (sfunc = int4pl, stype = int)", ("aggregate", "public.ag(integer)")),
    ("ALTER TABLE t DISABLE TRIGGER tr", ("trigger", "public.t.tr")),
    ("DROP TRIGGER tr ON t", ("trigger", "public.t.tr")),
    ("CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING", ("rule", "public.t.r")),
    ("ALTER POLICY p ON t USING (id > 1)", ("policy", "public.t.p")),
    ("ALTER POLICY p ON t TO digest_role", ("policy", "public.t.p")),
    ("ALTER TYPE mood ADD VALUE 'ok' BEFORE 'happy'", ("type", "public.mood")),
    ("ALTER TYPE pair ADD ATTRIBUTE z int", ("column", "public.pair.z")),
    ("GRANT USAGE ON TYPE pair TO digest_role; REVOKE USAGE ON TYPE pair FROM public", ("composite type", "public.pair")),
    ("ALTER DOMAIN email SET NOT NULL", ("domain", "public.email")),
    ("CREATE EXTENSION citext", ("extension", "citext")),
    ("ALTER STATISTICS st SET STATISTICS 9", ("statistics", "public.st")),
    ("ALTER PUBLICATION pub SET (publish = 'insert')", ("publication", "pub")),
    ("ALTER PUBLICATION pub DROP TABLE t", ("publication", "pub")),
    ("ALTER SERVER far OPTIONS (host 'x')", ("server", "far")),
    ("ALTER FOREIGN DATA WRAPPER fw OPTIONS (a 'x')", ("foreign-data wrapper", "fw")),
    ("CREATE USER MAPPING FOR digest_role SERVER far", ("user mapping", "far for digest_role")),
    ("CREATE FOREIGN TABLE ft (a int) SERVER far", ("foreign table", "public.ft")),
    ("CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)",
     ("operator", "public.===(integer,integer)")),
    ("CREATE OPERATOR FAMILY fam USING btree", ("operator family", "btree public.fam")),
    ("CREATE CAST (pair AS text) WITH INOUT", ("cast", "public.pair as text")),
    ("CREATE COLLATION c (LOCALE = 'C')", ("collation", "public.c")),
    ("ALTER TEXT SEARCH CONFIGURATION ts DROP MAPPING FOR word", ("text search configuration", "public.ts")),
    ("CREATE TEXT SEARCH DICTIONARY dict (TEMPLATE = simple)", ("text search dictionary", "public.dict")),
    ("CREATE EVENT TRIGGER et ON sql_drop EXECUTE FUNCTION etf()", ("event trigger", "et")),
    ("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO digest_role", ("default privileges", "of postgres on r")),
    ("COMMENT ON COLUMN t.v IS 'x'", ("comment", "table column public.t.v")),
    ("COMMENT ON TABLE t IS 'x'", ("comment", "table public.t")),
    ("GRANT EXECUTE ON FUNCTION pg_ls_dir(text) TO digest_role", ("grants", "function pg_catalog.pg_ls_dir(pg_catalog.text)")),
    ("ALTER DATABASE {database} SET work_mem = '5MB'", ("setting", "of all")),
    ("ALTER ROLE digest_role IN DATABASE {database} SET work_mem = '5MB'", ("setting", "of digest_role")),
    ("ALTER DATABASE {database} CONNECTION LIMIT 7", ("database", "this")),
    ("COMMENT ON DATABASE {database} IS 'x'", ("database", "this")),
    ("GRANT CREATE ON DATABASE {database} TO digest_role", ("database", "this")),
]

NOT_SEEN = [
    "INSERT INTO t VALUES (1)",
    "ANALYZE t",
    "SELECT nextval('counter')",
    "SELECT lo_from_bytea(0, 'x')",
    "REINDEX TABLE t",
    "ALTER TABLE t ADD x int; ALTER TABLE t DROP x",
    "CREATE SCHEMA pgsluice; CREATE TABLE pgsluice.runs (id serial PRIMARY KEY); COMMENT ON TABLE pgsluice.runs IS 'x';"
    "CREATE FUNCTION pgsluice.g() RETURNS int LANGUAGE sql AS 'SELECT 1'; COMMENT ON SCHEMA pgsluice IS 'x'",
    "CREATE TABLE schema_migrations (version text PRIMARY KEY, n serial CHECK (n > 0));"
    "COMMENT ON TABLE schema_migrations IS 'x'; COMMENT ON COLUMN schema_migrations.n IS 'x';"
    "CREATE INDEX history_n ON schema_migrations (n); COMMENT ON INDEX history_n IS 'x';"
    "COMMENT ON CONSTRAINT schema_migrations_pkey ON schema_migrations IS 'x'",
]


def read(database, *patterns):
    report = look("schema", database.conninfo(), *patterns)
    assert report["status"] == "ok", report
    return report


def changed(before, after):
    first, second = (set(map(tuple, report["objects"])) for report in (before, after))
    return {row[:2] for row in first ^ second}


@pytest.fixture
def prepared(cluster, database):
    cluster.execute("DO $$BEGIN CREATE ROLE digest_role; EXCEPTION WHEN duplicate_object THEN NULL; END$$")
    database.execute(SETUP + "CREATE FUNCTION etf() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'")
    yield database
    database.execute("DROP OWNED BY digest_role CASCADE")


@pytest.mark.parametrize("sql, expected", CHANGES, ids=[sql[:60] for sql, _ in CHANGES])
def test_change_is_seen_under_the_name_of_its_object(prepared, sql, expected):
    before = read(prepared)
    for statement in sql.format(database=prepared.name).split("; "):
        prepared.execute(statement)
    after = read(prepared)
    assert before["digest"] != after["digest"]
    assert expected in changed(before, after)


@pytest.mark.parametrize("sql", NOT_SEEN, ids=[sql[:60] for sql in NOT_SEEN])
def test_what_is_no_change_of_the_schema_is_not_seen(prepared, sql):
    before = read(prepared)
    prepared.execute(sql)
    assert changed(before, read(prepared)) == set()


def test_passwords_of_user_mappings_are_never_read(prepared):
    prepared.execute("CREATE USER MAPPING FOR digest_role SERVER far OPTIONS (user 'u', password 'hunter2')")
    report = read(prepared)
    assert ["user mapping", "far for digest_role", ""] in report["objects"]
    assert "hunter2" not in str(report)


@pytest.mark.parametrize("pattern", ["public.part_*", "table public.part_*", "public.part_1"])
def test_objects_that_come_and_go_are_left_out(prepared, pattern):
    before = read(prepared, pattern)
    prepared.execute("CREATE TABLE part_1 (id serial PRIMARY KEY, v text CHECK (v <> ''));"
                     "CREATE INDEX other_name ON part_1 (v); COMMENT ON TABLE part_1 IS 'x'")
    left = changed(before, read(prepared, pattern))
    if pattern.startswith("table"):
        assert ("table", "public.part_1") not in left and ("column", "public.part_1.v") in left
    else:
        assert left <= {("sequence", "public.part_1_id_seq")}


def test_locked_view_is_not_waited_for_without_end(prepared):
    with prepared.transaction("LOCK TABLE t"):
        report = look("schema", prepared.conninfo())
    assert report["status"] == "not_ready"
    assert report["message"] == ("somebody holds a lock on an object whose definition has to be read: "
                                 "canceling statement due to lock timeout")


@pytest.mark.parametrize("sql, expected", [
    ("ALTER ROLE digest_role CREATEDB", ("role", "digest_role")),
    ("ALTER ROLE digest_role SET work_mem = '9MB'", ("role setting", "digest_role")),
    ("GRANT pg_monitor TO digest_role", ("membership", "digest_role in pg_monitor")),
    ("ALTER ROLE digest_role CONNECTION LIMIT 3", ("role", "digest_role")),
])
def test_change_of_roles_is_seen(make_cluster, sql, expected):
    cluster = make_cluster()
    cluster.execute("CREATE ROLE digest_role PASSWORD 'hunter2'")
    before = look("roles", cluster.conninfo())
    cluster.execute(sql)
    after = look("roles", cluster.conninfo())
    assert expected in changed(before, after)
    assert "hunter2" not in str(after) and "SCRAM" not in str(after)


@pytest.mark.parametrize("option", ["ADMIN TRUE", "INHERIT FALSE", "SET FALSE"])
def test_change_of_a_memberships_options_is_seen(make_cluster, option):
    cluster = make_cluster()
    if place.server_major(cluster.bindir) < 16:
        pytest.skip("memberships have had options of their own since 16")
    cluster.execute("CREATE ROLE digest_role; GRANT pg_monitor TO digest_role")
    before = look("roles", cluster.conninfo())
    cluster.execute(f"GRANT pg_monitor TO digest_role WITH {option}")
    assert changed(before, look("roles", cluster.conninfo())) == {("membership", "digest_role in pg_monitor")}
