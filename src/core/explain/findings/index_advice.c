#include <string.h>

#include "core/explain/findings/look.h"
#include "core/sql/identifier.h"

/* Keys in the order that an index wants them: equal ones first, and one range, or an order, behind them. */
struct index_keys {
	struct text_list equal, states, ranges, contained, order;
	bool unknown;
	bool several; /* = ANY: equal to one after the other, so nothing behind it is in order */
};

/* Nobody builds indexes on catalogs; without VERBOSE only the name tells. */
static bool is_servers_own(const struct plan_node *node)
{
	return node->schema ? strcmp(node->schema, "pg_catalog") == 0 || strcmp(node->schema, "pg_toast") == 0
	                    : strncmp(node->relation, "pg_", 3) == 0;
}

/* A name without qualifier is the node's: there is one only where several relations are in sight. */
static bool is_of(struct arena *arena, const struct plan_node *node, const char *qualifier)
{
	const char *name = node->alias ? node->alias : node->relation;
	return !qualifier || strcmp(qualifier, sql_identifier(arena, name)) == 0;
}

/* The side of a join that is this node's own column, or NULL: both are, or it cannot be told. */
static const char *own_side(struct arena *arena, const struct plan_node *node, const struct term *term)
{
	bool left = is_of(arena, node, term->qualifier), right = is_of(arena, node, term->other_qualifier);
	return left == right ? NULL : left ? term->key : term->other_key;
}

static struct text_list *list_for(struct index_keys *keys, enum term_kind kind)
{
	switch (kind) {
	case TERM_EQUAL:
	case TERM_ANY:
	case TERM_JOIN:
		return &keys->equal;
	case TERM_STATE:
		return &keys->states;
	case TERM_RANGE:
		return &keys->ranges;
	case TERM_CONTAINED:
		return &keys->contained;
	default:
		return NULL;
	}
}

static void sort_terms(struct arena *arena, const struct plan_node *node, const char *condition,
                       struct index_keys *keys)
{
	struct term_list terms;

	condition_terms(arena, condition, &terms);
	for (size_t i = 0; i < terms.count; i++) {
		const struct term *term = &terms.items[i];
		const char *key = term->kind == TERM_JOIN                 ? own_side(arena, node, term)
		                  : is_of(arena, node, term->qualifier) ? term->key
		                                                          : NULL;
		if (key)
			text_list_add_once(arena, list_for(keys, term->kind), key);
		keys->unknown |= !key;
		keys->several |= term->kind == TERM_ANY;
	}
}

static const struct plan_node *above(const struct plan_look *look, const struct plan_node *node)
{
	return node->parent == SIZE_MAX ? NULL : &look->plan->nodes.items[node->parent];
}

/* A sort of which only the first rows are wanted: below Limit, or by its method. */
static bool is_cut(const struct plan_look *look, const struct plan_node *sort)
{
	const struct plan_node *limit = above(look, sort);
	return (limit && node_is(limit, "Limit")) || (sort->sort_method && strncmp(sort->sort_method, "top-N", 5) == 0);
}

/* Who wants the first rows of an order sorts all rows for it, unless an index has them in that order. */
static void find_order(struct plan_look *look, const struct plan_node *node, struct index_keys *keys)
{
	const struct plan_node *sort = above(look, node);
	struct text_list qualifiers;

	if (!sort || !node_is(sort, "Sort") || !is_cut(look, sort))
		return;
	if (keys->several || keys->ranges.count || keys->states.count || !keys->equal.count)
		return;
	condition_qualifiers(look->arena, sort->sort_key, &qualifiers);
	for (size_t i = 0; i < qualifiers.count; i++)
		if (!is_of(look->arena, node, qualifiers.items[i]))
			return;
	condition_sort_keys(look->arena, sort->sort_key, &keys->order);
}

static void add_keys(struct arena *arena, struct text_list *all, const struct text_list *keys, size_t most)
{
	for (size_t i = 0; i < keys->count && i < most; i++)
		text_list_add_once(arena, all, keys->items[i]);
}

static const char *joined(struct arena *arena, const struct text_list *list)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	for (size_t i = 0; i < list->count; i++)
		strbuf_printf(&text, "%s%s", i ? ", " : "", list->items[i]);
	return arena_strdup(arena, strbuf_text(&text));
}

const char *sql_index(struct plan_look *look, const struct plan_node *node, const char *condition,
                      const char *filter)
{
	enum { MOST_EQUAL = 3, MOST_STATES = 1, MOST_RANGES = 1, MOST_ORDER = 2 };
	struct arena *arena = look->arena;
	struct index_keys keys = {0};
	struct text_list columns = {0};

	if (!node->relation || is_servers_own(node))
		return NULL;
	sort_terms(arena, node, condition, &keys);
	sort_terms(arena, node, filter, &keys);
	find_order(look, node, &keys);
	size_t others = keys.equal.count + keys.states.count + keys.ranges.count;
	if (keys.unknown || keys.contained.count > 1 || (keys.contained.count && others))
		return NULL;
	if (keys.contained.count)
		return arena_printf(arena, "CREATE INDEX CONCURRENTLY ON %s USING gin (%s)", sql_relation(arena, node),
		                    keys.contained.items[0]);
	add_keys(arena, &columns, &keys.equal, MOST_EQUAL);
	add_keys(arena, &columns, &keys.states, MOST_STATES);
	add_keys(arena, &columns, &keys.ranges, MOST_RANGES);
	add_keys(arena, &columns, &keys.order, MOST_ORDER);
	return columns.count ? arena_printf(arena, "CREATE INDEX CONCURRENTLY ON %s (%s)", sql_relation(arena, node),
	                                    joined(arena, &columns))
	                     : NULL;
}
