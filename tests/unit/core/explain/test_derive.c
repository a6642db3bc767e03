#include "plans.h"

/*
 * Gather 33.050..38.142 in 1 loop, its child 29.041..29.043 in 2 loops: two workers and no leader.
 *   Partial Aggregate: cpu 29.043 * 2 = 58.086, clock 58.086 / 2 = 29.043
 *   Seq Scan 23.662:   cpu 47.324, clock 23.662, all of it its own
 *   Partial Aggregate: own 29.043 - 23.662 = 5.381 on the clock, 10.762 of both processors
 *   Gather:            own 38.142 - 29.043 = 9.099
 *   share of the scan: 23.662 / 38.204 = 0.6194
 *   outside the tree:  38.204 - 38.154 = 0.050
 */
static void workers_without_their_leader_are_counted_by_their_loops(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_open();
	struct query_plan *plan = read_plan(arena, "leader_off.json");
	const struct plan_figures *gather = &node_at(arena, plan, "Gather", 0)->figures;
	const struct plan_figures *aggregate = &node_at(arena, plan, "Partial Aggregate", 0)->figures;
	const struct plan_figures *scan = &node_at(arena, plan, "Parallel Seq Scan on orders", 0)->figures;
	assert_near(1, gather->processes);
	assert_near(2, aggregate->processes);
	assert_near(2, scan->processes);
	assert_near(58.086, aggregate->cpu_ms);
	assert_near(29.043, aggregate->wall_ms);
	assert_near(5.381, aggregate->self_wall_ms);
	assert_near(10.762, aggregate->self_cpu_ms);
	assert_near(47.324, scan->self_cpu_ms);
	assert_near(23.662, scan->self_wall_ms);
	assert_near(9.099, gather->self_wall_ms);
	assert_near(9.099, gather->self_cpu_ms);
	assert_near(0.6194, scan->self_share);
	assert_near(199934, scan->rows); /* 99967 * 2 */
	assert_near(2561, scan->self_pages);
	assert_near(0, gather->self_pages);
	assert_near(0.050, plan->unattributed_ms);
}

/*
 * $0 is first used by the Seq Scan in the workers, but the Gather evaluates it before it starts them:
 *   Gather: 54.252 - 21.979 (its child, 2 processes) - 27.303 (InitPlan 1) = 4.970
 *   Seq Scan: all of its 15.464 is its own
 *   Finalize Aggregate, where the InitPlan is listed: 54.260 - 54.252 = 0.008
 */
static void a_gather_pays_for_the_initplan_that_its_workers_use(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_open();
	struct query_plan *plan = read_plan(arena, "initplan_in_workers.json");
	const struct plan_node *initplan = node_at(arena, plan, "Aggregate", 0);
	assert_int_equal(PLAN_INITPLAN, initplan->link);
	assert_string_equal("InitPlan 1", initplan->subplan);
	assert_string_equal("$0", initplan->returns);
	assert_near(18.997, initplan->figures.self_wall_ms); /* 27.303 - 8.306 */
	assert_near(4.970, node_at(arena, plan, "Gather", 0)->figures.self_wall_ms);
	assert_near(15.464, node_at(arena, plan, "Parallel Seq Scan on public.orders o", 0)->figures.self_wall_ms);
	assert_near(0.008, node_at(arena, plan, "Finalize Aggregate", 0)->figures.self_wall_ms);
}

/*
 * A Gather that is started once for each of three rows: its child ran in 9 loops, 9 / 3 = 3 processes.
 *   Parallel Seq Scan: cpu 33.018 * 9 = 297.162, clock 297.162 / 3 = 99.054
 *   Partial Aggregate: cpu 40.741 * 9 = 366.669, clock 122.223, own 122.223 - 99.054 = 23.169
 *   Gather:            58.380 * 3 = 175.140, own 175.140 - 122.223 = 52.917
 *   Finalize Aggregate 58.389 * 3 = 175.167, own 0.027
 *   Nested Loop:       175.193 - 175.167 - 0.012 of the Values Scan = 0.014
 */
static void a_gather_within_a_loop_has_the_processes_of_one_start(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_open();
	struct query_plan *plan = read_plan(arena, "gather_in_loop.json");
	const struct plan_figures *scan = &node_at(arena, plan, "Parallel Seq Scan", 0)->figures;
	const struct plan_figures *aggregate = &node_at(arena, plan, "Partial Aggregate", 0)->figures;
	assert_near(3, scan->processes);
	assert_near(297.162, scan->cpu_ms);
	assert_near(99.054, scan->self_wall_ms);
	assert_near(599805, scan->rows); /* 66645 * 9 */
	assert_near(366.669, aggregate->cpu_ms);
	assert_near(23.169, aggregate->self_wall_ms);
	assert_near(69.507, aggregate->self_cpu_ms); /* 23.169 * 3 */
	assert_near(52.917, node_at(arena, plan, "Gather", 0)->figures.self_wall_ms);
	assert_near(0.027, node_at(arena, plan, "Finalize Aggregate", 0)->figures.self_wall_ms);
	assert_near(0.014, node_at(arena, plan, "Nested Loop", 0)->figures.self_wall_ms);
}

/*
 * All twelve are first used by the one Seq Scan, so its own time is what is left of it: to take "InitPlan 12" for
 * "InitPlan 1", or $10 for $1, would leave more.
 *   15: 57.082 - (1.783 + 1.410 + 9.693 + 1.526 + 5.932 + 1.588 + 9.090 + 1.766 + 1.758 + 10.898 + 1.907 + 8.019)
 *       = 57.082 - 55.370 = 1.712
 *   18: 62.310 - (1.360 + 6.647 + 1.347 + 7.197 + 1.438 + 7.342 + 2.539 + 8.840 + 2.228 + 6.760 + 1.759 + 13.638)
 *       = 62.310 - 61.095 = 1.215
 */
static void the_tenth_initplan_is_not_the_first(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_open();
	struct query_plan *old = read_plan(arena, "twelve_initplans_15.json");
	struct query_plan *new = read_plan(arena, "twelve_initplans_18.json");
	assert_string_equal("InitPlan 10", node_at(arena, old, "Aggregate", 9)->subplan);
	assert_string_equal("$9", node_at(arena, old, "Aggregate", 9)->returns);
	assert_near(1.712, old->nodes.items[0].figures.self_wall_ms);
	assert_near(1.215, new->nodes.items[0].figures.self_wall_ms);
}

/* The same plans with the uses of one InitPlan moved to a node below: only that one moves. */
static void an_initplan_is_paid_for_where_it_is_first_used(void **state)
{
	static const char text[] =
		"Nested Loop  (cost=0.00..9.00 rows=1 width=4) (actual time=1.000..100.000 rows=1 loops=1)\n"
		"  Join Filter: (a.x > %s)\n"
		"  InitPlan 1%s\n"
		"    ->  Result  (cost=0.00..1.00 rows=1 width=4) (actual time=0.000..30.000 rows=1 loops=1)\n"
		"  InitPlan 10%s\n"
		"    ->  Result  (cost=0.00..1.00 rows=1 width=4) (actual time=0.000..20.000 rows=1 loops=1)\n"
		"  ->  Seq Scan on a  (cost=0.00..1.00 rows=1 width=4) (actual time=0.000..40.000 rows=1 loops=1)\n"
		"        Filter: ((x <> '%s'::text) AND (x > %s))\n"
		"  ->  Seq Scan on b  (cost=0.00..1.00 rows=1 width=4) (actual time=0.000..25.000 rows=1 loops=1)\n"
		"        Filter: (y > %s)\n";
	static const struct {
		const char *first, *tenth, *of_first, *of_tenth;
	} FORMS[] = {
		{"$1", "$10", " (returns $1)", " (returns $10)"},
		{"(InitPlan 1).col1", "(InitPlan 10).col1", "", ""},
	};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		/* a literal of `a` looks like the tenth's value, the filter of `a` uses the first, that of `b` the tenth */
		char *form = arena_printf(arena, text, FORMS[i].first, FORMS[i].of_first, FORMS[i].of_tenth,
		                          FORMS[i].tenth, FORMS[i].first, FORMS[i].tenth);
		struct query_plan *plan = read_text(arena, form);
		assert_near(10, node_at(arena, plan, "Seq Scan on a", 0)->figures.self_wall_ms); /* 40 - 30 */
		assert_near(5, node_at(arena, plan, "Seq Scan on b", 0)->figures.self_wall_ms);  /* 25 - 20 */
		assert_near(35, plan->nodes.items[0].figures.self_wall_ms);                      /* 100 - 40 - 25 */
	}
}

/*
 * CTE x took 76.655; its scans 76.555 (b) and 0.311 (a), together 76.866.
 *   b: 76.555 - 76.655 * 76.555 / 76.866 = 76.555 - 76.345 = 0.210
 *   a: 0.311 - 76.655 * 0.311 / 76.866 = 0.311 - 0.310 = 0.001
 *   Aggregate, where it is listed: 77.123 - 77.084 (the join) = 0.039
 *   pages: all 2565 were read for b, which asked first: none of its own; the Seq Scan in the CTE has them
 */
static void the_scans_of_a_cte_pay_for_it_in_proportion(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_open();
	struct query_plan *plan = read_plan(arena, "cte_twice.json");
	assert_int_equal(PLAN_CTE, node_at(arena, plan, "HashAggregate", 0)->link);
	assert_string_equal("CTE x", node_at(arena, plan, "HashAggregate", 0)->subplan);
	assert_near(0.210, node_at(arena, plan, "CTE Scan on x b", 0)->figures.self_wall_ms);
	assert_near(0.001, node_at(arena, plan, "CTE Scan on x a", 0)->figures.self_wall_ms);
	assert_near(0.039, plan->nodes.items[0].figures.self_wall_ms);
	assert_near(54.140, node_at(arena, plan, "HashAggregate", 0)->figures.self_wall_ms); /* 76.655 - 22.515 */
	assert_near(0, node_at(arena, plan, "CTE Scan on x b", 0)->figures.self_pages);
	assert_near(2565, node_at(arena, plan, "Seq Scan on orders", 0)->figures.self_pages);
}

/*
 * Two writes: `gone` 6.238 is scanned (6.482), `kept` 32.891 is not and ran when the tree was done.
 *   CTE Scan: 6.482 - 6.238 = 0.244; Aggregate: 6.565 - 6.482 = 0.083
 *   Delete: 6.238 - 5.447 = 0.791; Update: 32.891 - 0.758 = 32.133, its share 32.133 / 39.744 = 0.8085
 *   outside: 39.744 - 6.565 - 32.891 - 0.980 (trigger) < 0: none, since the trigger ran within the Update
 *   pages of the Update: 27168 - 4022 = 23146; of the Aggregate, which lists all: none
 */
static void a_write_that_nobody_scans_is_no_part_of_the_tree(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_open();
	struct query_plan *plan = read_plan(arena, "cte_write.json");
	assert_near(0.244, node_at(arena, plan, "CTE Scan on gone", 0)->figures.self_wall_ms);
	assert_near(0.083, plan->nodes.items[0].figures.self_wall_ms);
	assert_near(0.791, node_at(arena, plan, "Delete on items", 0)->figures.self_wall_ms);
	assert_near(32.133, node_at(arena, plan, "Update on orders", 0)->figures.self_wall_ms);
	assert_near(0.8085, node_at(arena, plan, "Update on orders", 0)->figures.self_share);
	assert_int_equal(PLAN_MEMBER, node_at(arena, plan, "Index Scan using orders_pkey", 0)->link);
	assert_near(23146, node_at(arena, plan, "Update on orders", 0)->figures.self_pages);
	assert_near(0, plan->nodes.items[0].figures.self_pages);
	assert_near(0, plan->unattributed_ms);
	assert_near(1999, plan->triggers.items[0].calls);
}

/*
 * SubPlan 1 ran 199 times: 4.051 * 199 = 806.149, its scan 4.047 * 199 = 805.353.
 *   Index Only Scan: 819.258 - 806.149 = 13.109; Aggregate: 806.149 - 805.353 = 0.796
 */
static void a_subplan_is_a_child_of_the_node_that_calls_it(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_open();
	struct query_plan *plan = read_plan(arena, "subplan_18.json");
	assert_int_equal(PLAN_SUBPLAN, node_at(arena, plan, "Aggregate", 0)->link);
	assert_near(13.109, plan->nodes.items[0].figures.self_wall_ms);
	assert_near(0.796, node_at(arena, plan, "Aggregate", 0)->figures.self_wall_ms);
	assert_near(805.353, node_at(arena, plan, "Seq Scan on items", 0)->figures.self_wall_ms);
	assert_near(197.01, node_at(arena, plan, "Seq Scan on items", 0)->figures.rows); /* 0.99 * 199 */
	/* 49999 of 49999.99 looked at in each loop */
	assert_near(0.99998, node_at(arena, plan, "Seq Scan on items", 0)->figures.removed_share);
	assert_false(plan->nodes.items[0].figures.inconsistent);
}

/*
 * Leader and two workers: 3 loops under one Gather.
 *   Gather: 66.038 - 36.589 = 29.449; Sort: 21.019 - 10.665 = 10.354, of all three 31.062
 *   Append: 10.665 - 0.476 - 0.449 - 0.473 = 9.267
 *   the slowest worker at the Partial Aggregate: 34.388; sorts: leader and workers took 769 kB each
 */
static void partitions_in_parallel_are_shared_by_three_processes(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_open();
	struct query_plan *plan = read_plan(arena, "partitioned_join.json");
	const struct plan_node *aggregate = node_at(arena, plan, "Partial Aggregate", 0);
	const struct plan_node *sort = node_at(arena, plan, "Sort", 0);
	assert_near(29.449, node_at(arena, plan, "Gather", 0)->figures.self_wall_ms);
	assert_near(10.354, sort->figures.self_wall_ms);
	assert_near(31.062, sort->figures.self_cpu_ms);
	assert_near(9.267, node_at(arena, plan, "Append", 0)->figures.self_wall_ms);
	assert_int_equal(2, aggregate->workers.count);
	assert_near(34.388, aggregate->workers.items[1].total_ms);
	assert_near(168, aggregate->workers.items[1].buffers.shared_hit);
	assert_near(769 * 1024, sort->sort_space_bytes);
	assert_string_equal("quicksort", sort->sort_method);
	assert_int_equal(PLAN_MEMBER, node_at(arena, plan, "Seq Scan on public.parted_2 p_2", 0)->link);
}

/* 103.671 - 55.604 = 48.067: the compiler was loaded before the tree began; its 3.275 are not taken off. */
static void jit_and_what_is_outside_the_tree_are_told(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_open();
	struct query_plan *plan = read_plan(arena, "jit_17.json");
	assert_true(plan->has_jit);
	assert_near(5, plan->jit_functions);
	assert_near(3.275, plan->jit_ms);
	assert_near(48.067, plan->unattributed_ms);
	assert_string_equal("JIT Timing", plan->details.items[1].name);
	assert_string_equal("Generation 0.203 ms (Deform 0.081 ms), Inlining 0.000 ms, Optimization 0.237 ms, "
	                    "Emission 2.835 ms, Total 3.275 ms",
	                    plan->details.items[1].value);
}

/* 4247.862 - 8.607 - 4238.528 = 0.727 */
static void triggers_are_outside_the_tree(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_open();
	struct query_plan *plan = read_plan(arena, "triggers.json");
	assert_near(4238.528, plan->trigger_ms);
	assert_string_equal("items_order_id_fkey", plan->triggers.items[0].constraint);
	assert_near(0.727, plan->unattributed_ms);
	assert_near(2.901, plan->nodes.items[0].figures.self_wall_ms); /* 8.607 - 5.706 */
}

/* ---- estimates ---- */

static size_t count_starts(const struct query_plan *plan)
{
	size_t count = 0;
	for (size_t i = 0; i < plan->nodes.count; i++)
		count += plan->nodes.items[i].figures.estimate_starts;
	return count;
}

/* 100,000 rows where 1 was planned, from the scan on: the join above is as wrong, and not where it starts. */
static void a_wrong_estimate_is_flagged_where_it_starts(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_open();
	struct query_plan *plan = read_plan(arena, "wrong_estimate.json");
	assert_near(100000, node_at(arena, plan, "Nested Loop", 0)->figures.estimate_factor);
	assert_true(node_at(arena, plan, "Seq Scan on orders o", 0)->figures.estimate_starts);
	assert_int_equal(1, count_starts(plan));
	/* The inner side: 0.022 * 100,000; the join: 5097.782 - 43.694 - 2200 */
	assert_near(2854.088, node_at(arena, plan, "Nested Loop", 0)->figures.self_wall_ms);
}

/* 10 of 201,617 rows under a LIMIT; 1,000 of 201,637 of a merge join's outer side, which ended when the inner did. */
static void what_was_not_asked_for_is_no_wrong_estimate(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_open();
	assert_int_equal(0, count_starts(read_plan(arena, "limit_18.json")));
	assert_int_equal(0, count_starts(read_plan(arena, "merge_join.json")));
}

/* The table stands at the heap scan; a small table's factor is no matter; the join is no more wrong than its scan. */
static void a_wrong_estimate_is_flagged_where_analyze_can_mend_it(void **state)
{
	static const char text[] =
		"Hash Join  (cost=0.00..9.00 rows=10 width=4) (actual rows=5000 loops=1)\n"
		"  Hash Cond: (a.x = b.x)\n"
		"  ->  Bitmap Heap Scan on a  (cost=0.00..9.00 rows=10 width=4) (actual rows=5000 loops=1)\n"
		"        Recheck Cond: (x = 1)\n"
		"        ->  Bitmap Index Scan on a_x  (cost=0.00..9.00 rows=10 width=0) (actual rows=5000 loops=1)\n"
		"              Index Cond: (x = 1)\n"
		"  ->  Hash  (cost=0.00..9.00 rows=2 width=4) (actual rows=40 loops=1)\n"
		"        ->  Seq Scan on b  (cost=0.00..9.00 rows=2 width=4) (actual rows=40 loops=1)\n";
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_open();
	struct query_plan *plan = read_text(arena, text);
	assert_true(node_at(arena, plan, "Bitmap Heap Scan", 0)->figures.estimate_starts);
	assert_int_equal(1, count_starts(plan));
	assert_near(20, node_at(arena, plan, "Seq Scan on b", 0)->figures.estimate_factor);
}

static void a_node_that_is_switched_off_is_told_by_the_cost_of_old_servers(void **state)
{
	static const char text[] =
		"Limit  (cost=10000000000.00..10000000002.02 rows=1 width=4)\n"
		"  ->  Seq Scan on t  (cost=10000000000.00..10000000002.00 rows=130 width=4)\n";
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_open();
	struct query_plan *plan = read_text(arena, text);
	assert_false(plan->nodes.items[0].disabled);
	assert_true(plan->nodes.items[1].disabled);
	assert_near(2.00, plan->nodes.items[1].figures.self_cost);
	assert_near(0.02, plan->nodes.items[0].figures.self_cost);
}

/*
 * The inner side: 0.002 * 10,000 = 20.000, which may be 15 to 25; the join took 18.000, the outer side of it 1.000.
 * So 20.000 + 1.000 is 3.000 too much: almost all of it (10,000 of 10,001 loops) is taken off the inner side.
 */
static void rounding_is_taken_off_the_figure_that_it_made(void **state)
{
	static const char text[] =
		"Nested Loop  (cost=0.00..9.00 rows=10 width=4) (actual time=0.000..18.000 rows=10000 loops=1)\n"
		"  ->  Seq Scan on a  (cost=0.00..9.00 rows=10 width=4) (actual time=0.000..1.000 rows=10000 loops=1)\n"
		"  ->  Index Scan using b_x on b  (cost=0.00..9.00 rows=1 width=4) (actual time=0.001..0.002 rows=1 "
		"loops=10000)\n"
		"Execution Time: 18.000 ms\n";
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_open();
	struct query_plan *plan = read_text(arena, text);
	assert_false(plan->nodes.items[0].figures.inconsistent);
	assert_near(0, plan->nodes.items[0].figures.self_wall_ms);
	assert_near(0.9997, plan->nodes.items[1].figures.self_wall_ms);
	assert_near(17.0003, plan->nodes.items[2].figures.self_wall_ms);
	assert_near(17.0003, plan->nodes.items[2].figures.cpu_ms);
	double shares = 0;
	for (size_t i = 0; i < plan->nodes.count; i++)
		shares += plan->nodes.items[i].figures.self_share;
	assert_near(1, shares);
}

/* 0.002 in one loop cannot be within 0.001 after rounding to 0.001; 5.000 cannot be within 1.000. */
static void children_that_took_longer_than_their_parent_are_marked(void **state)
{
	static const char text[] =
		"Limit  (cost=0.00..1.00 rows=1 width=4) (actual time=0.000..1.000 rows=1 loops=1)\n"
		"  ->  Sort  (cost=0.00..1.00 rows=1 width=4) (actual time=0.000..5.000 rows=1 loops=1)\n"
		"        Sort Key: a\n"
		"        ->  Seq Scan on t  (cost=0.00..1.00 rows=1 width=4) (actual time=0.000..5.001 rows=1 loops=1)\n";
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_open();
	struct query_plan *plan = read_text(arena, text);
	assert_true(plan->nodes.items[0].figures.inconsistent);
	assert_false(plan->nodes.items[1].figures.inconsistent);
	assert_near(0, plan->nodes.items[0].figures.self_wall_ms);
	assert_near(0, plan->nodes.items[1].figures.self_wall_ms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(workers_without_their_leader_are_counted_by_their_loops),
		cmocka_unit_test(a_gather_pays_for_the_initplan_that_its_workers_use),
		cmocka_unit_test(a_gather_within_a_loop_has_the_processes_of_one_start),
		cmocka_unit_test(the_tenth_initplan_is_not_the_first),
		cmocka_unit_test(an_initplan_is_paid_for_where_it_is_first_used),
		cmocka_unit_test(the_scans_of_a_cte_pay_for_it_in_proportion),
		cmocka_unit_test(a_write_that_nobody_scans_is_no_part_of_the_tree),
		cmocka_unit_test(a_subplan_is_a_child_of_the_node_that_calls_it),
		cmocka_unit_test(partitions_in_parallel_are_shared_by_three_processes),
		cmocka_unit_test(jit_and_what_is_outside_the_tree_are_told),
		cmocka_unit_test(triggers_are_outside_the_tree),
		cmocka_unit_test(a_wrong_estimate_is_flagged_where_it_starts),
		cmocka_unit_test(what_was_not_asked_for_is_no_wrong_estimate),
		cmocka_unit_test(a_wrong_estimate_is_flagged_where_analyze_can_mend_it),
		cmocka_unit_test(a_node_that_is_switched_off_is_told_by_the_cost_of_old_servers),
		cmocka_unit_test(rounding_is_taken_off_the_figure_that_it_made),
		cmocka_unit_test(children_that_took_longer_than_their_parent_are_marked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
