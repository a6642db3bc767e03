/*
 * What became of a canary between two looks at it: one verdict, in the words of the event `explain` and of the checks.
 * Knows no session and no gate.
 */
#ifndef ENGINE_CANARY_VERDICT_H
#define ENGINE_CANARY_VERDICT_H

#include <stdbool.h>

#include "core/canary/canary.h"
#include "core/explain/query_plan.h"
#include "engine/queries/canary_look.h"
#include "engine/tell/emit.h"

/* In the event's words: "same", "better", "worse", "over-budget", "failed", "new". */
enum canary_outcome {
	CANARY_SAME,
	CANARY_BETTER,
	CANARY_WORSE,
	CANARY_OVER_BUDGET,
	CANARY_FAILED,  /* it cannot be looked at: see `broken` */
	CANARY_NEW,     /* only the second time: it is for the new schema */
};

struct canary_verdict {
	enum canary_outcome outcome;
	const char *reason;       /* one sentence without full stop, with figures */
	const char *limit;        /* what it was held to */
	bool broken;              /* it could be looked at the first time, and not the second */
	bool shape_changed;       /* the two plans do not do the same */
	struct text_list changes; /* of the plans, by weight: sentences without full stop */
};

/* With texts in the arena. Looks whose plans cannot be read are failures. */
void canary_judge(struct arena *arena, const struct canary *canary, const struct canary_look *before,
                  const struct canary_look *after, struct canary_verdict *ret_verdict);

/*
 * Whether the plan seen on live does what the one looked at on the copy did; the differences, as of the verdict. Both
 * texts are EXPLAIN's; false with no change named where one cannot be read.
 */
bool canary_same_shape(struct arena *arena, const char *copy_plan, const char *live_plan,
                       struct text_list *ret_changes);

/*
 * The fields of the event `explain` about one look: the caller owns them. on and phase are the event's words; verdict
 * belongs to the second look and may be NULL.
 */
struct json *canary_event(struct arena *arena, const struct canary *canary, const char *on, const char *phase,
                          const struct canary_look *look, const struct canary_verdict *verdict);

/* Emits what the evidence of the plans gate keeps of its looks, once more: for evidence that is used again. */
void canary_tell_kept(struct emitter *emitter, const struct json *data);

/* What it keeps of one look at one canary, or NULL. */
const struct json *canary_kept(const struct json *data, const char *name, const char *phase);

/* "p95 0.3 ms of 40 runs, budget 200 ms"; NULL where nothing was timed. */
const char *canary_times(struct arena *arena, const struct canary *canary, const struct canary_look *look);

#endif
