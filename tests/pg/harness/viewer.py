"""A viewer of an engine: a connection to its socket that keeps what it is told and asks for things."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import time

from .programs import path_of
from .wait import wait_until


def sockets(sluice, suffix=".sock"):
    """The sockets of live engines below this program's home."""
    return sorted((sluice.home / "run" / "pgsluice").glob("*" + suffix))


def attach(sluice, path=None, deadline=30.0):
    """Connects to the only engine of this program, or to that socket."""
    def connected():
        found = [path] if path else sockets(sluice)
        if len(found) != 1:
            return None
        link = socket.socket(socket.AF_UNIX)
        try:
            link.connect(str(found[0]))
        except OSError:
            link.close()
            return None
        return Viewer(link)
    return wait_until(connected, deadline, "an engine to connect to")


class Viewer:
    """lines: the texts as they came; beside: events with seq 0; events: the others."""

    def __init__(self, link):
        self.link = link
        self.link.setblocking(False)
        self.rest = b""
        self.lines, self.events, self.beside = [], [], []
        self.ended = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.link.close()

    def ask(self, request, **fields):
        self.link.sendall((json.dumps({"v": 1, "request": request, **fields}) + "\n").encode())
        return self

    def send(self, text):
        self.link.sendall(text.encode())

    def read(self):
        """Takes what has come; returns whether there was something."""
        with contextlib.suppress(BlockingIOError):
            while True:
                try:
                    data = self.link.recv(65536)
                except ConnectionResetError:
                    data = b""
                if not data:
                    self.ended = True
                    return True
                *whole, self.rest = (self.rest + data).split(b"\n")
                for line in whole:
                    event = json.loads(line)
                    (self.events if event["seq"] else self.beside).append(event)
                    if event["seq"]:
                        self.lines.append(line.decode())
        return False

    def wait(self, condition, deadline=60.0, what=None):
        """Reads until condition(self) is true and returns its value; fails when the engine hangs up before."""
        end = time.monotonic() + deadline
        while True:
            self.read()
            value = condition(self)
            if value:
                return value
            assert not self.ended, f"the engine hung up before {what}\n{self}"
            assert time.monotonic() < end, f"waited in vain for {what}\n{self}"
            select.select([self.link], [], [], 0.2)

    def wait_event(self, kind, after=0, **fields):
        """The first event of that type and those fields, from index `after` on."""
        def found(_):
            return next((event for event in self.events[after:] if event["type"] == kind and
                         all(event.get(name) == value for name, value in fields.items())), None)
        return self.wait(found, what=f"{kind} {fields}")

    def wait_state(self, state, **fields):
        """Until the engine says that it is in that state now."""
        def said(_):
            told = [event for event in self.beside if event["type"] == "engine"]
            return told and told[-1]["state"] == state and all(
                told[-1].get(name) == value for name, value in fields.items()) and told[-1]
        return self.wait(said, what=f"state {state} {fields}")

    def wait_end(self, after=0):
        return self.wait_event("end", after)

    def wait_hang_up(self):
        self.wait(lambda viewer: viewer.ended, what="the end of the connection")

    def answers(self, request):
        """Every answer to a request of that name: those of the run and those beside it."""
        return [event for event in self.events + self.beside
                if event["type"] == "request" and event["request"] == request]

    def wait_answer(self, request, count=1):
        return self.wait(lambda viewer: viewer.answers(request)[count - 1:], what=f"answer {count} to {request}")[0]

    def of(self, kind, after=0):
        return [event for event in self.events[after:] if event["type"] == kind]

    def __str__(self):
        return "\n".join([*self.lines[-30:], *(json.dumps(event) for event in self.beside[-10:])])


class Engine:
    """An attended engine, as the console starts it; the connection that the console has is relayed to a file."""

    def __init__(self, sluice, *options, env=None, pass_fds=()):
        self.sluice = sluice
        sluice.runs += 1
        self.out = sluice.home / "out" / f"{sluice.runs}.engine"
        words = [path_of("spawn"), "--batch", "-d", sluice.database.conninfo(), "-m", str(sluice.migrations), *options]
        with open(self.out, "wb") as out:
            self.console = subprocess.Popen(words, env=sluice.env(env), cwd=sluice.home, stdin=subprocess.DEVNULL,
                                            stdout=out, stderr=subprocess.DEVNULL, pass_fds=pass_fds)
        self.first = json.loads(wait_until(lambda: self.told()[:1], what="the first line")[0])
        self.pid = self.first["pid"]

    def told(self):
        """The lines that the console of this engine was told so far."""
        return self.out.read_text(encoding="utf-8").split("\n")[:-1]

    def hang_up(self):
        """The terminal vanishes."""
        self.console.kill()
        self.console.wait()

    def lives(self):
        """A zombie does not: nobody may be there to collect it."""
        try:
            with open(f"/proc/{self.pid}/stat", encoding="utf-8") as file:
                return file.read().rsplit(")", 1)[1].split()[0] != "Z"
        except FileNotFoundError:
            return False

    def wait_end(self):
        wait_until(lambda: not self.lives(), what="the engine's end")

    def close(self):
        self.hang_up()
        if self.lives():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)
            self.wait_end()
