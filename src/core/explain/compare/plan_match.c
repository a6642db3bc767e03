#include <stdlib.h>
#include <string.h>

#include "core/explain/compare/plan_diff.h"
#include "core/explain/compare/relations.h"
#include "core/explain/node.h"

/* What a node is matched by. Kinds that do each other's work are one. */
struct key {
	const char *kind;
	const unsigned char *set;
	size_t set_bytes;
	const char *relation, *alias; /* "" for none: which of several with one kind and set */
	size_t node;
};

struct matching {
	struct arena *arena;
	struct key *before, *after;
	size_t before_count, after_count;
	struct plan_match match;
};

static const char *kind_of(const struct plan_node *node)
{
	static const char *const SAME[][2] = {
		{"Incremental Sort", "Sort"}, {"Gather Merge", "Gather"}, {"Merge Append", "Append"}};

	if (node_is_scan(node))
		return "scan";
	if (node_is_join(node))
		return "join";
	for (size_t i = 0; i < sizeof(SAME) / sizeof(SAME[0]); i++)
		if (strcmp(node->type, SAME[i][0]) == 0)
			return SAME[i][1];
	return node->type;
}

static struct key *make_keys(struct arena *arena, const struct plan_relations *relations, const struct plan_side *side)
{
	size_t count = side->plan->nodes.count;
	struct key *keys = arena_alloc(arena, (count + 1) * sizeof(*keys));

	for (size_t i = 0; i < count; i++) {
		const struct plan_node *node = &side->plan->nodes.items[i];
		keys[i] = (struct key){
			.kind = kind_of(node),
			.set = plan_set(relations, side, i),
			.set_bytes = relations->set_bytes,
			.relation = node->relation ? node->relation : node->index ? node->index : "",
			.alias = node->alias ? node->alias : "",
			.node = i,
		};
	}
	return keys;
}

/* How much has to be equal, from all of it down. */
enum precision { BY_ALIAS, BY_RELATION, BY_SET, PRECISIONS };

static int compare_to(const struct key *a, const struct key *b, enum precision precision)
{
	int order = strcmp(a->kind, b->kind);
	if (!order)
		order = memcmp(a->set, b->set, a->set_bytes);
	if (!order && precision <= BY_RELATION)
		order = strcmp(a->relation, b->relation);
	if (!order && precision == BY_ALIAS)
		order = strcmp(a->alias, b->alias);
	return order;
}

static int in_order(const struct key *a, const struct key *b, enum precision precision)
{
	int order = compare_to(a, b, precision);
	return order ? order : (a->node > b->node) - (a->node < b->node);
}

static int compare_by_alias(const void *a, const void *b)
{
	return in_order(a, b, BY_ALIAS);
}

static int compare_by_relation(const void *a, const void *b)
{
	return in_order(a, b, BY_RELATION);
}

static int compare_by_set(const void *a, const void *b)
{
	return in_order(a, b, BY_SET);
}

static size_t drop_matched(struct key *keys, size_t count, const size_t *match)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++)
		if (match[keys[i].node] == SIZE_MAX)
			keys[kept++] = keys[i];
	return kept;
}

static void sort(struct key *keys, size_t count, enum precision precision)
{
	static int (*const ORDERS[])(const void *, const void *) = {
		[BY_ALIAS] = compare_by_alias, [BY_RELATION] = compare_by_relation, [BY_SET] = compare_by_set};
	if (count)
		qsort(keys, count, sizeof(*keys), ORDERS[precision]);
}

/* Both lists are walked side by side; where several are equal, the first meets the first. */
static void pair_up(struct matching *matching, enum precision precision)
{
	size_t i = 0, j = 0;

	matching->before_count = drop_matched(matching->before, matching->before_count, matching->match.after_of);
	matching->after_count = drop_matched(matching->after, matching->after_count, matching->match.before_of);
	sort(matching->before, matching->before_count, precision);
	sort(matching->after, matching->after_count, precision);
	while (i < matching->before_count && j < matching->after_count) {
		int order = compare_to(&matching->before[i], &matching->after[j], precision);
		if (order == 0) {
			matching->match.after_of[matching->before[i].node] = matching->after[j].node;
			matching->match.before_of[matching->after[j].node] = matching->before[i].node;
		}
		i += order <= 0;
		j += order >= 0;
	}
}

static size_t *unmatched(struct arena *arena, size_t count)
{
	size_t *match = arena_alloc(arena, (count + 1) * sizeof(*match));
	for (size_t i = 0; i < count; i++)
		match[i] = SIZE_MAX;
	return match;
}

void plan_match(struct arena *arena, const struct query_plan *before, const struct query_plan *after,
                struct plan_match *ret_match)
{
	struct plan_relations relations;
	struct matching matching = {
		.arena = arena,
		.before_count = before->nodes.count,
		.after_count = after->nodes.count,
		.match = {unmatched(arena, before->nodes.count), unmatched(arena, after->nodes.count)},
	};

	plan_relations_find(arena, before, after, &relations);
	matching.before = make_keys(arena, &relations, &relations.before);
	matching.after = make_keys(arena, &relations, &relations.after);
	for (enum precision precision = BY_ALIAS; precision < PRECISIONS; precision++)
		pair_up(&matching, precision);
	*ret_match = matching.match;
}
