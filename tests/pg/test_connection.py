"""How opening a session ends: every way it can fail has its status, one message, a hint, and no secret in any."""

import contextlib
import os
import socket
import struct
import threading

import pytest

from harness.cluster import conninfo
from harness.programs import probe

SECRET = "hunter2"


def no_secret(report):
    assert SECRET not in str(report), report
    return report


def test_session_opens_and_knows_where_it_is(database):
    report = probe("open", database.conninfo(), "direct")
    assert report["status"] == "ok"
    assert report["user"] == "postgres"
    assert report["database"] == database.name
    assert report["search_path"] == "{public}"
    assert report["server_version"] >= 130000


def test_bare_name_is_a_database(cluster, database):
    report = probe("open", database.name, env={"PGHOST": str(cluster.socket_dir), "PGUSER": "postgres"})
    assert (report["status"], report["database"]) == ("ok", database.name)


@pytest.mark.parametrize("text", [
    f"host=/tmp password={SECRET} oops",
    f"password='{SECRET}",
    f"nosuch={SECRET}",
    f"postgresql://me:{SECRET}@x@host/db",
    f"postgresql://me:x/{SECRET}@host/db",
    f"postgresql://me:x?y@{SECRET}@host/db",
    f"postgresql://me:{SECRET}",
    f"postgresql://me:{SECRET}@host:port:port/db",
    f"postgres//me:{SECRET}@host/db",
    f"me:{SECRET}@host/db",
    f"host=me:{SECRET}@host dbname=db",
    f"dbname=postgresql://me:{SECRET}@host/db",
    f"host=h port={SECRET}",
    "postgresql://me@host/db?sslmod=require",
])
def test_string_that_does_not_parse_is_never_shown(text):
    report = no_secret(probe("open", text))
    assert report["status"] == "usage"
    assert report["message"] == "the connection string does not parse"
    assert report["detail"] == "It is not shown, because it may hold a password."
    assert report["hint"].startswith('Give "host=HOST dbname=NAME user=USER"')
    assert no_secret(probe("public", text))["public"] == "(connection string that does not parse)"


def test_public_form_has_no_secret():
    report = no_secret(probe("public", f"postgresql://me:{SECRET}@db.example:5433/app?sslpassword={SECRET}"))
    assert report["public"] == "host=db.example port=5433 dbname=app user=me"
    assert no_secret(probe("public", f"postgresql://me:x?{SECRET}@db.example/app"))["public"] \
        == "host=db.example port=5432 dbname=app user=me"
    assert no_secret(probe("public", f"host='a b' password={SECRET}", env={"PGUSER": "u"}))["public"] \
        == "host='a b' port=5432 user=u"


def test_wrong_password_is_never_shown(make_cluster):
    cluster = make_cluster(extra=())
    cluster.execute(f"SET password_encryption = 'scram-sha-256'; CREATE ROLE me LOGIN PASSWORD 'right'")
    cluster.set_hba("local all postgres trust", "local all all scram-sha-256")
    place = f"host={cluster.socket_dir} port=5432 dbname=postgres user=me"
    report = no_secret(probe("open", cluster.conninfo(user="me", password=SECRET)))
    assert report["status"] == "usage"
    assert report["message"] == f'could not connect to {place}: password authentication failed for user "me"'
    assert report["sqlstate"] == "28P01"
    assert report["hint"] == ("Check the user and the password: ~/.pgpass, PGPASSWORD or the connection string. "
                              "It is never shown.")
    report = probe("open", cluster.conninfo(user="me"))
    assert report["status"] == "usage"
    assert report["message"] == f"could not connect to {place}: fe_sendauth: no password supplied"
    assert report["hint"] == "The server asks for a password: put it into ~/.pgpass or PGPASSWORD."
    assert probe("open", cluster.conninfo(user="me", password="right"))["status"] == "ok"


def test_unknown_database_and_role_are_usage(cluster, database):
    report = probe("open", cluster.conninfo("nosuch"))
    assert (report["status"], report["sqlstate"]) == ("usage", "3D000")
    assert report["message"].endswith(': database "nosuch" does not exist')
    assert report["hint"] == "Check the database's name; `psql -l` lists those there are."
    report = probe("open", cluster.conninfo(user="nosuch"))
    assert (report["status"], report["sqlstate"]) == ("usage", "28000")
    assert report["message"].endswith(': role "nosuch" does not exist')


def test_missing_right_to_connect_is_usage(cluster, database):
    cluster.execute("DROP ROLE IF EXISTS stranger; CREATE ROLE stranger LOGIN")
    cluster.execute(f'REVOKE CONNECT ON DATABASE "{database.name}" FROM PUBLIC')
    report = probe("open", database.conninfo(user="stranger"))
    assert (report["status"], report["sqlstate"]) == ("usage", "42501")
    assert report["message"].endswith(f'permission denied for database "{database.name}"')


def test_configured_role_is_taken_on_or_refused(cluster, database):
    cluster.execute("DROP ROLE IF EXISTS worker; CREATE ROLE worker; DROP ROLE IF EXISTS plain_login; "
                    "CREATE ROLE plain_login LOGIN")
    database.execute("CREATE SCHEMA worker AUTHORIZATION worker")
    assert probe("open", database.conninfo(), env={"PROBE_ROLE": "worker"})["search_path"] == "{worker,public}"
    report = probe("open", database.conninfo(user="plain_login"), env={"PROBE_ROLE": "worker"})
    assert report["status"] == "usage"
    assert report["message"] == 'could not take on the configured role: permission denied to set role "worker"'
    assert report["hint"] == "Check `role` in the configuration, and that plain_login is a member of it."


def test_server_that_does_not_answer_is_unreachable(folder):
    report = probe("open", f"host={folder} dbname=app user=me")
    assert report["status"] == "unreachable"
    assert report["message"] == (f"could not connect to host={folder} port=5432 dbname=app user=me: "
                                 "No such file or directory")
    assert report["hint"] == "No server has its socket there: check host and port, and that the server is up."
    with contextlib.closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        report = probe("open", f"host=127.0.0.1 port={unused.getsockname()[1]} user=me")
    assert report["status"] == "unreachable"
    assert report["message"].endswith("user=me: Connection refused")
    report = probe("open", "host=nosuch.invalid user=me")
    assert report["status"] == "unreachable"
    assert 'could not translate host name "nosuch.invalid" to address' in report["message"]
    assert report["hint"] == "Check the host's name and that it can be looked up from here."


def test_silent_server_times_out():
    with contextlib.closing(socket.socket()) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        report = probe("open", f"host=127.0.0.1 port={port} user=me connect_timeout=1")
    assert report["status"] == "unreachable"
    assert report["message"] == f"could not connect to host=127.0.0.1 port={port} user=me: no answer within 1 s"


def test_silent_host_gives_way_to_the_next_one(cluster, database):
    with contextlib.closing(socket.socket()) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        report = probe("open", conninfo(host=f"127.0.0.1,{cluster.socket_dir}", user="postgres", dbname=database.name,
                                        port=f"{silent.getsockname()[1]},5432", connect_timeout=1))
    assert report["status"] == "ok"


def test_too_many_connections_is_unreachable(make_cluster):
    cluster = make_cluster(settings={"max_connections": 4, "superuser_reserved_connections": 0, "max_wal_senders": 0})
    with contextlib.ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(contextlib.closing(cluster.connect()))
        report = probe("open", cluster.conninfo())
    assert (report["status"], report["sqlstate"]) == ("unreachable", "53300")
    assert report["message"].endswith(": sorry, too many clients already")
    assert report["hint"].startswith("All connections are taken: wait")


@pytest.mark.parametrize("mode", ["session", "transaction"])
def test_pooler_in_the_path_is_refused(cluster, database, make_pooler, mode):
    pooler = make_pooler(cluster, mode=mode)
    report = probe("open", pooler.conninfo(database.name), "direct")
    assert report["status"] == "usage"
    assert report["message"] == (f"a connection pooler is in the path to host={pooler.folder} port=5432 "
                                 f"dbname={database.name} user=postgres")
    assert report["detail"].startswith("It shows by this: unsupported startup parameter")
    assert report["hint"].startswith("Connect to the server itself: ")


@pytest.mark.parametrize("mode", ["session", "transaction"])
@pytest.mark.parametrize("words", [["direct", "write"], ["direct"], []])
def test_pooler_that_swallows_our_options_is_refused(cluster, database, make_pooler, mode, words):
    pooler = make_pooler(cluster, mode=mode, ignore_startup_parameters="options")
    report = probe("open", pooler.conninfo(database.name), *words)
    if not words and report["status"] == "ok":
        pytest.skip("this pooler (PgBouncer 1.26 does) passes on what makes the session read-only")
    assert report["status"] == "usage"
    assert report["message"].startswith("a connection pooler is in the path to ")
    sign = "the session's process is not the one that was connected to" if "direct" in words \
        else "start-up options did not reach the server"
    assert report["detail"] == f"It shows by this: {sign}."


def test_standby_is_found_for_reading_though_our_sessions_are_read_only(make_cluster, make_standby):
    primary = make_cluster()
    replica = make_standby(primary)
    hosts = {"host": f"{replica.socket_dir},{primary.socket_dir}", "user": "postgres", "dbname": "postgres"}
    assert probe("open", conninfo(**hosts, target_session_attrs="read-write"))["status"] == "ok"
    assert probe("open", conninfo(**hosts, target_session_attrs="read-write"), "write")["status"] == "ok"
    report = probe("open", replica.conninfo(target_session_attrs="read-write"), "write")
    assert report["status"] == "usage"
    assert report["message"].endswith(": session is read-only")


def fake_server(version):
    """Speaks just enough of the protocol to be an old server; returns its port and ends with its listener."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()

    def message(kind, body):
        return kind + struct.pack("!i", len(body) + 4) + body

    def serve():
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                data = client.recv(4096)
                while len(data) == 8 and data[4:] != struct.pack("!i", 196608):
                    client.sendall(b"N")
                    data = client.recv(4096)
                client.sendall(message(b"R", struct.pack("!i", 0))
                               + message(b"S", b"server_version\0" + version.encode() + b"\0")
                               + message(b"S", b"client_encoding\0UTF8\0")
                               + message(b"K", struct.pack("!ii", 1, 2)) + message(b"Z", b"I"))
                client.recv(4096)

    threading.Thread(target=serve, daemon=True).start()
    return listener


def test_server_older_than_13_is_refused():
    with contextlib.closing(fake_server("12.22")) as server:
        port = server.getsockname()[1]
        report = probe("open", f"host=127.0.0.1 port={port} user=me dbname=app")
    assert report["status"] == "usage"
    assert report["message"] == (f"the server at host=127.0.0.1 port={port} dbname=app user=me is PostgreSQL 12.22, "
                                 "which is too old")
    assert report["hint"] == "pgsluice works with PostgreSQL 13 and later; upgrade the server first."


def test_child_programs_connect_as_the_session_does(make_cluster, folder):
    cluster = make_cluster()
    password = r"a:b\c' d"
    cluster.execute("CREATE ROLE me LOGIN PASSWORD %s", password)
    cluster.set_hba("local all postgres trust", "local all all scram-sha-256")
    report = probe("child", cluster.conninfo(user="me", password=password, options="-c work_mem=5MB"), folder)
    assert report["status"] == "ok"
    env = dict(entry.split("=", 1) for entry in report["environment"])
    assert set(env) == {"PGSERVICEFILE", "PGSERVICE", "PGPASSFILE"}
    assert password not in "".join(report["environment"])
    for name in ("PGSERVICEFILE", "PGPASSFILE"):
        assert (folder / env[name]).stat().st_mode & 0o777 == 0o600
        os.chown(env[name], cluster.user.pw_uid, cluster.user.pw_gid)
    shown = cluster.program("psql", "-XAtc", "SELECT concat_ws(' ', current_user, current_database(), "
                            "current_setting('default_transaction_read_only'), current_setting('work_mem'), "
                            "current_setting('application_name'))", env=env).stdout
    assert shown == "me postgres on 5MB pgsluice\n"
