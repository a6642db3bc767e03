#include "pg/bouncer.h"

#include <string.h>

#include "base/memory.h"
#include "pg/wire.h"
#include "sys/clock.h"

/* A console that does not answer for so long is taken for gone. */
enum { ANSWER_MS = 10000 };

struct bouncer {
	struct session *session;
};

const struct bouncer_question BOUNCER_QUESTIONS[BOUNCER_QUESTION_COUNT] = {
	{.sql = "SHOW CONFIG", .read = bouncer_read_config},
	{.sql = "SHOW DATABASES", .read = bouncer_read_databases},
	/* Next to each other: the servers of the one are judged by the counters of the other. */
	{.sql = "SHOW POOLS", .read = bouncer_read_pools},
	{.sql = "SHOW STATS", .read = bouncer_read_stats},
};

static enum status silent(struct session *session, struct error *err)
{
	session_abandon(session);
	error_set(err, FAIL_UNREACHABLE, "PgBouncer's console at %s does not answer", session->place);
	return error_hint(err, "Check that PgBouncer runs, and the network on the way.");
}

/* The whole answer, in session->held. */
static enum status answer(struct session *session, const char *sql, struct error *err)
{
	int64_t deadline_ms = clock_ms() + ANSWER_MS;

	if (wire_ready(session, err) != OK)
		return err->status;
	if (!PQsendQuery(session->conn, sql))
		return wire_refused(session, "could not ask PgBouncer's console", err);
	while (!wire_advance(session)) {
		switch (wire_move(session, deadline_ms)) {
		case LOOP_STOPPED:
			session_abandon(session);
			return loop_stop_error(session->loop, err);
		case LOOP_TIMEOUT:
			return silent(session, err);
		default:
			break;
		}
	}
	return wire_judge(session, session->held, err);
}

static struct bouncer_table table_of(struct arena *arena, const char *sql, const PGresult *result)
{
	size_t columns = (size_t)PQnfields(result), rows = (size_t)PQntuples(result);
	const char **names = arena_alloc(arena, columns * sizeof(*names) + 1);
	const char **cells = arena_alloc(arena, columns * rows * sizeof(*cells) + 1);

	for (size_t i = 0; i < columns; i++)
		names[i] = PQfname(result, (int)i);
	for (size_t i = 0; i < columns * rows; i++) {
		int row = (int)(i / columns), column = (int)(i % columns);
		cells[i] = PQgetisnull(result, row, column) ? NULL : PQgetvalue(result, row, column);
	}
	return (struct bouncer_table){.name = sql, .columns = columns, .rows = rows, .names = names, .cells = cells};
}

enum status bouncer_read(const struct bouncer_question *question, struct arena *arena, const struct rows *rows,
                         struct bouncer_look *look, struct error *err)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct bouncer_table table = table_of(scratch, question->sql, rows->result);

	return question->read(arena, &table, look, err);
}

const char *bouncer_version(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strcspn(text, "/"));
}

static enum status ask(struct session *session, struct arena *arena, const struct bouncer_question *question,
                       struct bouncer_look *look, struct error *err)
{
	enum status status = answer(session, question->sql, err);

	if (status == OK) {
		const struct rows rows = {.result = session->held};
		status = bouncer_read(question, arena, &rows, look, err);
	}
	PQclear(session->held);
	session->held = NULL;
	return status;
}

enum status bouncer_take(struct bouncer *bouncer, struct arena *arena, struct bouncer_look *ret_look,
                         struct error *err)
{
	struct session *session = bouncer->session;
	struct bouncer_look look = {.version = bouncer_version(arena, PQparameterStatus(session->conn, "server_version")),
	                            .place = arena_strdup(arena, session->place)};

	for (size_t i = 0; i < BOUNCER_QUESTION_COUNT; i++)
		if (ask(session, arena, &BOUNCER_QUESTIONS[i], &look, err) != OK)
			return err->status;
	look.taken_us = clock_us();
	*ret_look = look;
	return OK;
}

struct session_options bouncer_session(const char *conninfo, const char *role_word, const char *run_id)
{
	return (struct session_options){
		.conninfo = conninfo,
		.database = "pgbouncer",
		.role_word = role_word,
		.run_id = run_id,
		.pooled = true,
		.access = SESSION_READ_WRITE,
	};
}

static enum status connect_to(struct bouncer *bouncer, struct loop *loop, const char *conninfo, struct error *err)
{
	const struct session_options options = bouncer_session(conninfo, "pool", NULL);
	struct conninfo info;

	if (session_start(loop, &options, &bouncer->session, &info, err) != OK)
		return err->status;
	if (connection_open(bouncer->session, &info, session_connect_ms(&options, &info), err) == OK)
		return connection_check_console(bouncer->session, err);
	/* PgBouncer's one SQLSTATE for a login that it refuses; also when it is full, which passes. */
	if (strcmp(err->sqlstate, "08P01") == 0 && !strstr(err->message, "no more connections"))
		error_recast(err, FAIL_USAGE);
	if (err->status == FAIL_USAGE)
		error_hint(err, "Give the address of PgBouncer, with a user of its admin_users or stats_users.");
	return err->status;
}

enum status bouncer_open(struct loop *loop, const char *conninfo, struct bouncer **ret_bouncer, struct error *err)
{
	struct bouncer *bouncer = memory_new(sizeof(*bouncer));

	if (connect_to(bouncer, loop, conninfo, err) != OK) {
		bouncer_close(bouncer);
		return err->status;
	}
	*ret_bouncer = bouncer;
	return OK;
}

void bouncer_close(struct bouncer *bouncer)
{
	if (!bouncer)
		return;
	session_close(bouncer->session);
	memory_free(bouncer);
}

void bouncer_cleanup(struct bouncer **bouncer)
{
	bouncer_close(*bouncer);
}
