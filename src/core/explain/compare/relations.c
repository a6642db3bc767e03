#include "core/explain/compare/relations.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "core/explain/node.h"

/* Its own name, unless it is a family's, or that of one whose partitions stand side by side in either plan. */
static const char *relation_name(const struct text_list *families, const struct plan_side *side, size_t at)
{
	const struct plan_name *name = &side->names[at];
	return name->family || text_list_has(families, name->relation) ? name->relation
	                                                               : side->plan->nodes.items[at].relation;
}

/* What the node itself reads, or NULL. */
static const char *own_name(const struct text_list *families, const struct plan_side *side, size_t at)
{
	const struct plan_node *node = &side->plan->nodes.items[at];

	if (!node_is_scan(node))
		return NULL;
	if (node->relation)
		return relation_name(families, side, at);
	return node->cte ? node->cte : node->function ? node->function : node->alias ? node->alias : node->type;
}

static int compare_text(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void find_families(struct arena *arena, const struct plan_side *side, struct text_list *families)
{
	for (size_t i = 0; i < side->plan->nodes.count; i++)
		if (side->names[i].family && side->names[i].relation)
			text_list_add_once(arena, families, side->names[i].relation);
}

static void find_words(struct arena *arena, const struct text_list *families, struct plan_side *side,
                       struct text_list *words)
{
	side->words = arena_alloc(arena, (side->plan->nodes.count + 1) * sizeof(*side->words));
	for (size_t i = 0; i < side->plan->nodes.count; i++) {
		side->words[i] = own_name(families, side, i);
		if (side->words[i])
			list_push(arena, words, side->words[i]);
	}
}

static void make_dictionary(struct arena *arena, struct plan_relations *relations)
{
	struct text_list *words = &relations->dictionary, families = {0};
	size_t kept = 0;

	find_families(arena, &relations->before, &families);
	find_families(arena, &relations->after, &families);
	find_words(arena, &families, &relations->before, words);
	find_words(arena, &families, &relations->after, words);
	if (words->count)
		qsort(words->items, words->count, sizeof(*words->items), compare_text);
	for (size_t i = 0; i < words->count; i++)
		if (!kept || strcmp(words->items[kept - 1], words->items[i]) != 0)
			words->items[kept++] = words->items[i];
	words->count = kept;
	relations->set_bytes = kept / 8 + 1;
	relations->shown = arena_alloc(arena, (kept + 1) * sizeof(*relations->shown));
}

static size_t find_word(const struct plan_relations *relations, const char *word)
{
	const struct text_list *words = &relations->dictionary;
	const char *const *found = bsearch(&word, words->items, words->count, sizeof(*words->items), compare_text);
	return (size_t)(found - (const char *const *)words->items);
}

/* From the leaves up: a child stands behind its parent. */
static void fill_sets(struct arena *arena, struct plan_relations *relations, struct plan_side *side)
{
	size_t count = side->plan->nodes.count, bytes = relations->set_bytes;

	side->sets = arena_alloc(arena, (count + 1) * bytes);
	for (size_t i = count; i-- > 0;) {
		const struct plan_node *node = &side->plan->nodes.items[i];
		if (side->words[i]) {
			size_t bit = find_word(relations, side->words[i]);
			side->sets[i * bytes + bit / 8] |= (unsigned char)(1U << bit % 8);
			if (side->names[i].parent || !relations->shown[bit])
				relations->shown[bit] = side->names[i].parent ? side->names[i].parent : side->words[i];
		}
		if (node->parent != SIZE_MAX && node_is_input(node))
			for (size_t byte = 0; byte < bytes; byte++)
				side->sets[node->parent * bytes + byte] |= side->sets[i * bytes + byte];
	}
}

/* A bitmap reads an index for the heap scan above it, whose relation is its own. */
static void fill_bitmaps(struct plan_relations *relations, struct plan_side *side)
{
	size_t bytes = relations->set_bytes;

	for (size_t i = 0; i < side->plan->nodes.count; i++) {
		const struct plan_node *node = &side->plan->nodes.items[i];
		if (node->parent != SIZE_MAX && node_is_bitmap(node))
			memcpy(&side->sets[i * bytes], &side->sets[node->parent * bytes], bytes);
	}
}

void plan_relations_find(struct arena *arena, const struct query_plan *before, const struct query_plan *after,
                         struct plan_relations *ret)
{
	struct plan_relations relations = {
		.before = {.plan = before, .names = plan_names(arena, before)},
		.after = {.plan = after, .names = plan_names(arena, after)},
	};

	make_dictionary(arena, &relations);
	fill_sets(arena, &relations, &relations.before);
	fill_sets(arena, &relations, &relations.after);
	fill_bitmaps(&relations, &relations.before);
	fill_bitmaps(&relations, &relations.after);
	*ret = relations;
}

const unsigned char *plan_set(const struct plan_relations *relations, const struct plan_side *side, size_t node)
{
	return &side->sets[node * relations->set_bytes];
}

int plan_set_compare(const struct plan_relations *relations, const unsigned char *a, const unsigned char *b)
{
	return memcmp(a, b, relations->set_bytes);
}

static bool has(const unsigned char *set, size_t bit)
{
	return ((unsigned)set[bit / 8] >> bit % 8 & 1U) != 0;
}

static size_t size_of(const struct plan_relations *relations, const unsigned char *set)
{
	size_t size = 0;
	for (size_t bit = 0; bit < relations->dictionary.count; bit++)
		size += has(set, bit);
	return size;
}

const char *plan_set_text(struct arena *arena, const struct plan_relations *relations, const unsigned char *set)
{
	enum { SHOWN = 4 };
	_cleanup_strbuf_ struct strbuf text = {0};
	size_t size = size_of(relations, set), shown = 0;

	for (size_t bit = 0; bit < relations->dictionary.count && shown < SHOWN; bit++)
		if (has(set, bit)) {
			const char *glue = !shown ? "" : shown + 1 == size ? " and " : ", ";
			strbuf_printf(&text, "%s%s", glue, relations->shown[bit]);
			shown++;
		}
	if (size > shown)
		strbuf_printf(&text, " and %zu more", size - shown);
	return size ? arena_strdup(arena, strbuf_text(&text)) : "nothing";
}
