#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "sets.h"

struct row {
	const char *text, *expected;
};

/* Steps of the file, or how it is refused; with `down` the text is the down file's. */
static void write_outcome(struct arena *arena, struct strbuf *out, const char *text, bool down)
{
	_cleanup_error_ struct error err = {0};
	struct migration_set set = {0};
	struct text_file files[] = {{"001_a.sql", down ? "" : text}, {"001_a.down.sql", down ? text : ""}, {0}};
	if (read_texts(arena, files, &set, &err) != OK)
		write_error(out, &err);
	else
		write_steps(out, down ? &set.items[0].down : &set.items[0].up);
}

static void check_rows(const struct row *rows, size_t count, bool down)
{
	for (size_t i = 0; i < count; i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		_cleanup_strbuf_ struct strbuf out = {0};
		write_outcome(arena, &out, rows[i].text, down);
		if (strcmp(strbuf_text(&out), rows[i].expected) != 0)
			fail_msg("row %zu: %s\n  expected: %s\n  got:      %s", i, rows[i].text, rows[i].expected,
			         strbuf_text(&out));
	}
}

#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]), false)

static void a_plain_file_is_one_transaction(void **state)
{
	(void)state;
	static const struct row ROWS[] = {
		{"", ""},
		{"-- nothing\n;;", ""},
		{"CREATE TABLE t (a int); INSERT INTO t VALUES (1)", "[CREATE TABLE, INSERT]"},
		{"DO $$ BEGIN EXECUTE 'CREATE INDEX CONCURRENTLY i ON t (a)'; END $$; -- CONCURRENTLY\nSELECT 'VACUUM'",
	         "[DO, SELECT]"},
		{"SELECT 1; SAVEPOINT s; SELECT 2; ROLLBACK TO s; RELEASE s",
	         "[SELECT, SAVEPOINT, SELECT, ROLLBACK TO SAVEPOINT, RELEASE]"},
	};
	CHECK(ROWS);
}

static void own_blocks_become_steps(void **state)
{
	(void)state;
	static const struct row ROWS[] = {
		{"BEGIN; CREATE TABLE t (a int); COMMIT;", "[CREATE TABLE]"},
		{"start transaction; SELECT 1; end", "[SELECT]"},
		{"SET lock_timeout = '1s'; BEGIN; SELECT 1; COMMIT;", "[SET, SELECT]"},
		{"BEGIN; SELECT 1; COMMIT; BEGIN; DELETE FROM t; COMMIT", "[SELECT] [DELETE]"},
		{"BEGIN; SELECT 1; COMMIT; DELETE FROM t", "[SELECT] [DELETE]"},
		{"BEGIN; SELECT 1; COMMIT; CREATE INDEX CONCURRENTLY i ON t (a); BEGIN; DELETE FROM t; COMMIT",
	         "[SELECT] CREATE INDEX CONCURRENTLY [DELETE]"},
		{"BEGIN; COMMIT; BEGIN; COMMIT;", ""},
		{"BEGIN; SELECT 1; COMMIT; ANALYZE t; BEGIN; DELETE FROM t; COMMIT", "[SELECT] [ANALYZE] [DELETE]"},
	};
	CHECK(ROWS);
}

static void a_file_can_slip_out_of_the_runners_transaction(void **state)
{
	(void)state;
	static const struct row ROWS[] = {
		{"COMMIT; CREATE INDEX CONCURRENTLY i ON t (a); BEGIN;", "CREATE INDEX CONCURRENTLY"},
		{"SELECT 1; COMMIT; VACUUM t; BEGIN; DELETE FROM t", "[SELECT] VACUUM [DELETE]"},
		{"COMMIT; BEGIN; SELECT 1; COMMIT; VACUUM; BEGIN;", "[SELECT] VACUUM"},
	};
	CHECK(ROWS);
}

static void transactions_that_do_not_fit_are_refused(void **state)
{
	(void)state;
	static const struct row ROWS[] = {
		{"BEGIN;\nBEGIN; COMMIT; COMMIT", "m/001_a.sql:2:1: BEGIN inside a transaction"},
		{"SELECT 1;\n BEGIN; SELECT 2;", "m/001_a.sql:2:2: BEGIN without COMMIT"},
		{"SELECT 1;\nCOMMIT;", "m/001_a.sql:2:1: COMMIT without BEGIN"},
		{"BEGIN; SELECT 1; COMMIT;\nCOMMIT;", "m/001_a.sql:2:1: COMMIT without BEGIN"},
		{"BEGIN; SELECT 1;\nROLLBACK;", "m/001_a.sql:2:1: ROLLBACK in a migration"},
		{"SELECT 1; ABORT", "m/001_a.sql:1:11: ROLLBACK in a migration"},
		{"BEGIN; PREPARE TRANSACTION 'x'", "m/001_a.sql:1:8: PREPARE TRANSACTION in a migration"},
		{"BEGIN; COMMIT AND CHAIN; COMMIT", "m/001_a.sql:1:8: COMMIT AND CHAIN in a migration"},
		{"BEGIN ISOLATION LEVEL SERIALIZABLE; COMMIT",
	         "m/001_a.sql:1:1: BEGIN with transaction modes in a migration"},
	};
	CHECK(ROWS);
}

static void statements_outside_transactions_are_steps(void **state)
{
	(void)state;
	static const struct row ROWS[] = {
		{"CREATE INDEX CONCURRENTLY i ON t (a)", "CREATE INDEX CONCURRENTLY"},
		{"SELECT 1; VACUUM t; VACUUM u; SELECT 2; SELECT 3", "[SELECT] VACUUM VACUUM [SELECT, SELECT]"},
		{"-- pgsluice:transaction none\nSELECT 1; VACUUM t; SELECT 2; SELECT 3",
	         "[SELECT] VACUUM [SELECT] [SELECT]"},
		{"-- pgsluice:transaction none\nBEGIN; SELECT 1; SELECT 2; COMMIT", "[SELECT] [SELECT]"},
	};
	CHECK(ROWS);
}

static void a_new_enum_value_ends_its_step_before_its_use(void **state)
{
	(void)state;
	static const struct row ROWS[] = {
		{"ALTER TYPE c ADD VALUE 'x'; SELECT 1; UPDATE t SET c = 'x'; SELECT 'x'::c",
	         "[ALTER TYPE, SELECT] [UPDATE, SELECT]"},
		{"ALTER TYPE c ADD VALUE 'x'; UPDATE t SET c = 'y'", "[ALTER TYPE, UPDATE]"},
		{"CREATE TYPE c AS ENUM ('a'); ALTER TYPE c ADD VALUE 'x'; SELECT 'x'::c",
	         "[CREATE TYPE, ALTER TYPE] [SELECT]"},
		{"BEGIN; ALTER TYPE c ADD VALUE 'x'; COMMIT; BEGIN; SELECT 'x'::c; COMMIT", "[ALTER TYPE] [SELECT]"},
		{"ALTER TYPE c ADD VALUE 'x'; ALTER TYPE c ADD VALUE 'y'; SELECT 'x'::c; SELECT 'y'::c",
	         "[ALTER TYPE, ALTER TYPE] [SELECT, SELECT]"},
		{"ALTER TYPE c ADD VALUE 'x'; SELECT 'x'::c; ALTER TYPE c ADD VALUE 'y'; SELECT 'y'::c",
	         "[ALTER TYPE] [SELECT, ALTER TYPE] [SELECT]"},
		{"ALTER TYPE c ADD VALUE 'x'; DO $$ BEGIN PERFORM 'x'::c; END $$", "[ALTER TYPE] [DO]"},
	};
	CHECK(ROWS);
}

static void the_files_own_history_is_absorbed(void **state)
{
	(void)state;
	static const struct row ROWS[] = {
		{"CREATE TABLE IF NOT EXISTS schema_migrations (version text PRIMARY KEY); SELECT 1;"
	         "INSERT INTO public.schema_migrations (version) VALUES ('1') ON CONFLICT DO NOTHING", "[SELECT]"},
		{"BEGIN; SELECT 1; COMMIT; INSERT INTO schema_migrations VALUES ('1')", "[SELECT]"},
		{"INSERT INTO schema_migrations_2 VALUES ('1')", "[INSERT]"},
		{"UPDATE schema_migrations SET version = '2'", "[UPDATE]"},
		{"DELETE FROM schema_migrations", "[DELETE]"},
		{"CREATE TABLE t (v text REFERENCES schema_migrations)", "[CREATE TABLE]"},
		{"WITH x AS (DELETE FROM t RETURNING a) INSERT INTO schema_migrations SELECT a FROM x", "[INSERT]"},
	};
	CHECK(ROWS);
	static const struct row DOWNS[] = {
		{"DROP TABLE t; DELETE FROM schema_migrations WHERE version = '1'", "[DROP TABLE]"},
	};
	check_rows(DOWNS, 1, true);
}

static void a_history_with_a_schema_is_absorbed_where_it_is_meant(void **state)
{
	(void)state;
	static const struct {
		const char *history, *sql;
		size_t steps;
	} ROWS[] = {
		{"app.log", "INSERT INTO app.log VALUES (1)", 0},
		{"app.log", "INSERT INTO log VALUES (1)", 0},
		{"app.log", "INSERT INTO other.log VALUES (1)", 1},
		{"log", "INSERT INTO other.log VALUES (1)", 0},
	};
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		_cleanup_error_ struct error err = {0};
		struct migration_set set;
		struct source_file file = {"1_a.sql", "m/1_a.sql", arena_strdup(arena, ROWS[i].sql),
		                           strlen(ROWS[i].sql)};
		assert_int_equal(migrations_read(arena, "m", ROWS[i].history, &file, 1, &set, &err), OK);
		assert_int_equal(migrations_parse(arena, &set, NULL, &err), OK);
		assert_int_equal(set.items[0].up.steps.count, ROWS[i].steps);
	}
}

static void steps_say_why_they_begin(void **state)
{
	(void)state;
	static const struct {
		const char *text, *reason; /* of the second step */
		const char *transaction;   /* of the migration */
	} ROWS[] = {
		{"SELECT 1; CREATE INDEX CONCURRENTLY i ON t (a)",
	         "CREATE INDEX CONCURRENTLY cannot run in a transaction", "mixed"},
		{"VACUUM; SELECT 1", "VACUUM before it cannot run in a transaction", "mixed"},
		{"BEGIN; SELECT 1; COMMIT; SELECT 2", "the file commits before it", "mixed"},
		{"ALTER TYPE c ADD VALUE 'x'; SELECT 'x'", "uses 'x', which the step before adds to c", "mixed"},
		{"-- pgsluice:transaction none\nSELECT 1; SELECT 2", "transaction none", "none"},
		{"VACUUM; VACUUM", "VACUUM cannot run in a transaction", "none"},
		{"SELECT 1", NULL, "transactional"},
		{"", NULL, "transactional"},
	};
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		_cleanup_error_ struct error err = {0};
		struct migration_set set;
		struct text_file files[] = {{"001_a.sql", ROWS[i].text}, {0}};
		assert_int_equal(read_texts(arena, files, &set, &err), OK);
		const struct script *up = &set.items[0].up;
		assert_string_equal(migration_transaction(&set.items[0]), ROWS[i].transaction);
		if (up->steps.count)
			assert_null(up->steps.items[0].reason);
		if (ROWS[i].reason)
			assert_string_equal(up->steps.items[1].reason, ROWS[i].reason);
	}
}

static void statements_know_whether_they_stand_in_the_files_own_block(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_error_ struct error err = {0};
	struct migration_set set;
	struct text_file files[] = {{"001_a.sql", "VACUUM; BEGIN; VACUUM; COMMIT; VACUUM"}, {0}};
	assert_int_equal(read_texts(arena, files, &set, &err), OK);
	const struct script *up = &set.items[0].up;
	assert_int_equal(up->steps.count, 3);
	assert_false(up->steps.items[0].statements[0].in_block);
	assert_true(up->steps.items[1].statements[0].in_block);
	assert_false(up->steps.items[2].statements[0].in_block);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_file_is_one_transaction),
		cmocka_unit_test(own_blocks_become_steps),
		cmocka_unit_test(a_file_can_slip_out_of_the_runners_transaction),
		cmocka_unit_test(transactions_that_do_not_fit_are_refused),
		cmocka_unit_test(statements_outside_transactions_are_steps),
		cmocka_unit_test(a_new_enum_value_ends_its_step_before_its_use),
		cmocka_unit_test(the_files_own_history_is_absorbed),
		cmocka_unit_test(a_history_with_a_schema_is_absorbed_where_it_is_meant),
		cmocka_unit_test(steps_say_why_they_begin),
		cmocka_unit_test(statements_know_whether_they_stand_in_the_files_own_block),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
