#include "core/explain/figure.h"
#include "core/explain/findings/rules.h"

enum { SEARCHES_PER_LOOP = 100, SHARE_PERCENT = 10 };

static void look(struct plan_look *look)
{
	const struct plan_node *node = look->node;
	double share = node->figures.self_share;

	if (node->index_searches >= SEARCHES_PER_LOOP * node->loops && share * 100 >= SHARE_PERCENT)
		look_find(look, severity_of_share(share), share, NULL,
		          "%s searches its index %s in %s, from the root each time: values of a list, or of a leading column "
		          "that the condition does not give",
		          look_title(look), figure_times(look->arena, node->index_searches),
		          figure_of(look->arena, node->loops, "loop"));
}

const struct plan_rule_entry index_searches_rule = {
	.row = {.name = "index-searches",
	        .meaning = "an index is searched 100 times or more in each loop (PostgreSQL 18 tells), and that takes "
	                   "10% or more of the statement"},
	.look = look,
};
