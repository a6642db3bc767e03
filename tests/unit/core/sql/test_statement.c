#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "core/sql/abbreviate.h"
#include "core/sql/statement.h"

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

static struct statement_list read_sql(const char *sql)
{
	_cleanup_error_ struct error err = {0};
	struct statement_list list = {0};
	struct statement_source source = {.file = "f.sql", .text = arena_strdup(arena, sql), .length = strlen(sql)};
	if (statements_read(arena, &source, &list, &err) != OK)
		fail_msg("%s: %s", sql, err.message);
	return list;
}

static const struct statement *read_one(const char *sql)
{
	struct statement_list list = read_sql(sql);
	assert_int_equal(list.count, 1);
	return list.items;
}

static void statements_have_tag_and_class(void **state)
{
	(void)state;
	static const struct {
		const char *sql, *tag;
		enum transaction_class class;
	} ROWS[] = {
		{"CREATE TABLE t (a int)", "CREATE TABLE", CLASS_TRANSACTIONAL},
		{"CREATE TABLE t AS SELECT 1", "CREATE TABLE AS", CLASS_TRANSACTIONAL},
		{"CREATE MATERIALIZED VIEW v AS SELECT 1", "CREATE MATERIALIZED VIEW", CLASS_TRANSACTIONAL},
		{"CREATE INDEX i ON t (a)", "CREATE INDEX", CLASS_TRANSACTIONAL},
		{"CREATE INDEX CONCURRENTLY i ON t (a)", "CREATE INDEX", CLASS_OUTSIDE},
		{"DROP INDEX CONCURRENTLY i", "DROP INDEX", CLASS_OUTSIDE},
		{"DROP INDEX i", "DROP INDEX", CLASS_TRANSACTIONAL},
		{"REINDEX TABLE CONCURRENTLY t", "REINDEX", CLASS_OUTSIDE},
		{"REINDEX (CONCURRENTLY) INDEX i", "REINDEX", CLASS_OUTSIDE},
		{"REINDEX (CONCURRENTLY false) INDEX i", "REINDEX", CLASS_TRANSACTIONAL},
		{"REINDEX SCHEMA s", "REINDEX", CLASS_OUTSIDE},
		{"VACUUM", "VACUUM", CLASS_OUTSIDE},
		{"VACUUM (ANALYZE) t", "VACUUM", CLASS_OUTSIDE},
		{"ANALYZE t", "ANALYZE", CLASS_TRANSACTIONAL},
		{"CLUSTER", "CLUSTER", CLASS_OUTSIDE},
		{"CLUSTER t USING i", "CLUSTER", CLASS_TRANSACTIONAL},
		{"ALTER SYSTEM SET work_mem = '1MB'", "ALTER SYSTEM", CLASS_OUTSIDE},
		{"CREATE DATABASE d", "CREATE DATABASE", CLASS_OUTSIDE},
		{"DROP DATABASE d", "DROP DATABASE", CLASS_OUTSIDE},
		{"ALTER DATABASE d SET TABLESPACE s", "ALTER DATABASE", CLASS_OUTSIDE},
		{"ALTER DATABASE d SET work_mem = '1MB'", "ALTER DATABASE", CLASS_TRANSACTIONAL},
		{"CREATE TABLESPACE s LOCATION '/x'", "CREATE TABLESPACE", CLASS_OUTSIDE},
		{"DROP TABLESPACE s", "DROP TABLESPACE", CLASS_OUTSIDE},
		{"CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p", "CREATE SUBSCRIPTION", CLASS_OUTSIDE},
		{"CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (connect = false)", "CREATE SUBSCRIPTION",
	         CLASS_TRANSACTIONAL},
		{"CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (create_slot = off)", "CREATE SUBSCRIPTION",
	         CLASS_TRANSACTIONAL},
		{"ALTER SUBSCRIPTION s REFRESH PUBLICATION", "ALTER SUBSCRIPTION", CLASS_OUTSIDE},
		{"ALTER SUBSCRIPTION s DISABLE", "ALTER SUBSCRIPTION", CLASS_TRANSACTIONAL},
		{"ALTER SUBSCRIPTION s SET PUBLICATION p WITH (refresh = false)", "ALTER SUBSCRIPTION",
	         CLASS_TRANSACTIONAL},
		{"DROP SUBSCRIPTION s", "DROP SUBSCRIPTION", CLASS_OUTSIDE},
		{"DISCARD ALL", "DISCARD", CLASS_OUTSIDE},
		{"DISCARD TEMP", "DISCARD", CLASS_TRANSACTIONAL},
		{"ALTER TABLE p DETACH PARTITION q CONCURRENTLY", "ALTER TABLE", CLASS_OUTSIDE},
		{"ALTER TABLE p DETACH PARTITION q", "ALTER TABLE", CLASS_TRANSACTIONAL},
		{"ALTER TYPE t ADD VALUE 'x'", "ALTER TYPE", CLASS_TRANSACTIONAL},
		{"ALTER INDEX i RENAME TO j", "ALTER INDEX", CLASS_TRANSACTIONAL},
		{"ALTER VIEW v RENAME COLUMN a TO b", "ALTER VIEW", CLASS_TRANSACTIONAL},
		{"ALTER FUNCTION f() OWNER TO r", "ALTER FUNCTION", CLASS_TRANSACTIONAL},
		{"COMMENT ON TABLE t IS 'CREATE INDEX CONCURRENTLY'", "COMMENT", CLASS_TRANSACTIONAL},
		{"DO $$ BEGIN EXECUTE 'CREATE INDEX CONCURRENTLY'; END $$", "DO", CLASS_TRANSACTIONAL},
		{"CREATE PROCEDURE p() LANGUAGE sql AS ''", "CREATE PROCEDURE", CLASS_TRANSACTIONAL},
		{"BEGIN", "BEGIN", CLASS_BEGIN},
		{"START TRANSACTION READ WRITE", "START TRANSACTION", CLASS_BEGIN},
		{"BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE", "BEGIN", CLASS_BEGIN},
		{"BEGIN ISOLATION LEVEL SERIALIZABLE", "BEGIN with transaction modes", CLASS_ROLLBACK},
		{"BEGIN READ ONLY", "BEGIN with transaction modes", CLASS_ROLLBACK},
		{"COMMIT", "COMMIT", CLASS_COMMIT},
		{"END", "COMMIT", CLASS_COMMIT},
		{"COMMIT AND CHAIN", "COMMIT AND CHAIN", CLASS_ROLLBACK},
		{"ROLLBACK", "ROLLBACK", CLASS_ROLLBACK},
		{"PREPARE TRANSACTION 'x'", "PREPARE TRANSACTION", CLASS_ROLLBACK},
		{"COMMIT PREPARED 'x'", "COMMIT PREPARED", CLASS_ROLLBACK},
		{"SAVEPOINT s", "SAVEPOINT", CLASS_SAVEPOINT},
		{"RELEASE s", "RELEASE", CLASS_SAVEPOINT},
		{"ROLLBACK TO s", "ROLLBACK TO SAVEPOINT", CLASS_SAVEPOINT},
	};
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		const struct statement *statement = read_one(ROWS[i].sql);
		if (!statement->parsed || strcmp(statement->tag, ROWS[i].tag) != 0 || statement->class != ROWS[i].class)
			fail_msg("%s: tag %s, class %d", ROWS[i].sql, statement->tag, (int)statement->class);
	}
}

static const char *flags_of(const struct statement *statement)
{
	return arena_printf(arena, "%s%s%s%s%s%s%s", statement->read_only ? " reads" : "",
	                    statement->opaque_writes ? " opaque" : "", statement->foreign ? " foreign" : "",
	                    statement->cluster_wide ? " cluster" : "", statement->concurrent_index ? " concurrent" : "",
	                    statement->if_not_exists ? " unless-there" : "", statement->session_state ? " session" : "");
}

static void statements_have_flags(void **state)
{
	(void)state;
	static const struct {
		const char *sql, *flags;
	} ROWS[] = {
		{"SELECT count(*) FROM t", " reads"},
		{"VALUES (1)", " reads"},
		{"SHOW work_mem", " reads"},
		{"SELECT 1 INTO x", ""},
		{"SELECT * FROM t FOR UPDATE", ""},
		{"SELECT nextval('s')", ""},
		{"SELECT pg_terminate_backend(1)", ""},
		{"SET search_path = app", " session"},
		{"RESET ROLE", " session"},
		{"SET LOCAL ROLE app", " session"},
		{"SET SESSION AUTHORIZATION app", " session"},
		{"DISCARD ALL", " session"},
		{"SELECT pg_catalog.set_config('search_path', '', false)", " reads session"},
		{"SELECT set_config('a.b', app.write(), false)", " reads opaque"},
		{"SELECT app.now()", " reads opaque"},
		{"SELECT refresh_all()", " reads opaque"},
		{"WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", ""},
		{"EXPLAIN DELETE FROM t", " reads"},
		{"EXPLAIN (ANALYZE) SELECT 1", ""},
		{"EXPLAIN (ANALYZE off) SELECT 1", " reads"},
		{"SELECT * FROM dblink('x', 'y') AS z(a int)", " opaque foreign"},
		{"SELECT pg_read_file('x')", " opaque foreign"},
		{"COPY t FROM PROGRAM 'x'", " foreign"},
		{"COPY t TO '/x'", " foreign"},
		{"COPY t TO STDOUT", ""},
		{"CREATE SERVER s FOREIGN DATA WRAPPER w", " foreign"},
		{"CREATE FOREIGN TABLE t (a int) SERVER s", " foreign"},
		{"DO 'x'", " opaque"},
		{"CALL p()", " opaque"},
		{"INSERT INTO t SELECT f()", " opaque"},
		{"CREATE TABLE t (a int DEFAULT f())", ""},
		{"CREATE TABLE IF NOT EXISTS t (a int)", " unless-there"},
		{"CREATE ROLE r", " cluster"},
		{"GRANT a TO b", " cluster"},
		{"ALTER SYSTEM RESET ALL", " cluster"},
		{"CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)", " concurrent unless-there"},
	};
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		const char *flags = flags_of(read_one(ROWS[i].sql));
		if (strcmp(flags, ROWS[i].flags) != 0)
			fail_msg("%s:%s", ROWS[i].sql, flags);
	}
}

static void statements_know_where_they_stand(void **state)
{
	(void)state;
	struct statement_list list = read_sql("-- \xC3\xA9\n\nSELECT 1\n;/* \xC3\xA9 */ SELECT\n2;  SELECT 3\n");
	assert_int_equal(list.count, 3);
	assert_string_equal(list.items[0].sql, "SELECT 1");
	assert_int_equal(list.items[0].line, 3);
	assert_int_equal(list.items[0].column, 1);
	assert_string_equal(list.items[1].sql, "SELECT\n2");
	assert_int_equal(list.items[1].line, 4);
	assert_int_equal(list.items[1].column, 10);
	assert_int_equal(list.items[2].line, 5);
	assert_int_equal(list.items[2].column, 5);
}

static void copy_rows_are_apart_from_the_statement(void **state)
{
	(void)state;
	struct statement_list list = read_sql("COPY t FROM STDIN;\n1\n2\n\\.\nSELECT 1");
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0].sql, "COPY t FROM STDIN");
	assert_true(list.items[0].copy_in);
	assert_int_equal(list.items[0].copy_length, 4);
	assert_memory_equal(list.items[0].copy_data, "1\n2\n", 4);
	assert_true(list.items[0].objects.items[0].writes);
}

static void what_does_not_parse_is_kept_with_the_reason(void **state)
{
	(void)state;
	struct statement_list list = read_sql("SELECT 1;\nSELECT '\xC3\xA9',\n  '\xC3\xA9' FRM t x;\nSELECT 2");
	assert_int_equal(list.count, 3);
	const struct statement *statement = &list.items[1];
	assert_false(statement->parsed);
	assert_string_equal(statement->tag, "UNKNOWN");
	assert_string_equal(statement->problem->message, "syntax error at or near \"t\"");
	assert_int_equal(statement->problem->line, 3);
	assert_int_equal(statement->problem->column, 11);
	assert_true(list.items[2].parsed);
}

static void a_statement_too_deep_for_the_parser_is_kept_unparsed(void **state)
{
	(void)state;
	_cleanup_strbuf_ struct strbuf text = {0};
	strbuf_puts(&text, "SELECT 1");
	for (int i = 0; i < 50000; i++)
		strbuf_puts(&text, "+1");
	const struct statement *statement = read_one(strbuf_text(&text));
	assert_false(statement->parsed);
	assert_string_equal(statement->problem->message, "nested too deeply for the parser");
	assert_null(statement_fingerprint(arena, statement->sql));
}

/* Just below the limit the parser, the unpacking and our walk must have stack enough. */
static void a_statement_at_the_limit_parses(void **state)
{
	(void)state;
	static const char *const UNITS[] = {"NOT ", "- ", "f(", "CASE WHEN a THEN "};
	for (size_t i = 0; i < sizeof(UNITS) / sizeof(UNITS[0]); i++) {
		_cleanup_strbuf_ struct strbuf text = {0};
		int times = i < 2 ? 2450 : 500;
		strbuf_puts(&text, "SELECT ");
		for (int n = 0; n < times; n++)
			strbuf_puts(&text, UNITS[i]);
		strbuf_puts(&text, i == 0 ? "true" : "1");
		for (int n = 0; i >= 2 && n < times; n++)
			strbuf_puts(&text, i == 2 ? ")" : " END");
		assert_true(read_one(strbuf_text(&text))->parsed);
	}
}

static void new_enum_values_are_followed_to_their_use(void **state)
{
	(void)state;
	static const struct {
		const char *sql;
		size_t uses;
	} ROWS[] = {
		{"SELECT 'blue'::colour", 1},
		{"ALTER TABLE t ALTER c SET DEFAULT 'blue'", 1},
		{"UPDATE t SET c = 'red'", 0},
		{"DO $$ BEGIN UPDATE t SET c = 'blue'; END $$", 1},
		{"SELECT '{red,blue}'::colour[]", 1},
		{"SELECT 1 -- 'blue'\n + 1", 0},
		{"SELECT 'light blue'", 0},
	};
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		const char *sql = arena_printf(arena, "ALTER TYPE s.colour ADD VALUE 'blue'; %s", ROWS[i].sql);
		struct statement_list list = read_sql(sql);
		assert_int_equal(list.count, 2);
		assert_string_equal(list.items[0].adds->value, "blue");
		assert_string_equal(list.items[0].adds->type, "s.colour");
		if (list.items[1].uses_enum_of != ROWS[i].uses)
			fail_msg("%s: %u", ROWS[i].sql, list.items[1].uses_enum_of);
	}
	assert_null(read_one("ALTER TYPE c RENAME VALUE 'a' TO 'b'")->adds);
}

static void equal_statements_share_their_objects(void **state)
{
	(void)state;
	struct statement_list list = read_sql("INSERT INTO t VALUES (1); INSERT INTO u VALUES (1); "
	                                       "INSERT INTO t VALUES (2)");
	assert_ptr_equal(list.items[0].objects.items, list.items[2].objects.items);
	assert_ptr_not_equal(list.items[0].objects.items, list.items[1].objects.items);
}

/* 2,000 rows of constants, with what is given before the last one. */
static const char *large_insert(const char *special)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	strbuf_puts(&text, "INSERT INTO t (a, b) VALUES\n");
	for (int i = 0; i < 2000; i++)
		strbuf_printf(&text, "(-%d, 'some text; in a row', NULL),\n", i);
	strbuf_printf(&text, "%s(0, U&'x', true) -- end\nON CONFLICT DO NOTHING", special);
	return arena_strdup(arena, strbuf_text(&text));
}

static void a_large_insert_is_parsed_in_its_short_form(void **state)
{
	(void)state;
	const char *sql = large_insert("");
	_cleanup_strbuf_ struct strbuf text = {0};
	assert_true(abbreviate(&text, sql, strlen(sql)));
	assert_true(text.length < 6000);
	assert_non_null(strstr(strbuf_text(&text), "ON\nCONFLICT\nDO\nNOTHING"));
	assert_false(abbreviate(&text, "INSERT INTO t VALUES (1)", 24));

	const struct statement *statement = read_one(sql);
	assert_true(statement->parsed && !statement->opaque_writes);
	assert_string_equal(statement->sql, sql);
	assert_string_equal(statement->objects.items[0].name, "t");
	assert_true(statement->objects.items[0].writes);
	assert_true(read_one(large_insert("(f(1), 'x', NULL),"))->opaque_writes);
	assert_true(read_one(large_insert("((SELECT g(1)), 'x', NULL),"))->opaque_writes);
}

static void a_wrong_large_insert_is_wrong_where_it_is(void **state)
{
	(void)state;
	const struct statement *statement = read_one(large_insert("(1, 2 3),"));
	assert_false(statement->parsed);
	assert_string_equal(statement->problem->message, "syntax error at or near \"3\"");
	assert_int_equal(statement->problem->line, 2002);
	assert_int_equal(statement->problem->column, 7);
}

static void long_constants_do_not_reach_the_parser(void **state)
{
	(void)state;
	_cleanup_strbuf_ struct strbuf sql = {0}, text = {0};
	strbuf_puts(&sql, "INSERT INTO t VALUES (E'");
	for (int i = 0; i < 100000; i++)
		strbuf_puts(&sql, "\\'");
	strbuf_puts(&sql, "', $$a$$)");
	assert_true(abbreviate(&text, strbuf_text(&sql), sql.length));
	assert_string_equal(strbuf_text(&text), "INSERT\nINTO\nt\nVALUES\n('',\n$$a$$)");
	assert_true(read_one(strbuf_text(&sql))->parsed);
}

static void fingerprint_is_blind_to_constants(void **state)
{
	(void)state;
	const char *one = statement_fingerprint(arena, "SELECT * FROM t WHERE a = 1");
	assert_int_equal(strlen(one), 16);
	assert_string_equal(one, statement_fingerprint(arena, "select * from t where a = 2"));
	assert_string_not_equal(one, statement_fingerprint(arena, "SELECT * FROM u WHERE a = 1"));
	assert_null(statement_fingerprint(arena, "SELECT FROM FROM"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statements_have_tag_and_class),
		cmocka_unit_test(statements_have_flags),
		cmocka_unit_test(statements_know_where_they_stand),
		cmocka_unit_test(copy_rows_are_apart_from_the_statement),
		cmocka_unit_test(what_does_not_parse_is_kept_with_the_reason),
		cmocka_unit_test(a_statement_too_deep_for_the_parser_is_kept_unparsed),
		cmocka_unit_test(a_statement_at_the_limit_parses),
		cmocka_unit_test(new_enum_values_are_followed_to_their_use),
		cmocka_unit_test(equal_statements_share_their_objects),
		cmocka_unit_test(a_large_insert_is_parsed_in_its_short_form),
		cmocka_unit_test(a_wrong_large_insert_is_wrong_where_it_is),
		cmocka_unit_test(long_constants_do_not_reach_the_parser),
		cmocka_unit_test(fingerprint_is_blind_to_constants),
	};
	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
