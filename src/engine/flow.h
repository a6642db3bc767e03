/* The flow: the gates in their order, each passed on fresh evidence or carried out, until one does not hold. */
#ifndef ENGINE_FLOW_H
#define ENGINE_FLOW_H

#include "engine/run.h"

/*
 * Carries a run through its gates, after files and target were read and the plan was built. OK: done, nothing to do,
 * or --stop-before reached its gate. Otherwise the status that the first gate which did not hold gives the run.
 */
enum status flow_run(struct run *run, struct error *err) MUST_CHECK;

/* Reads files and target, builds the plan, emits run and plan, then flow_run: the whole of `--batch`. */
enum status flow_batch(struct run *run, struct error *err) MUST_CHECK;

#endif
