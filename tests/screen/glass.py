"""The real program on a pseudo terminal, read through a terminal emulator (glass.c). Waits for text, never sleeps."""

import base64
import curses
import json
import os
import subprocess
import time

KEYS = {"Enter": "\r", "Esc": "\x1b", "Tab": "\t", "S-Tab": "\x1b[Z", "Up": "\x1bOA", "Down": "\x1bOB",
        "Right": "\x1bOC", "Left": "\x1bOD", "Home": "\x1bOH", "End": "\x1bOF", "PgUp": "\x1b[5~", "PgDn": "\x1b[6~",
        "BS": "\x7f", "Space": " ", "F1": "\x1bOP"}
DEADLINE_S = 20.0


def key_bytes(key):
    """One key as the terminal sends it: a character, "C-d", or one of KEYS."""
    if key in KEYS:
        return KEYS[key].encode()
    if len(key) == 3 and key.startswith("C-"):
        return bytes([ord(key[2]) - ord("a") + 1])
    return key.encode()


class Glass:
    """A program on a terminal of so many rows and columns."""

    def __init__(self, arguments, rows=24, columns=80, env=None, cwd=None):
        glass = os.environ["GLASS"]
        self.process = subprocess.Popen([glass, str(rows), str(columns), *arguments], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, env=env, cwd=cwd)
        self.last = None
        self.screen()

    def ask(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def look(self, line):
        self.last = self.ask(line)
        return self

    def screen(self):
        return self.look("screen").text()

    def text(self):
        return "\n".join(self.last["rows"])

    @property
    def rows(self):
        return self.last["rows"]

    def until(self, condition, what, deadline=DEADLINE_S):
        """Waits until condition() is true of the screen."""
        end = time.monotonic() + deadline
        self.look("screen")
        while not condition():
            left = end - time.monotonic()
            assert left > 0 and not (self.last["ended"] and not condition()), f"waited for {what}; the screen is\n{self}"
            self.look(f"next {int(min(left, 0.5) * 1000)}")
        return self

    def wait_for(self, *texts, deadline=DEADLINE_S):
        """Waits until all of the texts are on the screen."""
        return self.until(lambda: all(text in self.text() for text in texts), texts, deadline)

    def wait_without(self, text, deadline=DEADLINE_S):
        return self.until(lambda: text not in self.text(), f"the screen without {text!r}", deadline)

    def press(self, *keys):
        for key in keys:
            self.look("keys " + key_bytes(key).hex())
        return self

    def click(self, row, column):
        """The first button on a cell, as this terminal reports it: its description says which way."""
        curses.setupterm("xterm-256color", 1)
        if curses.tigetstr("kmous") == b"\x1b[<":
            return self.type(f"\x1b[<0;{column + 1};{row + 1}M\x1b[<0;{column + 1};{row + 1}m")
        return self.look("keys " + (b"\x1b[M " + bytes([33 + column, 33 + row])).hex())

    def type(self, text):
        return self.look("keys " + text.encode().hex())

    def resize(self, rows, columns):
        return self.look(f"resize {rows} {columns}")

    def signal(self, number):
        return self.look(f"signal {number}")

    def hang_up(self):
        return self.look("hang_up")

    def mode(self):
        return self.ask("mode")

    def cpu(self):
        return self.ask("cpu")

    def copied(self):
        """What the program put on the clipboard last."""
        target, _, text = self.ask("copied")["copied"].partition(";")
        assert target in ("c", ""), target
        return base64.b64decode(text, validate=True).decode()

    def ended(self, code, deadline=DEADLINE_S):
        """Waits until the program has ended, with this exit code."""
        end = time.monotonic() + deadline
        while not self.look("next 50").last["ended"]:
            assert time.monotonic() < end, f"it does not end; the screen is\n{self}"
        assert self.last["exit"] == code, f"it ended with {self.last['exit']}, not {code}; the screen is\n{self}"
        return self

    def style_of(self, text):
        """The look of the cells that show a text: {"foreground", "background", "flags"}."""
        for runs in self.last["styles"]:
            for shown, look in runs:
                if text in shown:
                    return look
        raise AssertionError(f"{text!r} is not on the screen in one style:\n{self}")

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(timeout=10)
        self.process.stdout.close()

    def __str__(self):
        return "\n".join(f"|{row}" for row in self.last["rows"])
