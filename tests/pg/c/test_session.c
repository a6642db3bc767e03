#include "fixture.h"

#include <signal.h>

static void read_only_session_refuses_to_write(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *session = open_session(SESSION_READ_ONLY);
	expect_status(session_exec(session, "CREATE TABLE public.t (id int)", &err), FAIL_INTERNAL, &err);
	assert_string_equal(err.sqlstate, "25006");
	assert_value(session, "SELECT pg_catalog.current_setting('default_transaction_read_only')", "on");
	assert_true(session_alive(session));
}

static void session_pins_its_settings(void **state)
{
	(void)state;
	_cleanup_session_ struct session *session = open_session(SESSION_READ_ONLY);
	static const char *const PINNED[][2] = {
		{"search_path", "pg_catalog"},     {"TimeZone", "UTC"},
		{"DateStyle", "ISO, MDY"},         {"client_encoding", "UTF8"},
		{"statement_timeout", "0"},        {"lock_timeout", "0"},
		{"row_security", "off"},           {"idle_in_transaction_session_timeout", "0"},
		{"bytea_output", "hex"},           {"client_connection_check_interval", "1s"},
		{"application_name", "pgsluice/00000000-0000-4000-8000-000000000001/test"},
	};
	for (size_t i = 0; i < sizeof(PINNED) / sizeof(PINNED[0]); i++)
		assert_value(session, arena_printf(arena, "SELECT current_setting('%s')", PINNED[i][0]), PINNED[i][1]);
}

static void plain_session_keeps_what_the_role_sees(void **state)
{
	(void)state;
	_cleanup_session_ struct session *session = open_with(&(struct session_options){
		.conninfo = arena_printf(arena, "%s options='-c search_path=app,public -c TimeZone=Asia/Tokyo'",
	                                 getenv("PGSLUICE_TEST_CONNINFO")),
		.access = SESSION_READ_WRITE,
		.plain = true});
	assert_value(session, "SELECT current_setting('search_path')", "app,public");
	assert_value(session, "SELECT current_setting('TimeZone')", "Asia/Tokyo");
	assert_value(session, "SELECT current_setting('lock_timeout')", "0");
	assert_value(session, "SELECT current_setting('application_name')", "pgsluice");
	assert_string_equal(session_search_path(session), "{public}");
}

static void writing_session_waits_for_the_disk(void **state)
{
	(void)state;
	static const char *const CASES[][2] = {{"off", "on"}, {"local", "on"}, {"remote_apply", "remote_apply"}};
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		_cleanup_session_ struct session *session = open_with(&(struct session_options){
			.conninfo = arena_printf(arena, "%s options='-c synchronous_commit=%s'",
		                                 getenv("PGSLUICE_TEST_CONNINFO"), CASES[i][0]),
			.access = SESSION_READ_WRITE});
		assert_value(session, "SELECT current_setting('synchronous_commit')", CASES[i][1]);
	}
}

static void query_gives_rows_with_nulls_and_counts(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_rows_ struct rows *rows = NULL;
	_cleanup_session_ struct session *session = open_session(SESSION_READ_ONLY);
	const char *parameters[] = {"41", NULL};
	expect_status(session_query(session, "SELECT $1::int + 1, $2::text, true FROM generate_series(1, 3)", 2,
	                            parameters, &rows, &err),
	              OK, &err);
	assert_int_equal(rows_count(rows), 3);
	assert_int_equal(rows_int(rows, 2, 0), 42);
	assert_null(rows_get(rows, 0, 1));
	assert_int_equal(rows_int(rows, 0, 1), 0);
	assert_true(rows_true(rows, 0, 2));
	assert_string_equal(rows_tag(rows), "SELECT 3");
	assert_int_equal(rows_affected(rows), 3);
}

static void error_carries_the_parts_that_the_server_sent(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *session = open_session(SESSION_READ_ONLY);
	expect_status(session_exec(session,
	                           "DO $$ BEGIN RAISE EXCEPTION 'no way' USING ERRCODE = 'ZZ123', DETAIL = 'The detail.', "
	                           "HINT = 'The hint.'; END $$",
	                           &err),
	              FAIL_INTERNAL, &err);
	assert_string_equal(err.sqlstate, "ZZ123");
	assert_string_equal(err.message, "no way");
	assert_string_equal(err.detail, "The detail.\nPL/pgSQL function inline_code_block line 1 at RAISE");
	assert_string_equal(err.hint, "The hint.");
}

static void lock_timeout_has_a_status_of_its_own(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *holder = open_session(SESSION_READ_WRITE);
	_cleanup_session_ struct session *session = open_session(SESSION_READ_WRITE);
	must_exec(holder, "CREATE TABLE public.held (id int)");
	must_exec(holder, "BEGIN; LOCK TABLE public.held");
	assert_true(session_in_transaction(holder));
	must_exec(session, "SET lock_timeout = '20ms'");
	expect_status(session_exec(session, "DELETE FROM public.held", &err), FAIL_LOCK_BUDGET, &err);
	assert_string_equal(err.sqlstate, "55P03");
	assert_string_equal(err.hint, "Another session holds a conflicting lock; run again when it is gone.");
	must_exec(holder, "ROLLBACK; DROP TABLE public.held");
}

static void copy_without_data_is_an_error_and_copy_out_is_dropped(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *session = open_session(SESSION_READ_WRITE);
	must_exec(session, "CREATE TEMP TABLE t (id int)");
	expect_status(session_exec(session, "COPY pg_temp.t FROM STDIN", &err), FAIL_INTERNAL, &err);
	assert_string_equal(err.sqlstate, "57014");
	expect_status(session_exec(session, "COPY (SELECT generate_series(1, 300000)) TO STDOUT", &err), OK, &err);
	assert_value(session, "SELECT 1", "1");
}

struct heard {
	char text[200];
};

static void hear(void *context, const char *severity, const char *sqlstate, const char *message)
{
	struct heard *heard = context;
	snprintf(heard->text, sizeof(heard->text), "%s %s %s", severity, sqlstate, message);
}

static void notices_are_heard(void **state)
{
	(void)state;
	struct heard heard = {""};
	_cleanup_session_ struct session *session = open_session(SESSION_READ_ONLY);
	session_on_notice(session, hear, &heard);
	must_exec(session, "DO $$ BEGIN RAISE WARNING 'careful'; END $$");
	assert_string_equal(heard.text, "WARNING 01000 careful");
}

static void sessions_work_in_parallel(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *first = open_session(SESSION_READ_ONLY);
	_cleanup_session_ struct session *second = open_session(SESSION_READ_ONLY);
	struct session *both[] = {first, second};
	size_t index = 9;
	bool timeout = false;

	expect_status(session_send(first, "SELECT pg_sleep(60)", 0, NULL, &err), OK, &err);
	expect_status(session_wait_any(loop, both, 2, clock_ms(), &index, &timeout, &err), OK, &err);
	assert_true(timeout);
	expect_status(session_send(second, "SELECT 'done'", 0, NULL, &err), OK, &err);
	expect_status(session_wait_any(loop, both, 2, INT64_MAX, &index, &timeout, &err), OK, &err);
	assert_int_equal(index, 1);
	_cleanup_rows_ struct rows *rows = NULL;
	expect_status(session_result(second, &rows, &err), OK, &err);
	assert_string_equal(rows_get(rows, 0, 0), "done");
	session_cancel(first);
	expect_status(session_wait_any(loop, both, 2, INT64_MAX, &index, &timeout, &err), OK, &err);
	assert_int_equal(index, 0);
	expect_status(session_result(first, NULL, &err), FAIL_INTERNAL, &err);
	assert_string_equal(err.sqlstate, "57014");
	expect_status(session_wait_any(loop, both, 2, INT64_MAX, &index, &timeout, &err), FAIL_INTERNAL, &err);
}

static void a_stop_cancels_the_statement_and_keeps_the_session(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *session = open_session(SESSION_READ_ONLY);
	struct stopper stopper;
	int64_t before_ms = clock_ms();
	stop_after(&stopper, 50, SIGTERM);
	expect_status(session_exec(session, "SELECT pg_sleep(60)", &err), FAIL_TERMINATED, &err);
	assert_string_equal(err.message, "terminated by SIGTERM");
	assert_true(clock_ms() - before_ms < 10000);
	expect_status(session_exec(session, "SELECT 1", &err), FAIL_TERMINATED, &err);
	loop_shield(loop);
	assert_value(session, "SELECT 1", "1");
	loop_unshield(loop);
}

static void closing_a_busy_session_ends_its_statement(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *watcher = open_session(SESSION_READ_ONLY);
	struct session *session = open_session(SESSION_READ_ONLY);
	const char *gone = arena_printf(arena, "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = %d",
	                                session_backend_pid(session));
	expect_status(session_send(session, "SELECT pg_sleep(600)", 0, NULL, &err), OK, &err);
	await(watcher, arena_printf(arena, "SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = %d",
	                            session_backend_pid(session)));
	session_close(session);
	await(watcher, gone);
}

static void a_session_that_was_ended_says_so(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *killer = open_session(SESSION_READ_ONLY);
	_cleanup_session_ struct session *session = open_session(SESSION_READ_ONLY);
	expect_status(session_send(session, "SELECT pg_sleep(60)", 0, NULL, &err), OK, &err);
	assert_value(killer,
	             arena_printf(arena, "SELECT pg_terminate_backend(%d)", session_backend_pid(session)), "t");
	expect_status(session_result(session, NULL, &err), FAIL_UNREACHABLE, &err);
	assert_string_equal(err.sqlstate, "57P01");
	assert_false(session_alive(session));
	expect_status(session_exec(session, "SELECT 1", &err), FAIL_UNREACHABLE, &err);
	assert_string_equal(err.message, "the connection to the server was lost");
	assert_string_equal(err.hint, "Check the server's log and the network; then run again.");
}

static void quoted_text_comes_back_as_it_was(void **state)
{
	(void)state;
	_cleanup_session_ struct session *session = open_session(SESSION_READ_ONLY);
	static const char *const TEXTS[] = {"plain", "it's", "back\\slash", "\\'", "Zürich 東京", "\"x\""};
	for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
		assert_value(session, arena_printf(arena, "SELECT %s", quote_literal(arena, TEXTS[i])), TEXTS[i]);
		assert_value(session,
		             arena_printf(arena, "SELECT to_jsonb(s)::text FROM (SELECT 1 AS %s) s",
		                          quote_ident(arena, TEXTS[i])),
		             value_of(session, arena_printf(arena, "SELECT jsonb_build_object(%s, 1)::text",
		                                            quote_literal(arena, TEXTS[i]))));
	}
}

static void writable_says_what_a_transaction_would_be(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *reader = open_session(SESSION_READ_ONLY);
	_cleanup_session_ struct session *writer = open_session(SESSION_READ_WRITE);
	bool in_recovery = true, read_only = false;
	expect_status(session_writable(reader, &in_recovery, &read_only, &err), OK, &err);
	assert_false(in_recovery);
	assert_true(read_only);
	expect_status(session_writable(writer, &in_recovery, &read_only, &err), OK, &err);
	assert_false(read_only);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		on_cluster(read_only_session_refuses_to_write),
		on_cluster(session_pins_its_settings),
		on_cluster(plain_session_keeps_what_the_role_sees),
		on_cluster(writing_session_waits_for_the_disk),
		on_cluster(query_gives_rows_with_nulls_and_counts),
		on_cluster(error_carries_the_parts_that_the_server_sent),
		on_cluster(lock_timeout_has_a_status_of_its_own),
		on_cluster(copy_without_data_is_an_error_and_copy_out_is_dropped),
		on_cluster(notices_are_heard),
		on_cluster(sessions_work_in_parallel),
		on_cluster(a_stop_cancels_the_statement_and_keeps_the_session),
		on_cluster(closing_a_busy_session_ends_its_statement),
		on_cluster(a_session_that_was_ended_says_so),
		on_cluster(quoted_text_comes_back_as_it_was),
		on_cluster(writable_says_what_a_transaction_would_be),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
