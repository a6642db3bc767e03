#include "core/explain/figure.h"
#include "core/explain/findings/rules.h"

enum { KEEPS_PERCENT = 5, PAGES = 1000, ROWS = 50000, SHARE_PERCENT = 10 };

/* How large the table is can be told by what was read; without BUFFERS by its rows, of which a page has 50 and more. */
static bool is_large(const struct plan_node *node)
{
	if (node->has_buffers)
		return node->figures.self_pages >= PAGES;
	return node_rows_looked_at(node) >= ROWS;
}

bool is_selective_scan(const struct plan_node *node)
{
	return node_is(node, "Seq Scan") && node->filter && is_large(node) &&
	       node->figures.rows * 100 < node_rows_looked_at(node) * KEEPS_PERCENT &&
	       node->figures.self_share * 100 >= SHARE_PERCENT;
}

static void look(struct plan_look *look)
{
	const struct plan_node *node = look->node;

	if (is_selective_scan(node))
		look_find(look, severity_of_share(node->figures.self_share), node->figures.self_share,
		          sql_index(look, node, NULL, node->filter), "%s reads %s to keep %s, %s of the statement",
		          look_title(look), figure_of(look->arena, node_rows_looked_at(node), "row"),
		          figure_count(look->arena, node->figures.rows),
		          figure_share(look->arena, node->figures.self_share));
}

const struct plan_rule_entry selective_scan_rule = {
	.row = {.name = "selective-scan",
	        .meaning = "a sequential scan keeps under 5% of its rows, reads 1,000 pages or more, and takes 10% or more "
	                   "of the statement"},
	.look = look,
};
