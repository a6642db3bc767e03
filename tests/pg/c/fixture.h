/*
 * What the C programs that test on a real cluster share: the connection string from PGSLUICE_TEST_CONNINFO, one loop,
 * sessions on it. Knows nothing of what is tested.
 */
#ifndef TESTS_PG_C_FIXTURE_H
#define TESTS_PG_C_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/list.h"
#include "pg/pipeline.h"
#include "pg/session.h"
#include "sys/clock.h"
#include "sys/loop.h"

static struct loop *loop;
static struct arena *arena;

/* Fails the test with all that an error says, unless it is of that status. */
static inline void expect_status(enum status status, enum status expected, const struct error *err)
{
	if (status == expected)
		return;
	fail_msg("expected %s, got %s: %s [%s] (%s)", status_get(expected)->name, status_get(status)->name,
	         err->message ? err->message : "", err->sqlstate, err->detail ? err->detail : "");
}

static inline struct session *open_with(const struct session_options *options)
{
	_cleanup_error_ struct error err = {0};
	struct session *session = NULL;
	expect_status(session_open(loop, options, &session, &err), OK, &err);
	return session;
}

static inline struct session *open_session(enum session_access access)
{
	return open_with(&(struct session_options){.conninfo = getenv("PGSLUICE_TEST_CONNINFO"),
	                                           .access = access,
	                                           .role_word = "test",
	                                           .run_id = "00000000-0000-4000-8000-000000000001",
	                                           .direct = true});
}

static inline void must_exec(struct session *session, const char *sql)
{
	_cleanup_error_ struct error err = {0};
	expect_status(session_script(session, sql, &err), OK, &err);
}

/* The first value of a query, in the arena. */
static inline const char *value_of(struct session *session, const char *sql)
{
	_cleanup_error_ struct error err = {0};
	_cleanup_rows_ struct rows *rows = NULL;
	expect_status(session_query(session, sql, 0, NULL, &rows, &err), OK, &err);
	assert_true(rows_count(rows) > 0);
	return arena_strdup(arena, rows_get(rows, 0, 0));
}

static inline void assert_value(struct session *session, const char *sql, const char *expected)
{
	const char *value = value_of(session, sql);
	assert_non_null(value);
	assert_string_equal(value, expected);
}

/* Asks again until the query's value is true. */
static inline void await(struct session *session, const char *sql)
{
	int64_t deadline_ms = clock_ms() + 20000;
	for (const char *value = ""; !value || strcmp(value, "t") != 0; value = value_of(session, sql))
		if (clock_ms() > deadline_ms)
			fail_msg("waited in vain for: %s", sql);
}

/* Asks to stop from inside the wait, as a signal would. */
struct stopper {
	struct loop_timer timer;
	int signal_number;
};

static inline void stop_now(struct loop_timer *timer)
{
	struct stopper *stopper = timer->context;
	loop_stop(loop, stopper->signal_number);
}

static inline void stop_after(struct stopper *stopper, int64_t delay_ms, int signal_number)
{
	*stopper = (struct stopper){.signal_number = signal_number};
	stopper->timer =
		(struct loop_timer){.due_ms = clock_ms() + delay_ms, .due = stop_now, .context = stopper};
	loop_add_timer(loop, &stopper->timer);
}

static inline int begin_test(void **state)
{
	_cleanup_error_ struct error err = {0};
	(void)state;
	if (!getenv("PGSLUICE_TEST_CONNINFO")) {
		fputs("PGSLUICE_TEST_CONNINFO is not set: tests/pg/test_programs.py sets it\n", stderr);
		return -1;
	}
	arena = arena_open();
	return loop_open(&loop, &err) == OK ? 0 : -1;
}

static inline int end_test(void **state)
{
	(void)state;
	loop_close(loop);
	arena_close(arena);
	return 0;
}

#define on_cluster(name) cmocka_unit_test_setup_teardown(name, begin_test, end_test)

#endif
