"""`--log`: what happens in a run as lines for those who collect logs."""

import json
import re

import pytest

from harness.flow import error
from harness.gates import ADD, live  # noqa: F401
from harness.wait import wait_until

HEAD = ["ts", "level", "run", "seq", "event", "message"]
LEVELS = ["debug", "info", "notice", "warning", "error"]


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def read(path):
    return lines(path.read_text(encoding="utf-8"))


def test_each_line_is_an_event_of_the_record_with_a_level_and_a_sentence(live, migrations, folder):
    migrations.write("002_more", up=ADD)
    path = folder / "log"
    result = live.approve("--format", "json", "--log", path, "--log-level", "debug").ended(0)
    told = {event["seq"]: event for event in result.events()}
    run = result.events("run")[0]["run"]
    kept = [line for line in read(path) if line["run"] == run]
    assert [line["seq"] for line in kept] == sorted(told)
    for line in kept:
        event = told[line["seq"]]
        assert list(line)[:6] == HEAD and line["level"] in LEVELS
        assert (line["ts"], line["event"]) == (event["ts"], event["type"])
        for name in set(line) & set(event) - {"message", "level"}:
            assert line[name] == event[name]
        assert not any(isinstance(value, (list, dict)) for value in line.values())
        assert "sql" not in line
    messages = [line["message"] for line in kept]
    assert messages[-1] == "the run ended with exit 0: done"
    assert "migration 002 is committed" in messages and "gate apply passed" in messages
    assert path.stat().st_mode & 0o777 == 0o600


def test_several_runs_share_a_log_and_the_level_thins_it_out(live, migrations, folder):
    migrations.write("002_more", up=ADD)
    path = folder / "log"
    live.configure(log=str(path), log_level="warning")
    first = live.batch("--approve", "0" * 12, "--format", "json").ended(12)
    second = live.batch("--stop-before", "backup", "--format", "json").ended(0)
    kept = read(path)
    assert {line["run"] for line in kept} == {first.events("run")[0]["run"]}
    assert {line["level"] for line in kept} <= {"warning", "error"}
    assert any(line.get("code") == error(first)["code"] for line in kept)
    assert second.events("end")[0]["exit"] == 0


def test_on_standard_error_it_takes_the_place_of_the_text(live, migrations):
    migrations.write("002_more", up=ADD)
    result = live.batch("--stop-before", "backup", "--log", "-").ended(0)
    assert result.stdout == ""
    assert lines(result.stderr)[-1]["event"] == "end"
    both = live.batch("--stop-before", "backup", "--log=-", "--format", "json").ended(0)
    assert len(both.events()) >= len(lines(both.stderr)) > 5


def test_logfmt_is_one_line_per_fact_for_people(live, migrations):
    migrations.write("002_more", up=ADD)
    result = live.batch("--stop-before", "backup", "--log", "-", "--log-format", "logfmt").ended(0)
    for line in result.stderr.splitlines():
        assert re.match(r"ts=\S+Z level=(info|notice|warning) run=\S{36} seq=\d+ event=\w+ message=(\w+|\".*\")( |$)", line)
    assert re.search(r' event=gate message="gate inspect passed" gate=inspect state=passed', result.stderr)


def test_the_guard_that_pulls_back_is_a_warning(live, database, migrations, folder):
    migrations.write("002_more", up="ALTER TABLE items ADD COLUMN w int; SELECT pg_advisory_xact_lock(77);")
    path = folder / "log"
    live.configure(lock_timeout="60s", lock_budget="60s", guard_wait="300ms", log=str(path))
    plan_id = live.prove()
    with database.transaction("SELECT pg_advisory_xact_lock(77)"):
        run = live.start("--approve", plan_id)
        # The ladder's first rungs are shorter than what the guard allows.
        wait_until(lambda: database.one("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted "
                                        "AND waitstart < clock_timestamp() - interval '0.85 s'"), 60)
        reader = database.background("SELECT count(*) FROM items")
        wait_until(lambda: "the guard pulls back" in path.read_text(encoding="utf-8"), 20, "the guard's line")
    reader.result()
    run.result().ended(0)
    line, *_ = [line for line in read(path) if line["message"].startswith("the guard pulls back")]
    assert (line["level"], line["event"]) == ("warning", "log")


@pytest.mark.parametrize("option, value, wanted", [
    ("--log-format", "xml", "json or logfmt"),
    ("--log-level", "loud", "debug, info, notice, warning or error"),
])
def test_a_word_that_is_none_is_refused(live, option, value, wanted):
    assert f'{option}: "{value}" is not {wanted}' in live.batch("--log", "-", option, value).ended(2).stderr


def test_a_log_that_cannot_be_opened_stops_the_run_before_it_begins(live, folder):
    result = live.batch("--log", folder / "none" / "log").ended(2)
    assert f'--log: could not open file "{folder}/none/log"' in result.stderr


def test_a_log_that_is_full_is_given_up_and_the_run_goes_on(live, migrations):
    migrations.write("002_more", up=ADD)
    result = live.batch("--stop-before", "backup", "--format", "json", "--log", "/dev/full").ended(0)
    warning, = [event for event in result.events("log") if "log is incomplete" in event["message"]]
    assert warning["level"] == "warning"
