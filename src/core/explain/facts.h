/*
 * What there is to say of a query plan and of each node, as names and values for people: what inspectors and printers
 * write. Knows no screen; the texts live in the arena.
 */
#ifndef CORE_EXPLAIN_FACTS_H
#define CORE_EXPLAIN_FACTS_H

#include "core/explain/query_plan.h"

struct plan_fact {
	const char *name, *value;
};

struct plan_facts {
	LIST(struct plan_fact) list;
};

/* A node: conditions and what they removed, rows, time, pages, memory, workers, and whatever else was printed. */
void plan_facts_of_node(struct arena *arena, const struct query_plan *plan, size_t node, struct plan_facts *facts);

/* The conditions alone: what EXPLAIN's text form has below a node. */
void plan_facts_of_conditions(struct arena *arena, const struct plan_node *node, struct plan_facts *facts);

/* The whole: planning, execution, pages, temporary files, WAL. */
void plan_facts_of_plan(struct arena *arena, const struct query_plan *plan, struct plan_facts *facts);

/* What takes time and stands at no node: planning, triggers, JIT, serialization, the rest; and the settings. */
void plan_facts_outside(struct arena *arena, const struct query_plan *plan, struct plan_facts *facts);

#endif
