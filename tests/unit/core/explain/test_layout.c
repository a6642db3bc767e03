#include "plans.h"

#include "core/explain/facts.h"
#include "core/explain/layout.h"
#include "core/explain/plan_text.h"

/* ---- figures ---- */

static void counts_are_at_most_seven_characters(void **state)
{
	static const struct {
		double count;
		const char *text;
	} CASES[] = {
		{0, "0"},           {0.04, "<0.1"},        {0.33, "0.3"},         {1, "1"},        {9.9, "9.9"},
		{12.4, "12"},       {999, "999"},          {1000, "1,000"},       {199990, "199,990"},
		{999999.4, "999,999"}, {1234567, "1.23M"}, {12345678, "12.3M"},   {456e6, "456M"}, {4.56e9, "4.56G"},
		{7e12, "7.00e+12"},
	};
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++)
		assert_string_equal(plan_text_count(arena, CASES[i].count), CASES[i].text);
}

static void a_factor_says_which_way_it_is_wrong(void **state)
{
	static const struct {
		double factor;
		const char *text;
	} CASES[] = {
		{0, ""}, {1, ""}, {1.9, ""}, {0.6, ""}, {2, "2.0 under"}, {0.5, "2.0 over"}, {33, "33 under"},
		{1.0 / 20000, "20k over"}, {3e6, "3M under"}, {1e10, ">1G under"},
	};
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++)
		assert_string_equal(plan_text_factor(arena, CASES[i].factor), CASES[i].text);
}

static void a_share_that_is_there_is_never_nothing(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;
	assert_string_equal(plan_text_share(arena, 0), ".");
	assert_string_equal(plan_text_share(arena, 0.0001), "<1");
	assert_string_equal(plan_text_share(arena, 0.126), "13");
	assert_string_equal(plan_text_share(arena, 1.02), "100");
}

/* ---- rows ---- */

static void put_tree(struct strbuf *out, const struct plan_layout *layout, bool glyphs, size_t depth_max)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	for (size_t i = 0; i < layout->rows.count; i++) {
		plan_row_branch(out, layout, i, glyphs, depth_max);
		strbuf_printf(out, "%s\n", plan_row_title(arena, layout, &layout->rows.items[i]));
	}
}

static struct plan_layout laid_out(struct arena *arena, const char *name, const unsigned char *folds)
{
	const struct query_plan *plan = read_plan(arena, name);
	return plan_layout_new(arena, plan, folds, plan_measure_best(plan), false);
}

static void branches_join_siblings_over_what_is_between(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_strbuf_ struct strbuf text = {0};
	(void)state;
	struct plan_layout layout = laid_out(arena, "initplans.json", NULL);
	put_tree(&text, &layout, false, 40);
	assert_string_equal(strbuf_text(&text),
	                    "Sort\n"
	                    "|-InitPlan 2: Result\n"
	                    "| `-InitPlan 1: Limit\n"
	                    "|   `-Index Only Scan Backward using orders_pkey on orders\n"
	                    "`-HashAggregate\n"
	                    "  `-Hash Join\n"
	                    "    |-Seq Scan on orders o\n"
	                    "    `-Hash\n"
	                    "      `-Seq Scan on customers c\n");
}

static void levels_that_have_no_room_are_told_as_a_number(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_strbuf_ struct strbuf text = {0};
	(void)state;
	struct plan_layout layout = laid_out(arena, "initplans.json", NULL);
	plan_row_branch(&text, &layout, layout.rows.count - 1, false, 2);
	assert_string_equal(strbuf_text(&text), "4: `-");
}

static void leaves_that_are_alike_are_one_row_until_they_are_spread(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_strbuf_ struct strbuf one = {0};
	unsigned char folds[16] = {0, PLAN_FOLD_SPREAD};
	(void)state;
	struct query_plan *plan = read_plan(arena, "events.json");
	struct plan_layout layout = plan_layout_new(arena, plan, NULL, PLAN_MEASURE_PAGES, false);
	put_tree(&one, &layout, false, 40);
	assert_string_equal(strbuf_text(&one), "Aggregate\n`-Append\n  `-9 alike: Seq Scan on ev_1 ...\n");
	assert_string_equal(plan_row_rows_text(arena, &layout, &layout.rows.items[2]), "12,857");
	assert_string_equal(plan_row_pages_text(arena, &layout, &layout.rows.items[2]), "490");
	layout = plan_layout_new(arena, plan, folds, PLAN_MEASURE_PAGES, false);
	assert_int_equal(layout.rows.count, 11);
}

/* By time one of the nine takes half of it, and stands alone: three follow it, which are too few for a row. */
static void a_leaf_that_takes_much_is_not_hidden_among_others(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_strbuf_ struct strbuf text = {0};
	(void)state;
	struct plan_layout layout = laid_out(arena, "events.json", NULL);
	put_tree(&text, &layout, true, 40);
	assert_string_equal(strbuf_text(&text),
	                    "Aggregate\n"
	                    "└─Append\n"
	                    "  ├─5 alike: Seq Scan on ev_1 ...\n"
	                    "  ├─Seq Scan on ev_6\n"
	                    "  ├─Seq Scan on ev_7\n"
	                    "  ├─Seq Scan on ev_8\n"
	                    "  └─Seq Scan on ev_9\n");
}

static void rows_share_the_whole_between_them_however_they_are_folded(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	unsigned char folds[16] = {0};
	(void)state;
	for (int round = 0; round < 3; round++) {
		double sum = 0;
		folds[4] = round == 1 ? PLAN_FOLD_CLOSED : 0;
		folds[0] = round == 2 ? PLAN_FOLD_CLOSED : 0;
		struct plan_layout layout = laid_out(arena, "initplans.json", folds);
		for (size_t i = 0; i < layout.rows.count; i++)
			sum += plan_row_share(&layout, &layout.rows.items[i]);
		assert_true(sum > 0.98 && sum < 1.001);
	}
}

static void a_closed_row_says_how_much_is_below(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	unsigned char folds[16] = {PLAN_FOLD_CLOSED};
	(void)state;
	struct plan_layout layout = laid_out(arena, "initplans.json", folds);
	assert_int_equal(layout.rows.count, 1);
	assert_string_equal(plan_row_title(arena, &layout, &layout.rows.items[0]), "Sort (8 below)");
}

static void with_all_below_the_root_has_everything(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;
	struct query_plan *plan = read_plan(arena, "orders_before.json");
	struct plan_layout layout = plan_layout_new(arena, plan, NULL, PLAN_MEASURE_PAGES, true);
	assert_near(2526, plan_row_value(&layout, &layout.rows.items[0]));
	assert_near(2470, plan_row_value(&layout, &layout.rows.items[3]));
}

static void a_plan_that_was_not_run_is_measured_by_its_cost(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;
	struct plan_layout layout = laid_out(arena, "orders_planned.json", NULL);
	assert_int_equal(layout.measure, PLAN_MEASURE_COST);
	assert_false(plan_measure_is_of(PLAN_MEASURE_TIME, layout.plan));
	assert_string_equal(plan_row_value_text(arena, &layout, &layout.rows.items[0]), "4,970");
	assert_string_equal(plan_row_rows_text(arena, &layout, &layout.rows.items[0]), "10");
}

/* ---- facts ---- */

static const char *fact(const struct plan_facts *facts, const char *name)
{
	for (size_t i = 0; i < facts->list.count; i++)
		if (strcmp(facts->list.items[i].name, name) == 0)
			return facts->list.items[i].value;
	fail_msg("no %s", name);
	return NULL;
}

static void a_node_is_told_in_sentences(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct plan_facts facts = {0};
	(void)state;
	struct query_plan *plan = read_plan(arena, "orders_before.json");
	plan_facts_of_node(arena, plan, 3, &facts);
	assert_string_equal(fact(&facts, "filter"),
	                    "(o.customer_id = 42): removed 99,995 of 100,000 rows in each loop (99%)");
	assert_string_equal(fact(&facts, "pages"), "2,470 (19 MiB), 100% of them from cache; 2,470 its own");
	facts = (struct plan_facts){0};
	plan_facts_of_node(arena, plan, 1, &facts);
	assert_string_equal(fact(&facts, "workers"), "1 of 1 launched");
}

static void what_stands_at_no_node_is_told(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct plan_facts facts = {0};
	(void)state;
	plan_facts_outside(arena, read_plan(arena, "orders_before.json"), &facts);
	assert_string_equal(fact(&facts, "planning"), "0.24 ms; pages: 77 (616 KiB), 100% of them from cache");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_at_most_seven_characters),
		cmocka_unit_test(a_factor_says_which_way_it_is_wrong),
		cmocka_unit_test(a_share_that_is_there_is_never_nothing),
		cmocka_unit_test(branches_join_siblings_over_what_is_between),
		cmocka_unit_test(levels_that_have_no_room_are_told_as_a_number),
		cmocka_unit_test(leaves_that_are_alike_are_one_row_until_they_are_spread),
		cmocka_unit_test(a_leaf_that_takes_much_is_not_hidden_among_others),
		cmocka_unit_test(rows_share_the_whole_between_them_however_they_are_folded),
		cmocka_unit_test(a_closed_row_says_how_much_is_below),
		cmocka_unit_test(with_all_below_the_root_has_everything),
		cmocka_unit_test(a_plan_that_was_not_run_is_measured_by_its_cost),
		cmocka_unit_test(a_node_is_told_in_sentences),
		cmocka_unit_test(what_stands_at_no_node_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
