/*
 * Who pays for a part of a query plan: most often the node above it, but a CTE is paid for by its scans and an
 * InitPlan by the node that first needs its value, wherever EXPLAIN lists them. Knows no times.
 */
#ifndef CORE_EXPLAIN_CHARGE_H
#define CORE_EXPLAIN_CHARGE_H

#include "core/explain/query_plan.h"

/* The time and the blocks of node `from` are within those of node `to`. */
struct plan_charge {
	size_t from, to;
	bool shared; /* among the scans of a CTE, which is `from` */
};

/* Gather and Gather Merge: they start processes, and wait for them. */
bool plan_node_gathers(const struct plan_node *node);

struct plan_charges {
	struct plan_charge *items;
	size_t count, room;
};

/* A CTE that nobody scans is paid for by nobody: it runs when the tree is done. */
void plan_charges_find(struct arena *arena, const struct query_plan *plan, struct plan_charges *ret_charges);

#endif
