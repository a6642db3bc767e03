#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/pool/ramp.h"

/* Sessions, throughput, p95 in us. */
struct measured {
	size_t sessions;
	double throughput;
	int64_t p95_us;
};

static void measure(struct arena *arena, struct ramp_step_list *steps, struct measured step)
{
	*list_add(arena, steps) = (struct ramp_step){.sessions = step.sessions, .done = 100, .throughput = step.throughput,
	                                             .p50_us = step.p95_us / 2, .p95_us = step.p95_us,
	                                             .p99_us = step.p95_us * 2};
}

/* Two cores: twice as much with two sessions, no more with more, and each waits. */
static struct ramp_step_list two_cores(struct arena *arena)
{
	static const struct measured STEPS[] = {{1, 500, 2000}, {2, 1000, 2000}, {3, 1020, 3200}, {4, 1010, 4200}};
	struct ramp_step_list steps = {0};

	for (size_t i = 0; i < sizeof(STEPS) / sizeof(*STEPS); i++)
		measure(arena, &steps, STEPS[i]);
	return steps;
}

static void steps_grow_by_a_half_and_a_third(void **state)
{
	static const size_t WANTED[] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 50};
	_cleanup_arena_ struct arena *arena = arena_open();
	struct ramp_step_list steps = {0};
	(void)state;

	/* It gets better all the time. */
	for (size_t i = 0; i < sizeof(WANTED) / sizeof(*WANTED); i++) {
		size_t sessions = ramp_next(&steps, 50);
		assert_int_equal(sessions, WANTED[i]);
		measure(arena, &steps, (struct measured){sessions, (double)sessions * 100, 1000});
	}
	assert_int_equal(ramp_next(&steps, 50), 0);
	struct ramp_knee knee = ramp_find(arena, &steps);
	assert_true(knee.known);
	assert_false(knee.found);
	assert_string_equal(knee.text, "there is no knee up to 50 session(s): 4800 queries a second with a p95 of 1.00 ms "
	                               "at 48, and more sessions were not seen to be worse");
}

static void the_ramp_ends_two_steps_beyond_the_knee(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct ramp_step_list steps = two_cores(arena);
	(void)state;

	assert_int_equal(ramp_next(&steps, 64), 0);
	steps.count = 3;
	assert_int_equal(ramp_next(&steps, 64), 4);
}

static void the_ramp_ends_where_something_failed(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct ramp_step_list steps = {0};
	(void)state;

	measure(arena, &steps, (struct measured){1, 100, 1000});
	steps.items[0].failed = 1;
	assert_int_equal(ramp_next(&steps, 64), 0);
	struct ramp_knee knee = ramp_find(arena, &steps);
	assert_false(knee.known);
	assert_string_equal(knee.text, "no step was without errors");
}

static void the_knee_is_where_more_sessions_only_wait(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct ramp_step_list steps = two_cores(arena);
	struct ramp_knee knee = ramp_find(arena, &steps);
	(void)state;

	assert_true(knee.known && knee.found);
	assert_int_equal(steps.items[knee.step].sessions, 2);
	assert_string_equal(knee.text, "the knee is at 2 session(s): 1000 queries a second with a p95 of 2.00 ms; with 4 "
	                               "it is 1010 and 4.20 ms");
}

/* ---- what follows from it ---- */

static const struct ramp_setting *setting(const struct ramp_setting_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].name, name) == 0)
			return &list->items[i];
	fail_msg("no setting %s", name);
	return NULL;
}

static struct ramp_setting_list advise(struct arena *arena, const struct ramp_facts *facts)
{
	struct ramp_step_list steps = two_cores(arena);
	struct ramp_knee knee = ramp_find(arena, &steps);
	struct ramp_setting_list list = {0};

	ramp_advise(arena, &steps, &knee, facts, &list);
	return list;
}

static void every_setting_has_its_measurement(void **state)
{
	const struct ramp_facts facts = {.budget_ms = 500, .lock_timeout_ms = 1000, .clients = -1, .busy = -1,
	                                 .connections_left = -1};
	_cleanup_arena_ struct arena *arena = arena_open();
	struct ramp_setting_list list = advise(arena, &facts);
	(void)state;

	assert_string_equal(setting(&list, "default_pool_size")->value, "2");
	assert_string_equal(setting(&list, "reserve_pool_size")->value, "1");
	assert_string_equal(setting(&list, "reserve_pool_size")->why,
	                    "with 3 session(s) p95 is 3.20 ms, at most twice the 2.00 ms at the knee");
	/* 1,000 a second for half a second. */
	assert_string_equal(setting(&list, "max_client_conn")->value, "500");
	/* Twice half a second, a second of a migration, and what is begun. */
	assert_string_equal(setting(&list, "query_wait_timeout")->value, "3");
	for (size_t i = 0; i < list.count; i++)
		assert_true(strlen(list.items[i].why) > 20);
}

static void pools_share_the_servers(void **state)
{
	const struct ramp_facts facts = {.budget_ms = 500, .pools = 2, .clients = -1, .busy = -1, .connections_left = -1};
	_cleanup_arena_ struct arena *arena = arena_open();
	struct ramp_setting_list list = advise(arena, &facts);
	(void)state;

	assert_string_equal(setting(&list, "default_pool_size")->value, "1");
}

static void what_the_server_has_left_is_the_most(void **state)
{
	const struct ramp_facts facts = {.budget_ms = 500, .clients = -1, .busy = -1, .connections_left = 1};
	_cleanup_arena_ struct arena *arena = arena_open();
	struct ramp_setting_list list = advise(arena, &facts);
	(void)state;

	assert_string_equal(setting(&list, "default_pool_size")->value, "1");
	assert_string_equal(setting(&list, "reserve_pool_size")->value, "0");
	assert_string_equal(setting(&list, "reserve_pool_size")->why, "the server has no connections left for it");
}

static void clients_that_are_there_are_not_turned_away(void **state)
{
	const struct ramp_facts facts = {.budget_ms = 500, .clients = 800, .busy = -1, .connections_left = -1};
	_cleanup_arena_ struct arena *arena = arena_open();
	struct ramp_setting_list list = advise(arena, &facts);
	(void)state;

	assert_string_equal(setting(&list, "max_client_conn")->value, "800");
}

/* Measured on a busy machine of two cores: more sessions still do a little more, and each takes twice as long. */
static void the_knee_is_where_throughput_by_response_time_is_greatest(void **state)
{
	static const struct measured STEPS[] = {{1, 168, 25100}, {2, 291, 23800}, {3, 427, 25900},  {4, 458, 31400},
	                                        {6, 619, 32800}, {8, 773, 33500}, {12, 789, 49700}, {16, 904, 60700}};
	_cleanup_arena_ struct arena *arena = arena_open();
	struct ramp_step_list steps = {0};
	(void)state;

	for (size_t i = 0; i < sizeof(STEPS) / sizeof(*STEPS); i++) {
		assert_int_equal(ramp_next(&steps, 64), STEPS[i].sessions);
		measure(arena, &steps, STEPS[i]);
	}
	assert_int_equal(ramp_next(&steps, 64), 0);
	struct ramp_knee knee = ramp_find(arena, &steps);
	assert_true(knee.found);
	assert_int_equal(steps.items[knee.step].sessions, 8);
}

static void budgets_that_are_not_kept_at_the_knee_are_told(void **state)
{
	const struct ramp_facts facts = {.budget_ms = 500, .clients = -1, .busy = -1, .connections_left = -1};
	_cleanup_arena_ struct arena *arena = arena_open();
	struct ramp_step_list steps = two_cores(arena);
	struct ramp_knee knee = ramp_find(arena, &steps);
	struct text_list hints = {0}, none = {0};
	(void)state;

	steps.items[1].over = steps.items[2].over = 2;
	ramp_hints(arena, &steps, &knee, &facts, &hints);
	assert_string_equal(hints.items[0],
	                    "2 of the queries are over their budget at the knee; with up to 1 session(s) none is.");
	steps.items[0].over = 1;
	ramp_hints(arena, &steps, &knee, &facts, &none);
	assert_string_equal(none.items[0],
	                    "2 of the queries are over their budget at the knee, and with one session, too.");
}

static void the_present_load_is_held_against_the_knee(void **state)
{
	const struct ramp_facts facts = {.budget_ms = 500, .clients = -1, .busy = 1.5, .connections_left = -1, .cores = 4};
	_cleanup_arena_ struct arena *arena = arena_open();
	struct ramp_step_list steps = two_cores(arena);
	struct ramp_knee knee = ramp_find(arena, &steps);
	struct text_list hints = {0};
	(void)state;

	ramp_hints(arena, &steps, &knee, &facts, &hints);
	assert_int_equal(hints.count, 3);
	assert_string_equal(hints.items[0], "By Little's law 1.5 servers are busy now: 75 % of the knee.");
	assert_string_equal(hints.items[1],
	                    "By rule of thumb, cores * 2 + disks that seek: 4 * 2 + 1 = 9, beside 2 measured.");
}

static void without_a_clean_step_nothing_is_advised(void **state)
{
	const struct ramp_facts facts = {.budget_ms = 500};
	_cleanup_arena_ struct arena *arena = arena_open();
	struct ramp_step_list steps = {0};
	struct ramp_setting_list list = {0};
	struct ramp_knee knee = ramp_find(arena, &steps);
	(void)state;

	ramp_advise(arena, &steps, &knee, &facts, &list);
	assert_int_equal(list.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_grow_by_a_half_and_a_third),
		cmocka_unit_test(the_ramp_ends_two_steps_beyond_the_knee),
		cmocka_unit_test(the_ramp_ends_where_something_failed),
		cmocka_unit_test(the_knee_is_where_more_sessions_only_wait),
		cmocka_unit_test(every_setting_has_its_measurement),
		cmocka_unit_test(pools_share_the_servers),
		cmocka_unit_test(what_the_server_has_left_is_the_most),
		cmocka_unit_test(clients_that_are_there_are_not_turned_away),
		cmocka_unit_test(the_knee_is_where_throughput_by_response_time_is_greatest),
		cmocka_unit_test(budgets_that_are_not_kept_at_the_knee_are_told),
		cmocka_unit_test(the_present_load_is_held_against_the_knee),
		cmocka_unit_test(without_a_clean_step_nothing_is_advised),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
