"""The trap folders by themselves: what their README says of them is true, as far as psql can tell."""

import re
import subprocess

import pytest

from harness.cluster import clean_env
from harness.folders import trap_folders

KEYS = {"Trap", "Shows", "Expect", "Where", "Message", "Order", "Steps", "Rehearsal", "Before", "After", "Note"}
HISTORY = """CREATE TABLE schema_migrations (version text PRIMARY KEY, name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now())"""
# What psql does otherwise: it leaves the last BEGIN open, keeps CR in strings, and cannot hold a file back.
NOT_FOR_PSQL = {"02_own_escape", "06_text_forms", "12_newer_syntax_held"}


def name_of(folder):
    return folder.name


def ups(folder):
    names = [path.name for path in folder.path.iterdir() if re.match(r"[0-9]+_.+\.sql$", path.name)]
    names = [name for name in names if not re.search(r"\.(down|verify)\.sql$", name)]
    return sorted(names, key=lambda name: int(name.split("_")[0]))


def test_every_trap_has_a_folder():
    assert {int(folder.notes["Trap"]) for folder in trap_folders()} == set(range(1, 13))


@pytest.mark.parametrize("folder", trap_folders(), ids=name_of)
def test_readme_says_what_is_expected(folder):
    assert set(folder.notes) <= KEYS
    assert folder.name.startswith(f"{int(folder.notes['Trap']):02d}_")
    assert folder.expect in ("works", "refused", "held")
    assert ("After" in folder.notes) == (folder.expect != "refused")
    assert ("Message" in folder.notes) == (folder.expect == "refused")
    if "Where" in folder.notes:
        assert (folder.path / folder.notes["Where"].split(":")[0]).is_file()


@pytest.mark.parametrize("folder", [f for f in trap_folders("works") if f.name not in NOT_FOR_PSQL], ids=name_of)
def test_files_that_should_work_do_so_one_by_one(folder, database):
    database.execute(HISTORY)
    if "Before" in folder.notes:
        database.execute(folder.notes["Before"])
    for name in ups(folder):
        done = subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", database.conninfo(), "-f", "-"],
                              input=(folder.path / name).read_bytes(), env=clean_env(), capture_output=True, check=False)
        assert done.returncode == 0, f"{name}: {done.stderr.decode()}"
    database.execute("DELETE FROM schema_migrations")
    for name in ups(folder):
        database.execute("INSERT INTO schema_migrations VALUES (%s, %s)", *name.removesuffix(".sql").split("_", 1))
    assert database.one(folder.notes["After"]) is True


def test_text_forms_are_still_what_they_are_about():
    forms, = [folder.path for folder in trap_folders() if folder.name == "06_text_forms"]
    assert (forms / "002_empty.sql").read_bytes() == b""
    assert not (forms / "004_no_last_semicolon.sql").read_bytes().endswith(b"\n")
    assert b";\r\n" in (forms / "005_crlf.sql").read_bytes()
    assert (forms / "006_bom.sql").read_bytes().startswith(b"\xef\xbb\xbf")
    assert (forms / "007_bom_and_crlf.sql").read_bytes().startswith(b"\xef\xbb\xbf")
    assert b"'a\r\nb'" in (forms / "011_line_break_in_a_string.sql").read_bytes()
