#include "core/explain/figures/rounding.h"

#include <math.h>

/* A node of fewer processes, a Gather, waits for the average of the many; one of more has each wait for its part. */
static double part_within(const struct plan_node *from, const struct plan_node *to)
{
	return fmin(1, to->figures.processes / from->figures.processes);
}

double plan_time_within(const struct plan_node *from, const struct plan_node *to)
{
	return from->figures.cpu_ms * part_within(from, to);
}

static bool is_paid_elsewhere(const struct plan_node *node)
{
	return node->link == PLAN_CTE || node->link == PLAN_INITPLAN;
}

/* What InitPlans take of the node that pays for them. */
static double *sum_initplans(struct arena *arena, const struct query_plan *plan, const struct plan_charges *charges)
{
	double *sums = arena_alloc(arena, plan->nodes.count * sizeof(*sums));
	for (size_t i = 0; i < charges->count; i++) {
		const struct plan_charge *item = &charges->items[i];
		const struct plan_node *from = &plan->nodes.items[item->from];
		if (!item->shared && from->link == PLAN_INITPLAN)
			sums[item->to] += plan_time_within(from, &plan->nodes.items[item->to]);
	}
	return sums;
}

static void take_off(struct query_plan *plan, const struct plan_node *node, double gap_ms, double loops)
{
	for (size_t i = 0; i < node->children.count; i++) {
		struct plan_node *child = &plan->nodes.items[node->children.items[i]];
		struct plan_figures *figures = &child->figures;
		if (is_paid_elsewhere(child))
			continue;
		/* The part within the node shrinks by its share of the gap, which is that of its loops. */
		figures->cpu_ms = fmax(figures->cpu_ms - gap_ms * child->loops / loops, 0);
		figures->wall_ms = figures->cpu_ms / figures->processes;
	}
}

void plan_rounding_settle(struct arena *arena, struct query_plan *plan, const struct plan_charges *charges)
{
	const double *initplans = sum_initplans(arena, plan, charges);
	for (size_t i = 0; i < plan->nodes.count; i++) {
		const struct plan_node *node = &plan->nodes.items[i];
		double within_ms = initplans[i], loops = 0;
		for (size_t j = 0; j < node->children.count; j++) {
			const struct plan_node *child = &plan->nodes.items[node->children.items[j]];
			if (is_paid_elsewhere(child))
				continue;
			within_ms += plan_time_within(child, node);
			loops += child->loops * part_within(child, node);
		}
		double gap_ms = within_ms - node->figures.cpu_ms;
		if (gap_ms > 0 && loops > 0 && gap_ms <= (node->loops + loops) * PLAN_ROUNDING_MS)
			take_off(plan, node, gap_ms, loops);
	}
}
