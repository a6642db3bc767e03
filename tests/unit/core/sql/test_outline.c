#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/sql/outline.h"

static void expect(const char *sql, size_t limit, const char *outline)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	outline_write(&text, sql, limit);
	assert_string_equal(strbuf_text(&text), outline);
}

static void a_statement_is_one_line_without_comments(void **state)
{
	(void)state;
	expect("ALTER TABLE t -- why\n\tADD COLUMN /* so */ n int\n", 100, "ALTER TABLE t ADD COLUMN n int");
	expect("SELECT count(*), 7 FROM \"a b\".c WHERE x=$1", 100, "SELECT count(*), 7 FROM \"a b\".c WHERE x=$1");
}

static void what_stands_in_quotes_is_left_out(void **state)
{
	(void)state;
	expect("INSERT INTO users VALUES ('bob', E'it\\'s', 12)", 100, "INSERT INTO users VALUES ('...', '...', 12)");
	expect("DO $body$ BEGIN PERFORM 'x'; END $body$", 100, "DO $$...$$");
	expect("SELECT 'never ends", 100, "SELECT");
}

static void a_long_statement_is_cut_between_words(void **state)
{
	(void)state;
	expect("SELECT abcdefgh, ijklmnop FROM q", 20, "SELECT abcdefgh,...");
	expect("SELECT 1", 11, "SELECT 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_statement_is_one_line_without_comments),
		cmocka_unit_test(what_stands_in_quotes_is_left_out),
		cmocka_unit_test(a_long_statement_is_cut_between_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
