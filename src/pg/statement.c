#include <libpq-fe.h>
#include <poll.h>

#include "base/memory.h"
#include "pg/query.h"
#include "pg/wire.h"
#include "sys/clock.h"

static enum status begin(struct session *session, const char *sql, int sent, struct error *err)
{
	if (!sent)
		return wire_refused(session, "could not send a statement", err);
	session->sent_sql = sql;
	session->sent_ms = clock_ms();
	session->busy = true;
	session->copying_out = false;
	/* What does not go out now goes out while the result is waited for. */
	if (PQflush(session->conn) < 0 && !PQconsumeInput(session->conn))
		session->lost = true;
	return OK;
}

enum status session_send(struct session *session, const char *sql, int count, const char *const *parameters,
                         struct error *err)
{
	if (session->lost)
		return wire_lost(session, err);
	if (session->busy)
		return error_set(err, FAIL_INTERNAL, "a statement was to be sent while another one runs");
	return begin(session, sql, PQsendQueryParams(session->conn, sql, count, NULL, parameters, NULL, NULL, 0), err);
}

static void tell_sent(struct session *session, const PGresult *result, enum status status)
{
	const char *name = query_name(session->sent_sql);

	if (!session->sent)
		return;
	if (!name)
		name = status == OK ? PQcmdStatus((PGresult *)(uintptr_t)result) : "a statement";
	session->sent(session->sent_context, session->role_word, name, clock_ms() - session->sent_ms,
	              status == OK ? PQntuples(result) : -1);
}

/* The end of a statement: its result, or its error, and the session is free again. */
static enum status hand_out(struct session *session, struct rows **ret_rows, struct error *err)
{
	PGresult *result = session->held;
	enum status status = wire_judge(session, result, err);

	session->held = NULL;
	session->busy = false;
	tell_sent(session, result, status);
	if (status == OK && ret_rows)
		*ret_rows = rows_new(result);
	else
		PQclear(result);
	return status;
}

/* Cancels what runs and waits for its end, for a while; what does not end takes its connection with it. */
static void stop_statement(struct session *session)
{
	int64_t deadline_ms = clock_ms() + WIRE_CANCEL_MS;

	loop_shield(session->loop);
	session_cancel(session);
	while (!wire_advance(session))
		if (wire_move(session, deadline_ms) == LOOP_TIMEOUT)
			session->lost = true;
	loop_unshield(session->loop);
}

static void forget(struct session *session)
{
	PQclear(session->held);
	session->held = NULL;
	session->busy = false;
}

/* The cancel request came too late: what was done is done. */
static bool ended_well(const struct session *session)
{
	ExecStatusType kind = PQresultStatus(session->held);
	return session->held && (kind == PGRES_COMMAND_OK || kind == PGRES_TUPLES_OK);
}

enum status session_result(struct session *session, struct rows **ret_rows, struct error *err)
{
	if (!session->busy)
		return error_set(err, FAIL_INTERNAL, "a result was asked for and no statement was sent");
	while (!wire_advance(session)) {
		if (wire_move(session, INT64_MAX) != LOOP_STOPPED)
			continue;
		stop_statement(session);
		if (ended_well(session))
			break;
		forget(session);
		return loop_stop_error(session->loop, err);
	}
	return hand_out(session, ret_rows, err);
}

static enum status finish(struct session *session, int64_t deadline_ms, struct error *err)
{
	while (!wire_advance(session)) {
		if (wire_move(session, deadline_ms) != LOOP_TIMEOUT)
			continue;
		stop_statement(session);
		if (ended_well(session))
			break;
		forget(session);
		return error_set(err, FAIL_UNREACHABLE, "a statement did not end in time and was cancelled");
	}
	return hand_out(session, NULL, err);
}

enum status session_finish(struct session *session, const char *sql, int count, const char *const *parameters,
                           int64_t limit_ms, struct error *err)
{
	loop_shield(session->loop);
	enum status status = session_send(session, sql, count, parameters, err);
	if (status == OK)
		status = finish(session, clock_ms() + limit_ms, err);
	loop_unshield(session->loop);
	return status;
}

enum status session_query(struct session *session, const char *sql, int count, const char *const *parameters,
                          struct rows **ret_rows, struct error *err)
{
	if (wire_ready(session, err) != OK || session_send(session, sql, count, parameters, err) != OK)
		return err->status;
	return session_result(session, ret_rows, err);
}

static enum status keep(struct session *session, const char *name, const char *sql, int count, struct error *err)
{
	if (text_list_has(&session->kept, name))
		return OK;
	if (wire_ready(session, err) != OK ||
	    begin(session, sql, PQsendPrepare(session->conn, name, sql, count, NULL), err) != OK ||
	    session_result(session, NULL, err) != OK)
		return err->status;
	list_push(session->arena, &session->kept, arena_strdup(session->arena, name));
	return OK;
}

enum status session_query_kept(struct session *session, const char *name, const char *sql, int count,
                               const char *const *parameters, struct rows **ret_rows, struct error *err)
{
	if (keep(session, name, sql, count, err) != OK || wire_ready(session, err) != OK ||
	    begin(session, sql, PQsendQueryPrepared(session->conn, name, count, parameters, NULL, NULL, 0), err) != OK)
		return err->status;
	return session_result(session, ret_rows, err);
}

enum status session_exec(struct session *session, const char *sql, struct error *err)
{
	return session_query(session, sql, 0, NULL, NULL, err);
}

enum status session_script(struct session *session, const char *sql, struct error *err)
{
	if (wire_ready(session, err) != OK || begin(session, sql, PQsendQuery(session->conn, sql), err) != OK)
		return err->status;
	return session_result(session, NULL, err);
}

void session_cancel(struct session *session)
{
	char unused[256];

	if (session->hangs_up) {
		session_abandon(session);
		return;
	}
	PGcancel *cancel = PQgetCancel(session->conn);
	/* A server that cannot be reached for this has lost the session too; that shows where the result is awaited. */
	if (cancel)
		(void)PQcancel(cancel, unused, sizeof(unused));
	PQfreeCancel(cancel);
}

static bool find_done(struct session *const *sessions, size_t count, size_t *ret_index)
{
	for (size_t i = 0; i < count; i++) {
		if (!sessions[i]->busy || !wire_advance(sessions[i]))
			continue;
		*ret_index = i;
		return true;
	}
	return false;
}

/* Reads from every session that is ready; the descriptors are those of the busy ones, in order. */
static void move_all(struct session *const *sessions, size_t count, const struct loop_fd *fds)
{
	for (size_t i = 0, at = 0; i < count; i++) {
		if (!sessions[i]->busy)
			continue;
		if (fds[at++].revents && (PQflush(sessions[i]->conn) < 0 || !PQconsumeInput(sessions[i]->conn)))
			sessions[i]->lost = true;
	}
}

static size_t list_busy(struct session *const *sessions, size_t count, struct loop_fd *fds)
{
	size_t busy = 0;
	for (size_t i = 0; i < count; i++) {
		if (!sessions[i]->busy)
			continue;
		bool unsent = PQflush(sessions[i]->conn) > 0;
		fds[busy++] = (struct loop_fd){.fd = PQsocket(sessions[i]->conn),
		                               .events = (short)(unsent ? POLLIN | POLLOUT : POLLIN)};
	}
	return busy;
}

enum status session_wait_any(struct loop *loop, struct session *const *sessions, size_t count, int64_t deadline_ms,
                             size_t *ret_index, bool *ret_timeout, struct error *err)
{
	struct loop_fd *fds = memory_new((count + 1) * sizeof(*fds));
	enum status status = OK;

	*ret_timeout = false;
	while (status == OK && !find_done(sessions, count, ret_index)) {
		size_t busy = list_busy(sessions, count, fds);
		if (busy == 0) {
			status = error_set(err, FAIL_INTERNAL, "a result was waited for and no statement was sent");
			break;
		}
		enum loop_outcome outcome = loop_wait(loop, fds, busy, deadline_ms);
		if (outcome == LOOP_STOPPED) {
			status = loop_stop_error(loop, err);
		} else if (outcome == LOOP_TIMEOUT) {
			*ret_timeout = true;
			break;
		} else {
			move_all(sessions, count, fds);
		}
	}
	memory_free(fds);
	return status;
}
