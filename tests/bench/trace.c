/*
 * What lock tracing costs: the same small migrations, sent as the engine sends a step, with and without the measuring
 * query after every statement. Prints the milliseconds of both, in turns, as many rounds as asked for.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/list.h"
#include "engine/execute/measure.h"
#include "pg/pipeline.h"
#include "pg/query.h"
#include "pg/session.h"
#include "sys/clock.h"
#include "sys/loop.h"

#define TRACE "trace"

enum { STATEMENTS = 3 };

struct bench {
	struct arena *arena; /* of one migration */
	struct session *session, *watch;
	struct measure *measure; /* NULL = not traced */
	struct step_trace step;
	int round;
	size_t first, next; /* index of the trace at the beginning, and the statement whose trace comes next */
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
	if (index == bench->first)
		measure_begin(bench->measure, rows);
	else
		measure_statement(bench->measure, bench->arena, rows, &bench->step.statements.items[bench->next++]);
	return true;
}

static void add(struct bench *bench, struct pipeline_item_list *items, const char *sql)
{
	const struct pipeline_item item = {.sql = sql, .quiet = true};
	list_push(bench->arena, items, item);
}

static void add_trace(struct bench *bench, struct pipeline_item_list *items)
{
	const struct pipeline_item traced = {.name = TRACE, .want_rows = true};
	if (bench->measure)
		list_push(bench->arena, items, traced);
	else
		items->items[items->count - 1].quiet = false; /* the time of a statement is taken by its result */
}

/* What the engine sends before the file's statements. */
static void add_beginning(struct bench *bench, struct pipeline_item_list *items, int number)
{
	static const char *const limits[] = {"2000", "0"};
	const struct pipeline_item kept = {.sql = query_trace_statement, .name = TRACE, .quiet = true};
	const struct pipeline_item limit = {
		.sql = query_transaction_limits, .count = 2, .parameters = limits, .quiet = true};

	session_reset_items(bench->session, bench->arena, items);
	if (bench->measure)
		list_push(bench->arena, items, kept);
	add(bench, items, "begin");
	list_push(bench->arena, items, limit);
	add(bench, items,
	    arena_printf(bench->arena, "insert into bench%d.history values ('%d', 't')", bench->round, number));
	bench->first = items->count;
	add_trace(bench, items);
}

/* And what after them. */
static void add_end(struct bench *bench, struct pipeline_item_list *items, int number)
{
	static const char *const history[] = {"bench", "history"};
	const struct pipeline_item changes = {.sql = query_changed_rows, .count = 2, .parameters = history};

	add(bench, items, "set constraints all immediate");
	list_push(bench->arena, items, changes);
	add(bench, items, query_locked_files);
	add(bench, items, arena_printf(bench->arena, "update bench%d.history set name = 't%d' where version = '%d'",
	                               bench->round, number, number));
}

static void migrate(struct bench *bench, int number)
{
	_cleanup_error_ struct error err = {0};
	struct pipeline_item_list items = {0};
	size_t failed;
	long position;

	struct arena *arena = bench->arena = arena_open();
	const char *const statements[STATEMENTS] = {
		arena_printf(arena, "create table bench%d.t%d (id int8 primary key, name text)", bench->round, number),
		arena_printf(arena, "insert into bench%d.t%d values (1, 'one')", bench->round, number),
		arena_printf(arena, "create index on bench%d.t%d (name)", bench->round, number),
	};
	bench->step = (struct step_trace){0};
	bench->next = 0;
	for (int i = 0; i < STATEMENTS; i++)
		list_add(bench->arena, &bench->step.statements);
	add_beginning(bench, &items, number);
	for (int i = 0; i < STATEMENTS; i++) {
		add(bench, &items, statements[i]);
		add_trace(bench, &items);
	}
	add_end(bench, &items, number);
	must(pipeline_run(bench->session, items.items, items.count, take, bench, &failed, &position, &err), &err);
	if (bench->measure)
		must(measure_names(bench->measure, bench->watch, bench->arena, &bench->step, &err), &err);
	must(session_exec(bench->session, "commit", &err), &err);
	arena_close(bench->arena);
}

static int64_t run(struct bench *bench, int migrations, bool traced)
{
	_cleanup_error_ struct error err = {0};
	_cleanup_arena_ struct arena *arena = arena_open();

	/* A schema of its own: making files is slow for a while where many have just been removed. */
	bench->round++;
	must(session_script(bench->session, arena_printf(arena, "create schema bench%d; checkpoint; create table "
	                                                  "bench%d.history (version text primary key, name text)",
	                                           bench->round, bench->round), &err), &err);
	bench->measure = NULL;
	if (traced)
		must(measure_open(bench->watch, &bench->measure, &err), &err);
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
	must(session_open(loop, &options, &bench.watch, &err), &err);
	for (long round = strtol(argv[3], NULL, 10); round > 0; round--) {
		int migrations = (int)strtol(argv[2], NULL, 10);
		int64_t plain_us = run(&bench, migrations, false), traced_us = run(&bench, migrations, true);
		printf("%" PRId64 " %" PRId64 "\n", plain_us / 1000, traced_us / 1000);
	}
	session_close(bench.session);
	session_close(bench.watch);
	loop_close(loop);
	return EXIT_SUCCESS;
}
