#include "core/explain/layout.h"

#include <string.h>

#include "core/explain/figure.h"
#include "core/explain/plan_text.h"

static const char *const MEASURES[PLAN_MEASURE_COUNT] = {
	[PLAN_MEASURE_TIME] = "time",
	[PLAN_MEASURE_CPU] = "CPU",
	[PLAN_MEASURE_PAGES] = "pages",
	[PLAN_MEASURE_COST] = "cost",
};

/* A leaf with so much of the whole has a row of its own, however many are like it. */
static const double HOT_SHARE = 0.20;

/* ---- measures ---- */

const char *plan_measure_name(enum plan_measure measure)
{
	return MEASURES[measure];
}

bool plan_measure_is_of(enum plan_measure measure, const struct query_plan *plan)
{
	switch (measure) {
	case PLAN_MEASURE_TIME:
	case PLAN_MEASURE_CPU: return plan->has_timing;
	case PLAN_MEASURE_PAGES: return plan->has_buffers && plan->analyzed;
	case PLAN_MEASURE_COST: return plan->nodes.count > 0 && plan->nodes.items[0].total_cost > 0;
	case PLAN_MEASURE_COUNT: break;
	}
	return false;
}

enum plan_measure plan_measure_best(const struct query_plan *plan)
{
	if (plan_measure_is_of(PLAN_MEASURE_TIME, plan))
		return PLAN_MEASURE_TIME;
	return plan_measure_is_of(PLAN_MEASURE_PAGES, plan) ? PLAN_MEASURE_PAGES : PLAN_MEASURE_COST;
}

static double self_of(const struct plan_node *node, enum plan_measure measure)
{
	switch (measure) {
	case PLAN_MEASURE_TIME: return node->figures.self_wall_ms;
	case PLAN_MEASURE_CPU: return node->figures.self_cpu_ms;
	case PLAN_MEASURE_PAGES: return node->figures.self_pages;
	case PLAN_MEASURE_COST: return node->figures.self_cost;
	case PLAN_MEASURE_COUNT: break;
	}
	return 0;
}

static double inclusive_of(const struct plan_node *node, enum plan_measure measure)
{
	switch (measure) {
	case PLAN_MEASURE_TIME: return node->figures.wall_ms;
	case PLAN_MEASURE_CPU: return node->figures.cpu_ms;
	case PLAN_MEASURE_PAGES: return plan_buffers_pages(&node->buffers);
	case PLAN_MEASURE_COST: return node->total_cost;
	case PLAN_MEASURE_COUNT: break;
	}
	return 0;
}

static double total_of(const struct query_plan *plan, enum plan_measure measure)
{
	double total = 0;

	if (measure == PLAN_MEASURE_TIME && plan->wall_ms > 0)
		return plan->wall_ms;
	for (size_t i = 0; i < plan->nodes.count; i++)
		total += self_of(&plan->nodes.items[i], measure);
	return total;
}

/* ---- rows ---- */

size_t plan_node_end(const struct query_plan *plan, size_t node)
{
	size_t end = node + 1;

	while (end < plan->nodes.count && plan->nodes.items[end].depth > plan->nodes.items[node].depth)
		end++;
	return end;
}

static bool same(const char *one, const char *other)
{
	return one && other ? strcmp(one, other) == 0 : one == other;
}

/* Leaves that differ in which relation they read, and not in how. */
static bool are_alike(const struct plan_node *one, const struct plan_node *other)
{
	return one->children.count == 0 && other->children.count == 0 && one->parent == other->parent &&
	       one->link == other->link && one->link == PLAN_MEMBER && same(one->type, other->type) &&
	       one->never == other->never && one->relation && other->relation;
}

static bool is_hot(const struct plan_layout *layout, const struct plan_node *node)
{
	return layout->total > 0 && self_of(node, layout->measure) >= HOT_SHARE * layout->total;
}

/* The one behind the run of leaves alike that begins here. */
static size_t end_of_run(const struct plan_layout *layout, size_t first)
{
	const struct plan_node *nodes = layout->plan->nodes.items;
	size_t end = first;

	while (end < layout->plan->nodes.count && are_alike(&nodes[first], &nodes[end]) && !is_hot(layout, &nodes[end]))
		end++;
	return end - first >= PLAN_ALIKE_LEAST ? end : first + 1;
}

/* From the last row up: the first row seen of a depth, before one that is less deep, is the last of its siblings. */
static void mark_last(struct arena *arena, struct plan_layout *layout)
{
	size_t deepest = 0;

	for (size_t i = 0; i < layout->rows.count; i++)
		deepest = layout->rows.items[i].depth > deepest ? layout->rows.items[i].depth : deepest;
	bool *follows = arena_alloc(arena, deepest + 2);
	for (size_t i = layout->rows.count, below = 0; i-- > 0;) {
		struct plan_row *row = &layout->rows.items[i];
		if (below > row->depth)
			memset(&follows[row->depth + 1], 0, below - row->depth);
		row->last = !follows[row->depth];
		follows[row->depth] = true;
		below = row->depth;
	}
}

struct plan_layout plan_layout_new(struct arena *arena, const struct query_plan *plan, const unsigned char *folds,
                                   enum plan_measure measure, bool inclusive)
{
	struct plan_layout layout = {
		.plan = plan,
		.measure = measure,
		.inclusive = inclusive,
		.total = total_of(plan, measure),
	};
	size_t *row_of = arena_alloc(arena, (plan->nodes.count + 1) * sizeof(*row_of));

	for (size_t i = 0; i < plan->nodes.count;) {
		const struct plan_node *node = &plan->nodes.items[i];
		bool spread = folds && node->parent < plan->nodes.count && folds[node->parent] & PLAN_FOLD_SPREAD;
		bool closed = folds && folds[i] & PLAN_FOLD_CLOSED && node->children.count > 0;
		size_t until = closed ? plan_node_end(plan, i) : spread ? i + 1 : end_of_run(&layout, i);
		struct plan_row row = {
			.node = i,
			.until = until,
			.depth = node->depth,
			.closed = closed,
			.alike = !closed && until - i > 1,
			.opens = node->children.count > 0 || until - i > 1,
		};
		for (size_t j = i; j < until; j++)
			row_of[j] = layout.rows.count;
		list_push(arena, &layout.rows, row);
		i = until;
	}
	layout.row_of = row_of;
	mark_last(arena, &layout);
	return layout;
}

/* ---- figures of a row ---- */

double plan_row_value(const struct plan_layout *layout, const struct plan_row *row)
{
	const struct plan_node *nodes = layout->plan->nodes.items;
	double value = 0;

	if (layout->inclusive && !row->alike)
		return inclusive_of(&nodes[row->node], layout->measure);
	for (size_t i = row->node; i < row->until; i++)
		value += self_of(&nodes[i], layout->measure);
	return value;
}

double plan_row_share(const struct plan_layout *layout, const struct plan_row *row)
{
	double share = layout->total > 0 ? plan_row_value(layout, row) / layout->total : 0;
	return share < 0 ? 0 : share > 1 ? 1 : share;
}

const char *plan_row_value_text(struct arena *arena, const struct plan_layout *layout, const struct plan_row *row)
{
	double value = plan_row_value(layout, row);

	if (layout->plan->analyzed && layout->plan->nodes.items[row->node].never)
		return "";
	if (layout->measure == PLAN_MEASURE_TIME || layout->measure == PLAN_MEASURE_CPU)
		return figure_ms(arena, value);
	return plan_text_count(arena, value);
}

const char *plan_row_rows_text(struct arena *arena, const struct plan_layout *layout, const struct plan_row *row)
{
	const struct plan_node *nodes = layout->plan->nodes.items;
	size_t until = row->alike ? row->until : row->node + 1;
	double rows = 0;

	if (layout->plan->analyzed && nodes[row->node].never)
		return "never";
	for (size_t i = row->node; i < until; i++)
		rows += nodes[i].has_actual ? nodes[i].figures.rows : nodes[i].plan_rows;
	return plan_text_count(arena, rows);
}

const char *plan_row_estimate_text(struct arena *arena, const struct plan_layout *layout, const struct plan_row *row)
{
	double furthest = 0, factor = 0;

	for (size_t i = row->node; i < (row->alike ? row->until : row->node + 1); i++) {
		double at = layout->plan->nodes.items[i].figures.estimate_factor;
		double times = at >= 1 ? at : at > 0 ? 1 / at : 0;
		if (times > furthest) {
			furthest = times;
			factor = at;
		}
	}
	return plan_text_factor(arena, factor);
}

const char *plan_row_pages_text(struct arena *arena, const struct plan_layout *layout, const struct plan_row *row)
{
	const struct plan_node *nodes = layout->plan->nodes.items;
	double pages = 0;

	if (!layout->plan->has_buffers || nodes[row->node].never)
		return "";
	for (size_t i = row->node; i < row->until; i++)
		pages += nodes[i].figures.self_pages;
	return plan_text_count(arena, pages);
}

const char *plan_row_title(struct arena *arena, const struct plan_layout *layout, const struct plan_row *row)
{
	const struct plan_node *node = &layout->plan->nodes.items[row->node];
	struct plan_node named = *node;

	if (named.schema && strcmp(named.schema, "public") == 0)
		named.schema = NULL; /* it says nothing, and takes the room of what does */
	const char *title = plan_node_title(arena, &named);

	if (node->subplan)
		title = arena_printf(arena, "%s: %s", node->subplan, title);
	if (row->alike)
		return arena_printf(arena, "%zu alike: %s ...", row->until - row->node, title);
	if (row->closed)
		return arena_printf(arena, "%s (%zu below)", title, row->until - row->node - 1);
	return title;
}

/* Which levels above have a sibling to come; those of the first levels are left out where there are too many. */
static void put_levels(struct strbuf *out, struct arena *arena, const struct plan_layout *layout,
                         const struct plan_row *row, bool glyphs, size_t depth_max)
{
	const struct plan_node *nodes = layout->plan->nodes.items;
	bool *last = arena_alloc(arena, row->depth + 1);
	size_t from = row->depth > depth_max ? row->depth - depth_max / 2 + 1 : 1;

	for (size_t at = nodes[row->node].parent; at < layout->plan->nodes.count; at = nodes[at].parent)
		last[nodes[at].depth] = layout->rows.items[layout->row_of[at]].last;
	for (size_t depth = from; depth < row->depth; depth++)
		strbuf_puts(out, last[depth] ? "  " : glyphs ? "\xE2\x94\x82 " : "| ");
}

void plan_row_branch(struct strbuf *out, const struct plan_layout *layout, size_t index, bool glyphs,
                     size_t depth_max)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	const struct plan_row *row = &layout->rows.items[index];

	if (row->depth > depth_max)
		strbuf_printf(out, "%zu: ", row->depth);
	put_levels(out, scratch, layout, row, glyphs, depth_max);
	if (row->depth > 0)
		strbuf_puts(out, row->last ? (glyphs ? "\xE2\x94\x94\xE2\x94\x80" : "`-")
		                           : (glyphs ? "\xE2\x94\x9C\xE2\x94\x80" : "|-"));
}

void plan_row_stem(struct strbuf *out, const struct plan_layout *layout, size_t index, bool glyphs, size_t depth_max)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	const struct plan_row *row = &layout->rows.items[index];
	const char *line = glyphs ? "\xE2\x94\x82 " : "| ";

	if (row->depth > depth_max)
		strbuf_printf(out, "%zu: ", row->depth);
	put_levels(out, scratch, layout, row, glyphs, depth_max);
	if (row->depth > 0)
		strbuf_puts(out, row->last ? "  " : line);
	strbuf_puts(out, row->opens && !row->closed && !row->alike ? line : "  ");
}
