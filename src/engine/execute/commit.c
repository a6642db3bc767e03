/*
 * COMMIT, alone, and the truth about it: confirmed, unconfirmed by the standby, or lost on the way. pg_xact_status is
 * not asked: after a crash it can call a lost transaction committed. The history row, which commits with the
 * migration, tells.
 */
#include <signal.h>
#include <string.h>

#include "engine/execute/boundary.h"
#include "engine/execute/execute.h"
#include "pg/history.h"
#include "pg/query.h"

enum {
	LOOK_EVERY_MS = 1000,       /* how often the server is asked whether it still works on a COMMIT */
	LOOKS_IDLE = 3,             /* that often in a row it did not: its answer is lost */
	NOTICE_EVERY_MS = 10000,    /* how often a waiting COMMIT is mentioned */
	STOP_PATIENCE_MS = 10000,   /* how long a COMMIT may wait after a stop was asked for, until it is cancelled */
	GIVE_UP_MS = 20000,         /* and until its answer is awaited no more, but looked for */
	RECONNECT_FOR_MS = 60000,   /* how long a lost COMMIT is inquired after */
	RECONNECT_STOPPED_MS = 5000, /* the same after a stop was asked for */
	RECONNECT_PAUSE_MS = 250,
	ROLL_BACK_MS = 10000,       /* when ROLLBACK is not answered, closing the connection does the same */
};

/* A COMMIT under way: of a step's own session, or of the ledger's with an outcome. */
struct commit {
	struct executor *executor;
	const struct migration *migration;
	size_t step;
	struct session *session;
	const char *role_word;      /* of that session */
	bool unconfirmed;
};

/* PostgreSQL says only by a warning that it stopped waiting for the synchronous standby. */
static void watch_notice(void *context, const char *severity, const char *sqlstate, const char *message)
{
	struct commit *commit = context;
	if (strcmp(severity, "WARNING") == 0)
		commit->unconfirmed = true;
	execute_notice(commit->executor, severity, sqlstate, message);
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

static enum status wait_until_gone(const struct commit *commit, struct session *session, int pid, int64_t deadline_ms,
                                   struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct run *run = commit->executor->run;
	const char *parameters[] = {arena_printf(arena, "%d", pid),
	                            arena_printf(arena, "pgsluice/%s/%s", run->id.text, commit->role_word)};

	while (clock_ms() < deadline_ms) {
		_cleanup_rows_ struct rows *rows = NULL;
		if (session_query(session, query_backend_alive, 2, parameters, &rows, err) != OK)
			return err->status;
		if (!rows_true(rows, 0, 0))
			return OK;
		(void)!loop_sleep(run->loop, RECONNECT_PAUSE_MS);
	}
	error_set(err, FAIL_IN_DOUBT,
	          "the connection was lost at COMMIT and its server process %d is still at work", pid);
	return error_hint(err, "Start again when that process is gone: the history row decides.");
}

static enum status read_outcome(const struct commit *commit, struct session *session, bool *ret_committed,
                                struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	_cleanup_arena_ struct arena *arena = arena_open();
	const struct executor *executor = commit->executor;
	const char *version = commit->migration->version;

	if (execute_is_last(executor, commit->migration, commit->step)) {
		bool there = false;
		if (history_has(session, executor->history, version, &there, err) != OK)
			return err->status;
		*ret_committed = there == (executor->direction == DIRECTION_UP);
		return OK;
	}
	const char *parameters[] = {executor->run->id.text, version, arena_printf(arena, "%zu", commit->step)};
	if (session_query(session, query_step_committed, 3, parameters, &rows, err) != OK)
		return err->status;
	*ret_committed = rows_true(rows, 0, 0);
	return OK;
}

/* The connection is gone and nobody told us: reconnect, wait until the old transaction has ended, read the row. */
static enum status inquire(const struct commit *commit, int pid, struct error *err)
{
	struct executor *executor = commit->executor;
	const char *version = commit->migration->version;
	int64_t deadline_ms = clock_ms() + RECONNECT_FOR_MS;
	_cleanup_session_ struct session *session = NULL;
	bool committed = false;

	emit_log(executor->run->emitter, LOG_WARNING,
	         "connection lost at COMMIT of migration %s; asking what became of it", version);
	while (open_inquiry(executor, &session, err) != OK) {
		if (loop_stop_signal(executor->run->loop) && deadline_ms > clock_ms() + RECONNECT_STOPPED_MS)
			deadline_ms = clock_ms() + RECONNECT_STOPPED_MS;
		if (clock_ms() >= deadline_ms) {
			error_recast(err, FAIL_IN_DOUBT);
			error_wrap(err, "the connection was lost at COMMIT of migration %s", version);
			return error_hint(err, "Start again when the target answers: the history row decides.");
		}
		(void)!loop_sleep(executor->run->loop, RECONNECT_PAUSE_MS);
	}
	error_clear(err);
	if (same_cluster(executor, session, err) != OK || wait_until_gone(commit, session, pid, deadline_ms, err) != OK ||
	    read_outcome(commit, session, &committed, err) != OK)
		return error_recast(err, FAIL_IN_DOUBT);
	if (committed) {
		emit_log(executor->run->emitter, LOG_NOTICE, "migration %s is committed: its row is there", version);
		return OK;
	}
	error_set(err, FAIL_UNREACHABLE, "the connection was lost at COMMIT of migration %s, which was rolled back",
	          version);
	return error_hint(err, "Nothing of it is there. Start again when the target is stable.");
}

/* Whether the server, asked on another session, is still at the COMMIT. What cannot be asked is taken as yes. */
static bool at_work(const struct commit *commit)
{
	_cleanup_error_ struct error ignored = {0};
	_cleanup_rows_ struct rows *rows = NULL;
	_cleanup_arena_ struct arena *arena = arena_open();
	struct executor *executor = commit->executor;
	const char *parameters[] = {
		arena_printf(arena, "%d", session_backend_pid(commit->session)),
		arena_printf(arena, "pgsluice/%s/%s", executor->run->id.text, commit->role_word)};

	return !executor->live || execute_watch(executor, &ignored) != OK ||
	       session_query(executor->watch, query_backend_active, 2, parameters, &rows, &ignored) != OK ||
	       rows_true(rows, 0, 0);
}

static void note_waiting(const struct commit *commit, int64_t waited_ms)
{
	emit_log(commit->executor->run->emitter, LOG_WARNING,
	         "COMMIT of migration %s has been waiting for %lld s: for a synchronous standby?",
	         commit->migration->version, (long long)waited_ms / 1000);
}

/*
 * Waits for COMMIT's answer. It may wait for a standby without end: say so, and give in only to an operator's stop,
 * which cancels the wait for the standby, never the commit. An answer that the server gave and the network lost is not
 * waited for.
 */
static enum status await_commit(const struct commit *commit, struct error *err)
{
	struct session *session = commit->session;
	struct loop *loop = commit->executor->run->loop;
	int64_t start_ms = clock_ms(), noted_ms = start_ms, stopped_ms = 0;
	int idle = 0;

	for (;;) {
		size_t index = 0;
		bool timeout = false;
		enum status status =
			session_wait_any(loop, &session, 1, clock_ms() + LOOK_EVERY_MS, &index, &timeout, err);
		if (status != OK || !timeout)
			return status;
		idle = at_work(commit) ? 0 : idle + 1;
		int64_t now_ms = clock_ms();
		if (loop_stop_signal(loop) && !stopped_ms)
			stopped_ms = now_ms;
		if (idle >= LOOKS_IDLE || (stopped_ms && now_ms - stopped_ms >= GIVE_UP_MS)) {
			session_abandon(session);
			return OK;
		}
		if (stopped_ms && now_ms - stopped_ms >= STOP_PATIENCE_MS)
			session_cancel(session);
		if (now_ms - noted_ms < NOTICE_EVERY_MS)
			continue;
		noted_ms = now_ms;
		note_waiting(commit, now_ms - start_ms);
	}
}

static enum status not_confirmed(const struct commit *commit, struct error *err)
{
	const char *version = commit->migration->version;
	if (commit->session == commit->executor->ledger)
		error_set(err, FAIL_UNCONFIRMED,
		          "step %zu of migration %s is recorded here, but no synchronous standby confirmed it",
		          commit->step + 1, version);
	else
		error_set(err, FAIL_UNCONFIRMED,
		          "migration %s is committed here, but no synchronous standby confirmed it", version);
	return error_detail(err, "After a failover now it could be gone.");
}

static enum status send_commit(struct commit *commit, struct error *err)
{
	struct session *session = commit->session;
	_cleanup_rows_ struct rows *rows = NULL;
	int pid = session_backend_pid(session);

	session_on_notice(session, watch_notice, commit);
	boundary_pass();
	enum status status = session_send(session, "commit", 0, NULL, err);
	if (status == OK)
		status = await_commit(commit, err);
	if (status == OK && session_alive(session))
		status = session_result(session, &rows, err);
	session_on_notice(session, execute_notice, commit->executor);
	boundary_pass();
	if (!session_alive(session))
		return inquire(commit, pid, err);
	if (status != OK)
		return error_recast(err, FAIL_MIGRATION);
	if (strcmp(rows_tag(rows), "COMMIT") != 0)
		return error_set(err, FAIL_MIGRATION, "the server answered COMMIT with %s", rows_tag(rows));
	if (!commit->unconfirmed)
		return OK;
	return not_confirmed(commit, err);
}

static enum status commit_shielded(struct commit *commit, struct error *err)
{
	struct loop *loop = commit->executor->run->loop;
	loop_shield(loop);
	enum status status = send_commit(commit, err);
	loop_unshield(loop);
	return status;
}

enum status execute_commit(struct executor *executor, const struct migration *migration, size_t step,
                           struct error *err)
{
	struct commit commit = {.executor = executor,
	                        .migration = migration,
	                        .step = step,
	                        .session = executor->session,
	                        .role_word = "apply"};
	return commit_shielded(&commit, err);
}

enum status execute_commit_outcome(struct executor *executor, const struct migration *migration, size_t step,
                                   struct error *err)
{
	struct commit commit = {.executor = executor,
	                        .migration = migration,
	                        .step = step,
	                        .session = executor->ledger,
	                        .role_word = "ledger"};
	return commit_shielded(&commit, err);
}

void execute_roll_back(struct session *session)
{
	_cleanup_error_ struct error ignored = {0};

	if (!session || !session_alive(session))
		return;
	if (session_finish(session, "rollback", 0, NULL, ROLL_BACK_MS, &ignored) == OK &&
	    session_server_version(session) >= 150000)
		(void)!session_finish(session, "select pg_catalog.pg_stat_force_next_flush()", 0, NULL, ROLL_BACK_MS,
		                      &ignored);
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

static enum status reopen(struct executor *executor, const char *role_word, enum session_access access,
                          struct session **session, struct error *err)
{
	if (*session && session_alive(*session))
		return OK;
	if (!executor->live)
		return error_set(err, FAIL_UNREACHABLE, "the copy's %s session was lost", role_word);
	struct session_options options = run_session_options(executor->run, role_word);
	options.access = access;
	session_close(*session);
	*session = NULL;
	if (session_open(executor->run->loop, &options, session, err) != OK)
		return err->status;
	return access == SESSION_READ_WRITE ? session_exec(*session, "set lock_timeout = '30s'", err) : OK;
}

enum status execute_ledger(struct executor *executor, struct error *err)
{
	return reopen(executor, "ledger", SESSION_READ_WRITE, &executor->ledger, err);
}

enum status execute_watch(struct executor *executor, struct error *err)
{
	return reopen(executor, "watch", SESSION_READ_ONLY, &executor->watch, err);
}
