"""Gate 2: the backup is proved against live, and whatever it guards shuts it when it is broken."""

import contextlib
import glob
import json
import os
import pathlib
import signal
import subprocess
import threading

import pytest

import harness.cluster
from harness import place
from harness.cluster import Database
from harness.snapshot import database_snapshot

MIGRATION = "CREATE TABLE extra (id int);"
ZOO = (pathlib.Path(__file__).parent / "fixtures" / "zoo.sql").read_text(encoding="utf-8")
BACKUP_SCRIPT = """#!/bin/sh
set -eu
kept={kept}/$PGSLUICE_BACKUP
if [ "$PGSLUICE_ACTION" = backup ]; then
	{bindir}/pg_dump --format=custom --snapshot="$PGSLUICE_SNAPSHOT" --file="$kept"
	{live}
fi
unset PGSERVICE
if [ "$PGSLUICE_RESTORE_CREATED" = yes ]; then
	{bindir}/pg_restore --dbname="$PGSLUICE_RESTORE_CONNINFO dbname=$PGSLUICE_RESTORE_DATABASE" "$kept"
else
	{bindir}/pg_restore --create --dbname="$PGSLUICE_RESTORE_CONNINFO" "$kept"
fi
{bindir}/psql -X -q -v ON_ERROR_STOP=1 "$PGSLUICE_RESTORE_CONNINFO dbname=$PGSLUICE_RESTORE_DATABASE" <<'SQL'
{broken}
SQL
"""


class Proof:
    """What a run that stops before the rehearsal says of the backup."""

    def __init__(self, result):
        self.result = result
        self.checks = [event for event in result.events("evidence") if event["gate"] == "backup"]
        self.errors = result.events("error")

    def of(self, name):
        return [check for check in self.checks if check["check"] == name]

    def one(self, name):
        found = self.of(name)
        assert len(found) == 1, self.checks
        return found[0]

    def passed(self):
        self.result.ended(0)
        assert all(check["ok"] or check.get("warning") for check in self.checks), self.checks
        return self


@pytest.fixture
def backup(sluice, migrations):
    """backup(*options): one run up to the rehearsal."""
    migrations.write("001_extra", up=MIGRATION)

    def run(*options, before="rehearsal", **more):
        stop = ("--stop-before", before) if before else ()
        return Proof(sluice.run("--batch", "--format", "json", *stop, *options, **more))

    return run


@pytest.fixture
def zoo(make_cluster):
    cluster = make_cluster(settings={"wal_level": "logical"})
    for role in ("zoo_owner", "zoo_app LOGIN IN ROLE zoo_owner", "zoo_reader LOGIN"):
        cluster.execute(f"CREATE ROLE {role}")
    cluster.execute("ALTER ROLE zoo_app SET work_mem = '7MB'")
    if place.server_major(cluster.bindir) >= 16:
        cluster.execute("GRANT zoo_owner TO zoo_reader WITH INHERIT FALSE, SET FALSE")
    database = cluster.create_database("zoo", "OWNER zoo_owner")
    for sql in ("ALTER DATABASE zoo SET statement_timeout = '1h'", "ALTER DATABASE zoo CONNECTION LIMIT 50",
                "ALTER ROLE zoo_app IN DATABASE zoo SET search_path = app, public",
                "REVOKE CONNECT ON DATABASE zoo FROM public", "COMMENT ON DATABASE zoo IS 'the zoo'"):
        cluster.execute(sql)
    done = subprocess.run([str(cluster.bindir / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", database.conninfo()],
                          input=ZOO, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return database


def evidence_of(sluice):
    found = glob.glob(str(sluice.state / "evidence" / "*" / "backup.json"))
    assert len(found) == 1, found
    return json.loads(pathlib.Path(found[0]).read_text(encoding="utf-8"))


def dump_of(sluice):
    return pathlib.Path(evidence_of(sluice)["data"]["dump"]["folder"])


@pytest.fixture
def command(sluice, folder, cluster):
    """command(broken="SQL on what was restored", live="shell on live"): options that use our own backup script."""
    def make(broken="SELECT 1;", live=":"):
        kept = folder / "kept"
        kept.mkdir(exist_ok=True)
        script = folder / "backup.sh"
        script.write_text(BACKUP_SCRIPT.format(kept=kept, bindir=cluster.bindir, broken=broken, live=live))
        script.chmod(0o755)
        conf = folder / "pgsluice.conf"
        conf.write_text(f"backup-provider = command\nbackup-command = {script}\n")
        conf.chmod(0o600)
        return "-c", str(conf)

    return make


# ---- what passes ----

def test_one_object_of_every_kind_is_backed_up_restored_and_proved(zoo, backup, sluice):
    before = database_snapshot(zoo, rows=False)
    with zoo.cluster.no_transaction_ids():
        proof = backup(database=zoo).passed()
    assert proof.one("backup.content")["measured"] == "10 table(s), 138 row(s), all equal"
    assert proof.one("backup.large_objects")["measured"] == "2 large object(s), all equal"
    assert proof.one("backup.sequences")["measured"] == "5 sequence(s) lie between before and after"
    assert {check["measured"] for check in proof.of("backup.findings")} == {
        "foreign table on live: app.remote", "unlogged table on live: app.cache",
        "user mapping on live: far for zoo_app"}
    assert database_snapshot(zoo, rows=False) == before
    assert "secret-in-mapping" not in proof.result.stdout + proof.result.stderr
    assert "secret-in-mapping" not in json.dumps(evidence_of(sluice))


def test_rehearsal_runs_on_a_clone_with_everything_of_live(zoo, backup, migrations):
    migrations.remove("001_extra.sql")
    migrations.write("001_same", up="""
        DO $$BEGIN
            IF current_database() <> 'zoo' THEN RAISE 'other database'; END IF;
            IF current_setting('wal_level') <> 'logical' THEN RAISE 'other wal_level'; END IF;
            IF (SELECT datconnlimit FROM pg_database WHERE datname = 'zoo') <> 50 THEN RAISE 'other limit'; END IF;
            IF has_database_privilege('public', 'zoo', 'connect') THEN RAISE 'other grants'; END IF;
            IF (SELECT count(*) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = setdatabase
                WHERE datname = 'zoo') <> 2 THEN RAISE 'other settings'; END IF;
            IF EXISTS (SELECT FROM pg_user_mappings) THEN RAISE 'user mappings'; END IF;
        END$$;""")
    result = backup(before="preflight", database=zoo).result
    result.ended(0)


REACHES_OUT = [
    "CREATE EXTENSION dblink; SELECT dblink_exec('{live}', 'CREATE TABLE escaped ()')",
    "CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw "
    "OPTIONS (host '{socket}', dbname '{name}'); CREATE USER MAPPING FOR postgres SERVER far OPTIONS (user 'postgres');"
    "CREATE FOREIGN TABLE ft (id int) SERVER far OPTIONS (table_name 't'); INSERT INTO ft VALUES (1)",
    "CREATE SUBSCRIPTION sub CONNECTION '{live}' PUBLICATION pub WITH (create_slot = false, enabled = false)",
    "CREATE TABLE out (line text); COPY out FROM PROGRAM "
    "'{bindir}/psql -X -c \"CREATE TABLE escaped ()\" \"{live}\" 2>&1'",
]


@pytest.mark.parametrize("sql", REACHES_OUT, ids=["dblink", "foreign-server", "subscription", "program"])
def test_plan_cannot_reach_live_from_the_copy(cluster, database, backup, migrations, sql):
    database.execute("CREATE TABLE t (id int); CREATE PUBLICATION pub FOR TABLE t")
    live = f"host={cluster.socket_dir} port=5432 dbname={database.name} user=postgres"
    migrations.write("002_out", up=sql.format(live=live, socket=cluster.socket_dir, name=database.name,
                                              bindir=cluster.bindir) + ";")
    before = database_snapshot(database)
    result = backup(before="preflight").result.ended(11)
    assert ("failed" if "PROGRAM" in sql else "No such file or directory") in result.stdout
    assert database_snapshot(database) == before


def test_subscriptions_are_not_restored_in_the_copy(make_cluster, backup, migrations):
    live = make_cluster(settings={"wal_level": "logical"}).create_database()
    live.execute("CREATE SUBSCRIPTION sub CONNECTION 'host=nowhere.invalid' PUBLICATION p "
                 "WITH (connect = false, enabled = false, create_slot = false)")
    migrations.write("002_look", up="DO $$BEGIN IF EXISTS (SELECT FROM pg_subscription) THEN RAISE 'there'; END IF; END$$;")
    proof = backup(before="preflight", database=live)
    proof.result.ended(0)
    assert proof.one("backup.findings")["measured"] == "subscription on live: sub"


def test_dump_is_kept_with_a_manifest_that_sha256sum_checks(database, backup, sluice):
    database.execute("CREATE TABLE t (id int); INSERT INTO t VALUES (1)")
    backup().passed()
    dump = dump_of(sluice)
    assert oct(dump.stat().st_mode & 0o777) == "0o700"
    assert sorted(os.listdir(dump)) == ["SHA256SUMS", "data"]
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=dump, check=True)
    data = evidence_of(sluice)["data"]
    assert str(dump) in data["dump"]["restore_by_hand"] and data["reach"] == "content"
    assert "pg_restore --create" in data["dump"]["restore_by_hand"]


def test_nothing_is_left_but_the_dump(database, backup, sluice):
    backup().passed()
    store = dump_of(sluice).parent
    assert [name for name in os.listdir(store) if name.startswith("connection")] == []
    for work in (sluice.state / "work", pathlib.Path(f"/var/tmp/pgsluice-{os.geteuid()}")):
        for owner in glob.glob(f"{work}/scratch-*/run"):
            assert pathlib.Path(owner).read_text() != evidence_of(sluice)["run"]


def test_writers_go_on_during_the_backup(database, backup):
    database.execute("CREATE TABLE t (id serial PRIMARY KEY, v text);"
                     "INSERT INTO t (v) SELECT repeat('x', 100) FROM generate_series(1, 50000)")
    stop, written = threading.Event(), []

    def write():
        with contextlib.closing(database.connect()) as connection, connection.cursor() as cursor:
            while not stop.is_set():
                cursor.execute("INSERT INTO t (v) VALUES ('new') RETURNING id")
                written.append(cursor.fetchone()[0])
                cursor.execute("UPDATE t SET v = 'changed' WHERE id = %s", (len(written),))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        backup().passed()
    finally:
        stop.set()
        writer.join()
    assert len(written) > 10
    assert database.one("SELECT count(*) FROM t") == 50000 + len(written)


@pytest.mark.parametrize("options", [
    "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0",
    "LOCALE_PROVIDER icu ICU_LOCALE 'de-DE' LOCALE 'C.UTF-8' TEMPLATE template0",
    "ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0",
])
def test_encodings_and_locale_providers_are_as_on_live(cluster, backup, options):
    if "icu" in options and place.server_major(cluster.bindir) < 15:
        pytest.skip("databases have had locale providers since 15")
    live = cluster.create_database(options=options)
    try:
        live.execute("CREATE TABLE t (v text PRIMARY KEY); INSERT INTO t VALUES ('a'), ('B')")
        backup(database=live).passed()
    finally:
        live.drop()


@pytest.fixture
def foreign_locale(base, folder, monkeypatch):
    """foreign_locale(name): a cluster whose databases have a locale that this system does not have."""
    made = []

    def make(name):
        locales = folder / "locales"
        locales.mkdir()
        done = subprocess.run(["localedef", "-i", "en_US", "-f", "UTF-8", str(locales / name)], check=False)
        if done.returncode != 0:
            pytest.skip("localedef cannot make a locale here: install locales")
        clean_env = harness.cluster.clean_env
        monkeypatch.setattr(harness.cluster, "clean_env", lambda more=None: {**clean_env(more), "LOCPATH": str(locales)})
        made.append(harness.cluster.Cluster(base, folder.name + "l").init(locale=name).start())
        return made[0]

    yield make
    for cluster in made:
        cluster.remove()


def test_locale_that_this_system_lacks_is_made(foreign_locale, backup):
    live = foreign_locale("en_US.UTF-8").create_database()
    live.execute("CREATE TABLE t (k text) PARTITION BY RANGE (k);"
                 "CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM ('a') TO ('_c'); INSERT INTO t VALUES ('B')")
    assert backup(database=live).passed().one("backup.content")["measured"] == "1 table(s), 1 row(s), all equal"


def test_locale_that_cannot_be_made_is_named_with_the_package(foreign_locale, backup):
    live = foreign_locale("xx_YY.UTF-8").create_database()
    proof = backup(database=live)
    proof.result.ended(2)
    assert proof.errors[0]["message"] == (
        'the live database needs the locale "xx_YY.UTF-8", which this machine does not have')
    assert proof.errors[0]["hint"] == (
        "Install the package locales (or locales-all): then it is made when it is needed.")


def test_database_called_postgres_can_be_live(make_cluster, backup):
    cluster = make_cluster()
    live = Database(cluster, "postgres")
    live.execute("CREATE TABLE t (id int)")
    assert backup(database=live).passed().one("backup.content")["measured"] == "1 table(s), 0 row(s), all equal"


def test_extension_in_an_older_version_is_restored_in_that_version(database, backup):
    database.execute("CREATE SCHEMA tools; CREATE EXTENSION pg_trgm SCHEMA tools VERSION '1.5';"
                     "CREATE TABLE t (v text); CREATE INDEX ON t USING gin (v tools.gin_trgm_ops)")
    backup().passed()


def test_tablespaces_are_mapped(make_cluster, backup, folder):
    place_of_live = folder / "space"
    place_of_live.mkdir()
    os.chown(place_of_live, place.server_user().pw_uid, place.server_user().pw_gid)
    cluster = make_cluster()
    cluster.execute(f"CREATE TABLESPACE fast LOCATION '{place_of_live}'")
    live = cluster.create_database()
    live.execute("CREATE TABLE t (id int) TABLESPACE fast; INSERT INTO t VALUES (1)")
    proof = backup(database=live).passed()
    assert "tablespace fast is mapped into the scratch cluster's folder" in proof.one("backup.restore")["measured"]


def test_constraint_that_prints_otherwise_after_a_restore_is_no_difference(database, backup):
    database.execute("CREATE TABLE t (v varchar(5) CHECK (v IN ('a', 'b'))); "
                     "CREATE VIEW w AS SELECT NULL::int FROM t")
    backup().passed()


def test_evidence_is_reused_and_its_dump_restored_again(database, backup):
    backup().passed()
    again = backup(before="preflight").result.ended(0)
    assert [event["reason"].endswith("ago is reused") for event in again.events("gate")
            if event["gate"] == "backup"] == [True]
    assert not [event for event in again.events("evidence") if event["gate"] == "backup"]


# ---- what shuts it ----

def flip(dump):
    victim = max(glob.glob(f"{dump}/data/*.dat.gz"))
    content = bytearray(pathlib.Path(victim).read_bytes())
    content[len(content) // 2] ^= 1
    pathlib.Path(victim).write_bytes(content)
    return f"data/{os.path.basename(victim)} was changed or cut short: its SHA-256 is not the one in SHA256SUMS"


def truncate(dump):
    victim = dump / "data" / "toc.dat"
    os.truncate(victim, victim.stat().st_size // 2)
    return "data/toc.dat was changed or cut short: its SHA-256 is not the one in SHA256SUMS"


def remove(dump):
    (dump / "data" / "toc.dat").unlink()
    return "data/toc.dat is not there"


def add(dump):
    (dump / "data" / "other").write_text("x")
    return "data holds files that are not in SHA256SUMS"


def rewrite_manifest(dump):
    (dump / "SHA256SUMS").write_text("")
    return "SHA256SUMS was changed: it is not the one of the evidence"


@pytest.mark.parametrize("damage", [flip, truncate, remove, add, rewrite_manifest])
def test_damaged_dump_is_never_restored(database, backup, sluice, damage):
    database.execute("CREATE TABLE t (id int); INSERT INTO t SELECT generate_series(1, 1000)")
    backup().passed()
    dump = dump_of(sluice)
    what = damage(dump)
    before = database_snapshot(database)
    result = backup(before="preflight").result.ended(11)
    error = result.events("error")[0]
    assert error["message"].endswith(f'the dump in "{dump}" is damaged: {what}')
    assert error["hint"] == ("Remove the folder and the evidence file backup.json and run again: a new backup is taken."
                             " Then find out what changed the file.")
    assert database_snapshot(database) == before


BROKEN = [
    ("DELETE FROM t WHERE id = 1;", "backup.content", "public.t: 10 rows became 9"),
    ("UPDATE t SET v = 1.50 WHERE id = 1;", "backup.content", "public.t: the content of its 10 rows differs"),
    ("DROP TABLE u;", "backup.content", "public.u: is missing"),
    ("CREATE TABLE other (id int);", "backup.content", "public.other: was not there"),
    ("SELECT lo_put(70000, 0, 'x');", "backup.large_objects",
     "(large objects): the content of its 1 rows differs"),
    ("SELECT lo_unlink(70000);", "backup.large_objects", "(large objects): 1 rows became 0"),
    ("SELECT setval('t_id_seq', 5);", "backup.sequences",
     "public.t_id_seq: was restored at 5, live had 10 before and 10 after"),
    ("SELECT setval('t_id_seq', 11);", "backup.sequences",
     "public.t_id_seq: was restored at 11, live had 10 before and 10 after"),
    ("DROP INDEX t_v;", "backup.schema", "index public.t_v: missing"),
    ("ALTER TABLE t ALTER v SET NOT NULL;", "backup.schema", "column public.t.v: changed from "),
    ("GRANT SELECT ON t TO public;", "backup.schema", "table public.t: changed from "),
    ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';", "backup.schema", "function public.f(): added"),
    ("CREATE ROLE somebody_else;", "backup.roles", "role somebody_else: added"),
]


@pytest.fixture
def filled(database):
    database.execute("CREATE TABLE t (id serial PRIMARY KEY, v numeric); CREATE INDEX t_v ON t (v);"
                     "INSERT INTO t (v) SELECT 1.5 FROM generate_series(1, 10); CREATE TABLE u (id int);"
                     "SELECT lo_from_bytea(70000, 'abc')")
    return database


def test_backup_by_command_is_proved_and_restored_again(filled, backup, command):
    options = command()
    proof = backup(*options).passed()
    assert proof.one("backup.restore")["measured"].startswith("dumped and restored by ")
    backup(*options, before="preflight").result.ended(0)


@pytest.mark.parametrize("broken, check, measured", BROKEN, ids=[broken[:40] for broken, _, _ in BROKEN])
def test_backup_that_does_not_hold_what_live_holds_shuts_the_gate(filled, backup, command, broken, check, measured):
    proof = backup(*command(broken))
    proof.result.ended(11)
    found = proof.one(check)
    assert not found["ok"]
    assert found["measured"].startswith(measured)
    # What was broken is all that is wrong.
    others = {other["check"] for other in proof.checks if not other["ok"] and not other.get("warning")} - {check}
    assert others <= ({"backup.schema", "backup.sequences"} if "TABLE" in broken else set())


def test_backup_by_command_that_restores_something_else_the_second_time_is_refused(filled, backup, command):
    backup(*command()).passed()
    result = backup(*command("UPDATE t SET v = 2 WHERE id = 3;"), before="preflight").result.ended(11)
    assert result.events("error")[0]["message"].endswith(
        "backup-command restored something else than before: public.t: the content of its 10 rows differs")


def test_command_that_fails_is_named(filled, backup, command):
    proof = backup(*command("SELECT 1/0;"))
    proof.result.ended(11)
    assert proof.errors[0]["message"] == "backup-command ended with exit code 3"
    assert "division by zero" in proof.errors[0]["detail"]


def test_schema_changed_while_the_backup_was_taken_shuts_the_gate(filled, backup, command, cluster):
    live = (f"{cluster.bindir}/psql -X -q -c 'SET default_transaction_read_only = off' "
            "-c 'CREATE TABLE meanwhile (id int)'")
    proof = backup(*command(live=live))
    proof.result.ended(11)
    found = [check for check in proof.of("backup.snapshot") if not check["ok"]]
    assert len(found) == 1 and "table public.meanwhile: added" in found[0]["measured"]


def test_rows_that_violate_a_foreign_key_cannot_be_restored_and_are_named(database, backup):
    database.execute("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a_id int REFERENCES a);"
                     "SET session_replication_role = replica; INSERT INTO b VALUES (1)")
    proof = backup()
    proof.result.ended(11)
    assert proof.errors[0]["message"] == (
        "pg_restore could not restore the dump as it is: pg_restore: error: could not execute query: ERROR:  "
        'insert or update on table "b" violates foreign key constraint "b_a_id_fkey"')


def test_failed_backup_leaves_no_dump(database, backup, sluice):
    database.execute("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a_id int REFERENCES a);"
                     "SET session_replication_role = replica; INSERT INTO b VALUES (1)")
    backup().result.ended(11)
    assert glob.glob(str(sluice.state / "evidence" / "*" / "dump-*")) == []


def test_extension_that_is_not_here_is_named_before_anything_is_dumped(database, backup):
    database.execute("CREATE EXTENSION citext; UPDATE pg_extension SET extversion = '9.9' WHERE extname = 'citext'")
    proof = backup()
    proof.result.ended(11)
    assert proof.errors[0]["message"] == "live has extensions that the copy's server cannot make: citext 9.9"
    assert proof.of("backup.space") == []


def test_invalid_index_is_a_finding_and_no_difference(database, backup):
    database.execute("CREATE TABLE t (id int); INSERT INTO t VALUES (1), (1)")
    with pytest.raises(Exception, match="could not create unique index"):
        database.execute("CREATE UNIQUE INDEX CONCURRENTLY broken ON t (id)")
    proof = backup().passed()
    assert proof.one("backup.findings")["measured"] == "invalid index on live: public.broken"


@contextlib.contextmanager
def small_file_system(folder, megabytes):
    small = folder / "small"
    small.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(small)],
                          capture_output=True, check=False)
    if made.returncode != 0:
        pytest.skip("may not mount a small file system")
    try:
        yield small
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_too_little_space_is_told_before_the_dump(database, backup, folder):
    with small_file_system(folder, 16) as small:
        proof = backup("--evidence", small / "evidence")
        proof.result.ended(11)
    found = proof.of("backup.space")[0]
    assert not found["ok"] and f'free in "{small}' in found["measured"]
    assert proof.of("backup.dump") == []


def test_disk_that_fills_up_while_dumping_shuts_the_gate(database, backup, folder):
    database.execute("CREATE TABLE t (v text);"
                     "INSERT INTO t SELECT md5(i::text) || md5((-i)::text) FROM generate_series(1, 100000) i")
    conf = folder / "pgsluice.conf"
    conf.write_text("not-checked.backup.space = this test\n")
    conf.chmod(0o600)
    with small_file_system(folder, 2) as small:
        proof = backup("--evidence", small / "evidence", "-c", conf)
        proof.result.ended(11)
    assert proof.errors[0]["message"].startswith("pg_dump failed with exit code 1: pg_dump: error: ")
    assert "No space left on device" in proof.errors[0]["detail"]
    assert proof.errors[0]["hint"].startswith("Free space there, or choose other folders")


@pytest.fixture
def slow(folder, filled, command):
    """Options of a backup that stands still in the middle; its work folder."""
    work = folder / "work"
    work.mkdir(mode=0o755)
    work.chmod(0o755)
    options = command(live="while sleep 0.1; do :; done")
    with open(options[1], "a", encoding="utf-8") as conf:
        conf.write(f"work-dir = {work}\n")
    return options, work


@pytest.mark.parametrize("number, code", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_interrupted_backup_leaves_nothing(slow, filled, sluice, migrations, number, code):
    migrations.write("001_extra", up=MIGRATION)
    options, work = slow
    running = sluice.start("--batch", "--format", "json", *options)
    running.wait_for_output("backup.snapshot")
    running.signal(number)
    running.result().ended(code)
    assert os.listdir(work) == []
    assert glob.glob(str(sluice.state / "evidence" / "*" / "connection-*")) == []
    assert filled.query("SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'pgsluice/%%'") == []


def test_killed_backup_is_swept_by_the_next_run(slow, filled, sluice, backup, command):
    backup_options, work = slow
    running = sluice.start("--batch", "--format", "json", *backup_options)
    running.wait_for_output("backup.snapshot")
    running.kill()
    running.result()
    assert os.listdir(work) != []
    options = command()
    with open(options[1], "a", encoding="utf-8") as conf:
        conf.write(f"work-dir = {work}\n")
    backup(*options).passed()
    assert os.listdir(work) == []


# ---- elsewhere ----

def test_backup_is_read_from_a_replica(make_cluster, make_standby, backup):
    primary = make_cluster()
    live = primary.create_database()
    live.execute("CREATE TABLE t (id serial); INSERT INTO t SELECT FROM generate_series(1, 100)")
    replica = make_standby(primary)
    proof = backup("--source", replica.conninfo(live.name), database=live).passed()
    assert "read from a replica that was" in proof.one("backup.source")["measured"]
    assert "hot_standby_feedback = off" in proof.one("backup.source")["measured"]


def test_unlogged_tables_are_not_proved_from_a_replica(make_cluster, make_standby, backup):
    primary = make_cluster()
    live = primary.create_database()
    live.execute("CREATE UNLOGGED TABLE cache (id int); INSERT INTO cache VALUES (1)")
    replica = make_standby(primary)
    proof = backup("--source", replica.conninfo(live.name), database=live)
    proof.result.ended(11)
    assert proof.one("backup.unlogged")["measured"] == (
        "not proven: public.cache (unlogged: its rows are not on a standby)")


def test_source_that_is_another_database_is_refused(make_cluster, database, backup):
    other = make_cluster().create_database()
    proof = backup("--source", other.conninfo())
    proof.result.ended(2)
    assert proof.errors[0]["message"] == "--source names another database than the target"


def test_staging_server_gets_databases_of_our_name_and_keeps_none(make_cluster, filled, backup):
    staging = make_cluster()
    proof = backup("--staging", staging.conninfo(), before="preflight")
    proof.result.ended(0)
    assert "a database on the staging server" in proof.one("backup.restore")["measured"]
    assert staging.query("SELECT datname FROM pg_database WHERE datname ~ 'pgsluice|live'") == []


def test_staging_server_without_the_roles_is_told_what_to_run(make_cluster, backup):
    live_cluster, staging = make_cluster(), make_cluster()
    live_cluster.execute("CREATE ROLE owner_of_it LOGIN")
    live = live_cluster.create_database()
    live.execute("CREATE TABLE t (id int); ALTER TABLE t OWNER TO owner_of_it")
    proof = backup("--staging", staging.conninfo(), database=live)
    proof.result.ended(2)
    assert proof.errors[0]["message"] == "the staging server lacks roles that live's objects need: owner_of_it"
    assert proof.errors[0]["hint"] == "Run there: CREATE ROLE owner_of_it LOGIN; "


def test_plan_that_reaches_beyond_its_database_is_refused_on_a_staging_server(make_cluster, database, backup,
                                                                             migrations):
    migrations.write("002_role", up="CREATE ROLE reaches_beyond;")
    proof = backup("--staging", make_cluster().conninfo())
    proof.result.ended(10)
    assert proof.errors[0]["message"] == "migration 002 reaches beyond its database: CREATE ROLE"
    assert (proof.errors[0]["line"], proof.errors[0]["column"]) == (1, 1)


def test_target_itself_is_no_staging_server(cluster, database, backup):
    proof = backup("--staging", cluster.conninfo())
    proof.result.ended(2)
    assert proof.errors[0]["message"] == "--staging names the target's own server"


def test_databases_of_a_killed_run_on_a_staging_server_are_swept(make_cluster, database, backup):
    staging = make_cluster()
    staging.execute("CREATE DATABASE pgsluice_0123abcd_copy")
    staging.execute("CREATE DATABASE pgsluice_of_somebody")
    backup("--staging", staging.conninfo()).passed()
    assert staging.query("SELECT datname::text FROM pg_database WHERE datname ~ '^pgsluice'") == [
        ("pgsluice_of_somebody",)]
