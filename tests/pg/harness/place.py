"""Where things are: server programs, our program, temporary folders, and the user that servers run as."""

import glob
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[3]
PREFIX = "pgst-"


def server_bindir():
    """The folder of initdb and friends: $PG_BINDIR, else the newest packaged server."""
    if os.environ.get("PG_BINDIR"):
        return pathlib.Path(os.environ["PG_BINDIR"])
    packaged = [p for p in glob.glob("/usr/lib/postgresql/*/bin") if os.path.exists(p + "/initdb")]
    if packaged:
        return pathlib.Path(max(packaged, key=lambda p: int(p.split("/")[4])))
    try:
        found = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True)
        return pathlib.Path(found.stdout.strip())
    except (OSError, subprocess.CalledProcessError):
        raise RuntimeError("no PostgreSQL server programs found: install postgresql or set PG_BINDIR")


def server_major(bindir=None):
    text = subprocess.run([str((bindir or server_bindir()) / "postgres"), "--version"],
                          capture_output=True, text=True, check=True).stdout
    return int(re.search(r"\) (\d+)", text).group(1))


def program():
    """The pgsluice under test: $PGSLUICE, else the one in the build folder."""
    named = os.environ.get("PGSLUICE")
    candidates = [pathlib.Path(named)] if named else [TOP / "build" / "pgsluice", TOP / "pgsluice"]
    for candidate in candidates:
        if os.access(candidate, os.X_OK) and candidate.is_file():
            return candidate.resolve()
    raise RuntimeError(f"no pgsluice at {candidates[0]}: build it first, or set PGSLUICE")


def server_user():
    """The account servers run as: postgres where we are root (servers refuse root), else ourselves."""
    return pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def as_user(entry):
    """Arguments for subprocess that run a child as that account; none where it is ours already."""
    if entry.pw_uid == os.geteuid():
        return {}
    return {"user": entry.pw_uid, "group": entry.pw_gid,
            "extra_groups": os.getgrouplist(entry.pw_name, entry.pw_gid)}


def make_base():
    """A short-pathed folder of this test process, owned by the servers' user; a socket path must fit in 107 bytes."""
    base = pathlib.Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir="/tmp"))
    entry = server_user()
    os.chown(base, entry.pw_uid, entry.pw_gid)
    base.chmod(0o755)
    return base


def sweep_stale():
    """Removes what test processes that are gone have left behind."""
    for path in glob.glob(f"/tmp/{PREFIX}*"):
        owner = re.match(rf"{PREFIX}(\d+)-", os.path.basename(path))
        if not owner or os.path.exists(f"/proc/{owner.group(1)}"):
            continue
        for pidfile in glob.glob(f"{path}/*/postmaster.pid"):
            stop_stale_server(pidfile)
        shutil.rmtree(path, ignore_errors=True)


def stop_stale_server(pidfile):
    try:
        pid = int(pathlib.Path(pidfile).read_text().split("\n", 1)[0])
        running = os.readlink(f"/proc/{pid}/cwd")
        if os.path.realpath(running) == os.path.realpath(os.path.dirname(pidfile)):
            os.kill(pid, signal.SIGQUIT)
    except (OSError, ValueError):
        pass
