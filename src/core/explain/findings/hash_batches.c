#include "core/explain/figure.h"
#include "core/explain/findings/rules.h"

/* Each batch was made to fit; all of them together are what has to. */
static void look(struct plan_look *look)
{
	const struct plan_node *node = look->node, *nodes = look->plan->nodes.items;
	double bytes = node->hash_batches * node->hash_memory_bytes, share = node->figures.self_share;

	if (!node_is(node, "Hash") || node->hash_batches <= 1)
		return;
	if (node->parent != SIZE_MAX)
		share += nodes[node->parent].figures.self_share;
	look_find(look, severity_of_share(share), share, sql_work_mem(look, bytes),
	          "the hash table of %s is split into %s batches (%s planned), which go through temporary files: "
	          "in one it needs about %s of work_mem",
	          figure_of(look->arena, node->figures.rows, "row"), figure_count(look->arena, node->hash_batches),
	          figure_count(look->arena, node->hash_batches_planned > 0 ? node->hash_batches_planned : 1),
	          figure_bytes(look->arena, bytes));
}

const struct plan_rule_entry hash_batches_rule = {
	.row = {.name = "hash-batches",
	        .meaning = "the hash table of a join does not fit into work_mem and is split into batches on disk"},
	.look = look,
};
