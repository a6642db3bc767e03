/*
 * What is remembered of a query that somebody asked about: its plan is added to the cache, and the cache says when the
 * query had another one, and what changed with it. Nothing here fails anything.
 */
#ifndef ENGINE_EXPLAIN_HISTORY_H
#define ENGINE_EXPLAIN_HISTORY_H

#include "base/arena.h"
#include "base/list.h"
#include "core/explain/query_plan.h"
#include "core/migration/target.h"
#include "pg/session.h"

/* A plan that was asked for. Texts are the caller's. */
struct asked_plan {
	const char *sql, *on;        /* "copy" or "live" */
	const char *text;            /* as EXPLAIN printed it */
	const struct query_plan *plan;
	const struct target *target; /* NULL = the session is on it */
	const char *run_id;          /* or NULL */
};

/*
 * Remembers it, and adds a sentence without full stop to *ret_history for each change of the query's plan in this
 * database, newest first, at most 5; before them what is wrong with the cache, if anything. In the arena. The session
 * is idle, in no transaction, where the plan was made.
 */
void explain_history(struct session *session, struct arena *arena, const struct asked_plan *asked,
                     struct text_list *ret_history);

#endif
