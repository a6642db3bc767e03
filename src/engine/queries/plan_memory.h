/*
 * Query plans on their way into the cache, with what they were made under: server version, settings, statistics and
 * indexes of the relations they read. Nothing here fails anything: what cannot be remembered is said once.
 */
#ifndef ENGINE_PLAN_MEMORY_H
#define ENGINE_PLAN_MEMORY_H

#include <stdint.h>

#include "base/json.h"
#include "base/list.h"
#include "core/explain/query_plan.h"
#include "engine/tell/emit.h"
#include "pg/session.h"

struct plan_memory;

/* A plan as it was taken; see struct cached_plan. Texts and trees are the caller's. */
struct plan_taken {
	const char *sql;                  /* as it was run; constants are not kept */
	const struct json *printed;       /* what EXPLAIN printed */
	const struct query_plan *plan;    /* the same, read */
	const char *shape;                /* of query_plan_shape */
	const char *on, *phase;           /* "copy" or "live"; "before", "after", "live", "asked" or "what-if" */
	const char *system_identifier, *database; /* of the target, also for what was run on the copy */
	const char *schema_digest;        /* hex, or NULL */
	const char *run_id, *canary;      /* or NULL */
	double p95_ms;                    /* 0 = not timed */
};

/* Opens the cache with the first plan. Notices go to the emitter's log, where there is one. The caller closes it. */
struct plan_memory *plan_memory_open(struct emitter *emitter);
void plan_memory_close(struct plan_memory *memory); /* NULL does nothing */

/* What the user is to be told, for those without an emitter; the memory's. */
const struct text_list *plan_memory_notices(const struct plan_memory *memory);

/*
 * Remembers a plan. The session is one on the database where the plan was made, idle and in no transaction: it is asked
 * two questions, which wait in the loop. Not for handlers that run inside the wait.
 */
void plan_memory_add(struct plan_memory *memory, struct session *session, const struct plan_taken *taken);

#endif
