/*
 * Query plans: the canaries and what was asked, each with its outcome; a plan's tree with its inspector; and two plans
 * of one query against each other, with cursors that move together.
 */
#include "console/views/plans.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "console/views/views.h"
#include "core/explain/facts.h"

enum { PANEL_LEAST = 14, SIDE_BY_SIDE_FROM = 120, PANEL_COLUMNS = 58, WIDE_PANEL_ROWS = 14 };

/* ---- what is open ---- */

static bool has_plan(const struct model_query *query, size_t told)
{
	return told < query->told.count && query->told.items[told].plan;
}

static void fill(struct plans_state *view, enum side side, const struct explained *explained)
{
	struct pane *pane = &view->panes[side];

	*pane = (struct pane){.explained = *explained};
	pane->folds = arena_alloc(view->arena, explained->plan->nodes.count + 1);
}

/* What is said of the plans that are open, unless it was said already: at every frame, so it costs nothing then. */
static void prepare(struct plans_state *view, const struct scene *scene)
{
	const struct model_query *query = plans_query(view, scene);
	size_t other = plans_before(query, view->told);
	const struct query_plan *after = query->told.items[view->told].plan;
	const struct query_plan *before = view->comparing && other != SIZE_MAX ? query->told.items[other].plan : NULL;

	if (view->arena && view->story == scene->model->story && view->plans[SIDE_AFTER] == after &&
	    view->plans[SIDE_BEFORE] == before)
		return;
	size_t node = view->story == scene->model->story && view->plans[SIDE_AFTER] == after
		? view->panes[SIDE_AFTER].node : 0;
	arena_close(view->arena);
	view->arena = arena_open();
	view->story = scene->model->story;
	view->plans[SIDE_AFTER] = after;
	view->plans[SIDE_BEFORE] = before;
	if (before) {
		view->comparison = plan_comparison_new(view->arena, before, after, &PLAN_LIMITS);
		fill(view, SIDE_BEFORE, &view->comparison.before);
		fill(view, SIDE_AFTER, &view->comparison.after);
	} else {
		struct explained explained = explained_new(view->arena, after, NULL);
		fill(view, SIDE_AFTER, &explained);
		view->side = SIDE_AFTER;
	}
	view->panes[SIDE_AFTER].node = node;
	if (!plan_measure_is_of(view->measure, after))
		view->measure = plan_measure_best(after);
}

/* Whether the tree is to be seen: what was open may have gone with the run that it was of. */
static bool is_open(struct plans_state *view, const struct scene *scene)
{
	const struct model *model = scene->model;

	if (!view->opened || view->query >= model->queries.count ||
	    !has_plan(&model->queries.items[view->query], view->told)) {
		view->opened = false;
		return false;
	}
	if (view->comparing && plans_before(&model->queries.items[view->query], view->told) == SIZE_MAX)
		view->comparing = false;
	prepare(view, scene);
	return true;
}

/* How much a query wants to be looked at: what somebody just asked for, then what went wrong. */
static int urgency(const struct model *model, const struct model_query *query)
{
	static const char *const WRONG[] = {"worse", "over-budget", "failed"};
	const struct model_explain *told = plans_newest(query);

	if (!query->name && query->newest == model->explains)
		return 2;
	for (size_t i = 0; told && told->outcome && i < sizeof(WRONG) / sizeof(WRONG[0]); i++)
		if (strcmp(told->outcome, WRONG[i]) == 0)
			return 1;
	return 0;
}

/* Until a person moves it, the cursor is on the first of those that matter most. */
static void follow(struct plans_state *view, const struct scene *scene)
{
	const struct model *model = scene->model;
	int most = -1;

	for (size_t i = 0; !view->was_moved && i < model->queries.count; i++) {
		int here = urgency(model, &model->queries.items[i]);
		if (here <= most)
			continue;
		most = here;
		view->list.at = i;
	}
	if (view->list.at >= model->queries.count)
		view->list.at = model->queries.count ? model->queries.count - 1 : 0;
}

/* ---- drawing ---- */

/* The query's name and what was told of it, with the one that is shown marked. */
static void draw_tabs(const struct plans_state *view, const struct scene *scene, const struct area *area)
{
	const struct model_query *query = plans_query(view, scene);
	int width = area->columns / 2;
	size_t shown = view->comparing && view->side == SIDE_BEFORE ? plans_before(query, view->told) : view->told;
	int column = area_put_width(area, 0, 0, text_columns(plans_name(scene->tick, query)) < width
	                                                ? text_columns(plans_name(scene->tick, query))
	                                                : width,
	                            STYLE_STRONG, plans_name(scene->tick, query)) + 2;

	for (size_t i = 0; i < query->told.count; i++) {
		const struct model_explain *told = &query->told.items[i];
		bool compared = view->comparing && (i == view->told || i == plans_before(query, view->told));
		if (!told->plan)
			continue;
		column = area_print(area, 0, column, i == shown ? STYLE_CURSOR : compared ? STYLE_STRONG : STYLE_DIM,
		                    " %s%s%s ", told->phase, strcmp(told->phase, told->on) == 0 ? "" : " on ",
		                    strcmp(told->phase, told->on) == 0 ? "" : told->on);
	}
}

static const char *summary(const struct scene *scene, const struct explained *explained)
{
	struct plan_facts facts = {0};
	_cleanup_strbuf_ struct strbuf text = {0};

	plan_facts_of_plan(scene->tick, explained->plan, &facts);
	for (size_t i = 0; i < facts.list.count; i++)
		strbuf_printf(&text, "%s%s %s", i ? "; " : "", facts.list.items[i].name, facts.list.items[i].value);
	strbuf_printf(&text, "; shape %s", explained->shape.hex);
	return arena_strdup(scene->tick, strbuf_text(&text));
}

/* The sentence that counts first; returns the row below. */
static int draw_verdict(const struct plans_state *view, const struct scene *scene, const struct area *area)
{
	const struct explained *explained = &view->panes[view->side].explained;
	struct area lines = area_part(area, 1, 0, area->rows >= 18 ? 2 : 1, -1);
	const struct plan_judgement *judgement = &view->comparison.judgement;
	int row;

	if (view->comparing)
		row = area_put_wrapped(&lines, 0, 0,
		                       judgement->outcome == PLAN_WORSE    ? STYLE_BAD
		                       : judgement->outcome == PLAN_BETTER ? STYLE_GOOD
		                                                           : STYLE_STRONG,
		                       arena_printf(scene->tick, "%s: %s", plan_outcome_name(judgement->outcome),
		                                    judgement->reason));
	else
		row = area_put_wrapped(&lines, 0, 0, STYLE_STRONG, explained->verdict);
	row = 1 + (row < lines.rows ? row : lines.rows);
	if (area->rows >= 16 && !view->comparing)
		area_put_width(area, row++, 0, area->columns, STYLE_DIM, summary(scene, explained));
	return row;
}

static void draw_side(struct plans_state *view, const struct scene *scene, enum side side, const struct area *area)
{
	struct area tree = area_part(area, 1, 0, -1, -1);

	area_put_width(area, 0, 0, area->columns, side == view->side ? STYLE_TEXT : STYLE_DIM,
	               arena_printf(scene->tick, "%s: %s", side == SIDE_BEFORE ? "before" : "after",
	                            summary(scene, &view->panes[side].explained)));
	plans_draw_tree(view, scene, side, &tree);
}

static void draw_wide(struct plans_state *view, const struct scene *scene, const struct area *area)
{
	if (!view->comparing) {
		struct area tree = area_part(area, 0, 0, -1, area->columns - PANEL_COLUMNS - 1);
		struct area panel = area_part(area, 0, area->columns - PANEL_COLUMNS, -1, -1);
		plans_draw_tree(view, scene, SIDE_AFTER, &tree);
		plans_draw_panel(view, scene, &panel);
		return;
	}
	int half = area->columns / 2, rows = area->rows - (area->rows > 2 * WIDE_PANEL_ROWS ? WIDE_PANEL_ROWS : 0);
	struct area left = area_part(area, 0, 0, rows, half - 1), right = area_part(area, 0, half + 1, rows, -1);
	struct area panel = area_part(area, rows, 0, -1, -1);
	draw_side(view, scene, SIDE_BEFORE, &left);
	draw_side(view, scene, SIDE_AFTER, &right);
	for (int row = 0; row < rows; row++)
		area_put_glyph(area, row, half, STYLE_DIM, GLYPH_VERTICAL);
	if (panel.rows > 0)
		plans_draw_panel(view, scene, &panel);
}

/* One below the other where both fit whole; else the side that keys act on. */
static void draw_trees(struct plans_state *view, const struct scene *scene, const struct area *area)
{
	enum { AROUND = 2, LEAST = 8 }; /* summary and heading; below, the tree alone */
	size_t before = view->comparing ? pane_layout(view, SIDE_BEFORE, scene->tick).rows.count : 0;
	size_t after = pane_layout(view, SIDE_AFTER, scene->tick).rows.count;

	if (!view->comparing || area->rows < LEAST) {
		plans_draw_tree(view, scene, view->side, area);
		return;
	}
	if (before + after + 2 * AROUND > (size_t)area->rows) {
		draw_side(view, scene, view->side, area);
		return;
	}
	struct area upper = area_part(area, 0, 0, (int)before + AROUND, -1);
	struct area lower = area_part(area, (int)before + AROUND, 0, -1, -1);
	draw_side(view, scene, SIDE_BEFORE, &upper);
	draw_side(view, scene, SIDE_AFTER, &lower);
}

static void draw(void *state, const struct scene *scene, const struct area *area)
{
	struct plans_state *view = state;

	follow(view, scene);
	if (!is_open(view, scene)) {
		plans_draw_list(view, scene, area);
		return;
	}
	draw_tabs(view, scene, area);
	int top = draw_verdict(view, scene, area);
	struct area body = area_part(area, top, 0, -1, -1);
	if (area->columns >= SIDE_BY_SIDE_FROM) {
		draw_wide(view, scene, &body);
		return;
	}
	int panel_rows = area->rows >= PANEL_LEAST ? body.rows * 2 / 5 : view->in_panel ? body.rows : 0;
	struct area tree = area_part(&body, 0, 0, body.rows - panel_rows, -1);
	struct area panel = area_part(&body, body.rows - panel_rows, 0, -1, -1);
	if (tree.rows > 0)
		draw_trees(view, scene, &tree);
	if (panel_rows > 0)
		plans_draw_panel(view, scene, &panel);
}

/* ---- keys ---- */

static void open_tree(struct plans_state *view, const struct scene *scene)
{
	const struct model_query *query = &scene->model->queries.items[view->list.at];

	for (size_t i = query->told.count; i-- > 0;) {
		if (!query->told.items[i].plan)
			continue;
		view->opened = true;
		view->comparing = view->in_panel = false;
		view->query = view->list.at;
		view->told = i;
		view->part = PART_NODE;
		view->was_moved = true;
		prepare(view, scene);
		return;
	}
	console_say(scene->console, STYLE_CAUTION, "no plan of this query was told");
}

/* The next plan that was told of this query. */
static void turn(struct plans_state *view, const struct scene *scene)
{
	const struct model_query *query = plans_query(view, scene);

	for (size_t i = 1; i <= query->told.count; i++) {
		size_t told = (view->told + i) % query->told.count;
		if (!has_plan(query, told))
			continue;
		view->told = told;
		view->comparing = false;
		view->part = view->part == PART_CHANGES ? PART_NODE : view->part;
		return;
	}
}

static void compare(struct plans_state *view)
{
	view->comparing = !view->comparing;
	view->part = view->comparing ? PART_CHANGES : PART_NODE;
	view->side = SIDE_AFTER;
	view->panel.top = 0;
}

static void turn_part(struct plans_state *view, int by)
{
	int count = view->comparing ? PART_COUNT : PART_CHANGES;
	view->part = (enum plans_part)(((int)view->part + by + count) % count);
	view->panel.top = 0;
}

/* Again of what it was of before, where that is measured. */
static void measure(struct plans_state *view, enum plan_measure wanted, enum plan_measure else_one)
{
	const struct query_plan *plan = view->plans[SIDE_AFTER];

	view->measure = view->measure == wanted ? else_one : wanted;
	if (!plan_measure_is_of(view->measure, plan))
		view->measure = plan_measure_best(plan);
}

static bool leave(struct plans_state *view)
{
	if (view->in_panel)
		view->in_panel = false;
	else if (view->comparing)
		compare(view);
	else
		view->opened = false;
	return true;
}

static bool act_opened(struct plans_state *view, const struct scene *scene, enum action action)
{
	switch ((int)action) {
	case ACTION_BACK: return leave(view);
	case ACTION_OPEN: view->in_panel = !view->in_panel; return true;
	case ACTION_MODE: turn(view, scene); return true;
	case ACTION_COMPARE: compare(view); return true;
	case ACTION_INCLUSIVE: view->inclusive = !view->inclusive; return true;
	case ACTION_CPU: measure(view, PLAN_MEASURE_CPU, PLAN_MEASURE_TIME); return true;
	case ACTION_PAGES: measure(view, PLAN_MEASURE_PAGES, PLAN_MEASURE_TIME); return true;
	case ACTION_NEXT_PART: turn_part(view, 1); return true;
	case ACTION_PREVIOUS_PART: turn_part(view, -1); return true;
	case ACTION_NEXT_VIEW:
	case ACTION_PREVIOUS_VIEW:
		if (!view->comparing)
			return false;
		view->side = view->side == SIDE_AFTER ? SIDE_BEFORE : SIDE_AFTER;
		return true;
	default: break;
	}
	if (view->in_panel)
		return cursor_scroll(&view->panel, view->panel.at, action);
	return plans_act_tree(view, scene, action);
}

static bool act(void *state, const struct scene *scene, enum action action)
{
	struct plans_state *view = state;

	follow(view, scene);
	if (is_open(view, scene))
		return act_opened(view, scene, action);
	switch ((int)action) {
	case ACTION_OPEN:
	case ACTION_RIGHT:
		if (scene->model->queries.count)
			open_tree(view, scene);
		return true;
	case ACTION_FOLLOW:
		view->was_moved = false;
		return true;
	default: break;
	}
	if (!cursor_move(&view->list, scene->model->queries.count, action))
		return false;
	view->was_moved = true;
	return true;
}

static const char *why_not(void *state, const struct scene *scene, enum action action)
{
	struct plans_state *view = state;
	bool of_tree = action == ACTION_COMPARE || action == ACTION_INCLUSIVE || action == ACTION_CPU ||
	               action == ACTION_PAGES || action == ACTION_NEXT_PART || action == ACTION_PREVIOUS_PART;

	if (!of_tree)
		return NULL;
	if (!is_open(view, scene))
		return "No plan is open: Enter opens one.";
	const struct query_plan *plan = view->plans[SIDE_AFTER];
	if (action == ACTION_COMPARE && plans_before(plans_query(view, scene), view->told) == SIZE_MAX)
		return "No plan of this query was told before this one.";
	if (action == ACTION_CPU && !plan_measure_is_of(PLAN_MEASURE_CPU, plan))
		return "This plan was not run with timing.";
	if (action == ACTION_PAGES && !plan_measure_is_of(PLAN_MEASURE_PAGES, plan))
		return "This plan's pages were not counted.";
	return NULL;
}

static void find(void *state, const struct scene *scene, const char *text, bool only_matches)
{
	struct plans_state *view = state;

	(void)only_matches; /* a tree without what is above a node says nothing: matches are marked */
	snprintf(view->find, sizeof(view->find), "%s", text);
	if (!*text)
		return;
	if (is_open(view, scene)) {
		plans_find(view, scene, false, true);
		return;
	}
	for (size_t i = 0; i < scene->model->queries.count; i++) {
		size_t index = (view->list.at + i) % scene->model->queries.count;
		if (!strcasestr(plans_name(scene->tick, &scene->model->queries.items[index]), text))
			continue;
		view->list.at = index;
		view->was_moved = true;
		return;
	}
}

/* ---- without a screen ---- */

static void plain_tree(const struct scene *scene, const struct explained *explained, struct strbuf *out)
{
	struct plan_layout layout = plan_layout_new(scene->tick, explained->plan, NULL,
	                                            plan_measure_best(explained->plan), false);

	for (size_t i = 0; i < layout.rows.count; i++) {
		const struct plan_row *row = &layout.rows.items[i];
		strbuf_printf(out, "  %3.0f%% %9s %9s rows  ", plan_row_share(&layout, row) * 100,
		              plan_row_value_text(scene->tick, &layout, row),
		              plan_row_rows_text(scene->tick, &layout, row));
		plan_row_branch(out, &layout, i, false, SIZE_MAX / 2);
		strbuf_printf(out, "%s\n", plan_row_title(scene->tick, &layout, row));
	}
}

static void plain(void *state, const struct scene *scene, struct strbuf *out)
{
	const struct model *model = scene->model;

	(void)state;
	if (model->queries.count == 0)
		strbuf_puts(out, "no query plan was told yet\n");
	for (size_t i = 0; i < model->queries.count; i++) {
		const struct model_query *query = &model->queries.items[i];
		const struct model_explain *told = plans_newest(query);
		struct paper paper = paper_on(scene->tick, 0);
		strbuf_printf(out, "%s\n", plans_name(scene->tick, query));
		plans_write_query(&paper, scene, query);
		paper_plain(&paper, out);
		if (told && told->plan) {
			struct explained explained = explained_new(scene->tick, told->plan, query->sql);
			plain_tree(scene, &explained, out);
		}
		strbuf_putc(out, '\n');
	}
}

/* The SQL to try where the cursor has one; else what is said of it. */
static const char *copy(void *state, const struct scene *scene)
{
	struct plans_state *view = state;
	_cleanup_strbuf_ struct strbuf text = {0};
	struct paper paper = paper_on(scene->tick, 0);

	if (!is_open(view, scene))
		return view->list.at < scene->model->queries.count ? scene->model->queries.items[view->list.at].sql : NULL;
	const struct pane *pane = &view->panes[view->side];
	size_t finding = explained_finding_at(&pane->explained, pane->node);
	if (view->part == PART_NODE && finding && pane->explained.findings.items[finding - 1].sql)
		return pane->explained.findings.items[finding - 1].sql;
	if (view->part == PART_NODE)
		strbuf_printf(&text, "%s\n", plan_node_title(scene->tick, &pane->explained.plan->nodes.items[pane->node]));
	plans_write_part(&paper, view, scene, view->part);
	paper_plain(&paper, &text);
	return arena_strdup(scene->tick, strbuf_text(&text));
}

static void let_go(void *state)
{
	struct plans_state *view = state;
	arena_close(view->arena);
}

const struct view_row view_plans = {
	.name = "plans",
	.title = "Plans",
	.digit = '3',
	.state_bytes = sizeof(struct plans_state),
	.draw = draw,
	.act = act,
	.why_not = why_not,
	.find = find,
	.plain = plain,
	.copy = copy,
	.let_go = let_go,
};
