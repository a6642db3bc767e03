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

/* Sessions on it as the operator, who reads only, and finds names as he does. Texts are the copy's. */
struct session_options canary_clone_options(struct canary_clone *clone);

/*
 * As autovacuum leaves the tables that these plans (EXPLAIN's texts; NULL items are passed over) read: what was
 * restored or written a moment ago has no visibility map, and no index alone would do. Each table once.
 */
enum status canary_clone_vacuum(struct canary_clone *clone, const struct text_list *plans,
                                struct error *err) MUST_CHECK;

/*
 * The pending migrations, quietly: the rehearsal has told what they do. Then the tables that they touched are vacuumed,
 * and what the planner knows of them is gathered anew. FAIL_MIGRATION and its like when one does not run.
 */
enum status canary_clone_migrate(struct canary_clone *clone, struct error *err) MUST_CHECK;

#endif
