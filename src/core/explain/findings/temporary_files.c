#include "core/explain/figure.h"
#include "core/explain/findings/rules.h"

enum { PAGES = 1024, BLOCK_BYTES = 8192, KEPT_FACTOR = 2 /* rows take more room in memory than on disk */ };

/* It keeps rows to give them again (tuplestore.c), in memory if they fit. */
static bool keeps_rows(const struct plan_node *node)
{
	return node_is(node, "CTE Scan") || node_is(node, "Materialize") || node_is(node, "WindowAgg") ||
	       node_is(node, "Function Scan");
}

/* Told better by another rule, which knows how much memory would do. */
static bool is_explained(const struct plan_look *look)
{
	const struct plan_node *node = look->node;

	if (node_spilled(node))
		return true;
	for (size_t i = 0; i < node->children.count; i++)
		if (node_spilled(&look->plan->nodes.items[node->children.items[i]]))
			return true;
	return false;
}

static void look(struct plan_look *look)
{
	const struct plan_node *node = look->node;
	double pages = node_temp_pages(node), share = node->figures.self_share;
	double bytes = KEPT_FACTOR * BLOCK_BYTES * node->figures.self_buffers.temp_written;

	if (pages >= PAGES && !is_explained(look))
		look_find(look, severity_of_share(share), share, keeps_rows(node) ? sql_work_mem(look, bytes) : NULL,
		          "%s reads and writes %s of temporary files (%s)", look_title(look),
		          figure_of(look->arena, pages, "page"), figure_page_bytes(look->arena, pages));
}

const struct plan_rule_entry temporary_files_rule = {
	.row = {.name = "temporary-files",
	        .meaning = "a node reads and writes 1,024 pages or more of temporary files for another reason"},
	.look = look,
};
