#include "core/explain/figure.h"
#include "core/explain/findings/rules.h"

enum { SHARE_PERCENT = 10 };

static void look(struct plan_look *look)
{
	const struct plan_node *node = look->node;
	double share = node->figures.self_share;

	if (share * 100 < SHARE_PERCENT)
		return;
	if (node->has_timing)
		look_find(look, severity_of_share(share), share, NULL, "%s takes %s by itself, %s of the statement",
		          look_title(look), figure_ms(look->arena, node->figures.self_wall_ms),
		          figure_share(look->arena, share));
	else
		look_find(look, severity_of_share(share), share, NULL, "%s reads %s by itself, %s of the statement's",
		          look_title(look), figure_of(look->arena, node->figures.self_pages, "page"),
		          figure_share(look->arena, share));
}

const struct plan_rule_entry own_time_rule = {
	.row = {.name = "own-time",
	        .meaning = "a node takes 10% or more of the statement by itself: low, from 20% medium, from 50% high"},
	.look = look,
};
