/*
 * Takes the samples: each sampler at its own interval, one query after the other on a session of their own, from inside
 * the loop. A sample that cannot be taken in its time is skipped and counted, never made up for. Judges nothing.
 */
#ifndef PG_SAMPLERS_SAMPLERS_H
#define PG_SAMPLERS_SAMPLERS_H

#include "pg/samplers/sampler.h"

struct samplers;

struct samplers_options {
	const char *conninfo;
	const char *role_word;              /* as session_options has it */
	const char *run_id;                 /* or NULL */
	const char *bouncer;                /* connection string of PgBouncer, or NULL: then there are no pools */
	int64_t begin_after_ms;             /* 0 = at once */
	const struct text_list *names;      /* samplers to take; NULL or empty = all */

	/* A sample was taken: its values live during the call. Not from inside samplers_open. NULL = nobody listens. */
	void (*taken)(void *context, const struct sampler *sampler, const struct json *values);

	/*
	 * A sample cannot be had, and what it would need or why: "needs pg_monitor", the server's error, no connection.
	 * Told each time, so that what was taken before does not stand for what is so now. As `taken`; may be NULL.
	 */
	void (*unseen)(void *context, const struct sampler *sampler, const char *reason);
	void *context;
};

/* FAIL_USAGE: the connection string does not parse. The caller closes it, not from inside `taken`. */
enum status samplers_open(struct loop *loop, const struct samplers_options *options, struct samplers **ret_samplers,
                          struct error *err) MUST_CHECK;
void samplers_close(struct samplers *samplers);
void samplers_cleanup(struct samplers **samplers);
#define _cleanup_samplers_ __attribute__((cleanup(samplers_cleanup)))

/*
 * Whether each sampler has said all it can: values (two looks where it needs them), no right, or an error. True as well
 * when there is no connection and one attempt at it has failed.
 */
bool samplers_complete(const struct samplers *samplers);

/* Whether there ever was a connection, or none is needed: without one there is nothing to show. */
bool samplers_connected(const struct samplers *samplers);

/* Why there is no connection; its status is OK while there is one, or none was tried yet. */
const struct error *samplers_trouble(const struct samplers *samplers);

/* What looking costs, owned by the caller: "queries", "skipped", "round_us" and "busy_ms_per_s". */
struct json *samplers_cost(const struct samplers *samplers);

/*
 * The document of the newest samples, owned by the caller: "server" (null when there was never a connection), "cost",
 * and "samplers", whose members have state (ok, waiting, n/a, failed), reason, age_ms, cost_us, taken, skipped, failed
 * and values (null unless there are some; those of a sampler that has failed since are its last).
 */
struct json *samplers_document(const struct samplers *samplers);

#endif
