/*
 * COMMIT, alone, and the truth about it: confirmed, unconfirmed by the standby, or lost on the way. pg_xact_status is
 * not asked: after a crash it can call a lost transaction committed. The history row, which commits with the
 * migration, tells.
 */
#include <signal.h>
#include <string.h>

#include "engine/boundary.h"
#include "engine/execute.h"
#include "pg/history.h"
#include "pg/query.h"

enum {
	LOOK_EVERY_MS = 1000,       /* how often the server is asked whether it still works on a COMMIT */
	LOOKS_IDLE = 3,             /* that often in a row it did not: its answer is lost */
	NOTICE_EVERY_MS = 10000,    /* how often a waiting COMMIT is mentioned */
	STOP_PATIENCE_MS = 20000,   /* how long a COMMIT may wait after the operator asked to stop */
	RECONNECT_FOR_MS = 60000,   /* how long a lost COMMIT is inquired after */
	RECONNECT_STOPPED_MS = 5000, /* the same after the operator asked to stop */
	RECONNECT_PAUSE_MS = 250,
};

struct commit_watch {
	struct executor *executor;
	bool unconfirmed;
};

/* PostgreSQL says only by a warning that it stopped waiting for the synchronous standby. */
static void watch_notice(void *context, const char *severity, const char *sqlstate, const char *message)
{
	struct commit_watch *watch = context;
	if (strcmp(severity, "WARNING") == 0)
		watch->unconfirmed = true;
	execute_notice(watch->executor, severity, sqlstate, message);
}

static enum status open_inquiry(struct executor *executor, struct session **ret_session, struct error *err)
{
	struct session_options options = run_session_options(executor->run, "inquiry");
	options.connect_timeout_s = 5;
	return session_open(executor->run->loop, &options, ret_session, err);
}

static enum status same_cluster(struct executor *executor, struct session *session, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	const struct target *target = &executor->run->target;

	if (session_query(session, query_identity, 0, NULL, &rows, err) != OK)
		return err->status;
	if (strcmp(rows_get(rows, 0, 0), target->system_identifier) == 0 &&
	    strcmp(rows_get(rows, 0, 1), target->timeline) == 0 && !rows_true(rows, 0, 2))
		return OK;
	error_set(err, FAIL_IN_DOUBT, "the connection was lost at COMMIT and another server answers now");
	error_detail(err, "System identifier %s, timeline %s%s answers; %s, timeline %s was written to.",
	             rows_get(rows, 0, 0), rows_get(rows, 0, 1), rows_true(rows, 0, 2) ? ", in recovery" : "",
	             target->system_identifier, target->timeline);
	return error_hint(err,
	                  "After a failover the old primary alone knows. Compare the history table on both first.");
}

static enum status wait_until_gone(struct executor *executor, struct session *session, int pid, int64_t deadline_ms,
                                   struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	const char *parameters[] = {arena_printf(arena, "%d", pid),
	                            arena_printf(arena, "pgsluice/%s/apply", executor->run->id.text)};

	while (clock_ms() < deadline_ms) {
		_cleanup_rows_ struct rows *rows = NULL;
		if (session_query(session, query_backend_alive, 2, parameters, &rows, err) != OK)
			return err->status;
		if (!rows_true(rows, 0, 0))
			return OK;
		(void)!loop_sleep(executor->run->loop, RECONNECT_PAUSE_MS);
	}
	error_set(err, FAIL_IN_DOUBT,
	          "the connection was lost at COMMIT and its server process %d is still at work", pid);
	return error_hint(err, "Start again when that process is gone: the history row decides.");
}

static enum status read_outcome(struct executor *executor, struct session *session, const struct migration *migration,
                                size_t step, bool *ret_committed, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	_cleanup_arena_ struct arena *arena = arena_open();

	if (execute_is_last(executor, migration, step)) {
		bool there = false;
		if (history_has(session, executor->history, migration->version, &there, err) != OK)
			return err->status;
		*ret_committed = there == (executor->direction == DIRECTION_UP);
		return OK;
	}
	const char *parameters[] = {executor->run->id.text, migration->version, arena_printf(arena, "%zu", step)};
	if (session_query(session, query_step_committed, 3, parameters, &rows, err) != OK)
		return err->status;
	*ret_committed = rows_true(rows, 0, 0);
	return OK;
}

/* The connection is gone and nobody told us: reconnect, wait until the old transaction has ended, read the row. */
static enum status inquire(struct executor *executor, const struct migration *migration, size_t step, int pid,
                           struct error *err)
{
	int64_t deadline_ms = clock_ms() + RECONNECT_FOR_MS;
	_cleanup_session_ struct session *session = NULL;
	bool committed = false;

	emit_log(executor->run->emitter, LOG_WARNING,
	         "connection lost at COMMIT of migration %s; asking what became of it",
	         migration->version);
	while (open_inquiry(executor, &session, err) != OK) {
		if (loop_stop_signal(executor->run->loop) && deadline_ms > clock_ms() + RECONNECT_STOPPED_MS)
			deadline_ms = clock_ms() + RECONNECT_STOPPED_MS;
		if (clock_ms() >= deadline_ms) {
			error_recast(err, FAIL_IN_DOUBT);
			error_wrap(err, "the connection was lost at COMMIT of migration %s", migration->version);
			return error_hint(err, "Start again when the target answers: the history row decides.");
		}
		(void)!loop_sleep(executor->run->loop, RECONNECT_PAUSE_MS);
	}
	if (same_cluster(executor, session, err) != OK ||
	    wait_until_gone(executor, session, pid, deadline_ms, err) != OK ||
	    read_outcome(executor, session, migration, step, &committed, err) != OK)
		return error_recast(err, FAIL_IN_DOUBT);
	if (committed) {
		emit_log(executor->run->emitter, LOG_NOTICE, "migration %s is committed: its row is there",
		         migration->version);
		error_clear(err);
		return OK;
	}
	error_set(err, FAIL_UNREACHABLE, "the connection was lost at COMMIT of migration %s, which was rolled back",
	          migration->version);
	return error_hint(err, "Nothing of it is there. Start again when the target is stable.");
}

/* Whether the server, asked on another session, is still at the COMMIT. What cannot be asked is taken as yes. */
static bool at_work(struct executor *executor)
{
	_cleanup_error_ struct error ignored = {0};
	_cleanup_rows_ struct rows *rows = NULL;
	_cleanup_arena_ struct arena *arena = arena_open();
	const char *parameters[] = {arena_printf(arena, "%d", session_backend_pid(executor->session)),
	                            arena_printf(arena, "pgsluice/%s/apply", executor->run->id.text)};

	return !executor->live ||
	       session_query(executor->watch, query_backend_active, 2, parameters, &rows, &ignored) != OK ||
	       rows_true(rows, 0, 0);
}

/*
 * Waits for COMMIT's answer. It may wait for a standby without end: say so, and give in only to an operator's stop. An
 * answer that the server gave and the network lost is not waited for.
 */
static enum status await_commit(struct executor *executor, const struct migration *migration, struct error *err)
{
	struct session *session = executor->session;
	struct loop *loop = executor->run->loop;
	int64_t start_ms = clock_ms(), said_ms = start_ms, stopped_ms = 0;
	int idle = 0;

	for (;;) {
		size_t index = 0;
		bool timeout = false;
		enum status status =
			session_wait_any(loop, &session, 1, clock_ms() + LOOK_EVERY_MS, &index, &timeout, err);
		if (status != OK || !timeout)
			return status;
		idle = at_work(executor) ? 0 : idle + 1;
		if (loop_stop_signal(loop) && !stopped_ms)
			stopped_ms = clock_ms();
		if (idle >= LOOKS_IDLE || (stopped_ms && clock_ms() - stopped_ms >= 2 * STOP_PATIENCE_MS)) {
			session_abandon(session);
			return OK;
		}
		if (stopped_ms && clock_ms() - stopped_ms >= STOP_PATIENCE_MS)
			session_cancel(session);
		if (clock_ms() - said_ms < NOTICE_EVERY_MS)
			continue;
		said_ms = clock_ms();
		emit_log(executor->run->emitter, LOG_WARNING,
		         "COMMIT of migration %s has been waiting for %lld s: for a synchronous standby?",
		         migration->version, (long long)(said_ms - start_ms) / 1000);
	}
}

static enum status commit(struct executor *executor, const struct migration *migration, size_t step,
                          struct error *err)
{
	struct session *session = executor->session;
	struct commit_watch watch = {.executor = executor};
	_cleanup_rows_ struct rows *rows = NULL;
	int pid = session_backend_pid(session);

	session_on_notice(session, watch_notice, &watch);
	boundary_pass();
	enum status status = session_send(session, "commit", 0, NULL, err);
	if (status == OK)
		status = await_commit(executor, migration, err);
	if (status == OK && session_alive(session))
		status = session_result(session, &rows, err);
	session_on_notice(session, execute_notice, executor);
	boundary_pass();
	if (!session_alive(session))
		return inquire(executor, migration, step, pid, err);
	if (status != OK)
		return error_recast(err, FAIL_MIGRATION);
	if (strcmp(rows_tag(rows), "COMMIT") != 0)
		return error_set(err, FAIL_MIGRATION, "the server answered COMMIT with %s", rows_tag(rows));
	if (!watch.unconfirmed)
		return OK;
	error_set(err, FAIL_UNCONFIRMED, "migration %s is committed here, but no synchronous standby confirmed it",
	          migration->version);
	return error_detail(err, "After a failover now it could be gone.");
}

enum status execute_commit(struct executor *executor, const struct migration *migration, size_t step,
                           struct error *err)
{
	loop_shield(executor->run->loop);
	enum status status = commit(executor, migration, step, err);
	loop_unshield(executor->run->loop);
	return status;
}

enum status execute_reconnect(struct executor *executor, struct error *err)
{
	struct session_options options = run_session_options(executor->run, "apply");
	options.access = SESSION_READ_WRITE;
	options.plain = true;
	session_close(executor->session);
	executor->session = NULL;
	if (session_open(executor->run->loop, &options, &executor->session, err) != OK)
		return err->status;
	session_on_notice(executor->session, execute_notice, executor);
	return OK;
}
