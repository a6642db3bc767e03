"""Fingerprints: what they must see, what they must not, and what refuses them."""

import pytest

from harness.programs import look

# Columns whose two values are equal to PostgreSQL's own hash, or to its operators, and yet are other content.
SEEN = [
    ("numeric", "1.0", "1.00"),
    ("jsonb", '{"a": 1.0}', '{"a": 1.00}'),
    ("json", '{"a": 1}', '{"a":1}'),
    ("numrange", "[1.0,2.0]", "[1.00,2.0]"),
    ("float8", "0", "-0"),
    ("citext", "A", "a"),
    ("interval", "1 mon", "30 days"),
    ("interval", "1 day", "24:00"),
    ("int[]", "{{1,2},{3,4}}", "{1,2,3,4}"),
    ("int[]", "[0:1]={1,2}", "{1,2}"),
    ("char(5)", "a", "b"),
    ("timestamptz", "2024-01-01 00:00:00.000001+00", "2024-01-01 00:00:00.000002+00"),
    ("float8", "0.1", "0.10000000000000002"),
    ("bytea", "\\x00", "\\x0000"),
    ("text", "", None),
    ("mood", "sad", "happy"),
    ("mood[]", "{sad}", "{happy}"),
    ("bit(4)", "1010", "1011"),
    ("tsvector", "a:1", "a:2"),
    ("text", "ß", "ss"),
]


def tables(database, user=None):
    report = look("fingerprint", database.conninfo(**({"user": user} if user else {})))
    assert report["status"] == "ok", report
    return {row["table"]: row for row in report["tables"]}


def hash_of(database, table="public.t"):
    row = tables(database)[table]
    return row["rows"], row["hash"]


@pytest.fixture
def typed(database):
    database.execute("CREATE EXTENSION citext; CREATE TYPE mood AS ENUM ('sad', 'happy')")
    return database


@pytest.mark.parametrize("type_name, before, after", SEEN)
def test_fingerprint_sees_content_that_compares_equal(typed, type_name, before, after):
    typed.execute(f"CREATE TABLE t (id int, v {type_name})")
    typed.execute(f"INSERT INTO t SELECT i, %s::{type_name} FROM generate_series(1, 3) i", before)
    first = hash_of(typed)
    typed.execute(f"UPDATE t SET v = %s::{type_name} WHERE id = 2", after)
    assert hash_of(typed) != first
    typed.execute(f"UPDATE t SET v = %s::{type_name} WHERE id = 2", before)
    assert hash_of(typed) == first


def test_fingerprint_sees_values_that_changed_places(database):
    database.execute("CREATE TABLE t (a int, b int); INSERT INTO t VALUES (1, 2), (3, 4)")
    first = hash_of(database)
    database.execute("UPDATE t SET a = b, b = a WHERE a = 1")
    assert hash_of(database) != first


def test_fingerprint_does_not_depend_on_column_order_dropped_columns_or_place(database):
    database.execute("CREATE TABLE t (a int, b text); INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 100) i")
    first = hash_of(database)
    database.execute("DROP TABLE t; CREATE TABLE t (b text, gone int, a int); ALTER TABLE t DROP gone;"
                     "INSERT INTO t (a, b) SELECT i, 'v' || i FROM generate_series(100, 1, -1) i")
    assert hash_of(database) == first


def test_fingerprint_does_not_depend_on_settings_of_role_or_database(cluster, database):
    database.execute("CREATE TABLE t (ts timestamptz, iv interval, b bytea, f float8, m money, r regclass);"
                     "INSERT INTO t VALUES ('2024-01-01 00:00Z', '1 mon 2 days', 'abc', 0.1, 12, 't')")
    first = hash_of(database)
    database.execute(f"ALTER DATABASE {database.name} SET timezone = 'Asia/Tokyo';"
                     f"ALTER DATABASE {database.name} SET datestyle = 'SQL, DMY';"
                     f"ALTER DATABASE {database.name} SET intervalstyle = 'sql_standard';"
                     f"ALTER DATABASE {database.name} SET bytea_output = 'escape';"
                     f"ALTER DATABASE {database.name} SET extra_float_digits = -15;"
                     f"ALTER DATABASE {database.name} SET search_path = public")
    assert hash_of(database) == first


def test_every_kind_of_relation_has_its_treatment(cluster, database):
    database.execute("CREATE TABLE plain (a int); INSERT INTO plain VALUES (1);"
                     "CREATE TABLE nothing (); INSERT INTO nothing DEFAULT VALUES;"
                     "CREATE TABLE parts (d int) PARTITION BY RANGE (d);"
                     "CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (0) TO (10); INSERT INTO parts VALUES (1);"
                     "CREATE MATERIALIZED VIEW mv AS SELECT 1 AS one;"
                     "CREATE MATERIALIZED VIEW empty AS SELECT 1 AS one WITH NO DATA;"
                     "CREATE UNLOGGED TABLE cache (k int); INSERT INTO cache VALUES (1);"
                     "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;"
                     "CREATE FOREIGN TABLE far (a int) SERVER s;"
                     "SELECT lo_from_bytea(0, 'abc')")
    found = {name: (row["treatment"], row.get("rows")) for name, row in tables(database).items()}
    assert found == {
        "public.plain": ("compared", 1), "public.nothing": ("compared", 1), "public.parts": ("not read", None),
        "public.part_1": ("compared", 1), "public.mv": ("reported", 1), "public.empty": ("not read", None),
        "public.cache": ("compared", 1), "public.far": ("not read", None), "(large objects)": ("compared", 1)}


def test_large_objects_are_compared_by_content_owner_and_grants(database):
    database.execute("SELECT lo_from_bytea(70000, 'abc')")
    hashes = [hash_of(database, "(large objects)")]
    database.execute("SELECT lo_put(70000, 0, 'x')")
    hashes.append(hash_of(database, "(large objects)"))
    database.execute("GRANT SELECT ON LARGE OBJECT 70000 TO pg_monitor")
    hashes.append(hash_of(database, "(large objects)"))
    assert len(set(hashes)) == 3


def test_row_level_security_cannot_hide_rows(make_cluster):
    cluster = make_cluster()
    database = cluster.create_database()
    database.execute("CREATE ROLE reader LOGIN; CREATE TABLE secret (id int); INSERT INTO secret VALUES (1), (2);"
                     "ALTER TABLE secret ENABLE ROW LEVEL SECURITY; GRANT SELECT ON secret TO reader")
    report = look("fingerprint", database.conninfo(user="reader"))
    assert report["status"] == "usage"
    assert report["message"] == "row level security hides rows of 1 table(s) from role reader: public.secret"
    assert report["hint"] == "Give the role BYPASSRLS, or use a superuser, for the backup."
    database.execute("ALTER ROLE reader BYPASSRLS")
    assert tables(database, "reader")["public.secret"]["rows"] == 2


def test_tables_that_the_role_may_not_read_are_named(make_cluster):
    cluster = make_cluster()
    database = cluster.create_database()
    database.execute("CREATE ROLE reader LOGIN; CREATE TABLE a (id int); CREATE SCHEMA s; CREATE TABLE s.b (id int)")
    report = look("fingerprint", database.conninfo(user="reader"))
    assert report["status"] == "usage"
    assert report["message"] == "role reader may not read 2 table(s): public.a, s.b"
    database.execute("GRANT pg_read_all_data TO reader")
    assert tables(database, "reader")["s.b"]["rows"] == 0


def test_large_object_that_the_role_may_not_read_refuses(make_cluster):
    cluster = make_cluster()
    database = cluster.create_database()
    database.execute("CREATE ROLE reader LOGIN; SELECT lo_from_bytea(70000, 'abc')")
    report = look("fingerprint", database.conninfo(user="reader"))
    assert report["status"] == "gate_failed"
    assert report["message"] == ("could not take the fingerprint of (large objects): "
                                 "permission denied for large object 70000")


def test_table_locked_for_long_is_named(database):
    database.execute("CREATE TABLE t (id int)")
    with database.transaction("LOCK TABLE t"):
        report = look("fingerprint", database.conninfo())
    assert report["status"] == "gate_failed"
    assert report["message"] == "could not look at the tables: canceling statement due to lock timeout"
    assert report["hint"] == "Somebody holds a strong lock on a table: run again when it is released."


def test_reading_gives_no_transaction_id(make_cluster):
    cluster = make_cluster()
    database = cluster.create_database()
    database.execute("CREATE TABLE t (id serial); INSERT INTO t DEFAULT VALUES")
    with cluster.no_transaction_ids():
        for action in ("schema", "roles", "fingerprint", "sequences"):
            assert look(action, database.conninfo())["status"] == "ok"


def test_sequence_without_a_value_differs_from_one_at_its_first(database):
    database.execute("CREATE SEQUENCE fresh START 5; CREATE SEQUENCE used START 5; SELECT nextval('used')")
    report = look("sequences", database.conninfo())
    assert (report["public.fresh"], report["public.used"]) == ("5 next", "5")


@pytest.fixture
def living(cluster, database):
    """living(setup, change): what `look living` says after the change was made to a clone."""
    clones = []

    def run(setup, change):
        database.execute(setup)
        clone = cluster.create_database(options=f'TEMPLATE "{database.name}"')
        clones.append(clone)
        clone.execute(change)
        report = look("living", database.conninfo(), clone.conninfo())
        assert report["status"] == "ok", report
        return report["gone"], report["new"], report["differences"]

    yield run
    for clone in clones:
        clone.drop()


T = "CREATE TABLE t (id int, v text); INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 10) i"


@pytest.mark.parametrize("change, expected", [
    ("ALTER TABLE t ADD c int DEFAULT 5", ([], [], [])),
    ("ALTER TABLE t DROP v", ([], [], [])),
    ("ALTER TABLE t RENAME v TO a", ([], [], [])),
    ("ALTER TABLE t RENAME TO u", ([], [], [])),
    ("ALTER TABLE t ALTER id TYPE bigint", ([], [], [])),
    ("ALTER TABLE t ALTER id TYPE numeric", ([], [], [])),
    ("CREATE TABLE u (id int)", ([], ["public.u"], [])),
    ("DROP TABLE t", (["public.t"], [], [])),
    ("UPDATE t SET v = 'x' WHERE id = 3", ([], [], ["public.t: the content of its 10 rows differs"])),
    ("DELETE FROM t WHERE id = 3", ([], [], ["public.t: 10 rows became 9"])),
    ("ALTER TABLE t ALTER v TYPE varchar(1) USING left(v, 1)",
     ([], [], [])),
    ("ALTER TABLE t ALTER id TYPE bigint USING id + 1", ([], [], ["public.t: the content of its 10 rows differs"])),
])
def test_what_lives_through_a_change_is_compared(living, change, expected):
    assert living(T, change) == expected
