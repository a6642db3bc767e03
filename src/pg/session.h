/*
 * A session on a PostgreSQL server: opened with pinned settings, read-only unless told otherwise, waiting only in the
 * loop. The only users of libpq are this folder's files. Knows no migrations.
 */
#ifndef PG_SESSION_H
#define PG_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/list.h"
#include "sys/loop.h"

struct session;
struct rows;

enum session_access { SESSION_READ_ONLY, SESSION_READ_WRITE };

/*
 * A statement has ended: the name of our own text, else its command tag, never the text; rows -1 = it failed. Those of
 * a pipeline are not told.
 */
typedef void session_sent(void *context, const char *role_word, const char *name, int64_t duration_ms, int64_t rows);

struct session_options {
	const char *conninfo;        /* libpq connection string or URI; "" = libpq's own defaults */
	const char *database;        /* overrides the one in conninfo, or NULL */
	const char *user;            /* overrides the one in conninfo, or NULL */
	const char *role_word;       /* "inspect", "apply", ...: application_name is pgsluice/RUN/ROLE */
	const char *run_id;          /* or NULL: then application_name is pgsluice */
	const char *set_role;        /* SET ROLE after login (configuration `role`), or NULL */
	enum session_access access;
	bool direct;                 /* refuse a pooler in the path (FAIL_USAGE) */
	bool plain;                  /* user code runs here: no pinned search_path and output settings */
	int connect_timeout_s;       /* 0 = 10 */
	const char *startup;         /* further start-up options, "-c name=value", or NULL */
	bool pooled;                 /* no start-up options of ours at all: a pooler in the path would refuse them */
	bool hangs_up;               /* never asks the server to cancel, which waits for the server: it hangs up */
	const char *address;         /* numeric, of the one host that conninfo names: no name server is asked; or NULL */
	session_sent *sent;          /* told of each statement when it has ended, or NULL */
	void *sent_context;
};

/*
 * Opens a session. FAIL_UNREACHABLE when the server does not answer (refused, unknown host, time-out, starting up,
 * too many connections), FAIL_USAGE for a wrong password, an unknown database or role, a connection string that does
 * not parse, a server older than 13, a pooler. No secret is ever in the error. Sessions set application_name,
 * default_transaction_read_only when read-only, synchronous_commit at least `on` when not, idle_in_transaction and
 * statement and lock timeouts 0, client_connection_check_interval where the server has it (14), and unless `plain`
 * search_path = pg_catalog, UTC, ISO dates, UTF8.
 */
enum status session_open(struct loop *loop, const struct session_options *options, struct session **ret_session,
                         struct error *err) MUST_CHECK;
void session_close(struct session *session);
void session_cleanup(struct session **session);
#define _cleanup_session_ __attribute__((cleanup(session_cleanup)))

int session_server_version(const struct session *session);    /* server_version_num */
int session_backend_pid(const struct session *session);

/*
 * When the server began it, "2026-11-21T11:13:02.123456Z": with the pid it means this one session and no other, on any
 * server. NULL when the role that logs in may not see that.
 */
const char *session_backend_start(const struct session *session);
bool session_alive(const struct session *session);            /* the connection was not lost, as far as we know */
bool session_connected(struct session *session);              /* the same, after a look at the socket; never waits */
bool session_in_transaction(const struct session *session);
struct loop *session_loop(const struct session *session);
const char *session_user(const struct session *session);
const char *session_database(const struct session *session);
const char *session_place(const struct session *session);     /* "host=... dbname=...": without secrets */
const char *session_socket_folder(const struct session *session); /* of a local server; NULL over the network */
const char *session_address(const struct session *session);   /* numeric, of the server; NULL when it has none */

/* The schemas on the role's own search path (after set_role), as a name[] literal; ours may be pinned to another. */
const char *session_search_path(const struct session *session);

/* Whether the server is a standby, and whether a transaction begun in this session now would be read-only. */
enum status session_writable(struct session *session, bool *ret_in_recovery, bool *ret_read_only,
                             struct error *err) MUST_CHECK;

/*
 * One statement over the extended protocol with text parameters (NULL = SQL null). Waits in the loop. The caller
 * closes *ret_rows; ret_rows may be NULL. Server errors: FAIL_MIGRATION-neutral mapping by SQLSTATE: 08*, 57P01-03 and
 * a lost connection = FAIL_UNREACHABLE, 28*, 3D000, 42501 = FAIL_USAGE, 55P03 = FAIL_LOCK_BUDGET, 53* = FAIL_GATE,
 * everything else FAIL_INTERNAL; sqlstate, message, detail, hint are the server's. Callers recast. On a stop the
 * statement is cancelled and the status is that of the stop, unless it had ended well before that reached it.
 */
enum status session_query(struct session *session, const char *sql, int count, const char *const *parameters,
                          struct rows **ret_rows, struct error *err) MUST_CHECK;

/*
 * The same for a statement that one session runs again and again: the server keeps its plan under `name`, which stands
 * for this one text.
 */
enum status session_query_kept(struct session *session, const char *name, const char *sql, int count,
                               const char *const *parameters, struct rows **ret_rows, struct error *err) MUST_CHECK;

/* The same without parameters and result. */
enum status session_exec(struct session *session, const char *sql, struct error *err) MUST_CHECK;

/* Simple protocol: several statements in one text. Only for our own SQL. */
enum status session_script(struct session *session, const char *sql, struct error *err) MUST_CHECK;

/*
 * One statement that must come to an end although a stop was asked for: when it has not ended after `limit_ms` it is
 * cancelled, and when that does not help either, the connection is given up (FAIL_UNREACHABLE).
 */
enum status session_finish(struct session *session, const char *sql, int count, const char *const *parameters,
                           int64_t limit_ms, struct error *err) MUST_CHECK;

/* Makes the session as it was when it was opened: DISCARD ALL, and its own settings again. */
enum status session_reset(struct session *session, struct error *err) MUST_CHECK;

/* Asks the server to cancel what runs; returns when the request was delivered. One that hangs_up is abandoned. */
void session_cancel(struct session *session);

/* Hangs up without a word: for a session whose answer will not come. It is lost from then on; close it as usual. */
void session_abandon(struct session *session);

/* Starts a query without waiting; session_result waits for it. For sessions that work in parallel. */
enum status session_send(struct session *session, const char *sql, int count, const char *const *parameters,
                         struct error *err) MUST_CHECK;
enum status session_result(struct session *session, struct rows **ret_rows, struct error *err) MUST_CHECK;

/* Waits until one of the busy sessions has its whole result; returns its index in *ret_index. */
enum status session_wait_any(struct loop *loop, struct session *const *sessions, size_t count, int64_t deadline_ms,
                             size_t *ret_index, bool *ret_timeout, struct error *err) MUST_CHECK;

/* Called for each NOTICE or WARNING: sqlstate and message; NULL stops it. */
typedef void session_notice(void *context, const char *severity, const char *sqlstate, const char *message);
void session_on_notice(struct session *session, session_notice *notice, void *context);

/* Results: texts belong to the rows; NULL = SQL null. */
size_t rows_count(const struct rows *rows);
const char *rows_get(const struct rows *rows, size_t row, size_t column);
int64_t rows_int(const struct rows *rows, size_t row, size_t column); /* 0 when null */
bool rows_true(const struct rows *rows, size_t row, size_t column);
int64_t rows_affected(const struct rows *rows);
const char *rows_tag(const struct rows *rows);
void rows_close(struct rows *rows);
void rows_cleanup(struct rows **rows);
#define _cleanup_rows_ __attribute__((cleanup(rows_cleanup)))

/* 'it''s' and "Name", quoted for SQL; "schema.name" quoted by its parts. In the arena. */
const char *quote_literal(struct arena *arena, const char *text);
const char *quote_ident(struct arena *arena, const char *name);
const char *quote_qualified(struct arena *arena, const char *name);

/* {"a","b"}: the value of an array parameter; in the arena. */
const char *quote_array(struct arena *arena, const struct text_list *texts);

/*
 * Connection string parts without secrets, for messages and events: "host=... port=... dbname=... user=...".
 * A string that does not parse gives "(connection string that does not parse)".
 */
const char *conninfo_public(struct arena *arena, const char *conninfo);

/*
 * For child programs: writes a 0600 service file and pass file into `folder` and returns the environment
 * (PGSERVICEFILE, PGSERVICE, PGPASSFILE) that makes pg_dump and others connect as this session does, to `database`
 * (NULL = the session's).
 */
enum status session_child_environment(struct session *session, struct arena *arena, const char *folder,
                                      const char *database, const char *const **ret_environment,
                                      struct error *err) MUST_CHECK;

/*
 * A connection string for child programs that leads to the session's own server, with its password in a 0600 file in
 * `folder`. It says all that a service of the environment could fill in otherwise.
 */
enum status session_child_conninfo(struct session *session, struct arena *arena, const char *folder,
                                   const char **ret_conninfo, struct error *err) MUST_CHECK;

#endif
