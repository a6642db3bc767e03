/*
 * Two plans of one query against each other: which node is which, and what changed. Pure.
 *
 * Nodes are matched by what they read and never by position: scans by their relation, or the partitions' family; joins
 * by the set of relations that they combine; all others by kind and the relations below.
 */
#ifndef CORE_EXPLAIN_PLAN_DIFF_H
#define CORE_EXPLAIN_PLAN_DIFF_H

#include "core/explain/query_plan.h"

/* By weight: the first ones explain the later ones. */
enum plan_change_kind {
	PLAN_CHANGE_ACCESS,   /* a relation is read in another way, or by another index */
	PLAN_CHANGE_JOIN,     /* the same relations are joined by another method */
	PLAN_CHANGE_ORDER,    /* relations are combined in another order, or sides are swapped */
	PLAN_CHANGE_STRATEGY, /* the same work by another strategy: hashed for sorted, Gather Merge for Gather */
	PLAN_CHANGE_ADDED,
	PLAN_CHANGE_REMOVED,
	PLAN_CHANGE_SPILL,    /* goes to disk, or does no longer */
	PLAN_CHANGE_ESTIMATE, /* is 10-fold wrong, or is no longer */
	PLAN_CHANGE_WORK,     /* over 10 % more or less, and over 5 % of the statement */
};

struct plan_change {
	enum plan_change_kind kind;
	size_t before, after; /* nodes; SIZE_MAX = none there */
	const char *text;     /* one sentence without full stop, safe to show */
	bool worse;           /* as far as the plans can tell: by pages, else by time, else by cost */
};

struct plan_change_list {
	struct plan_change *items;
	size_t count;
	size_t room;
};

/* For cursors that move together: the node on the other side, or SIZE_MAX. */
struct plan_match {
	size_t *after_of;  /* for each node of the plan before */
	size_t *before_of; /* for each node of the plan after */
};

/* "access", "join", ... */
const char *plan_change_kind_name(enum plan_change_kind kind);

void plan_match(struct arena *arena, const struct query_plan *before, const struct query_plan *after,
                struct plan_match *ret_match);

/* The changes by weight, then in the order of the plan after. No change: an empty list. */
void plan_diff(struct arena *arena, const struct query_plan *before, const struct query_plan *after,
               const struct plan_match *match, struct plan_change_list *ret_changes);

#endif
