#include "core/explain/figures/estimate.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static const double wrong_factor = 10;

/* A small table's rows decide nothing: so many in a loop, or in all of them, before a wrong number of them matters. */
static const double many_in_loop = 100, many_in_all = 10000;

/* What may be off without the planner being wrong, since the node above did not ask for all rows. */
struct excuse {
	bool fewer;
	bool more; /* a merge join reads rows again after going back to a mark */
};

static bool is_type(const struct plan_node *node, const char *type)
{
	return strcmp(node->type, type) == 0;
}

/* It reads all of its input before it gives the first row. */
static bool reads_all(const struct plan_node *node)
{
	if (is_type(node, "Aggregate"))
		return !node->strategy || strcmp(node->strategy, "Sorted") != 0;
	return is_type(node, "Sort") || is_type(node, "Hash");
}

static bool stops_at_first_match(const struct plan_node *node)
{
	return node->inner_unique || (node->join_type && (strcmp(node->join_type, "Semi") == 0 ||
	                                                  strcmp(node->join_type, "Anti") == 0));
}

static struct excuse excuse_of(const struct plan_node *node, const struct plan_node *parent, struct excuse inherited)
{
	struct excuse excuse = reads_all(parent) ? (struct excuse){0} : inherited;
	if (is_type(parent, "Limit") || node->link == PLAN_SUBPLAN || node->link == PLAN_INITPLAN)
		excuse.fewer = true;
	if (is_type(parent, "Nested Loop") && node->link == PLAN_INNER && stops_at_first_match(parent))
		excuse.fewer = true;
	if (is_type(parent, "Merge Join"))
		excuse = (struct excuse){.fewer = true, .more = node->link == PLAN_INNER || inherited.more};
	return excuse;
}

/* Bitmaps have no rows of their own, and writes tell those of RETURNING. */
static double factor_of(const struct plan_node *node)
{
	if (!node->has_actual || node->never || node->plan_rows <= 0)
		return 0;
	if (is_type(node, "BitmapAnd") || is_type(node, "BitmapOr") || is_type(node, "ModifyTable"))
		return 0;
	return fmax(1, node->actual_rows) / fmax(1, node->plan_rows);
}

/* The rows of a bitmap's index are judged where they are fetched: there stands the table. */
static bool is_wrong(const struct plan_node *node, struct excuse excuse)
{
	double factor = node->figures.estimate_factor;
	double most = fmax(node->actual_rows, node->plan_rows);
	if (factor <= 0 || is_type(node, "Bitmap Index Scan"))
		return false;
	if (most < many_in_loop && most * node->loops < many_in_all)
		return false;
	return factor > 1 ? factor >= wrong_factor && !excuse.more : factor <= 1 / wrong_factor && !excuse.fewer;
}

void plan_estimates_judge(struct arena *arena, struct query_plan *plan, const struct plan_charges *charges)
{
	size_t count = plan->nodes.count;
	struct excuse *excuses = arena_alloc(arena, count * sizeof(*excuses));
	bool *wrong_below = arena_alloc(arena, count * sizeof(*wrong_below));
	bool *wrong = arena_alloc(arena, count * sizeof(*wrong));
	for (size_t i = 0; i < count; i++) {
		struct plan_node *node = &plan->nodes.items[i];
		node->figures.estimate_factor = factor_of(node);
		if (node->parent != SIZE_MAX)
			excuses[i] = excuse_of(node, &plan->nodes.items[node->parent], excuses[node->parent]);
		wrong[i] = is_wrong(node, excuses[i]);
		/* Subplans have rows of their own. */
		if (node->parent != SIZE_MAX && node->link != PLAN_INITPLAN && node->link != PLAN_CTE &&
		    node->link != PLAN_SUBPLAN)
			wrong_below[node->parent] |= wrong[i];
	}
	for (size_t i = 0; i < charges->count; i++)
		if (charges->items[i].shared)
			wrong_below[charges->items[i].to] |= wrong[charges->items[i].from];
	for (size_t i = 0; i < count; i++)
		plan->nodes.items[i].figures.estimate_starts = wrong[i] && !wrong_below[i];
}
