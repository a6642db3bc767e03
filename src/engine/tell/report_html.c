#include "engine/tell/report_html.h"

#include <inttypes.h>
#include <string.h>

#include "base/html.h"
#include "base/stamp.h"
#include "base/text.h"
#include "core/migration/target.h"
#include "core/report/chart.h"

enum { PLAN_SHOWN = 30, HELD_MS = 1000 };

struct page {
	struct strbuf *out;
	struct arena *arena;
	const struct report *report;
};

/* ---- text ---- */

static void put(struct page *page, const char *markup)
{
	strbuf_puts(page->out, markup);
}

static void say(struct page *page, const char *text)
{
	html_text(page->out, text ? text : "", false);
}

static void element(struct page *page, const char *name, const char *text)
{
	strbuf_printf(page->out, "<%s>", name);
	say(page, text);
	strbuf_printf(page->out, "</%.*s>", (int)strcspn(name, " "), name);
}

static void fact(struct page *page, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	element(page, "dt", name);
	element(page, "dd", value);
}

/* ---- how it ended ---- */

static const char *title_of(struct page *page)
{
	const struct report *report = page->report;
	bool named = report->environment && *report->environment;
	const char *place = report->target ? report->target->database : "a target that was not reached";
	bool back = strcmp(report->command, "rollback") == 0;

	return arena_printf(page->arena, "%s on %s%s%s%s", back ? "Rollback" : "Migrations", place, named ? " (" : "",
	                    named ? report->environment : "", named ? ")" : "");
}

static const char *outcome_of(struct page *page)
{
	const struct status_row *status = status_get(page->report->status);
	if (status->exit_code == 0)
		return "done";
	return arena_printf(page->arena, "stopped with exit %d (%s)", status->exit_code, status->name);
}

static void put_facts(struct page *page)
{
	const struct report *report = page->report;
	const struct target *target = report->target;
	int64_t took_ms = report->ended_ms - report->started_ms;

	put(page, "<dl class=\"facts\">");
	fact(page, "run", arena_printf(page->arena, "%s (%s)", report->run_id, report->command));
	if (target)
		fact(page, "target",
		     arena_printf(page->arena, "system %s, timeline %s, database oid %s", target->system_identifier,
		                  target->timeline, target->database_oid));
	if (target)
		fact(page, "server", target->server_version_text);
	if (report->plan)
		fact(page, "plan id", json_get_text(report->plan, "plan_id"));
	fact(page, "started", stamp_text(page->arena, report->started_ms));
	fact(page, "ended", arena_printf(page->arena, "%s, after %s", stamp_text(page->arena, report->ended_ms),
	                                 text_duration(page->arena, took_ms)));
	fact(page, "pgsluice", report->tool_version);
	put(page, "</dl>\n");
}

static void put_outcome(struct page *page)
{
	const struct report *report = page->report;
	bool good = status_get(report->status)->exit_code == 0;

	put(page, "<header>\n");
	element(page, "h1", title_of(page));
	strbuf_printf(page->out, "<p class=\"outcome %s\">", good ? "good" : "bad");
	element(page, "strong", outcome_of(page));
	if (!good) {
		put(page, " ");
		say(page, report->reason);
	}
	put(page, "</p>\n");
	if (report->hint) {
		put(page, "<p class=\"hint\">");
		element(page, "strong", "What to do next:");
		put(page, " ");
		say(page, report->hint);
		put(page, "</p>\n");
	}
	put_facts(page);
	put(page, "</header>\n");
}

/* "passed, 2 notes": what was noted refuses nothing, and should be read all the same. */
static const char *state_of(struct page *page, enum gate gate)
{
	const char *state = gate_state_name(page->report->checklist->states[gate]);
	const struct check_list *checks = &page->report->evidence[gate].checks;
	size_t notes = 0;

	for (size_t i = 0; i < checks->count; i++)
		notes += !checks->items[i].ok && checks->items[i].warning;
	if (notes == 0)
		return state;
	return arena_printf(page->arena, "%s, %zu note%s", state, notes, notes == 1 ? "" : "s");
}

static void put_checklist(struct page *page)
{
	put(page, "<ol class=\"gates\">\n");
	for (enum gate gate = 0; gate < GATE_COUNT; gate++) {
		const char *state = gate_state_name(page->report->checklist->states[gate]);
		bool made = page->report->evidence[gate].checks.count > 0;
		strbuf_printf(page->out, "<li class=\"%s\">", state);
		if (made)
			strbuf_printf(page->out, "<a href=\"#%s\">", gate_get(gate)->name);
		element(page, "b", gate_get(gate)->title);
		put(page, made ? "</a> " : " ");
		element(page, "span", state_of(page, gate));
		put(page, "</li>\n");
	}
	put(page, "</ol>\n");
}

/* ---- over time ---- */

static void put_gate_times(struct page *page)
{
	const struct series_set *series = page->report->series;

	if (!series || series->gates.count == 0)
		return;
	element(page, "h2", "Where the time went");
	put(page, "<figure class=\"wide\">");
	chart_spans(page->out, page->arena, series->gates.items, series->gates.count, page->report->started_ms,
	            page->report->ended_ms);
	put(page, "</figure>\n");
}

static void put_summary(struct page *page, const struct series_group *group, const struct series_told *told,
                        int64_t begin_ms, int64_t end_ms)
{
	struct series_summary summary;

	put(page, "<table><tr><th></th><th>least</th><th>mean</th><th>most</th><th>at</th></tr>\n");
	for (size_t i = 0; i < SERIES_IN_GROUP && group->rows[i].name; i++) {
		if (!series_summary(&told->series[i], end_ms, &summary))
			continue;
		strbuf_printf(page->out, "<tr><th><i class=\"s%zu\"></i>", i);
		say(page, group->rows[i].label);
		put(page, "</th>");
		element(page, "td", series_figure(page->arena, group->unit, summary.least));
		element(page, "td", series_figure(page->arena, group->unit, summary.mean));
		element(page, "td", series_figure(page->arena, group->unit, summary.most));
		element(page, "td", chart_time(page->arena, summary.most_at_ms - begin_ms));
		put(page, "</tr>\n");
	}
	if (group->limit_label && told->limit > 0) {
		put(page, "<tr><th><i class=\"limit\"></i>");
		say(page, group->limit_label);
		put(page, "</th><td></td><td></td>");
		element(page, "td", series_figure(page->arena, group->unit, told->limit));
		put(page, "<td></td></tr>\n");
	}
	put(page, "</table>");
}

static void put_chart(struct page *page, size_t number, const struct series_group *group, int64_t begin_ms,
                      int64_t end_ms)
{
	const struct series_told *told = &page->report->series->told[number];

	put(page, "<figure>");
	element(page, "h3", group->title);
	element(page, "p", group->about);
	chart_series(page->out, page->arena, page->report->series, number, begin_ms, end_ms);
	put(page, "<figcaption>");
	put_summary(page, group, told, begin_ms, end_ms);
	put(page, "</figcaption></figure>\n");
}

static void put_unavailable(struct page *page, const struct series_group *groups, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct series_told *told = &page->report->series->told[i];
		if (!told->unavailable || series_is_told(&groups[i], told))
			continue;
		put(page, "<p class=\"none\">");
		say(page, groups[i].title);
		put(page, ": not measured, ");
		say(page, told->unavailable);
		put(page, ".</p>\n");
	}
}

/* The probe's own histograms: of all answers, where the chart has each second's percentiles. */
static void put_latency(struct page *page)
{
	static const char *const NAMES[] = {"before", "during", "after"};
	enum { COUNT = sizeof(NAMES) / sizeof(NAMES[0]) };
	const struct json *latency = json_get(page->report->evidence[GATE_APPLY].data, "latency");
	struct chart_phase *phases = arena_alloc(page->arena, COUNT * sizeof(*phases));
	size_t any = 0;

	for (size_t i = 0; latency && i < COUNT; i++) {
		phases[i].name = NAMES[i];
		any += histogram_read(json_get(json_get(latency, NAMES[i]), "histogram"), &phases[i].latency) &&
		       phases[i].latency.count > 0;
	}
	if (!any)
		return;
	put(page, "<figure><h3>Latencies before, during and after the apply</h3><p>What share of the probe's answers took "
	          "how long; the axis is stretched where shares are small.</p>");
	chart_latency(page->out, page->arena, phases, COUNT);
	put(page, "<figcaption><table><tr><th></th><th>asked</th><th>p50</th><th>p99</th><th>longest</th></tr>\n");
	for (size_t i = 0; i < COUNT; i++) {
		const struct histogram *of = &phases[i].latency;
		strbuf_printf(page->out, "<tr><th><i class=\"s%zu\"></i>%s</th><td>%" PRId64 "</td>", i, NAMES[i],
		              of->count);
		element(page, "td", of->count ? text_latency(page->arena, histogram_percentile(of, 0.5)) : "-");
		element(page, "td", of->count ? text_latency(page->arena, histogram_percentile(of, 0.99)) : "-");
		element(page, "td", of->count ? text_latency(page->arena, of->most_us) : "-");
		put(page, "</tr>\n");
	}
	put(page, "</table></figcaption></figure>\n");
}

static void put_marks(struct page *page, int64_t begin_ms)
{
	const struct series_set *series = page->report->series;

	if (series->marks.count == 0)
		return;
	element(page, "h2", "What went on meanwhile");
	put(page, "<table class=\"marks\">\n");
	for (size_t i = 0; i < series->marks.count; i++) {
		put(page, "<tr>");
		element(page, "th", chart_time(page->arena, series->marks.items[i].at_ms > begin_ms
		                                                    ? series->marks.items[i].at_ms - begin_ms
		                                                    : 0));
		element(page, "td", series->marks.items[i].text);
		put(page, "</tr>\n");
	}
	put(page, "</table>\n");
	if (series->marks_left_out)
		strbuf_printf(page->out, "<p class=\"none\">%zu more are in the record of the run.</p>\n",
		              series->marks_left_out);
}

static void put_live(struct page *page)
{
	const struct series_set *series = page->report->series;
	size_t count;
	const struct series_group *groups = series_groups(&count);
	int64_t begin_ms = 0, end_ms = 0;

	if (!series || !series_times(series, &begin_ms, &end_ms))
		return;
	/* The last figure held for a moment too. */
	end_ms = page->report->ended_ms > end_ms + HELD_MS ? end_ms + HELD_MS : page->report->ended_ms;
	element(page, "h2", "Live meanwhile");
	put(page, "<p>Measured while live was changed and watched, from ");
	say(page, stamp_text(page->arena, begin_ms));
	put(page, " on; shaded is a migration at work, a triangle something that went wrong or that somebody asked for."
	          "</p>\n"
	          "<div class=\"charts\">\n");
	for (size_t i = 0; i < count; i++) {
		if (series_is_told(&groups[i], &series->told[i]))
			put_chart(page, i, &groups[i], begin_ms, end_ms);
		if (i == 0)
			put_latency(page);
	}
	put(page, "</div>\n");
	put_unavailable(page, groups, count);
	put_marks(page, begin_ms);
}

/* ---- plan, what was applied, evidence ---- */

static void put_applied(struct page *page)
{
	const struct report *report = page->report;
	int64_t longest_ms = 1;

	element(page, "h2", "Applied");
	if (report->applied.count == 0) {
		put(page, "<p>Nothing was written to live.</p>\n");
		return;
	}
	for (size_t i = 0; i < report->applied.count; i++)
		if (report->applied.items[i].duration_ms > longest_ms)
			longest_ms = report->applied.items[i].duration_ms;
	put(page, "<table>\n<tr><th>version</th><th>name</th><th>outcome</th><th>duration</th><th></th></tr>\n");
	for (size_t i = 0; i < report->applied.count; i++) {
		const struct report_applied *applied = &report->applied.items[i];
		int64_t took_ms = applied->duration_ms;
		put(page, "<tr>");
		element(page, "td", applied->version);
		element(page, "td", applied->name);
		element(page, "td", applied->outcome);
		element(page, "td class=\"figure\"", took_ms < 0 ? "unknown" : text_duration(page->arena, took_ms));
		strbuf_printf(page->out, "<td class=\"bar\"><i style=\"width:%.1f%%\"></i></td></tr>\n",
		              took_ms < 0 ? 0 : 100 * (double)took_ms / (double)longest_ms);
	}
	put(page, "</table>\n");
}

/* The statements of what is applied were not read: that is not 0. */
static void put_steps(struct page *page, size_t count)
{
	element(page, "td class=\"figure\"", count ? arena_printf(page->arena, "%zu", count) : "");
}

static void put_plan(struct page *page)
{
	static const char *const COLUMNS[] = {"version", "name", "state", "transaction"};
	const struct json *migrations = json_get(page->report->plan, "migrations");
	size_t count = json_count(migrations);

	element(page, "h2", "Plan");
	if (count == 0) {
		put(page, "<p>There was nothing in the plan.</p>\n");
		return;
	}
	strbuf_printf(page->out, "<details%s><summary>%zu migration%s</summary>\n", count > PLAN_SHOWN ? "" : " open",
	              count, count == 1 ? "" : "s");
	put(page, "<table>\n<tr><th>version</th><th>name</th><th>state</th><th>transaction</th><th>steps</th><th></th>"
	          "</tr>\n");
	for (size_t i = 0; i < count; i++) {
		const struct json *migration = json_at(migrations, i);
		put(page, "<tr>");
		for (size_t j = 0; j < sizeof(COLUMNS) / sizeof(COLUMNS[0]); j++)
			element(page, "td", json_get_text(migration, COLUMNS[j]));
		put_steps(page, json_count(json_get(migration, "steps")));
		element(page, "td", json_get_text(migration, "reason"));
		put(page, "</tr>\n");
	}
	put(page, "</table></details>\n");
}

static const char *result_of(const struct check *check)
{
	if (check->ok)
		return "ok";
	return check->warning ? "warning" : check->waived_because ? "waived" : "failed";
}

static void put_check(struct page *page, const struct check *check)
{
	const char *result = result_of(check);
	bool limited = check->limit && strcmp(check->limit, "-") != 0;

	strbuf_printf(page->out, "<tr class=\"%s\"><td><span class=\"state %s\">%s</span></td>", result, result, result);
	element(page, "th", check->name);
	put(page, "<td>");
	say(page, check->measured);
	if (check->waived_because) {
		put(page, "<p>Waived: ");
		say(page, check->waived_because);
		put(page, "</p>");
	}
	if (!check->ok && check->hint)
		element(page, "p", check->hint);
	put(page, "</td>");
	element(page, "td", limited ? check->limit : "");
	put(page, "</tr>\n");
}

static void put_gate(struct page *page, enum gate gate)
{
	const struct evidence *evidence = &page->report->evidence[gate];
	const char *state = gate_state_name(page->report->checklist->states[gate]);
	bool open = page->report->checklist->states[gate] != GATE_PASSED;

	if (evidence->checks.count == 0)
		return;
	strbuf_printf(page->out, "<details id=\"%s\"%s><summary><b>%s</b> <span class=\"state %s\">%s</span> ",
	              gate_get(gate)->name, open ? " open" : "", gate_get(gate)->title, state, state_of(page, gate));
	element(page, "span", gate_get(gate)->question);
	put(page, "</summary>\n<p>Taken at ");
	say(page, stamp_text(page->arena, evidence->taken_ms));
	if (evidence->valid_until_ms > evidence->taken_ms) {
		put(page, ", valid until ");
		say(page, stamp_text(page->arena, evidence->valid_until_ms));
	}
	if (evidence->run_id && strcmp(evidence->run_id, page->report->run_id) != 0) {
		put(page, ", by the earlier run ");
		say(page, evidence->run_id);
	}
	put(page, ".</p>\n<table class=\"checks\">\n<tr><th></th><th>check</th><th>measured</th><th>limit</th></tr>\n");
	for (size_t i = 0; i < evidence->checks.count; i++)
		put_check(page, &evidence->checks.items[i]);
	put(page, "</table></details>\n");
}

void report_html(struct strbuf *out, const struct report *report)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct page page = {.out = out, .arena = arena, .report = report};

	put(&page, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	           "<meta http-equiv=\"Content-Security-Policy\" "
	           "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
	say(&page, arena_printf(arena, "%s: %s", title_of(&page), outcome_of(&page)));
	strbuf_printf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", REPORT_STYLE);
	put_outcome(&page);
	put_checklist(&page);
	put_gate_times(&page);
	put_applied(&page);
	put_live(&page);
	if (report->plan)
		put_plan(&page);
	element(&page, "h2", "Evidence");
	for (enum gate gate = 0; gate < GATE_COUNT; gate++)
		put_gate(&page, gate);
	element(&page, "footer", report->again ? "Made again from the record of the run."
	                                       : "The facts that each gate kept, and the figures of the charts, are in the "
	                                         "JSON report beside this one.");
	put(&page, "\n</body>\n</html>\n");
}
