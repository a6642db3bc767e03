#include "core/explain/figure.h"
#include "core/explain/findings/rules.h"
#include "core/sql/identifier.h"

enum { MEDIUM_WRONG = 100, HIGH_WRONG = 1000 };

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

	if (!node->figures.estimate_starts)
		return;
	double factor = node->figures.estimate_factor, size = factor > 1 ? factor : 1 / factor;
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
