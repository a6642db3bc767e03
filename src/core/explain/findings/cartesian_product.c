#include <string.h>

#include "core/explain/figure.h"
#include "core/explain/findings/rules.h"
#include "core/sql/identifier.h"

enum { ROWS = 10000 };

/* Nodes that show all that they depend on; a function or a subquery may use the other side without a word. */
static bool shows_its_conditions(const struct plan_node *node)
{
	static const char *const TYPES[] = {"Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan",
	                                    "Bitmap Index Scan", "Materialize", "Gather", "CTE Scan"};
	for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++)
		if (node_is(node, TYPES[i]))
			return true;
	return false;
}

static bool is_called(struct arena *arena, const char *name, const char *qualifier)
{
	return name && strcmp(sql_identifier(arena, name), qualifier) == 0;
}

/* A condition that names another relation than the node's own joins it. */
static bool joins(struct arena *arena, const struct plan_node *node, const char *condition)
{
	struct text_list qualifiers;

	condition_qualifiers(arena, condition, &qualifiers);
	for (size_t i = 0; i < qualifiers.count; i++)
		if (!is_called(arena, node->alias, qualifiers.items[i]) &&
		    !is_called(arena, node->relation, qualifiers.items[i]))
			return true;
	return false;
}

static bool stands_alone(struct plan_look *look, size_t top)
{
	size_t end = plan_subtree_end(look->plan, top);
	for (size_t i = top; i < end; i++) {
		const struct plan_node *node = &look->plan->nodes.items[i];
		if (!shows_its_conditions(node) || joins(look->arena, node, node->filter) ||
		    joins(look->arena, node, node->index_condition) || joins(look->arena, node, node->recheck_condition))
			return false;
	}
	return true;
}

/* Rows that were given, or are expected where it was not run. */
static double rows_per_loop(const struct plan_node *node)
{
	return node->has_actual && !node->never ? node->actual_rows : node->plan_rows;
}

static void look(struct plan_look *look)
{
	const struct plan_node *join = look->node, *nodes = look->plan->nodes.items;
	size_t outer = plan_input(look->plan, join, 0), inner = plan_input(look->plan, join, 1);

	if (!node_is(join, "Nested Loop") || join->join_filter || inner == SIZE_MAX ||
	    (join->join_type && strcmp(join->join_type, "Inner") != 0))
		return;
	double left = rows_per_loop(&nodes[outer]), right = rows_per_loop(&nodes[inner]);
	if (left < 2 || right < 2 || left * right < ROWS || !stands_alone(look, inner))
		return;
	double share = join->has_actual ? plan_subtree_share(look->plan, join) : 0;
	look_find(look, join->has_actual ? severity_of_share(share) : PLAN_SEVERITY_MEDIUM, share, NULL,
	          "nothing joins %s with %s: each of %s meets each of %s, %s in all",
	          plan_node_title(look->arena, &nodes[outer]), plan_node_title(look->arena, &nodes[inner]),
	          figure_of(look->arena, left, "row"), figure_count(look->arena, right),
	          figure_of(look->arena, left * right, "row"));
}

const struct plan_rule_entry cartesian_product_rule = {
	.row = {.name = "cartesian-product",
	        .meaning = "a nested loop without any condition combines all rows of both sides, 10,000 or more"},
	.estimated = true,
	.look = look,
};
