/*
 * A query plan with all that is said about it, and two of them side by side: put together once for printers and views.
 * Pure.
 */
#ifndef CORE_EXPLAIN_EXPLAINED_H
#define CORE_EXPLAIN_EXPLAINED_H

#include "core/explain/compare/plan_diff.h"
#include "core/explain/compare/plan_judge.h"
#include "core/explain/compare/shape.h"
#include "core/explain/finding.h"
#include "core/explain/query_plan.h"

struct explained {
	const struct query_plan *plan;
	const char *query;        /* its text, or NULL when nobody told it */
	const char *source;       /* the plan as it was printed, or NULL */
	const char *verdict;
	struct plan_finding_list findings;
	struct plan_shape shape;
	struct text_list history; /* when the query had another plan: sentences, newest first */
};

struct plan_comparison {
	struct explained before, after;
	struct plan_change_list changes;
	struct plan_judgement judgement;
	struct plan_match match;  /* of each node the one of the other side */
};

/* All of it in the arena; the plan lives as long as that. The query is the plan's own where the argument is NULL. */
struct explained explained_new(struct arena *arena, const struct query_plan *plan, const char *query);

struct plan_comparison plan_comparison_new(struct arena *arena, const struct query_plan *before,
                                           const struct query_plan *after, const struct plan_limits *limits);

/* The number of the first finding at a node, from 1; 0 = none. */
size_t explained_finding_at(const struct explained *explained, size_t node);

#endif
