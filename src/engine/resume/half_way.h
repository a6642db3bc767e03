/*
 * A migration that stopped between its steps: what the catalog proves about the statement whose outcome nobody
 * recorded, and the step to go on from. Guesses nothing.
 */
#ifndef ENGINE_HALF_WAY_H
#define ENGINE_HALF_WAY_H

#include "engine/execute/execute.h"
#include "engine/resume/resume.h"

enum half_way_verdict {
	HALF_WAY_REDO,  /* the statement is not done, or can be run again: go on with it */
	HALF_WAY_DONE,  /* the catalog proves that it is done: record it and go on after it */
	HALF_WAY_CLEAN, /* it left something invalid: remove that, then run it again */
	HALF_WAY_ASK,   /* the catalog cannot tell: the operator decides */
};

/* Looks at the catalog; *ret_what is a sentence on what was found, in the run's arena. Changes nothing. */
enum status half_way_probe(struct executor *executor, const struct migration *migration, size_t step,
                           enum half_way_verdict *ret_verdict, const char **ret_what, struct error *err) MUST_CHECK;

/*
 * Does what the probe allows (records a proven step, removes an invalid index) and says where to go on.
 * FAIL_PARTIAL where the operator must decide.
 */
enum status half_way_settle(struct executor *executor, const struct migration *migration, const struct half_way *half,
                            size_t *ret_first_step, struct error *err) MUST_CHECK;

#endif
