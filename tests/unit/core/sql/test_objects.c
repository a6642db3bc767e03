#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "core/sql/analysis.h"
#include "core/sql/statement.h"

/* "table t + SHARE, index i -": + creates, - drops, ! writes. Columns are left out unless asked for. */
static void write_objects(struct arena *arena, struct strbuf *out, const char *sql, bool columns)
{
	_cleanup_error_ struct error err = {0};
	struct statement_list list = {0};
	struct statement_source source = {.file = "f.sql", .text = arena_strdup(arena, sql), .length = strlen(sql)};
	assert_int_equal(statements_read(arena, &source, &list, &err), OK);
	assert_int_equal(list.count, 1);
	assert_true(list.items[0].parsed);
	for (size_t i = 0; i < list.items[0].objects.count; i++) {
		const struct object_use *use = &list.items[0].objects.items[i];
		if ((strcmp(use->kind, "column") == 0) != columns && !(columns && use->lock))
			continue;
		strbuf_printf(out, "%s%s %s%s%s%s%s%s", out->length ? ", " : "", use->kind, use->name,
		              use->creates ? " +" : "", use->drops ? " -" : "", use->writes ? " !" : "",
		              use->lock ? " " : "", use->lock ? lock_mode_name(use->lock) : "");
	}
}

struct row {
	const char *sql, *objects;
};

static void check_rows(const struct row *rows, size_t count, bool columns)
{
	for (size_t i = 0; i < count; i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		_cleanup_strbuf_ struct strbuf out = {0};
		write_objects(arena, &out, rows[i].sql, columns);
		if (strcmp(strbuf_text(&out), rows[i].objects) != 0)
			fail_msg("%s\n  expected: %s\n  got:      %s", rows[i].sql, rows[i].objects, strbuf_text(&out));
	}
}

/* Each lock in these tables was read from pg_locks of PostgreSQL 15. */
static void changes_of_tables_name_and_lock_them(void **state)
{
	(void)state;
	static const struct row ROWS[] = {
		{"CREATE TABLE a.t (id int)", "table a.t +"},
		{"CREATE TABLE t (id serial, CONSTRAINT c UNIQUE (id), x int REFERENCES u)",
	         "table t +, sequence t_id_seq +, constraint t.c +, index c +, table u SHARE ROW EXCLUSIVE"},
		{"CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)", "table p1 +, table p ACCESS EXCLUSIVE"},
		{"CREATE TABLE t () INHERITS (p)", "table t +, table p SHARE UPDATE EXCLUSIVE"},
		{"CREATE TABLE t (LIKE u)", "table t +, table u ACCESS SHARE"},
		{"CREATE TABLE t AS SELECT * FROM u", "table t +, table u ACCESS SHARE"},
		{"CREATE INDEX i ON s.t (a)", "table s.t SHARE, index s.i +"},
		{"CREATE INDEX CONCURRENTLY ON t (a)", "table t SHARE UPDATE EXCLUSIVE"},
		{"CREATE INDEX ON t USING hnsw (a)", "table t SHARE, extension vector"},
		{"ALTER TABLE t ADD b int", "table t ACCESS EXCLUSIVE"},
		{"ALTER TABLE t VALIDATE CONSTRAINT c", "constraint t.c, table t SHARE UPDATE EXCLUSIVE"},
		{"ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u NOT VALID",
	         "constraint t.c +, table t SHARE ROW EXCLUSIVE, table u SHARE ROW EXCLUSIVE"},
		{"ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID", "constraint t.c +, table t ACCESS EXCLUSIVE"},
		{"ALTER TABLE t ADD CONSTRAINT c UNIQUE USING INDEX i",
	         "constraint t.c +, index c +, index i ACCESS EXCLUSIVE, table t ACCESS EXCLUSIVE"},
		{"ALTER TABLE t ALTER a SET STATISTICS 9", "table t SHARE UPDATE EXCLUSIVE"},
		{"ALTER TABLE t SET (fillfactor = 70, autovacuum_enabled = off)", "table t SHARE UPDATE EXCLUSIVE"},
		{"ALTER TABLE t SET (user_catalog_table = on)", "table t ACCESS EXCLUSIVE"},
		{"ALTER TABLE t DISABLE TRIGGER x", "table t SHARE ROW EXCLUSIVE"},
		{"ALTER TABLE p ATTACH PARTITION q DEFAULT", "table q ACCESS EXCLUSIVE, table p SHARE UPDATE EXCLUSIVE"},
		{"ALTER TABLE p DETACH PARTITION q", "table q ACCESS EXCLUSIVE, table p ACCESS EXCLUSIVE"},
		{"ALTER TABLE s.t RENAME TO u", "table s.t - ACCESS EXCLUSIVE, table s.u +"},
		{"ALTER INDEX i RENAME TO j", "index i - SHARE UPDATE EXCLUSIVE, index j +"},
		{"ALTER TABLE a.t SET SCHEMA b", "schema b, table a.t - ACCESS EXCLUSIVE, table b.t +"},
		{"ALTER TABLE t RENAME CONSTRAINT c TO d", "table t ACCESS EXCLUSIVE, constraint t.c -, constraint t.d +"},
		{"DROP TABLE t, s.u", "table t - ACCESS EXCLUSIVE, table s.u - ACCESS EXCLUSIVE"},
		{"DROP INDEX CONCURRENTLY i", "index i - SHARE UPDATE EXCLUSIVE"},
		{"DROP TRIGGER g ON s.t", "table s.t ACCESS EXCLUSIVE, trigger s.t.g -"},
		{"CREATE VIEW v AS SELECT * FROM t", "view v +, table t ACCESS SHARE"},
		{"CREATE OR REPLACE VIEW v AS SELECT 1", "view v + ACCESS EXCLUSIVE"},
		{"CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION s.f()",
	         "table t SHARE ROW EXCLUSIVE, trigger t.g +, function s.f"},
		{"CREATE POLICY p ON t USING (a IN (SELECT b FROM u))",
	         "table t ACCESS EXCLUSIVE, policy t.p +, table u ACCESS SHARE"},
		{"CREATE RULE r AS ON INSERT TO t DO ALSO DELETE FROM u", "table t ACCESS EXCLUSIVE, rule t.r +, table u"},
		{"CREATE STATISTICS s ON a, b FROM t", "statistics s +, table t SHARE UPDATE EXCLUSIVE"},
		{"ALTER SEQUENCE s RESTART", "sequence s SHARE ROW EXCLUSIVE"},
		{"REFRESH MATERIALIZED VIEW CONCURRENTLY m", "materialized view m EXCLUSIVE"},
		{"COMMENT ON COLUMN t.a IS 'x'", "table t SHARE UPDATE EXCLUSIVE"},
		{"COMMENT ON CONSTRAINT c ON t IS 'x'", "table t ACCESS SHARE, constraint t.c"},
		{"LOCK TABLE t IN EXCLUSIVE MODE", "table t EXCLUSIVE"},
		{"VACUUM (FULL) t", "table t ACCESS EXCLUSIVE"},
		{"REINDEX TABLE t", "table t SHARE"},
		{"GRANT SELECT ON t TO r", "table t"},
		{"CREATE PUBLICATION p FOR TABLE t", "table t SHARE UPDATE EXCLUSIVE"},
	};
	check_rows(ROWS, sizeof(ROWS) / sizeof(ROWS[0]), false);
}

static void data_changes_name_what_they_write(void **state)
{
	(void)state;
	static const struct row ROWS[] = {
		{"INSERT INTO t SELECT * FROM u", "table t ! ROW EXCLUSIVE, table u ACCESS SHARE"},
		{"UPDATE t SET a = 1 FROM u", "table t ! ROW EXCLUSIVE, table u ACCESS SHARE"},
		{"DELETE FROM t USING t AS x", "table t ! ROW EXCLUSIVE"},
		{"MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE", "table t ! ROW EXCLUSIVE, table u ACCESS SHARE"},
		{"TRUNCATE t, s.u", "table t ! ACCESS EXCLUSIVE, table s.u ! ACCESS EXCLUSIVE"},
		{"COPY t FROM '/x'", "table t ! ROW EXCLUSIVE"},
		{"COPY (DELETE FROM t RETURNING a) TO '/x'", "table t ! ROW EXCLUSIVE"},
		{"WITH x AS (SELECT * FROM u), y AS (INSERT INTO t SELECT * FROM x RETURNING a) SELECT * FROM y",
	         "table u ACCESS SHARE, table t ! ROW EXCLUSIVE"},
		{"SELECT * FROM t FOR UPDATE", "table t ROW SHARE"},
		{"EXPLAIN INSERT INTO t SELECT 1", "table t ROW EXCLUSIVE"},
		{"PREPARE q AS INSERT INTO t SELECT 1", "table t"},
	};
	check_rows(ROWS, sizeof(ROWS) / sizeof(ROWS[0]), false);
}

static void other_objects_are_named(void **state)
{
	(void)state;
	static const struct row ROWS[] = {
		{"CREATE TYPE s.mood AS ENUM ('a')", "type s.mood +"},
		{"CREATE TYPE p AS (a mood)", "type p +, type mood"},
		{"CREATE DOMAIN d AS int CHECK (ok(VALUE))", "domain d +, function ok"},
		{"CREATE TABLE t (a mood, b text, c varchar(3), d vector(3))",
	         "table t +, type mood, extension vector, type vector"},
		{"CREATE FUNCTION s.f(a mood) RETURNS text LANGUAGE sql AS 'x'", "function s.f +, type mood"},
		{"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC INSERT INTO t VALUES (1); SELECT g(); END",
	         "function f +, table t, function g"},
		{"DROP FUNCTION s.f(int)", "function s.f -"},
		{"DROP TYPE IF EXISTS mood", "type mood -"},
		{"CREATE SCHEMA app", "schema app +"},
		{"DROP SCHEMA app CASCADE", "schema app -"},
		{"ALTER SCHEMA a RENAME TO b", "schema a -, schema b +"},
		{"CREATE EXTENSION IF NOT EXISTS vector", "extension vector +"},
		{"ALTER TYPE s.a RENAME TO b", "type s.a -, type s.b +"},
		{"SELECT s.f(1), lower('x')", "function s.f"},
		{"SELECT nextval('s.q'), 't'::regclass", "sequence s.q, sequence t"},
		{"ALTER EXTENSION vector UPDATE", "extension vector"},
	};
	check_rows(ROWS, sizeof(ROWS) / sizeof(ROWS[0]), false);
}

static void columns_are_named_with_their_tables(void **state)
{
	(void)state;
	static const struct row ROWS[] = {
		{"ALTER TABLE t ADD COLUMN a int", "column t.a +, table t ACCESS EXCLUSIVE"},
		{"ALTER TABLE s.t DROP COLUMN a", "column s.t.a -, table s.t ACCESS EXCLUSIVE"},
		{"ALTER TABLE t RENAME a TO b", "table t ACCESS EXCLUSIVE, column t.a -, column t.b +"},
		{"CREATE INDEX ON t (a, lower(b)) WHERE c IS NULL",
	         "table t SHARE, column t.a, column t.b, column t.c"},
		{"UPDATE t SET a = b", "table t ! ROW EXCLUSIVE, column t.a, column t.b"},
		{"INSERT INTO t (a) VALUES (1)", "table t ! ROW EXCLUSIVE, column t.a"},
		{"ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u (b)",
	         "table t SHARE ROW EXCLUSIVE, table u SHARE ROW EXCLUSIVE, column t.a, column u.a"},
	};
	check_rows(ROWS, sizeof(ROWS) / sizeof(ROWS[0]), true);
}

static void lock_modes_have_both_spellings(void **state)
{
	(void)state;
	assert_string_equal(lock_mode_name(LOCK_SHARE_ROW_EXCLUSIVE), "SHARE ROW EXCLUSIVE");
	assert_int_equal(lock_mode_read("ShareUpdateExclusiveLock"), LOCK_SHARE_UPDATE_EXCLUSIVE);
	assert_int_equal(lock_mode_read("ExclusiveLock"), LOCK_EXCLUSIVE);
	assert_int_equal(lock_mode_read("SIReadLock"), LOCK_NONE);
	assert_int_equal(lock_mode_read(""), LOCK_NONE);
}

/* They are searched by halves: a row out of order would not be found. */
static void known_names_are_found(void **state)
{
	(void)state;
	static const char *const READING[] = {"abs", "count", "jsonb_set", "now", "pg_typeof", "width_bucket"};
	for (size_t i = 0; i < sizeof(READING) / sizeof(READING[0]); i++)
		assert_int_equal(function_reach_of(READING[i]), FUNCTION_READS);
	assert_int_equal(function_reach_of("lo_create"), FUNCTION_WRITES);
	assert_int_equal(function_reach_of("txid_current"), FUNCTION_WRITES);
	assert_int_equal(function_reach_of("dblink_exec"), FUNCTION_FOREIGN);
	assert_int_equal(function_reach_of("anything"), FUNCTION_UNKNOWN);
	assert_true(type_is_builtin("anyarray") && type_is_builtin("text") && type_is_builtin("xml"));
	assert_false(type_is_builtin("mood"));
	assert_string_equal(extension_of("citext"), "citext");
	assert_string_equal(extension_of("halfvec"), "vector");
	assert_null(extension_of("mood"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_of_tables_name_and_lock_them),
		cmocka_unit_test(data_changes_name_what_they_write),
		cmocka_unit_test(other_objects_are_named),
		cmocka_unit_test(columns_are_named_with_their_tables),
		cmocka_unit_test(lock_modes_have_both_spellings),
		cmocka_unit_test(known_names_are_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
