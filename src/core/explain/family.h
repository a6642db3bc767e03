/*
 * Names of what a plan reads with the partitions of one table made one: a plan over twelve partitions reads what it
 * read when there were eleven. Pure. The plan does not say whose partitions they are; how their aliases are numbered
 * below one Append does.
 */
#ifndef CORE_EXPLAIN_FAMILY_H
#define CORE_EXPLAIN_FAMILY_H

#include "core/explain/query_plan.h"

/* For each node of a plan. */
struct plan_name {
	const char *relation; /* digits are '#'; of a family what its names begin with and '*'; NULL = reads none */
	const char *index;    /* the relation's name in it is '%'; NULL = none */
	bool family;          /* one of several partitions that stand side by side */
	const char *parent;   /* of a family: what the query calls the table; else NULL */
};

/* An array as long as the plan's nodes, in arena. */
struct plan_name *plan_names(struct arena *arena, const struct query_plan *plan);

#endif
