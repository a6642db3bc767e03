#!/usr/bin/env python3
"""Benchmarks: each figure beside the tool it is measured against, in the same run, in turns. They judge nothing.

usage: bench.py [--rounds N] [apply] [trace] [status] [nothing] [memory] [proof] [console] [recorder] [query_plan]
       [plan_cache] [plan_frame] [smoke] [samplers] [guard] [endpoint]"""

import argparse
import contextlib
import datetime
import os
import pathlib
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

PG = pathlib.Path(__file__).resolve().parents[1] / "pg"
sys.path.insert(0, str(PG))

import console  # noqa: E402 (beside this file)
from harness import endpoint, place  # noqa: E402
from harness.cluster import Cluster, clean_env  # noqa: E402
from harness.flow import Flow  # noqa: E402
from harness.proxy import Proxy  # noqa: E402
from harness.tool import Migrations, Sluice  # noqa: E402
from harness.wait import wait_until  # noqa: E402

SMALL = 1000
HISTORY = ("CREATE TABLE schema_migrations (version text PRIMARY KEY, name text NOT NULL, "
           "applied_at timestamptz NOT NULL DEFAULT now())")


TABLE = []


def say(figure, ours, others, aim, unit="s", against="psql"):
    """One row: medians of both and their ratio."""
    mine, theirs = statistics.median(ours), statistics.median(others)
    tell(figure, f"{mine:.2f} {unit}, {mine / theirs:.2f} times", f"{against}: {theirs:.2f} {unit}", aim)


def say_value(figure, value, unit, aim):
    tell(figure, f"{value:.{1 if value < 10 else 0}f} {unit}".strip(), "", aim)


def tell(figure, measured, beside, aim):
    """As soon as it is known, and once more in the table at the end."""
    TABLE.append((figure, measured, beside, aim))
    print(f"{figure}: {measured}{beside and ' (' + beside + ')'}; aim {aim}", flush=True)


def print_table():
    print("\n| what | measured | beside | aim |\n|---|---|---|---|")
    for row in TABLE:
        print("| " + " | ".join(row) + " |")


def statements(number):
    return [f"CREATE TABLE t{number} (id bigint PRIMARY KEY, name text);",
            f"INSERT INTO t{number} VALUES (1, 'one');",
            f"CREATE INDEX t{number}_name ON t{number} (name);"]


class Site:
    """A cluster with one database, a folder of migrations and the program, in a folder that goes at the end."""

    def __init__(self, stack):
        place.sweep_stale()
        self.base = place.make_base()
        stack.callback(shutil.rmtree, self.base, ignore_errors=True)
        self.cluster = Cluster(self.base, "main").init(checksums=True)
        # As shipped, but for the log: the tests' clusters write every statement into it.
        self.cluster.configure(log_statement="'none'", shared_buffers="'128MB'")
        self.cluster.start()
        stack.callback(self.cluster.remove)
        self.database = self.cluster.create_database()
        self.migrations = Migrations(self.base / "migrations")
        home = self.base / "home"
        home.mkdir()
        self.flow = Flow(Sluice(home, self.database, self.migrations))
        stack.callback(self.flow.sluice.close)

    def write_small(self, first, last):
        for number in range(first, last + 1):
            self.migrations.write(f"{number:05d}_t{number}", up="\n".join(statements(number)) + "\n")

    def record_applied(self, last):
        """A history of migrations that nobody ran: for the commands that only look."""
        self.database.execute(HISTORY)
        self.database.execute("INSERT INTO schema_migrations (version, name) "
                              "SELECT lpad(g::text, 5, '0'), 't' || g FROM generate_series(1, %s) g", last)

    def check_exit(self, process, status):
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise RuntimeError(f"{process.args} ended with {process.returncode}: {self.flow.sluice.running[-1].stderr()}")

    def cpu_s(self, *arguments):
        """CPU seconds of one run."""
        process = self.flow.sluice.start(*arguments).process
        _, status, usage = os.wait4(process.pid, 0)
        self.check_exit(process, status)
        return usage.ru_utime + usage.ru_stime

    def memory_mib(self, *arguments):
        """The most that the process itself had in memory, as it stood just before its end; wait4 counts pg_dump too."""
        process = self.flow.sluice.start(*arguments).process
        most, pid = 0, 0
        while not pid:
            with contextlib.suppress(StopIteration):
                status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
                most = max(most, int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]))
            time.sleep(0.005)
            pid, status, _ = os.wait4(process.pid, os.WNOHANG)
        self.check_exit(process, status)
        return most / 1024


def gate_seconds(result, gate):
    at = {event["state"]: datetime.datetime.fromisoformat(event["ts"].replace("Z", "+00:00"))
          for event in result.events("gate") if event["gate"] == gate}
    return (at["passed"] - at["running"]).total_seconds()


def bench_apply(stack, rounds):
    """1,000 migrations of three statements, against one psql session fed the same SQL and commits."""
    site = Site(stack)
    site.write_small(1, SMALL)
    site.database.execute(HISTORY)
    plan_id = site.flow.prove()
    before = site.base / "before"
    site.cluster.stop()
    for name in (site.cluster.data, site.base / "home" / "state"):
        subprocess.run(["cp", "-a", f"{name}", f"{before}-{name.name}"], check=True)
    site.cluster.start()

    def put_back():
        site.cluster.stop()
        for name in (site.cluster.data, site.base / "home" / "state"):
            shutil.rmtree(name)
            subprocess.run(["cp", "-a", f"{before}-{name.name}", f"{name}"], check=True)
        os.sync()
        site.cluster.start()

    script = "".join(
        "BEGIN;\n" + "\n".join(statements(number)) + "\nINSERT INTO schema_migrations (version, name) "
        f"VALUES ('{number:05d}', 't{number}');\nCOMMIT;\n" for number in range(1, SMALL + 1))
    ours, whole, psql = [], [], []
    for _ in range(rounds):
        put_back()
        result = site.flow.batch("--approve", plan_id, "--format", "json", timeout=600).ended(0)
        ours.append(gate_seconds(result, "apply"))
        whole.append(result.duration_s)
        put_back()
        start = time.monotonic()
        subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", site.database.conninfo(), "-f", "-"],
                       input=script.encode(), env=clean_env(), check=True)
        psql.append(time.monotonic() - start)
    say(f"apply of {SMALL} migrations, the gate", ours, psql, "1.00 times")
    say(f"apply of {SMALL} migrations, the whole run from start to exit", whole, psql, "-")

    put_back()
    proxy = Proxy(site.cluster)
    stack.callback(proxy.close)
    site.flow.batch("--approve", plan_id, database=proxy.conninfo(site.database.name), timeout=600).ended(0)
    turns = {}
    for session in proxy.sessions:
        role = session.parameters.get("application_name", "").split("/")[-1]
        turns[role] = turns.get(role, 0) + session.turns
    say_value("round trips per migration on its session", turns["apply"] / SMALL, "", "2")
    say_value("round trips per migration on all sessions", sum(turns.values()) / SMALL, "", "-")


def bench_trace(stack, rounds):
    """Small migrations with and without the measuring query after each statement, on what a rehearsal runs on."""
    site = Site(stack)
    site.cluster.configure(fsync="off")
    site.cluster.restart()
    program = place.program().parent / "tests" / "bench" / "trace"
    done = subprocess.run([str(program), site.database.conninfo(), str(SMALL), str(rounds)], env=clean_env(),
                          capture_output=True, text=True, check=True)
    lines = [list(map(int, line.split())) for line in done.stdout.splitlines()]
    say(f"lock tracing of {SMALL} migrations", [line[1] / 1000 for line in lines], [line[0] / 1000 for line in lines],
        "1.10 times", against="untraced")


def bench_status(stack, rounds):
    """`status` with as many applied as pending files, and with 10,000 files."""
    for applied, pending, limit in ((1000, 1000, 50), (5000, 5000, 500)):
        site = Site(stack)
        site.write_small(1, applied + pending)
        site.record_applied(applied)
        cpu = [site.cpu_s("status") * 1000 for _ in range(rounds)]
        say_value(f"status with {applied} applied and {pending} pending files", statistics.median(cpu), "ms of CPU",
                  f"{limit} ms")
    site = Site(stack)
    site.write_small(1, 10000)
    cpu = [site.cpu_s("status") * 1000 for _ in range(rounds)]
    say_value("status with 10,000 pending files", statistics.median(cpu), "ms of CPU", "500 ms")


def bench_nothing(stack, rounds):
    """`--batch` with nothing pending."""
    for applied in (10, 1000):
        site = Site(stack)
        site.write_small(1, applied)
        site.record_applied(applied)
        with site.cluster.no_transaction_ids():
            cpu = [site.cpu_s("--batch") * 1000 for _ in range(rounds)]
        say_value(f"nothing pending, {applied} applied files", statistics.median(cpu), "ms of CPU", "50 ms")


def bench_memory(stack, _):
    """The engine with 10,000 migrations that are all pending, and with a file of 20 MB, up to and with its apply."""
    site = Site(stack)
    site.write_small(1, 10000)
    for name, *command in (("`status`", "status"), ("`plan`", "plan"), ("`plan --format json`", "plan", "--format", "json"),
                           ("`--batch` up to the backup", "--batch", "--stop-before", "backup"),
                           ("`--batch` up to the approval", "--batch", "--stop-before", "approval")):
        say_value(f"memory of {name}, 10,000 pending migrations", site.memory_mib(*command), "MiB", "64 MiB")
    site = Site(stack)
    line = "INSERT INTO big VALUES (1, 'a row of a file that somebody exported');\n"
    rows = 20 * 1024 * 1024 // len(line)
    site.migrations.write("001_big", up="CREATE TABLE big (id int, body text);\n" + line * rows)
    size = os.path.getsize(site.migrations.path / "001_big.sql") / 1024 / 1024
    limit = f"{64 + size:.0f} MiB"
    say_value(f"memory of a rehearsal, a file of {size:.0f} MiB",
              site.memory_mib("--batch", "--stop-before", "approval"), "MiB", limit)
    plan_id = site.flow.plan_id()
    say_value(f"memory of an apply, a file of {size:.0f} MiB", site.memory_mib("--batch", "--approve", plan_id), "MiB", limit)


def bench_proof(stack, rounds):
    """The backup gate against pg_dump -j and pg_restore -j of the same data into a scratch cluster."""
    site = Site(stack)
    for number in range(1, 7):
        site.database.execute(f"CREATE TABLE d{number} (id bigint PRIMARY KEY, at timestamptz, title text, body jsonb)")
        site.database.execute(
            f"INSERT INTO d{number} SELECT g, now() - g * interval '1 s', md5(g::text), jsonb_build_object("
            "'a', g, 'b', md5((g * 7)::text), 'c', repeat(md5((g * 13)::text), 4)) FROM generate_series(1, %s) g",
            int(os.environ.get("PGSLUICE_BENCH_ROWS", "120000")))
        site.database.execute(f"CREATE INDEX ON d{number} (title)")
    site.migrations.write("001_more", up="ALTER TABLE d1 ADD COLUMN more int;")
    other = Cluster(site.base, "other").init()
    other.configure(log_statement="'none'", fsync="off", shared_buffers="'128MB'", max_wal_size="'4GB'",
                    wal_level="minimal", max_wal_senders="0")
    other.start()
    stack.callback(other.remove)
    size = site.database.one("SELECT pg_database_size(current_database())") / 1024 / 1024
    ours, tools = [], []
    for _ in range(rounds):
        shutil.rmtree(site.flow.sluice.state, ignore_errors=True)
        result = site.flow.batch("--stop-before", "rehearsal", "--format", "json", timeout=1800).ended(0)
        ours.append(gate_seconds(result, "backup"))
        dump = site.base / "dump"
        start = time.monotonic()
        site.cluster.program("pg_dump", "-Fd", "-j2", "-Z1", "-f", dump, "-d", site.database.conninfo())
        restored = other.create_database()
        other.program("pg_restore", "-j2", "-d", restored.conninfo(), dump)
        tools.append(time.monotonic() - start)
        restored.drop()
        shutil.rmtree(dump)
    say(f"proof of a backup of {size:.0f} MiB, scratch cluster and all", ours, tools, "1.20 times",
        against="pg_dump -j2 and pg_restore -j2")


def bench_console(stack, rounds):
    """The console on a terminal: its first frame on a local target, and keys, memory and rest with 10,000 migrations."""
    program = str(place.program())
    site = Site(stack)
    site.write_small(1, 20)
    environment = {**site.flow.sluice.env(), "TERM": "xterm-256color", "LANG": "C.UTF-8", "INPUTRC": "/dev/null"}
    target = [program, "-d", site.database.conninfo(), "-m", str(site.migrations.path)]
    subprocess.run([program, "--version"], check=True, capture_output=True)
    started = [console.first_frame(target, environment, "waits before inspect", 1) for _ in range(rounds)]
    say_value("console, start to the first frame, the engine started too", statistics.median(row[0] for row in started),
              "ms", "100 ms")
    say_value("console, start to the plan of 20 migrations", statistics.median(row[1] for row in started), "ms", "-")
    record = site.base / "large.jsonl"
    large = Site(stack)
    console.write_chained(large, console.MIGRATIONS)
    large.flow.batch("--stop-before", "backup", "--record", record, timeout=600).ended(0)
    terminal = console.Terminal([program, "replay", record, "--speed", "max"], environment)
    try:
        loaded = terminal.wait_for("at its end") - terminal.started
        terminal.rest()
        say_value("console, start to a record of 10,000 migrations shown", loaded * 1000, "ms", "-")
        console.measure_large(terminal, say_value)
    finally:
        terminal.close()


def bench_recorder(_, rounds):
    """What one latency costs to record, in the histogram that every latency goes through."""
    program = place.program().parent / "tests" / "bench" / "recorder"
    lines = [subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout.split()
             for _ in range(rounds)]
    for at, how in enumerate(("", ", corrected for coordinated omission")):
        say_value("recording a latency" + how, statistics.median(float(line[at]) for line in lines), "ns", "100 ns")


def bench_plan_cache(stack, rounds):
    """100,000 remembered plans, in a file on the disk that the tests use; it is made in memory, for its commits."""
    program = place.program().parent / "tests" / "bench" / "plan_cache"
    base = place.make_base()
    stack.callback(shutil.rmtree, base, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir="/dev/shm") as memory:
        subprocess.run([str(program), f"{memory}/plans.sqlite", "fill"], check=True)
        shutil.copy(f"{memory}/plans.sqlite", base / "plans.sqlite")
    size = (base / "plans.sqlite").stat().st_size / 1024 / 1024
    lines = [subprocess.run([str(program), str(base / "plans.sqlite"), "ask"], capture_output=True, text=True,
                            check=True).stdout.split() for _ in range(rounds)]
    for at, what in enumerate(("history of a query", "changes of a query", "newest plans", "newest changes", "adding")):
        median, longest = (statistics.median(float(line[2 * at + of]) for line in lines) for of in (0, 1))
        tell(f"100,000 plans ({size:.0f} MiB) remembered: {what}", f"{median:.2f} ms", f"longest: {longest:.2f} ms",
             "-" if what == "adding" else "5 ms")


def bench_smoke(stack, rounds):
    """`smoke` against pgbench -M prepared: one statement by its key, same socket, sessions and number of queries."""
    site = Site(stack)
    site.cluster.program("pgbench", "-i", "-q", "-s", "5", site.database.conninfo())
    sql = "SELECT abalance FROM pgbench_accounts WHERE aid = 17"
    script = site.base / "query.sql"
    script.write_text(sql + ";\n")
    for sessions in (1, 8):
        count = sessions * (200000 // sessions)
        ours, theirs, cpu = [], [], []

        def run_ours(sessions=sessions, count=count):
            result = site.flow.sluice.run("smoke", "--format", "json", "--concurrency", sessions, "--count", count, sql)
            return result.ended(0).json()["throughput"]

        def run_pgbench(sessions=sessions, count=count):
            done = site.cluster.program("pgbench", "-n", "-M", "prepared", "-c", sessions, "-t", count // sessions,
                                        "-f", script, site.database.conninfo()).stdout
            return float(re.search(r"^tps = ([\d.]+)", done, re.MULTILINE).group(1))

        for number in range(rounds):
            # Who goes second finds what the first one warmed, or what it left running.
            pair = {}
            for run in (run_ours, run_pgbench) if number % 2 else (run_pgbench, run_ours):
                before = os.times()
                pair[run] = run(), children_cpu(before, os.times())
            ours.append(pair[run_ours][0])
            theirs.append(pair[run_pgbench][0])
            cpu.append((pair[run_ours][1], pair[run_pgbench][1]))
        ratio = statistics.median(mine / other for mine, other in zip(ours, theirs))
        tell(f"smoke with {sessions} session(s), throughput in pairs",
             f"{statistics.median(ours):.0f} a second, {ratio:.2f} times",
             f"pgbench: {statistics.median(theirs):.0f} a second", "0.95 times")
        say(f"smoke with {sessions} session(s), its own CPU per query", [mine / count * 1e6 for mine, _ in cpu],
            [other / count * 1e6 for _, other in cpu], "1.05 times", unit="us", against="pgbench")


def bench_samplers(stack, rounds):
    """
    One pgbench, and `monitor --watch` let go and held in turns of two seconds, so that what else the machine does falls
    on both; and the processor time of the session that it asks on. What two turns of the same kind differ by, one after
    the other, says how much the ratio is worth.
    """
    site = Site(stack)
    site.cluster.program("pgbench", "-i", "-q", "-s", "5", site.database.conninfo())
    running = site.flow.sluice.start("monitor", "--watch", migrations=None)
    pid = site.database.wait_for_session("pgsluice")
    # The first round plans every query; what goes on after it is the cost.
    running.wait_for_output("own cost")
    turns = 12 * rounds
    words = [site.cluster.bindir / "pgbench", "-n", "-M", "prepared", "-S", "-c", "4", "-P", "1", "-T", 2 * turns + 2,
             site.database.conninfo()]
    with subprocess.Popen(list(map(str, words)), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          cwd=site.base, env=clean_env()) as pgbench:
        seconds = (float(found.group(1)) for line in pgbench.stderr
                   if (found := re.match(r"progress: [\d.]+ s, ([\d.]+) tps", line)))
        next(seconds)
        backends = [pid for pid, in site.database.query("SELECT pid FROM pg_stat_activity "
                                                        "WHERE application_name = 'pgbench'")]
        pairs, share, own, equal, last = [], [], [], [], 0
        work = {False: [0, 0], True: [0, 0]}
        for turn in range(turns // 2):
            pair = {}
            for with_it in ((False, True), (True, False))[turn % 2]:
                running.signal(signal.SIGCONT if with_it else signal.SIGSTOP)
                before, own_before = process_cpu(pid), process_cpu(running.pid)
                work[with_it][0] -= sum(map(process_cpu, backends))
                pair[with_it] = next(seconds) + next(seconds)
                work[with_it][0] += sum(map(process_cpu, backends))
                work[with_it][1] += pair[with_it]
                if last and len(pair) == 1:
                    equal.append(abs(pair[with_it] / last - 1))
                last = pair[with_it]
                if with_it:
                    share.append(process_cpu(pid) - before)
                    own.append(process_cpu(running.pid) - own_before)
            pairs.append((pair[True] / 2, pair[False] / 2))
    running.signal(signal.SIGCONT)
    running.signal(signal.SIGTERM)
    running.result()
    ratio = statistics.median(mine / other for mine, other in pairs)
    tell("pgbench -S with all samplers, throughput in pairs",
         f"{statistics.median(mine for mine, _ in pairs):.0f} a second, {ratio:.3f} times",
         f"without: {statistics.median(other for _, other in pairs):.0f} a second, {len(pairs)} pairs; "
         f"equal turns differ by {statistics.median(equal) * 100:.1f} %", "0.99 times")
    with_it, without = (cpu / count * 1e6 for cpu, count in (work[True], work[False]))
    tell("a transaction of pgbench -S with all samplers, CPU of its backend",
         f"{with_it:.2f} us, {with_it / without:.3f} times", f"without: {without:.2f} us", "1.01 times")
    tell("all samplers, CPU of their session on the server", f"{sum(share) / len(share) / 2 * 100:.2f} % of one processor",
         f"the program itself: {sum(own) / len(own) / 2 * 100:.2f} %", "1 %")


def bench_guard(stack, rounds):
    """How long a writer waits behind a step that waits for a reader, until the guard has taken it out of his way."""
    site = Site(stack)
    site.database.execute(HISTORY + "; CREATE TABLE items (id int PRIMARY KEY, v int); INSERT INTO items VALUES (1, 1)")

    def patient():
        """The apply waits, and no more on the ladder's first rungs."""
        return site.database.one("SELECT count(*) FROM pg_stat_activity a JOIN pg_locks l USING (pid) "
                                 "WHERE a.application_name LIKE 'pgsluice/%%/apply' AND NOT l.granted "
                                 "AND l.waitstart < clock_timestamp() - interval '0.85 s'")

    for number, limit_ms in enumerate((1, 1000), 1):
        site.migrations.write(f"{number:03d}_more", up=f"ALTER TABLE items ADD COLUMN c{number} int;")
        site.flow.configure(guard_wait=f"{limit_ms}ms", lock_timeout="60s", lock_budget="30min")
        plan_id, over = site.flow.prove(), []
        with site.database.transaction("SELECT count(*) FROM items"):
            run = site.flow.start("--approve", plan_id)
            while len(over) < 4 * rounds:
                wait_until(patient, 60, "the apply waits")
                # At any moment between two looks.
                time.sleep(random.uniform(0, 0.3))
                begun = time.monotonic()
                site.database.execute("UPDATE items SET v = v")
                over.append((time.monotonic() - begun) * 1000 - limit_ms)
        run.result().ended(0)
        tell(f"a writer behind a step: how long he waits beyond guard-wait {limit_ms} ms",
             f"{statistics.median(over):.0f} ms", f"longest of {len(over)}: {max(over):.0f} ms", "500 ms")


def bench_endpoint(stack, rounds):
    """Asking `monitor --listen` while it measures, each time on a connection of its own; 1,000 migrations to tell of."""
    site = Site(stack)
    site.write_small(1, SMALL)
    site.record_applied(SMALL // 2)
    listening = endpoint.Endpoint(site.flow.sluice)
    wait_until(lambda: listening.is_ready() and listening.ask("/status").json()["looked"], what="it has looked")
    for page, aim in (("/metrics", "5 ms"), ("/status", "-")):
        request, took = f"GET {page} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(), []
        for _ in range(200 * rounds):
            begun = time.monotonic()
            answer = listening.send(request)
            took.append((time.monotonic() - begun) * 1000)
        took.sort()
        tell(f"{page} of monitor --listen, {len(answer) / 1024:.0f} KiB", f"{statistics.median(took):.2f} ms",
             f"99 of 100 within {took[len(took) * 99 // 100]:.2f} ms, all within {took[-1]:.2f} ms", aim)
    status = pathlib.Path(f"/proc/{listening.running.pid}/status").read_text(encoding="utf-8")
    say_value("memory of monitor --listen", int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1024, "MiB", "-")


def process_cpu(pid):
    """CPU seconds so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children_cpu(before, after):
    return after.children_user - before.children_user + after.children_system - before.children_system


def bench_query_plan(_, rounds):
    """A query plan of 5,000 nodes, with all that EXPLAIN tells of each."""
    program = place.program().parent / "tests" / "bench" / "query_plan"
    lines = [list(map(float, subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout.split()))
             for _ in range(rounds)]
    for at, what in enumerate(("reading and laying out 5,000 nodes of JSON", "the same of text")):
        say_value(what, statistics.median(line[at] for line in lines), "ms", "50 ms")
    say_value("finding fault with them", statistics.median(line[2] for line in lines), "ms", "-")


def bench_plan_frame(_, rounds):
    """A query plan of 5,000 nodes on the console: a key and the frame after it, of the tree and of two side by side."""
    program = place.program().parent / "tests" / "bench" / "plan_frame"
    lines = [subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout.split()
             for _ in range(rounds)]
    taken, *frames = (statistics.median(float(line[at]) for line in lines) for at in range(5))
    say_value("a query plan of 5,000 nodes, from its event to the model", taken, "ms", "-")
    for what, at in (("a frame of it", 0), ("a frame of two of them, compared", 2)):
        tell(what, f"{frames[at]:.2f} ms", f"longest: {frames[at + 1]:.2f} ms", "10 ms")


FIGURES = {name.removeprefix("bench_"): function for name, function in list(globals().items())
           if name.startswith("bench_")}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("figures", nargs="*", choices=[[], *FIGURES], default=[])
    arguments = parser.parse_args()
    print(f"{place.program()}, {os.cpu_count()} processors, medians of {arguments.rounds}", flush=True)
    for name in arguments.figures or FIGURES:
        with contextlib.ExitStack() as stack:
            try:
                FIGURES[name](stack, arguments.rounds)
            except (AssertionError, RuntimeError, OSError, KeyError, subprocess.CalledProcessError) as problem:
                print(f"{name}: not measured: {str(problem)[:2000]}", flush=True)
    print_table()


if __name__ == "__main__":
    main()
