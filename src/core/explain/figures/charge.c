#include "core/explain/figures/charge.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "base/text_index.h"

struct finder {
	struct arena *arena;
	const struct query_plan *plan;
	size_t *end;                /* of each node's part of the list */
	size_t *payer;              /* of each InitPlan; SIZE_MAX = not found yet */
	struct text_index *setters; /* "$0", "InitPlan 1" -> InitPlan */
};

static size_t *find_ends(struct arena *arena, const struct query_plan *plan)
{
	size_t *end = arena_alloc(arena, plan->nodes.count * sizeof(*end));
	for (size_t i = plan->nodes.count; i-- > 0;) {
		size_t parent = plan->nodes.items[i].parent;
		if (end[i] < i + 1)
			end[i] = i + 1;
		if (parent != SIZE_MAX && end[parent] < end[i])
			end[parent] = end[i];
	}
	return end;
}

static bool is_within(const struct finder *finder, size_t node, size_t top)
{
	return top <= node && node < finder->end[top];
}

/* ---- InitPlans ---- */

static bool is_initplan(const struct plan_node *node)
{
	return node->link == PLAN_INITPLAN;
}

static void put_setters(struct finder *finder)
{
	for (size_t i = 0; i < finder->plan->nodes.count; i++) {
		const struct plan_node *node = &finder->plan->nodes.items[i];
		finder->payer[i] = SIZE_MAX;
		if (!is_initplan(node))
			continue;
		if (node->subplan)
			text_index_put(finder->setters, node->subplan, i);
		for (const char *at = node->returns; at && *at;) {
			size_t length = strcspn(at, ",");
			text_index_put(finder->setters, arena_strndup(finder->arena, at, length), i);
			at += length + (at[length] == ',');
		}
	}
}

static void note_use(struct finder *finder, size_t user, const char *name, size_t length)
{
	char copy[128];
	size_t setter;
	if (length >= sizeof(copy))
		return;
	memcpy(copy, name, length);
	copy[length] = '\0';
	if (text_index_find(finder->setters, copy, &setter) && finder->payer[setter] == SIZE_MAX &&
	    !is_within(finder, user, setter))
		finder->payer[setter] = user;
}

/* "$0" before 17, "(InitPlan 1).col1" since; not within literals. */
static void note_uses_in(struct finder *finder, size_t user, const char *text)
{
	static const char initplan[] = "(InitPlan ";
	for (const char *at = text; *at; at++) {
		if (*at == '\'') {
			const char *end = strchr(at + 1, '\'');
			if (!end)
				return;
			at = end;
		} else if (*at == '$' && isdigit((unsigned char)at[1])) {
			size_t digits = strspn(at + 1, "0123456789");
			note_use(finder, user, at, digits + 1);
			at += digits;
		} else if (*at == '(' && strncmp(at, initplan, sizeof(initplan) - 1) == 0) {
			size_t length = strcspn(at, ")");
			if (at[length] == ')')
				note_use(finder, user, at + 1, length - 1);
		}
	}
}

static void note_uses(struct finder *finder, size_t user)
{
	const struct plan_node *node = &finder->plan->nodes.items[user];
	for (size_t i = 0; !node->never && i < node->details.count; i++)
		note_uses_in(finder, user, node->details.items[i].value);
}

/* Children before their parent, in printed order: about the order in which values are needed. */
static void note_all_uses(struct finder *finder)
{
	LIST(size_t) open = {0};
	for (size_t i = 0; i < finder->plan->nodes.count; i++) {
		while (open.count && !is_within(finder, i, open.items[open.count - 1]))
			note_uses(finder, open.items[--open.count]);
		list_push(finder->arena, &open, i);
	}
	while (open.count)
		note_uses(finder, open.items[--open.count]);
}

bool plan_node_gathers(const struct plan_node *node)
{
	return strcmp(node->type, "Gather") == 0 || strcmp(node->type, "Gather Merge") == 0;
}

/* A Gather evaluates what its workers will need before it starts them. */
static size_t payer_of(const struct finder *finder, size_t initplan)
{
	const struct plan_node *nodes = finder->plan->nodes.items;
	size_t listed = nodes[initplan].parent, payer = finder->payer[initplan];
	if (payer == SIZE_MAX)
		return listed;
	for (size_t at = nodes[payer].parent; at != SIZE_MAX && at != listed; at = nodes[at].parent)
		if (plan_node_gathers(&nodes[at]))
			payer = at;
	return payer;
}

/* ---- CTEs ---- */

/* The innermost of this name whose level of the query the scan belongs to. */
static size_t cte_of(const struct finder *finder, const struct text_index *last, const size_t *before, size_t scan)
{
	const struct plan_node *nodes = finder->plan->nodes.items;
	size_t cte;
	if (!text_index_find(last, nodes[scan].cte, &cte))
		return SIZE_MAX;
	size_t best = SIZE_MAX;
	for (; cte != SIZE_MAX; cte = before[cte])
		if (is_within(finder, scan, nodes[cte].parent) && !is_within(finder, scan, cte) &&
		    (best == SIZE_MAX || nodes[cte].depth > nodes[best].depth))
			best = cte;
	return best;
}

static bool is_cte(const struct plan_node *node)
{
	return node->link == PLAN_CTE && node->parent != SIZE_MAX;
}

static void charge_scans(const struct finder *finder, struct plan_charges *charges)
{
	const struct query_plan *plan = finder->plan;
	struct text_index *last = text_index_new(finder->arena);
	size_t *before = arena_alloc(finder->arena, plan->nodes.count * sizeof(*before));
	for (size_t i = 0; i < plan->nodes.count; i++) {
		if (!is_cte(&plan->nodes.items[i]))
			continue;
		const char *name = plan->nodes.items[i].subplan + 4; /* behind "CTE " */
		if (!text_index_find(last, name, &before[i]))
			before[i] = SIZE_MAX;
		text_index_put(last, name, i);
	}
	for (size_t i = 0; i < plan->nodes.count; i++) {
		const struct plan_node *node = &plan->nodes.items[i];
		size_t cte = node->cte && strcmp(node->type, "CTE Scan") == 0 ? cte_of(finder, last, before, i)
		                                                               : SIZE_MAX;
		if (cte != SIZE_MAX)
			list_push(finder->arena, charges,
			          ((struct plan_charge){.from = cte, .to = i, .shared = true}));
	}
}

void plan_charges_find(struct arena *arena, const struct query_plan *plan, struct plan_charges *ret_charges)
{
	struct finder finder = {
		.arena = arena,
		.plan = plan,
		.end = find_ends(arena, plan),
		.payer = arena_alloc(arena, plan->nodes.count * sizeof(size_t)),
		.setters = text_index_new(arena),
	};
	put_setters(&finder);
	note_all_uses(&finder);
	*ret_charges = (struct plan_charges){0};
	for (size_t i = 1; i < plan->nodes.count; i++) {
		const struct plan_node *node = &plan->nodes.items[i];
		if (!is_cte(node))
			list_push(arena, ret_charges,
			          ((struct plan_charge){.from = i,
			                                .to = is_initplan(node) ? payer_of(&finder, i) : node->parent}));
	}
	charge_scans(&finder, ret_charges);
}
