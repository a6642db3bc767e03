/*
 * Many sessions on one server, side by side in one wait, that run a few kept statements again and again: who asks for
 * one is told when it has ended, to the microsecond. A session that is lost is opened anew. It is served by turns, or,
 * once attached, inside every wait of the loop. Knows no mix, no rate and no histogram.
 */
#ifndef PG_POOL_H
#define PG_POOL_H

#include "pg/session.h"

struct pool;

/* The server keeps its plan in each session; parameters are texts, NULL = SQL null. */
struct pool_statement {
	const char *sql;
	int count;
	const char *const *parameters;
};

enum pool_news {
	POOL_READY,      /* the lane is connected and prepared: it takes a statement */
	POOL_ENDED,      /* its statement has ended well */
	POOL_FAILED,     /* its statement has failed; the lane takes the next one */
	POOL_UNPREPARED, /* while it was made ready: this statement cannot be prepared, and is tried again when sent */
	POOL_LOST,       /* its session is gone, and its statement if it had one; it will be opened anew */
	POOL_REFUSED,    /* it could not be opened; it will be tried again */
};

/*
 * What a lane has to say: `statement` is its number, or SIZE_MAX, `at_us` the clock_us() when its end was read,
 * `err` what went wrong, for the length of the call. pool_send may be called from here.
 */
typedef void pool_told(void *context, enum pool_news news, size_t lane, size_t statement, int64_t at_us,
                       const struct error *err);

struct pool_options {
	struct session_options session;
	size_t lanes;
	int64_t timeout_ms; /* of a statement, on the server; of a connection, here */
	bool as_applications; /* through a pooler: no settings, no timeout and no kept statements; see session.pooled */
	const struct pool_statement *statements;
	size_t count;
	pool_told *told;
	void *context;
};

/* Opens nothing yet: the first turns do. Texts of the options outlive the pool. */
struct pool *pool_open(struct loop *loop, const struct pool_options *options);

/*
 * Hangs up. A statement that still runs is left to itself: the server ends it by its timeout, or when it sees that
 * nobody listens (14 and later). NULL does nothing.
 */
void pool_close(struct pool *pool);

/* Sends a statement on a lane that said it takes one. What comes of it is told in a later turn. */
void pool_send(struct pool *pool, size_t lane, size_t statement);

/* From now on it is served inside every wait of the loop, whoever waits for what: no turns. */
void pool_attach(struct pool *pool);

/* Waits once, at most until then (clock_us), and tells what has come. LOOP_READY when something has. */
enum loop_outcome pool_turn(struct pool *pool, int64_t deadline_us) MUST_CHECK;

/*
 * Cancels what runs and takes its end, within `limit_ms`, whatever stop was asked for. A server that answers nobody is
 * not asked.
 */
void pool_cancel(struct pool *pool, int64_t limit_ms);

/* No lane is opened anew from now on. */
void pool_settle(struct pool *pool);

size_t pool_busy(const struct pool *pool);      /* lanes with a statement on its way */
bool pool_lane_busy(const struct pool *pool, size_t lane);
size_t pool_connected(const struct pool *pool); /* lanes that are busy or take a statement */
const char *pool_place(const struct pool *pool); /* "host=... dbname=...", NULL before the first turn */
int pool_server_version(const struct pool *pool); /* server_version_num, 0 = not known yet */

#endif
