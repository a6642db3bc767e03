"""The console on a recorded run: its frame, its keys, every size, and every way out."""

import os
import pathlib
import random
import re
import signal
import stat

import pytest

OVER = "RECORDING, at its end"


def test_the_first_screen_names_environment_database_plan_and_lock(replay):
    glass = replay().wait_for(OVER, "5 Gates 8/8", "? help  Q quit")
    told = (pathlib.Path(__file__).parent / "records" / "apply.jsonl").read_text()
    plan = re.search(r'"plan_id":"([0-9a-f]{12})', told)[1]
    assert " [PROD] " in glass.rows[0] and f"plan {plan}" in glass.rows[0] and "read-only" in glass.rows[0]
    assert "5 Gates 8/8" in glass.rows[1] and "7 Log" in glass.rows[1]
    assert "? help  Q quit" in glass.rows[-1]
    assert glass.last["alternate"] and glass.last["cursor_row"] == -1


def shown_tab(glass):
    return next(text.strip() for text, look in glass.last["styles"][1] if "reverse" in look["flags"])


def test_digits_and_tab_change_the_view(replay):
    glass = replay().wait_for(OVER)
    glass.press("7").wait_for("the run ended with 0: done")
    glass.press("5").wait_for("Did live become what the rehearsal promised?")
    glass.press("Tab").until(lambda: shown_tab(glass) == "6 Apply", "view 6")
    glass.press("S-Tab").until(lambda: shown_tab(glass) == "5 Gates 8/8", "view 5")


def test_a_disabled_key_says_why(replay):
    glass = replay().wait_for(OVER)
    for key in "rRACS":
        glass.press(key).wait_for("This is a recording: nothing can be asked of an engine.")
        glass.press("k").wait_without("nothing can be asked")


def test_help_lists_keys_and_why_some_are_disabled(replay):
    glass = replay().wait_for(OVER)
    glass.press("?").wait_for("The flow", "run the next gate", "not now: This is a recording")
    glass.press("G").wait_for("leave; asks first while a run is on")
    glass.press("q").wait_without("not now:")


def test_the_prompt_completes_runs_and_remembers(replay, tmp_path):
    glass = replay().wait_for(OVER)
    glass.press(":").type("vie").press("Tab").wait_for("view-log")
    assert glass.last["cursor_row"] == 23
    glass.type(" lo").press("Tab", "Enter").wait_for("the run ended with 0: done")
    glass.press(":").type("gibberish").press("Enter").wait_for('there is no command "gibberish"')
    glass.press(":", "Up", "Up").wait_for(":view log")
    glass.press("Esc").wait_without(":view log")
    history = tmp_path / "state/pgsluice/console_history"
    assert history.read_text().splitlines() == ["view log", "gibberish"]
    assert stat.S_IMODE(history.stat().st_mode) == 0o600


def test_what_is_searched_is_found(replay):
    glass = replay().wait_for(OVER)
    glass.press("7").wait_for("the run ended")
    glass.press("/").type("inspect: passed").press("Enter").wait_for("inspect: passed")


def test_sizes_from_one_cell_to_a_wall(replay):
    glass = replay().wait_for(OVER)
    sizes = random.Random(7)
    for rows, columns in [(1, 1), (200, 400), (2, 400), (200, 2), (16, 60), (15, 59), (1, 80), (24, 1)] + [
            (sizes.randint(1, 200), sizes.randint(1, 400)) for _ in range(60)]:
        glass.resize(rows, columns).press(sizes.choice(["5", "6", "7", "?", "q", "j", "G", "Tab"]))
        assert not glass.last["ended"], f"ended at {rows}x{columns}"
    glass.press("Esc").resize(24, 80).press("5").wait_for("? help  Q quit", OVER)


def test_a_small_screen_shows_the_view_and_one_line(replay):
    glass = replay("apply", "--view", "gates", rows=10, columns=50).wait_for("[PROD] demo", "verify")
    assert "quit" not in glass.text()
    glass.resize(2, 30).until(lambda: glass.rows == ["", "[PROD] demo  read-only  RECOR…"], "one line")


def test_without_colour_nothing_is_coloured(replay):
    plain = replay("apply", env={"NO_COLOR": "1"}).wait_for(OVER)
    looks = [look for runs in plain.last["styles"] for _, look in runs]
    assert {(look["foreground"], look["background"]) for look in looks} == {(-1, -1)}
    assert "reverse" in plain.style_of("[PROD]")["flags"]
    bright = replay("apply", "--color=always", env={"NO_COLOR": "1"}).wait_for(OVER)
    assert bright.style_of("[PROD]")["background"] == 1


def test_ascii_uses_nothing_else(replay):
    glass = replay("apply", "--ascii").wait_for(OVER)
    assert glass.text().isascii()
    glass = replay("apply", env={"LANG": "C"}).wait_for(OVER)
    assert glass.text().isascii()


@pytest.mark.parametrize("key", ["Q", "C-c"])
def test_leaving_gives_the_terminal_back(replay, key):
    glass = replay().wait_for(OVER)
    assert not glass.mode()["edits_lines"]
    glass.press(key).ended(0)
    assert not glass.last["alternate"]


def test_the_shell_finds_the_settings_it_had(replay, tmp_path):
    look = 'stty -a >before; "$@"; stty -a >after'
    glass = replay(under=["/bin/sh", "-c", look, "sh"]).wait_for(OVER)
    glass.press("Q").ended(0)
    assert (tmp_path / "after").read_text() == (tmp_path / "before").read_text()


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGTERM])
def test_the_terminal_is_whole_after_a_signal(replay, number):
    glass = replay().wait_for(OVER)
    glass.signal(int(number)).ended(143 if number == signal.SIGTERM else 128 + number)
    assert not glass.last["alternate"] and glass.last["cursor_row"] >= 0


def test_a_terminal_that_vanishes_ends_the_console(replay):
    glass = replay().wait_for(OVER)
    glass.hang_up().ended(0)


def test_it_needs_a_terminal(replay):
    glass = replay("apply", env={"TERM": "dumb"})
    glass.ended(2)
    assert 'the terminal "dumb" cannot show the console' in glass.text()


def test_an_idle_console_uses_no_time(replay):
    glass = replay().wait_for(OVER)
    before = glass.cpu()["cpu_ms"]
    glass.look("next 2000")
    assert glass.cpu()["cpu_ms"] - before <= 20
    if "asan" not in os.environ.get("ASAN_OPTIONS", "") and "detect_leaks" not in os.environ.get("ASAN_OPTIONS", ""):
        assert glass.cpu()["memory_bytes"] < 32 << 20


def test_what_is_copied_reaches_the_clipboard_of_the_terminal(replay):
    glass = replay("night", "--view", "migrations", rows=30, columns=120).wait_for(OVER)
    glass.press("y").wait_for("copied: ")
    first = glass.copied().splitlines()[0]
    assert first.startswith("state") and f"copied: {first}" in glass.text()


def test_a_click_selects_a_line_and_a_tab(replay):
    glass = replay("night", "--mouse", "--view", "migrations").wait_for(OVER)
    glass.press("g").wait_for("002     ingest_runs")
    row = next(at for at, text in enumerate(glass.rows) if "002     ingest_runs" in text)
    glass.click(row, 15).wait_for("── 002 ingest_runs")
    glass.click(1, glass.rows[1].index("Gates")).wait_for("Did live become what the rehearsal promised?")
    glass.click(4, 5).wait_for("backup: passed")
    glass.press("M").wait_for("mouse off")


def test_what_can_be_set_is_set(replay):
    glass = replay("night", "--view", "gates").wait_for(OVER, "✔")
    glass.press(":").type("set ascii on").press("Enter").until(lambda: glass.text().isascii(), "ASCII alone")
    glass.press(":").type("set noascii").press("Enter").wait_for("✔")
    assert glass.style_of("[PROD]")["background"] == 1
    glass.press(":").type("set color off").press("Enter")
    glass.until(lambda: glass.style_of("[PROD]")["background"] == -1, "no colour")


def test_the_shell_and_back(replay):
    around = 'set -m; "$@"; echo in the shell; read answer; fg'
    glass = replay(under=["/bin/sh", "-c", around, "sh"]).wait_for(OVER)
    glass.press("C-z").wait_for("in the shell")
    assert not glass.last["alternate"] and glass.mode()["edits_lines"]
    glass.press("Enter").wait_for(OVER, "? help  Q quit")
    assert glass.last["alternate"] and not glass.mode()["edits_lines"]
    glass.press("Q").ended(0)


def test_live_leads_from_the_queue_to_the_session_that_it_is_behind(replay):
    glass = replay("live", "--mouse", "--view", "live").wait_for(OVER, "3 behind us", "queued")
    at = next(row for row, text in enumerate(glass.rows) if "── locks" in text)
    glass.click(at + 2, 10).until(lambda: "bold" in glass.style_of("── locks")["flags"], "the locks chosen")
    glass.click(at + 2, 10).until(lambda: "── locks" in glass.rows[2], "the locks alone")
    glass.press("g", "Enter").wait_for("session 1331", "idle in transaction", "in the way of", "select sum(token_count)")
    glass.press("T").wait_for("This is a recording")
    glass.press("q", "q", "q", "6").wait_for("impact on others", "3 wait behind us", "behind 1331 report")


@pytest.mark.parametrize("rows, columns", [(24, 80), (50, 160)])
def test_live_has_room_for_who_waits_behind_whom(replay, rows, columns):
    glass = replay("live", "--view", "live", rows=rows, columns=columns).wait_for(OVER, "3 behind us")
    for pid in ("1331 report", "2670 (ours) waits", "19665 shop queued", "19646 shop queued", "19609 shop queued"):
        glass.wait_for(pid)
