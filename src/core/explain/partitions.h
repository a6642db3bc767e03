/*
 * A plan's nodes with those made one that read the partitions of one table in the same way: a hundred small scans are
 * one large one. Pure; for findings and the verdict.
 */
#ifndef CORE_EXPLAIN_PARTITIONS_H
#define CORE_EXPLAIN_PARTITIONS_H

#include "core/explain/query_plan.h"

struct plan_fold {
	const struct plan_node *node; /* the plan's, or a sum of several; NULL = it is in a sum at an earlier index */
	size_t partitions;            /* how many are in a sum; 1 for a node of the plan */
	const char *parent;           /* what the query calls their table */
};

/* An array as long as the plan's nodes, in arena. A sum has the relation, index and alias of none. */
struct plan_fold *plan_fold_partitions(struct arena *arena, const struct query_plan *plan);

/* "Seq Scan on orders", "Seq Scan on 12 partitions of orders". */
const char *plan_fold_title(struct arena *arena, const struct plan_fold *fold);

#endif
