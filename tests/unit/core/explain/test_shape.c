#include "plans.h"

#include "core/explain/compare/shape.h"

static void plans_that_do_the_same_have_one_shape(void **state)
{
	static const char *const SAME[][2] = {
		/* run or not, with which options, with other constants, under another name */
		{"selective.json", "planned.json"},
		{"selective.json", "no_timing.json"},
		{"selective.json", "no_buffers.json"},
		{"selective.json", "verbose_plan.json"},
		{"selective.json", "alias_plan.json"},
		{"index_used.json", "planned_index.json"},
		/* six partitions, four, and one, which has no Append */
		{"partitions_pruned.json", "partition_one.json"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(SAME) / sizeof(SAME[0]); i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		struct plan_shape a = query_plan_shape(read_plan(arena, SAME[i][0]));
		struct plan_shape b = query_plan_shape(read_plan(arena, SAME[i][1]));
		assert_int_equal(strlen(a.hex), 16);
		if (strcmp(a.hex, b.hex) != 0)
			fail_msg("%s is %s, %s is %s", SAME[i][0], a.hex, SAME[i][1], b.hex);
	}
}

/* Both forms of three servers, which chose the same plan; where 18 chose another one, its two forms are one shape. */
static void forms_and_versions_have_one_shape(void **state)
{
	static const struct {
		const char *name;
		bool versions;
	} CASES[] = {
		{"cte_initplan_subplan", true}, {"incremental_sort_memoize", true}, {"merge", true}, {"odd_names", true},
		{"partitions", true}, {"spill", true}, {"write_trigger", true}, {"grouping_sets", false},
		{"window_set_operation", false},
	};
	static const char *const FORMS[] = {"15.json", "15.txt", "17.json", "17.txt", "18.json", "18.txt"};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct plan_shape shapes[sizeof(FORMS) / sizeof(FORMS[0])];
		for (size_t form = 0; form < sizeof(FORMS) / sizeof(FORMS[0]); form++) {
			_cleanup_arena_ struct arena *arena = arena_open();
			const char *file = arena_printf(arena, "%s_%s", CASES[i].name, FORMS[form]);
			shapes[form] = query_plan_shape(read_plan(arena, file));
			size_t like = form < 4 || CASES[i].versions ? 0 : 4;
			if (strcmp(shapes[form].hex, shapes[like].hex) != 0)
				fail_msg("%s is %s, not %s", file, shapes[form].hex, shapes[like].hex);
		}
	}
}

static void plans_that_do_something_else_have_another_shape(void **state)
{
	static const char *const FILES[] = {
		"selective.json", "index_used.json", "partitions.json", "partitions_scan.json", "partition_one.json",
		"join3.json", "join3_loops.json", "hash_batches.json", "nested.json", "parallel.json", "workers.json",
		"disabled.json", "fk.json", "cartesian.json", "subplan.json", "limit.json", "agg_spill.json"};
	enum { COUNT = sizeof(FILES) / sizeof(FILES[0]) };
	struct plan_shape shapes[COUNT];
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		shapes[i] = query_plan_shape(read_plan(arena, FILES[i]));
		for (size_t j = 0; j < i; j++)
			if (strcmp(shapes[i].hex, shapes[j].hex) == 0)
				fail_msg("%s and %s are %s", FILES[i], FILES[j], shapes[i].hex);
	}
}

/* Shapes are kept for years: one that changes makes every plan look changed. */
static void a_shape_stays_what_it_was(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;
	assert_string_equal(query_plan_shape(read_plan(arena, "selective.json")).hex, "59b9f783b1ea601e");
	assert_string_equal(query_plan_shape(read_plan(arena, "join3.json")).hex, "86a7045844443098");
	assert_string_equal(query_plan_shape(read_plan(arena, "partitions_pruned.json")).hex, "ce16285445cb110e");
}

/* One node of each pair differs in one member, which does or does not count. */
static void what_is_in_a_shape_and_what_is_not(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} CASES[] = {
		{"\"Relation Name\": \"t\"", "\"Relation Name\": \"u\"", false},
		{"\"Relation Name\": \"log_2025\"", "\"Relation Name\": \"log_2026\"", true},
		{"\"Relation Name\": \"t\", \"Index Name\": \"t_a\"", "\"Relation Name\": \"t\", \"Index Name\": "
			 "\"t_b\"", false},
		{"\"Relation Name\": \"t\", \"Index Name\": \"t_a1\"", "\"Relation Name\": \"t\", \"Index Name\": "
			 "\"t_a2\"", false},
		{"\"Relation Name\": \"t\", \"Alias\": \"x\"", "\"Relation Name\": \"t\", \"Alias\": \"y\"", true},
		{"\"Relation Name\": \"t\", \"Schema\": \"s\"", "\"Relation Name\": \"t\"", true},
		{"\"Filter\": \"(a = 1)\"", "\"Filter\": \"(x.a > 2)\"", true},
		{"\"Filter\": \"(a = 1)\"", "\"Filter\": \"(b = 1)\"", false},
		{"\"Filter\": \"((a = 1) AND (b = 2))\"", "\"Filter\": \"((b = 2) AND (a = 1))\"", true},
		{"\"Index Cond\": \"(a = 1)\"", "\"Filter\": \"(a = 1)\"", false},
		{"\"Sort Key\": [\"a\", \"b\"]", "\"Sort Key\": [\"b\", \"a\"]", false},
		{"\"Sort Key\": [\"t.a DESC\"]", "\"Sort Key\": [\"a\"]", true},
		{"\"Join Type\": \"Inner\"", "\"Parallel Aware\": false", true},
		{"\"Join Type\": \"Left\"", "\"Join Type\": \"Right\"", false},
		{"\"Partial Mode\": \"Simple\"", "\"Parallel Aware\": false", true},
		{"\"Strategy\": \"Plain\"", "\"Parallel Aware\": false", true},
		{"\"Strategy\": \"Hashed\"", "\"Strategy\": \"Sorted\"", false},
		{"\"Parallel Aware\": true", "\"Parallel Aware\": false", false},
		{"\"Scan Direction\": \"Forward\"", "\"Parallel Aware\": false", true},
		{"\"Scan Direction\": \"Backward\"", "\"Scan Direction\": \"Forward\"", false},
		{"\"Unheard Of\": 17", "\"Unheard Of\": \"x\"", true},
		{"\"Function Name\": \"f\"", "\"Function Name\": \"g\"", false},
		{"\"Plan Rows\": 1, \"Total Cost\": 5", "\"Plan Rows\": 1000, \"Total Cost\": 7", true},
		{"\"Filter\": \"(hashed SubPlan 1)\"", "\"Filter\": \"(ANY (a = (hashed SubPlan 1).col1))\"", true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		struct plan_shape shapes[2];
		for (size_t side = 0; side < 2; side++)
			shapes[side] = query_plan_shape(
				read_text(arena, arena_printf(arena, "[{\"Plan\": {\"Node Type\": \"Some Scan\", %s}}]",
			                                      side ? CASES[i].b : CASES[i].a)));
		if ((strcmp(shapes[0].hex, shapes[1].hex) == 0) != CASES[i].same)
			fail_msg("%s and %s", CASES[i].a, CASES[i].b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plans_that_do_the_same_have_one_shape),
		cmocka_unit_test(forms_and_versions_have_one_shape),
		cmocka_unit_test(plans_that_do_something_else_have_another_shape),
		cmocka_unit_test(a_shape_stays_what_it_was),
		cmocka_unit_test(what_is_in_a_shape_and_what_is_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
