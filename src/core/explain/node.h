/* Questions to a node of a query's plan that findings, shape and diff ask alike. Pure. */
#ifndef CORE_EXPLAIN_NODE_H
#define CORE_EXPLAIN_NODE_H

#include "core/explain/query_plan.h"

bool node_is(const struct plan_node *node, const char *type);
bool node_is_join(const struct plan_node *node);
bool node_is_append(const struct plan_node *node); /* Append and Merge Append */

/* A bitmap, or a combination of them, below a heap scan. */
bool node_is_bitmap(const struct plan_node *node);

/* Reads a relation, a function, a CTE or VALUES by itself; so does no ModifyTable, and no bitmap. */
bool node_is_scan(const struct plan_node *node);

/* A SubPlan, InitPlan or CTE hangs on a node and is no input of it. */
bool node_is_input(const struct plan_node *node);

/* It was reached. */
bool node_ran(const struct plan_node *node);

/* It wrote what did not fit into memory. */
bool node_spilled(const struct plan_node *node);

/* The n-th input of a node, from 0; SIZE_MAX behind the last one. */
size_t plan_input(const struct query_plan *plan, const struct plan_node *node, size_t number);

/* The first node behind a node and all below it. */
size_t plan_subtree_end(const struct query_plan *plan, size_t at);

#endif
