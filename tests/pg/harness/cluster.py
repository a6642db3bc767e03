"""A private PostgreSQL cluster on a Unix socket, and databases in it."""

import contextlib
import ctypes
import os
import pathlib
import re
import shutil
import signal
import subprocess
import threading

import psycopg2

from . import place
from .wait import wait_until

PORT = 5432
PR_SET_PDEATHSIG = 1
SETTINGS = {
    "listen_addresses": "''",
    "shared_buffers": "'32MB'",
    "max_connections": "60",
    "max_prepared_transactions": "5",
    "log_line_prefix": "'%m [%p] %a '",
    "log_statement": "'all'",
    "timezone": "'UTC'",
}


def die_with_parent():
    """A test process that is killed must not leave servers behind."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


class Cluster:
    """One server. Where tests run as root it runs as user postgres. The superuser is `postgres`, by trust."""

    def __init__(self, base, name, bindir=None):
        self.bindir = pathlib.Path(bindir or place.server_bindir())
        self.user = place.server_user()
        self.name = name
        self.base = base
        self.data = base / name
        self.socket_dir = base / (name + ".s")
        self.logfile = base / (name + ".log")
        self.server = None
        self.databases_made = 0
        self.socket_dir.mkdir()
        os.chown(self.socket_dir, self.user.pw_uid, self.user.pw_gid)
        # Programs that drop root must reach the socket; nobody else may.
        self.socket_dir.chmod(0o700)

    # -- making --

    def init(self, checksums=False, encoding="UTF8", locale="C.UTF-8", extra=()):
        command = ["-D", self.data, "-U", "postgres", "-A", "trust", "-E", encoding, f"--locale={locale}",
                   "--no-sync", *extra]
        # From 18 on checksums are the default, and there is a word for off.
        off = ["--no-data-checksums"] if place.server_major(self.bindir) >= 18 else []
        self.program("initdb", *command, *(["-k"] if checksums else off))
        self.configure(**SETTINGS, unix_socket_directories=f"'{self.socket_dir}'", port=str(PORT))
        return self

    def configure(self, **settings):
        """Appends to postgresql.conf; values are written as given, so quote strings. Restart or reload after."""
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as conf:
            for name, value in settings.items():
                conf.write(f"{name} = {value}\n")

    def set_hba(self, *lines):
        """Replaces pg_hba.conf and reloads a running server."""
        (self.data / "pg_hba.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
        if self.server:
            self.reload()

    def standby(self, name, slot=None, start=True):
        """A streaming replica of this cluster, waited for until it streams."""
        replica = Cluster(self.base, name, self.bindir)
        command = ["-D", replica.data, "-d", self.conninfo(application_name=name), "-R", "-X", "stream",
                   "-c", "fast", "--no-sync", *(["-C", "-S", slot] if slot else [])]
        self.program("pg_basebackup", *command)
        replica.configure(unix_socket_directories=f"'{replica.socket_dir}'", cluster_name=f"'{name}'")
        if start:
            replica.start()
            wait_until(lambda: self.one("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' "
                                        "AND application_name = %s", name), what=f"{name} streams")
        return replica

    # -- running --

    def program(self, name, *arguments, env=None, check=True):
        """Runs a server program as the server's user and returns the finished process."""
        done = subprocess.run([str(self.bindir / name), *map(str, arguments)], cwd=self.base, env=clean_env(env),
                              capture_output=True, text=True, check=False, **place.as_user(self.user))
        if check and done.returncode != 0:
            raise RuntimeError(f"{name} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def start(self, wait=True):
        self.logfile.touch()
        with open(self.logfile, "ab") as log:
            self.server = subprocess.Popen(
                [str(self.bindir / "postgres"), "-D", str(self.data)], cwd=self.data, env=clean_env(),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                preexec_fn=die_with_parent, **place.as_user(self.user))
        if wait:
            wait_until(self.is_ready, deadline=60, what=f"cluster {self.name} is ready")
        return self

    def is_ready(self):
        if self.server.poll() is not None:
            raise RuntimeError(f"server ended with {self.server.returncode}:\n{self.log()}")
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").split("\n")
        except OSError:
            return False
        return len(lines) > 7 and lines[0] == str(self.server.pid) and lines[7].strip() in ("ready", "standby")

    def stop(self, mode="fast"):
        """mode: smart, fast, immediate (a crash as far as the data is concerned)."""
        if not self.server:
            return
        self.server.send_signal({"smart": signal.SIGTERM, "fast": signal.SIGINT,
                                 "immediate": signal.SIGQUIT}[mode])
        self.server.wait(timeout=60)
        self.server = None

    def kill(self):
        """kill -9 of the whole server: postmaster and every backend."""
        children = self.children()
        for pid in [self.server.pid, *children]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.server.wait(timeout=60)
        self.server = None
        wait_until(lambda: not any(is_alive(pid) for pid in children), what="backends are gone")

    def restart(self, mode="fast"):
        self.stop(mode)
        return self.start()

    def reload(self):
        before = self.one("SELECT pg_conf_load_time()")
        self.server.send_signal(signal.SIGHUP)
        wait_until(lambda: self.one("SELECT pg_conf_load_time()") > before, what="configuration is reloaded")

    def remove(self):
        self.stop("immediate")
        for path in (self.data, self.socket_dir):
            shutil.rmtree(path, ignore_errors=True)

    def children(self):
        found = []
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == self.server.pid:
                found.append(int(stat.parent.name))
        return found

    def log(self):
        return self.logfile.read_text(encoding="utf-8", errors="replace")

    # -- talking to it --

    def conninfo(self, dbname="postgres", user="postgres", **more):
        """A connection string; keyword arguments add to it."""
        return conninfo(host=self.socket_dir, port=PORT, dbname=dbname, user=user, **more)

    def connect(self, dbname="postgres", **more):
        """A psycopg2 connection in autocommit."""
        connection = psycopg2.connect(self.conninfo(dbname, **more))
        connection.autocommit = True
        return connection

    def query(self, sql, *parameters, dbname="postgres"):
        with contextlib.closing(self.connect(dbname)) as connection, connection.cursor() as cursor:
            cursor.execute(sql, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def one(self, sql, *parameters, dbname="postgres"):
        rows = self.query(sql, *parameters, dbname=dbname)
        return rows[0][0] if rows else None

    def execute(self, sql, *parameters, dbname="postgres"):
        self.query(sql, *parameters, dbname=dbname)

    def create_database(self, name=None, options=""):
        self.databases_made += 1
        name = name or f"live{self.databases_made}"
        self.execute(f'CREATE DATABASE "{name}" {options}')
        return Database(self, name)

    # -- what was written --

    def wal_transaction_ids(self, start, end):
        """Every transaction id that a WAL record between the two positions carries."""
        if start == end:
            return set()
        done = self.program("pg_waldump", "-p", self.data / "pg_wal", "-s", start, "-e", end, check=False)
        if done.returncode != 0 and "could not find a valid record after" not in done.stderr:
            raise RuntimeError(f"pg_waldump ended with {done.returncode}:\n{done.stderr}")
        return {xid for xid in map(int, re.findall(r" tx:\s+(\d+),", done.stdout)) if xid}

    @contextlib.contextmanager
    def no_transaction_ids(self):
        """Asserts that inside the block no session of the cluster is given a transaction id. Autovacuum is off there."""
        self.execute("ALTER SYSTEM SET autovacuum = off")
        self.reload()
        wait_until(lambda: not self.one("SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'autovac%'"),
                   what="autovacuum has ended")
        position = "SELECT pg_current_wal_insert_lsn()::text, pg_snapshot_xmax(pg_current_snapshot())::text"
        (start, next_before), = self.query(position)
        try:
            yield
            (_, next_after), = self.query(position)
            end = self.flush_wal()
            found = self.wal_transaction_ids(start, end)
            assert not found, f"transactions {sorted(found)} wrote WAL between {start} and {end}"
            assert next_before == next_after, f"transaction ids were given: {next_before} up to {next_after}"
        finally:
            self.execute("ALTER SYSTEM RESET autovacuum")
            self.reload()

    def flush_wal(self):
        """Makes all WAL readable from disk and returns its position."""
        end = self.one("SELECT pg_current_wal_insert_lsn()::text")
        self.execute("CHECKPOINT")
        return end


class Database:
    """One database of a cluster."""

    def __init__(self, cluster, name):
        self.cluster = cluster
        self.name = name

    def conninfo(self, **more):
        return self.cluster.conninfo(self.name, **more)

    def connect(self, **more):
        """A session of its own (autocommit); close it, or use contextlib.closing."""
        return self.cluster.connect(self.name, **more)

    def query(self, sql, *parameters):
        return self.cluster.query(sql, *parameters, dbname=self.name)

    def one(self, sql, *parameters):
        return self.cluster.one(sql, *parameters, dbname=self.name)

    def execute(self, sql, *parameters):
        self.cluster.execute(sql, *parameters, dbname=self.name)

    @contextlib.contextmanager
    def transaction(self, sql="", **more):
        """A session inside an open transaction that has run `sql`; rolled back at the end of the block."""
        connection = self.connect(**more)
        try:
            with connection.cursor() as cursor:
                cursor.execute("BEGIN; " + sql)
            yield connection
        finally:
            connection.close()

    def background(self, sql, **more):
        """Runs `sql` in a session of its own while the test goes on."""
        return Background(self, sql, more)

    def wait_for_lock(self, pid, deadline=30.0):
        """Waits until the backend waits for a lock."""
        wait_until(lambda: self.one("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s", pid),
                   deadline, f"backend {pid} waits for a lock")

    def wait_for_session(self, application_like, deadline=30.0):
        """Waits for a session by its application_name (LIKE pattern) and returns its pid."""
        return wait_until(lambda: self.one("SELECT pid FROM pg_stat_activity WHERE application_name LIKE %s "
                                           "AND datname = %s", application_like, self.name),
                          deadline, f"a session named {application_like}")

    def drop(self):
        self.cluster.execute(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')


class Background:
    """A statement running in a thread."""

    def __init__(self, database, sql, more):
        self.connection = database.connect(**more)
        self.pid = self.connection.get_backend_pid()
        self.rows = None
        self.error = None
        self.thread = threading.Thread(target=self.run, args=(sql,), daemon=True)
        self.thread.start()

    def run(self, sql):
        try:
            with self.connection.cursor() as cursor:
                cursor.execute(sql)
                self.rows = cursor.fetchall() if cursor.description else []
        except psycopg2.Error as error:
            self.error = error
        finally:
            self.connection.close()

    def running(self):
        return self.thread.is_alive()

    def result(self, deadline=60.0):
        """Its rows; raises what it raised, or AssertionError when it has not ended in time."""
        self.thread.join(deadline)
        assert not self.thread.is_alive(), f"still running after {deadline:g} s"
        if self.error:
            raise self.error
        return self.rows


def conninfo(**parts):
    def quote(value):
        return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"
    return " ".join(f"{key}={quote(value)}" for key, value in parts.items() if value is not None)


def clean_env(more=None):
    """The environment for programs: pinned, without any PG* variable."""
    env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8", "TZ": "UTC"}
    env.update(more or {})
    return env


def is_alive(pid):
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return state.rpartition(")")[2].split()[0] != "Z"
