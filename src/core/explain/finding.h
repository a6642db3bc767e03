/*
 * What is remarkable in a query's plan: a table of rules, one file each in findings/, and a verdict in one sentence.
 * Pure; knows the plan only, so what a plan cannot tell (types of columns, indexes that are there) is never claimed.
 */
#ifndef CORE_EXPLAIN_FINDING_H
#define CORE_EXPLAIN_FINDING_H

#include "base/arena.h"
#include "core/explain/query_plan.h"

enum plan_severity { PLAN_SEVERITY_LOW, PLAN_SEVERITY_MEDIUM, PLAN_SEVERITY_HIGH };

struct plan_finding {
	const char *rule;       /* the row's name */
	enum plan_severity severity;
	size_t node;            /* index; SIZE_MAX = the statement as a whole */
	double share;           /* of the statement's time (of its pages where there is no timing), 0..1; 0 = not known */
	const char *sentence;   /* with figures, without full stop; safe to show */
	const char *sql;        /* to try, as it would be sent: not safe to show as it is; NULL = none can be known */
};

struct plan_finding_list {
	struct plan_finding *items;
	size_t count;
	size_t room;
};

/* A row of the table, for the manual and for those who list rules. */
struct plan_rule {
	const char *name;
	const char *meaning; /* what it finds and from where on, one line */
};

/* The n-th rule, from 0; NULL behind the last one. */
const struct plan_rule *plan_rule_at(size_t number);

/* "low", "medium", "high". */
const char *plan_severity_name(enum plan_severity severity);

/*
 * All findings, the gravest first, then those with the largest share, then in the order of the plan. The texts live in
 * the arena, or in the plan's. A plan that was not run has few.
 */
void plan_findings_find(struct arena *arena, const struct query_plan *plan, struct plan_finding_list *ret_findings);

/*
 * One sentence without full stop, safe to show: how long, where it goes, why. "20.0 ms; 99% in Seq Scan on orders,
 * which reads 200,000 rows to keep 10". Of a plan that was not run it tells of cost.
 */
const char *query_plan_verdict(struct arena *arena, const struct query_plan *plan,
                               const struct plan_finding_list *findings);

#endif
