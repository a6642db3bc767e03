#include <stdlib.h>
#include <string.h>

#include "pg/pipeline.h"
#include "pg/wire.h"

/* libpq copies what it is given; a piece at a time keeps that small. */
enum { PIECE_BYTES = 65536 };

/* Waits for the server to take the data, or to say that it will not. */
static enum status put(struct session *session, const char *data, size_t length, struct error *err)
{
	for (size_t done = 0; done < length && !session->lost;) {
		size_t piece = length - done < PIECE_BYTES ? length - done : PIECE_BYTES;
		int taken = PQputCopyData(session->conn, data + done, (int)piece);
		if (taken < 0)
			return wire_refused(session, "could not send COPY data", err);
		if (taken > 0)
			done += piece;
		while (!session->lost && PQflush(session->conn) > 0)
			if (wire_move(session, INT64_MAX) == LOOP_STOPPED)
				return loop_stop_error(session->loop, err);
	}
	return OK;
}

/* "COPY documents, line 3, column size: ..." */
static void note_line(struct error *err)
{
	const char *at = err->detail ? strstr(err->detail, ", line ") : NULL;
	if (at && !err->file)
		err->line = strtol(at + 7, NULL, 10);
}

/* Starts the COPY; the result it answers with is taken out, so that the final one can be waited for. */
static enum status start(struct session *session, const char *sql, struct error *err)
{
	if (wire_ready(session, err) != OK)
		return err->status;
	if (!PQsendQueryParams(session->conn, sql, 0, NULL, NULL, NULL, NULL, 0))
		return wire_refused(session, "could not send a COPY", err);
	session->busy = true;
	session->copying_out = false;
	while (!session->lost && PQisBusy(session->conn)) {
		if (wire_move(session, INT64_MAX) != LOOP_STOPPED)
			continue;
		return session_result(session, NULL, err);
	}
	PGresult *result = PQgetResult(session->conn);
	if (PQresultStatus(result) == PGRES_COPY_IN) {
		PQclear(result);
		return OK;
	}
	session->held = result;
	if (session_result(session, NULL, err) != OK)
		return err->status;
	return error_set(err, FAIL_INTERNAL, "the server asked for no COPY data");
}

enum status copy_in(struct session *session, const char *sql, const char *data, size_t length, int64_t *ret_rows,
                    struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	_cleanup_error_ struct error stop = {0};
	if (start(session, sql, err) != OK)
		return err->status;
	const char *complaint = put(session, data, length, &stop) == OK ? NULL : "the client gave up";
	if (PQputCopyEnd(session->conn, complaint) < 0)
		session->lost = true;
	/* The server's own error says more than that its connection took no data. */
	if (session_result(session, &rows, err) != OK) {
		note_line(err);
		return err->status;
	}
	if (ret_rows)
		*ret_rows = rows_affected(rows);
	return OK;
}
