/*
 * Whether a query got worse, by the work that its two plans measured. Pure; knows no budget and no time limit.
 *
 * Pages decide, then pages of temporary files, then cost. Time never does: the same plan takes another time tomorrow.
 */
#ifndef CORE_EXPLAIN_PLAN_JUDGE_H
#define CORE_EXPLAIN_PLAN_JUDGE_H

#include "base/arena.h"
#include "core/explain/query_plan.h"

/* A difference counts when it is over the share and over the floor. */
struct plan_limits {
	double worse_share;    /* 0.10 = a tenth more */
	double min_pages;      /* floors: smaller differences are noise, whatever their share */
	double min_temp_pages;
	double min_cost;
	double min_rows;
};

/* 10 %; 32 pages (256 kB: what a few more levels and leaves of indexes are), 128 pages (1 MiB) of temporary files, cost
 * 100, 10,000 rows. */
extern const struct plan_limits PLAN_LIMITS;

/* What one query costs: of one plan, or medians of several. */
struct plan_work {
	bool has_pages;     /* it was run with BUFFERS */
	double pages;       /* hit and read, shared and local */
	double temp_pages;  /* read and written, of temporary files */
	double cost;        /* the planner's estimate, without the penalty of disabled nodes */
	double rows;        /* handled by all nodes, those that filters threw away too; 0 = not run */
	double wall_ms;     /* 0 = not run, or without timing */
};

struct plan_work query_plan_work(const struct query_plan *plan);

enum plan_outcome { PLAN_SAME, PLAN_BETTER, PLAN_WORSE };

struct plan_judgement {
	enum plan_outcome outcome;
	const char *reason; /* one sentence without full stop, with figures and the limit */
	double pages_ratio, temp_ratio, cost_ratio, time_ratio; /* after / before, with 1 for nothing; 0 = not known */
};

/* "same", "better", "worse". */
const char *plan_outcome_name(enum plan_outcome outcome);

/*
 * Pages count where both were run with BUFFERS. Temporary files that grew fail as well, unless the pages saved are
 * more. Cost decides where pages are not known; where they are, it is an estimate beside a measurement, and counts only
 * when the rows handled grew too.
 */
void plan_judge(struct arena *arena, const struct plan_work *before, const struct plan_work *after,
                const struct plan_limits *limits, struct plan_judgement *ret_judgement);

#endif
