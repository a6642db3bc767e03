#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/error.h"

static void context_goes_before_the_message(void **state)
{
	_cleanup_error_ struct error err = {0};
	(void)state;
	assert_int_equal(error_set(&err, FAIL_MIGRATION, "relation \"%s\" exists", "users"), FAIL_MIGRATION);
	assert_int_equal(error_wrap(&err, "migration %s", "003"), FAIL_MIGRATION);
	assert_string_equal(err.message, "migration 003: relation \"users\" exists");
}

static void setting_an_error_forgets_the_one_before(void **state)
{
	_cleanup_error_ struct error err = {0};
	(void)state;
	assert_int_equal(error_set(&err, FAIL_GATE, "first"), FAIL_GATE);
	assert_int_equal(error_detail(&err, "A detail."), FAIL_GATE);
	assert_int_equal(error_where(&err, "001_a.sql", 3, 7), FAIL_GATE);
	assert_int_equal(error_sqlstate(&err, "42P07"), FAIL_GATE);
	assert_int_equal(error_set(&err, FAIL_USAGE, "second"), FAIL_USAGE);
	assert_string_equal(err.message, "second");
	assert_null(err.detail);
	assert_null(err.file);
	assert_int_equal(err.line, 0);
	assert_string_equal(err.sqlstate, "");
}

static void own_hint_goes_before_the_default(void **state)
{
	_cleanup_error_ struct error err = {0};
	(void)state;
	assert_int_equal(error_set(&err, FAIL_PARTIAL, "half-way"), FAIL_PARTIAL);
	assert_string_equal(error_hint_text(&err),
	                    "Run `pgsluice resolve`: it shows what the catalog proves possible.");
	assert_int_equal(error_hint(&err, "Drop index %s.", "i"), FAIL_PARTIAL);
	assert_string_equal(error_hint_text(&err), "Drop index i.");
}

static void system_errors_are_named(void **state)
{
	_cleanup_error_ struct error err = {0};
	(void)state;
	errno = ENOENT;
	assert_int_equal(error_errno(&err, FAIL_USAGE, "could not open %s", "x.sql"), FAIL_USAGE);
	assert_string_equal(err.message, "could not open x.sql: No such file or directory");
}

static void a_moved_error_leaves_nothing_behind(void **state)
{
	_cleanup_error_ struct error from = {0};
	_cleanup_error_ struct error to = {0};
	(void)state;
	assert_int_equal(error_set(&to, FAIL_USAGE, "old"), FAIL_USAGE);
	assert_int_equal(error_set(&from, FAIL_GATE, "new"), FAIL_GATE);
	error_move(&to, &from);
	assert_string_equal(to.message, "new");
	assert_int_equal(to.status, FAIL_GATE);
	assert_int_equal(from.status, OK);
	assert_null(from.message);
}

static void every_failure_has_a_name_a_code_and_a_hint(void **state)
{
	(void)state;
	for (int i = OK + 1; i < STATUS_COUNT; i++) {
		const struct status_row *row = status_get((enum status)i);
		if (!row->name || !row->meaning || !row->hint || row->exit_code == 0)
			fail_msg("status %d is incomplete", i);
		for (int j = OK; j < i; j++)
			if (status_get((enum status)j)->exit_code == row->exit_code)
				fail_msg("%s and %s share exit code %d", row->name, status_get((enum status)j)->name,
				         row->exit_code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(context_goes_before_the_message),
		cmocka_unit_test(setting_an_error_forgets_the_one_before),
		cmocka_unit_test(own_hint_goes_before_the_default),
		cmocka_unit_test(system_errors_are_named),
		cmocka_unit_test(a_moved_error_leaves_nothing_behind),
		cmocka_unit_test(every_failure_has_a_name_a_code_and_a_hint),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
