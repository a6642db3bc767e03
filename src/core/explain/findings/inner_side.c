#include "core/explain/figure.h"
#include "core/explain/findings/rules.h"

enum { LOOPS = 1000, SHARE_PERCENT = 20 };

/* Only where the join has one condition that names the column, and the inner side is a table that is read whole. */
static const char *index_for(struct plan_look *look, const struct plan_node *join, const struct plan_node *inner)
{
	while (node_is(inner, "Materialize") && inner->children.count == 1)
		inner = &look->plan->nodes.items[inner->children.items[0]];
	return node_is(inner, "Seq Scan") && join->join_filter
	               ? sql_index(look, inner, NULL, join->join_filter) : NULL;
}

/* Where the planner did not know that there would be so many. */
static const char *expected(struct arena *arena, const struct plan_node *outer)
{
	if (outer->actual_rows < 2 * outer->plan_rows)
		return "";
	return outer->plan_rows <= 1 ? ", of which 1 was expected"
	                             : arena_printf(arena, ", of which %s were expected",
	                                            figure_count(arena, outer->plan_rows));
}

static void look(struct plan_look *look)
{
	const struct plan_node *nodes = look->plan->nodes.items;
	size_t outer = plan_input(look->plan, look->node, 0), inner = plan_input(look->plan, look->node, 1);

	if (!node_is(look->node, "Nested Loop") || inner == SIZE_MAX || nodes[inner].loops < LOOPS)
		return;
	double share = plan_subtree_share(look->plan, &nodes[inner]);
	if (share * 100 < SHARE_PERCENT)
		return;
	look->at = inner;
	look_find(look, severity_of_share(share), share, index_for(look, look->node, &nodes[inner]),
	          "the inner side of a nested loop, %s, is run %s, once for each row of %s%s: %s of the statement",
	          plan_node_title(look->arena, &nodes[inner]), figure_times(look->arena, nodes[inner].loops),
	          plan_node_title(look->arena, &nodes[outer]), expected(look->arena, &nodes[outer]),
	          figure_share(look->arena, share));
}

const struct plan_rule_entry inner_side_rule = {
	.row = {.name = "inner-side",
	        .meaning = "the inner side of a nested loop is run 1,000 times or more and takes 20% or more of the "
	                   "statement"},
	.look = look,
};
