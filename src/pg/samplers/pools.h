/*
 * PgBouncer's pools as a sampler: looks at its console on a connection of its own, from inside the loop, and what two
 * looks say of the time between. Knows no interval: a look is taken when it is asked for.
 */
#ifndef PG_SAMPLERS_POOLS_H
#define PG_SAMPLERS_POOLS_H

#include "base/json.h"
#include "pg/samplers/sampler.h"

struct pools;

struct pools_options {
	const char *conninfo, *role_word; /* live as long as the pools, as does the next */
	const char *run_id;               /* or NULL */
	int64_t begin_after_ms;

	/* The end of a look: values, the receiver's to close, and how long the console took; or NULL, and why. */
	void (*looked)(void *context, struct json *values, int64_t cost_us, const struct error *err);
	void *context;
};

/* FAIL_USAGE: the connection string does not parse. The caller closes it, not from inside `looked`. */
enum status pools_open(struct loop *loop, const struct pools_options *options, struct pools **ret_pools,
                       struct error *err) MUST_CHECK;
void pools_close(struct pools *pools);

/* Begins a look, once there is a connection; not while one is under way. */
void pools_look(struct pools *pools);
bool pools_busy(const struct pools *pools);

#endif
