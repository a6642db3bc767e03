"""A machine of the program's own: other server programs, small file systems. It sees them, nobody else does."""

import functools
import os
import shutil
import subprocess

import pytest

from . import place

ENTER = ["unshare", "--mount", "--propagation", "private", "sh", "-ec"]


@functools.lru_cache(maxsize=None)
def can_mount():
    return os.geteuid() == 0 and subprocess.run([*ENTER, "mount -t tmpfs none /mnt"], check=False,
                                                capture_output=True).returncode == 0


class Machine:
    """Collects what is different there; `under` is the command that runs a program in it."""

    def __init__(self, folder):
        if not can_mount():
            pytest.skip("mounts need root and a mount namespace")
        self.folder = folder
        self.steps = []

    @property
    def under(self):
        return [*ENTER, "; ".join([*self.steps, 'exec "$@"']), "sh"]

    def program(self, name, script):
        """`script` (of sh) is found where the server program `name` was; the real one is "$REAL"."""
        theirs = place.server_bindir() / name
        real = self.folder / f"real-{name}"
        ours = self.folder / f"our-{name}"
        shutil.copy(theirs, real)
        ours.write_text(f"#!/bin/sh\nREAL='{real}'\n{script}\n", encoding="utf-8")
        ours.chmod(0o755)
        self.steps.append(f"mount --bind '{ours}' '{theirs}'")
        return self

    def without(self, folder):
        """That folder is empty."""
        self.steps.append(f"mount -t tmpfs none '{folder}'")
        return self

    def small(self, folder, size):
        """That folder is a file system of its own with so much room ("60m")."""
        folder.mkdir(exist_ok=True)
        self.steps.append(f"mount -t tmpfs -o size={size} none '{folder}'")
        return self

    def full(self, folder):
        """That folder is a file system of its own with no room left."""
        self.small(folder, "64k")
        self.steps.append(f"head -c 1M /dev/zero > '{folder}/other' 2>/dev/null || :")
        return self
