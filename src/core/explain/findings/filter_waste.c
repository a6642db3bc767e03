#include "core/explain/figure.h"
#include "core/explain/findings/rules.h"

enum { REMOVED_PERCENT = 90, REMOVED_PER_LOOP = 100, SHARE_PERCENT = 1 };

/* The condition of the index that led to the rows; an index that serves the filter too finds fewer. */
static const char *found_by(const struct plan_node *node)
{
	return node->index_condition ? node->index_condition : node->recheck_condition;
}

static void look(struct plan_look *look)
{
	const struct plan_node *node = look->node;
	double removed = node->removed_by_filter * node->loops, all = node_rows_looked_at(node);

	if (node->removed_by_filter < REMOVED_PER_LOOP || removed * 100 < all * REMOVED_PERCENT || is_selective_scan(node))
		return;
	if (node->figures.self_share * 100 < SHARE_PERCENT)
		return;
	look_find(look, severity_of_share(node->figures.self_share), node->figures.self_share,
	          found_by(node) ? sql_index(look, node, found_by(node), node->filter) : NULL,
	          "%s finds %s and its filter throws %s of them away", look_title(look),
	          figure_of(look->arena, all, "row"), figure_count(look->arena, removed));
}

const struct plan_rule_entry filter_waste_rule = {
	.row = {.name = "filter-waste",
	        .meaning = "a filter throws away 90% or more of the rows that were found, 100 or more in each loop"},
	.look = look,
};
