"""The harness itself: a proof is only as good as the tools that look."""

import os

import psycopg2
import pytest

from harness.proxy import LOST_REPLY, LOST_REQUEST
from harness.snapshot import database_snapshot


def test_program_names_its_version(sluice):
    result = sluice.run("--version", database=None, migrations=None).ended(0)
    assert result.stdout.startswith("pgsluice ")
    assert result.stderr == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")
def test_program_runs_as_another_account(sluice):
    result = sluice.run("--version", database=None, migrations=None, user="postgres").ended(0)
    assert result.stdout.startswith("pgsluice ")


def test_snapshot_sees_schema_rows_and_sequences(database):
    database.execute("CREATE TABLE t (id serial, v text); INSERT INTO t (v) VALUES ('a')")
    before = database_snapshot(database)
    assert database_snapshot(database) == before
    database.execute("SELECT nextval('t_id_seq')")
    after = database_snapshot(database)
    assert [key for key in before if before[key] != after[key]] == ["sequences"]
    database.execute("UPDATE t SET v = 'b'")
    assert database_snapshot(database)["rows"] != after["rows"]
    database.execute("ALTER TABLE t ADD CHECK (v <> '')")
    assert database_snapshot(database)["schema"] != after["schema"]


def test_no_transaction_ids_passes_for_readers_and_fails_for_writers(make_cluster):
    cluster = make_cluster()
    cluster.execute("CREATE TABLE t (id int)")
    with cluster.no_transaction_ids():
        cluster.execute("SELECT count(*) FROM t")
    with pytest.raises(AssertionError, match="transactions .* wrote WAL"):
        with cluster.no_transaction_ids():
            cluster.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(AssertionError, match="transactions .* wrote WAL"):
        with cluster.no_transaction_ids():
            with cluster.connect() as connection, connection.cursor() as cursor:
                cursor.execute("BEGIN; SELECT pg_current_xact_id(); ROLLBACK")


@pytest.mark.parametrize("mode, rows", [(LOST_REPLY, 1), (LOST_REQUEST, 0)])
def test_proxy_loses_the_commit_where_it_is_told(cluster, database, make_proxy, mode, rows):
    proxy = make_proxy(cluster)
    database.execute("CREATE TABLE t (id int)")
    rule = proxy.cut(mode=mode, application="victim", refuse=True)
    bystander = psycopg2.connect(proxy.conninfo(database.name, application_name="bystander"))
    victim = psycopg2.connect(proxy.conninfo(database.name, application_name="victim"))
    with bystander.cursor() as cursor:
        cursor.execute("SELECT 1")
    bystander.commit()
    with victim.cursor() as cursor:
        cursor.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(psycopg2.OperationalError):
        victim.commit()
    assert rule.fired.is_set()
    assert database.one("SELECT count(*) FROM t") == rows
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(proxy.conninfo(database.name))
    proxy.accept()
    psycopg2.connect(proxy.conninfo(database.name)).close()
    assert "INSERT INTO t VALUES (1)" in proxy.statements("victim")
    bystander.close()


def test_proxy_counts_round_trips(cluster, database, make_proxy):
    proxy = make_proxy(cluster)
    session = psycopg2.connect(proxy.conninfo(database.name))
    session.autocommit = True
    before = proxy.sessions[0].turns
    with session.cursor() as cursor:
        cursor.execute("SELECT 1; SELECT 2")
        cursor.execute("SELECT 3")
    assert proxy.sessions[0].turns - before == 2
    session.close()


def test_pooler_in_transaction_mode_hides_the_backend(cluster, database, make_pooler):
    pooler = make_pooler(cluster)
    session = psycopg2.connect(pooler.conninfo(database.name))
    with session.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone()[0] != session.get_backend_pid()
    session.close()


def test_standby_follows_its_primary(make_cluster, make_standby):
    primary = make_cluster()
    replica = make_standby(primary)
    assert replica.one("SELECT pg_is_in_recovery()") is True


def test_server_comes_back_after_kill(make_cluster):
    cluster = make_cluster(checksums=True)
    cluster.execute("CREATE TABLE t (id int); INSERT INTO t VALUES (1)")
    cluster.kill()
    cluster.start()
    assert cluster.one("SELECT count(*) FROM t") == 1
    assert cluster.one("SHOW data_checksums") == "on"


def test_background_waits_for_a_lock_and_ends(database):
    database.execute("CREATE TABLE t (id int)")
    with database.transaction("LOCK TABLE t"):
        waiting = database.background("INSERT INTO t VALUES (1) RETURNING id")
        database.wait_for_lock(waiting.pid)
        assert waiting.running()
    assert waiting.result() == [(1,)]
