/* Where the planner's row counts were wrong first. Knows no times. */
#ifndef CORE_EXPLAIN_ESTIMATE_H
#define CORE_EXPLAIN_ESTIMATE_H

#include "core/explain/figures/charge.h"

/* Fills in estimate_factor and estimate_starts of all nodes. */
void plan_estimates_judge(struct arena *arena, struct query_plan *plan, const struct plan_charges *charges);

#endif
