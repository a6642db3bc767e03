/* The queries whose plans were told: each with its outcome, what it takes, and what it took before. */
#include "console/views/plans.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "console/code.h"
#include "console/terminal/signs.h"
#include "core/explain/figure.h"
#include "core/explain/plan_text.h"

enum { PANEL_ROWS = 9, SIDE_BY_SIDE_FROM = 130, LIST_COLUMNS = 78, FIELD_INDENT = 10 };
enum { OUTCOME_AT = 0, NAME_AT = 14, TAKES_COLUMNS = 10, BUDGET_COLUMNS = 8, TREND_COLUMNS = 19 };

/* ---- what counts ---- */

const struct model_explain *plans_newest(const struct model_query *query)
{
	for (size_t i = query->told.count; i-- > 0;)
		if (query->told.items[i].plan || query->told.items[i].outcome)
			return &query->told.items[i];
	return query->told.count ? &query->told.items[query->told.count - 1] : NULL;
}

size_t plans_before(const struct model_query *query, size_t told)
{
	for (size_t i = told; i-- > 0;)
		if (query->told.items[i].plan)
			return i;
	return SIZE_MAX;
}

const char *plans_name(struct arena *arena, const struct model_query *query)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	bool blank = false;

	if (query->name)
		return query->name;
	for (const char *at = query->sql ? query->sql : "?"; *at && text.length < 100; at++) {
		bool is_blank = strchr(" \t\r\n", *at) != NULL;
		if (is_blank && !blank && text.length)
			strbuf_putc(&text, ' ');
		else if (!is_blank)
			strbuf_putc(&text, *at);
		blank = is_blank;
	}
	return arena_strdup(arena, strbuf_text(&text));
}

static struct sign sign_of(const struct model_explain *told)
{
	static const struct {
		const char *outcome;
		struct sign sign;
	} SIGNS[] = {
		{"better", {GLYPH_PASSED, STYLE_GOOD, "better"}},
		{"same", {GLYPH_PASSED, STYLE_TEXT, "same"}},
		{"worse", {GLYPH_FAILED, STYLE_BAD, "WORSE"}},
		{"over-budget", {GLYPH_FAILED, STYLE_BAD, "OVER BUDGET"}},
		{"failed", {GLYPH_FAILED, STYLE_BAD, "FAILED"}},
		{"new", {GLYPH_ATTENTION, STYLE_CAUTION, "new plan"}},
	};
	for (size_t i = 0; told && told->outcome && i < sizeof(SIGNS) / sizeof(SIGNS[0]); i++)
		if (strcmp(SIGNS[i].outcome, told->outcome) == 0)
			return SIGNS[i].sign;
	if (told && told->error)
		return (struct sign){GLYPH_FAILED, STYLE_BAD, "FAILED"};
	if (!told)
		return (struct sign){GLYPH_WAITING, STYLE_DIM, "waits"};
	return (struct sign){GLYPH_PENDING, STYLE_DIM, told->phase};
}

/* ---- columns ---- */

static const char *takes(struct arena *arena, const struct model_explain *told)
{
	if (told && told->p95_us >= 0)
		return figure_ms(arena, (double)told->p95_us / 1000);
	if (told && told->plan && told->plan->wall_ms > 0)
		return figure_ms(arena, told->plan->wall_ms);
	return "";
}

static const char *weight(struct arena *arena, const struct query_plan *plan)
{
	if (plan->nodes.count == 0)
		return "";
	if (plan->analyzed && plan->has_buffers)
		return plan_text_count(arena, plan_buffers_pages(&plan->nodes.items[0].buffers));
	return plan_text_count(arena, plan->nodes.items[0].total_cost);
}

static bool same_unit(const struct query_plan *one, const struct query_plan *other)
{
	return (one->analyzed && one->has_buffers) == (other->analyzed && other->has_buffers);
}

/* Pages, or cost where none were counted: from the plan before to the newest. */
static const char *trend(const struct scene *scene, const struct model_query *query, const struct model_explain *told)
{
	if (!told || !told->plan)
		return "";
	size_t before = plans_before(query, (size_t)(told - query->told.items));
	bool pages = told->plan->analyzed && told->plan->has_buffers;
	const char *now = weight(scene->tick, told->plan);
	if (before == SIZE_MAX || !same_unit(query->told.items[before].plan, told->plan))
		return arena_printf(scene->tick, "%s%s", pages ? "" : "cost ", now);
	return arena_printf(scene->tick, "%s%s > %s", pages ? "" : "cost ",
	                    weight(scene->tick, query->told.items[before].plan), now);
}

static int name_columns(const struct area *area)
{
	int rest = area->columns - NAME_AT - TAKES_COLUMNS - BUDGET_COLUMNS - TREND_COLUMNS;
	if (rest < 16)
		rest += BUDGET_COLUMNS;
	if (rest < 16)
		rest += TREND_COLUMNS;
	return rest > 0 ? rest : 0;
}

static void draw_row(const struct scene *scene, const struct area *area, int row, const struct model_query *query)
{
	const struct model_explain *told = plans_newest(query);
	int names = name_columns(area), column = NAME_AT + names;
	bool budget = area->columns - NAME_AT - names >= TAKES_COLUMNS + BUDGET_COLUMNS + TREND_COLUMNS;
	bool trends = area->columns - NAME_AT - names >= TAKES_COLUMNS + TREND_COLUMNS;

	sign_put(area, row, OUTCOME_AT, sign_of(told));
	area_put_width(area, row, NAME_AT, names - 1, STYLE_TEXT, plans_name(scene->tick, query));
	area_put_width(area, row, column, TAKES_COLUMNS - 1, STYLE_TEXT, takes(scene->tick, told));
	column += TAKES_COLUMNS;
	if (budget) {
		area_put_width(area, row, column, BUDGET_COLUMNS - 1, STYLE_DIM,
		               told && told->budget_ms >= 0 ? short_duration(scene->tick, told->budget_ms) : "");
		column += BUDGET_COLUMNS;
	}
	if (trends)
		area_put_width(area, row, column, TREND_COLUMNS, STYLE_TEXT, trend(scene, query, told));
}

static void draw_heading(const struct area *area)
{
	int names = name_columns(area), column = NAME_AT + names;
	bool budget = area->columns - NAME_AT - names >= TAKES_COLUMNS + BUDGET_COLUMNS + TREND_COLUMNS;
	bool trends = area->columns - NAME_AT - names >= TAKES_COLUMNS + TREND_COLUMNS;

	area_put(area, 0, OUTCOME_AT, STYLE_HEADING, "outcome");
	area_put(area, 0, NAME_AT, STYLE_HEADING, "query");
	area_put(area, 0, column, STYLE_HEADING, "takes");
	column += TAKES_COLUMNS;
	if (budget)
		area_put(area, 0, column, STYLE_HEADING, "budget");
	if (trends)
		area_put(area, 0, column + (budget ? BUDGET_COLUMNS : 0), STYLE_HEADING, "pages");
}

/* ---- what there is to say of the one under the cursor ---- */

void plans_write_query(struct paper *paper, const struct scene *scene, const struct model_query *query)
{
	const struct model_explain *told = plans_newest(query);
	struct sign sign = sign_of(told);

	if (!told)
		return;
	if (told->verdict)
		paper_field(paper, FIELD_INDENT, "verdict", STYLE_STRONG, told->verdict);
	if (told->reason)
		paper_field(paper, FIELD_INDENT, sign.word, sign.style, told->reason);
	if (told->error)
		paper_field(paper, FIELD_INDENT, "error", STYLE_BAD, told->error);
	for (size_t i = 0; i < told->changes.count; i++)
		paper_field(paper, FIELD_INDENT, i ? "" : "changes", STYLE_TEXT, told->changes.items[i]);
	for (size_t i = 0; i < query->told.count; i++) {
		const struct model_explain *at = &query->told.items[i];
		paper_field(paper, FIELD_INDENT, i ? "" : "told", STYLE_DIM,
		            arena_printf(scene->tick, "%s, on %s%s%s%s%s, %s", at->phase, at->on, at->shape ? ": shape " : "",
		                         at->shape ? at->shape : "", *takes(scene->tick, at) ? ", " : "",
		                         takes(scene->tick, at), age_text(scene->tick, at->at_ms, scene->now_ms)));
	}
	if (query->sql) {
		paper_line(paper);
		code_write(paper, query->sql, strlen(query->sql), 0);
	}
}

static void draw_none(const struct scene *scene, const struct area *area)
{
	int row = area_put_wrapped(area, 1, 0, STYLE_TEXT,
	                           "No query plan was told yet. Gate plans tells those of the canaries: "
	                           "queries in the folder canaries beside the migrations.");
	if (!scene->replaying)
		area_put_wrapped(area, row + 1, 0, STYLE_DIM,
		                 ":explain QUERY asks for the plan of any query, without running it.");
}

void plans_draw_list(struct plans_state *view, const struct scene *scene, const struct area *area)
{
	const struct model *model = scene->model;
	bool wide = area->columns >= SIDE_BY_SIDE_FROM, tall = area->rows >= 14;

	if (model->queries.count == 0) {
		draw_none(scene, area);
		return;
	}
	struct area list = area_part(area, 0, 0, wide || !tall ? -1 : area->rows - PANEL_ROWS, wide ? LIST_COLUMNS : -1);
	draw_heading(&list);
	cursor_keep(&view->list, model->queries.count, list.rows - 1);
	for (int row = 1; row < list.rows && view->list.top + (size_t)row - 1 < model->queries.count; row++) {
		size_t index = view->list.top + (size_t)row - 1;
		draw_row(scene, &list, row, &model->queries.items[index]);
		if (index == view->list.at)
			area_set_style(&list, row, 0, -1, STYLE_CURSOR);
	}
	if (!wide && !tall)
		return;
	const struct model_query *query = &model->queries.items[view->list.at];
	struct area panel = wide ? area_part(area, 0, LIST_COLUMNS + 1, -1, -1)
	                         : area_part(area, area->rows - PANEL_ROWS, 0, -1, -1);
	struct area body = area_part(&panel, 1, 1, -1, -1);
	struct paper paper = paper_on(scene->tick, body.columns - 2);
	area_rule(&panel, 0, STYLE_DIM, plans_name(scene->tick, query));
	plans_write_query(&paper, scene, query);
	paper_draw(&body, &paper, 0);
}
