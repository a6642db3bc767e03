/*
 * A ramp: the same mix asked by more and more sessions. Which step comes next, from where on more sessions rather wait
 * than work (the knee), and the settings of pools that follow from it. Pure: it measures nothing.
 */
#ifndef CORE_POOL_RAMP_H
#define CORE_POOL_RAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/list.h"

struct ramp_step {
	size_t sessions;
	int64_t done, failed, lost; /* statements, statements, sessions */
	double throughput;          /* done, per second */
	int64_t p50_us, p95_us, p99_us;
	size_t over; /* queries of the mix whose p95 is over their budget */
};

struct ramp_step_list {
	struct ramp_step *items;
	size_t count;
	size_t room;
};

/*
 * How many sessions the next step has, at most `most`: 1, 2, 3, 4, 6, 8, 12, ... 0 = there is nothing more to learn:
 * `most` was measured, the last step had errors, or two steps beyond the knee were seen.
 */
size_t ramp_next(const struct ramp_step_list *steps, size_t most);

struct ramp_knee {
	bool known;        /* a step was without errors: `step` is one */
	bool found;        /* more sessions were measured, and had less throughput by mean response time */
	size_t step;       /* the fewest sessions with nearly the most of that */
	const char *text;  /* a sentence without full stop, with its figures */
};

struct ramp_knee ramp_find(struct arena *arena, const struct ramp_step_list *steps);

/* What is known beside the ramp. */
struct ramp_facts {
	int64_t budget_ms;        /* how long a client may take to be answered when all ask at once */
	int64_t lock_timeout_ms;  /* how long a migration may let others wait behind it */
	int64_t pools;            /* PgBouncer's, that share the server; 0 = unknown, then one is taken */
	int64_t clients;          /* that it has now; -1 = unknown */
	double busy;              /* servers that its transactions keep busy now, by Little's law; -1 = unknown */
	int64_t connections_left; /* of the server, for the pools; -1 = unknown */
	int64_t cores;            /* of the server's machine; 0 = unknown */
};

struct ramp_setting {
	const char *name;  /* as PgBouncer or the application has it */
	const char *value;
	const char *why;   /* a sentence with the measurement that led to it, without full stop */
};

struct ramp_setting_list {
	struct ramp_setting *items;
	size_t count;
	size_t room;
};

/* PgBouncer's settings and the application's; nothing when the knee is not known. */
void ramp_advise(struct arena *arena, const struct ramp_step_list *steps, const struct ramp_knee *knee,
                 const struct ramp_facts *facts, struct ramp_setting_list *list);

/* To be held against what was measured: the present load, and rules of thumb for the size and against deadlocks. */
void ramp_hints(struct arena *arena, const struct ramp_step_list *steps, const struct ramp_knee *knee,
                const struct ramp_facts *facts, struct text_list *list);

#endif
