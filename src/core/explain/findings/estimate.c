#include <string.h>

#include "core/explain/figure.h"
#include "core/explain/findings/rules.h"
#include "core/sql/identifier.h"

enum { WRONG = 10, MEDIUM_WRONG = 100, HIGH_WRONG = 1000, FEW_PER_LOOP = 100, FEW = 10000 };

/* How many times too low (over 1) or too high (under 1) the estimate was; 1 where nothing can be said. */
static double wrong_by(const struct plan_node *node)
{
	double actual = node->actual_rows > 1 ? node->actual_rows : 1;
	double planned = node->plan_rows > 1 ? node->plan_rows : 1;
	return actual / planned;
}

/* Bitmaps and statements that change rows report no rows of their own. */
static bool has_rows(const struct plan_node *node)
{
	if (!node->has_actual || node->never || !(node->loops > 0) || node_is(node, "ModifyTable"))
		return false;
	return node_is(node, "Bitmap Heap Scan") || strncmp(node->type, "Bitmap", 6) != 0;
}

static bool are_few(const struct plan_node *node)
{
	double most = node->actual_rows > node->plan_rows ? node->actual_rows : node->plan_rows;
	return most < FEW_PER_LOOP && most * node->loops < FEW;
}

/* Takes all rows from below before it gives its first one. */
static bool takes_all(const struct plan_node *node)
{
	return node_is(node, "Sort") || node_is(node, "Hash") || node_is(node, "Aggregate") || node_is(node, "ModifyTable");
}

/* Whether the node above may stop before it has all rows of this one. */
static bool stops_early(const struct query_plan *plan, const struct plan_node *above, size_t below)
{
	bool inner = plan_input(plan, above, 1) == below;

	if (node_is(above, "Limit") || node_is(above, "Merge Join"))
		return true;
	return inner && node_is_join(above) &&
	       (above->inner_unique || (above->join_type && (strcmp(above->join_type, "Semi") == 0 ||
	                                                     strcmp(above->join_type, "Anti") == 0)));
}

/* Fewer rows than expected are no error where somebody above did not ask for more. */
static bool is_cut_short(const struct query_plan *plan, size_t at)
{
	for (;;) {
		const struct plan_node *node = &plan->nodes.items[at];
		if (!node_is_input(node))
			return node->link != PLAN_CTE;
		if (node->parent == SIZE_MAX)
			return false;
		if (stops_early(plan, &plan->nodes.items[node->parent], at))
			return true;
		at = node->parent;
		if (takes_all(&plan->nodes.items[at]))
			return false;
	}
}

/* A merge join goes back over equal rows of its inner side, and each time they count again. */
static bool is_read_again(const struct query_plan *plan, size_t at)
{
	size_t parent = plan->nodes.items[at].parent;
	return parent != SIZE_MAX && node_is(&plan->nodes.items[parent], "Merge Join") &&
	       plan_input(plan, &plan->nodes.items[parent], 1) == at;
}

static bool is_wrong(const struct query_plan *plan, size_t at)
{
	const struct plan_node *node = &plan->nodes.items[at];
	double factor = has_rows(node) ? wrong_by(node) : 1;

	if (are_few(node))
		return false;
	if (factor >= WRONG)
		return !is_read_again(plan, at);
	return factor * WRONG <= 1 && !is_cut_short(plan, at);
}

static bool starts_here(const struct query_plan *plan, size_t at)
{
	const struct plan_node *node = &plan->nodes.items[at];
	for (size_t i = 0; i < node->children.count; i++)
		if (node_is_input(&plan->nodes.items[node->children.items[i]]) && is_wrong(plan, node->children.items[i]))
			return false;
	return true;
}

/* Columns whose values one condition combines; expressions have statistics of their own. */
static void combined_columns(struct arena *arena, const char *condition, struct text_list *columns)
{
	struct term_list terms;

	condition_terms(arena, condition, &terms);
	for (size_t i = 0; i < terms.count; i++)
		if (terms.items[i].key && terms.items[i].kind != TERM_JOIN && *terms.items[i].key != '(')
			text_list_add_once(arena, columns, terms.items[i].key);
}

/* Names of one length limit, of plain letters, so that they need no quotes. */
static const char *statistics_name(struct arena *arena, const struct plan_node *node, const struct text_list *columns)
{
	enum { LONGEST = 63 };
	_cleanup_strbuf_ struct strbuf name = {0};

	strbuf_puts(&name, node->relation);
	for (size_t i = 0; i < columns->count; i++) {
		strbuf_putc(&name, '_');
		for (const char *letter = columns->items[i]; *letter; letter++)
			if (*letter != '"')
				strbuf_putc(&name, *letter);
	}
	size_t length = name.length < LONGEST ? name.length : LONGEST;
	while (length < name.length && length && (name.data[length] & 0xC0) == 0x80)
		length--;
	return sql_identifier(arena, arena_strndup(arena, name.data, length));
}

static const char *sql_for(struct plan_look *look)
{
	enum { MOST_COLUMNS = 8 };
	const struct plan_node *node = look->node;
	struct text_list columns = {0};
	const char *relation = sql_relation(look->arena, node);
	_cleanup_strbuf_ struct strbuf list = {0};

	if (!relation)
		return NULL;
	combined_columns(look->arena, node->index_condition ? node->index_condition : node->recheck_condition, &columns);
	combined_columns(look->arena, node->filter, &columns);
	if (columns.count < 2 || columns.count > MOST_COLUMNS)
		return arena_printf(look->arena, "ANALYZE %s", relation);
	for (size_t i = 0; i < columns.count; i++)
		strbuf_printf(&list, "%s%s", i ? ", " : "", columns.items[i]);
	return arena_printf(look->arena, "CREATE STATISTICS %s ON %s FROM %s; ANALYZE %s",
	                    statistics_name(look->arena, node, &columns), strbuf_text(&list), relation, relation);
}

static void look(struct plan_look *look)
{
	const struct plan_node *node = look->node;

	if (!is_wrong(look->plan, look->at) || !starts_here(look->plan, look->at))
		return;
	double factor = wrong_by(node), size = factor > 1 ? factor : 1 / factor;
	enum plan_severity severity = size >= HIGH_WRONG     ? PLAN_SEVERITY_HIGH
	                              : size >= MEDIUM_WRONG ? PLAN_SEVERITY_MEDIUM
	                                                     : PLAN_SEVERITY_LOW;
	look_find(look, severity, 0, sql_for(look), "%s gives %s%s where %s expected: %s too %s", look_title(look),
	          figure_of(look->arena, node->actual_rows, "row"), node->loops > 1 ? " per loop" : "",
	          node->plan_rows <= 1 ? "1 was" : arena_printf(look->arena, "%s were",
	                                                        figure_count(look->arena, node->plan_rows)),
	          figure_times(look->arena, size), factor > 1 ? "many" : "few");
}

const struct plan_rule_entry estimate_rule = {
	.row = {.name = "estimate",
	        .meaning = "the planner expected 10 times more or fewer rows, and was right below: medium from 100 times, "
	                   "high from 1,000"},
	.look = look,
};
