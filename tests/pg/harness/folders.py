"""The folders of tests/pg/folders and what their README expects of the program."""

import dataclasses
import pathlib

FOLDERS = pathlib.Path(__file__).resolve().parents[1] / "folders"


@dataclasses.dataclass
class TrapFolder:
    """One folder. `expect` is its first word (works, refused, held), `exit` the code of a refusal, else None."""

    path: pathlib.Path
    notes: dict

    @property
    def name(self):
        return self.path.name

    @property
    def expect(self):
        return self.notes["Expect"].split()[0]

    @property
    def exit(self):
        return int(self.notes["Expect"].split()[1]) if self.expect == "refused" else None

    def __str__(self):
        return str(self.path)


def trap_folders(expect=None):
    """All of them by name, or those with that expectation; for pytest.mark.parametrize(..., ids=lambda f: f.name)."""
    found = [TrapFolder(path, read_notes(path / "README")) for path in sorted(FOLDERS.iterdir()) if path.is_dir()]
    return [folder for folder in found if expect is None or folder.expect == expect]


def read_notes(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split(": ", 1) for line in lines)
