#include "core/explain/compare/shape.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/strbuf.h"
#include "core/explain/condition.h"
#include "core/explain/family.h"
#include "core/explain/node.h"

enum { HEX = sizeof(((struct plan_shape *)NULL)->hex) };

struct print {
	char hex[HEX];
};

struct shaping {
	struct arena *arena;
	const struct query_plan *plan;
	const struct plan_name *names;
	struct print *prints; /* of each node with all below it */
	bool *family;         /* whether a partition is read there */
};

static int compare_text(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* A field of what is hashed; with its name, so that fields cannot be taken for each other. */
static void add(struct strbuf *text, const char *name, const char *value)
{
	if (value)
		strbuf_printf(text, "%s=%zu:%s;", name, strlen(value), value);
}

/* Columns of conditions as a set: a new server may print the terms in another order. */
static void add_columns(struct shaping *shaping, struct strbuf *text, const char *name, const char *condition,
                        bool ordered)
{
	struct text_list columns;

	condition_columns(shaping->arena, condition, &columns);
	if (!ordered && columns.count)
		qsort(columns.items, columns.count, sizeof(*columns.items), compare_text);
	for (size_t i = 0; i < columns.count; i++)
		add(text, name, columns.items[i]);
}

/* NULL for the word that one form prints and the other leaves out. */
static const char *unless(const char *value, const char *usual)
{
	return value && strcmp(value, usual) == 0 ? NULL : value;
}

static const char *place_of(const struct plan_node *node)
{
	switch (node->link) {
	case PLAN_SUBPLAN:
		return "SubPlan";
	case PLAN_INITPLAN:
		return "InitPlan";
	case PLAN_CTE:
		return node->subplan;
	default:
		return NULL;
	}
}

static void print_node(struct shaping *shaping, size_t at, struct strbuf *text)
{
	const struct plan_node *node = &shaping->plan->nodes.items[at];

	add(text, "place", place_of(node));
	add(text, "type", node->type);
	add(text, "parallel", node->parallel_aware ? "yes" : NULL);
	add(text, "join", unless(node->join_type, "Inner"));
	add(text, "strategy", strcmp(node->type, "SetOp") == 0 ? unless(node->strategy, "Sorted")
	                                                         : unless(node->strategy, "Plain"));
	add(text, "partial", unless(node->partial_mode, "Simple"));
	add(text, "operation", node->operation);
	add(text, "command", node->command);
	add(text, "backward", node->direction && strcmp(node->direction, "Backward") == 0 ? "yes" : NULL);
	add(text, "relation", shaping->names[at].relation);
	add(text, "index", shaping->names[at].index);
	add(text, "cte", node->cte);
	add(text, "function", node->function);
	add_columns(shaping, text, "index condition", node->index_condition, false);
	add_columns(shaping, text, "hash condition", node->hash_condition, false);
	add_columns(shaping, text, "merge condition", node->merge_condition, false);
	add_columns(shaping, text, "join filter", node->join_filter, false);
	add_columns(shaping, text, "filter", node->filter, false);
	add_columns(shaping, text, "sort", node->sort_key, true);
	add_columns(shaping, text, "group", node->group_key, true);
}

static int compare_print(const void *left, const void *right)
{
	return strcmp(left, right);
}

/* Partitions that are read in the same way count once, in whatever order; returns how many are left. */
static size_t fold_partitions(struct print *prints, size_t count)
{
	size_t kept = 0;

	qsort(prints, count, sizeof(*prints), compare_print);
	for (size_t i = 0; i < count; i++)
		if (!kept || strcmp(prints[kept - 1].hex, prints[i].hex) != 0)
			prints[kept++] = prints[i];
	return kept;
}

/* Whether the children are a family's parts, each with its own partition. */
static bool reads_partitions(const struct shaping *shaping, const struct plan_node *node)
{
	bool all = node_is_append(node) && node->children.count > 0;
	for (size_t i = 0; i < node->children.count; i++)
		all = all && shaping->family[node->children.items[i]];
	return all;
}

static void print_subtree(struct shaping *shaping, size_t at)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const struct plan_node *node = &shaping->plan->nodes.items[at];
	size_t count = node->children.count;
	struct print *prints = arena_alloc(shaping->arena, (count + 1) * sizeof(*prints));
	bool partitions = reads_partitions(shaping, node);

	shaping->family[at] = shaping->names[at].family;
	for (size_t i = 0; i < count; i++) {
		prints[i] = shaping->prints[node->children.items[i]];
		shaping->family[at] |= shaping->family[node->children.items[i]];
	}
	if (partitions)
		count = fold_partitions(prints, count);
	if (partitions && count == 1) { /* as if there were one partition, which has no Append */
		shaping->prints[at] = prints[0];
		return;
	}
	print_node(shaping, at, &text);
	for (size_t i = 0; i < count; i++)
		add(&text, "child", prints[i].hex);
	struct digest digest = digest_of(text.data, text.length);
	memcpy(shaping->prints[at].hex, digest.hex, HEX - 1);
}

struct plan_shape query_plan_shape(const struct query_plan *plan)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct plan_shape shape = {{0}};
	struct shaping shaping = {.arena = arena, .plan = plan, .names = plan_names(arena, plan)};

	shaping.prints = arena_alloc(arena, (plan->nodes.count + 1) * sizeof(*shaping.prints));
	shaping.family = arena_alloc(arena, (plan->nodes.count + 1) * sizeof(*shaping.family));
	for (size_t i = plan->nodes.count; i-- > 0;)
		print_subtree(&shaping, i);
	if (plan->nodes.count)
		memcpy(shape.hex, shaping.prints[0].hex, HEX);
	return shape;
}
