/* What must hold of every query plan that was read, for the fuzz targets of its readers. */
#ifndef TESTS_FUZZ_QUERY_PLAN_H
#define TESTS_FUZZ_QUERY_PLAN_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "core/explain/query_plan.h"
#include "fuzz.h"

static inline void check_node(struct arena *arena, const struct query_plan *plan, size_t index)
{
	const struct plan_node *node = &plan->nodes.items[index];
	const struct plan_figures *figures = &node->figures;
	MUST(index == 0 ? node->parent == SIZE_MAX && node->depth == 0 : node->parent < index);
	MUST(index == 0 || node->depth == plan->nodes.items[node->parent].depth + 1);
	MUST(node->type && *plan_node_title(arena, node));
	for (size_t i = 0; i < node->children.count; i++)
		MUST(plan->nodes.items[node->children.items[i]].parent == index);
	for (size_t i = 0; i < node->details.count; i++)
		MUST(node->details.items[i].name && node->details.items[i].value);
	MUST(isfinite(figures->cpu_ms) && isfinite(figures->wall_ms) && figures->processes >= 1);
	MUST(isfinite(figures->self_cpu_ms) && figures->self_cpu_ms >= 0 && figures->self_cpu_ms <= figures->cpu_ms);
	MUST(figures->self_share >= 0 && figures->self_share <= 1);
	MUST(figures->removed_share >= 0 && figures->removed_share <= 1);
	MUST(figures->self_pages >= 0 && figures->self_pages <= plan_buffers_pages(&node->buffers));
	MUST(isfinite(figures->estimate_factor) && figures->estimate_factor >= 0);
}

static inline void check_list(const struct plan_detail *details, size_t count)
{
	for (size_t i = 0; i < count; i++)
		MUST(details[i].name && details[i].value);
}

static inline void check_plan(struct arena *arena, const struct query_plan *plan)
{
	MUST(plan->nodes.count > 0);
	for (size_t i = 0; i < plan->nodes.count; i++)
		check_node(arena, plan, i);
	check_list(plan->settings.items, plan->settings.count);
	check_list(plan->details.items, plan->details.count);
	for (size_t i = 0; i < plan->triggers.count; i++)
		MUST(plan->triggers.items[i].name && plan->triggers.items[i].relation);
	MUST(isfinite(plan->wall_ms) && isfinite(plan->unattributed_ms) && plan->unattributed_ms >= 0);
}

#endif
