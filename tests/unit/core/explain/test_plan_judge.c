#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/explain/compare/plan_judge.h"
#include "core/explain/figure.h"

static const char *judged(struct arena *arena, const struct plan_work *before, const struct plan_work *after)
{
	struct plan_judgement judgement;
	plan_judge(arena, before, after, &PLAN_LIMITS, &judgement);
	return arena_printf(arena, "%s: %s", plan_outcome_name(judgement.outcome), judgement.reason);
}

static void work_is_judged_by_pages_then_temporary_files_then_cost(void **state)
{
	static const struct {
		struct plan_work before, after;
		const char *judgement;
	} CASES[] = {
		/* pages, temporary pages, cost, rows, ms */
		{{true, 4, 0, 8, 1, 1}, {true, 4, 0, 8, 1, 1}, "same: 4 pages, before 4"},
		{{true, 4, 0, 8, 1, 0.1}, {true, 1004, 0, 2500, 1, 0.1},
	         "worse: 1,004 pages instead of 4: 251 times (the limit is 10% more, and at least 32)"},
		{{true, 1000, 0, 8, 1, 1}, {true, 1150, 0, 8, 1, 1},
	         "worse: 1,150 pages instead of 1,000: 15% more (the limit is 10% more, and at least 32)"},
		{{true, 1000, 0, 8, 1, 1}, {true, 1099, 0, 8, 1, 1}, "same: 1,099 pages, before 1,000"},
		/* below the floor */
		{{true, 4, 0, 8, 1, 1}, {true, 36, 0, 8, 1, 1}, "same: 36 pages, before 4"},
		{{true, 0, 0, 8, 1, 1}, {true, 33, 0, 8, 1, 1},
	         "worse: 33 pages instead of 0: 33 times (the limit is 10% more, and at least 32)"},
		/* time alone never fails */
		{{true, 4, 0, 8, 1, 1}, {true, 4, 0, 8, 1, 60000}, "same: 4 pages, before 4"},
		{{true, 1004, 0, 2500, 1, 1}, {true, 4, 0, 8, 1, 1000},
	         "better: 4 pages instead of 1,004: 99% less"},
		{{true, 100, 0, 8, 1, 1}, {true, 100, 4000, 8, 1, 1},
	         "worse: 4,000 pages of temporary files instead of 0: 4,000 times (the limit is 10% more, and at least "
	         "128)"},
		{{true, 100, 4000, 8, 1, 1}, {true, 100, 0, 8, 1, 1},
	         "better: 0 pages of temporary files instead of 4,000: 99% less"},
		/* fewer pages, and more temporary files: their sum decides */
		{{true, 1000, 0, 8, 1, 1}, {true, 100, 500, 8, 1, 1},
	         "better: 100 pages instead of 1,000: 90% less"},
		{{true, 1000, 0, 8, 1, 1}, {true, 100, 5000, 8, 1, 1},
	         "worse: 5,000 pages of temporary files instead of 0: 5,000 times (the limit is 10% more, and at least "
	         "128)"},
		/* an estimate beside a measurement counts only when more rows were handled */
		{{true, 100, 0, 500, 1000, 1}, {true, 100, 0, 5000, 1000, 1}, "same: 100 pages, before 100"},
		{{true, 100, 0, 500, 1000, 1}, {true, 100, 0, 5000, 1000000, 1},
	         "worse: an estimated cost of 5,000 instead of 500: 10 times (the limit is 10% more, and at least 100), "
	         "and 1,000,000 rows handled instead of 1,000"},
		{{false, 0, 0, 8, 0, 0}, {false, 0, 0, 5000, 0, 0},
	         "worse: an estimated cost of 5,000 instead of 8: 625 times (the limit is 10% more, and at least 100)"},
		{{false, 0, 0, 8, 0, 0}, {false, 0, 0, 90, 0, 0}, "same: an estimated cost of 90, before 8"},
		{{false, 0, 0, 5000, 0, 0}, {true, 3, 0, 8, 1, 1},
	         "better: an estimated cost of 8 instead of 5,000: 99% less"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		const char *text = judged(arena, &CASES[i].before, &CASES[i].after);
		if (strcmp(text, CASES[i].judgement) != 0)
			fail_msg("row %zu: %s", i, text);
	}
}

static void ratios_are_told_where_both_sides_are_known(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct plan_work measured = {true, 10, 0, 8, 1, 2}, more = {true, 30, 5, 80, 1, 3}, planned = {.cost = 16};
	struct plan_judgement judgement;
	(void)state;
	plan_judge(arena, &measured, &more, &PLAN_LIMITS, &judgement);
	assert_true(judgement.pages_ratio > 2.99 && judgement.pages_ratio < 3.01);
	assert_true(judgement.temp_ratio > 4.99 && judgement.temp_ratio < 5.01);
	assert_true(judgement.cost_ratio > 9.99 && judgement.cost_ratio < 10.01);
	assert_true(judgement.time_ratio > 1.49 && judgement.time_ratio < 1.51);
	plan_judge(arena, &measured, &planned, &PLAN_LIMITS, &judgement);
	assert_true(judgement.pages_ratio < 0.01 && judgement.temp_ratio < 0.01 && judgement.time_ratio < 0.01);
	assert_true(judgement.cost_ratio > 1.99 && judgement.cost_ratio < 2.01);
}

static void work_is_read_from_the_root_and_rows_from_all_nodes(void **state)
{
	struct plan_node nodes[2] = {
		{.type = "Aggregate", .total_cost = 10000000100.0, .has_buffers = true, .loops = 1, .figures = {.rows = 1},
	         .buffers = {.shared_hit = 5, .shared_read = 6, .local_hit = 1, .temp_read = 2, .temp_written = 3}},
		{.type = "Seq Scan", .loops = 2, .removed_by_filter = 40, .figures = {.rows = 20}},
	};
	struct query_plan plan = {.analyzed = true, .wall_ms = 7};
	(void)state;
	plan.nodes.items = nodes;
	plan.nodes.count = 2;
	struct plan_work work = query_plan_work(&plan);
	assert_true(work.has_pages);
	assert_int_equal(work.pages, 12);
	assert_int_equal(work.temp_pages, 5);
	assert_int_equal(work.cost, 100);
	assert_int_equal(work.rows, 101);
	assert_int_equal(work.wall_ms, 7);
}

static void figures_read_as_people_write_them(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;
	assert_string_equal(figure_count(arena, 0), "0");
	assert_string_equal(figure_count(arena, 0.25), "0.25");
	assert_string_equal(figure_count(arena, 3.333), "3.3");
	assert_string_equal(figure_count(arena, 9.97), "10");
	assert_string_equal(figure_count(arena, 999), "999");
	assert_string_equal(figure_count(arena, 1000), "1,000");
	assert_string_equal(figure_count(arena, 1234567.4), "1,234,567");
	assert_string_equal(figure_count(arena, 1e300), "1,000,000,000,000,000,000");
	assert_string_equal(figure_count(arena, -1), "0");
	assert_string_equal(figure_of(arena, 1, "row"), "1 row");
	assert_string_equal(figure_of(arena, 0, "row"), "0 rows");
	assert_string_equal(figure_of(arena, 2, "page of temporary files"), "2 pages of temporary files");
	assert_string_equal(figure_ms(arena, 0.05), "0.05 ms");
	assert_string_equal(figure_ms(arena, 20), "20.0 ms");
	assert_string_equal(figure_ms(arena, 999.4), "999 ms");
	assert_string_equal(figure_ms(arena, 999.6), "1.00 s");
	assert_string_equal(figure_ms(arena, 59994), "60.0 s");
	assert_string_equal(figure_ms(arena, 200000), "3 min 20 s");
	assert_string_equal(figure_share(arena, 0.999), "99%");
	assert_string_equal(figure_share(arena, 1), "100%");
	assert_string_equal(figure_share(arena, 0.004), "under 1%");
	assert_string_equal(figure_share(arena, 0), "0%");
	assert_string_equal(figure_page_bytes(arena, 1204), "9.4 MiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(work_is_judged_by_pages_then_temporary_files_then_cost),
		cmocka_unit_test(ratios_are_told_where_both_sides_are_known),
		cmocka_unit_test(work_is_read_from_the_root_and_rows_from_all_nodes),
		cmocka_unit_test(figures_read_as_people_write_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
