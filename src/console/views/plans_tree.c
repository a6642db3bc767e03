/* A query plan's tree: a row for each node with its share as a bar, folds, and marks of findings and changes. */
#include "console/views/plans.h"

#include <string.h>
#include <strings.h>

#include "core/explain/plan_text.h"

/* Narrow columns first: what is left over is the node's, and columns go before it is cut below its least. */
enum { MARK_COLUMNS = 2, SHARE_COLUMNS = 4, VALUE_COLUMNS = 9, BAR_COLUMNS = 8, ROWS_COLUMNS = 8, PAGES_COLUMNS = 8 };
enum { ESTIMATE_COLUMNS = 10, NODE_LEAST = 28, NODE_WIDE = 44, BAR_WIDE = 13, BRANCH_SHARE = 3, DEPTH_MOST = 12 };

struct columns {
	int bar, node, node_at, rows, estimate, pages; /* widths; 0 = left out */
};

/* A column in which there would be nothing is none. */
static bool has_estimates(const struct query_plan *plan)
{
	for (size_t i = 0; i < plan->nodes.count; i++) {
		double factor = plan->nodes.items[i].figures.estimate_factor;
		if (factor >= 2 || (factor > 0 && factor <= 0.5))
			return true;
	}
	return false;
}

/* Names that stand far to the right need what a column of rarer use would take. */
static int deepest(const struct plan_layout *layout)
{
	size_t depth = 0;
	for (size_t i = 0; i < layout->rows.count; i++)
		depth = layout->rows.items[i].depth > depth ? layout->rows.items[i].depth : depth;
	return depth < DEPTH_MOST ? (int)depth : DEPTH_MOST;
}

static struct columns fit(const struct plan_layout *layout, int width)
{
	const struct query_plan *plan = layout->plan;
	struct columns columns = {.rows = ROWS_COLUMNS};
	int rest = width - MARK_COLUMNS - SHARE_COLUMNS - VALUE_COLUMNS - ROWS_COLUMNS;
	bool pages = plan->has_buffers && plan->analyzed && layout->measure != PLAN_MEASURE_PAGES;

	if (rest - PAGES_COLUMNS >= NODE_LEAST && pages)
		rest -= columns.pages = PAGES_COLUMNS;
	if (rest - BAR_COLUMNS >= NODE_LEAST)
		rest -= columns.bar = BAR_COLUMNS;
	if (rest - ESTIMATE_COLUMNS >= NODE_LEAST + deepest(layout) && has_estimates(plan))
		rest -= columns.estimate = ESTIMATE_COLUMNS;
	if (columns.bar && rest - BAR_WIDE + BAR_COLUMNS >= NODE_WIDE) {
		rest -= BAR_WIDE - BAR_COLUMNS;
		columns.bar = BAR_WIDE;
	}
	columns.node = rest > 1 ? rest : 1;
	columns.node_at = MARK_COLUMNS + SHARE_COLUMNS + VALUE_COLUMNS + columns.bar;
	return columns;
}

static void put_right(const struct area *area, int row, int end, int width, enum style style, const char *text)
{
	int columns = text_columns(text);
	area_put_width(area, row, columns < width ? end - columns : end - width, columns < width ? columns : width, style,
	               text);
}

struct plan_layout pane_layout(const struct plans_state *view, enum side side, struct arena *arena)
{
	const struct pane *pane = &view->panes[side];
	return plan_layout_new(arena, pane->explained.plan, pane->folds, view->measure, view->inclusive);
}

/* ---- marks ---- */

struct mark {
	const char *text;
	enum style style;
};

static struct mark mark_of_change(const struct plans_state *view, enum side side, const struct plan_row *row)
{
	const struct plan_comparison *comparison = &view->comparison;
	const size_t *match = side == SIDE_AFTER ? comparison->match.before_of : comparison->match.after_of;

	for (size_t node = row->node; node < row->until; node++)
		if (match[node] == SIZE_MAX)
			return (struct mark){side == SIDE_AFTER ? "+" : "-", STYLE_CAUTION};
	for (size_t i = 0; i < comparison->changes.count; i++) {
		const struct plan_change *change = &comparison->changes.items[i];
		size_t node = side == SIDE_AFTER ? change->after : change->before;
		if (node >= row->node && node < row->until)
			return (struct mark){"~", change->worse ? STYLE_BAD : STYLE_GOOD};
	}
	return (struct mark){"", STYLE_TEXT};
}

static struct mark mark_of_finding(const struct explained *explained, const struct plan_row *row)
{
	for (size_t i = 0; i < explained->findings.count; i++) {
		const struct plan_finding *finding = &explained->findings.items[i];
		if (finding->node >= row->node && finding->node < row->until)
			return (struct mark){"!", finding->severity == PLAN_SEVERITY_HIGH     ? STYLE_BAD
			                          : finding->severity == PLAN_SEVERITY_MEDIUM ? STYLE_CAUTION
			                                                                      : STYLE_DIM};
	}
	return (struct mark){"", STYLE_TEXT};
}

/* ---- drawing ---- */

static void draw_heading(const struct plan_layout *layout, const struct columns *columns, const struct area *area)
{
	int end = MARK_COLUMNS + SHARE_COLUMNS - 1;

	put_right(area, 0, end, SHARE_COLUMNS - 1, STYLE_HEADING, "%");
	put_right(area, 0, end + VALUE_COLUMNS, VALUE_COLUMNS - 1, STYLE_HEADING, plan_measure_name(layout->measure));
	if (columns->bar)
		area_put(area, 0, columns->node_at - columns->bar + 1, STYLE_HEADING, layout->inclusive ? "with" : "own");
	area_put(area, 0, columns->node_at, STYLE_HEADING, "node");
	end = columns->node_at + columns->node;
	put_right(area, 0, end += columns->rows, ROWS_COLUMNS - 1, STYLE_HEADING, "rows");
	if (columns->estimate)
		put_right(area, 0, end += columns->estimate, ESTIMATE_COLUMNS - 1, STYLE_HEADING, "estimate");
	if (columns->pages)
		put_right(area, 0, end + columns->pages, PAGES_COLUMNS - 1, STYLE_HEADING, "pages");
}

static enum style style_of_share(double share)
{
	return share >= 0.5 ? STYLE_BAD : share >= 0.2 ? STYLE_CAUTION : STYLE_TEXT;
}

static void draw_node(const struct plan_layout *layout, const struct scene *scene, const struct columns *columns,
                      const struct area *area, int at, size_t index, enum style style)
{
	_cleanup_strbuf_ struct strbuf branch = {0};
	const struct plan_row *row = &layout->rows.items[index];
	bool glyphs = (canvas_glyph(area->canvas, GLYPH_VERTICAL)[0] & 0x80) != 0;
	struct area node = area_part(area, at, columns->node_at, 1, columns->node);

	plan_row_branch(&branch, layout, index, glyphs, (size_t)(columns->node / BRANCH_SHARE));
	int column = area_put(&node, 0, 0, STYLE_DIM, strbuf_text(&branch));
	if (row->closed || row->alike) {
		area_put_glyph(&node, 0, column, STYLE_KEY, GLYPH_FOLDED);
		column += 2;
	}
	if (column < node.columns)
		area_put_width(&node, 0, column, node.columns - column, style,
		               plan_row_title(scene->tick, layout, row));
}

static void draw_row(const struct plans_state *view, const struct scene *scene, enum side side,
                     const struct plan_layout *layout, const struct columns *columns, const struct area *area, int at,
                     size_t index)
{
	const struct plan_row *row = &layout->rows.items[index];
	double share = plan_row_share(layout, row);
	struct mark mark = view->comparing ? mark_of_change(view, side, row)
	                                   : mark_of_finding(&view->panes[side].explained, row);
	int end = MARK_COLUMNS + SHARE_COLUMNS - 1;

	area_put(area, at, 0, mark.style, mark.text);
	put_right(area, at, end, SHARE_COLUMNS - 1, style_of_share(share), plan_text_share(scene->tick, share));
	put_right(area, at, end + VALUE_COLUMNS, VALUE_COLUMNS - 1, STYLE_TEXT,
	          plan_row_value_text(scene->tick, layout, row));
	if (columns->bar) {
		int full = (int)(share * (columns->bar - 2) + 0.5);
		for (int i = 0; i < full; i++)
			area_put_glyph(area, at, columns->node_at - columns->bar + 1 + i, style_of_share(share),
			               GLYPH_BAR_FULL);
	}
	draw_node(layout, scene, columns, area, at, index, mark.text[0] == '!' ? STYLE_STRONG : STYLE_TEXT);
	end = columns->node_at + columns->node;
	put_right(area, at, end += columns->rows, ROWS_COLUMNS - 1, STYLE_TEXT,
	          plan_row_rows_text(scene->tick, layout, row));
	if (columns->estimate)
		put_right(area, at, end += columns->estimate, ESTIMATE_COLUMNS - 1,
		          layout->plan->nodes.items[row->node].figures.estimate_starts ? STYLE_CAUTION : STYLE_DIM,
		          plan_row_estimate_text(scene->tick, layout, row));
	if (columns->pages)
		put_right(area, at, end + columns->pages, PAGES_COLUMNS - 1, STYLE_TEXT,
		          plan_row_pages_text(scene->tick, layout, row));
}

static bool matches(const struct plans_state *view, const struct scene *scene, const struct plan_layout *layout,
                    size_t index)
{
	return view->find[0] && strcasestr(plan_row_title(scene->tick, layout, &layout->rows.items[index]), view->find);
}

void plans_draw_tree(struct plans_state *view, const struct scene *scene, enum side side, const struct area *area)
{
	struct pane *pane = &view->panes[side];
	struct plan_layout layout = pane_layout(view, side, scene->tick);
	struct columns columns = fit(&layout, area->columns);

	draw_heading(&layout, &columns, area);
	pane->cursor.at = layout.row_of[pane->node];
	cursor_keep(&pane->cursor, layout.rows.count, area->rows - 1);
	for (int row = 1; row < area->rows && pane->cursor.top + (size_t)row - 1 < layout.rows.count; row++) {
		size_t index = pane->cursor.top + (size_t)row - 1;
		draw_row(view, scene, side, &layout, &columns, area, row, index);
		if (matches(view, scene, &layout, index))
			area_set_style(area, row, columns.node_at, columns.node, STYLE_MATCH);
		if (index == pane->cursor.at)
			area_set_style(area, row, 0, -1,
			               side == view->side && !view->in_panel ? STYLE_CURSOR : STYLE_STRONG);
	}
}

/* ---- keys ---- */

/* The cursor of the other side goes to the same work. */
static void link_cursors(struct plans_state *view)
{
	const struct plan_match *match = &view->comparison.match;
	enum side other = view->side == SIDE_AFTER ? SIDE_BEFORE : SIDE_AFTER;
	size_t node = view->panes[view->side].node;

	if (!view->comparing)
		return;
	size_t there = view->side == SIDE_AFTER ? match->before_of[node] : match->after_of[node];
	if (there != SIZE_MAX)
		view->panes[other].node = there;
}

static void go_to(struct plans_state *view, size_t node)
{
	view->panes[view->side].node = node;
	view->panel.top = 0;
	link_cursors(view);
}

/* Folds what is open here, else goes to what this belongs to. */
static void fold(struct plans_state *view, struct pane *pane, const struct plan_row *row)
{
	const struct plan_node *node = &pane->explained.plan->nodes.items[row->node];

	if (pane->folds[row->node] & PLAN_FOLD_SPREAD)
		pane->folds[row->node] &= (unsigned char)~PLAN_FOLD_SPREAD;
	else if (row->opens && !row->closed && !row->alike)
		pane->folds[row->node] |= PLAN_FOLD_CLOSED;
	else if (node->parent != SIZE_MAX)
		go_to(view, node->parent);
}

static void unfold(struct plans_state *view, struct pane *pane, const struct plan_row *row)
{
	const struct plan_node *node = &pane->explained.plan->nodes.items[row->node];

	if (row->closed)
		pane->folds[row->node] &= (unsigned char)~PLAN_FOLD_CLOSED;
	else if (row->alike)
		pane->folds[node->parent] |= PLAN_FOLD_SPREAD;
	else if (node->children.count)
		go_to(view, node->children.items[0]);
}

/* Opens what a node is folded away in. */
static void reveal(struct pane *pane, size_t node)
{
	const struct query_plan *plan = pane->explained.plan;
	for (size_t at = plan->nodes.items[node].parent; at != SIZE_MAX; at = plan->nodes.items[at].parent)
		pane->folds[at] &= (unsigned char)~PLAN_FOLD_CLOSED;
}

static bool is_sought(const struct plans_state *view, const struct scene *scene, const struct plan_layout *layout,
                      const struct explained *explained, size_t node)
{
	struct plan_row row = {.node = node, .until = node + 1};

	if (view->find[0])
		return strcasestr(plan_row_title(scene->tick, layout, &row), view->find) != NULL;
	return explained_finding_at(explained, node) > 0;
}

void plans_find(struct plans_state *view, const struct scene *scene, bool backwards, bool here)
{
	struct pane *pane = &view->panes[view->side];
	struct plan_layout layout = pane_layout(view, view->side, scene->tick);
	size_t count = layout.plan->nodes.count, at = pane->node;

	for (size_t i = here ? 0 : 1; i <= count; i++) {
		size_t node = (backwards ? at + count - i : at + i) % count;
		if (!is_sought(view, scene, &layout, &pane->explained, node))
			continue;
		reveal(pane, node);
		go_to(view, node);
		return;
	}
}

bool plans_act_tree(struct plans_state *view, const struct scene *scene, enum action action)
{
	struct pane *pane = &view->panes[view->side];
	struct plan_layout layout = pane_layout(view, view->side, scene->tick);
	const struct plan_row *row = &layout.rows.items[layout.row_of[pane->node]];

	switch ((int)action) {
	case ACTION_LEFT:
		fold(view, pane, row);
		return true;
	case ACTION_RIGHT:
		unfold(view, pane, row);
		return true;
	case ACTION_NEXT_MATCH:
		plans_find(view, scene, false, false);
		return true;
	case ACTION_PREVIOUS_MATCH:
		plans_find(view, scene, true, false);
		return true;
	default:
		break;
	}
	pane->cursor.at = layout.row_of[pane->node];
	if (!cursor_move(&pane->cursor, layout.rows.count, action))
		return false;
	go_to(view, layout.rows.items[pane->cursor.at].node);
	return true;
}
