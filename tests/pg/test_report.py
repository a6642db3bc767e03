"""The report of a run with its charts, made of what was measured while live was changed."""

import html.parser
import json

import pytest

from harness.flow import states
from harness.gates import ADD, live  # noqa: F401
from harness.wait import wait_until

VOID = {"meta", "line", "rect", "path", "br"}


class Page(html.parser.HTMLParser):
    """Elements in pairs, and nothing that is loaded or run."""

    def __init__(self, text):
        super().__init__()
        self.open, self.titles, self.heads, self.paths = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert tag not in ("script", "link", "img", "iframe", "object")
        assert not {name for name, _ in attrs} & {"src", "onclick", "onload", "xlink:href"}
        assert all(value.startswith("#") for name, value in attrs if name == "href")
        if tag not in VOID:
            self.open.append(tag)
        if tag == "path":
            self.paths.append(dict(attrs))

    def handle_startendtag(self, tag, attrs):
        if tag == "path":
            self.paths.append(dict(attrs))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "title":
            self.titles.append(data)
        if self.open and self.open[-1] in ("h1", "h2", "h3"):
            self.heads.append(data)


def reports(flow, result):
    run = result.events("run")[0]["run"]
    return {form: (flow.sluice.state / "runs" / f"{run}.report.{form}").read_text(encoding="utf-8")
            for form in ("md", "html", "json")}


@pytest.fixture
def hurt(live, database, migrations):
    """A run whose step others waited behind until the guard pulled it back: its reports and events."""
    migrations.write("002_more", up="ALTER TABLE items ADD COLUMN w int; SELECT pg_advisory_xact_lock(77);")
    live.configure(lock_timeout="60s", lock_budget="60s", guard_wait="2s")
    plan_id = live.prove()
    with database.transaction("SELECT pg_advisory_xact_lock(77)"):
        run = live.start("--approve", plan_id, "--format", "json", "--probe", database.conninfo())
        wait_until(lambda: database.one("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted "
                                        "AND waitstart < clock_timestamp() - interval '0.85 s'"), 60)
        reader = database.background("SELECT count(*) FROM items")
        run.wait_for_output("the guard pulls back", 60)
    reader.result()
    result = run.result().ended(0)
    return result, reports(live, result)


def test_the_series_of_the_samples_is_in_every_report(hurt):
    result, text = hurt
    report = json.loads(text["json"])
    series = {one["name"]: one for one in report["series"]}
    told = [event for event in result.events("sample") if event["sampler"] == "locks"]
    behind = series["locks.behind_us"]
    assert behind["unit"] == "number"
    assert [last for _, _, _, last in behind["points"]] == [event["values"]["behind_us"] for event in told]
    assert max(most for _, _, most, _ in behind["points"]) >= 1
    assert {"latency.p50_us", "latency.most_us", "connections.used", "wal.bytes_per_s"} <= set(series)
    times = [at for at, *_ in behind["points"]]
    assert times == sorted(times) and times[0] >= 0
    assert "| Sessions that wait for a lock, behind us | 0 | " in text["md"]
    assert "Z: the guard pulls back step 1 of migration 002" in text["md"]


def test_the_page_is_whole_and_its_charts_show_who_was_hurt_when(hurt):
    _, text = hurt
    page = Page(text["html"])
    assert page.heads[0].startswith("Migrations on ")
    assert {"Latency of the probe", "Sessions that wait for a lock", "Where the time went", "Evidence"} <= set(page.heads)
    assert any(title.startswith("002: committed, ") for title in page.titles)
    assert any(": the guard pulls back step 1 of migration 002: guard-wait: " in title for title in page.titles)
    assert any(title.startswith("during: ") for title in page.titles)
    lines = [path for path in page.paths if path.get("class") == "s0" and "H" in path["d"]]
    assert len(lines) >= 4


def test_a_run_that_measured_nothing_has_no_charts_and_says_what_was_shut(live, migrations):
    migrations.write("002_more", up="SELECT 1 / 0;")
    result = live.batch("--format", "json").ended(11)
    text = reports(live, result)
    page = Page(text["html"])
    assert states(result)["rehearsal"] == "failed"
    assert "Live meanwhile" not in page.heads and "series" not in json.loads(text["json"])
    assert "stopped with exit 11 (gate_failed)" in page.titles[0]


def test_markup_in_what_the_database_says_stays_text(live, migrations):
    migrations.write("002_more", up="DO $$ BEGIN RAISE EXCEPTION '<script>alert(1)</script>'; END $$;")
    result = live.batch("--format", "json").ended(11)
    text = reports(live, result)
    Page(text["html"])
    assert "&lt;script&gt;alert(1)" in text["html"]


def test_it_is_made_again_from_the_record(hurt, live):
    result, text = hurt
    run = result.events("run")[0]["run"]
    record = live.sluice.state / "runs" / f"{run}.jsonl"
    again = live.sluice.run("report", record, "--format", "html", database=None, migrations=None).ended(0).stdout
    page, first = Page(again), Page(text["html"])
    assert set(first.heads) - set(page.heads) <= {"Latencies before, during and after the apply"}
    assert [len(path["d"].split("H")) for path in page.paths] == [len(path["d"].split("H")) for path in first.paths]
    markdown = live.sluice.run("report", record, database=None, migrations=None).ended(0).stdout
    assert "| outcome | exit 0 (ok): done |" in markdown
    assert "| 002 | more | committed | " in markdown
    assert markdown.endswith("Made again from the record of the run.\n")


def test_a_run_that_was_killed_has_a_report_of_what_it_came_to(live, database, migrations):
    migrations.write("002_more", up="SELECT pg_advisory_xact_lock(77);")
    live.configure(lock_timeout="60s", lock_budget="60s")
    plan_id = live.prove()
    with database.transaction("SELECT pg_advisory_xact_lock(77)"):
        run = live.start("--approve", plan_id, "--record", live.sluice.home / "record")
        wait_until(lambda: database.one("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory'"), 60)
        run.kill()
        run.result()
    with open(live.sluice.home / "record", "a", encoding="utf-8") as record:
        record.write('{"v":1,"seq"')
    text = live.sluice.run("report", live.sluice.home / "record", database=None, migrations=None).ended(0).stdout
    assert "the record has no end: the run was killed, or still goes on" in text
    assert "- [x] Approval: passed." in text and "- [ ] Apply: running." in text


@pytest.mark.parametrize("content, message", [
    ("", "there is no event line in"),
    ("what\n", "record:1: "),
    ('{"v":1,"seq":1,"ts":"2026-01-01T00:00:00.000Z","run":"a","type":"log","level":"info","message":"m"}\n'
     '{"v":1,"seq":2,"ts":"2026-01-01T00:00:00.000Z","run":"b","type":"log","level":"info","message":"m"}\n',
     "record:2: the record has lines of two runs"),
])
def test_what_is_no_record_is_refused(sluice, folder, content, message):
    (folder / "record").write_text(content, encoding="utf-8")
    assert message in sluice.run("report", folder / "record", database=None, migrations=None).ended(10).stderr
