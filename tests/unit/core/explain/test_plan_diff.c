#include "plans.h"

#include "core/explain/compare/plan_diff.h"

static const char *diff_of(struct arena *arena, const struct query_plan *before, const struct query_plan *after)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct plan_match match;
	struct plan_change_list changes;

	plan_match(arena, before, after, &match);
	plan_diff(arena, before, after, &match, &changes);
	for (size_t i = 0; i < changes.count; i++)
		strbuf_printf(&text, "%s%s%s: %s", i ? "\n" : "", plan_change_kind_name(changes.items[i].kind),
		              changes.items[i].worse ? " (worse)" : "", changes.items[i].text);
	return arena_strdup(arena, strbuf_text(&text));
}

static void changes_are_told_by_what_is_read(void **state)
{
	static const struct {
		const char *before, *after, *changes;
	} CASES[] = {
		{"selective.json", "index_used.json",
		 "access: orders is read by Bitmap Heap Scan using orders_customer_id_idx instead of Seq "
		 "Scan: 12 pages instead of 2,667"},
		{"index_used.json", "selective.json",
		 "access (worse): orders is read by Seq Scan instead of Bitmap Heap Scan using "
		 "orders_customer_id_idx: 2,667 pages instead of 12"},
		{"planned.json", "planned_index.json",
		 "access: orders is read by Bitmap Heap Scan using orders_customer_id_idx instead of Seq "
		 "Scan: a cost of 43 instead of 5,667"},
		{"join3.json", "join3_loops.json",
		 "access (worse): orders o is read by Index Scan using orders_customer_id_idx instead of Seq "
		 "Scan: 12,000 pages instead of 2,667\n"
		 "access (worse): items i is read by Index Scan using items_order_id_idx instead of Seq Scan: "
		 "45,000 pages instead of 3,704\n"
		 "join (worse): customers, items and orders are joined by Nested Loop instead of Hash Join: "
		 "57,153 pages instead of 6,524\n"
		 "join (worse): customers and orders are joined by Nested Loop instead of Hash Join: 12,153 "
		 "pages instead of 2,820\n"
		 "order (worse): relations are joined as (customers, orders), items instead of items, "
		 "(orders, customers): 57,153 pages instead of 6,524"},
		{"join3_loops.json", "join3.json",
		 "access: items i is read by Seq Scan instead of Index Scan using items_order_id_idx: 3,704 "
		 "pages instead of 45,000\n"
		 "access: orders o is read by Seq Scan instead of Index Scan using orders_customer_id_idx: "
		 "2,667 pages instead of 12,000\n"
		 "join: customers, items and orders are joined by Hash Join instead of Nested Loop: 6,524 "
		 "pages instead of 57,153\n"
		 "join: customers and orders are joined by Hash Join instead of Nested Loop: 2,820 pages "
		 "instead of 12,153\n"
		 "order: relations are joined as items, (orders, customers) instead of (customers, orders), "
		 "items: 6,524 pages instead of 57,153"},
		{"partitions.json", "partitions_scan.json",
		 "access (worse): each partition of events is read by Seq Scan instead of Index Only Scan "
		 "using ..._kind_idx (6 partitions)"},
		{"partitions_pruned.json", "partition_one.json",
		 ""},
		{"selective.json", "no_timing.json",
		 ""},
		{"selective.json", "verbose_plan.json",
		 ""},
		{"hash_batches.json", "nested.json",
		 "access (worse): orders o is read by Index Only Scan using orders_pkey instead of Seq Scan: "
		 "180,001 pages instead of 2,667\n"
		 "join (worse): items and orders are joined by Nested Loop instead of Hash Join: 183,705 "
		 "pages instead of 11,153"},
		{"workers.json", "parallel.json",
		 "strategy: Finalize GroupAggregate over orders instead of Finalize Aggregate: 2,781 pages "
		 "instead of 2,667\n"
		 "strategy: Gather Merge over orders instead of Gather: 2,781 pages instead of 2,667\n"
		 "strategy: Partial GroupAggregate over orders instead of Partial Aggregate: 2,781 pages "
		 "instead of 2,667\n"
		 "added: Sort over orders is new"},
		{"no_buffers.json", "index_used.json",
		 "access: orders is read by Bitmap Heap Scan using orders_customer_id_idx instead of Seq "
		 "Scan: 0.04 ms instead of 14.6 ms"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		const char *changes = diff_of(arena, read_plan(arena, CASES[i].before), read_plan(arena, CASES[i].after));
		if (strcmp(changes, CASES[i].changes) != 0)
			fail_msg("%s and %s:\n%s", CASES[i].before, CASES[i].after, changes);
	}
}

static void a_plan_does_not_differ_from_itself(void **state)
{
	static const char *const FILES[] = {"join3.json", "partitions.json", "parallel.json", "subplan.json",
	                                    "cartesian.json", "hash_batches.json", "fk.json"};
	(void)state;
	for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		const struct query_plan *plan = read_plan(arena, FILES[i]);
		struct plan_match match;
		assert_string_equal(diff_of(arena, plan, plan), "");
		plan_match(arena, plan, plan, &match);
		for (size_t node = 0; node < plan->nodes.count; node++) {
			assert_int_equal(match.after_of[node], node);
			assert_int_equal(match.before_of[node], node);
		}
	}
}

static void matched_nodes_read_the_same_and_point_at_each_other(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	const struct query_plan *before = read_plan(arena, "join3.json"), *after = read_plan(arena, "join3_loops.json");
	struct plan_match match;
	size_t scans = 0;
	(void)state;
	plan_match(arena, before, after, &match);
	for (size_t i = 0; i < before->nodes.count; i++) {
		size_t other = match.after_of[i];
		if (other == SIZE_MAX)
			continue;
		assert_int_equal(match.before_of[other], i);
		const char *relation = before->nodes.items[i].relation;
		if (relation) {
			assert_string_equal(after->nodes.items[other].relation, relation);
			scans++;
		}
	}
	assert_int_equal(scans, 3);
	/* the root over all three relations is the root */
	assert_int_equal(match.after_of[0], 0);
}

/* A node of a hand-made plan: estimate, rows, pages. */
#define NODE(type, rows, planned, pages, more)                                                         \
	"{\"Node Type\": \"" type "\", \"Startup Cost\": 0, \"Total Cost\": 10, \"Plan Rows\": " #planned  \
	", \"Plan Width\": 8, \"Actual Startup Time\": 0, \"Actual Total Time\": 1, \"Actual Rows\": " #rows \
	", \"Actual Loops\": 1, \"Shared Hit Blocks\": " #pages ", \"Shared Read Blocks\": 0" more "}"
#define PLAN(node) "[{\"Plan\": " node ", \"Planning Time\": 1, \"Triggers\": [], \"Execution Time\": 1}]"
#define SCAN(relation, rows, planned, pages)                                                           \
	NODE("Seq Scan", rows, planned, pages, ", \"Relation Name\": \"" relation "\", \"Alias\": \"" relation "\"")

static void single_changes_are_told_one_by_one(void **state)
{
	static const struct {
		const char *before, *after, *changes;
	} CASES[] = {
		/* under 10 %, and under the floor */
		{PLAN(SCAN("a", 500, 500, 1000)), PLAN(SCAN("a", 500, 500, 1090)), ""},
		{PLAN(SCAN("a", 500, 500, 2)), PLAN(SCAN("a", 500, 500, 9)), ""},
		{PLAN(SCAN("a", 500, 500, 1000)), PLAN(SCAN("a", 500, 500, 1200)),
	         "work (worse): Seq Scan on a does more: 1,200 pages instead of 1,000"},
		{PLAN(SCAN("a", 500, 500, 1200)), PLAN(SCAN("a", 500, 500, 1000)),
	         "work: Seq Scan on a does less: 1,000 pages instead of 1,200"},
		{PLAN(SCAN("a", 50000, 50000, 100)), PLAN(SCAN("a", 50000, 100, 100)),
	         "estimate (worse): the estimate of rows for Seq Scan on a is 500 times too low now"},
		{PLAN(SCAN("a", 100, 50000, 100)), PLAN(SCAN("a", 100, 100, 100)),
	         "estimate: the estimate of rows for Seq Scan on a is no longer 500 times too high"},
		{PLAN(SCAN("a", 500, 500, 100)),
	         PLAN(NODE("Sort", 500, 500, 100, ", \"Sort Key\": [\"x\"], \"Plans\": [" SCAN("a", 500, 500, 100) "]")),
	         "added: Sort over a is new"},
		{PLAN(NODE("Sort", 500, 500, 100, ", \"Sort Key\": [\"x\"], \"Plans\": [" SCAN("a", 500, 500, 100) "]")),
	         PLAN(SCAN("a", 500, 500, 100)), "removed: Sort over a is gone"},
		{PLAN(NODE("Sort", 500, 500, 100, ", \"Sort Space Type\": \"Memory\", \"Plans\": "
			 "[" SCAN("a", 500, 500, 100) "]")),
	         PLAN(NODE("Sort", 500, 500, 100, ", \"Sort Method\": \"external merge\", \"Sort Space Type\": \"Disk\", "
	                   "\"Sort Space Used\": 100, \"Plans\": [" SCAN("a", 500, 500, 100) "]")),
	         "spill (worse): Sort over a goes to disk"},
		{PLAN(NODE("Aggregate", 9, 9, 50, ", \"Strategy\": \"Sorted\", \"Plans\": [" SCAN("a", 500, 500, 50) "]")),
	         PLAN(NODE("Aggregate", 9, 9, 50, ", \"Strategy\": \"Hashed\", \"Plans\": "
	         "[" SCAN("a", 500, 500, 50) "]")),
	         "strategy: HashAggregate over a instead of GroupAggregate: 50 pages instead of 50"},
		{PLAN(SCAN("a", 500, 500, 100)), PLAN(SCAN("b", 500, 500, 100)),
	         "added (worse): Seq Scan on b is new\nremoved: Seq Scan on a is gone"},
		/* the same three relations in another order */
		{PLAN(NODE("Hash Join", 9, 9, 60, ", \"Join Type\": \"Inner\", \"Plans\": ["
	                   NODE("Hash Join", 9, 9, 40, ", \"Join Type\": \"Inner\", \"Plans\": [" SCAN("a", 9, 9, 20) ", "
	                        SCAN("b", 9, 9, 20) "]") ", " SCAN("c", 9, 9, 20) "]")),
	         PLAN(NODE("Hash Join", 9, 9, 60, ", \"Join Type\": \"Inner\", \"Plans\": ["
	                   NODE("Hash Join", 9, 9, 40, ", \"Join Type\": \"Inner\", \"Plans\": [" SCAN("b", 9, 9, 20) ", "
	                        SCAN("c", 9, 9, 20) "]") ", " SCAN("a", 9, 9, 20) "]")),
	         "order: relations are joined as (b, c), a instead of (a, b), c: 60 pages instead of 60"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		const char *changes = diff_of(arena, read_text(arena, CASES[i].before), read_text(arena, CASES[i].after));
		if (strcmp(changes, CASES[i].changes) != 0)
			fail_msg("row %zu:\n%s", i, changes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_are_told_by_what_is_read),
		cmocka_unit_test(a_plan_does_not_differ_from_itself),
		cmocka_unit_test(matched_nodes_read_the_same_and_point_at_each_other),
		cmocka_unit_test(single_changes_are_told_one_by_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
