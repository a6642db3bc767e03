"""The console's figures, on a pseudo terminal: what a person waits for, and what it costs while nobody looks."""

import contextlib
import fcntl
import os
import pathlib
import pty
import select
import signal
import struct
import termios
import time

MIGRATIONS = 10000
KEYS = 60
IDLE_S = 10
QUIET_S = 0.03
DEADLINE_S = 120


class Terminal:
    """A program on a terminal that answers nothing and keeps what was written last."""

    def __init__(self, arguments, environment, rows=50, columns=160):
        self.started = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            for number in (signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execve(arguments[0], list(map(str, arguments)), environment)
        self.seen = b""

    def first_byte(self, deadline_s=DEADLINE_S):
        """Waits for output and takes it; the time when it came."""
        if not select.select([self.fd], [], [], deadline_s)[0]:
            raise RuntimeError(f"nothing was written; the last was {self.seen[-500:]!r}")
        at = time.monotonic()
        with contextlib.suppress(OSError):
            self.seen = (self.seen + os.read(self.fd, 1 << 20))[-(1 << 20):]
        return at

    def rest(self):
        """All that follows without a pause; when the last of it came."""
        at = time.monotonic()
        while select.select([self.fd], [], [], QUIET_S)[0]:
            at = self.first_byte()
        return at

    def wait_for(self, text):
        while text.encode() not in self.seen:
            at = self.first_byte()
        return at

    def press(self, key):
        """Milliseconds from the key to the first and to the last byte of the answer."""
        self.seen = b""
        begun = time.monotonic()
        os.write(self.fd, key.encode())
        first = self.first_byte()
        return (first - begun) * 1000, (self.rest() - begun) * 1000

    def cpu_s(self):
        return int(pathlib.Path(f"/proc/{self.pid}/schedstat").read_text().split()[0]) / 1e9

    def memory_mib(self, field):
        lines = pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith(field)).split()[1]) / 1024

    def close(self):
        with contextlib.suppress(OSError):
            os.kill(self.pid, signal.SIGTERM)
        with contextlib.suppress(OSError):
            while os.read(self.fd, 1 << 16):
                pass
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def write_chained(site, count):
    """Small migrations of which many need an earlier one."""
    for number in range(1, count + 1):
        up = [f"CREATE TABLE t{number} (id bigint PRIMARY KEY, name text);",
              f"CREATE INDEX t{number}_name ON t{number} (name);"]
        if number % 3 == 0:
            up.append(f"ALTER TABLE t{number - 1} ADD COLUMN more int;")
        if number % 10 == 0:
            up.append(f"ALTER TABLE t{number - 7} ADD COLUMN later int;")
        site.migrations.write(f"{number:05d}_t{number}", up="\n".join(up) + "\n")


def press_each(terminal, keys):
    """Medians of the first byte and the whole answer, and the CPU, of one key each."""
    before, times = terminal.cpu_s(), [terminal.press(key) for key in keys]
    cpu_ms = (terminal.cpu_s() - before) * 1000 / len(keys)
    firsts, wholes = (sorted(column) for column in zip(*times))
    return firsts[len(keys) // 2], wholes[len(keys) // 2], firsts[-1], cpu_ms


def measure_large(terminal, say_value):
    """Every view with 10,000 migrations: keys, and what stays in memory."""
    views = (("migrations", "1", "jk"), ("graph as lanes", "2", "jk"), ("graph, too many for boxes", "m", "jk"),
             ("graph as a tree", "m", "jk"), ("gates", "5", "jk"), ("log", "7", "gG"))
    terminal.press("8")
    for name, key, moves in views:
        terminal.press(key)
        first, _, worst, cpu = press_each(terminal, [moves[i % 2] for i in range(KEYS)])
        say_value(f"key to the first byte, {name}, 10,000 migrations", first, "ms", "10 ms")
        say_value(f"key, the slowest of {KEYS}, {name}", worst, "ms", "-")
        say_value(f"CPU of a key, {name}", cpu, "ms of CPU", "10 ms")
    _, whole, _, cpu = press_each(terminal, ["1", "2"] * (KEYS // 4))
    say_value("from view to view, to the last byte, 10,000 migrations", whole, "ms", "-")
    say_value("memory of the console, 10,000 migrations, after all views", terminal.memory_mib("VmRSS"), "MiB", "32 MiB")
    say_value("memory of the console, the most at any time", terminal.memory_mib("VmHWM"), "MiB", "32 MiB")
    before = terminal.cpu_s()
    time.sleep(IDLE_S)
    say_value("CPU of an idle console, 10,000 migrations", (terminal.cpu_s() - before) * 100 / IDLE_S, "%", "1 %")


def first_frame(arguments, environment, text, rounds):
    """Milliseconds from the start to the first frame and to the one with `text`, medians."""
    frames, told = [], []
    for _ in range(rounds):
        terminal = Terminal(arguments, environment, 24, 80)
        try:
            frames.append((terminal.wait_for("quit") - terminal.started) * 1000)
            told.append((terminal.wait_for(text) - terminal.started) * 1000)
        finally:
            terminal.close()
    return sorted(frames)[rounds // 2], sorted(told)[rounds // 2]
