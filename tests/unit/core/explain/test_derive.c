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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(workers_without_their_leader_are_counted_by_their_loops),
		cmocka_unit_test(a_gather_pays_for_the_initplan_that_its_workers_use),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
