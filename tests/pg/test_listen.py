"""`monitor --listen`: its pages, who may read them, and clients that are slow, many or talk nonsense."""

import os
import re
import signal
import socket
import time

import psycopg2
import pytest

from harness.cluster import Cluster
from harness.endpoint import Endpoint, read_all
from harness.wait import wait_until

GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(name="own", scope="module")
def own_database(base):
    """In a cluster that nobody else uses."""
    own = Cluster(base, "listened").init(checksums=True).start()
    yield own.create_database()
    own.remove()


@pytest.fixture(name="listen")
def listening(sluice):
    """listen(*options, database=...) starts one."""
    def start(*options, **how):
        return Endpoint(sluice, *options, **{"migrations": None} | how)
    return start


def ready(endpoint):
    wait_until(endpoint.is_ready, what="it is ready")
    return endpoint


def only(families, name):
    """The value of a metric without labels."""
    assert list(families[name]) == [()]
    return families[name][()]


# -- pages --

def test_curl_is_told_that_it_is_alive_and_ready_and_which_pages_there_are(listen):
    endpoint = ready(listen())
    answer = endpoint.ask("/healthz")
    assert (answer.code, answer.text) == (200, "ok\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store" and answer.headers["connection"] == "close"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (endpoint.ask("/readyz").code, endpoint.ask("/readyz").text) == (200, "ready\n")
    pages = [line.split()[0] for line in endpoint.ask("/").text.splitlines()[1:]]
    assert pages[:3] == ["/", "/healthz", "/readyz"] and "/metrics" in pages
    assert all(endpoint.ask(page).code == 200 for page in pages)
    answer = endpoint.ask("/status.php?id=1")
    assert (answer.code, answer.text) == (404, "there is no such page; / lists those that there are\n")
    assert endpoint.running.stdout() == f"listening on {endpoint.url}/\n" and endpoint.running.stderr() == ""


def test_a_query_behind_the_path_changes_nothing_and_the_path_is_taken_as_it_is(listen):
    endpoint = listen()
    assert endpoint.ask("/healthz?verbose=1").code == 200
    assert [endpoint.ask(path, "--path-as-is").code for path in ("/healthz/", "//healthz", "/../healthz", "/HEALTHZ")] == (
        [404] * 4)


def test_only_the_loopback_hears_unless_told_otherwise(sluice, listen):
    endpoint = listen()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", endpoint.port), timeout=5)
    alone = sluice.start("monitor", "--listen", "0", migrations=None)
    alone.wait_for_output("listening on http://127.0.0.1:")
    other = sluice.start("monitor", "--listen", "0.0.0.0:0", migrations=None)
    other.wait_for_output("listening on http://0.0.0.0:")
    other.wait_for_output("open: whoever reaches this address can read it; --token-file asks for a token\n")


def test_a_star_is_every_address_of_either_family(sluice):
    running = sluice.start("monitor", "--listen", "*:0", migrations=None)
    running.wait_for_output("listening on http://")
    port = int(re.search(r"listening on http://(?:\[::\]|0\.0\.0\.0):(\d+)/\n", running.stdout()).group(1))
    for host in ("127.0.0.2", "::1") if socket.has_dualstack_ipv6() else ("127.0.0.2",):
        with socket.create_connection((host, port), timeout=5) as connection:
            connection.sendall(GET)
            assert read_all(connection).endswith(b"ok\n")


def test_it_is_read_only(listen, own):
    endpoint = ready(listen(database=own))
    with own.cluster.no_transaction_ids():
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"):
            answer = endpoint.ask("/metrics", "--request", method)
            assert (answer.code, answer.text) == (405, "this is to be read only: GET or HEAD\n")
            assert answer.headers["allow"] == "GET, HEAD"
        assert endpoint.ask("/metrics", "--data", "x=" + "y" * 100000).code == 405
        head = endpoint.ask("/metrics", "--head")
        assert head.code == 200 and head.text == "" and int(head.headers["content-length"]) > 1000
        endpoint.metrics()


def test_metrics_are_what_the_server_says(listen, own):
    own.execute("CREATE TABLE t (id int); INSERT INTO t SELECT generate_series(1, 1000); CREATE INDEX broken ON t (id)")
    own.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass")
    own.execute('CREATE SEQUENCE "odd ""name\\" MAXVALUE 5')
    own.execute("""SELECT nextval('"odd ""name\\"') FROM generate_series(1, 3)""")
    with own.transaction("SELECT 1", application_name="sleepy"):
        endpoint = ready(listen(database=own))
        found = endpoint.metrics()
    assert all(name.startswith("pgsluice_") for name in found)
    assert only(found, "pgsluice_up") == 1 and only(found, "pgsluice_invalid_indexes") == 1
    assert only(found, "pgsluice_health_level") == 1
    assert found["pgsluice_check_level"][(("check", "invalid-indexes"),)] == 1
    assert found["pgsluice_check_level"][(("check", "lock-wait"),)] == 0
    (info,) = found["pgsluice_server_info"]
    assert dict(info) == {"database": own.name, "version": own.one("SHOW server_version"), "in_recovery": "0"}
    started = own.one("SELECT extract(epoch FROM pg_postmaster_start_time())::float8")
    assert abs(only(found, "pgsluice_server_start_time_seconds") - started) < 0.01
    assert only(found, "pgsluice_connections_used") >= 1
    assert found["pgsluice_connections"][(("state", "idle in transaction"),)] == 1
    assert 0 < only(found, "pgsluice_oldest_transaction_seconds") < 60
    assert only(found, "pgsluice_rows_inserted_total") >= 1000
    assert abs(only(found, "pgsluice_database_bytes") - own.one("SELECT pg_database_size(current_database())")) < 1e6
    sequences = {dict(labels)["sequence"]: value for labels, value in found["pgsluice_sequence_used_ratio"].items()}
    assert sequences['public."odd ""name\\"'] == 0.5
    assert set(found["pgsluice_sampler_up"].values()) == {1.0} and len(found["pgsluice_sampler_up"]) == 16
    assert "pgsluice_replica_lag_seconds" not in found and "pgsluice_wal_replay_delay_seconds" not in found
    own.execute("DROP TABLE t")


def test_counters_grow_with_what_is_done(listen, own):
    endpoint = ready(listen("workload", database=own))
    before = only(endpoint.metrics(), "pgsluice_commits_total")
    for _ in range(20):
        own.execute("SELECT 1")
    wait_until(lambda: only(endpoint.metrics(), "pgsluice_commits_total") >= before + 20, what="commits are counted")


def test_what_a_role_may_not_see_has_no_series(listen, own):
    own.execute("CREATE ROLE blind LOGIN")
    try:
        found = ready(listen(database=own.conninfo(user="blind"))).metrics()
        assert "pgsluice_connections_used" not in found and "pgsluice_lock_waiting_sessions" not in found
        assert found["pgsluice_sampler_up"][(("sampler", "locks"),)] == 0
        assert found["pgsluice_sampler_up"][(("sampler", "workload"),)] == 1
        assert found["pgsluice_check_level"][(("check", "lock-wait"),)] == 3
    finally:
        wait_until(lambda: not own.query("SELECT FROM pg_stat_activity WHERE usename = 'blind' AND state = 'active'"))
        own.execute("DROP ROLE blind")


def test_the_pools_of_a_bouncer_are_metrics_too(listen, own, make_pooler):
    bouncer = make_pooler(own.cluster, default_pool_size=4)
    with psycopg2.connect(bouncer.conninfo(own.name)):
        endpoint = ready(listen("pools", "--bouncer", bouncer.conninfo("pgbouncer"), database=own))
        found = endpoint.metrics()
        of_ours = (("database", own.name),)
        assert found["pgsluice_pool_capacity"][of_ours] == 4 and found["pgsluice_pool_clients"][of_ours] == 1
        assert found["pgsluice_pool_waiting_clients"][of_ours] == 0
        assert found["pgsluice_pool_longest_wait_seconds"][of_ours] == 0
        assert 0 <= found["pgsluice_pool_utilisation_ratio"][of_ours] <= 1


# -- tokens --

TOKEN = "0123456789abcdef0123456789abcdef"


def bearer(token):
    return ("--header", f"Authorization: Bearer {token}")


def test_who_has_no_token_is_told_only_whether_it_is_alive_and_ready(listen, folder):
    path = folder / "token"
    path.write_text(TOKEN + "\n", encoding="utf-8")
    endpoint = ready(listen("--token-file", path))
    assert endpoint.ask("/healthz").code == 200 and endpoint.ask("/readyz").code == 200
    for page in ("/metrics", "/", "/nothing"):
        answer = endpoint.ask(page)
        assert (answer.code, answer.text) == (401, "a token is needed: Authorization: Bearer TOKEN\n")
        assert answer.headers["www-authenticate"] == 'Bearer realm="pgsluice"'
    for wrong in (TOKEN[:-1], TOKEN + "0", TOKEN.upper(), "", TOKEN[::-1]):
        assert endpoint.ask("/metrics", *bearer(wrong)).code == 401, wrong
    assert endpoint.ask("/metrics", "--header", f"Authorization: Basic {TOKEN}").code == 401
    assert endpoint.ask("/metrics", *bearer(TOKEN)).code == 200
    assert endpoint.ask("/metrics", "--header", f"authorization: bearer {TOKEN}").code == 200
    assert endpoint.ask("/nothing", *bearer(TOKEN)).code == 404
    assert TOKEN not in endpoint.running.stdout() + endpoint.running.stderr()


def test_a_token_that_is_replaced_counts_at_once_and_one_that_cannot_be_read_leaves_the_old_one(listen, folder):
    path = folder / "token"
    path.write_text(TOKEN, encoding="utf-8")
    endpoint = listen("--token-file", path)
    new = TOKEN[::-1]
    path.write_text(new, encoding="utf-8")
    wait_until(lambda: endpoint.ask("/metrics", *bearer(new)).code == 200, what="the new token counts")
    assert endpoint.ask("/metrics", *bearer(TOKEN)).code == 401
    path.unlink()
    end = time.monotonic() + 2.5
    wait_until(lambda: endpoint.ask("/metrics", *bearer(new)).code != 200 or time.monotonic() > end)
    assert endpoint.ask("/metrics", *bearer(new)).code == 200


def test_a_file_without_a_token_is_refused(sluice, folder):
    for content in (b"", b"\n", b"short\n", b"0123456789 abcdef\n", b"0123456789abcdef\n0123456789abcdef\n",
                    b"0123456789abcde\xc3\xa4\n", b"0123456789abcdef\0\n", b"x" * 5000):
        path = folder / "bad"
        path.write_bytes(content)
        result = sluice.run("monitor", "--listen", "0", "--token-file", path, migrations=None).ended(2)
        assert f'"{path}"' in result.stderr and "listening" not in result.stdout
    path.write_text("short\n", encoding="utf-8")
    refused = sluice.run("monitor", "--listen", "0", "--token-file", path, migrations=None).ended(2)
    assert f'file "{path}" does not hold a token\nhint: It is one line of at least 16 printable ' in refused.stderr
    missing = sluice.run("monitor", "--listen", "0", "--token-file", folder / "none", migrations=None).ended(2)
    assert "No such file or directory" in missing.stderr


# -- usage --

def test_options_that_do_not_go_together_are_refused(sluice):
    for more, code in (("--once", 2), ("--watch", 2), ("--plugin", 3), ("--format=json", 2)):
        result = sluice.run("monitor", "--listen", "0", more, migrations=None).ended(code)
        assert "--listen prints nothing of what it measures" in result.stdout + result.stderr
    assert "--token-file is for --listen" in sluice.run("monitor", "--token-file", "x", migrations=None).ended(2).stderr
    result = sluice.run("monitor", "--listen", "db.example:9187", migrations=None).ended(2)
    assert '"db.example:9187" is not an address to listen on\nhint: Give a port' in result.stderr


def test_a_port_that_is_taken_or_an_address_that_is_not_here_is_refused(sluice, listen):
    endpoint = listen()
    result = sluice.run("monitor", "--listen", f"127.0.0.1:{endpoint.port}", migrations=None).ended(2)
    assert f"could not listen on 127.0.0.1:{endpoint.port}: Address already in use" in result.stderr
    assert "hint: Another program has that port" in result.stderr
    assert "could not listen on 192.0.2.7:9187: " in sluice.run("monitor", "--listen", "192.0.2.7:9187",
                                                               migrations=None).ended(2).stderr


def test_a_signal_ends_it_at_once_also_with_clients(listen):
    endpoint = ready(listen())
    with endpoint.connect() as idle:
        idle.sendall(GET[:10])
        endpoint.running.signal(signal.SIGTERM)
        assert endpoint.running.result(timeout=10).ended(143).stderr.startswith("pgsluice: error: terminated by SIGTERM")
        assert read_all(idle) == b""


# -- clients that mean no good, or are only slow --

@pytest.mark.parametrize("data", [
    b"\r\n" * 10 + b"nonsense\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET /healthz\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\n\r\n",
    b"GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n",
    b"GET /%00%ff%2e%2e%2f HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET " + b"/" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 100000 + b"\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 20000 + b"\r\n",
    b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)) * 4,
    bytes(range(256)) * 400,
    b"\x00" * 1000,
], ids=range(15))
def test_nonsense_is_refused_and_hurts_nobody(listen, data):
    endpoint = listen()
    with endpoint.connect() as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass
        except OSError as error:
            assert error.errno == 107, error  # it has hung up before we could
        said = read_all(connection)
    assert said == b"" or said.split()[1] in (b"400", b"404", b"405", b"413", b"414", b"431", b"501", b"505") or (
        said.startswith(b"HTTP/1.1 200 ") and said.endswith(b"ok\n")), said
    assert endpoint.ask("/healthz").text == "ok\n"


def test_requests_that_come_in_pieces_are_answered_and_only_the_first_of_a_connection(listen):
    endpoint = listen()
    with endpoint.connect() as connection:
        for byte in GET[:-1]:
            connection.sendall(bytes([byte]))
        assert endpoint.ask("/healthz").code == 200
        connection.sendall(GET[-1:] + GET)
        said = read_all(connection)
    assert said.count(b"HTTP/1.1 200") == 1 and said.endswith(b"ok\n")


def test_who_sends_nothing_is_let_go_and_keeps_nobody_out_for_long(listen):
    endpoint = listen()
    idle = [endpoint.connect() for _ in range(40)]
    try:
        begun = time.monotonic()
        wait_until(lambda: endpoint.send(GET).endswith(b"ok\n"), deadline=15, what="there is room again")
        assert time.monotonic() - begun < 9
        assert {read_all(connection) for connection in idle} == {b""}
    finally:
        for connection in idle:
            connection.close()


def test_who_sends_a_byte_now_and_then_has_ten_seconds_and_no_more(listen):
    endpoint = listen()
    with endpoint.connect() as slow:
        begun, next_s = time.monotonic(), 0.0

        def cut():
            nonlocal next_s
            elapsed = time.monotonic() - begun
            try:
                if elapsed >= next_s:
                    slow.sendall(b"G" if next_s else b"GET /")
                    next_s += 0.5
                slow.setblocking(False)
                return slow.recv(1) == b""
            except BlockingIOError:
                return False
            except ConnectionError:
                return True
            finally:
                slow.setblocking(True)
        wait_until(cut, deadline=20, what="it is cut off")
        assert 9 < time.monotonic() - begun < 12
    assert endpoint.ask("/healthz").code == 200


def test_who_does_not_read_holds_nobody(listen):
    endpoint = ready(listen())
    slow = [endpoint.connect() for _ in range(20)]
    try:
        for connection in slow:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        assert endpoint.ask("/metrics").code == 200
    finally:
        for connection in slow:
            connection.close()


# -- servers that do not answer --

def test_it_listens_before_the_server_is_there_and_says_when_it_is(listen, make_cluster):
    own = make_cluster()
    own.stop()
    endpoint = listen(database=own.conninfo())
    assert endpoint.ask("/healthz").code == 200
    wait_until(lambda: "trouble: could not connect to " in endpoint.running.stderr(), what="it says that nobody is there")
    answer = endpoint.ask("/readyz")
    assert (answer.code, answer.text) == (503, "not ready: there is no connection to the server\n")
    found = endpoint.metrics()
    assert only(found, "pgsluice_up") == 0 and only(found, "pgsluice_health_level") == 3
    assert set(found["pgsluice_sampler_up"].values()) == {0.0} and "pgsluice_sampler_cost_seconds" not in found
    own.start()
    ready(endpoint)
    wait_until(lambda: endpoint.running.stderr().endswith("well: the server answers\n"), what="it says so")
    assert endpoint.running.stderr().count("trouble: ") == 1


def test_a_server_that_stands_still_is_not_ready_and_the_endpoint_goes_on(listen, make_cluster):
    own = make_cluster()
    endpoint = ready(listen("waits", "locks", database=own.conninfo()))
    stopped = [own.server.pid, *own.children()]
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        wait_until(lambda: not endpoint.is_ready(), what="it is not ready")
        found = endpoint.metrics()
        assert only(found, "pgsluice_up") == 0 and "pgsluice_lock_waiting_sessions" not in found
        assert "pgsluice_server_info" not in found and "pgsluice_server_start_time_seconds" not in found
        assert sum(found["pgsluice_sampler_skipped_total"].values()) >= 1
        assert endpoint.ask("/healthz").code == 200
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    ready(endpoint)
    assert only(endpoint.metrics(), "pgsluice_up") == 1
