"""The C programs in tests/pg/c: they test our own layers on a real cluster."""

import json
import os
import subprocess

from . import place
from .cluster import clean_env

PASSED_ON = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "GCOV_PREFIX")


def environment(more=None):
    env = clean_env({"PGPASSFILE": "/nonexistent/pgpass", "HOME": "/nonexistent"})
    env.update({name: os.environ[name] for name in PASSED_ON if name in os.environ})
    env.update(more or {})
    return env


def path_of(name):
    path = place.program().parent / "tests" / "pg" / "c" / name
    if not os.access(path, os.X_OK):
        raise RuntimeError(f"{path} is not built: make check-pg builds it")
    return str(path)


def run_tests(name, conninfo, timeout=180):
    """Runs a cmocka program; fails with its output unless all its tests passed."""
    done = subprocess.run([path_of(name)], env=environment({"PGSLUICE_TEST_CONNINFO": conninfo}),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False)
    assert done.returncode == 0 and "[  PASSED  ]" in done.stdout + done.stderr, \
        f"{name} ended with {done.returncode}\n{done.stdout}{done.stderr}"


def probe(action, conninfo, *words, env=None, timeout=60):
    """Runs probe to its end and returns what it printed: status, message, detail, hint, sqlstate and more."""
    done = subprocess.run([path_of("probe"), action, str(conninfo), *map(str, words)], env=environment(env),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False)
    assert done.returncode == 0 and done.stderr == "", f"probe ended with {done.returncode}\n{done.stdout}{done.stderr}"
    return json.loads(done.stdout)


def look(action, conninfo, *words, timeout=120):
    """Runs look to its end and returns what it read of the server, with status and, of an error, its parts."""
    done = subprocess.run([path_of("look"), action, str(conninfo), *map(str, words)], env=environment(),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False)
    assert done.returncode == 0 and done.stderr == "", f"look ended with {done.returncode}\n{done.stdout}{done.stderr}"
    return json.loads(done.stdout)


def look_start(action, conninfo, *words, env=None):
    """Starts look and returns the process and the first line it printed; it ends when its input is closed."""
    process = subprocess.Popen([path_of("look"), action, str(conninfo), *map(str, words)], env=environment(env),
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return process, json.loads(process.stdout.readline())


def query_plan(text, timeout=60):
    """What was understood of a query plan in any form; `error` with its parts when it is none."""
    done = subprocess.run([path_of("query_plan")], env=environment(), input=text, capture_output=True, text=True,
                          timeout=timeout, check=False)
    assert done.returncode == 0 and done.stderr == "", f"query_plan: {done.returncode}\n{done.stdout}{done.stderr}"
    return json.loads(done.stdout)
