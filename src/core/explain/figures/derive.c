#include <math.h>
#include <stdint.h>
#include <string.h>

#include "core/explain/figures/charge.h"
#include "core/explain/figures/estimate.h"
#include "core/explain/figures/rounding.h"

/* What a server before 18 adds to the cost of a node that enable_* has switched off. */
static const double disable_cost = 1e10;

static const double most_processes = 1e6;

/* The fields of struct plan_buffers are doubles in a row. */
enum { BUFFER_FIELDS = sizeof(struct plan_buffers) / sizeof(double) };

static void add_buffers(struct plan_buffers *to, const struct plan_buffers *from, double share)
{
	double *sum = (double *)to;
	const double *part = (const double *)from;
	for (size_t i = 0; i < BUFFER_FIELDS; i++)
		sum[i] += part[i] * share;
}

static void no_less_than_zero(struct plan_buffers *buffers)
{
	double *fields = (double *)buffers;
	for (size_t i = 0; i < BUFFER_FIELDS; i++)
		fields[i] = fmax(fields[i], 0);
}

double plan_buffers_pages(const struct plan_buffers *buffers)
{
	return buffers->shared_hit + buffers->shared_read + buffers->local_hit + buffers->local_read +
	       buffers->temp_read + buffers->temp_written;
}

/* ---- loops and processes ---- */

/*
 * How many took part is the ratio of the loops, with the leader or without. What was started before, once, ran in one
 * process, wherever it is listed.
 */
static double processes_of(const struct query_plan *plan, const struct plan_node *node)
{
	if (node->parent == SIZE_MAX)
		return 1;
	const struct plan_node *parent = &plan->nodes.items[node->parent];
	double inherited = parent->figures.processes;
	if (node->link == PLAN_INITPLAN || node->link == PLAN_CTE)
		return node->loops > 1 ? inherited : 1;
	bool is_gathered = node->link == PLAN_OUTER && plan_node_gathers(parent);
	if (!is_gathered || parent->loops <= 0)
		return inherited;
	return fmin(inherited * fmax(1, node->loops / parent->loops), most_processes);
}

static double removed_share(const struct plan_node *node)
{
	double removed = node->removed_by_filter + node->removed_by_join_filter + node->removed_by_recheck;
	return removed > 0 ? removed / (removed + node->actual_rows) : 0;
}

static void derive_totals(struct query_plan *plan)
{
	for (size_t i = 0; i < plan->nodes.count; i++) {
		struct plan_node *node = &plan->nodes.items[i];
		double processes = processes_of(plan, node);
		double cpu_ms = node->total_ms * node->loops;
		node->figures = (struct plan_figures){
			.processes = processes,
			.rows = node->actual_rows * node->loops,
			.cpu_ms = cpu_ms,
			.wall_ms = cpu_ms / processes,
			.self_cost = node->total_cost,
			.self_buffers = node->buffers,
			.removed_share = removed_share(node),
		};
	}
}

/* ---- the own part of each node ---- */

/* Of a CTE: what its scans measured, to share it out. */
struct scans {
	size_t count;
	double cpu_ms, pages;
	double paid_ms;
};

static struct scans *sum_scans(struct arena *arena, const struct query_plan *plan, const struct plan_charges *charges)
{
	struct scans *scans = arena_alloc(arena, plan->nodes.count * sizeof(*scans));
	for (size_t i = 0; i < charges->count; i++) {
		if (!charges->items[i].shared)
			continue;
		const struct plan_node *scan = &plan->nodes.items[charges->items[i].to];
		struct scans *of_cte = &scans[charges->items[i].from];
		of_cte->count++;
		of_cte->cpu_ms += scan->figures.cpu_ms;
		of_cte->pages += plan_buffers_pages(&scan->buffers);
	}
	return scans;
}

static double share_of(double part, double whole, size_t count)
{
	return whole > 0 ? part / whole : 1.0 / (double)count;
}

static void charge(struct query_plan *plan, const struct plan_charge *item, struct scans *scans, double *slack_ms)
{
	const struct plan_node *from = &plan->nodes.items[item->from];
	struct plan_node *to = &plan->nodes.items[item->to];
	struct scans *of_cte = item->shared ? &scans[item->from] : NULL;
	double time_ms = plan_time_within(from, to), share = 1;
	if (of_cte) {
		time_ms *= share_of(to->figures.cpu_ms, of_cte->cpu_ms, of_cte->count);
		time_ms = fmin(time_ms, to->figures.cpu_ms);
		share = share_of(plan_buffers_pages(&to->buffers), of_cte->pages, of_cte->count);
		of_cte->paid_ms += time_ms / to->figures.processes;
	}
	to->figures.self_cpu_ms -= time_ms;
	slack_ms[item->to] += from->loops * PLAN_ROUNDING_MS;
	add_buffers(&to->figures.self_buffers, &from->buffers, -share);
}

/* Costs are listed where they are charged, whatever runs when. */
static void charge_costs(struct query_plan *plan)
{
	for (size_t i = 1; i < plan->nodes.count; i++) {
		const struct plan_node *node = &plan->nodes.items[i];
		plan->nodes.items[node->parent].figures.self_cost -= node->total_cost;
	}
	for (size_t i = 0; i < plan->nodes.count; i++) {
		struct plan_node *node = &plan->nodes.items[i];
		double *cost = &node->figures.self_cost;
		if (node->startup_cost >= disable_cost && *cost >= disable_cost && *cost < 2 * disable_cost) {
			node->disabled = true;
			*cost -= disable_cost;
		}
		*cost = fmax(*cost, 0);
	}
}

static void derive_self(struct query_plan *plan, const double *slack_ms)
{
	for (size_t i = 0; i < plan->nodes.count; i++) {
		struct plan_node *node = &plan->nodes.items[i];
		struct plan_figures *figures = &node->figures;
		double slack = slack_ms[i] + node->loops * PLAN_ROUNDING_MS;
		figures->inconsistent = node->has_timing && figures->self_cpu_ms < -slack;
		figures->self_cpu_ms = fmax(figures->self_cpu_ms, 0);
		figures->self_wall_ms = figures->self_cpu_ms / figures->processes;
		no_less_than_zero(&figures->self_buffers);
		figures->self_pages = plan_buffers_pages(&figures->self_buffers);
	}
}

/* ---- the whole ---- */

/* What CTEs did that no scan waited for: writes run to their end when the tree is done. */
static double outside_ms(const struct query_plan *plan, const struct scans *scans)
{
	double sum = 0;
	for (size_t i = 0; i < plan->nodes.count; i++) {
		const struct plan_node *node = &plan->nodes.items[i];
		if (node->link == PLAN_CTE)
			sum += fmax(node->figures.wall_ms - scans[i].paid_ms, 0);
	}
	return sum;
}

static void derive_whole(struct query_plan *plan, const struct scans *scans)
{
	double root_ms = plan->nodes.count ? plan->nodes.items[0].figures.wall_ms : 0;
	plan->trigger_ms = 0;
	for (size_t i = 0; i < plan->triggers.count; i++)
		plan->trigger_ms += plan->triggers.items[i].time_ms;
	plan->wall_ms = plan->execution_ms > 0 ? plan->execution_ms : root_ms;
	plan->unattributed_ms = 0;
	if (plan->execution_ms > 0 && plan->has_timing)
		plan->unattributed_ms = fmax(plan->execution_ms - root_ms - outside_ms(plan, scans) -
		                                     plan->trigger_ms - plan->serialization_ms,
		                             0);
}

static void derive_shares(struct query_plan *plan)
{
	double whole = plan->wall_ms, pages = 0;
	for (size_t i = 0; i < plan->nodes.count; i++)
		pages += plan->nodes.items[i].figures.self_pages;
	for (size_t i = 0; i < plan->nodes.count; i++) {
		struct plan_figures *figures = &plan->nodes.items[i].figures;
		double part = plan->has_timing ? figures->self_wall_ms : figures->self_pages;
		double all = plan->has_timing ? whole : pages;
		figures->self_share = all > 0 ? fmin(part / all, 1) : 0;
	}
}

void query_plan_derive(struct arena *arena, struct query_plan *plan)
{
	struct plan_charges charges;
	double *slack_ms = arena_alloc(arena, plan->nodes.count * sizeof(*slack_ms));
	derive_totals(plan);
	plan_charges_find(arena, plan, &charges);
	plan_rounding_settle(arena, plan, &charges);
	for (size_t i = 0; i < plan->nodes.count; i++)
		plan->nodes.items[i].figures.self_cpu_ms = plan->nodes.items[i].figures.cpu_ms;
	struct scans *scans = sum_scans(arena, plan, &charges);
	for (size_t i = 0; i < charges.count; i++)
		charge(plan, &charges.items[i], scans, slack_ms);
	charge_costs(plan);
	derive_self(plan, slack_ms);
	derive_whole(plan, scans);
	derive_shares(plan);
	plan_estimates_judge(arena, plan, &charges);
}
