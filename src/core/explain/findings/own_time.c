#include "core/explain/figure.h"
#include "core/explain/findings/rules.h"

enum { SHARE_PERCENT = 10, LEAST_MS = 1, LEAST_PAGES = 100 };

/* Another rule, which knows why, has told at least as gravely that this node takes long. */
static bool is_told(const struct plan_look *look, enum plan_severity severity)
{
	for (size_t i = 0; i < look->findings->count; i++)
		if (look->findings->items[i].node == look->at && look->findings->items[i].severity >= severity &&
		    look->findings->items[i].share > 0)
			return true;
	return false;
}

static void look(struct plan_look *look)
{
	const struct plan_node *node = look->node;
	double share = node->figures.self_share;

	if (share * 100 < SHARE_PERCENT || is_told(look, severity_of_share(share)))
		return;
	if (node->has_timing ? look->plan->wall_ms < LEAST_MS : node->figures.self_pages < LEAST_PAGES)
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
	        .meaning = "a node takes 10% or more of a statement of 1 ms or more by itself: low, from 20% "
	                   "medium, from 50% high; no other rule says why"},
	.look = look,
};
