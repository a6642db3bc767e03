#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/pool/bouncer_json.h"

#define ENTRIES(array) (sizeof(array) / sizeof(*(array)))

static struct bouncer_table table_of(const char *name, const char *const *names, size_t columns,
                                     const char *const *cells, size_t count)
{
	return (struct bouncer_table){.name = name, .columns = columns, .rows = count / columns, .names = names,
	                              .cells = cells};
}

/* As 1.18 has them, with 16 columns, and as 1.24 does. */
static void pools_are_read_by_the_names_of_their_columns(void **state)
{
	static const char *const OLD[] = {"database", "user", "cl_active", "cl_waiting", "cl_active_cancel_req",
	                                  "cl_waiting_cancel_req", "sv_active", "sv_active_cancel",
	                                  "sv_being_canceled", "sv_idle", "sv_used", "sv_tested", "sv_login",
	                                  "maxwait", "maxwait_us", "pool_mode"};
	static const char *const OLD_CELLS[] = {"shop", "web", "7", "3", "0", "0", "4", "1", "0", "2", "1", "0", "1",
	                                        "2", "500000", "transaction",
	                                        "pgbouncer", "pgbouncer", "1", "0", "0", "0", "0", "0", "0", "0", "0",
	                                        "0", "0", "0", "0", "statement"};
	static const char *const NEW[] = {"load_balance_hosts", "pool_mode", "maxwait_us", "maxwait", "sv_login",
	                                  "sv_tested", "sv_used", "sv_idle", "sv_being_canceled", "sv_active_cancel",
	                                  "sv_active", "cl_waiting_cancel_req", "cl_active_cancel_req", "cl_waiting",
	                                  "cl_active", "user", "database"};
	static const char *const NEW_CELLS[] = {NULL, "transaction", "500000", "2", "1", "0", "1", "2", "0", "1", "4",
	                                        "0", "0", "3", "7", "web", "shop"};
	struct bouncer_table tables[] = {table_of("SHOW POOLS", OLD, ENTRIES(OLD), OLD_CELLS, ENTRIES(OLD_CELLS)),
	                                 table_of("SHOW POOLS", NEW, ENTRIES(NEW), NEW_CELLS, ENTRIES(NEW_CELLS))};
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;

	for (size_t i = 0; i < ENTRIES(tables); i++) {
		_cleanup_error_ struct error err = {0};
		struct bouncer_look look = {0};
		assert_int_equal(bouncer_read_pools(arena, &tables[i], &look, &err), OK);
		assert_int_equal(look.pools.count, 1);
		const struct bouncer_pool *pool = &look.pools.items[0];
		assert_string_equal(pool->database, "shop");
		assert_string_equal(pool->user, "web");
		assert_string_equal(pool->mode, "transaction");
		assert_int_equal(pool->clients, 7);
		assert_int_equal(pool->waiting, 3);
		assert_int_equal(pool->active, 4);
		assert_int_equal(pool->servers, 9);
		assert_int_equal(pool->longest_us, 2500000);
	}
}

static void the_reserve_has_two_names(void **state)
{
	static const char *const OLD[] = {"name", "pool_size", "reserve_pool", "max_connections", "paused", "disabled"};
	static const char *const NEW[] = {"name", "pool_size", "reserve_pool_size", "max_connections", "paused",
	                                  "disabled"};
	static const char *const CELLS[] = {"shop", "20", "5", "30", "1", "0"};
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;

	for (size_t i = 0; i < 2; i++) {
		_cleanup_error_ struct error err = {0};
		struct bouncer_look look = {0};
		struct bouncer_table table = table_of("SHOW DATABASES", i ? NEW : OLD, ENTRIES(OLD), CELLS,
		                                      ENTRIES(CELLS));
		assert_int_equal(bouncer_read_databases(arena, &table, &look, &err), OK);
		const struct bouncer_database *database = &look.databases.items[0];
		assert_int_equal(database->pool_size, 20);
		assert_int_equal(database->reserve, 5);
		assert_int_equal(database->connections_most, 30);
		assert_true(database->paused);
		assert_false(database->disabled);
	}
}

static void assignments_are_unknown_where_they_are_not_counted(void **state)
{
	static const char *const NAMES[] = {"database", "total_xact_count", "total_xact_time", "total_wait_time",
	                                    "total_server_assignment_count"};
	static const char *const CELLS[] = {"shop", "10", "20", "30", "40"};
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;

	for (size_t columns = 4; columns <= 5; columns++) {
		_cleanup_error_ struct error err = {0};
		struct bouncer_look look = {0};
		struct bouncer_table table = table_of("SHOW STATS", NAMES, columns, CELLS, columns);
		assert_int_equal(bouncer_read_stats(arena, &table, &look, &err), OK);
		assert_int_equal(look.counters.items[0].assignments, columns == 5 ? 40 : -1);
	}
}

static void settings_that_are_not_there_are_unknown(void **state)
{
	static const char *const NAMES[] = {"key", "value", "default", "changeable"};
	static const char *const CELLS[] = {"max_client_conn", "100", "100", "yes", "default_pool_size", "20", "20", "yes",
	                                    "pool_mode", "transaction", "session", "yes"};
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_error_ struct error err = {0};
	struct bouncer_look look = {0};
	struct bouncer_table table = table_of("SHOW CONFIG", NAMES, ENTRIES(NAMES), CELLS, ENTRIES(CELLS));
	(void)state;

	assert_int_equal(bouncer_read_config(arena, &table, &look, &err), OK);
	assert_int_equal(look.settings.max_client_conn, 100);
	assert_int_equal(look.settings.default_pool_size, 20);
	assert_string_equal(look.settings.pool_mode, "transaction");
	assert_int_equal(look.settings.reserve_pool_size, -1);
	assert_int_equal(look.settings.query_wait_timeout_s, -1);
}

static void a_table_without_what_is_needed_is_refused(void **state)
{
	static const char *const NAMES[] = {"database", "user"};
	static const char *const CELLS[] = {"shop", "web"};
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_error_ struct error err = {0};
	struct bouncer_look look = {0};
	struct bouncer_table table = table_of("SHOW POOLS", NAMES, 2, CELLS, 2);
	(void)state;

	assert_int_equal(bouncer_read_pools(arena, &table, &look, &err), FAIL_USAGE);
	assert_string_equal(err.message, "SHOW POOLS has no column \"cl_active\"");
}

/* ---- what two looks say ---- */

struct pair {
	struct arena *arena;
	struct bouncer_look before, after;
};

/* Ten seconds with 100 transactions of 200 ms, on a pool of 4: two servers are busy on average. */
static struct pair make_pair(void)
{
	struct pair pair = {.arena = arena_open(), .after = {.taken_us = 10000000}};

	*list_add(pair.arena, &pair.after.databases) = (struct bouncer_database){.name = "shop", .pool_size = 4};
	*list_add(pair.arena, &pair.after.pools) = (struct bouncer_pool){
		.database = "shop", .user = "web", .mode = "transaction", .clients = 9, .active = 2, .servers = 4};
	*list_add(pair.arena, &pair.before.counters) = (struct bouncer_counters){
		.database = "shop", .transactions = 50, .assignments = 50, .transaction_us = 1000, .wait_us = 500};
	*list_add(pair.arena, &pair.after.counters) = (struct bouncer_counters){
		.database = "shop", .transactions = 150, .assignments = 250, .transaction_us = 20401000, .wait_us = 400500};
	return pair;
}

static struct bouncer_load load_of(struct pair *pair)
{
	struct bouncer_load_list list = {0};

	bouncer_judge(pair->arena, &pair->before, &pair->after, &list);
	assert_int_equal(list.count, 1);
	return list.items[0];
}

static void busy_servers_are_counted_by_littles_law(void **state)
{
	struct pair pair = make_pair();
	struct bouncer_load load = load_of(&pair);
	(void)state;

	assert_true(load.counted);
	assert_int_equal(load.capacity, 4);
	assert_float_equal(load.busy, 2, 1e-9);
	assert_float_equal(load.utilisation, 0.5, 1e-9);
	assert_float_equal(load.transactions, 10, 1e-9);
	assert_float_equal(load.transaction_us, 200000, 1e-6);
	assert_float_equal(load.wait_us, 2000, 1e-6); /* of 200 assignments */
	assert_int_equal(load.level, BOUNCER_GOOD);
	assert_string_equal(load.verdict, "2.0 of 4 servers are busy on average (50 %)");
	arena_close(pair.arena);
}

static void more_servers_than_there_may_be_are_not_busy(void **state)
{
	struct pair pair = make_pair();
	(void)state;

	/* One transaction of ten minutes ended in these ten seconds. */
	pair.after.counters.items[0].transaction_us += 600000000;
	assert_float_equal(load_of(&pair).busy, 4, 1e-9);
	/* Clients waited to log in, which is in no transaction. */
	pair.after.counters.items[0].wait_us += 700000000;
	assert_float_equal(load_of(&pair).busy, 0, 1e-9);
	arena_close(pair.arena);
}

static void the_mean_wait_is_of_transactions_where_assignments_are_not_counted(void **state)
{
	struct pair pair = make_pair();
	(void)state;

	pair.before.counters.items[0].assignments = pair.after.counters.items[0].assignments = -1;
	assert_float_equal(load_of(&pair).wait_us, 4000, 1e-6);
	arena_close(pair.arena);
}

static void pools_of_all_users_share_what_the_database_may_have(void **state)
{
	struct pair pair = make_pair();
	(void)state;

	*list_add(pair.arena, &pair.after.pools) =
		(struct bouncer_pool){.database = "shop", .user = "jobs", .mode = "transaction", .clients = 1};
	*list_add(pair.arena, &pair.after.pools) = (struct bouncer_pool){.database = "shop", .user = "gone"};
	struct bouncer_load load = load_of(&pair);
	assert_int_equal(load.pools, 2);
	assert_int_equal(load.capacity, 8);
	pair.after.databases.items[0].connections_most = 5;
	assert_int_equal(load_of(&pair).capacity, 5);
	arena_close(pair.arena);
}

static void counters_that_went_back_say_nothing(void **state)
{
	struct pair pair = make_pair();
	(void)state;

	pair.before.counters.items[0].transactions = 1000;
	struct bouncer_load load = load_of(&pair);
	assert_false(load.counted);
	assert_int_equal(load.level, BOUNCER_TIGHT);
	assert_string_equal(load.verdict, "its counters do not belong together: PgBouncer was started anew");
	arena_close(pair.arena);
}

static void one_look_alone_counts_nothing_and_sees_who_is_stuck(void **state)
{
	struct pair pair = make_pair();
	struct bouncer_load_list list = {0};
	(void)state;

	bouncer_judge(pair.arena, NULL, &pair.after, &list);
	assert_false(list.items[0].counted || list.items[0].rated);
	assert_int_equal(list.items[0].level, BOUNCER_GOOD);
	assert_string_equal(list.items[0].verdict, "what its servers do is known from the next look on");
	_cleanup_json_ struct json *values = bouncer_json(&pair.after, &list, 0);
	assert_int_equal(json_kind(json_get(values, "busy")), JSON_KIND_NULL);
	assert_int_equal(json_kind(json_get(json_at(json_get(values, "databases"), 0), "utilisation")), JSON_KIND_NULL);
	pair.after.pools.items[0].waiting = 1;
	pair.after.pools.items[0].longest_us = 2000000;
	list.count = 0;
	bouncer_judge(pair.arena, NULL, &pair.after, &list);
	assert_int_equal(list.items[0].level, BOUNCER_BAD);
	arena_close(pair.arena);
}

static void a_database_that_was_not_used_before_began_at_zero(void **state)
{
	struct pair pair = make_pair();
	(void)state;

	pair.before.counters.count = 0;
	assert_float_equal(load_of(&pair).transactions, 15, 1e-9);
	arena_close(pair.arena);
}

static void session_pooling_is_judged_by_servers_held(void **state)
{
	struct pair pair = make_pair();
	(void)state;

	pair.after.pools.items[0].mode = "session";
	pair.after.pools.items[0].active = 4;
	struct bouncer_load load = load_of(&pair);
	assert_float_equal(load.utilisation, 1, 1e-9);
	assert_int_equal(load.level, BOUNCER_BAD);
	assert_string_equal(load.verdict, "clients hold 4 of 4 servers (100 %)");
	arena_close(pair.arena);
}

struct verdict_case {
	const char *name;
	int64_t active, waiting, longest_us, transaction_us, wait_us;
	bool paused, disabled;
	enum bouncer_level level;
	const char *verdict;
};

static void the_worst_is_said(void **state)
{
	static const struct verdict_case CASES[] = {
		{.name = "stuck", .active = 4, .waiting = 3, .longest_us = 1000000, .transaction_us = 20000000,
		 .level = BOUNCER_BAD, .verdict = "3 client(s) wait for a server, the first for 1.0 s: all 4 are taken"},
		{.name = "no server", .waiting = 3, .longest_us = 5000000, .level = BOUNCER_BAD,
		 .verdict = "3 client(s) wait for a server, the first for 5.0 s: 0 of 4 are taken, and no other is given"},
		{.name = "a moment", .active = 4, .waiting = 3, .longest_us = 999999, .transaction_us = 20000000,
		 .level = BOUNCER_GOOD, .verdict = "2.0 of 4 servers are busy on average (50 %)"},
		{.name = "tight", .transaction_us = 30000000, .level = BOUNCER_TIGHT,
		 .verdict = "3.0 of 4 servers are busy on average (75 %)"},
		{.name = "full", .transaction_us = 36000000, .level = BOUNCER_BAD,
		 .verdict = "3.6 of 4 servers are busy on average (90 %)"},
		{.name = "bursts", .transaction_us = 1000000, .wait_us = 4000000, .level = BOUNCER_TIGHT,
		 .verdict = "clients wait 20.0 ms for a server that they use for 10.0 ms"},
		{.name = "paused", .waiting = 2, .longest_us = 9000000, .paused = true, .level = BOUNCER_BAD,
		 .verdict = "it is paused, and 2 client(s) wait"},
		{.name = "disabled", .disabled = true, .level = BOUNCER_TIGHT,
		 .verdict = "it is disabled: new clients are refused"},
	};
	(void)state;

	for (size_t i = 0; i < ENTRIES(CASES); i++) {
		const struct verdict_case *row = &CASES[i];
		struct pair pair = make_pair();
		struct bouncer_pool *pool = &pair.after.pools.items[0];
		struct bouncer_counters *counters = &pair.after.counters.items[0];
		pool->active = row->active;
		pool->waiting = row->waiting;
		pool->longest_us = row->longest_us;
		counters->transaction_us = 1000 + row->transaction_us + row->wait_us;
		counters->wait_us = 500 + row->wait_us;
		pair.after.databases.items[0].paused = row->paused;
		pair.after.databases.items[0].disabled = row->disabled;
		struct bouncer_load load = load_of(&pair);
		if (load.level != row->level || strcmp(load.verdict, row->verdict) != 0)
			fail_msg("%s: %s: %s", row->name, bouncer_level_name(load.level), load.verdict);
		if ((load.level == BOUNCER_GOOD) != (load.advice == NULL))
			fail_msg("%s: advice %s", row->name, load.advice ? load.advice : "is missing");
		arena_close(pair.arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pools_are_read_by_the_names_of_their_columns),
		cmocka_unit_test(the_reserve_has_two_names),
		cmocka_unit_test(assignments_are_unknown_where_they_are_not_counted),
		cmocka_unit_test(settings_that_are_not_there_are_unknown),
		cmocka_unit_test(a_table_without_what_is_needed_is_refused),
		cmocka_unit_test(busy_servers_are_counted_by_littles_law),
		cmocka_unit_test(more_servers_than_there_may_be_are_not_busy),
		cmocka_unit_test(the_mean_wait_is_of_transactions_where_assignments_are_not_counted),
		cmocka_unit_test(pools_of_all_users_share_what_the_database_may_have),
		cmocka_unit_test(counters_that_went_back_say_nothing),
		cmocka_unit_test(one_look_alone_counts_nothing_and_sees_who_is_stuck),
		cmocka_unit_test(a_database_that_was_not_used_before_began_at_zero),
		cmocka_unit_test(session_pooling_is_judged_by_servers_held),
		cmocka_unit_test(the_worst_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
