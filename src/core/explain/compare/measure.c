#include "core/explain/compare/measure.h"

#include "core/explain/figure.h"

enum plan_measure plan_measure_choose(const struct query_plan *before, const struct query_plan *after)
{
	if (!before->analyzed || !after->analyzed)
		return MEASURE_COST;
	if (before->has_buffers && after->has_buffers)
		return MEASURE_PAGES;
	return before->has_timing && after->has_timing ? MEASURE_TIME : MEASURE_COST;
}

double plan_measure_of(enum plan_measure measure, const struct plan_node *node)
{
	if (measure == MEASURE_PAGES)
		return plan_buffers_pages(&node->buffers);
	return measure == MEASURE_TIME ? node->figures.wall_ms : node->total_cost;
}

double plan_measure_of_self(enum plan_measure measure, const struct plan_node *node)
{
	if (measure == MEASURE_PAGES)
		return node->figures.self_pages;
	return measure == MEASURE_TIME ? node->figures.self_wall_ms : node->figures.self_cost;
}

double plan_measure_floor(enum plan_measure measure)
{
	static const double FLOORS[] = {[MEASURE_PAGES] = 8, [MEASURE_TIME] = 1, [MEASURE_COST] = 10};
	return FLOORS[measure];
}

const char *plan_measure_text(struct arena *arena, enum plan_measure measure, double before, double after)
{
	if (measure == MEASURE_TIME)
		return arena_printf(arena, "%s instead of %s", figure_ms(arena, after), figure_ms(arena, before));
	const char *is = figure_of(arena, after, "page"), *was = figure_count(arena, before);
	if (measure == MEASURE_PAGES)
		return arena_printf(arena, "%s instead of %s", is, was);
	return arena_printf(arena, "a cost of %s instead of %s", figure_count(arena, after), was);
}
