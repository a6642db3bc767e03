#include "core/explain/figure.h"
#include "core/explain/findings/rules.h"

static void look(struct plan_look *look)
{
	const struct plan_node *node = look->node;

	if (node->has_workers_launched && node->workers_launched < node->workers_planned)
		look_find(look, PLAN_SEVERITY_LOW, plan_subtree_share(look->plan, node), NULL,
		          "%s got %s of %s that were planned: others were using them, or max_parallel_workers is too low",
		          look_title(look), figure_count(look->arena, node->workers_launched),
		          figure_of(look->arena, node->workers_planned, "worker"));
}

const struct plan_rule_entry workers_missing_rule = {
	.row = {.name = "workers-missing",
	        .meaning = "fewer parallel workers were there than planned: the next run may be faster"},
	.look = look,
};
