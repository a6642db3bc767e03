#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "sets.h"

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

static struct migration_set read_set(const struct text_file *files)
{
	_cleanup_error_ struct error err = {0};
	struct migration_set set = {0};
	if (read_texts(arena, files, &set, &err) != OK)
		fail_msg("%s", err.message);
	return set;
}

static const struct migration *read_one(const char *text)
{
	struct text_file files[] = {{"001_a.sql", text}, {0}};
	struct migration_set set = read_set(files);
	return set.items;
}

struct refusal {
	const char *name, *text;    /* besides 001_a.sql */
	const char *message, *hint; /* a NULL hint is not looked at */
};

static void check_refusals(const struct refusal *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		_cleanup_error_ struct error err = {0};
		_cleanup_strbuf_ struct strbuf out = {0};
		struct migration_set set;
		struct text_file files[] = {{rows[i].name, rows[i].text}, {"001_a.sql", "SELECT 1"}, {0}};
		if (read_texts(arena, files, &set, &err) == OK)
			fail_msg("row %zu: %s was taken", i, rows[i].text);
		write_error(&out, &err);
		assert_int_equal(err.status, FAIL_REFUSED);
		if (strcmp(strbuf_text(&out), rows[i].message) != 0)
			fail_msg("row %zu\n  expected: %s\n  got:      %s", i, rows[i].message, strbuf_text(&out));
		assert_non_null(err.hint);
		if (rows[i].hint)
			assert_string_equal(err.hint, rows[i].hint);
	}
}

#define CHECK_REFUSALS(rows) check_refusals(rows, sizeof(rows) / sizeof((rows)[0]))

static void versions_compare_as_numbers_of_any_length(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		int order;
	} ROWS[] = {
		{"1", "2", -1},    {"2", "10", -1},  {"007", "7", 0}, {"0", "000", 0}, {"10", "9", 1},
		{"20240131093000", "18446744073709551616", -1}, {"00000000000000000020", "20", 0}, {"0", "1", -1},
	};
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		int order = version_compare(ROWS[i].a, ROWS[i].b), back = version_compare(ROWS[i].b, ROWS[i].a);
		assert_int_equal((order > 0) - (order < 0), ROWS[i].order);
		assert_int_equal((back > 0) - (back < 0), -ROWS[i].order);
	}
}

static void names_tell_the_kind_of_file(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		enum file_kind kind;
	} ROWS[] = {
		{"001_a.sql", FILE_UP},        {"1_a.b.sql", FILE_UP},       {"001_a.down.sql", FILE_DOWN},
		{"1_a b.verify.sql", FILE_VERIFY}, {"TEMPLATE.sql", FILE_IGNORED}, {"README.md", FILE_IGNORED},
		{".001_a.sql", FILE_IGNORED},  {"001_a.SQL", FILE_IGNORED},  {"001_a.sql~", FILE_IGNORED},
		{"001.sql", FILE_BAD_NAME},    {"001_.sql", FILE_BAD_NAME},  {"001_.down.sql", FILE_BAD_NAME},
		{"a.sql", FILE_BAD_NAME},      {"V1__a.sql", FILE_BAD_NAME}, {"2024-01-31_a.sql", FILE_BAD_NAME},
		{"1.2_a.sql", FILE_BAD_NAME},  {"template.sql", FILE_BAD_NAME}, {"001-a.sql", FILE_BAD_NAME},
		{"_a.sql", FILE_BAD_NAME},
	};
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++)
		if (file_kind_of(ROWS[i].name) != ROWS[i].kind)
			fail_msg("%s: %d", ROWS[i].name, (int)file_kind_of(ROWS[i].name));
}

static void files_become_migrations_by_number(void **state)
{
	(void)state;
	static const struct text_file FILES[] = {
		{"10_c.sql", "SELECT 1"},      {"TEMPLATE.sql", "BEGIN; BEGIN"},
		{"2_b.down.sql", "SELECT 1"},  {"1_a.sql", ""},
		{"2_b.sql", "-- Description: the second\nSELECT 1"}, {"2_b.verify.sql", "SELECT true"},
		{"00000000000000000020_d.sql", "SELECT 1"}, {0},
	};
	struct migration_set set = read_set(FILES);
	assert_int_equal(set.count, 4);
	assert_string_equal(set.items[0].version, "1");
	assert_string_equal(set.items[1].version, "2");
	assert_string_equal(set.items[1].name, "b");
	assert_string_equal(set.items[1].description, "the second");
	assert_string_equal(set.items[1].up.path, "m/2_b.sql");
	assert_string_equal(set.items[1].down.path, "m/2_b.down.sql");
	assert_string_equal(set.items[1].verify.path, "m/2_b.verify.sql");
	assert_null(set.items[2].down.path);
	assert_string_equal(set.items[3].version, "00000000000000000020");
	assert_ptr_equal(migration_find(&set, "0010"), &set.items[2]);
	assert_null(migration_find(&set, "3"));
}

static void folders_that_are_wrong_are_refused(void **state)
{
	(void)state;
	static const struct refusal ROWS[] = {
		{"1.2_prices.sql", "", "m/1.2_prices.sql: bad name 1.2_prices.sql",
	         "Rename the file, or move it out of the folder; only TEMPLATE.sql, dot files and files that do not end in "
	         ".sql are ignored."},
		{"1_names.sql", "", "m/1_names.sql: version 1 stands in two files: 001_a.sql and 1_names.sql",
	         "Give one of them a number of its own; leading zeros do not count."},
		{"002_b.down.sql", "", "m/002_b.down.sql: 002_b.down.sql has no up file",
	         "Add 002_b.sql, or remove this file."},
		{"001_b.verify.sql", "", "m/001_b.verify.sql: 001_b.verify.sql has no up file", NULL},
	};
	CHECK_REFUSALS(ROWS);

	_cleanup_error_ struct error err = {0};
	struct migration_set set;
	struct text_file files[] = {{"TEMPLATE.sql", ""}, {0}};
	assert_int_equal(read_texts(arena, files, &set, &err), FAIL_REFUSED);
	assert_string_equal(err.message, "no migration in the folder");
	assert_string_equal(err.detail, "The folder is m; it has no file like 001_name.sql.");
	assert_string_equal(err.hint, "Check the path and that the volume is mounted; subfolders are not looked into.");
}

static void bytes_that_are_no_text_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t length;
		long line;
		const char *message, *hint;
	} ROWS[] = {
		{"a\n\0b", 4, 2, "NUL byte in 001_a.sql at byte 3",
	         "PostgreSQL takes no NUL in text: remove the byte, or save the file as UTF-8."},
		{"a\nb\n\xE9t\xE9", 7, 3, "invalid UTF-8 in 001_a.sql at byte 5",
	         "Save the file as UTF-8, for example with `iconv -f LATIN1 -t UTF-8`."},
		{"\xFF\xFE-\0-\0", 6, 1, "invalid UTF-8 in 001_a.sql at byte 1", NULL},
	};
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		_cleanup_error_ struct error err = {0};
		struct migration_set set;
		char *bytes = arena_strndup(arena, ROWS[i].bytes, ROWS[i].length);
		struct source_file file = {"001_a.sql", "m/001_a.sql", bytes, ROWS[i].length};
		assert_int_equal(migrations_read(arena, "m", "h", &file, 1, &set, &err), FAIL_REFUSED);
		assert_string_equal(err.message, ROWS[i].message);
		assert_string_equal(err.file, "m/001_a.sql");
		assert_int_equal(err.line, ROWS[i].line);
		if (ROWS[i].hint)
			assert_string_equal(err.hint, ROWS[i].hint);
	}
}

static void line_ends_and_bom_do_not_change_the_canonical_checksum(void **state)
{
	(void)state;
	const struct migration *lf = read_one("SELECT 'a\nb';\nSELECT 2;\n");
	static const char *const FORMS[] = {
		"SELECT 'a\r\nb';\r\nSELECT 2;\r\n",
		"\xEF\xBB\xBFSELECT 'a\nb';\nSELECT 2;\n",
		"\xEF\xBB\xBFSELECT 'a\r\nb';\r\nSELECT 2;\r\n",
		"SELECT 'a\r\r\nb';\r\r\nSELECT 2;\r\r\n",
	};
	assert_string_equal(lf->up.raw->hex, lf->up.canonical->hex);
	for (size_t i = 0; i < sizeof(FORMS) / sizeof(FORMS[0]); i++) {
		const struct migration *form = read_one(FORMS[i]);
		assert_string_equal(form->up.canonical->hex, lf->up.canonical->hex);
		assert_string_not_equal(form->up.raw->hex, lf->up.raw->hex);
		assert_string_equal(form->up.steps.items[0].statements[0].sql, "SELECT 'a\nb'");
		assert_int_equal(form->up.steps.items[0].statements[1].line, 3);
		assert_int_equal(form->up.steps.items[0].statements[0].column, 1);
	}
	const struct migration *cr = read_one("SELECT 'a\r\rb';\r");
	assert_string_equal(cr->up.steps.items[0].statements[0].sql, "SELECT 'a\r\rb'");
	assert_string_equal(cr->up.raw->hex, cr->up.canonical->hex);
}

static void header_is_shown_and_directives_are_read(void **state)
{
	(void)state;
	static const struct text_file FILES[] = {
		{"001_a.sql", ""},
		{"003_b.sql", "-- Migration: 003_b\n--Related Task: T-1\n-- see also: nothing\n/* Key: no */\n\n"
	                      "-- pgsluice:requires 1 5, 07\n--pgsluice:conflicts 009\n-- pgsluice:phase contract\n"
	                      "-- pgsluice:requires-extension vector >= 0.7\n-- pgsluice:requires-extension citext\n"
	                      "-- pgsluice:requires-server >= 14\n-- pgsluice:changes-data documents, orders.status \n"
	                      "-- pgsluice:lock-timeout 2s\n-- pgsluice:statement-timeout 10min\n"
	                      "-- pgsluice:guard-wait 10s\n-- pgsluice:guard-waiting 50\n"
	                      "-- pgsluice:allow index-lock because the table is small\r\nSELECT 1;\n-- Not: a key\n"},
		{"003_b.down.sql", "-- pgsluice:transaction none\nSELECT 1; SELECT 2"},
		{0},
	};
	struct migration_set set = read_set(FILES);
	const struct migration *migration = &set.items[1];
	assert_int_equal(migration->headers.count, 2);
	assert_string_equal(migration->headers.items[0].key, "Migration");
	assert_string_equal(migration->headers.items[1].key, "Related Task");
	assert_string_equal(migration->headers.items[1].value, "T-1");
	assert_int_equal(migration->headers.items[1].line, 2);
	assert_int_equal(migration->requires.count, 3);
	assert_string_equal(migration->requires.items[0], "001");
	assert_string_equal(migration->requires.items[1], "5");
	assert_int_equal(migration->requires_lines.items[2], 6);
	assert_string_equal(migration->conflicts.items[0], "009");
	assert_int_equal(migration->phase, PHASE_CONTRACT);
	assert_string_equal(migration->extensions.items[0].extension, "vector");
	assert_string_equal(migration->extensions.items[0].at_least, "0.7");
	assert_null(migration->extensions.items[1].at_least);
	assert_int_equal(migration->requires_server, 14);
	assert_string_equal(migration->changes_data.items[1], "orders.status");
	assert_int_equal(migration->lock_timeout_ms, 2000);
	assert_int_equal(migration->statement_timeout_ms, 600000);
	assert_int_equal(migration->guard_wait_ms, 10000);
	assert_int_equal(migration->guard_waiting, 50);
	assert_string_equal(migration->up.allowances.items[0].rule, "index-lock");
	assert_string_equal(migration->up.allowances.items[0].reason, "the table is small");
	assert_false(migration->up.transaction_none);
	assert_true(migration->down.transaction_none);
	assert_int_equal(migration->down.steps.count, 2);
	assert_int_equal(set.items[0].lock_timeout_ms, -1);
	assert_int_equal(set.items[0].guard_wait_ms, -1);
	assert_int_equal(set.items[0].guard_waiting, -1);
}

static void directives_that_are_wrong_are_refused(void **state)
{
	(void)state;
	static const struct refusal ROWS[] = {
		{"002_b.sql", "\n  -- pgsluice:requiers 001\n", "m/002_b.sql:2:3: unknown directive \"requiers\"",
	         "Did you mean \"requires\", as in `-- pgsluice:requires 003 005`?"},
		{"002_b.sql", "-- pgsluice:frobnicate", "m/002_b.sql:1:1: unknown directive \"frobnicate\"",
	         "pgsluice-migration(5) lists all directives."},
		{"002_b.sql", "SELECT 1;\n-- pgsluice:requires 001\n",
	         "m/002_b.sql:2:1: directive outside the leading comment block",
	         "Move the line up, before the first statement."},
		{"002_b.sql", "-- pgsluice:requires abc",
	         "m/002_b.sql:1:1: directive \"requires\": \"abc\" is not a version",
	         "Write it as `-- pgsluice:requires 003 005`."},
		{"002_b.sql", "-- pgsluice:requires", "m/002_b.sql:1:1: directive \"requires\": no version given", NULL},
		{"002_b.sql", "-- pgsluice:transaction no",
	         "m/002_b.sql:1:1: directive \"transaction\": \"no\" is not none", NULL},
		{"002_b.sql", "-- pgsluice:phase shrink",
	         "m/002_b.sql:1:1: directive \"phase\": \"shrink\" is not expand, backfill or contract", NULL},
		{"002_b.sql", "-- pgsluice:phase expand\n-- pgsluice:phase contract",
	         "m/002_b.sql:2:1: directive \"phase\" stands twice", "Keep one of the lines."},
		{"002_b.sql", "-- pgsluice:requires-extension vector > 1",
	         "m/002_b.sql:1:1: directive \"requires-extension\": \"vector > 1\" is not an extension with a version",
	         NULL},
		{"002_b.sql", "-- pgsluice:requires-server 14.2",
	         "m/002_b.sql:1:1: directive \"requires-server\": \"14.2\" is not a major version of the server", NULL},
		{"002_b.sql", "-- pgsluice:changes-data ,",
	         "m/002_b.sql:1:1: directive \"changes-data\": no table given", NULL},
		{"002_b.sql", "-- pgsluice:lock-timeout soon",
	         "m/002_b.sql:1:1: directive \"lock-timeout\": \"soon\" is not a duration", NULL},
		{"002_b.sql", "-- pgsluice:guard-wait 0",
	         "m/002_b.sql:1:1: directive \"guard-wait\": \"0\" is not a duration",
	         "Write it as `-- pgsluice:guard-wait 10s`."},
		{"002_b.sql", "-- pgsluice:guard-waiting 91",
	         "m/002_b.sql:1:1: directive \"guard-waiting\": \"91\" is not a number from 1 to 90",
	         "Write it as `-- pgsluice:guard-waiting 50`."},
		{"002_b.sql", "-- pgsluice:allow index-lock",
	         "m/002_b.sql:1:1: directive \"allow\": \"index-lock\" gives no reason",
	         "Write it as `-- pgsluice:allow RULE because REASON`."},
		{"001_a.down.sql", "-- pgsluice:requires 1",
	         "m/001_a.down.sql:1:1: directive \"requires\" belongs into the up file",
	         "Move the line to the migration's up file; it holds for all its files."},
	};
	CHECK_REFUSALS(ROWS);
}

static void applied_files_are_not_parsed(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	struct migration_set set;
	struct source_file files[] = {
		{"001_a.sql", "m/001_a.sql", arena_strdup(arena, "\\i x"), 4},
		{"002_b.sql", "m/002_b.sql", arena_strdup(arena, "SELECT 1"), 8},
	};
	const char *versions[] = {"9", "1"};
	struct text_list applied = {.items = versions, .count = 2};
	assert_int_equal(migrations_read(arena, "m", "h", files, 2, &set, &err), OK);
	assert_int_equal(migrations_parse(arena, &set, &applied, &err), OK);
	assert_false(set.items[0].parsed);
	assert_true(set.items[1].parsed);
	assert_int_equal(migration_parse(arena, &set, &set.items[0], &err), FAIL_REFUSED);
	assert_string_equal(err.message, "psql command \\i is not accepted");
}

static void verify_files_may_only_read(void **state)
{
	(void)state;
	static const struct refusal ROWS[] = {
		{"001_a.verify.sql", "SELECT 1;\nDELETE FROM t", "m/001_a.verify.sql:2:1: DELETE in a verify file",
	         "Ask with SELECT: a row whose first column is false or null fails the check."},
		{"001_a.verify.sql", "SELECT 1 FROM t FOR UPDATE", "m/001_a.verify.sql:1:1: SELECT in a verify file", NULL},
		{"001_a.verify.sql", "SET TRANSACTION READ WRITE", "m/001_a.verify.sql:1:1: SET in a verify file", NULL},
		{"001_a.verify.sql", "LOCK TABLE t", "m/001_a.verify.sql:1:1: LOCK TABLE in a verify file", NULL},
		{"001_a.verify.sql", "VACUUM", "m/001_a.verify.sql:1:1: VACUUM in a verify file", NULL},
	};
	CHECK_REFUSALS(ROWS);

	struct text_file files[] = {{"001_a.sql", ""}, {"001_a.verify.sql", "BEGIN; SELECT 1; SHOW x; ROLLBACK;"}, {0}};
	struct migration_set set = read_set(files);
	_cleanup_strbuf_ struct strbuf out = {0};
	write_steps(&out, &set.items[0].verify);
	assert_string_equal(strbuf_text(&out), "[SELECT, SHOW]");
}

static void statements_that_do_not_parse_need_an_allowance(void **state)
{
	(void)state;
	static const struct refusal ROWS[] = {
		{"002_b.sql", "SELECT 1;\nSELECT (1 FRM", "m/002_b.sql:2:11: syntax error at or near \"FRM\"", NULL},
		{"002_b.sql", "CREATE TABLE :NAME (a int)", "m/002_b.sql:1:14: syntax error at or near \":\"",
	         "psql variables are not filled in here: write the value itself."},
		{"002_b.sql", "CREATE TABLE {{name}} (a int)", "m/002_b.sql:1:14: syntax error at or near \"{\"",
	         "pgsluice fills in no templates: write what the placeholder stands for."},
	};
	CHECK_REFUSALS(ROWS);

	_cleanup_error_ struct error err = {0};
	struct migration_set set;
	struct text_file files[] = {{"001_a.sql", "FROBNICATE t"}, {0}};
	assert_int_equal(read_texts(arena, files, &set, &err), FAIL_REFUSED);
	assert_string_equal(err.message, "syntax error at or near \"FROBNICATE\"");
	assert_string_equal(err.detail, arena_printf(arena, "The packaged parser, PostgreSQL %d's, does not take this "
	                                                    "statement, so its rules and locks cannot be checked.",
	                                             parser_version()));
	assert_string_equal(err.hint,
	                    arena_printf(arena, "Correct the statement. If a server newer than PostgreSQL %d takes it, "
	                                        "say so in the header: `-- pgsluice:allow unparsed because REASON`, and "
	                                        "`-- pgsluice:requires-server >= N`.", parser_version()));

	const struct migration *allowed = read_one("-- pgsluice:allow unparsed because 99\nSELECT 1; FROBNICATE t;");
	assert_int_equal(allowed->up.steps.items[0].count, 2);
	assert_false(allowed->up.steps.items[0].statements[1].parsed);
	assert_string_equal(allowed->up.steps.items[0].statements[1].sql, "FROBNICATE t");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_compare_as_numbers_of_any_length),
		cmocka_unit_test(names_tell_the_kind_of_file),
		cmocka_unit_test(files_become_migrations_by_number),
		cmocka_unit_test(folders_that_are_wrong_are_refused),
		cmocka_unit_test(bytes_that_are_no_text_are_refused),
		cmocka_unit_test(line_ends_and_bom_do_not_change_the_canonical_checksum),
		cmocka_unit_test(header_is_shown_and_directives_are_read),
		cmocka_unit_test(directives_that_are_wrong_are_refused),
		cmocka_unit_test(applied_files_are_not_parsed),
		cmocka_unit_test(verify_files_may_only_read),
		cmocka_unit_test(statements_that_do_not_parse_need_an_allowance),
	};
	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
