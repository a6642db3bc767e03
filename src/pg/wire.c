#include "pg/wire.h"

#include <limits.h>
#include <poll.h>
#include <string.h>

#include "base/strbuf.h"

enum loop_outcome wire_move(struct session *session, int64_t deadline_ms)
{
	int left = PQflush(session->conn);
	struct loop_fd fd = {.fd = PQsocket(session->conn), .events = POLLIN};

	if (left < 0 || fd.fd < 0) {
		/* What the server said before it hung up may still be read. */
		if (fd.fd < 0 || !PQconsumeInput(session->conn))
			session->lost = true;
		return LOOP_READY;
	}
	if (left > 0)
		fd.events |= POLLOUT;
	enum loop_outcome outcome = loop_wait(session->loop, &fd, 1, deadline_ms);
	if (outcome == LOOP_READY && (fd.revents & ~POLLOUT) && !PQconsumeInput(session->conn))
		session->lost = true;
	return outcome;
}

/* The first error stays: what follows is only its consequence. */
static void keep(struct session *session, PGresult *result)
{
	bool has_error = session->held && PQresultStatus(session->held) == PGRES_FATAL_ERROR;
	PQclear(has_error ? result : session->held);
	if (!has_error)
		session->held = result;
}

/* Drops COPY data; true when it has ended. */
static bool drop_copy(struct session *session)
{
	char *row = NULL;
	int length;
	while ((length = PQgetCopyData(session->conn, &row, 1)) > 0)
		PQfreemem(row);
	if (length < 0)
		session->copying_out = false;
	return !session->copying_out;
}

bool wire_advance(struct session *session)
{
	for (;;) {
		if (session->copying_out && !drop_copy(session))
			return session->lost;
		if (PQisBusy(session->conn))
			return session->lost;
		PGresult *result = PQgetResult(session->conn);
		if (!result)
			return true;
		ExecStatusType kind = PQresultStatus(result);
		if (kind == PGRES_COPY_OUT) {
			session->copying_out = true;
		} else if (kind == PGRES_COPY_IN) {
			PQputCopyEnd(session->conn, "there is no data for it here");
		}
		keep(session, result);
		if (PQstatus(session->conn) == CONNECTION_BAD)
			session->lost = true;
	}
}

enum status wire_ready(struct session *session, struct error *err)
{
	if (session->lost)
		return wire_lost(session, err);
	if (session->busy)
		return error_set(err, FAIL_INTERNAL, "a statement was to be sent while another one runs");
	/* A stop that came between two statements must not start the next one. */
	if (loop_wait(session->loop, NULL, 0, 0) == LOOP_STOPPED)
		return loop_stop_error(session->loop, err);
	return OK;
}

enum status wire_lost(struct session *session, struct error *err)
{
	const char *said = PQerrorMessage(session->conn);
	size_t length = strcspn(said, "\n");

	session->lost = true;
	error_set(err, FAIL_UNREACHABLE, "the connection to the server was lost");
	if (length > 0 && length < INT_MAX)
		error_detail(err, "%s: %.*s.", session->place, (int)length, said);
	else
		error_detail(err, "%s.", session->place);
	return error_hint(err, "Check the server's log and the network; then run again.");
}

enum status wire_refused(struct session *session, const char *what, struct error *err)
{
	if (session->lost || PQstatus(session->conn) == CONNECTION_BAD)
		return wire_lost(session, err);
	const char *said = PQerrorMessage(session->conn);
	return error_set(err, FAIL_INTERNAL, "%s: %.*s", what, (int)strcspn(said, "\n"), said);
}

static void add_details(struct error *err, const PGresult *result)
{
	const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
	const char *context = PQresultErrorField(result, PG_DIAG_CONTEXT);
	_cleanup_strbuf_ struct strbuf text = {0};

	if (detail)
		strbuf_puts(&text, detail);
	if (context)
		strbuf_printf(&text, "%s%s", text.length ? "\n" : "", context);
	if (text.length)
		error_detail(err, "%s", strbuf_text(&text));
}

enum status wire_judge(struct session *session, const PGresult *result, struct error *err)
{
	if (!result)
		return wire_lost(session, err);
	switch (PQresultStatus(result)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
	case PGRES_EMPTY_QUERY:
		return OK;
	case PGRES_COPY_OUT: /* held only when the connection broke in the middle of it */
	case PGRES_COPY_IN:
		return wire_lost(session, err);
	default:
		break;
	}
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT), *our_hint = NULL;
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
	if (!sqlstate || !message)
		return wire_refused(session, "the server's answer was not understood", err);
	/* The server hangs up after these; it may only not have done so yet. */
	if (severity && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0))
		session->lost = true;
	/* What libpq says inside the server, of a connection string for one, ends its line. */
	size_t length = strlen(message);
	while (length && message[length - 1] == '\n')
		length--;
	error_set(err, sqlstate_status(sqlstate, &our_hint), "%.*s", (int)length, message);
	error_sqlstate(err, sqlstate);
	add_details(err, result);
	if (hint || our_hint)
		error_hint(err, "%s", hint ? hint : our_hint);
	return err->status;
}
