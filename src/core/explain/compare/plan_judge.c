#include "core/explain/compare/plan_judge.h"

#include <stdint.h>

#include "core/explain/figure.h"

const struct plan_limits PLAN_LIMITS = {
	.worse_share = 0.10,
	.min_pages = 32,
	.min_temp_pages = 128,
	.min_cost = 100,
	.min_rows = 10000,
};

const char *plan_outcome_name(enum plan_outcome outcome)
{
	static const char *const NAMES[] = {[PLAN_SAME] = "same", [PLAN_BETTER] = "better", [PLAN_WORSE] = "worse"};
	return NAMES[outcome];
}

/* Servers before 18 add this for each disabled node; what is left of the digits is the cost. */
static double without_penalty(double cost)
{
	return cost < 1e18 ? cost - 1e10 * (double)(int64_t)(cost / 1e10) : cost;
}

struct plan_work query_plan_work(const struct query_plan *plan)
{
	const struct plan_node *root = plan->nodes.items;
	struct plan_work work = {0};

	if (!plan->nodes.count)
		return work;
	work.has_pages = plan->analyzed && root->has_buffers;
	work.pages = root->buffers.shared_hit + root->buffers.shared_read + root->buffers.local_hit +
	             root->buffers.local_read;
	work.temp_pages = root->buffers.temp_read + root->buffers.temp_written;
	work.cost = without_penalty(root->total_cost);
	work.wall_ms = plan->wall_ms;
	for (size_t i = 0; i < plan->nodes.count; i++) {
		const struct plan_node *node = &plan->nodes.items[i];
		work.rows += node->figures.rows + node->loops * (node->removed_by_filter + node->removed_by_join_filter +
		                                                 node->removed_by_recheck);
	}
	return work;
}

/* Nothing counts as 1, so that a ratio to nothing is a number. */
static double ratio(double before, double after)
{
	return (after > 1 ? after : 1) / (before > 1 ? before : 1);
}

/* 1 = grew beyond the limit, -1 = shrank as much, 0 = neither. */
static int moved(const struct plan_limits *limits, double before, double after, double floor)
{
	if (after - before > floor && after > before * (1 + limits->worse_share))
		return 1;
	if (before - after > floor && before > after * (1 + limits->worse_share))
		return -1;
	return 0;
}

static void judge(struct plan_judgement *judgement, int movement, const char *reason)
{
	judgement->outcome = movement > 0 ? PLAN_WORSE : movement < 0 ? PLAN_BETTER : PLAN_SAME;
	judgement->reason = reason;
}

/* "3.0 times", "15% more", "90% less" */
static const char *change(struct arena *arena, double before, double after)
{
	double factor = ratio(before, after);

	if (factor >= 2)
		return figure_times(arena, factor);
	return factor > 1 ? arena_printf(arena, "%s more", figure_share(arena, factor - 1))
	                  : arena_printf(arena, "%s less", figure_share(arena, 1 - factor));
}

struct measure {
	const char *noun; /* "page" */
	double before, after, floor;
};

/* The limit is of interest to one who is over it. */
static const char *tell_limit(struct arena *arena, const struct plan_limits *limits, double floor, int movement)
{
	return movement < 0 ? ""
	                    : arena_printf(arena, " (the limit is %s more, and at least %s)",
	                                   figure_share(arena, limits->worse_share), figure_count(arena, floor));
}

static const char *tell(struct arena *arena, const struct plan_limits *limits, const struct measure *measure,
                        int movement)
{
	return arena_printf(arena, "%s instead of %s: %s%s", figure_of(arena, measure->after, measure->noun),
	                    figure_count(arena, measure->before), change(arena, measure->before, measure->after),
	                    tell_limit(arena, limits, measure->floor, movement));
}

static bool judge_pages(struct arena *arena, const struct plan_work *before, const struct plan_work *after,
                        const struct plan_limits *limits, struct plan_judgement *judgement)
{
	struct measure pages = {"page", before->pages, after->pages, limits->min_pages};
	struct measure temp = {"page of temporary files", before->temp_pages, after->temp_pages, limits->min_temp_pages};
	int pages_moved = moved(limits, pages.before, pages.after, pages.floor);
	int temp_moved = moved(limits, temp.before, temp.after, temp.floor);

	if (temp_moved > 0 && pages_moved < 0 && pages.after + temp.after <= pages.before + temp.before)
		temp_moved = 0;
	if (pages_moved > 0 || (pages_moved < 0 && temp_moved <= 0))
		judge(judgement, pages_moved, tell(arena, limits, &pages, pages_moved));
	else if (temp_moved)
		judge(judgement, temp_moved, tell(arena, limits, &temp, temp_moved));
	return pages_moved || temp_moved;
}

static void judge_cost(struct arena *arena, const struct plan_work *before, const struct plan_work *after,
                       const struct plan_limits *limits, struct plan_judgement *judgement)
{
	bool measured = before->has_pages && after->has_pages;
	int movement = moved(limits, before->cost, after->cost, limits->min_cost);
	int rows = moved(limits, before->rows, after->rows, limits->min_rows);

	if (!movement || (measured && rows != movement))
		return;
	judge(judgement, movement,
	      arena_printf(arena, "an estimated cost of %s instead of %s: %s%s%s", figure_count(arena, after->cost),
	                   figure_count(arena, before->cost), change(arena, before->cost, after->cost),
	                   tell_limit(arena, limits, limits->min_cost, movement),
	                   measured ? arena_printf(arena, ", and %s handled instead of %s",
	                                           figure_of(arena, after->rows, "row"),
	                                           figure_count(arena, before->rows))
	                            : ""));
}

static const char *tell_same(struct arena *arena, const struct plan_work *before, const struct plan_work *after)
{
	if (!before->has_pages || !after->has_pages)
		return arena_printf(arena, "an estimated cost of %s, before %s", figure_count(arena, after->cost),
		                    figure_count(arena, before->cost));
	return arena_printf(arena, "%s, before %s", figure_of(arena, after->pages, "page"),
	                    figure_count(arena, before->pages));
}

void plan_judge(struct arena *arena, const struct plan_work *before, const struct plan_work *after,
                const struct plan_limits *limits, struct plan_judgement *ret_judgement)
{
	bool measured = before->has_pages && after->has_pages;
	struct plan_judgement judgement = {.outcome = PLAN_SAME};

	if (!measured || !judge_pages(arena, before, after, limits, &judgement))
		judge_cost(arena, before, after, limits, &judgement);
	if (!judgement.reason)
		judgement.reason = tell_same(arena, before, after);
	if (measured) {
		judgement.pages_ratio = ratio(before->pages, after->pages);
		judgement.temp_ratio = ratio(before->temp_pages, after->temp_pages);
	}
	judgement.cost_ratio = ratio(before->cost, after->cost);
	if (before->wall_ms > 0 && after->wall_ms > 0)
		judgement.time_ratio = after->wall_ms / before->wall_ms;
	*ret_judgement = judgement;
}
