#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "core/sql/query_print.h"
#include "core/sql/statement.h"

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_open();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_close(arena);
	return 0;
}

static struct query_print print_of(const char *sql)
{
	struct query_print print = {{0}};
	if (!query_fingerprint(sql, &print))
		fail_msg("no fingerprint: %s", sql);
	assert_int_equal(strspn(print.hex, "0123456789abcdef"), 16);
	assert_int_equal(strlen(print.hex), 16);
	return print;
}

static void expect_same(const char *one, const char *other)
{
	assert_string_equal(print_of(one).hex, print_of(other).hex);
}

static void expect_other(const char *one, const char *other)
{
	assert_string_not_equal(print_of(one).hex, print_of(other).hex);
}

static void expect_text(const char *sql, const char *text)
{
	const char *normalized = query_normalize(arena, sql);
	assert_non_null(normalized);
	assert_string_equal(normalized, text);
}

static void fingerprint_is_blind_to_what_changes_from_call_to_call(void **state)
{
	(void)state;
	expect_same("SELECT * FROM t WHERE a = 1", "select *\nfrom t -- why\nwhere a = 'two';");
	expect_same("SELECT * FROM t WHERE a IN (1, 2)", "SELECT * FROM t WHERE a IN (1, 2, 3)");
	expect_same("SELECT * FROM t WHERE a = 1", "SELECT * FROM t WHERE a = $1");
	expect_other("SELECT * FROM t WHERE a = 1", "SELECT * FROM u WHERE a = 1");
	expect_other("SELECT * FROM t WHERE a = 1", "SELECT * FROM t WHERE b = 1");
}

/* Like syntax of a server to come: no parser takes it. */
#define NEWER " FETCH ALL THE ROWS"

static void a_query_that_the_parser_is_too_old_for_has_a_fingerprint(void **state)
{
	(void)state;
	assert_null(statement_fingerprint(arena, "SELECT a FROM t WHERE a = 1" NEWER));
	expect_same("SELECT a FROM t WHERE a = 1 AND b = B'1'" NEWER,
	            "select a from t /* x */ where A=22 and b='z'" NEWER ";");
	expect_other("SELECT a FROM t WHERE a = 1" NEWER, "SELECT a FROM u WHERE a = 1" NEWER);
	expect_other("SELECT a FROM \"T\"" NEWER, "SELECT a FROM \"t\"" NEWER);
}

static void a_query_too_deep_for_the_parser_has_a_fingerprint(void **state)
{
	(void)state;
	_cleanup_strbuf_ struct strbuf sql = {0};
	strbuf_puts(&sql, "SELECT 1");
	for (int i = 0; i < 50000; i++)
		strbuf_puts(&sql, "+1");
	print_of(strbuf_text(&sql));
	assert_memory_equal(query_normalize(arena, strbuf_text(&sql)), "SELECT $1+$2+$3", 15);
}

static void constants_become_parameters_behind_its_own(void **state)
{
	(void)state;
	expect_text("SELECT * FROM t\n\tWHERE a = $1 AND b = 'x' LIMIT 10;",
	            "SELECT * FROM t WHERE a = $1 AND b = $2 LIMIT $3");
	expect_text("SELECT E'it\\'s', $$body$$, B'1', -5 FROM t", "SELECT $1, $2, $3, $4 FROM t");
	expect_text("SELECT a::varchar(10) FROM t ORDER BY 1", "SELECT a::varchar(10) FROM t ORDER BY 1");
}

static void comments_are_left_out_of_the_text(void **state)
{
	(void)state;
	expect_text("/* token 'abc' */ SELECT a -- for bob\nFROM t", "SELECT a FROM t");
}

static void quoted_text_that_is_no_constant_is_left_out_too(void **state)
{
	(void)state;
	expect_text("CREATE TABLE x AS SELECT 'secret' AS a", "CREATE TABLE x AS SELECT '...' AS a");
	expect_text("EXECUTE p('abc')", "EXECUTE p('...')");
}

static void a_query_that_does_not_parse_loses_its_constants_too(void **state)
{
	(void)state;
	expect_text("SELECT a FROM t -- of bob\nWHERE a = $2 AND b = 'x' AND c = 7 AND d = X'1F' AND e=$$y$$" NEWER,
	            "SELECT a FROM t WHERE a = $2 AND b = $3 AND c = $4 AND d = $5 AND e=$6" NEWER);
	expect_text("SELECT date'2026-01-01'AS a, 5 AS b" NEWER, "SELECT date $1 AS a, $2 AS b" NEWER);
}

static void what_is_not_one_statement_has_neither(void **state)
{
	(void)state;
	static const char *const SQL[] = {"", " ;; -- nothing", "SELECT 1; SELECT 2", "SELECT 'open", "SELECT 1 /* open",
	                                  "\\dt", "COPY t FROM STDIN;\n1\n\\.\n"};
	for (size_t i = 0; i < sizeof(SQL) / sizeof(SQL[0]); i++) {
		struct query_print print = {"untouched"};
		if (query_fingerprint(SQL[i], &print) || query_normalize(arena, SQL[i]))
			fail_msg("taken for one statement: %s", SQL[i]);
		assert_string_equal(print.hex, "untouched");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fingerprint_is_blind_to_what_changes_from_call_to_call),
		cmocka_unit_test(a_query_that_the_parser_is_too_old_for_has_a_fingerprint),
		cmocka_unit_test(a_query_too_deep_for_the_parser_has_a_fingerprint),
		cmocka_unit_test(constants_become_parameters_behind_its_own),
		cmocka_unit_test(comments_are_left_out_of_the_text),
		cmocka_unit_test(quoted_text_that_is_no_constant_is_left_out_too),
		cmocka_unit_test(a_query_that_does_not_parse_loses_its_constants_too),
		cmocka_unit_test(what_is_not_one_statement_has_neither),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
