#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/migration/graph.h"
#include "sets.h"

/* "2>1 uses table t, created here; ..." of files 1_a.sql, 2_a.sql, ... with these texts. */
static void write_graph(struct arena *arena, struct strbuf *out, const char *const *texts)
{
	_cleanup_error_ struct error err = {0};
	struct migration_set set;
	struct graph graph;
	struct text_file files[10] = {0};
	for (size_t i = 0; texts[i]; i++)
		files[i] = (struct text_file){arena_printf(arena, "%zu_a.sql", i + 1), texts[i]};
	if (read_texts(arena, files, &set, &err) != OK || graph_build(arena, &set, &graph, &err) != OK) {
		write_error(out, &err);
		strbuf_printf(out, " (%s)", err.hint ? err.hint : "");
		return;
	}
	for (size_t i = 0; i < graph.edges.count; i++) {
		const struct edge *edge = &graph.edges.items[i];
		strbuf_printf(out, "%s%s>%s %s", i ? "; " : "", set.items[edge->from].version,
		              set.items[edge->to].version, edge->reason);
	}
}

static void check(const char *expected, const char *const *texts)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_strbuf_ struct strbuf out = {0};
	write_graph(arena, &out, texts);
	assert_string_equal(strbuf_text(&out), expected);
}

#define CHECK(expected, ...) check(expected, (const char *const[]){__VA_ARGS__, NULL})

static void declared_requirements_are_edges(void **state)
{
	(void)state;
	CHECK("3>1 declared; 3>2 declared", "", "", "-- pgsluice:requires 2 001\n");
	CHECK("2>1 declared", "CREATE TABLE t (a int)", "-- pgsluice:requires 1\nDROP TABLE t");
}

static void objects_make_edges(void **state)
{
	(void)state;
	CHECK("2>1 uses table t, created here", "CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)");
	CHECK("2>1 uses table t, created here", "CREATE TABLE public.t (a int)", "CREATE INDEX ON t (a)");
	CHECK("2>1 uses table public.t, created here", "CREATE TABLE t (a int)", "SELECT * FROM public.t");
	CHECK("2>1 drops index i, created here", "CREATE INDEX i ON t (a)", "DROP INDEX CONCURRENTLY i");
	CHECK("2>1 uses type mood, created here", "CREATE TYPE mood AS ENUM ('a')", "CREATE TABLE t (m mood)");
	CHECK("2>1 uses type t, created here", "CREATE TABLE t (a int)", "CREATE TABLE u (m t[])");
	CHECK("2>1 uses function f, created here", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
	      "SELECT f()");
	CHECK("2>1 uses schema app, created here", "CREATE SCHEMA app", "CREATE TABLE app.t (a int)");
	CHECK("2>1 uses table v, created here", "CREATE VIEW v AS SELECT 1", "SELECT * FROM v");
	CHECK("2>1 uses column t.b, created here", "ALTER TABLE t ADD COLUMN b int", "CREATE INDEX ON t (b)");
	CHECK("2>1 uses constraint t.c, created here", "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
	      "ALTER TABLE t VALIDATE CONSTRAINT c");
	CHECK("2>1 uses extension vector, created here", "CREATE EXTENSION vector", "CREATE TABLE t (e vector(3))");
	CHECK("2>1 uses table b, created here", "ALTER TABLE a RENAME TO b", "SELECT * FROM b");
	CHECK("2>1 uses sequence t_id_seq, created here", "CREATE TABLE t (id serial)",
	      "ALTER SEQUENCE t_id_seq RESTART");
}

static void the_last_creator_counts(void **state)
{
	(void)state;
	CHECK("2>1 drops table t, created here; 3>2 uses table t, created here", "CREATE TABLE t (a int)",
	      "DROP TABLE t; CREATE TABLE t (b int)", "SELECT * FROM t");
	CHECK("", "SELECT * FROM t", "CREATE TABLE t (a int)");
	CHECK("", "CREATE TABLE t (a int); SELECT * FROM t");
	CHECK("", "CREATE TABLE a.t (a int)", "SELECT * FROM b.t");
}

static void requirements_that_cannot_be_met_are_refused(void **state)
{
	(void)state;
	CHECK("m/2_a.sql:2: 2 requires 9, and there is no 9 (Add the file of 9, or remove the requirement.)", "",
	      "-- x\n-- pgsluice:requires 9");
	CHECK("m/1_a.sql:1: 1 requires 2, which is higher and runs after it (Give 1 a number above 2, or remove the "
	      "requirement.)",
	      "-- pgsluice:requires 2", "");
	CHECK("m/1_a.sql:1: cycle of requirements: 1 -> 3 -> 2 -> 1 (Remove one of these requirements; a migration can "
	      "only need what runs before it.)",
	      "-- pgsluice:requires 3", "-- pgsluice:requires 1", "-- pgsluice:requires 2");
	CHECK("m/1_a.sql:1: cycle of requirements: 1 -> 1 (Remove one of these requirements; a migration can only need "
	      "what runs before it.)",
	      "-- pgsluice:requires 1");
	CHECK("m/1_a.sql:1: cycle of requirements: 1 -> 2 -> 1 (Remove one of these requirements; a migration can only "
	      "need what runs before it.)",
	      "-- pgsluice:requires 2\nCREATE TABLE t (a int)", "DROP TABLE t");
}

static void a_missing_requirement_names_the_nearest(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_error_ struct error err = {0};
	struct migration_set set;
	struct graph graph;
	struct text_file files[] = {
		{"20240131_a.sql", ""}, {"20240202_b.sql", "-- pgsluice:requires 20240113"}, {0}};
	assert_int_equal(read_texts(arena, files, &set, &err), OK);
	assert_int_equal(graph_build(arena, &set, &graph, &err), FAIL_REFUSED);
	assert_string_equal(err.hint, "Did you mean 20240131? Else add the file of 20240113, or remove the requirement.");
}

static void ten_thousand_migrations_are_no_burden(void **state)
{
	(void)state;
	enum { COUNT = 10000 };
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_error_ struct error err = {0};
	struct text_file *files = arena_alloc(arena, (COUNT + 1) * sizeof(*files));
	struct migration_set set;
	struct graph graph;
	for (size_t i = 0; i < COUNT; i++)
		files[i] = (struct text_file){arena_printf(arena, "%zu_a.sql", i),
		                              arena_printf(arena, "CREATE TABLE t%zu (a int REFERENCES t%zu)", i, i / 2)};
	assert_int_equal(read_texts(arena, files, &set, &err), OK);
	assert_int_equal(graph_build(arena, &set, &graph, &err), OK);
	assert_int_equal(graph.edges.count, COUNT - 1);
	assert_int_equal(graph.edges.items[graph_first_edge(&graph, 5000)].to, 2500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(declared_requirements_are_edges),
		cmocka_unit_test(objects_make_edges),
		cmocka_unit_test(the_last_creator_counts),
		cmocka_unit_test(requirements_that_cannot_be_met_are_refused),
		cmocka_unit_test(a_missing_requirement_names_the_nearest),
		cmocka_unit_test(ten_thousand_migrations_are_no_burden),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
