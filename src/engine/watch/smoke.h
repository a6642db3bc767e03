/*
 * A mix of queries run by many sessions at once, and how long each took: closed loop (a session asks again as soon as
 * it has its answer) or open loop (so many a second, whatever the server does). Statements are prepared once in each
 * session, as applications do, and run over the extended protocol in read-only sessions.
 *
 * In the open loop a latency counts from the moment at which the query was due, not from the one at which a session
 * was free to send it: a server that stands still for a second is seen by all who would have asked in that second.
 */
#ifndef ENGINE_SMOKE_H
#define ENGINE_SMOKE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/list.h"
#include "core/canary/canary.h"
#include "core/latency/histogram.h"
#include "pg/session.h"

struct smoke_query {
	const char *name;
	const char *sql;
	struct text_list parameters; /* of $1, $2, ...; a NULL item is null */
	double weight;               /* its share of the mix; 0 = 1 */
	int64_t budget_ms;           /* what its p95 may be; 0 = none */
};

struct smoke_query_list {
	struct smoke_query *items;
	size_t count;
	size_t room;
};

/* What goes on, about once a second. */
typedef void smoke_progress(void *context, int64_t elapsed_ms, int64_t done, int64_t failed);

struct smoke_options {
	struct session_options session; /* access is set here */
	size_t concurrency;             /* 0 = 1 */
	int64_t duration_ms;            /* 0 = until `count` is reached */
	int64_t count;                  /* statements of all sessions together; 0 = until the time is over */
	double rate;                    /* a second, of all sessions together; 0 = closed loop */
	int64_t timeout_ms;             /* of a statement, and of a server that is gone; 0 = SMOKE_TIMEOUT_MS */
	bool may_write;                 /* only on a copy, when somebody asked for it */
	smoke_progress *progress;       /* or NULL */
	void *context;
};

enum { SMOKE_TIMEOUT_MS = 10000 };

/* Errors of one kind. */
struct smoke_errors {
	const char *sqlstate; /* "" = the server never gave an answer */
	const char *message;  /* the first one's */
	int64_t count;
};

struct smoke_figures {
	const char *name;          /* NULL in the total */
	int64_t budget_ms;         /* 0 = none */
	int64_t done;              /* ended well */
	int64_t failed;            /* with an error: see errors */
	int64_t omitted;           /* were due, and were not sent before the end */
	struct histogram latency;  /* of those done, timed out, and omitted (for as long as they waited) */
	struct histogram service;  /* open loop: of the same from when they were sent; empty in the closed loop */
	LIST(struct smoke_errors) errors;
};

struct smoke_result {
	struct smoke_figures total;
	struct smoke_figures *queries; /* in the order of the queries */
	size_t count;
	size_t sessions;
	int64_t elapsed_us;        /* from the first statement to the end of the last */
	double throughput;         /* done, per second */
	double rate;               /* as asked for; 0 = closed loop */
	int64_t lost;              /* sessions that were lost on the way and opened anew */
	int64_t refused;           /* attempts to do so that the server refused */
	const char *place;         /* "host=... dbname=...", or NULL */
	const char *refusal;       /* why the last of them failed, or NULL */
};

/* The canaries as a mix, each as often as it says; those without known parameters cannot be run and are left out. */
void smoke_add_canaries(struct arena *arena, const struct canary_list *canaries, struct smoke_query_list *list);

/*
 * Whether the text is one query that may be sent: of a class that only reads, changing nothing of its session, with a
 * value for each parameter. FAIL_REFUSED with the query's name otherwise; *ret_sql is it without its semicolon.
 */
enum status smoke_check(struct arena *arena, const struct smoke_query *query, bool may_write, const char **ret_sql,
                        struct error *err) MUST_CHECK;

/*
 * Runs the mix. Statements that fail are counted, and so is one that cannot be prepared: it then takes no part.
 * FAIL_REFUSED by smoke_check; FAIL_UNREACHABLE, FAIL_USAGE when not all sessions can be opened at the start, or the
 * server goes and does not come back in time; the stop's status on a stop. *ret_result (in the arena) has what was
 * measured in each of these cases.
 */
enum status smoke_run(struct loop *loop, struct arena *arena, const struct smoke_options *options,
                      const struct smoke_query_list *queries, struct smoke_result *ret_result,
                      struct error *err) MUST_CHECK;

/* False when its p95 is over its budget. */
bool smoke_in_budget(const struct smoke_figures *figures);

/* Figures as in `smoke --format json`, for evidence too; the caller owns it. */
struct json *smoke_figures_json(const struct smoke_figures *figures);

#endif
