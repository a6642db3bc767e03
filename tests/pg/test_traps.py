"""The traps of real sets, each carried through the whole flow: it works, or is refused by its place and name."""

import pytest

from harness import place
from harness.flow import error, failed_checks
from harness.folders import trap_folders
from harness.gates import evidence
from harness.snapshot import database_snapshot

NEWER = [folder.name for folder in trap_folders() if folder.name.startswith("12_newer_syntax")]


def name_of(folder):
    return folder.name


def belongs_here(folder):
    """What the notes of the newer syntax say is of servers before 16."""
    return folder.name not in NEWER or place.server_major() < 16


def aim(flow, trap):
    flow.sluice.migrations = trap.path
    if "Before" in trap.notes:
        flow.database.execute(trap.notes["Before"])


@pytest.mark.parametrize("trap", trap_folders("works"), ids=name_of)
def test_folders_that_work_go_through_every_gate(flow, trap):
    aim(flow, trap)
    result = flow.approve("--format", "json").ended(0)
    planned = [migration["version"] for migration in result.events("plan")[0]["migrations"]]
    if "Order" in trap.notes and " to " not in trap.notes["Order"]:
        assert planned == trap.notes["Order"].split()
    assert flow.versions() == planned
    assert flow.database.one(trap.notes["After"]) is True
    assert flow.batch("--format", "json").ended(0).events("gate") == []


@pytest.mark.parametrize("trap", list(filter(belongs_here, trap_folders("refused"))), ids=name_of)
def test_folders_that_are_refused_are_so_with_their_place_and_nothing_changed(flow, trap):
    flow.database.execute("CREATE TABLE already (id int)")
    aim(flow, trap)
    before = database_snapshot(flow.database)
    result = flow.batch("--format", "json").ended(trap.exit)
    found = error(result)
    assert found["hint"]
    if "Where" in trap.notes:
        where = f"{trap.path}/{trap.notes['Where']}"
        said = ":".join(str(found[key]) for key in ("file", "line", "column") if key in found) + " " + found["message"]
        assert where in said, said
    assert database_snapshot(flow.database) == before


@pytest.mark.parametrize("trap", list(filter(belongs_here, trap_folders("held"))), ids=name_of)
def test_what_this_server_cannot_take_is_held_and_the_rest_goes_on(flow, trap):
    aim(flow, trap)
    result = flow.approve("--format", "json").ended(0)
    held = trap.notes["Expect"].split()[1]
    found = {migration["version"]: migration["state"] for migration in result.events("plan")[0]["migrations"]}
    assert found.pop(held) == "held" and set(found.values()) == {"pending"}
    assert flow.database.one(trap.notes["After"]) is True


@pytest.mark.parametrize("name, states", [
    ("09_downs", {"005": "exact", "004": "inexact", "003": "not_reached", "002": "not_reached", "001": "not_reached"}),
    ("09_down_fails", {"002": "failed", "001": "not_reached"}),
])
def test_the_way_back_is_judged_down_by_down(flow, name, states):
    trap, = [trap for trap in trap_folders() if trap.name == name]
    aim(flow, trap)
    flow.batch().ended(12)
    downs = {down["version"]: down["state"] for down in evidence(flow, "rehearsal")["data"]["downs"]}
    assert downs == states
    flow.configure(rollback="require")
    (flow.sluice.state / "evidence").rename(flow.sluice.state / "other")
    result = flow.batch("--format", "json").ended(11)
    assert [check for check, _ in failed_checks(result)] == ["rehearsal.downs"]
