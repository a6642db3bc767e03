/*
 * What the ledger says of the newest run: whether it stopped inside its apply, and where. Reads; decides nothing that
 * core could not be asked.
 */
#ifndef ENGINE_RESUME_H
#define ENGINE_RESUME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/list.h"

struct run;
struct session;
struct trace;

/* A migration that is neither wholly there nor wholly absent. */
struct half_way {
	const char *version;    /* NULL = none is */
	size_t steps_done;      /* committed steps */
	bool intent_open;       /* the step after them was begun outside a transaction and its outcome is not known */
};

struct resume {
	bool ledger;            /* there is one */
	bool unfinished;        /* the newest run began to apply and recorded no end */
	bool continued;         /* this run goes on under its plan id */
	const char *why_not;    /* an unfinished run that cannot be continued: a sentence */
	const char *run_id;     /* of that run */
	const char *plan_id;
	const char *command;
	bool down;              /* it was a rollback: a migration is done when the history has it no more */
	struct text_list planned;   /* its versions, in order */
	struct text_list checksums; /* canonical checksums of the files it ran, same order */
	const char *live_digest;    /* when it began */
	const char *stopped_digest; /* live's when it noted that it stopped; NULL = it noted none, or went on */
	struct half_way half_way;
	bool resolved;          /* the operator decided that it goes on from there, whatever else changed */
	struct text_list held;      /* versions that were held when later ones were applied */
	const char *baseline;       /* JSON text: schema of live after the last verified run, or NULL */
};

/* What a run in this run's direction left half-way of a migration, or NULL. */
const struct half_way *resume_half_way(const struct run *run, const char *version);

/* The step of a migration to go on from: 0 unless it is the one that stopped half-way. */
size_t resume_first_step(const struct run *run, const char *version);

/* Whether the unfinished run carried this one of its planned versions out; and whether it committed anything. */
bool resume_is_done(const struct run *run, const char *version);
bool resume_committed(const struct run *run);

/* The digest that its rehearsal promised live for the point where it stopped; NULL when the trace does not tell. */
const char *resume_promised(const struct run *run, const struct trace *trace);

/* Whether live is what was promised for that point; where nothing was, what the run itself noted when it stopped. */
bool resume_as_left(const struct run *run, const char *promised);

/* Reads it; no ledger gives an empty one. */
enum status resume_read(struct run *run, struct session *session, struct resume *ret_resume,
                        struct error *err) MUST_CHECK;

/*
 * Whether the present plan is the rest of the unfinished one: same files, same remaining order, and a live schema as
 * the rehearsal promised it for this point, or as the run left it where the rehearsal does not tell. Then the plan
 * takes the old id; else why_not says why it is a new plan.
 * A run that has applied everything goes on to its verification, whatever live is now: that is to judge it.
 */
enum status resume_continue(struct run *run, struct error *err) MUST_CHECK;

#endif
