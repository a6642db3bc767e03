#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/canary/canary.h"

static struct arena *arena;

static int open_arena(void **state)
{
	(void)state;
	arena = arena_open();
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(arena);
	return 0;
}

static struct canary read_right(const char *text)
{
	_cleanup_error_ struct error err = {0};
	struct canary canary = {0};
	if (canary_read(arena, "canaries/by_source.sql", text, strlen(text), &canary, &err) != OK)
		fail_msg("%s: %s", text, err.message);
	return canary;
}

static void a_file_without_header_has_the_name_of_the_file_and_the_usual_budget(void **state)
{
	(void)state;
	struct canary canary = read_right("SELECT 1;\n");
	assert_string_equal(canary.name, "by_source");
	assert_string_equal(canary.sql, "SELECT 1");
	assert_string_equal(canary.file, "canaries/by_source.sql");
	assert_int_equal(canary.line, 1);
	assert_int_equal(canary.budget_ms, 2000);
	assert_int_equal(canary.parameters.count, 0);
	assert_true(canary.frequency == 0);
	assert_false(canary.generic);
	assert_int_equal(canary.origin, CANARY_FILE);
}

static void the_header_says_name_budget_values_and_frequency(void **state)
{
	(void)state;
	struct canary canary = read_right("-- What the start page asks.\n-- Name: documents of a source\n\n"
	                                  "-- budget: 200ms\n-- parameters: 42, 'it''s, x', null, -1.5e3,true\n"
	                                  "-- frequency: 120/min\n"
	                                  "SELECT $1, $2, $3, $4, $5 -- the end\n");
	assert_string_equal(canary.name, "documents of a source");
	assert_int_equal(canary.budget_ms, 200);
	assert_int_equal(canary.parameters.count, 5);
	assert_string_equal(canary.parameters.items[0], "42");
	assert_string_equal(canary.parameters.items[1], "it's, x");
	assert_null(canary.parameters.items[2]);
	assert_string_equal(canary.parameters.items[3], "-1.5e3");
	assert_string_equal(canary.parameters.items[4], "true");
	assert_true(canary.frequency == 2);
	assert_int_equal(canary.line, 7);
	assert_false(canary.generic);
}

static void a_byte_order_mark_and_line_ends_of_windows_change_nothing(void **state)
{
	(void)state;
	struct canary canary = read_right("\xEF\xBB\xBF-- name: n\r\n-- budget: 1s\r\nSELECT\r\n 1;\r\n");
	assert_string_equal(canary.name, "n");
	assert_int_equal(canary.budget_ms, 1000);
	assert_string_equal(canary.sql, "SELECT\n 1");
}

static void parameters_without_values_make_it_generic(void **state)
{
	(void)state;
	assert_true(read_right("SELECT * FROM t WHERE a = $1 AND b = '$9'").generic);
}

static void what_is_wrong_is_told_with_file_line_and_hint(void **state)
{
	static const struct {
		const char *text, *message;
		long line;
		const char *hint;
	} ROWS[] = {
		{"", "there is no query here", 0, "Write one SELECT, INSERT, UPDATE, DELETE or MERGE."},
		{"SELECT 1;\nSELECT 2;", "there are 2 statements here, and one query is wanted", 2,
	         "Keep one of them; each query stands alone."},
		{"-- name: n\nDELETE FROM t", "a canary may only read, and this DELETE does more", 2,
	         "Watch the SELECT that is behind it; canaries are run on live as well."},
		{"SELECT * FROM t FOR UPDATE", "a canary may only read, and this SELECT does more", 1,
	         "Watch the SELECT that is behind it; canaries are run on live as well."},
		{"SELECT nextval('s')", "a canary may only read, and this SELECT does more", 1,
	         "Watch the SELECT that is behind it; canaries are run on live as well."},
		{"WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d",
	         "a canary may only read, and this SELECT does more", 1,
	         "Watch the SELECT that is behind it; canaries are run on live as well."},
		{"EXPLAIN SELECT 1", "EXPLAIN is no query that can be explained", 1,
	         "Give the query alone: EXPLAIN is put before it."},
		{"DROP TABLE t", "DROP TABLE is no query that can be explained", 1,
	         "Write one SELECT, INSERT, UPDATE, DELETE or MERGE."},
		{"-- budget: soon\nSELECT 1", "\"soon\" is no budget", 1, "Write a duration, as in: -- budget: 200ms"},
		{"-- name: a\n-- name: b\nSELECT 1", "\"name\" is told twice", 2, "Keep one of the lines."},
		{"-- name:\nSELECT 1", "\"name\" has no value", 1, "Give it one, or leave the line out."},
		{"-- bugdet: 1s\nSELECT 1", "\"bugdet\" is no key of a canary", 1,
	         "Did you mean \"budget\"? Other comments are free, where they do not look like one of: name, budget, "
	         "parameters, frequency."},
		{"-- frequency: often\nSELECT 1", "\"often\" is no frequency", 1,
	         "Write how often it runs, as in: -- frequency: 10/s (also /min, /h, /d)"},
		{"-- parameters: x\nSELECT $1", "\"x\" is no value", 1,
	         "Write numbers, 'texts', true, false and null, with commas between: -- parameters: 42, 'x'"},
		{"-- parameters: 'x\nSELECT $1", "\"'x\" is no value", 1,
	         "Write numbers, 'texts', true, false and null, with commas between: -- parameters: 42, 'x'"},
		{"-- parameters: 1,\nSELECT $1", "\"\" is no value", 1,
	         "Write numbers, 'texts', true, false and null, with commas between: -- parameters: 42, 'x'"},
		{"-- name: n\n-- parameters: 1, 2\nSELECT $1", "the query has 1 parameter(s), and 2 value(s) are given", 2,
	         "Give one value for each of $1 to $n; without the line only its generic plan is looked at."},
		{"-- parameters: 1\nSELECT 1", "the query has 0 parameter(s), and 1 value(s) are given", 1,
	         "Write $1, $2 and so on where the values belong, or leave the line out."},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		_cleanup_error_ struct error err = {0};
		struct canary canary;
		enum status status = canary_read(arena, "canaries/c.sql", ROWS[i].text, strlen(ROWS[i].text), &canary, &err);
		if (status != FAIL_REFUSED)
			fail_msg("%s: is taken", ROWS[i].text);
		assert_string_equal(err.message, ROWS[i].message);
		assert_string_equal(err.hint, ROWS[i].hint);
		assert_string_equal(err.file, "canaries/c.sql");
		if (err.line != ROWS[i].line)
			fail_msg("%s: line %ld", ROWS[i].text, err.line);
	}
}

static void two_of_one_name_are_refused(void **state)
{
	_cleanup_error_ struct error err = {0};
	struct canary_list list = {0};
	(void)state;
	list_push(arena, &list, read_right("SELECT 1"));
	assert_int_equal(canaries_check_names(&list, &err), OK);
	list_push(arena, &list, read_right("-- name: by_source\nSELECT 2"));
	assert_int_equal(canaries_check_names(&list, &err), FAIL_REFUSED);
	assert_string_equal(err.message, "two canaries have the name \"by_source\": canaries/by_source.sql and "
	                                 "canaries/by_source.sql");
}

static void what_decides_changes_the_digest_and_the_comment_does_not(void **state)
{
	struct canary_list a = {0}, b = {0}, c = {0};
	(void)state;
	list_push(arena, &a, read_right("-- budget: 1s\nSELECT 1"));
	list_push(arena, &b, read_right("-- A word.\n-- budget: 1s\nSELECT 1;"));
	list_push(arena, &c, read_right("-- budget: 2s\nSELECT 1"));
	assert_string_equal(canaries_digest(&a).hex, canaries_digest(&b).hex);
	assert_string_not_equal(canaries_digest(&a).hex, canaries_digest(&c).hex);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_without_header_has_the_name_of_the_file_and_the_usual_budget),
		cmocka_unit_test(the_header_says_name_budget_values_and_frequency),
		cmocka_unit_test(a_byte_order_mark_and_line_ends_of_windows_change_nothing),
		cmocka_unit_test(parameters_without_values_make_it_generic),
		cmocka_unit_test(what_is_wrong_is_told_with_file_line_and_hint),
		cmocka_unit_test(two_of_one_name_are_refused),
		cmocka_unit_test(what_decides_changes_the_digest_and_the_comment_does_not),
	};
	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
