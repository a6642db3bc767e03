/* Names of what a plan node reads, as the text form of EXPLAIN writes them. Knows no form. */
#ifndef CORE_EXPLAIN_TITLE_H
#define CORE_EXPLAIN_TITLE_H

#include "core/explain/query_plan.h"

/* "public.orders o", quoted where it must be; empty for a node that reads nothing by name. */
const char *plan_target_text(struct arena *arena, const struct plan_node *node);

#endif
