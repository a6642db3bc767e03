"""The view Plans on a terminal: a recorded night on which a migration dropped an index that a canary used."""

from harness.gates import ADD, live  # noqa: F401 (a fixture)
from test_flow import console  # noqa: F401 (a fixture)


def test_the_list_says_which_query_got_worse_and_what_it_read_before(replay):
    glass = replay("plans").wait_for("at its end")
    glass.press("3").wait_for("outcome", "WORSE", "document_of_a_source", "better", "newest_of_a_source", "same")
    glass.press("g").wait_for("4 > 564", "564 pages instead of 4")
    glass.press("j").wait_for("568 > 7")


def test_the_difference_is_one_key_away_and_tab_changes_sides(replay):
    glass = replay("plans").wait_for("at its end")
    glass.press("3", "g", "Enter").wait_for("Bitmap Heap Scan on documents", "which reads 2,030 rows")
    glass.press("d").wait_for("worse: 564 pages instead of 4", "access")
    glass.press("Tab").wait_for("Index Scan using documents_source_id_e")
    glass.press("q").wait_for("which reads 2,030 rows")
    glass.press("q").wait_for("outcome", "newest_of_a_source")


def test_folds_figures_and_parts(replay):
    glass = replay("plans").wait_for("at its end")
    glass.press("3", "g", "j", "j", "Enter").wait_for("Finalize GroupAggregate", "Parallel Seq Scan on query")
    glass.press("h").wait_for("below)").wait_without("Parallel Seq Scan on query")
    glass.press("l").wait_for("Parallel Seq Scan on query")
    glass.press("b").wait_for("pages  own")
    glass.press("x").wait_for("with")
    glass.press("]").wait_for("findings")
    glass.press("w").wait_for("CPU")


def test_both_plans_stand_side_by_side_where_there_is_room(replay):
    glass = replay("plans", rows=50, columns=160).wait_for("at its end")
    glass.press("3", "g", "Enter", "d").wait_for("before: execution", "after: execution",
                                                 "Index Scan using documents_source_id_e",
                                                 "Bitmap Heap Scan on documents")


def test_it_can_be_read_on_a_small_screen_without_colour_and_glyphs(replay):
    glass = replay("plans", "--ascii", "--color", "never", rows=16, columns=60).wait_for("at its end")
    glass.press("3", "g", "Enter").wait_for("`-Bitmap Index Scan")
    glass.press("Enter").wait_for("finds 2,030 rows and its filter")


def test_in_a_recording_no_query_can_be_asked_about(replay):
    glass = replay("plans").wait_for("at its end")
    glass.press("3", "e").wait_for("This is a recording: nothing can be asked of an engine.")


def test_a_query_that_is_typed_is_planned_by_live(console, live, migrations):  # noqa: F811
    migrations.write("002_more", up=ADD)
    glass = console().wait_for("waits before inspect", deadline=60)
    glass.press("3").wait_for("No query plan was told yet")
    glass.press("e").wait_for(":explain ").type("SELECT * FROM items WHERE v = 'v7'").press("Enter")
    glass.wait_for("not run, estimated cost", "SELECT * FROM items WHERE v").press("Enter").wait_for("Seq Scan on items")
    glass.press("e").type("SELECT 1; DROP TABLE items").press("Enter").wait_for("there are 2 statements here")
    assert live.database.one("SELECT count(*) FROM items") == 50
