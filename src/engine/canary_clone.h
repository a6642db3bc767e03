/*
 * A clone of the copy on which the plan is run once more, between two looks at canaries: made, brought up to date with
 * statistics, migrated. Knows no canary.
 */
#ifndef ENGINE_CANARY_CLONE_H
#define ENGINE_CANARY_CLONE_H

#include "engine/run.h"

struct canary_clone;

/* Makes the clone of the run's copy. The caller closes it. */
enum status canary_clone_open(struct run *run, struct canary_clone **ret_clone, struct error *err) MUST_CHECK;
void canary_clone_close(struct canary_clone *clone); /* NULL does nothing */

/* A session on it as the operator, who reads only, and finds names as he does. The caller closes it. */
enum status canary_clone_session(struct canary_clone *clone, struct session **ret_session,
                                 struct error *err) MUST_CHECK;

/*
 * The pending migrations, quietly: the rehearsal has told what they do. Then what the planner knows of the tables that
 * they touched is gathered anew. FAIL_MIGRATION and its like when one does not run.
 */
enum status canary_clone_migrate(struct canary_clone *clone, struct error *err) MUST_CHECK;

#endif
