/*
 * The view Plans with plans that a server made, held against tests/unit/console/screens/plans.MOMENT.COLUMNSxROWS. With
 * UPDATE_SCREENS set the files are written instead: look at them before they are committed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_console.h"
#include "fixture.h"
#include "story.h"
#include "sys/file.h"

static const struct picture_size SIZES[] = {{78, 20, false}, {158, 46, false}, {58, 12, true}, {0}};

static void tell_plan(struct fixture *f, const char *head, const char *file)
{
	_cleanup_strbuf_ struct strbuf line = {0}, plan = {0}, path = {0};
	_cleanup_error_ struct error err = {0};
	_cleanup_json_ struct json *value = NULL;
	struct json *parsed = NULL;

	strbuf_printf(&path, SOURCE_FOLDER "/tests/unit/core/explain/plans/%s.json", file);
	assert_int_equal(file_read(strbuf_text(&path), 1 << 20, &plan, &err), OK);
	assert_int_equal(json_parse(strbuf_text(&plan), plan.length, &parsed, &err), OK);
	value = parsed;
	strbuf_printf(&line, "\"type\":\"explain\",%s,\"plan\":", head);
	json_write(&line, value);
	tell(f->model, (const char *const[]){strbuf_text(&line)}, 1);
}

#define ORDERS "\"name\":\"orders_by_customer\",\"sql\":\"SELECT * FROM orders o\\nWHERE customer_id = 42\\n" \
	       "ORDER BY total DESC LIMIT 10\""

static void open_fixture(struct fixture *f)
{
	fixture_open(f, "plans");
	f->sizes = SIZES;
	tell_beginning(f->model);
	tell_plan(f, ORDERS ",\"on\":\"copy\",\"phase\":\"before\",\"shape\":\"9f3c00000000a1b2\","
	             "\"verdict\":\"21.1 ms; 68% in Parallel Seq Scan on orders o\",\"p95_us\":24100,\"budget_ms\":2000",
	          "orders_before");
	tell_plan(f, "\"name\":\"events_sevenths\",\"sql\":\"SELECT count(*) FROM ev WHERE v % 7 = 0\",\"on\":\"copy\","
	             "\"phase\":\"before\",\"p95_us\":9900,\"budget_ms\":2000",
	          "events");
	tell_plan(f, ORDERS ",\"on\":\"copy\",\"phase\":\"after\",\"shape\":\"771200000000c3d4\","
	             "\"verdict\":\"0.14 ms; 46% in Bitmap Heap Scan on orders o\",\"outcome\":\"better\","
	             "\"reason\":\"16 pages instead of 2,526\",\"p95_us\":210,\"budget_ms\":2000,"
	             "\"changes\":[\"orders: Parallel Seq Scan -> Bitmap Heap Scan using orders_customer_id_total_idx\"]",
	          "orders_after");
	TELL(f->model, "\"type\":\"explain\",\"name\":\"report\",\"on\":\"copy\",\"phase\":\"after\","
	               "\"outcome\":\"failed\",\"error\":\"it did not end within 10 s\"");
}

static void the_view_is_what_is_in_its_pictures(void **state)
{
	struct fixture f;
	(void)state;
	open_fixture(&f);
	press(&f, ACTION_FIRST);
	compare_all("list", &f);
	press(&f, ACTION_OPEN);
	press(&f, ACTION_MODE);
	press(&f, ACTION_NEXT_MATCH);
	compare_all("tree", &f);
	press(&f, ACTION_PAGES);
	press(&f, ACTION_NEXT_PART);
	compare_all("findings", &f);
	press(&f, ACTION_MODE);
	press(&f, ACTION_COMPARE);
	compare_all("diff", &f);
	press(&f, ACTION_BACK);
	press(&f, ACTION_BACK);
	press(&f, ACTION_DOWN);
	press(&f, ACTION_OPEN);
	compare_all("partitions", &f);
	fixture_close(&f);
}

static bool shows(const struct fixture *f, const char *wanted)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	draw(f, 100, 40, true, &text);
	return strstr(strbuf_text(&text), wanted) != NULL;
}

static void open_query(struct fixture *f, size_t number)
{
	open_fixture(f);
	press(f, ACTION_FIRST);
	for (size_t i = 0; i < number; i++)
		press(f, ACTION_DOWN);
	press(f, ACTION_OPEN);
}

static void alike_partitions_stand_in_one_row_until_they_are_spread(void **state)
{
	struct fixture f;
	(void)state;
	open_query(&f, 1);
	assert_true(shows(&f, "alike: Seq Scan on ev_1"));
	assert_false(shows(&f, "Seq Scan on ev_3"));
	press(&f, ACTION_DOWN);
	press(&f, ACTION_DOWN);
	press(&f, ACTION_RIGHT);
	assert_true(shows(&f, "Seq Scan on ev_3"));
	press(&f, ACTION_LEFT);
	press(&f, ACTION_LEFT);
	assert_false(shows(&f, "Seq Scan on ev_3"));
	fixture_close(&f);
}

static void a_folded_row_has_the_figures_of_all_below(void **state)
{
	struct fixture f;
	(void)state;
	open_query(&f, 1);
	press(&f, ACTION_LEFT);
	assert_true(shows(&f, " 9.1 ms"));
	assert_true(shows(&f, "Aggregate (10 below)"));
	press(&f, ACTION_RIGHT);
	assert_false(shows(&f, "below)"));
	fixture_close(&f);
}

static void the_cursors_of_both_sides_are_at_the_same_work(void **state)
{
	struct fixture f;
	(void)state;
	open_query(&f, 0);
	press(&f, ACTION_COMPARE);
	press(&f, ACTION_LAST);
	press(&f, ACTION_UP);
	press(&f, ACTION_NEXT_PART); /* from the changes to the node */
	assert_true(shows(&f, "recheck"));
	press(&f, ACTION_NEXT_VIEW);
	assert_true(shows(&f, "removed 99,995 of 100,000 rows"));
	fixture_close(&f);
}

static void what_cannot_be_had_is_said(void **state)
{
	struct fixture f;
	(void)state;
	open_query(&f, 1);
	struct scene scene = scene_of(&f);
	assert_string_equal(f.view->why_not(f.state, &scene, ACTION_COMPARE),
	                    "No plan of this query was told before this one.");
	assert_null(f.view->why_not(f.state, &scene, ACTION_PAGES));
	press(&f, ACTION_BACK);
	assert_string_equal(f.view->why_not(f.state, &scene, ACTION_PAGES), "No plan is open: Enter opens one.");
	fixture_close(&f);
}

static void what_is_copied_is_the_sql_to_try(void **state)
{
	struct fixture f;
	(void)state;
	open_query(&f, 0);
	press(&f, ACTION_MODE);
	press(&f, ACTION_NEXT_MATCH);
	struct scene scene = scene_of(&f);
	while (!strstr(f.view->copy(f.state, &scene), "CREATE INDEX"))
		press(&f, ACTION_DOWN);
	assert_string_equal(f.view->copy(f.state, &scene), "CREATE INDEX CONCURRENTLY ON public.orders (customer_id)");
	fixture_close(&f);
}

static void a_search_goes_to_the_node_of_that_name(void **state)
{
	struct fixture f;
	(void)state;
	open_query(&f, 1);
	struct scene scene = scene_of(&f);
	f.view->find(f.state, &scene, "EV_7", true);
	assert_non_null(strstr(f.view->copy(f.state, &scene), "ev_7"));
	fixture_close(&f);
}

/* A new run has none of the plans that the view was drawn from. */
static const char *copied(const struct fixture *f)
{
	struct scene scene = scene_of(f);
	_cleanup_strbuf_ struct strbuf ignored = {0};
	draw(f, 78, 20, false, &ignored);
	return f->view->copy(f->state, &scene);
}

/* Nothing went wrong: the first row. Then one got worse, one is over its budget, and something is asked about. */
static void the_cursor_is_on_what_matters_most_until_it_is_moved(void **state)
{
	struct fixture f = {.model = model_open(), .tick = arena_open(), .view = view_find("plans")};
	(void)state;
	f.state = arena_alloc(f.tick, f.view->state_bytes);
	tell_beginning(f.model);
	for (int i = 1; i <= 3; i++)
		tell_plan(&f, arena_printf(f.tick, "\"name\":\"q%d\",\"sql\":\"SELECT %d\",\"on\":\"copy\","
		                                   "\"phase\":\"after\",\"outcome\":\"same\"", i, i), "orders_planned");
	assert_string_equal(copied(&f), "SELECT 1");
	tell_plan(&f, "\"name\":\"q2\",\"on\":\"copy\",\"phase\":\"after\",\"outcome\":\"worse\"", "orders_planned");
	tell_plan(&f, "\"name\":\"q3\",\"on\":\"copy\",\"phase\":\"after\",\"outcome\":\"over-budget\"", "orders_planned");
	assert_string_equal(copied(&f), "SELECT 2");
	tell_plan(&f, "\"sql\":\"SELECT 9\",\"on\":\"live\",\"phase\":\"asked\"", "orders_planned");
	assert_string_equal(copied(&f), "SELECT 9");
	press(&f, ACTION_FIRST);
	assert_string_equal(copied(&f), "SELECT 1");
	fixture_close(&f);
}

static void a_new_story_closes_the_tree(void **state)
{
	struct fixture f;
	(void)state;
	open_query(&f, 0);
	tell_beginning(f.model);
	assert_true(shows(&f, "No query plan was told yet"));
	fixture_close(&f);
}

static void every_size_and_every_key_is_survived(void **state)
{
	struct fixture f;
	unsigned key = 7;
	(void)state;
	open_query(&f, 0);
	for (int rows = 1; rows < 60; rows += 3)
		for (int columns = 1; columns < 200; columns += 9) {
			_cleanup_strbuf_ struct strbuf text = {0};
			struct scene scene = scene_of(&f);
			draw(&f, columns, rows, columns % 2, &text);
			key = key * 1103515245 + 12345;
			enum action action = (enum action)(1 + key / 65536 % (ACTION_COUNT - 1));
			if (!f.view->why_not(f.state, &scene, action))
				f.view->act(f.state, &scene, action);
		}
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_view_is_what_is_in_its_pictures),
		cmocka_unit_test(alike_partitions_stand_in_one_row_until_they_are_spread),
		cmocka_unit_test(a_folded_row_has_the_figures_of_all_below),
		cmocka_unit_test(the_cursors_of_both_sides_are_at_the_same_work),
		cmocka_unit_test(what_cannot_be_had_is_said),
		cmocka_unit_test(what_is_copied_is_the_sql_to_try),
		cmocka_unit_test(a_search_goes_to_the_node_of_that_name),
		cmocka_unit_test(the_cursor_is_on_what_matters_most_until_it_is_moved),
		cmocka_unit_test(a_new_story_closes_the_tree),
		cmocka_unit_test(every_size_and_every_key_is_survived),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
