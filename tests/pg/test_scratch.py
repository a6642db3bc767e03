"""Scratch clusters: like live where it counts, closed to the world, gone afterwards."""

import contextlib
import os
import pathlib
import signal

import psycopg2
import pytest

from harness import place
from harness.programs import look, look_start
from harness.wait import wait_until


@pytest.fixture
def work(folder):
    path = folder / "work"
    path.mkdir()
    path.chmod(0o755)
    return path


@contextlib.contextmanager
def scratch(conninfo, work, env=None):
    process, report = look_start("scratch", conninfo, work, env=env)
    try:
        assert report["status"] == "up", report
        yield report
    finally:
        process.stdin.close()
        process.wait(timeout=60)
        process.stdout.close()


def one(report, sql):
    with contextlib.closing(psycopg2.connect(report["conninfo"])) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def test_scratch_cluster_is_removed_at_its_end(database, work):
    with scratch(database.conninfo(), work) as report:
        assert os.listdir(work) == [os.path.basename(report["place"])]
        assert one(report, "SELECT 1") == 1
    assert os.listdir(work) == []


def test_scratch_cluster_of_a_killed_process_is_swept_by_the_next(database, work):
    process, report = look_start("scratch", database.conninfo(), work)
    server = int((pathlib.Path(report["place"]) / "data" / "postmaster.pid").read_text().split("\n")[0])
    process.kill()
    process.wait(timeout=60)
    assert os.listdir(work) != []
    with scratch(database.conninfo(), work) as following:
        assert os.listdir(work) == [os.path.basename(following["place"])]
    wait_until(lambda: not os.path.exists(f"/proc/{server}"), what="the killed run's server is gone")
    assert os.listdir(work) == []


def test_scratch_cluster_of_a_living_process_is_left_alone(database, work):
    with scratch(database.conninfo(), work) as first, scratch(database.conninfo(), work) as second:
        assert one(first, "SELECT 1") == one(second, "SELECT 1") == 1


def test_interrupted_process_removes_its_scratch_cluster(database, work):
    process, report = look_start("scratch", database.conninfo(), work)
    assert report["status"] == "up"
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=60)
    assert os.listdir(work) == []


def test_scratch_cluster_listens_on_a_private_socket_only(database, work):
    with scratch(database.conninfo(), work) as report:
        sockets = pathlib.Path(report["place"]) / "s"
        assert oct(sockets.stat().st_mode & 0o777) == "0o700"
        assert oct(pathlib.Path(report["place"]).stat().st_mode & 0o777) == "0o700"
        assert one(report, "SHOW listen_addresses") == ""
        assert one(report, "SHOW archive_mode") == "off"
        assert one(report, "SHOW fsync") == "off"
        assert one(report, "SHOW full_page_writes") == "on"


def test_scratch_cluster_is_like_live(make_cluster, work):
    live = make_cluster(checksums=True, settings={
        "wal_level": "logical", "max_prepared_transactions": 7, "random_page_cost": 1.25, "datestyle": "'SQL, DMY'",
        "default_text_search_config": "'pg_catalog.german'", "search_path": "'\"$user\", app, public'",
        "archive_mode": "on", "archive_command": "'false'", "log_statement": "'all'",
        "shared_preload_libraries": "'auto_explain, pg_stat_statements, pg_prewarm'"})
    with scratch(live.conninfo(), work) as report:
        for name, value in {"wal_level": "logical", "max_prepared_transactions": "7", "random_page_cost": "1.25",
                            "datestyle": "SQL, DMY", "default_text_search_config": "pg_catalog.german",
                            "search_path": '"$user", app, public', "data_checksums": "on", "archive_mode": "off",
                            "log_statement": "none",
                            "shared_preload_libraries": "auto_explain,pg_stat_statements"}.items():
            # The driver sets some of its own; reset_val is what the server has.
            assert one(report, f"SELECT reset_val FROM pg_settings WHERE lower(name) = '{name}'") == value, name


def test_superuser_is_named_as_on_live(base, folder, work):
    from harness.cluster import Cluster
    live = Cluster(base, folder.name + "b")
    live.program("initdb", "-D", live.data, "-U", "boss", "-A", "trust", "--no-sync")
    live.configure(listen_addresses="''", unix_socket_directories=f"'{live.socket_dir}'", port="5432")
    live.start()
    try:
        with scratch(live.conninfo(user="boss"), work) as report:
            assert one(report, "SELECT rolname FROM pg_roles WHERE oid = 10") == "boss"
            assert one(report, "SELECT count(*) FROM pg_database WHERE datname = 'postgres'") == 0
    finally:
        live.remove()


def test_long_folder_gets_a_socket_elsewhere(database, work):
    deep = work / ("d" * 90)
    deep.mkdir(mode=0o755)
    deep.chmod(0o755)
    with scratch(database.conninfo(), deep) as report:
        note = (pathlib.Path(report["place"]) / "socket").read_text()
        assert note.startswith("/tmp/pgsluice-") and os.path.isdir(note)
        assert one(report, "SELECT 1") == 1
    assert not os.path.exists(note)


def test_nothing_reaches_the_world_from_a_scratch_cluster(database, work):
    with scratch(database.conninfo(), work) as report:
        if not report["isolated"]:
            pytest.skip("this system gives no network namespaces")
        with contextlib.closing(psycopg2.connect(report["conninfo"])) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute("CREATE TEMP TABLE seen (line text)")
            cursor.execute("COPY seen FROM PROGRAM 'tail -n +3 /proc/net/dev'")
            cursor.execute("SELECT split_part(trim(line), ':', 1) FROM seen")
            assert cursor.fetchall() == [("lo",)]


def test_live_is_out_of_reach_of_a_scratch_cluster(database, work):
    with scratch(database.conninfo(), work) as report:
        if not report["isolated"]:
            pytest.skip("this system gives no namespaces")
        with contextlib.closing(psycopg2.connect(report["conninfo"])) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute("CREATE EXTENSION dblink")
            with pytest.raises(psycopg2.OperationalError, match="could not establish connection"):
                cursor.execute("SELECT dblink_connect(%s)", (database.conninfo(),))
            # Where nothing says where to, the cluster itself is found.
            cursor.execute("SELECT dblink_connect('dbname=template1'); "
                           "SELECT * FROM dblink('SELECT system_identifier FROM pg_control_system()') AS t (i text)")
            assert cursor.fetchone()[0] != database.one("SELECT system_identifier::text FROM pg_control_system()")
    assert database.one("SELECT 1") == 1


def test_files_of_this_machine_are_read_only_to_a_scratch_cluster(database, work, folder):
    folder.chmod(0o777)
    (folder / "theirs").write_text("as it was")
    (folder / "theirs").chmod(0o666)
    with scratch(database.conninfo(), work) as report:
        if not report["read_only"]:
            pytest.skip("this system cannot make mounts read-only")
        with contextlib.closing(psycopg2.connect(report["conninfo"])) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            for name in ("theirs", "new"):
                with pytest.raises(psycopg2.Error, match="Read-only file system"):
                    cursor.execute(f"COPY (SELECT 1) TO '{folder}/{name}'")
            with pytest.raises(psycopg2.Error, match="child process exited with exit code"):
                cursor.execute(f"COPY (SELECT 1) TO PROGRAM 'cat > {folder}/theirs'")
            cursor.execute("COPY (SELECT 1) TO PROGRAM 'cat > /dev/null'")
            cursor.execute("CREATE TABLE t AS SELECT generate_series(1, 1000); CHECKPOINT")
    assert (folder / "theirs").read_text() == "as it was" and not (folder / "new").exists()


def test_folder_that_the_server_cannot_enter_is_named(database, work):
    if os.geteuid() != 0:
        pytest.skip("only root drops to another account")
    closed = work / "closed"
    closed.mkdir(mode=0o700)
    inside = closed / "inside"
    report = look("scratch", database.conninfo(), inside)
    assert report["status"] == "usage"
    assert report["message"] == (f"user {place.server_user().pw_name}, who runs the scratch cluster, "
                                 f'cannot get into work-dir "{inside}"')


def test_missing_server_programs_are_named_with_their_package(cluster, database, work):
    major = place.server_major(cluster.bindir)
    report = look("scratch", database.conninfo(), work, work)
    assert report["status"] == "usage"
    assert report["message"] == f'no server programs of PostgreSQL {major} in "{work}"'
    assert report["hint"] == (f"Install the package postgresql-{major}, or name a server of that version "
                              "with --staging.")
