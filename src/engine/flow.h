/* The flow: the gates in their order, each passed on fresh evidence or carried out, until one does not hold. */
#ifndef ENGINE_FLOW_H
#define ENGINE_FLOW_H

#include "engine/run.h"

/* Reads files and target and builds the plan. Refusals leave the plan filled in. */
enum status flow_read(struct run *run, struct error *err) MUST_CHECK;

/*
 * Emits run and plan and carries the run through its gates. OK: done, nothing to do, or --stop-before reached its
 * gate. Otherwise the status that the first gate which did not hold gives the run.
 */
enum status flow_gates(struct run *run, struct error *err) MUST_CHECK;

/* The whole of `--batch`: flow_read, going on with a run that stopped, flow_gates. */
enum status flow_batch(struct run *run, struct error *err) MUST_CHECK;

/* What the evidence store has of a gate. */
struct stored {
	bool there;
	bool bound;               /* it is of this plan, or of this target and live schema, whatever it says */
	bool holds;               /* and so the gate need not run again */
	const char *why;          /* why it does not hold: a sentence */
	struct evidence evidence; /* the caller closes its data */
};
enum status flow_stored(const struct run *run, enum gate gate, struct stored *ret_stored, struct error *err) MUST_CHECK;

#endif
