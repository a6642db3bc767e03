#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "cuts.h"

struct row {
	const char *text, *expected;
};

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		_cleanup_strbuf_ struct strbuf out = {0};
		write_cuts(&out, rows[i].text, "pgsluice:");
		if (strcmp(strbuf_text(&out), rows[i].expected) != 0)
			fail_msg("row %zu: %s\n  expected: %s\n  got:      %s", i, rows[i].text, rows[i].expected,
			         strbuf_text(&out));
	}
}

#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static void splitter_cuts_at_semicolons(void **state)
{
	(void)state;
	static const struct row ROWS[] = {
		{"", ""},
		{"  \n\t", ""},
		{";;\n;", ""},
		{"-- only this\n/* and this */", ""},
		{"SELECT 1", "SELECT 1"},
		{"SELECT 1;", "SELECT 1"},
		{"SELECT 1;;SELECT 2 ;\n", "SELECT 1 | SELECT 2"},
		{"-- first\nSELECT 1 -- one\n; /* x */ SELECT 2", "SELECT 1 | SELECT 2"},
	};
	CHECK(ROWS);
}

static void splitter_keeps_quoted_semicolons(void **state)
{
	(void)state;
	static const struct row ROWS[] = {
		{"SELECT ';'; SELECT 2", "SELECT ';' | SELECT 2"},
		{"SELECT 'it''s;'; SELECT 2", "SELECT 'it''s;' | SELECT 2"},
		{"SELECT \"a;\"\"b\"; SELECT 2", "SELECT \"a;\"\"b\" | SELECT 2"},
		{"SELECT 'C:\\'; SELECT 2", "SELECT 'C:\\' | SELECT 2"},
		{"SELECT E'it\\';s'; SELECT 2", "SELECT E'it\\';s' | SELECT 2"},
		{"SELECT e'a''\\';'; SELECT 2", "SELECT e'a''\\';' | SELECT 2"},
		{"SELECT E'a'\n  '\\';'; SELECT 2", "SELECT E'a'\n  '\\';' | SELECT 2"},
		{"SELECT E'a' -- c\n '\\';'; SELECT 2", "SELECT E'a' -- c\n '\\';' | SELECT 2"},
		{"SELECT E'a' '\\'; SELECT 2", "SELECT E'a' '\\' | SELECT 2"},
		{"SELECT type'x\\'; SELECT 2", "SELECT type'x\\' | SELECT 2"},
		{"SELECT U&'d\\0061;' ; SELECT 2", "SELECT U&'d\\0061;' | SELECT 2"},
		{"SELECT U&\"d;\" ; SELECT 2", "SELECT U&\"d;\" | SELECT 2"},
		{"SELECT B'1;', N'2;'; SELECT 2", "SELECT B'1;', N'2;' | SELECT 2"},
	};
	CHECK(ROWS);
}

static void splitter_keeps_dollar_quoted_semicolons(void **state)
{
	(void)state;
	static const struct row ROWS[] = {
		{"DO $$ a; b $$; SELECT 2", "DO $$ a; b $$ | SELECT 2"},
		{"DO $x$ a; $$ b; $$ $y$ $x$; SELECT 2", "DO $x$ a; $$ b; $$ $y$ $x$ | SELECT 2"},
		{"SELECT a$b$c; SELECT 2", "SELECT a$b$c | SELECT 2"},
		{"SELECT $1; SELECT $2", "SELECT $1 | SELECT $2"},
		{"SELECT $\xC3\xA9$ ; $\xC3\xA9$; SELECT 2", "SELECT $\xC3\xA9$ ; $\xC3\xA9$ | SELECT 2"},
		{"SELECT $a$ ; $A$ ; $a$; SELECT 2", "SELECT $a$ ; $A$ ; $a$ | SELECT 2"},
	};
	CHECK(ROWS);
}

static void splitter_passes_comments(void **state)
{
	(void)state;
	static const struct row ROWS[] = {
		{"SELECT 1 /* ; */; SELECT 2", "SELECT 1 | SELECT 2"},
		{"SELECT 1 /* a /* ; */ ; */ + 1; SELECT 2", "SELECT 1 /* a /* ; */ ; */ + 1 | SELECT 2"},
		{"SELECT 1 -- ;'\n; SELECT 2", "SELECT 1 | SELECT 2"},
		{"SELECT 1--;\n; SELECT 2", "SELECT 1 | SELECT 2"},
		{"SELECT 1 +/* ; */ 1; SELECT 2", "SELECT 1 +/* ; */ 1 | SELECT 2"},
		{"SELECT 1 *-- ;\n 1; SELECT 2", "SELECT 1 *-- ;\n 1 | SELECT 2"},
		{"SELECT '/*'; SELECT '*/'", "SELECT '/*' | SELECT '*/'"},
	};
	CHECK(ROWS);
}

static void splitter_keeps_bodies_of_rules_and_routines(void **state)
{
	(void)state;
	static const struct row ROWS[] = {
		{"CREATE RULE r AS ON INSERT TO t DO (a; b); SELECT 2",
	         "CREATE RULE r AS ON INSERT TO t DO (a; b) | SELECT 2"},
		{"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END; SELECT 2",
	         "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END | SELECT 2"},
		{"create or replace procedure p() begin /* x */ atomic select case when a then 1 end; end; SELECT 2",
	         "create or replace procedure p() begin /* x */ atomic select case when a then 1 end; end | SELECT 2"},
		{"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1 AS end; SELECT x.case; END; SELECT 2",
	         "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1 AS end; SELECT x.case; END | SELECT 2"},
		{"BEGIN; SELECT atomic; END; SELECT 2", "BEGIN | SELECT atomic | END | SELECT 2"},
		{"CREATE TABLE f (begin int); SELECT 2", "CREATE TABLE f (begin int) | SELECT 2"},
	};
	CHECK(ROWS);
}

static void splitter_sets_copy_rows_apart(void **state)
{
	(void)state;
	static const struct row ROWS[] = {
		{"COPY t FROM STDIN;\n1;'\n\\N\t$$\n\\.\nSELECT 2;", "COPY t FROM STDIN<1;'\n\\N\t$$\n> | SELECT 2"},
		{"copy t (a, b) from stdin with (format csv) ;  \n\\.", "copy t (a, b) from stdin with (format csv)<>"},
		{"COPY t FROM stdin;\n\\.\\\n \\.\n\\.\n", "COPY t FROM stdin<\\.\\\n \\.\n>"},
		{"COPY t TO STDOUT; SELECT 2", "COPY t TO STDOUT | SELECT 2"},
		{"COPY (SELECT a FROM stdin) TO STDOUT; SELECT 2", "COPY (SELECT a FROM stdin) TO STDOUT | SELECT 2"},
		{"COPY t FROM 'stdin'; SELECT 2", "COPY t FROM 'stdin' | SELECT 2"},
		{"SELECT 1;\nCOPY t FROM STDIN;\n1\n", "f.sql:2:1: COPY ... FROM STDIN without the end of its rows"},
		{"COPY t FROM STDIN", "f.sql:1:1: COPY ... FROM STDIN without the end of its rows"},
		{"COPY t FROM STDIN; SELECT 1;\n\\.\n",
	         "f.sql:1:20: text behind COPY ... FROM STDIN on the same line"},
	};
	CHECK(ROWS);
}

static void splitter_says_where_what_never_ends_opens(void **state)
{
	(void)state;
	static const struct row ROWS[] = {
		{"SELECT 1;\n  SELECT 'abc;\n", "f.sql:2:10: unterminated quoted string"},
		{"SELECT '\xC3\xA9', 'abc", "f.sql:1:13: unterminated quoted string"},
		{"SELECT E'abc\\'", "f.sql:1:8: unterminated quoted string"},
		{"SELECT E'abc\\", "f.sql:1:8: unterminated quoted string"},
		{"SELECT E'a'\n'b", "f.sql:1:8: unterminated quoted string"},
		{"SELECT \"abc", "f.sql:1:8: unterminated quoted identifier"},
		{"DO $x$ a $$ $y$", "f.sql:1:4: unterminated dollar-quoted string"},
		{"SELECT 1 /* a /* b */", "f.sql:1:10: unterminated comment"},
		{"/*", "f.sql:1:1: unterminated comment"},
		{"/*/", "f.sql:1:1: unterminated comment"},
	};
	CHECK(ROWS);
}

static void splitter_refuses_psql_commands(void **state)
{
	(void)state;
	static const struct row ROWS[] = {
		{"SELECT 1;\n  \\i other.sql\n", "f.sql:2:3: psql command \\i is not accepted"},
		{"SELECT 1 \\gexec", "f.sql:1:10: psql command \\gexec inside a statement"},
		{"\\! rm -rf x", "f.sql:1:1: psql command \\! is not accepted"},
		{"\\connect x", "f.sql:1:1: psql command \\connect is not accepted"},
		{"\\set x 1", "f.sql:1:1: psql command \\set is not accepted"},
		{"\\set ON_ERROR_STOPPED 1", "f.sql:1:1: psql command \\set is not accepted"},
		{"\\set ON_ERROR_STOP on \\i x", "f.sql:1:23: psql command \\i is not accepted"},
		{"SELECT\n\\set ON_ERROR_STOP on\n1", "f.sql:2:1: psql command \\set inside a statement"},
		{"\\", "f.sql:1:1: psql command \\ is not accepted"},
		{"\\.", "f.sql:1:1: psql command \\. is not accepted"},
	};
	CHECK(ROWS);
}

static void splitter_accepts_psql_commands_that_ask_for_what_we_do(void **state)
{
	(void)state;
	static const struct row ROWS[] = {
		{"\\set ON_ERROR_STOP on\nSELECT 1;\n\\unset ON_ERROR_STOP", "SELECT 1"},
		{"\\restrict abc123\n\nSELECT 1;\n\\unrestrict abc123\n", "SELECT 1"},
	};
	CHECK(ROWS);
}

static void splitter_finds_a_directive_behind_the_header(void **state)
{
	(void)state;
	static const struct row ROWS[] = {
		{"SELECT 1;\n -- pgsluice:requires 1\n", "f.sql:2:2: directive outside the leading comment block"},
		{"SELECT --pgsluice:x\n1", "f.sql:1:8: directive outside the leading comment block"},
		{"SELECT 1; -- see pgsluice:requires", "SELECT 1"},
		{"SELECT '-- pgsluice:x'; /* -- pgsluice:x */", "SELECT '-- pgsluice:x'"},
	};
	CHECK(ROWS);
}

static void splitter_marks_what_would_end_a_recursive_parser(void **state)
{
	(void)state;
	static const struct {
		const char *head, *unit;
		int times;
		bool deep;
	} ROWS[] = {
		{"SELECT 1", "+1", 1000, false},         {"SELECT 1", "+1", 20000, true},
		{"SELECT true", " AND a = 1", 9000, false}, {"SELECT 1", ", a + 1", 9000, false},
		{"SELECT 1", " UNION SELECT 1", 800, false}, {"SELECT 1", " UNION SELECT 1", 9000, true},
		{"SELECT ", "(", 400, false},            {"SELECT ", "(", 9000, true},
		{"VALUES (1)", ", ((-1) + 2)", 9000, false}, {"SELECT ", "CASE WHEN a THEN ", 9000, true},
	};
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		_cleanup_strbuf_ struct strbuf text = {0};
		_cleanup_error_ struct error err = {0};
		struct cutter cutter;
		struct piece piece;
		bool found = false;
		strbuf_puts(&text, ROWS[i].head);
		for (int n = 0; n < ROWS[i].times; n++)
			strbuf_puts(&text, ROWS[i].unit);
		cutter_init(&cutter, "f.sql", strbuf_text(&text), text.length, 0);
		assert_int_equal(cut_next(&cutter, &piece, &found, &err), OK);
		if (!found || piece.deep != ROWS[i].deep)
			fail_msg("row %zu: %s... is %sdeep", i, ROWS[i].unit, piece.deep ? "" : "not ");
	}
}

static void refusals_say_what_to_do(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	struct cutter cutter;
	struct piece piece;
	bool found;
	cutter_init(&cutter, "f.sql", "\\copy t from x", 14, 0);
	assert_int_equal(cut_next(&cutter, &piece, &found, &err), FAIL_REFUSED);
	assert_string_equal(err.message, "psql command \\copy is not accepted");
	assert_string_equal(err.detail, "psql commands are not executed here; nothing of this file runs.");
	assert_string_equal(err.hint, "Remove the line, or put the SQL that it stands for into the file.");

	cutter_init(&cutter, "f.sql", "$$ a", 4, 0);
	assert_int_equal(cut_next(&cutter, &piece, &found, &err), FAIL_REFUSED);
	assert_string_equal(err.hint, "Close the dollar-quoted string that opens here; "
	                              "everything behind it was taken for a part of it.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splitter_cuts_at_semicolons),
		cmocka_unit_test(splitter_keeps_quoted_semicolons),
		cmocka_unit_test(splitter_keeps_dollar_quoted_semicolons),
		cmocka_unit_test(splitter_passes_comments),
		cmocka_unit_test(splitter_keeps_bodies_of_rules_and_routines),
		cmocka_unit_test(splitter_sets_copy_rows_apart),
		cmocka_unit_test(splitter_says_where_what_never_ends_opens),
		cmocka_unit_test(splitter_refuses_psql_commands),
		cmocka_unit_test(splitter_accepts_psql_commands_that_ask_for_what_we_do),
		cmocka_unit_test(splitter_finds_a_directive_behind_the_header),
		cmocka_unit_test(splitter_marks_what_would_end_a_recursive_parser),
		cmocka_unit_test(refusals_say_what_to_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
