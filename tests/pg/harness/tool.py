"""The real pgsluice in a pinned environment."""

import contextlib
import json
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import textwrap
import time

from . import place
from .cluster import clean_env
from .wait import wait_until

PASSED_ON = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "GCOV_PREFIX")


def default_signals():
    """A test run in the background ignores ^C, and what it starts would inherit that."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


class Result:
    """A finished run: exit, stdout, stderr (text), duration_s."""

    def __init__(self, arguments, exit_code, stdout, stderr, duration_s):
        self.arguments = arguments
        self.exit = exit_code
        self.stdout = stdout
        self.stderr = stderr
        self.duration_s = duration_s

    def __str__(self):
        return (f"pgsluice {' '.join(self.arguments)}\nexit {self.exit}\n"
                f"--- stdout\n{self.stdout}--- stderr\n{self.stderr}---")

    __repr__ = __str__

    def ended(self, exit_code):
        """Asserts the exit code, showing everything when it is another; returns self."""
        assert self.exit == exit_code, f"expected exit {exit_code}\n{self}"
        return self

    def json(self):
        """stdout as one JSON document."""
        return json.loads(self.stdout)

    def events(self, kind=None):
        """stdout as event lines, those of one type if named."""
        events = [json.loads(line) for line in self.stdout.splitlines()]
        return [event for event in events if kind is None or event["type"] == kind]


class Running:
    """A run under way. Its output goes to files, so it never blocks on a full pipe."""

    def __init__(self, arguments, process, out, err):
        self.arguments = arguments
        self.process = process
        self.out = out
        self.err = err
        self.started = time.monotonic()

    @property
    def pid(self):
        return self.process.pid

    def stdout(self):
        return self.out.read_text(encoding="utf-8", errors="backslashreplace")

    def stderr(self):
        return self.err.read_text(encoding="utf-8", errors="backslashreplace")

    def wait_for_output(self, text, deadline=60.0):
        """Waits until `text` stands in stdout or stderr; fails when the program ends without it."""
        def there():
            ended = self.process.poll() is not None
            if text in self.stdout() or text in self.stderr():
                return True
            assert not ended, f"ended without {text!r}\n{self.result()}"
            return False
        wait_until(there, deadline, f"{text!r} in the output")

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def kill(self):
        self.process.kill()
        return self.result()

    def result(self, timeout=180):
        """Waits for its end."""
        try:
            code = self.process.wait(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"pgsluice {' '.join(self.arguments)} still ran after {timeout} s\n"
                                 f"--- stdout\n{self.stdout()}--- stderr\n{self.stderr()}---") from None
        return Result(self.arguments, code, self.stdout(), self.stderr(), time.monotonic() - self.started)


class Sluice:
    """Runs pgsluice with a home, a state folder and a runtime folder of its own under `home`."""

    def __init__(self, home, database=None, migrations=None):
        self.program = place.program()
        self.home = home
        self.state = home / "state" / "pgsluice"
        self.database = database
        self.migrations = migrations
        self.runs = 0
        self.running = []
        for name in ("state", "run", "config", "out"):
            (home / name).mkdir(mode=0o700)

    def env(self, more=None):
        """The whole environment of the program; a value of None removes a variable."""
        env = clean_env({"HOME": str(self.home), "XDG_STATE_HOME": str(self.home / "state"),
                         "XDG_CACHE_HOME": str(self.home / "cache"),
                         "XDG_RUNTIME_DIR": str(self.home / "run"), "XDG_CONFIG_HOME": str(self.home / "config")})
        env.update({name: os.environ[name] for name in PASSED_ON if name in os.environ})
        env.update(more or {})
        return {name: value for name, value in env.items() if value is not None}

    def program_for(self, user):
        """Another account owns this object's home from then on, and runs a copy: ours may lie where it cannot go."""
        if user is None:
            return self.program, {}
        account = pwd.getpwnam(user)
        copy = self.home / "bin" / "pgsluice"
        copy.parent.mkdir(exist_ok=True)
        if not copy.exists():
            shutil.copy(self.program, copy)
        for path in (self.home, *self.home.rglob("*")):
            os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
        return copy, place.as_user(account)

    def start(self, *arguments, env=None, database=True, migrations=True, cwd=None, user=None, stdin=None, under=()):
        """Starts it. -d and -m of this object are put in front of the options unless told otherwise:
        True = this object's, None = none, anything else = that database, conninfo or folder. `user` is an
        account name to run as; `under` is a command that executes it (of harness.machine, say)."""
        options = []
        target = self.database if database is True else database
        if target is not None:
            options += ["-d", target if isinstance(target, str) else target.conninfo()]
        folder = self.migrations if migrations is True else migrations
        if folder is not None:
            options += ["-m", str(getattr(folder, "path", folder))]
        words = [str(word) for word in arguments]
        leading = 1 if words and not words[0].startswith("-") else 0
        words[leading:leading] = options
        self.runs += 1
        out = self.home / "out" / f"{self.runs}.out"
        err = self.home / "out" / f"{self.runs}.err"
        program, switch = self.program_for(user)
        with open(out, "wb") as stdout, open(err, "wb") as stderr:
            process = subprocess.Popen([*map(str, under), str(program), *words], env=self.env(env), cwd=cwd or self.home,
                                       stdin=stdin or subprocess.DEVNULL, stdout=stdout, stderr=stderr,
                                       preexec_fn=default_signals, **switch)
        running = Running(words, process, out, err)
        self.running.append(running)
        return running

    def run(self, *arguments, timeout=180, **options):
        """Runs it to its end; the options of start()."""
        return self.start(*arguments, **options).result(timeout)

    def close(self):
        for running in self.running:
            if running.process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    running.process.kill()
                running.process.wait()


class Migrations:
    """A folder of migrations to write into."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.path.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o755)

    def write(self, name, up=None, down=None, verify=None):
        """write("001_users", up="...", down="...", verify="..."); text is dedented, bytes are written as they are."""
        for suffix, content in ((".sql", up), (".down.sql", down), (".verify.sql", verify)):
            if content is not None:
                self.file(name + suffix, content)
        return self

    def file(self, name, content):
        data = content if isinstance(content, bytes) else textwrap.dedent(content).lstrip("\n").encode()
        (self.path / name).write_bytes(data)
        return self

    def remove(self, name):
        (self.path / name).unlink()
        return self

    def __str__(self):
        return str(self.path)
