/*
 * Times are printed rounded, for each loop: over many loops children can seem to take more than the node above them.
 * Knows only times that are derived already.
 */
#ifndef CORE_EXPLAIN_ROUNDING_H
#define CORE_EXPLAIN_ROUNDING_H

#include "core/explain/figures/charge.h"

/* What EXPLAIN may be wrong by in one loop: it prints thousandths of a millisecond. */
#define PLAN_ROUNDING_MS 0.001

/* The time of `from` that passed within `to`. */
double plan_time_within(const struct plan_node *from, const struct plan_node *to);

/*
 * Takes off the children's cpu_ms and wall_ms what they have too much of, as long as rounding explains it: of the
 * figures with most loops most. So shares of own times add up to no more than the whole.
 */
void plan_rounding_settle(struct arena *arena, struct query_plan *plan, const struct plan_charges *charges);

#endif
