/* By what two plans are compared, node by node: pages, else time, else cost. Pure. */
#ifndef CORE_EXPLAIN_MEASURE_H
#define CORE_EXPLAIN_MEASURE_H

#include "core/explain/query_plan.h"

enum plan_measure { MEASURE_PAGES, MEASURE_TIME, MEASURE_COST };

/* Pages where both were run with BUFFERS, time where both were timed. */
enum plan_measure plan_measure_choose(const struct query_plan *before, const struct query_plan *after);

/* Of a node with all below it, and of itself alone. */
double plan_measure_of(enum plan_measure measure, const struct plan_node *node);
double plan_measure_of_self(enum plan_measure measure, const struct plan_node *node);

/* Differences below it are noise: 8 pages, 1 ms, a cost of 10. */
double plan_measure_floor(enum plan_measure measure);

/* "1,204 pages instead of 4" */
const char *plan_measure_text(struct arena *arena, enum plan_measure measure, double before, double after);

#endif
