#include "core/explain/family.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "core/explain/node.h"

/* A scan below an Append whose alias ends in "_1", "_2": as the server numbers what a table expands to. */
struct member {
	size_t append;
	const char *alias;
	size_t stem; /* length of the alias without its number */
	size_t node;
};

struct member_list {
	struct member *items;
	size_t count;
	size_t room;
};

static const char *fold_digits(struct arena *arena, const char *name)
{
	char *folded = arena_strdup(arena, name), *out = folded;

	for (; *name; name++)
		if (!isdigit((unsigned char)*name))
			*out++ = *name;
		else if (out == folded || out[-1] != '#')
			*out++ = '#';
	*out = '\0';
	return folded;
}

static const char *index_name(struct arena *arena, const struct plan_node *node, const char *relation)
{
	size_t length = relation ? strlen(relation) : 0;

	if (length && strncmp(node->index, relation, length) == 0)
		return arena_printf(arena, "%%%s", node->index + length);
	return node->index;
}

/* Length of the alias up to the '_' before its number; 0 = it has none. */
static size_t stem_of(const char *alias)
{
	size_t end = alias ? strlen(alias) : 0, stem = end;

	while (stem && isdigit((unsigned char)alias[stem - 1]))
		stem--;
	return stem > 1 && stem < end && alias[stem - 1] == '_' ? stem - 1 : 0;
}

/* Members with the outermost Append above each: partitions of partitions are one family. */
static void find_members(struct arena *arena, const struct query_plan *plan, struct member_list *members)
{
	size_t *append = arena_alloc(arena, plan->nodes.count * sizeof(*append));

	for (size_t i = 0; i < plan->nodes.count; i++) {
		const struct plan_node *node = &plan->nodes.items[i];
		append[i] = node->parent == SIZE_MAX ? SIZE_MAX : append[node->parent];
		if (append[i] == SIZE_MAX && node_is_append(node))
			append[i] = i;
		size_t stem = stem_of(node->alias);
		if (append[i] != SIZE_MAX && node->relation && stem)
			list_push(arena, members, ((struct member){append[i], node->alias, stem, i}));
	}
}

static int compare_family(const struct member *a, const struct member *b)
{
	if (a->append != b->append)
		return a->append < b->append ? -1 : 1;
	if (a->stem != b->stem)
		return a->stem < b->stem ? -1 : 1;
	return memcmp(a->alias, b->alias, a->stem);
}

static int compare_member(const void *left, const void *right)
{
	const struct member *a = left, *b = right;
	int order = compare_family(a, b);
	return order ? order : (a->node > b->node) - (a->node < b->node);
}

static size_t common_prefix(const char *a, const char *b, size_t length)
{
	size_t same = 0;
	while (same < length && a[same] && a[same] == b[same])
		same++;
	return same;
}

/* What all their names begin with: the same whichever of them are there, if the names are made by one rule. */
static void name_family(struct arena *arena, const struct query_plan *plan, const struct member *members, size_t count,
                        struct plan_name *names)
{
	const char *first = names[members[0].node].relation, *name = first;
	size_t length = strlen(first);
	bool several = false;

	for (size_t i = 1; i < count; i++) {
		const char *other = names[members[i].node].relation;
		several |= strcmp(plan->nodes.items[members[i].node].relation,
		                  plan->nodes.items[members[0].node].relation) != 0;
		if (strcmp(other, first) != 0)
			length = common_prefix(first, other, length);
	}
	if (!several)
		return;
	const char *parent = arena_strndup(arena, members[0].alias, members[0].stem);
	if (first[length]) {
		while (length && isalnum((unsigned char)first[length - 1]))
			length--;
		name = arena_printf(arena, "%.*s*", (int)length, first);
	}
	for (size_t i = 0; i < count; i++) {
		struct plan_name *member = &names[members[i].node];
		member->relation = name;
		member->family = true;
		member->parent = parent;
		if (member->index)
			member->index = fold_digits(arena, member->index);
	}
}

/* Bitmaps name no relation; it is that of the heap scan above. */
static const char *relation_of(const struct query_plan *plan, size_t at)
{
	while (node_is_bitmap(&plan->nodes.items[at]) && plan->nodes.items[at].parent != SIZE_MAX)
		at = plan->nodes.items[at].parent;
	return plan->nodes.items[at].relation;
}

/* A bitmap is part of the scan that reads by it. */
static void name_bitmaps(struct arena *arena, const struct query_plan *plan, struct plan_name *names)
{
	for (size_t i = 0; i < plan->nodes.count; i++) {
		const struct plan_node *node = &plan->nodes.items[i];
		if (node->parent == SIZE_MAX || !node_is_bitmap(node))
			continue;
		names[i].family = names[node->parent].family;
		if (names[i].family && names[i].index)
			names[i].index = fold_digits(arena, names[i].index);
	}
}

struct plan_name *plan_names(struct arena *arena, const struct query_plan *plan)
{
	struct plan_name *names = arena_alloc(arena, (plan->nodes.count + 1) * sizeof(*names));
	struct member_list members = {0};

	for (size_t i = 0; i < plan->nodes.count; i++) {
		const struct plan_node *node = &plan->nodes.items[i];
		names[i].relation = node->relation ? fold_digits(arena, node->relation) : NULL;
		names[i].index = node->index ? index_name(arena, node, relation_of(plan, i)) : NULL;
	}
	find_members(arena, plan, &members);
	if (members.count)
		qsort(members.items, members.count, sizeof(*members.items), compare_member);
	for (size_t start = 0, end; start < members.count; start = end) {
		for (end = start + 1; end < members.count; end++)
			if (compare_family(&members.items[start], &members.items[end]) != 0)
				break;
		name_family(arena, plan, &members.items[start], end - start, names);
	}
	name_bitmaps(arena, plan, names);
	return names;
}
