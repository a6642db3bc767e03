"""The approval gate: consent to exactly this plan, given by somebody who may, and not for ever."""

import contextlib

import pytest

from harness.flow import check, states
from harness.gates import ADD, live, only, ran, seed
from harness.snapshot import database_snapshot

LEADER = "SELECT pg_advisory_lock(8099569364512629605)"


@contextlib.contextmanager
def somebody_leads(database):
    with contextlib.closing(database.connect(application_name="somebody")) as other:
        with other.cursor() as cursor:
            cursor.execute(LEADER)
        yield


def test_a_plan_id_counts_from_twelve_digits_in_either_case(live, migrations):
    migrations.write("002_more", up=ADD)
    plan_id = live.prove()
    short = live.batch("--approve", plan_id[:11]).ended(2)
    assert f'--approve: "{plan_id[:11]}" is not a plan id: its first 12 hex digits or more' in short.stderr
    wrong = plan_id[:12] + ("0" if plan_id[12] != "0" else "1")
    result = live.batch("--approve", wrong, "--format", "json").ended(12)
    assert only(result, "approval.consent") == f"the approval {wrong} is for another plan; this one is {plan_id[:12]}"
    live.batch("--approve", plan_id[:12].upper()).ended(0)


def test_consent_is_kept_for_as_long_as_it_is_valid(live, database, migrations):
    migrations.write("002_more", up=ADD)
    plan_id = live.prove()
    live.configure(validity_approval="1ms")
    with somebody_leads(database):
        live.batch("--approve", plan_id).ended(20)
    result = live.batch("--format", "json").ended(12)
    assert only(result, "approval.consent") == f"nobody consented to plan {plan_id[:12]}"
    live.configure(validity_approval=None)
    with somebody_leads(database):
        live.batch("--approve", plan_id).ended(20)
    result = live.batch("--format", "json").ended(0)
    assert "approval" not in ran(result) and states(result)["approval"] == "passed"
    assert live.versions() == ["001", "002"]


def test_consent_to_the_same_files_on_another_database_is_for_another_plan(live, database, migrations, cluster):
    migrations.write("002_more", up=ADD)
    plan_id = live.plan_id()
    other = cluster.create_database()
    seed(other, migrations)
    result = live.batch("--approve", plan_id, "--format", "json", database=other).ended(12)
    assert f"the approval {plan_id} is for another plan" in only(result, "approval.consent")
    other.drop()


def test_an_id_of_another_plan_is_refused_before_anything_is_proved(live, migrations):
    migrations.write("002_more", up=ADD)
    result = live.batch("--approve", "0123456789ab", "--format", "json").ended(12)
    assert ran(result) == ["inspect", "approval"]
    # What comes before the approval is not its affair.
    result = live.batch("--approve", "0123456789ab", "--stop-before", "approval", "--format", "json").ended(0)
    assert "rehearsal" in ran(result)


@pytest.mark.parametrize("change", [{"environment": "PROD"}, {"history_table": "public.schema_migrations"}])
def test_the_environments_word_is_part_of_the_plan_and_the_shape_of_the_history_is_not(live, migrations, change):
    migrations.write("002_more", up=ADD)
    before = live.plan_id()
    live.configure(**change)
    assert (live.plan_id() != before) == ("environment" in change)


def test_what_to_type_next_is_said_with_the_options_of_this_run(live, migrations):
    migrations.write("002_more", up=ADD)
    migrations.write("003_later", up="ALTER TABLE items ADD COLUMN x int;")
    result = live.batch("--until", "002").ended(12)
    following = [line for line in result.stdout.splitlines() if line.startswith("next: ")]
    assert len(following) == 1 and following[0].endswith(" --until 002")
    assert f"pgsluice --batch --approve {live.plan_id('--until', '002')[:12]} -d " in following[0]


def test_yesterdays_approval_does_not_count_for_todays_plan(live, database, migrations):
    migrations.write("002_more", up=ADD)
    yesterday = live.prove()
    migrations.write("003_yet_more", up="ALTER TABLE items ADD COLUMN x int;")
    before = database_snapshot(database)
    result = live.batch("--approve", yesterday[:12], "--format", "json").ended(12)
    today = result.events("plan")[0]["plan_id"]
    assert today != yesterday
    assert check(result, "approval.consent")["measured"] == (
        f"the approval {yesterday[:12]} is for another plan; this one is {today[:12]}")
    assert database_snapshot(database) == before


def test_a_file_changed_after_its_rehearsal_makes_another_plan(live, migrations):
    migrations.write("002_more", up=ADD)
    rehearsed = live.prove()
    migrations.write("002_more", up=ADD + "\nDROP TABLE parts;")
    live.batch("--approve", rehearsed, "--format", "json").ended(12)
    result = live.batch("--format", "json").ended(12)
    ran = [event["gate"] for event in result.events("gate") if event["state"] == "running"]
    assert "rehearsal" in ran and "backup" not in ran
    assert live.versions() == ["001"]


@pytest.mark.parametrize("part", ["down", "verify"])
def test_down_and_verify_files_are_part_of_the_plan(live, migrations, part):
    migrations.write("002_more", up=ADD)
    before = live.plan_id()
    migrations.write("002_more", **{part: "SELECT true;"})
    assert live.plan_id() != before


def test_a_live_schema_changed_after_the_rehearsal_makes_another_plan(live, database, migrations):
    migrations.write("002_more", up=ADD)
    rehearsed = live.prove()
    database.execute("ALTER TABLE items ADD COLUMN sneaked int")
    live.batch("--approve", rehearsed, "--format", "json").ended(12)
    result = live.batch("--format", "json").ended(12)
    ran = [event["gate"] for event in result.events("gate") if event["state"] == "running"]
    assert "backup" in ran and "rehearsal" in ran
    assert live.versions() == ["001"]


def test_two_approvals_need_two_roles(live, database, migrations, cluster):
    second = f"second_{database.name}"
    cluster.execute(f"CREATE ROLE {second} LOGIN SUPERUSER")
    migrations.write("002_more", up=ADD)
    live.configure(approvals="2")
    plan_id = live.prove()
    once = live.batch("--approve", plan_id, "--format", "json").ended(12)
    assert check(once, "approval.consent")["measured"] == f"1 of 2 consented to plan {plan_id[:12]}"
    again = live.batch("--approve", plan_id, "--format", "json").ended(12)
    assert check(again, "approval.consent")["measured"] == f"1 of 2 consented to plan {plan_id[:12]}"
    result = live.batch("--approve", plan_id, "--format", "json", database=database.conninfo(user=second)).ended(0)
    assert check(result, "approval.consent")["measured"] == f"2 of 2 consented to plan {plan_id[:12]}"


def test_an_apply_that_finished_has_spent_its_consent(live, database, migrations):
    """Rows alone change here, so whoever takes the history's row out again makes the very same plan again."""
    migrations.write("002_more", up="UPDATE items SET v = v || '!' WHERE id = 1;")
    plan_id = live.prove()
    live.batch("--approve", plan_id).ended(0)
    database.execute("DELETE FROM schema_migrations WHERE version = '002'")
    result = live.batch("--format", "json").ended(12)
    assert result.events("plan")[0]["plan_id"] == plan_id
    assert only(result, "approval.consent") == f"nobody consented to plan {plan_id[:12]}"
    assert database.one("SELECT v FROM items WHERE id = 1") == "v1!"
    live.batch("--approve", plan_id).ended(0)
    assert database.one("SELECT v FROM items WHERE id = 1") == "v1!!"
