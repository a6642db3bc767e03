#include "cli/explain_print.h"

#include <string.h>

#include "base/text.h"
#include "core/explain/layout.h"
#include "core/explain/plan_text.h"

struct dot {
	struct strbuf *out;
	struct arena *arena;
	const struct query_plan *plan;
	const char *prefix; /* of the names: two plans can stand in one graph */
};

static void put_escaped(struct strbuf *out, const char *text)
{
	_cleanup_strbuf_ struct strbuf safe = {0};

	text_safe(&safe, text, strlen(text), false);
	for (const char *at = strbuf_text(&safe); *at; at++) {
		if (*at == '"' || *at == '\\')
			strbuf_putc(out, '\\');
		strbuf_putc(out, *at);
	}
}

/* From white to a strong orange; the label says the share, too. */
static void put_node(struct dot *dot, const struct plan_layout *layout, size_t index)
{
	const struct plan_row *row = &layout->rows.items[layout->row_of[index]];
	double share = plan_row_share(layout, row);

	strbuf_printf(dot->out, "\t\"%s%zu\" [fillcolor=\"0.08 %.2f 1.0\", label=\"", dot->prefix, index, share);
	put_escaped(dot->out, plan_row_title(dot->arena, layout, row));
	strbuf_printf(dot->out, "\\n%s %s", plan_row_value_text(dot->arena, layout, row),
	              plan_measure_name(layout->measure));
	strbuf_printf(dot->out, ", %s %%", plan_text_share(dot->arena, share));
	strbuf_puts(dot->out, "\"];\n");
}

/* Rows flow upwards; a line is as thick as their number has digits. */
static void put_edge(struct dot *dot, const struct plan_layout *layout, size_t index)
{
	const struct plan_node *node = &dot->plan->nodes.items[index];
	const char *rows = plan_row_rows_text(dot->arena, layout, &layout->rows.items[layout->row_of[index]]);
	double count = node->has_actual ? node->figures.rows : node->plan_rows;
	int width = 1;

	if (node->parent >= dot->plan->nodes.count)
		return;
	for (; count >= 100 && width < 8; count /= 10)
		width++;
	strbuf_printf(dot->out, "\t\"%s%zu\" -> \"%s%zu\" [label=\"%s\", penwidth=%d%s];\n", dot->prefix, index,
	              dot->prefix, node->parent, rows, width, node->link >= PLAN_SUBPLAN ? ", style=dashed" : "");
}

static void put_plan(struct strbuf *out, const struct query_plan *plan, const char *prefix)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct dot dot = {.out = out, .arena = arena, .plan = plan, .prefix = prefix};
	unsigned char *folds = arena_alloc(arena, plan->nodes.count + 1);

	memset(folds, PLAN_FOLD_SPREAD, plan->nodes.count);
	struct plan_layout layout = plan_layout_new(arena, plan, folds, plan_measure_best(plan), false);
	for (size_t i = 0; i < plan->nodes.count; i++)
		put_node(&dot, &layout, i);
	for (size_t i = 0; i < plan->nodes.count; i++)
		put_edge(&dot, &layout, i);
}

static void begin(struct strbuf *out, const char *label)
{
	strbuf_puts(out, "digraph query_plan {\n\trankdir=BT;\n\tlabelloc=t;\n\tlabel=\"");
	put_escaped(out, label);
	strbuf_puts(out, "\";\n\tnode [shape=box, style=filled, fontname=\"sans-serif\"];\n"
	                 "\tedge [fontname=\"sans-serif\"];\n");
}

void explain_print_dot(struct strbuf *out, const struct explained *explained)
{
	begin(out, explained->verdict);
	put_plan(out, explained->plan, "");
	strbuf_puts(out, "}\n");
}

void explain_print_dot_diff(struct strbuf *out, const struct plan_comparison *comparison)
{
	const struct plan_judgement *judgement = &comparison->judgement;
	_cleanup_strbuf_ struct strbuf label = {0};

	strbuf_printf(&label, "%s: %s", plan_outcome_name(judgement->outcome), judgement->reason);
	begin(out, strbuf_text(&label));
	strbuf_puts(out, "subgraph cluster_before {\n\tlabel=\"before\";\n");
	put_plan(out, comparison->before.plan, "b");
	strbuf_puts(out, "}\nsubgraph cluster_after {\n\tlabel=\"after\";\n");
	put_plan(out, comparison->after.plan, "a");
	strbuf_puts(out, "}\n}\n");
}
