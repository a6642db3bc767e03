#include "core/explain/figure.h"
#include "core/explain/findings/rules.h"

enum { LOSSY_PERCENT = 10, LOSSY = 100, ENTRY_BYTES = 64 /* tidbitmap.c: what a page takes in an exact bitmap */ };

static void look(struct plan_look *look)
{
	const struct plan_node *node = look->node;
	double lossy = node->lossy_blocks, all = lossy + node->exact_blocks, share = node->figures.self_share;

	if (lossy < LOSSY || lossy * 100 < all * LOSSY_PERCENT)
		return;
	look_find(look, severity_of_share(share), share, sql_work_mem(look, all * ENTRY_BYTES),
	          "%s remembers only the page for %s of %s, so it looks at all rows there again and throws %s away: the "
	          "bitmap needs about %s of work_mem",
	          look_title(look), figure_count(look->arena, lossy), figure_of(look->arena, all, "page"),
	          figure_count(look->arena, node->removed_by_recheck * node->loops),
	          figure_bytes(look->arena, all * ENTRY_BYTES));
}

const struct plan_rule_entry lossy_bitmap_rule = {
	.row = {.name = "lossy-bitmap",
	        .meaning = "a bitmap does not fit into work_mem and forgets rows of 10% or more of its pages, 100 or more"},
	.look = look,
};
