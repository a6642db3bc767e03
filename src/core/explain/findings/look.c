#include "core/explain/findings/look.h"

#include <stdlib.h>
#include <string.h>

#include "core/sql/identifier.h"

enum severity_share { MEDIUM_PERCENT = 20, HIGH_PERCENT = 50 };

enum plan_severity severity_of_share(double share)
{
	if (100 * share >= HIGH_PERCENT)
		return PLAN_SEVERITY_HIGH;
	return 100 * share >= MEDIUM_PERCENT ? PLAN_SEVERITY_MEDIUM : PLAN_SEVERITY_LOW;
}

const char *look_title(const struct plan_look *look)
{
	return plan_fold_title(look->arena, look->fold);
}

static double share_of(double part, double whole)
{
	double share = whole > 0 ? part / whole : 0;
	return share < 1 ? share : 1;
}

double plan_subtree_share(const struct query_plan *plan, const struct plan_node *node)
{
	if (node->has_timing)
		return share_of(node->figures.wall_ms, plan->wall_ms);
	return share_of(plan_buffers_pages(&node->buffers), plan_buffers_pages(&plan->nodes.items[0].buffers));
}

double plan_time_share(const struct query_plan *plan, double ms)
{
	return share_of(ms, plan->wall_ms);
}

double node_rows_looked_at(const struct plan_node *node)
{
	return node->figures.rows + node->loops * node->removed_by_filter;
}

double node_temp_pages(const struct plan_node *node)
{
	return node->figures.self_buffers.temp_read + node->figures.self_buffers.temp_written;
}

const char *node_detail(const struct plan_node *node, const char *name)
{
	for (size_t i = 0; i < node->details.count; i++)
		if (strcmp(node->details.items[i].name, name) == 0)
			return node->details.items[i].value;
	return NULL;
}

/* ---- SQL to try ---- */

/* The server's default where the plan does not tell. */
static double work_mem_bytes(const struct query_plan *plan)
{
	static const struct {
		const char *name;
		double bytes;
	} UNITS[] = {{"kB", 1024}, {"MB", 1048576}, {"GB", 1073741824}};
	const char *value = "4MB";
	char *unit;

	for (size_t i = 0; i < plan->settings.count; i++)
		if (strcmp(plan->settings.items[i].name, "work_mem") == 0)
			value = plan->settings.items[i].value;
	double number = strtod(value, &unit);
	for (size_t i = 0; i < sizeof(UNITS) / sizeof(UNITS[0]); i++)
		if (strcmp(unit, UNITS[i].name) == 0)
			return number * UNITS[i].bytes;
	return number * 1024;
}

const char *sql_work_mem(struct plan_look *look, double bytes)
{
	const double megabyte = 1048576;
	double present = work_mem_bytes(look->plan);
	int megabytes = 1;

	while (megabytes <= 1024 && (megabytes * megabyte < bytes || megabytes * megabyte <= present))
		megabytes *= 2;
	return megabytes <= 1024 ? arena_printf(look->arena, "SET work_mem = '%dMB'", megabytes) : NULL;
}

const char *sql_relation(struct arena *arena, const struct plan_node *node)
{
	return node->relation ? sql_qualified(arena, node->schema, node->relation) : NULL;
}

/* Nobody builds indexes on catalogs; without VERBOSE only the name tells. */
static bool is_own(const struct plan_node *node)
{
	return node->schema ? strcmp(node->schema, "pg_catalog") == 0 || strcmp(node->schema, "pg_toast") == 0
	                    : strncmp(node->relation, "pg_", 3) == 0;
}

/* Keys in the order that an index wants them: equal ones first, and one range behind them. */
struct index_keys {
	struct text_list equal, states, ranges, contained;
	bool unknown;
};

/* The side of a join that is this node's own column, or NULL: both are, or it cannot be told. */
static const char *own_side(const struct plan_node *node, const struct term *term)
{
	const char *name = node->alias ? node->alias : node->relation;
	bool left = !term->qualifier || strcmp(term->qualifier, name) == 0;
	bool right = !term->other_qualifier || strcmp(term->other_qualifier, name) == 0;

	return left == right ? NULL : left ? term->key : term->other_key;
}

static void sort_terms(struct arena *arena, const struct plan_node *node, const char *condition,
                       struct index_keys *keys)
{
	struct term_list terms;

	condition_terms(arena, condition, &terms);
	for (size_t i = 0; i < terms.count; i++) {
		const char *key = terms.items[i].key;
		switch (terms.items[i].kind) {
		case TERM_EQUAL:
			text_list_add_once(arena, &keys->equal, key);
			break;
		case TERM_JOIN:
			key = own_side(node, &terms.items[i]);
			if (key)
				text_list_add_once(arena, &keys->equal, key);
			keys->unknown |= !key;
			break;
		case TERM_STATE:
			text_list_add_once(arena, &keys->states, key);
			break;
		case TERM_RANGE:
			text_list_add_once(arena, &keys->ranges, key);
			break;
		case TERM_CONTAINED:
			text_list_add_once(arena, &keys->contained, key);
			break;
		case TERM_OTHER:
			keys->unknown = true;
			break;
		}
	}
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

const char *sql_index(struct arena *arena, const struct plan_node *node, const char *condition, const char *filter)
{
	enum { MOST_EQUAL = 3, MOST_STATES = 1, MOST_RANGES = 1 };
	struct index_keys keys = {0};
	struct text_list columns = {0};

	if (!node->relation || is_own(node))
		return NULL;
	sort_terms(arena, node, condition, &keys);
	sort_terms(arena, node, filter, &keys);
	if (keys.contained.count == 1 && !keys.unknown && !keys.equal.count && !keys.ranges.count && !keys.states.count)
		return arena_printf(arena, "CREATE INDEX CONCURRENTLY ON %s USING gin (%s)", sql_relation(arena, node),
		                    keys.contained.items[0]);
	if (keys.unknown || keys.contained.count)
		return NULL;
	add_keys(arena, &columns, &keys.equal, MOST_EQUAL);
	add_keys(arena, &columns, &keys.states, MOST_STATES);
	add_keys(arena, &columns, &keys.ranges, MOST_RANGES);
	return columns.count ? sql_index_on(arena, node, joined(arena, &columns)) : NULL;
}

const char *sql_index_on(struct arena *arena, const struct plan_node *node, const char *column)
{
	if (!node->relation || is_own(node))
		return NULL;
	return arena_printf(arena, "CREATE INDEX CONCURRENTLY ON %s (%s)", sql_relation(arena, node), column);
}
