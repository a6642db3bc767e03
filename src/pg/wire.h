/*
 * The connection inside a session and the two ways to wait on it, for the files of this folder that speak libpq.
 * Knows no statements.
 */
#ifndef PG_WIRE_H
#define PG_WIRE_H

#include <libpq-fe.h>

#include "base/arena.h"
#include "pg/conninfo.h"
#include "pg/session.h"

/* How long a cancelled statement may take to end before its connection is given up. */
enum { WIRE_CANCEL_MS = 10000 };

struct rows {
	PGresult *result;
};

struct session {
	PGconn *conn;
	struct loop *loop;
	struct arena *arena;         /* texts below, as long as the session */
	const char *place;           /* where it is, without secrets */
	const char *application;     /* application_name */
	const char *own_options;     /* start-up options that the operator's connection string brought, or NULL */
	const char *set_role;        /* or NULL */
	const char *search_path;     /* schemas of the role's own search path, as a name[] literal */
	enum session_access access;
	bool plain;
	bool hangs_up;
	int server_version;
	int backend_pid;
	const char *backend_start;   /* or NULL */
	bool lost;                   /* the connection is of no more use */
	bool busy;                   /* a statement was sent and its result not handed out yet */
	bool copying_out;            /* its rows come as COPY data, which is dropped */
	struct text_list kept;       /* names of the statements that the server keeps for it */
	PGresult *held;              /* its result so far: the first error, else the newest */
	session_notice *notice;
	void *notice_context;
	session_sent *sent;
	void *sent_context;
	const char *role_word;       /* in the arena */
	const char *sent_sql;        /* the text of the statement on its way: only its address counts */
	int64_t sent_ms;
};

struct rows *rows_new(PGresult *result);

/*
 * Sends what is left to send, waits until the server says something or takes something, and reads it. A connection
 * that breaks is noted in session->lost.
 */
enum loop_outcome wire_move(struct session *session, int64_t deadline_ms) MUST_CHECK;

/* Takes what has arrived; true when the whole result is there (or will never be), in session->held. */
bool wire_advance(struct session *session) MUST_CHECK;

/* Fails at once, without having sent anything, when a stop was asked for or the connection is lost. */
enum status wire_ready(struct session *session, struct error *err) MUST_CHECK;

/* OK, or the error in a result. NULL: the connection was lost before there was one. */
enum status wire_judge(struct session *session, const PGresult *result, struct error *err) MUST_CHECK;

/* The error of a session that lost its connection; and of a libpq call that failed on a sound one. */
enum status wire_lost(struct session *session, struct error *err);
enum status wire_refused(struct session *session, const char *what, struct error *err);

/* The status that belongs to a SQLSTATE, with a hint if we know a better one than the status has. */
enum status sqlstate_status(const char *sqlstate, const char **ret_hint);

/*
 * A session without a connection yet, and in its arena what libpq is to be given. To be closed on failure too. And the
 * parameters of the query session_settings for it.
 */
enum { SESSION_SETTINGS_PARAMETERS = 3 };
enum status session_start(struct loop *loop, const struct session_options *options, struct session **ret_session,
                          struct conninfo *ret_info, struct error *err) MUST_CHECK;
const char *const *session_settings_parameters(const struct session *session, struct arena *arena);

/* How long a connection may take to be made. */
int64_t session_connect_ms(const struct session_options *options, const struct conninfo *info);

/*
 * connect.c: a connection opened without waiting. Until it is done or refused, the caller waits until PQsocket (which
 * changes) can be read or written, and takes a step. A refused one tells why in connection_failed.
 */
enum connecting { CONNECTING_READS, CONNECTING_WRITES, CONNECTING_DONE, CONNECTING_REFUSED };
enum connecting connection_start(struct session *session, const struct conninfo *info) MUST_CHECK;
enum connecting connection_step(struct session *session) MUST_CHECK;
enum status connection_failed(struct session *session, struct error *err);

/* FAIL_USAGE for a server that is too old; and for what is not PgBouncer's console. */
enum status connection_check_version(struct session *session, struct error *err) MUST_CHECK;
enum status connection_check_console(const struct session *session, struct error *err) MUST_CHECK;

/* connect.c: opens the connection; `info` is what libpq is given. */
enum status connection_open(struct session *session, struct conninfo *info, int64_t timeout_ms,
                            struct error *err) MUST_CHECK;

/* FAIL_USAGE: something shares sessions between us and the server; `sign` says what shows it, without full stop. */
enum status connection_pooled(struct session *session, const char *sign, struct error *err);

#endif
