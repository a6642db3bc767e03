"""A PgBouncer in front of a cluster, on a Unix socket."""

import os
import shutil
import subprocess

import psycopg2

from . import place
from .cluster import PORT, clean_env, conninfo, die_with_parent
from .wait import wait_until


class Pooler:
    """mode: session, transaction or statement."""

    def __init__(self, cluster, name="pooler", mode="transaction", **settings):
        program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
        if not program:
            raise RuntimeError("pgbouncer is not installed")
        self.folder = cluster.base / name
        self.folder.mkdir(mode=0o700)
        (self.folder / "users").write_text('"postgres" ""\n', encoding="utf-8")
        options = {"listen_port": PORT, "unix_socket_dir": self.folder, "auth_type": "trust",
                   "auth_file": self.folder / "users", "pool_mode": mode, "logfile": self.folder / "log",
                   "admin_users": "postgres", **settings}
        (self.folder / "ini").write_text(
            f"[databases]\n* = host={cluster.socket_dir} port={PORT} user=postgres\n[pgbouncer]\n"
            + "".join(f"{key} = {value}\n" for key, value in options.items()), encoding="utf-8")
        for path in (self.folder, *self.folder.iterdir()):
            os.chown(path, cluster.user.pw_uid, cluster.user.pw_gid)
        self.program, self.user = program, cluster.user
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen([self.program, "-q", str(self.folder / "ini")], cwd=self.folder,
                                        env=clean_env(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, preexec_fn=die_with_parent,
                                        **place.as_user(self.user))
        wait_until(self.answers, what="pgbouncer answers")

    def conninfo(self, dbname, **more):
        return conninfo(host=self.folder, port=PORT, dbname=dbname, user="postgres", **more)

    def answers(self):
        assert self.process.poll() is None, "pgbouncer ended: " + (self.folder / "log").read_text(encoding="utf-8")
        try:
            psycopg2.connect(self.conninfo("postgres")).close()
            return True
        except psycopg2.OperationalError:
            return False

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
