/* The plans of canaries on their way into the cache of query plans. Fails nothing. */
#ifndef ENGINE_CANARY_MEMORY_H
#define ENGINE_CANARY_MEMORY_H

#include "engine/queries/canary_look.h"
#include "engine/queries/plan_memory.h"
#include "engine/run.h"

/* Remembers the plan of a look, if there is one; the session is one on the database where it was taken, and idle. */
void canary_remember(struct plan_memory *memory, struct session *session, const struct run *run,
                     const struct canary *canary, const char *on, const char *phase, const struct canary_look *look);

#endif
