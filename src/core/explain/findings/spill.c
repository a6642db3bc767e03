#include "core/explain/figure.h"
#include "core/explain/findings/rules.h"

/* What stays in memory of a Memoize is worth little when it is thrown out before it is asked for again. */
static bool thrashes(const struct plan_node *node)
{
	return node_is(node, "Memoize") && node->cache_evictions > 0 && node->cache_hits < node->cache_misses;
}

static void look(struct plan_look *look)
{
	const struct plan_node *node = look->node;
	double share = node->figures.self_share;

	if (thrashes(node))
		look_find(look, severity_of_share(share), share, NULL,
		          "%s throws %s out of its memory and finds only %s of %s in it", look_title(look),
		          node->cache_evictions == 1 ? "1 entry" :
		          arena_printf(look->arena, "%s entries", figure_count(look->arena, node->cache_evictions)),
		          figure_count(look->arena, node->cache_hits),
		          figure_of(look->arena, node->cache_hits + node->cache_misses, "key"));
	else if (node->disk_bytes > 0)
		look_find(look, severity_of_share(share), share,
		          sql_work_mem(look, 2 * node->disk_bytes),
		          "%s does not fit into work_mem: %s go to disk", look_title(look),
		          figure_bytes(look->arena, node->disk_bytes));
}

const struct plan_rule_entry spill_rule = {
	.row = {.name = "spill",
	        .meaning = "an aggregate or materialized rows go to disk, or a Memoize forgets before it is asked again"},
	.look = look,
};
