/* What is said of the plan that is open: the node under the cursor, findings, what is outside the tree, the changes. */
#include "console/views/plans.h"

#include <string.h>

#include "console/code.h"
#include "core/explain/facts.h"

/* The gravest come first. */
enum { INDENT = 17, CHANGE_INDENT = 10, FINDINGS_MOST = 50 };

static const char *const PARTS[PART_COUNT] = {
	[PART_NODE] = "node",       [PART_FINDINGS] = "findings", [PART_OUTSIDE] = "outside",
	[PART_QUERY] = "query",     [PART_CHANGES] = "changes",
};

const struct model_query *plans_query(const struct plans_state *view, const struct scene *scene)
{
	return &scene->model->queries.items[view->query];
}

const struct model_explain *plans_told(const struct plans_state *view, const struct scene *scene)
{
	return &plans_query(view, scene)->told.items[view->told];
}

static void write_note(struct paper *paper, const char *text)
{
	paper_line(paper);
	paper_text(paper, STYLE_DIM, 0, text);
}

static void write_facts(struct paper *paper, const struct plan_facts *facts)
{
	for (size_t i = 0; i < facts->list.count; i++)
		paper_field(paper, INDENT, facts->list.items[i].name, STYLE_TEXT, facts->list.items[i].value);
}

static enum style style_of(enum plan_severity severity)
{
	return severity == PLAN_SEVERITY_HIGH ? STYLE_BAD : severity == PLAN_SEVERITY_MEDIUM ? STYLE_CAUTION : STYLE_TEXT;
}

static void write_finding(struct paper *paper, const struct plan_finding *finding)
{
	paper_field(paper, INDENT, plan_severity_name(finding->severity), style_of(finding->severity),
	            finding->sentence);
	if (finding->sql)
		paper_field(paper, INDENT, "  try", STYLE_STRONG, finding->sql);
}

static void write_node(struct paper *paper, const struct scene *scene, const struct pane *pane)
{
	struct plan_facts facts = {0};

	paper_line(paper);
	paper_text(paper, STYLE_STRONG, 0, plan_node_title(scene->tick, &pane->explained.plan->nodes.items[pane->node]));
	for (size_t i = 0; i < pane->explained.findings.count; i++)
		if (pane->explained.findings.items[i].node == pane->node)
			write_finding(paper, &pane->explained.findings.items[i]);
	plan_facts_of_node(scene->tick, pane->explained.plan, pane->node, &facts);
	write_facts(paper, &facts);
}

static void write_findings(struct paper *paper, const struct scene *scene, const struct pane *pane)
{
	const struct explained *explained = &pane->explained;

	if (explained->findings.count == 0)
		write_note(paper, "Nothing stands out.");
	for (size_t i = 0; i < explained->findings.count && i < FINDINGS_MOST; i++) {
		const struct plan_finding *finding = &explained->findings.items[i];
		if (finding->node < explained->plan->nodes.count)
			paper_field(paper, INDENT, "at", finding->node == pane->node ? STYLE_STRONG : STYLE_TEXT,
			            plan_node_title(scene->tick, &explained->plan->nodes.items[finding->node]));
		write_finding(paper, finding);
	}
	if (explained->findings.count > FINDINGS_MOST)
		write_note(paper, arena_printf(scene->tick, "And %zu more: n goes from one to the next in the tree.",
		                               explained->findings.count - FINDINGS_MOST));
}

static void write_outside(struct paper *paper, const struct scene *scene, const struct pane *pane)
{
	struct plan_facts facts = {0};

	plan_facts_outside(scene->tick, pane->explained.plan, &facts);
	if (facts.list.count == 0)
		write_note(paper, "Nothing was told beside the tree.");
	write_facts(paper, &facts);
}

static void write_changes(struct paper *paper, const struct plans_state *view)
{
	const struct plan_comparison *comparison = &view->comparison;
	enum plan_outcome outcome = comparison->judgement.outcome;

	paper_field(paper, CHANGE_INDENT, plan_outcome_name(outcome),
	            outcome == PLAN_WORSE ? STYLE_BAD : outcome == PLAN_BETTER ? STYLE_GOOD : STYLE_TEXT,
	            comparison->judgement.reason);
	if (comparison->changes.count == 0)
		write_note(paper, "No change weighs.");
	for (size_t i = 0; i < comparison->changes.count; i++)
		paper_field(paper, CHANGE_INDENT, plan_change_kind_name(comparison->changes.items[i].kind),
		            comparison->changes.items[i].worse ? STYLE_BAD : STYLE_TEXT, comparison->changes.items[i].text);
}

/* Of a plan that was asked for: when this query had another one. */
static void write_before(struct paper *paper, const struct model_explain *told)
{
	if (strcmp(told->phase, "asked") != 0)
		return;
	for (size_t i = 0; i < told->changes.count; i++)
		paper_field(paper, CHANGE_INDENT, i ? "" : "before", STYLE_TEXT, told->changes.items[i]);
}

void plans_write_part(struct paper *paper, const struct plans_state *view, const struct scene *scene,
                      enum plans_part part)
{
	const struct pane *pane = &view->panes[view->side];
	const char *sql = plans_query(view, scene)->sql;

	switch (part) {
	case PART_NODE:
		write_node(paper, scene, pane);
		break;
	case PART_FINDINGS:
		write_findings(paper, scene, pane);
		break;
	case PART_OUTSIDE:
		write_outside(paper, scene, pane);
		break;
	case PART_QUERY:
		if (sql)
			code_write(paper, sql, strlen(sql), 0);
		else
			write_note(paper, "The query was not told.");
		write_before(paper, plans_told(view, scene));
		break;
	case PART_CHANGES:
		if (view->comparing)
			write_changes(paper, view);
		break;
	case PART_COUNT:
		break;
	}
}

static void draw_parts(const struct plans_state *view, const struct scene *scene, const struct area *area)
{
	int column = 2;

	area_rule(area, 0, view->in_panel ? STYLE_STRONG : STYLE_DIM, NULL);
	for (enum plans_part part = 0; part < PART_COUNT; part++) {
		size_t count = view->panes[view->side].explained.findings.count;
		const char *number = part == PART_FINDINGS && count ? arena_printf(scene->tick, " %zu", count) : "";
		if (part != PART_CHANGES || view->comparing)
			column = area_print(area, 0, column, part == view->part ? STYLE_CURSOR : STYLE_DIM, " %s%s ",
			                    PARTS[part], number);
	}
}

/* On a screen that is wide enough the two sides' nodes, or a node and the changes, stand side by side. */
static void draw_beside(struct plans_state *view, const struct scene *scene, const struct area *body)
{
	struct area left = area_part(body, 0, 0, -1, body->columns / 2 - 1);
	struct area right = area_part(body, 0, body->columns / 2 + 1, -1, -1);
	struct paper node = paper_on(scene->tick, left.columns - 2), changes = paper_on(scene->tick, right.columns - 2);

	plans_write_part(&node, view, scene, view->part == PART_CHANGES ? PART_NODE : view->part);
	plans_write_part(&changes, view, scene, PART_CHANGES);
	paper_draw(&left, &node, 0);
	paper_draw(&right, &changes, view->panel.top);
}

enum { BESIDE_FROM = 130, ALL_FROM = 24 };

/* Where there is room, the other parts stand below the one that was chosen. */
static void write_others(struct paper *paper, const struct plans_state *view, const struct scene *scene)
{
	for (enum plans_part part = 0; part < PART_COUNT; part++) {
		if (part == view->part || (part == PART_CHANGES && !view->comparing))
			continue;
		paper_heading(paper, PARTS[part]);
		plans_write_part(paper, view, scene, part);
	}
}

void plans_draw_panel(struct plans_state *view, const struct scene *scene, const struct area *area)
{
	struct area body = area_part(area, 1, 1, -1, -1);
	struct paper paper = paper_on(scene->tick, body.columns - 2);

	draw_parts(view, scene, area);
	plans_write_part(&paper, view, scene, view->part);
	if (body.rows >= ALL_FROM)
		write_others(&paper, view, scene);
	view->panel.rows = body.rows;
	view->panel.at = paper.lines.count;
	if (view->panel.top + (size_t)body.rows > paper.lines.count)
		view->panel.top = paper.lines.count > (size_t)body.rows ? paper.lines.count - (size_t)body.rows : 0;
	if (view->comparing && body.columns >= BESIDE_FROM)
		draw_beside(view, scene, &body);
	else
		paper_draw(&body, &paper, view->panel.top);
}
