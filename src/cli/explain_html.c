#include "cli/explain_print.h"

#include <config.h>

#include <stdint.h>
#include <string.h>

#include "base/html.h"
#include "cli/explain_style.h"
#include "core/explain/facts.h"
#include "core/explain/layout.h"
#include "core/explain/plan_text.h"

struct page {
	struct strbuf *out;
	struct arena *arena;
	const char *prefix; /* of anchors: two plans can stand on one page */
};

/* ---- text ---- */

static void put(struct page *page, const char *markup)
{
	strbuf_puts(page->out, markup);
}

static void say(struct page *page, const char *text)
{
	html_text(page->out, text, false);
}

static void element(struct page *page, const char *name, const char *text)
{
	strbuf_printf(page->out, "<%s>", name);
	say(page, text);
	strbuf_printf(page->out, "</%s>", name);
}

static void put_code(struct page *page, const char *text)
{
	put(page, "<pre>");
	html_text(page->out, text, true);
	put(page, "</pre>\n");
}

static void put_facts(struct page *page, const struct plan_facts *facts)
{
	put(page, "<dl>");
	for (size_t i = 0; i < facts->list.count; i++) {
		element(page, "dt", facts->list.items[i].name);
		element(page, "dd", facts->list.items[i].value);
	}
	put(page, "</dl>\n");
}

/* ---- the tree ---- */

static void put_marks(struct page *page, const struct explained *explained, const struct plan_row *row)
{
	for (size_t i = 0; i < explained->findings.count; i++) {
		size_t node = explained->findings.items[i].node;
		if (node >= row->node && node < row->until)
			strbuf_printf(page->out, " <a class=\"mark\" href=\"#%sfinding%zu\">[%zu]</a>", page->prefix,
			              i + 1, i + 1);
	}
}

static void put_cells(struct page *page, const struct explained *explained, const struct plan_layout *layout,
                      const struct plan_row *row)
{
	double share = plan_row_share(layout, row);
	const char *value = plan_row_value_text(page->arena, layout, row);
	const char *warmth = share >= 0.5 ? " class=\"hot\"" : share >= 0.2 ? " class=\"warm\"" : "";

	strbuf_printf(page->out, "<span>%s</span><span>", plan_text_share(page->arena, share)[0] == '<'
	                                                          ? "&lt;1"
	                                                          : plan_text_share(page->arena, share));
	say(page, value);
	strbuf_printf(page->out, "</span><span class=\"bar\"><i%s style=\"width:%.1f%%\"></i></span><span>", warmth,
	              share * 100);
	say(page, plan_row_rows_text(page->arena, layout, row));
	put(page, "</span><span>");
	say(page, plan_row_estimate_text(page->arena, layout, row));
	put(page, "</span><span>");
	say(page, plan_row_pages_text(page->arena, layout, row));
	strbuf_printf(page->out, "</span><span class=\"node\" id=\"%snode%zu\" style=\"--depth:%zu\">", page->prefix,
	              row->node, row->depth);
	say(page, plan_row_title(page->arena, layout, row));
	put_marks(page, explained, row);
	put(page, "</span>");
}

static void put_more(struct page *page, const struct query_plan *plan, const struct plan_row *row)
{
	struct plan_facts conditions = {0}, facts = {0};

	plan_facts_of_conditions(page->arena, &plan->nodes.items[row->node], &conditions);
	plan_facts_of_node(page->arena, plan, row->node, &facts);
	strbuf_printf(page->out, "<div class=\"more\" style=\"--depth:%zu\">", row->depth);
	for (size_t i = 0; i < conditions.list.count; i++) {
		put(page, "<div>");
		say(page, conditions.list.items[i].name);
		put(page, ": ");
		say(page, conditions.list.items[i].value);
		put(page, "</div>");
	}
	put(page, "<details><summary>figures</summary>");
	put_facts(page, &facts);
	put(page, "</details></div>\n");
}

/* Leaves that are alike: each with a row of its own, behind one that stands for all. */
static void put_alike(struct page *page, const struct explained *explained, const struct plan_layout *layout,
                      const struct plan_row *row)
{
	put(page, "<details><summary class=\"row\">");
	put_cells(page, explained, layout, row);
	put(page, "</summary>\n");
	for (size_t node = row->node; node < row->until; node++) {
		struct plan_row one = {.node = node, .until = node + 1, .depth = row->depth + 1};
		put(page, "<div class=\"row\">");
		put_cells(page, explained, layout, &one);
		put(page, "</div>\n");
		put_more(page, layout->plan, &one);
	}
	put(page, "</details>\n");
}

static void put_head(struct page *page, const struct plan_layout *layout)
{
	strbuf_printf(page->out, "<div class=\"row head\"><span>%%</span><span>%s</span><span></span><span>rows</span>"
	                         "<span>%s</span><span>%s</span><span class=\"node\">node</span></div>\n",
	              plan_measure_name(layout->measure), layout->plan->analyzed ? "estimate" : "",
	              layout->plan->has_buffers ? "pages" : "");
}

static void put_tree(struct page *page, const struct explained *explained)
{
	const struct query_plan *plan = explained->plan;
	struct plan_layout layout = plan_layout_new(page->arena, plan, NULL, plan_measure_best(plan), false);

	put(page, "<div class=\"tree\">\n");
	put_head(page, &layout);
	for (size_t i = 0; i < layout.rows.count; i++) {
		const struct plan_row *row = &layout.rows.items[i];
		size_t next = i + 1 < layout.rows.count ? layout.rows.items[i + 1].depth : 0;
		if (row->alike) {
			put_alike(page, explained, &layout, row);
		} else {
			put(page, row->opens ? "<details open><summary class=\"row\">" : "<div class=\"row\">");
			put_cells(page, explained, &layout, row);
			put(page, row->opens ? "</summary>\n" : "</div>\n");
			put_more(page, plan, row);
		}
		for (size_t depth = row->depth; depth > next && next <= row->depth; depth--)
			put(page, "</details>\n");
	}
	put(page, "</div>\n");
}

/* ---- the rest ---- */

static void put_chips(struct page *page, const struct explained *explained)
{
	struct plan_facts facts = {0};

	plan_facts_of_plan(page->arena, explained->plan, &facts);
	put(page, "<ul class=\"chips\">");
	for (size_t i = 0; i < facts.list.count; i++) {
		put(page, "<li>");
		element(page, "b", facts.list.items[i].name);
		say(page, facts.list.items[i].value);
		put(page, "</li>");
	}
	strbuf_printf(page->out, "<li><b>shape</b>%s</li></ul>\n", explained->shape.hex);
}

static void put_findings(struct page *page, const struct explained *explained)
{
	if (explained->findings.count)
		element(page, "h2", "findings");
	for (size_t i = 0; i < explained->findings.count; i++) {
		const struct plan_finding *finding = &explained->findings.items[i];
		const char *severity = plan_severity_name(finding->severity);
		strbuf_printf(page->out, "\n<div class=\"finding %s\" id=\"%sfinding%zu\"><p><span class=\"word\">[%zu] %s"
		                         "</span> ", severity, page->prefix, i + 1, i + 1, severity);
		say(page, finding->sentence);
		if (finding->node != SIZE_MAX)
			strbuf_printf(page->out, " <a class=\"mark\" href=\"#%snode%zu\">&#8593;</a>", page->prefix,
			              finding->node);
		put(page, "</p>");
		if (finding->sql)
			put_code(page, finding->sql);
		put(page, "</div>\n");
	}
}

static void put_outside(struct page *page, const struct explained *explained)
{
	struct plan_facts facts = {0};

	plan_facts_outside(page->arena, explained->plan, &facts);
	if (facts.list.count == 0)
		return;
	element(page, "h2", "outside the tree");
	put_facts(page, &facts);
}

static void put_history(struct page *page, const struct explained *explained)
{
	if (explained->history.count == 0)
		return;
	element(page, "h2", "this query before");
	put(page, "<ul>");
	for (size_t i = 0; i < explained->history.count; i++)
		element(page, "li", explained->history.items[i]);
	put(page, "</ul>\n");
}

static void put_sources(struct page *page, const struct explained *explained)
{
	if (explained->query) {
		element(page, "h2", "query");
		put_code(page, explained->query);
	}
	if (explained->source) {
		put(page, "<details><summary><h2 style=\"display:inline\">plan as it was printed</h2></summary>");
		put_code(page, explained->source);
		put(page, "</details>\n");
	}
}

static void begin(struct page *page, const char *title)
{
	put(page, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	          "<meta http-equiv=\"Content-Security-Policy\" "
	          "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
	say(page, title);
	strbuf_printf(page->out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", EXPLAIN_STYLE);
}

static void end(struct page *page)
{
	put(page, "<footer>pgsluice " PACKAGE_VERSION "</footer>\n</body>\n</html>\n");
}

void explain_print_html(struct strbuf *out, const struct explained *explained)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct page page = {.out = out, .arena = arena, .prefix = ""};

	begin(&page, explained->verdict);
	element(&page, "h1", explained->verdict);
	put_chips(&page, explained);
	element(&page, "h2", "plan");
	put_tree(&page, explained);
	put_findings(&page, explained);
	put_outside(&page, explained);
	put_history(&page, explained);
	put_sources(&page, explained);
	end(&page);
}

/* ---- two plans ---- */

static const char *fact_of(const struct plan_facts *facts, const char *name)
{
	for (size_t i = 0; i < facts->list.count; i++)
		if (strcmp(facts->list.items[i].name, name) == 0)
			return facts->list.items[i].value;
	return NULL;
}

static void put_table(struct page *page, const struct plan_comparison *comparison)
{
	static const char *const NAMES[] = {"execution", "planning", "pages", "temporary files", "cost"};
	struct plan_facts before = {0}, after = {0};

	plan_facts_of_plan(page->arena, comparison->before.plan, &before);
	plan_facts_of_plan(page->arena, comparison->after.plan, &after);
	put(page, "<table><tr><th></th><th>before</th><th>after</th></tr>\n");
	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
		const char *one = fact_of(&before, NAMES[i]), *other = fact_of(&after, NAMES[i]);
		if (!one && !other)
			continue;
		put(page, "<tr>");
		element(page, "th", NAMES[i]);
		element(page, "td", one ? one : "none");
		element(page, "td", other ? other : "none");
		put(page, "</tr>\n");
	}
	strbuf_printf(page->out, "<tr><th>shape</th><td>%s</td><td>%s</td></tr></table>\n", comparison->before.shape.hex,
	              comparison->after.shape.hex);
}

static void put_changes(struct page *page, const struct plan_comparison *comparison)
{
	element(page, "h2", "changes");
	if (comparison->changes.count == 0)
		put(page, "<p>none that weigh</p>\n");
	for (size_t i = 0; i < comparison->changes.count; i++) {
		const struct plan_change *change = &comparison->changes.items[i];
		strbuf_printf(page->out, "<div class=\"change%s\"><span class=\"word\">%s</span> ",
		              change->worse ? " worse" : "", plan_change_kind_name(change->kind));
		say(page, change->text);
		put(page, "</div>\n");
	}
}

static void put_side(struct page *page, const char *name, const char *prefix, const struct explained *explained)
{
	page->prefix = prefix;
	put(page, "<section>");
	element(page, "h2", name);
	element(page, "h3", explained->verdict);
	put_tree(page, explained);
	put_findings(page, explained);
	put_outside(page, explained);
	put_sources(page, explained);
	put(page, "</section>\n");
}

void explain_print_html_diff(struct strbuf *out, const struct plan_comparison *comparison)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct page page = {.out = out, .arena = arena, .prefix = ""};
	const char *outcome = plan_outcome_name(comparison->judgement.outcome);

	begin(&page, arena_printf(arena, "%s: %s", outcome, comparison->judgement.reason));
	strbuf_printf(out, "<h1><span class=\"%s\">%s</span>: ", outcome, outcome);
	say(&page, comparison->judgement.reason);
	put(&page, "</h1>\n");
	put_table(&page, comparison);
	put_changes(&page, comparison);
	put(&page, "<div class=\"sides\">\n");
	put_side(&page, "before", "before-", &comparison->before);
	put_side(&page, "after", "after-", &comparison->after);
	put(&page, "</div>\n");
	end(&page);
}
