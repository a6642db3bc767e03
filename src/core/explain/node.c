#include "core/explain/node.h"

#include <stdint.h>
#include <string.h>

bool node_is(const struct plan_node *node, const char *type)
{
	return strcmp(node->type, type) == 0;
}

bool node_is_join(const struct plan_node *node)
{
	return node_is(node, "Nested Loop") || node_is(node, "Hash Join") || node_is(node, "Merge Join");
}

bool node_is_append(const struct plan_node *node)
{
	return node_is(node, "Append") || node_is(node, "Merge Append");
}

bool node_is_bitmap(const struct plan_node *node)
{
	return node_is(node, "Bitmap Index Scan") || node_is(node, "BitmapAnd") || node_is(node, "BitmapOr");
}

bool node_is_scan(const struct plan_node *node)
{
	if (node_is(node, "ModifyTable") || node_is(node, "Subquery Scan"))
		return false;
	return node->relation || node->cte || node->function || node_is(node, "Values Scan");
}

bool node_is_input(const struct plan_node *node)
{
	return node->link != PLAN_SUBPLAN && node->link != PLAN_INITPLAN && node->link != PLAN_CTE;
}

bool node_ran(const struct plan_node *node)
{
	return node->has_actual && !node->never && node->loops > 0;
}

bool node_spilled(const struct plan_node *node)
{
	return node->sort_on_disk || node->hash_batches > 1 || node->disk_bytes > 0;
}

size_t plan_input(const struct query_plan *plan, const struct plan_node *node, size_t number)
{
	for (size_t i = 0; i < node->children.count; i++)
		if (node_is_input(&plan->nodes.items[node->children.items[i]]) && number-- == 0)
			return node->children.items[i];
	return SIZE_MAX;
}

size_t plan_subtree_end(const struct query_plan *plan, size_t at)
{
	size_t end = at + 1;
	while (end < plan->nodes.count && plan->nodes.items[end].depth > plan->nodes.items[at].depth)
		end++;
	return end;
}
