"""What the lints share: the tree's files, C text without comments and strings, and how findings are told."""

import os
import re
import shutil
import subprocess
import sys

findings = 0


def report(path, line, text):
    global findings
    findings += 1
    print(f"{path}:{line}: {text}")


def finish():
    sys.exit(1 if findings else 0)


def has_git():
    return os.path.exists(".git") and shutil.which("git")


def files():
    """Every file of the project, tracked or about to be; in an unpacked archive every file but built ones."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
                            capture_output=True, check=False) if has_git() else None
    if listed and listed.returncode == 0:
        names = listed.stdout.decode().split("\0")
    else:
        names = (os.path.normpath(os.path.join(folder, name))
                 for folder, _, inside in os.walk(".") for name in inside)
    made = re.compile(r"(^|/)(build[^/]*|_build|_inst|autom4te\.cache|\.deps|__pycache__|\.git)/|\.(o|a|pyc)$"
                      r"|^(configure|aclocal\.m4|Makefile(\.in)?|config\.(h|h\.in|log|status)|INSTALL)~?$")
    return sorted(name for name in names if name and not made.search(name) and os.path.isfile(name))


def ours(pattern):
    return [name for name in files() if re.search(pattern, name)]


def read(path):
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
        return file.read()


TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def code(path):
    """C text with comments and the insides of strings blanked; lines stay where they are."""
    def blank(match):
        token = match.group()
        if token[0] in "\"'":
            return token[0] + " " * (len(token) - 2) + token[0]
        return re.sub(r"[^\n]", " ", token)
    return TOKEN.sub(blank, read(path))


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1
