"""The fixtures of ../pg, and the program on a terminal."""

import importlib.util
import os
import pathlib
import sys

import pytest

PG = pathlib.Path(__file__).resolve().parents[1] / "pg"
sys.path.insert(0, str(PG))
spec = importlib.util.spec_from_file_location("pg_conftest", PG / "conftest.py")
shared = importlib.util.module_from_spec(spec)
spec.loader.exec_module(shared)

from glass import Glass  # noqa: E402 (its folder is on the path by now)
from harness.tool import PASSED_ON  # noqa: E402

base, cluster, database = shared.base, shared.cluster, shared.database
folder, migrations, make_cluster = shared.folder, shared.migrations, shared.make_cluster
sluice, flow = shared.sluice, shared.flow
RECORDS = pathlib.Path(__file__).resolve().parent / "records"


@pytest.fixture
def env(tmp_path):
    """What the program finds around it: nothing of the one who runs the tests."""
    pinned = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "xterm-256color", "LANG": "C.UTF-8",
              "TZ": "UTC", "INPUTRC": "/dev/null", "XDG_STATE_HOME": str(tmp_path / "state"),
              "XDG_CACHE_HOME": str(tmp_path / "cache"),
              "XDG_RUNTIME_DIR": str(tmp_path / "run")}
    (tmp_path / "run").mkdir(mode=0o700)
    return {**pinned, **{name: os.environ[name] for name in PASSED_ON if name in os.environ}}


@pytest.fixture
def start(env, tmp_path):
    """start(*arguments, rows=24, columns=80, env={...}) gives the program on a terminal; `under` is a command that
    executes it."""
    opened = []

    def open_glass(*arguments, rows=24, columns=80, **options):
        around = {**env, **options.get("env", {})}
        glass = Glass([*options.get("under", ()), os.environ["PGSLUICE"], *arguments], rows, columns, env=around, cwd=str(tmp_path))
        opened.append(glass)
        return glass

    yield open_glass
    for glass in opened:
        glass.close()


@pytest.fixture
def replay(start):
    """replay(record, *options) plays a record of the folder records."""
    def play(record="apply", *options, **more):
        return start("replay", str(RECORDS / f"{record}.jsonl"), "--speed", "max", *options, **more)

    return play
