"""Folders in memory that only this process and what it starts see: a file system on a disk is what most tests wait for."""

import ctypes
import os
import pathlib
import re

CLONE_NEWNS = 0x20000
MS_REC_PRIVATE = 0x4000 | 0x40000
NEEDED_MIB = 4096


def has_room():
    found = re.search(r"^MemAvailable: +(\d+) kB", pathlib.Path("/proc/meminfo").read_text(encoding="ascii"), re.M)
    return bool(found) and int(found.group(1)) >= NEEDED_MIB * 1024


def put_in_memory(*folders):
    """Covers these folders, which are made where they are missing, and returns those that are covered: all, or none
    where we are not root, may not mount, have too little memory, or $TESTS_ON_DISK is set. Uncover them at the end."""
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() != 0 or os.environ.get("TESTS_ON_DISK") or not has_room() or libc.unshare(CLONE_NEWNS) != 0 or \
            libc.mount(b"none", b"/", None, MS_REC_PRIVATE, None) != 0:
        return []
    covered = []
    for folder in map(pathlib.Path, folders):
        folder.mkdir(mode=0o711, exist_ok=True)
        facts = folder.stat()
        options = f"mode={facts.st_mode & 0o7777:o},uid={facts.st_uid},gid={facts.st_gid}"
        if libc.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", 0, options.encode()) == 0:
            covered.append(folder)
    return covered


def uncover(folders):
    libc = ctypes.CDLL(None)
    for folder in folders:
        libc.umount2(os.fsencode(folder), 2)
