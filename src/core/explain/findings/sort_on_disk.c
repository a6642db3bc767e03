#include "core/explain/figure.h"
#include "core/explain/findings/rules.h"

/*
 * In memory a row has a header, alignment, a chunk's header and a slot in the array that is sorted (tuplesort.c), which
 * its form on disk has not.
 */
static double bytes_in_memory(const struct plan_node *node)
{
	enum { OVERHEAD_BYTES = 64 };
	return node->sort_space_bytes + node->actual_rows * OVERHEAD_BYTES;
}

static void look(struct plan_look *look)
{
	const struct plan_node *node = look->node;
	double share = node->figures.self_share, bytes = bytes_in_memory(node);

	if (node->sort_on_disk)
		look_find(look, severity_of_share(share), share, sql_work_mem(look, bytes),
		          "%s of %s goes to disk (%s): in memory it needs about %s of work_mem", look_title(look),
		          figure_of(look->arena, node->actual_rows, "row"), figure_bytes(look->arena, node->sort_space_bytes),
		          figure_bytes(look->arena, bytes));
}

const struct plan_rule_entry sort_on_disk_rule = {
	.row = {.name = "sort-on-disk",
	        .meaning = "a sort does not fit into work_mem and goes to disk"},
	.look = look,
};
