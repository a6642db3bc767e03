#include "core/explain/findings/rules.h"

#define PENALTY 1e10 /* what servers before 18 add to the cost of a disabled node */

/* The penalty is in the cost of all nodes above, too: it is this one's when no child has it. */
static bool is_penalized(const struct plan_look *look)
{
	if (look->node->total_cost < PENALTY)
		return false;
	for (size_t i = 0; i < look->node->children.count; i++)
		if (look->plan->nodes.items[look->node->children.items[i]].total_cost >= PENALTY)
			return false;
	return true;
}

static void look(struct plan_look *look)
{
	if (look->node->disabled || is_penalized(look))
		look_find(look, PLAN_SEVERITY_LOW, look->node->figures.self_share, NULL,
		          "%s is switched off by a setting and was taken all the same: there was no other way",
		          look_title(look));
}

const struct plan_rule_entry disabled_node_rule = {
	.row = {.name = "disabled-node",
	        .meaning = "a node that a setting forbids was taken because there was no other way"},
	.estimated = true,
	.look = look,
};
