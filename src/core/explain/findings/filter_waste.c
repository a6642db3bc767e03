#include "core/explain/figure.h"
#include "core/explain/findings/rules.h"

enum { REMOVED_PERCENT = 90, REMOVED_PER_LOOP = 100, SHARE_PERCENT = 1 };

static void look(struct plan_look *look)
{
	const struct plan_node *node = look->node;
	double removed = node->removed_by_filter * node->loops, all = node_rows_looked_at(node);

	if (node->removed_by_filter < REMOVED_PER_LOOP || removed * 100 < all * REMOVED_PERCENT || is_selective_scan(node))
		return;
	if (node->figures.self_share * 100 < SHARE_PERCENT)
		return;
	look_find(look, severity_of_share(node->figures.self_share), node->figures.self_share,
	          node->index_condition ? sql_index(look->arena, node, node->index_condition, node->filter) : NULL,
	          "%s finds %s and its filter throws %s of them away", look_title(look),
	          figure_of(look->arena, all, "row"), figure_count(look->arena, removed));
}

const struct plan_rule_entry filter_waste_rule = {
	.row = {.name = "filter-waste",
	        .meaning = "a filter throws away 90% or more of the rows that were found, 100 or more in each loop"},
	.look = look,
};
