#include "cli/explain_print.h"

#include <string.h>

#include "base/text.h"
#include "core/explain/facts.h"
#include "core/explain/layout.h"
#include "core/explain/plan_text.h"

enum {
	BAR_COLUMNS = 10, DEPTH_MAX = 40, NAME_COLUMNS = 16, SIDE_COLUMNS = 24, WORD_COLUMNS = 9, INDENT = 10,
	SHARE_AT = 4, VALUE_AT = 10, ROWS_AT = 9, ESTIMATE_AT = 10, PAGES_AT = 9,
};

struct text {
	struct strbuf *out;
	struct arena *arena;
	const struct explain_look *look;
};

/* ---- words ---- */

enum tint { TINT_NONE, TINT_STRONG, TINT_DIM, TINT_BAD, TINT_CAUTION, TINT_GOOD, TINT_COUNT };
static const char *const TINTS[TINT_COUNT] = {"", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[33m", "\x1b[32m"};

static void put(struct text *text, enum tint tint, const char *words)
{
	bool coloured = text->look->colour && tint != TINT_NONE;
	const char *safe = safe_text(text->arena, words);

	strbuf_printf(text->out, "%s%s%s", coloured ? TINTS[tint] : "", safe, coloured ? "\x1b[0m" : "");
}

/* Columns that text takes when each character takes one. */
static int columns_of(const char *words)
{
	int columns = 0;
	for (; *words; words++)
		columns += (*words & 0xC0) != 0x80;
	return columns;
}

static void put_right(struct text *text, int columns, const char *words)
{
	strbuf_printf(text->out, "%*s%s", columns > columns_of(words) ? columns - columns_of(words) : 0, "", words);
}

static void put_left(struct text *text, int columns, const char *words)
{
	const char *safe = safe_text(text->arena, words);
	strbuf_printf(text->out, "%s%*s", safe, columns > columns_of(safe) ? columns - columns_of(safe) : 1, "");
}

static void heading(struct text *text, const char *words)
{
	strbuf_putc(text->out, '\n');
	put(text, TINT_STRONG, words);
	strbuf_putc(text->out, '\n');
}

/* A paragraph that begins at a column and goes on at an indent. */
static void paragraph(struct text *text, size_t column, size_t indent, const char *words)
{
	text_wrap(text->out, safe_text(text->arena, words), column, indent,
	          text->look->width > 0 ? (size_t)text->look->width : 0);
	strbuf_putc(text->out, '\n');
}

static void named(struct text *text, const char *name, const char *value)
{
	strbuf_puts(text->out, "  ");
	put_left(text, NAME_COLUMNS, name);
	paragraph(text, NAME_COLUMNS + 2, NAME_COLUMNS + 2, value);
}

/* ---- the tree ---- */

static void put_bar(struct text *text, double share)
{
	int full = (int)(share * BAR_COLUMNS + 0.5);
	for (int i = 0; i < BAR_COLUMNS; i++)
		strbuf_puts(text->out, i >= full ? " " : text->look->glyphs ? "\xE2\x96\x88" : "#");
}

static enum tint tint_of(double share)
{
	return share >= 0.5 ? TINT_BAD : share >= 0.2 ? TINT_CAUTION : TINT_NONE;
}

static void put_heading(struct text *text, const struct plan_layout *layout)
{
	struct strbuf line = {0};
	struct text inner = {.out = &line, .arena = text->arena, .look = text->look};

	put_right(&inner, SHARE_AT, "%");
	put_right(&inner, VALUE_AT, plan_measure_name(layout->measure));
	strbuf_printf(&line, "  %*s", -BAR_COLUMNS, "");
	put_right(&inner, ROWS_AT, "rows");
	if (layout->plan->analyzed)
		put_right(&inner, ESTIMATE_AT, "estimate");
	if (layout->plan->has_buffers)
		put_right(&inner, PAGES_AT, "pages");
	strbuf_puts(&line, "  node");
	put(text, TINT_DIM, strbuf_text(&line));
	strbuf_putc(text->out, '\n');
	strbuf_clear(&line);
}

static int columns_before_node(const struct plan_layout *layout)
{
	return SHARE_AT + VALUE_AT + 2 + BAR_COLUMNS + ROWS_AT + (layout->plan->analyzed ? ESTIMATE_AT : 0) +
	       (layout->plan->has_buffers ? PAGES_AT : 0) + 2;
}

static void put_conditions(struct text *text, const struct plan_layout *layout, size_t index)
{
	const struct plan_row *row = &layout->rows.items[index];
	struct plan_facts facts = {0};

	plan_facts_of_conditions(text->arena, &layout->plan->nodes.items[row->node], &facts);
	for (size_t i = 0; i < facts.list.count && !row->alike; i++) {
		_cleanup_strbuf_ struct strbuf stem = {0};
		plan_row_stem(&stem, layout, index, text->look->glyphs, DEPTH_MAX);
		strbuf_printf(text->out, "%*s", columns_before_node(layout), "");
		put(text, TINT_DIM, strbuf_text(&stem));
		put(text, TINT_DIM, arena_printf(text->arena, "  %s: %s", facts.list.items[i].name,
		                                 facts.list.items[i].value));
		strbuf_putc(text->out, '\n');
	}
}

static void put_row(struct text *text, const struct explained *explained, const struct plan_layout *layout,
                    size_t index)
{
	const struct plan_row *row = &layout->rows.items[index];
	_cleanup_strbuf_ struct strbuf branch = {0};
	double share = plan_row_share(layout, row);

	put_right(text, SHARE_AT, plan_text_share(text->arena, share));
	put_right(text, VALUE_AT, plan_row_value_text(text->arena, layout, row));
	strbuf_puts(text->out, "  ");
	put_bar(text, share);
	put_right(text, ROWS_AT, plan_row_rows_text(text->arena, layout, row));
	if (layout->plan->analyzed)
		put_right(text, ESTIMATE_AT, plan_row_estimate_text(text->arena, layout, row));
	if (layout->plan->has_buffers)
		put_right(text, PAGES_AT, plan_row_pages_text(text->arena, layout, row));
	plan_row_branch(&branch, layout, index, text->look->glyphs, DEPTH_MAX);
	strbuf_puts(text->out, "  ");
	put(text, TINT_DIM, strbuf_text(&branch));
	put(text, tint_of(share), plan_row_title(text->arena, layout, row));
	for (size_t i = 0; explained && i < explained->findings.count; i++)
		if (explained->findings.items[i].node >= row->node && explained->findings.items[i].node < row->until)
			put(text, TINT_CAUTION, arena_printf(text->arena, " [%zu]", i + 1));
	strbuf_putc(text->out, '\n');
	put_conditions(text, layout, index);
}

static void put_tree(struct text *text, const struct explained *explained)
{
	const struct query_plan *plan = explained->plan;
	struct plan_layout layout = plan_layout_new(text->arena, plan, NULL, plan_measure_best(plan), false);

	strbuf_putc(text->out, '\n');
	put_heading(text, &layout);
	for (size_t i = 0; i < layout.rows.count; i++)
		put_row(text, explained, &layout, i);
}

/* ---- the rest ---- */

static void put_summary(struct text *text, const struct explained *explained)
{
	struct plan_facts facts = {0};
	_cleanup_strbuf_ struct strbuf line = {0};

	plan_facts_of_plan(text->arena, explained->plan, &facts);
	for (size_t i = 0; i < facts.list.count; i++)
		strbuf_printf(&line, "%s %s; ", facts.list.items[i].name, facts.list.items[i].value);
	strbuf_printf(&line, "shape %s", explained->shape.hex);
	paragraph(text, 0, 0, strbuf_text(&line));
}

static enum tint tint_of_severity(enum plan_severity severity)
{
	return severity == PLAN_SEVERITY_HIGH ? TINT_BAD : severity == PLAN_SEVERITY_MEDIUM ? TINT_CAUTION : TINT_DIM;
}

static void put_findings(struct text *text, const struct explained *explained)
{
	if (explained->findings.count == 0)
		return;
	heading(text, "findings");
	for (size_t i = 0; i < explained->findings.count; i++) {
		const struct plan_finding *finding = &explained->findings.items[i];
		const char *number = arena_printf(text->arena, "[%zu]", i + 1);
		strbuf_printf(text->out, "  %-5s", number);
		put(text, tint_of_severity(finding->severity), plan_severity_name(finding->severity));
		int column = 7 + columns_of(plan_severity_name(finding->severity));
		strbuf_printf(text->out, "%*s", column < INDENT + 4 ? INDENT + 4 - column : 1, "");
		paragraph(text, INDENT + 4, INDENT + 4, finding->sentence);
		if (finding->sql) {
			strbuf_printf(text->out, "%*s", INDENT + 4, "");
			put(text, TINT_DIM, "try: ");
			put(text, TINT_NONE, finding->sql);
			strbuf_putc(text->out, '\n');
		}
	}
}

static void put_outside(struct text *text, const struct explained *explained)
{
	struct plan_facts facts = {0};

	plan_facts_outside(text->arena, explained->plan, &facts);
	if (facts.list.count == 0)
		return;
	heading(text, "outside the tree");
	for (size_t i = 0; i < facts.list.count; i++)
		named(text, facts.list.items[i].name, facts.list.items[i].value);
}

static void put_history(struct text *text, const struct explained *explained)
{
	if (explained->history.count == 0)
		return;
	heading(text, "this query before");
	for (size_t i = 0; i < explained->history.count; i++) {
		strbuf_puts(text->out, "  ");
		paragraph(text, 2, 4, explained->history.items[i]);
	}
}

void explain_print_text(struct strbuf *out, const struct explained *explained, const struct explain_look *look)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct text text = {.out = out, .arena = arena, .look = look};

	paragraph(&text, 0, 0, explained->verdict);
	put_summary(&text, explained);
	put_tree(&text, explained);
	put_findings(&text, explained);
	put_outside(&text, explained);
	put_history(&text, explained);
}

/* ---- two plans ---- */

static const char *fact_of(const struct plan_facts *facts, const char *name)
{
	for (size_t i = 0; i < facts->list.count; i++)
		if (strcmp(facts->list.items[i].name, name) == 0)
			return facts->list.items[i].value;
	return "none";
}

static void put_sides(struct text *text, const struct plan_comparison *comparison)
{
	static const char *const NAMES[] = {"execution", "pages", "temporary files", "cost"};
	struct plan_facts before = {0}, after = {0};

	plan_facts_of_plan(text->arena, comparison->before.plan, &before);
	plan_facts_of_plan(text->arena, comparison->after.plan, &after);
	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
		const char *one = fact_of(&before, NAMES[i]), *other = fact_of(&after, NAMES[i]);
		if (strcmp(one, "none") != 0 || strcmp(other, "none") != 0)
			named(text, NAMES[i], arena_printf(text->arena, "%s -> %s", one, other));
	}
	named(text, "shape", strcmp(comparison->before.shape.hex, comparison->after.shape.hex) == 0
	                             ? arena_printf(text->arena, "%s, the same", comparison->before.shape.hex)
	                             : arena_printf(text->arena, "%s -> %s", comparison->before.shape.hex,
	                                            comparison->after.shape.hex));
}

static void put_changes(struct text *text, const struct plan_comparison *comparison)
{
	heading(text, "changes");
	if (comparison->changes.count == 0)
		strbuf_puts(text->out, "  none that weigh\n");
	for (size_t i = 0; i < comparison->changes.count; i++) {
		const struct plan_change *change = &comparison->changes.items[i];
		const char *name = plan_change_kind_name(change->kind);
		strbuf_puts(text->out, "  ");
		put(text, change->worse ? TINT_BAD : TINT_GOOD, name);
		int used = columns_of(name);
		strbuf_printf(text->out, "%*s", used < WORD_COLUMNS ? WORD_COLUMNS - used : 1, "");
		paragraph(text, WORD_COLUMNS + 2, WORD_COLUMNS + 2, change->text);
	}
}

static void put_side(struct text *text, const char *name, const struct explained *explained)
{
	heading(text, name);
	paragraph(text, 0, 0, explained->verdict);
	put_tree(text, explained);
	put_findings(text, explained);
}

void explain_print_text_diff(struct strbuf *out, const struct plan_comparison *comparison,
                             const struct explain_look *look)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct text text = {.out = out, .arena = arena, .look = look};

	put(&text, comparison->judgement.outcome == PLAN_WORSE    ? TINT_BAD
	           : comparison->judgement.outcome == PLAN_BETTER ? TINT_GOOD
	                                                          : TINT_STRONG,
	    plan_outcome_name(comparison->judgement.outcome));
	strbuf_puts(out, ": ");
	paragraph(&text, strlen(plan_outcome_name(comparison->judgement.outcome)) + 2, 0, comparison->judgement.reason);
	put_sides(&text, comparison);
	put_changes(&text, comparison);
	put_side(&text, "before", &comparison->before);
	put_side(&text, "after", &comparison->after);
}
