/*
 * A ramp on a server: the mix run by more and more sessions, a step each, until there is nothing more to learn. Knows
 * no pooler; what it means is core/pool/ramp's to say.
 */
#ifndef ENGINE_POOL_RAMP_H
#define ENGINE_POOL_RAMP_H

#include "core/pool/ramp.h"
#include "engine/run.h"
#include "engine/watch/smoke.h"

/* Where a ramp goes. */
struct pool_place {
	struct session_options session;
	const char *place;        /* for people */
	int64_t connections_left; /* -1 = it does not matter there, or is unknown */
	int64_t cores;            /* of the server's machine; 0 = unknown */
	struct canary_clone *clone; /* of the copy; NULL on live */
};

/* Live, for which `confirmed` has to be the database's name: FAIL_USAGE. Texts are in the arena or the settings. */
enum status pool_place_live(struct loop *loop, struct arena *arena, const struct settings *settings,
                            const char *confirmed, struct pool_place *ret_place, struct error *err) MUST_CHECK;

/*
 * A clone of the run's copy, which is restored now when there is none, with the tables vacuumed that the queries read;
 * asked as the operator. FAIL_GATE when there is no valid backup. Closed before the run.
 */
enum status pool_place_copy(struct run *run, struct arena *arena, const struct smoke_query_list *queries,
                            struct pool_place *ret_place, struct error *err) MUST_CHECK;
void pool_place_close(struct pool_place *place);

/* A step has ended. */
typedef void pool_ramp_told(void *context, const struct ramp_step *step);

struct pool_ramp_options {
	size_t most;        /* sessions */
	int64_t step_ms;
	int64_t timeout_ms; /* of a statement; 0 = SMOKE_TIMEOUT_MS */
	pool_ramp_told *told;
	void *context;
};

/*
 * The steps, in the arena, after one that only warms up. When the server refuses more sessions the ramp is over, and
 * *ret_ended says so; else that is NULL. As smoke_run otherwise: what was measured up to then is in the list.
 */
enum status pool_ramp_run(struct loop *loop, struct arena *arena, const struct pool_place *place,
                          const struct pool_ramp_options *options, const struct smoke_query_list *queries,
                          struct ramp_step_list *steps, const char **ret_ended, struct error *err) MUST_CHECK;

#endif
