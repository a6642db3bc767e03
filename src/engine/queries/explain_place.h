/*
 * Where a query that somebody asks about is explained: sessions on live, read-only, and on the restored copy. Knows
 * where evidence keeps the backup; asks nothing itself.
 */
#ifndef ENGINE_EXPLAIN_PLACE_H
#define ENGINE_EXPLAIN_PLACE_H

#include "engine/queries/explain.h"
#include "engine/run.h"

/* A plain read-only session on the target, under the operator's role. run_id may be NULL. The caller closes it. */
enum status explain_session_on_live(struct loop *loop, const struct settings *settings, const char *run_id,
                                    struct session **ret_session, struct error *err) MUST_CHECK;

/*
 * A session on the copy: the run's own, else one that is restored now from the backup whose evidence is valid. A run
 * that has read nothing yet reads files and target first. FAIL_GATE when there is no valid backup. The caller closes
 * it, before the run.
 */
enum status explain_session_on_copy(struct run *run, struct session **ret_session, struct error *err) MUST_CHECK;

/*
 * explain_query for a query as somebody types it: one with parameters that have no values is planned generically. A
 * server that refuses it has not answered; it is no gate that failed.
 */
enum status explain_query_of(struct session *session, struct arena *arena, const struct explain_options *options,
                             const char **ret_text, struct error *err) MUST_CHECK;

#endif
