#include "fixture.h"

#include <signal.h>

#include "base/strbuf.h"

enum { MANY = 3000 };

struct seen {
	size_t count;
	size_t last_index;
	int64_t rows;
	bool in_order;
	size_t stop_at; /* 0 = never */
	const char *tag;
	const char *value;
};

static bool see(void *context, size_t index, const struct rows *rows)
{
	struct seen *seen = context;
	seen->in_order = (seen->count == 0 || index == seen->last_index + 1) && (seen->count == 0 || seen->in_order);
	seen->last_index = index;
	seen->rows += (int64_t)rows_count(rows);
	seen->tag = arena_strdup(arena, rows_tag(rows));
	if (rows_count(rows) > 0)
		seen->value = arena_strdup(arena, rows_get(rows, 0, 0));
	return ++seen->count != seen->stop_at;
}

static void results_come_in_order_with_their_index(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *session = open_session(SESSION_READ_WRITE);
	const char *parameters[] = {"7"};
	const struct pipeline_item items[] = {
		{.sql = "BEGIN"},
		{.sql = "CREATE TABLE public.t (id int)"},
		{.sql = "INSERT INTO public.t SELECT generate_series(1, $1::int)", .count = 1, .parameters = parameters},
		{.sql = "-- nothing"},
		{.sql = "SELECT * FROM public.t"},
		{.sql = "SELECT count(*) FROM public.t", .want_rows = true},
	};
	struct seen seen = {0};
	size_t failed = 99;
	long position = 99;
	expect_status(pipeline_run(session, items, 6, see, &seen, &failed, &position, &err), OK, &err);
	assert_int_equal(seen.count, 6);
	assert_true(seen.in_order);
	assert_int_equal(seen.rows, 1);
	assert_string_equal(seen.value, "7");
	assert_true(session_in_transaction(session));
	must_exec(session, "ROLLBACK");
}

static void statement_that_is_kept_runs_by_its_name(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *session = open_session(SESSION_READ_WRITE);
	const char *parameters[] = {"7"};
	const struct pipeline_item items[] = {
		{.name = "twice", .sql = "SELECT 2 * $1::int", .count = 1, .quiet = true},
		{.name = "twice", .count = 1, .parameters = parameters, .want_rows = true, .quiet = true},
		{.sql = "DEALLOCATE twice", .quiet = true},
		{.name = "twice", .count = 1, .parameters = parameters, .want_rows = true},
	};
	struct seen seen = {0};
	size_t failed = 99;
	long position = 99;
	expect_status(pipeline_run(session, items, 4, see, &seen, &failed, &position, &err), FAIL_INTERNAL, &err);
	assert_string_equal(err.sqlstate, "26000");
	assert_int_equal(failed, 3);
	assert_int_equal(seen.count, 3);
	assert_true(seen.in_order);
	assert_string_equal(seen.value, "14");
}

static void failing_statement_is_named_with_its_position(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *session = open_session(SESSION_READ_WRITE);
	const struct pipeline_item items[] = {
		{.sql = "BEGIN"},
		{.sql = "CREATE TABLE public.t (id int)"},
		{.sql = "SELECT nosuch FROM public.t"},
		{.sql = "SELECT 1/0"},
	};
	struct seen seen = {0};
	size_t failed = 99;
	long position = 99;
	expect_status(pipeline_run(session, items, 4, see, &seen, &failed, &position, &err), FAIL_INTERNAL, &err);
	assert_string_equal(err.sqlstate, "42703");
	assert_string_equal(err.message, "column \"nosuch\" does not exist");
	assert_int_equal(failed, 2);
	assert_int_equal(position, 8);
	assert_int_equal(seen.count, 2);
	assert_true(session_in_transaction(session));
	must_exec(session, "ROLLBACK");
	assert_value(session, "SELECT to_regclass('public.t') IS NULL", "t");
}

static void error_without_position_has_none(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *session = open_session(SESSION_READ_WRITE);
	const struct pipeline_item items[] = {{.sql = "ALTER TABLE public.nosuch ADD COLUMN a int"}};
	size_t failed = 99;
	long position = 99;
	expect_status(pipeline_run(session, items, 1, NULL, NULL, &failed, &position, &err), FAIL_INTERNAL, &err);
	assert_int_equal(failed, 0);
	assert_int_equal(position, 0);
	assert_value(session, "SELECT 1", "1");
}

/* Both directions full at once: neither side may wait for the other. */
static void large_pipeline_with_large_results_flows(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *session = open_session(SESSION_READ_ONLY);
	LIST(struct pipeline_item) items = {0};
	char *padding = arena_alloc(arena, 10001);
	memset(padding, 'x', 10000);
	for (size_t i = 0; i < MANY; i++)
		list_push(arena, &items,
		          ((struct pipeline_item){.sql = arena_printf(arena, "SELECT '%s'", padding), .want_rows = i % 2}));
	struct seen seen = {0};
	size_t failed = 99;
	long position = 99;
	expect_status(pipeline_run(session, items.items, items.count, see, &seen, &failed, &position, &err), OK, &err);
	assert_int_equal(seen.count, MANY);
	assert_int_equal(seen.rows, MANY / 2);
	assert_true(seen.in_order);
}

static void caller_may_want_no_more_results(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *session = open_session(SESSION_READ_ONLY);
	const struct pipeline_item items[] = {{.sql = "SELECT 1"}, {.sql = "SELECT 2"}, {.sql = "SELECT 3"}};
	struct seen seen = {.stop_at = 1};
	size_t failed = 99;
	long position = 99;
	expect_status(pipeline_run(session, items, 3, see, &seen, &failed, &position, &err), OK, &err);
	assert_int_equal(seen.count, 1);
	assert_value(session, "SELECT 1", "1");
}

static void a_stop_cancels_the_pipeline_and_keeps_the_session(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *session = open_session(SESSION_READ_WRITE);
	const struct pipeline_item items[] = {
		{.sql = "BEGIN"}, {.sql = "SELECT pg_sleep(60)"}, {.sql = "SELECT pg_sleep(60)"}};
	size_t failed = 99;
	long position = 99;
	struct stopper stopper;
	stop_after(&stopper, 50, SIGINT);
	expect_status(pipeline_run(session, items, 3, NULL, NULL, &failed, &position, &err), FAIL_INTERRUPTED, &err);
	loop_shield(loop);
	must_exec(session, "ROLLBACK");
	assert_value(session, "SELECT 1", "1");
	loop_unshield(loop);
}

static void copy_inside_a_pipeline_ends_the_session(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *session = open_session(SESSION_READ_WRITE);
	const struct pipeline_item items[] = {
		{.sql = "BEGIN"}, {.sql = "COPY pg_class FROM STDIN"}, {.sql = "SELECT 1"}};
	size_t failed = 99;
	long position = 99;
	expect_status(pipeline_run(session, items, 3, NULL, NULL, &failed, &position, &err), FAIL_INTERNAL, &err);
	assert_string_equal(err.message, "a COPY was sent inside a pipeline");
	assert_int_equal(failed, 1);
	assert_false(session_alive(session));
}

static void connection_lost_in_a_pipeline_is_unreachable(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *session = open_session(SESSION_READ_WRITE);
	const struct pipeline_item items[] = {
		{.sql = "SELECT 1"}, {.sql = "SELECT pg_terminate_backend(pg_backend_pid())"}, {.sql = "SELECT 2"}};
	struct seen seen = {0};
	size_t failed = 99;
	long position = 99;
	expect_status(pipeline_run(session, items, 3, see, &seen, &failed, &position, &err), FAIL_UNREACHABLE, &err);
	assert_int_equal(failed, 1);
	assert_int_equal(seen.count, 1);
	assert_false(session_alive(session));
}

static void reset_takes_back_what_a_file_left(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *session = open_session(SESSION_READ_WRITE);
	struct pipeline_item_list items = {0};
	size_t failed = 99;
	long position = 99;
	must_exec(session, "SET search_path = public; SET lock_timeout = '1s'; SET ROLE pg_monitor; PREPARE p AS SELECT 1;"
	                   "SET TimeZone = 'Asia/Tokyo'");
	session_reset_items(session, arena, &items);
	expect_status(pipeline_run(session, items.items, items.count, NULL, NULL, &failed, &position, &err), OK, &err);
	assert_value(session, "SELECT current_setting('search_path')", "pg_catalog");
	assert_value(session, "SELECT current_setting('lock_timeout')", "0");
	assert_value(session, "SELECT current_setting('TimeZone')", "UTC");
	assert_value(session, "SELECT current_user = session_user", "t");
	assert_value(session, "SELECT count(*) FROM pg_prepared_statements", "0");
	assert_value(session, "SELECT current_setting('application_name')",
	             "pgsluice/00000000-0000-4000-8000-000000000001/test");
}

static void copy_brings_rows_in(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *session = open_session(SESSION_READ_WRITE);
	_cleanup_strbuf_ struct strbuf data = {0};
	int64_t rows = -1;
	for (int i = 0; i < 200000; i++)
		strbuf_printf(&data, "%d\tsome text to make it large\n", i);
	must_exec(session, "CREATE TEMP TABLE t (id int, body text); BEGIN");
	expect_status(copy_in(session, "COPY pg_temp.t FROM STDIN", data.data, data.length, &rows, &err), OK, &err);
	assert_int_equal(rows, 200000);
	expect_status(copy_in(session, "COPY pg_temp.t FROM STDIN", "", 0, &rows, &err), OK, &err);
	assert_int_equal(rows, 0);
	assert_value(session, "SELECT sum(id)::text FROM pg_temp.t", "19999900000");
}

static void copy_error_names_the_line_of_the_data(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *session = open_session(SESSION_READ_WRITE);
	int64_t rows = -1;
	const char *data = "1\n2\nthree\n4\n";
	must_exec(session, "CREATE TEMP TABLE t (id int)");
	expect_status(copy_in(session, "COPY pg_temp.t FROM STDIN", data, strlen(data), &rows, &err), FAIL_INTERNAL,
	              &err);
	assert_string_equal(err.sqlstate, "22P02");
	assert_int_equal(err.line, 3);
	assert_string_equal(err.detail, "COPY t, line 3, column id: \"three\"");
	assert_value(session, "SELECT count(*) FROM pg_temp.t", "0");
	expect_status(copy_in(session, "COPY pg_temp.nosuch FROM STDIN", data, strlen(data), &rows, &err),
	              FAIL_INTERNAL, &err);
	assert_string_equal(err.sqlstate, "42P01");
	expect_status(copy_in(session, "SELECT 1", data, strlen(data), &rows, &err), FAIL_INTERNAL, &err);
	assert_string_equal(err.message, "the server asked for no COPY data");
	assert_int_equal(rows, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		on_cluster(results_come_in_order_with_their_index),
		on_cluster(statement_that_is_kept_runs_by_its_name),
		on_cluster(failing_statement_is_named_with_its_position),
		on_cluster(error_without_position_has_none),
		on_cluster(large_pipeline_with_large_results_flows),
		on_cluster(caller_may_want_no_more_results),
		on_cluster(a_stop_cancels_the_pipeline_and_keeps_the_session),
		on_cluster(copy_inside_a_pipeline_ends_the_session),
		on_cluster(connection_lost_in_a_pipeline_is_unreachable),
		on_cluster(reset_takes_back_what_a_file_left),
		on_cluster(copy_brings_rows_in),
		on_cluster(copy_error_names_the_line_of_the_data),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
