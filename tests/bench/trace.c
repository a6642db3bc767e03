/*
 * What lock tracing costs: the same small migrations, each one pipeline and a COMMIT, with and without the measuring
 * query after every statement. Prints the milliseconds of both, in turns, as many rounds as asked for.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/list.h"
#include "engine/measure.h"
#include "pg/pipeline.h"
#include "pg/query.h"
#include "pg/session.h"
#include "sys/clock.h"
#include "sys/loop.h"

enum { STATEMENTS = 3 };

struct bench {
	struct arena *arena; /* of one migration */
	struct session *session;
	struct measure *measure; /* NULL = not traced */
	struct step_trace step;
	size_t next;
};

static void must(enum status status, const struct error *err)
{
	if (status == OK)
		return;
	fprintf(stderr, "%s: %s\n", status_get(status)->name, err->message ? err->message : "");
	exit(EXIT_FAILURE);
}

static bool take(void *context, size_t index, const struct rows *rows)
{
	struct bench *bench = context;
	if (rows_count(rows) == 0)
		return true;
	if (index == 1)
		measure_begin(bench->measure, rows);
	else
		measure_statement(bench->measure, bench->arena, rows, &bench->step.statements.items[bench->next++]);
	return true;
}

static void add(struct bench *bench, struct pipeline_item_list *items, const char *sql)
{
	const struct pipeline_item traced = {.sql = query_trace_statement, .want_rows = true};

	list_add(bench->arena, items)->sql = sql;
	if (bench->measure)
		list_push(bench->arena, items, traced);
}

static void migrate(struct bench *bench, int number)
{
	_cleanup_error_ struct error err = {0};
	struct pipeline_item_list items = {0};
	size_t failed;
	long position;

	bench->arena = arena_open();
	bench->step = (struct step_trace){0};
	bench->next = 0;
	for (int i = 0; i < STATEMENTS; i++)
		list_add(bench->arena, &bench->step.statements);
	add(bench, &items, "begin");
	add(bench, &items, arena_printf(bench->arena, "create table bench.t%d (id int8, name text)", number));
	add(bench, &items, arena_printf(bench->arena, "create index on bench.t%d (id)", number));
	add(bench, &items, arena_printf(bench->arena, "insert into bench.t%d values (1, 'one')", number));
	must(pipeline_run(bench->session, items.items, items.count, take, bench, &failed, &position, &err), &err);
	if (bench->measure)
		must(measure_names(bench->measure, bench->session, bench->arena, &bench->step, &err), &err);
	must(session_exec(bench->session, "commit", &err), &err);
	arena_close(bench->arena);
}

static int64_t run(struct bench *bench, int migrations, bool traced)
{
	_cleanup_error_ struct error err = {0};

	must(session_script(bench->session, "drop schema if exists bench cascade; create schema bench; checkpoint", &err),
	     &err);
	bench->measure = NULL;
	if (traced)
		must(measure_open(bench->session, &bench->measure, &err), &err);
	int64_t start_us = clock_us();
	for (int i = 0; i < migrations; i++)
		migrate(bench, i);
	int64_t took_us = clock_us() - start_us;
	measure_close(bench->measure);
	return took_us;
}

int main(int argc, char **argv)
{
	_cleanup_error_ struct error err = {0};
	struct loop *loop = NULL;
	struct bench bench = {0};

	if (argc != 4) {
		fprintf(stderr, "usage: trace CONNINFO MIGRATIONS ROUNDS\n");
		return 2;
	}
	must(loop_open(&loop, &err), &err);
	struct session_options options = {.conninfo = argv[1], .access = SESSION_READ_WRITE, .role_word = "bench",
	                                  .run_id = "00000000-0000-4000-8000-000000000002"};
	must(session_open(loop, &options, &bench.session, &err), &err);
	for (long round = strtol(argv[3], NULL, 10); round > 0; round--) {
		int migrations = (int)strtol(argv[2], NULL, 10);
		int64_t plain_us = run(&bench, migrations, false), traced_us = run(&bench, migrations, true);
		printf("%" PRId64 " %" PRId64 "\n", plain_us / 1000, traced_us / 1000);
	}
	session_close(bench.session);
	loop_close(loop);
	return EXIT_SUCCESS;
}
