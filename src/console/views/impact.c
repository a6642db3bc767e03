#include "console/views/impact.h"

#include <inttypes.h>

#include "base/text.h"
#include "console/terminal/signs.h"
#include "console/views/live.h"

enum { LABEL_AT = 12, WORSE_TIMES = 2 };

/* The figure of the newest sample; false where that has none, whatever was told before it. */
static bool read_now(const struct live_page *page, enum model_series_id id, double *ret_value)
{
	const struct model_series *series = &page->figures->live->series[id];
	const struct model_sample *sample = live_sample(page->figures, model_series_sampler(id));

	if (series->count == 0)
		return false;
	const struct model_point *newest = model_point(series, series->count - 1);
	*ret_value = newest->value;
	return !sample || newest->at_ms >= sample->at_ms;
}

/* "before > now" of a series; now alone where nothing was told before. `bad`: it is much worse than it was. */
static void write_pair(struct live_page *page, const char *label, enum model_series_id id, bool bad)
{
	const struct model_live *live = page->figures->live;
	const char *sampler = model_series_sampler(id);
	double now;

	if (live->series[id].count == 0)
		return;
	const char *before = "", *value = read_now(page, id, &now) ? live_series_text(page->arena, id, now) : "-";
	const char *age = "";
	if (live->changing && live->has_before[id])
		before = arena_printf(page->arena, "%s %s ", live_series_text(page->arena, id, live->before[id]),
		                      canvas_glyph(page->signs, GLYPH_ARROW));
	if (live_is_stale(page->figures, sampler))
		age = arena_printf(page->arena, " (%s)", live_age(page->arena, page->figures, sampler));
	int used = page->paper.lines.items[page->paper.lines.count - 1].columns;
	int needed = text_columns(label) + text_columns(before) + text_columns(value) + text_columns(age) + 2;
	if (page->width && used + needed > page->width) {
		paper_line(&page->paper);
		paper_tab(&page->paper, LABEL_AT);
	}
	paper_span(&page->paper, STYLE_DIM, "%s %s", label, before);
	paper_span(&page->paper, bad ? STYLE_BAD : STYLE_TEXT, "%s%s", value, bad ? "!" : "");
	paper_span(&page->paper, STYLE_CAUTION, "%s  ", age);
}

static bool is_far_below(const struct live_page *page, enum model_series_id id)
{
	const struct model_live *live = page->figures->live;
	double now;

	return live->changing && live->has_before[id] && read_now(page, id, &now) &&
	       now * WORSE_TIMES < live->before[id];
}

/* Figures that are too old say so. */
static void write_stale(struct live_page *page, const char *sampler)
{
	if (live_is_stale(page->figures, sampler))
		paper_span(&page->paper, STYLE_CAUTION, "(%s)  ", live_age(page->arena, page->figures, sampler));
}

static void write_percentile(struct live_page *page, const char *name, const char *key, bool bad)
{
	const struct json *values = live_values(page, "latency"), *before = json_get(values, "before");

	paper_span(&page->paper, STYLE_DIM, "%s ", name);
	if (before)
		paper_span(&page->paper, STYLE_DIM, "%s %s ", live_latency(page, before, key),
		           canvas_glyph(page->signs, GLYPH_ARROW));
	paper_span(&page->paper, bad ? STYLE_BAD : STYLE_TEXT, "%s%s  ", live_latency(page, values, key),
	           bad ? "!" : "");
}

/* The probe tells what it measured before itself. */
static void write_latency(struct live_page *page)
{
	const struct json *values = live_values(page, "latency"), *before = json_get(values, "before");
	bool silent = model_probe_is_silent(values);
	double now, then, longest;
	bool bad = !silent && model_number(json_get(values, "p99_us"), &now) &&
	           model_number(json_get(before, "p99_us"), &then) && now > then * WORSE_TIMES;

	paper_line(&page->paper);
	paper_span(&page->paper, STYLE_DIM, " latency");
	paper_tab(&page->paper, LABEL_AT);
	if (!values) {
		paper_span(&page->paper, STYLE_DIM, "not measured: --probe asks on the way that applications take");
		return;
	}
	write_stale(page, "latency");
	write_percentile(page, "p50", "p50_us", false);
	write_percentile(page, "p99", "p99_us", bad);
	if (silent && live_longest(values, &longest))
		paper_span(&page->paper, STYLE_BAD, "no answer for %s!  ", text_latency(page->arena, (int64_t)longest));
	else if (silent)
		paper_span(&page->paper, STYLE_BAD, "no answer!  ");
	if (json_get_int(values, "failed") > 0)
		paper_span(&page->paper, STYLE_BAD, "%" PRId64 " failed", json_get_int(values, "failed"));
}

static const struct json *our_wait(const struct json *sessions)
{
	for (size_t i = 0; i < json_count(sessions); i++)
		if (json_get_bool(json_at(sessions, i), "ours") && json_get_bool(json_at(sessions, i), "waiting"))
			return json_at(sessions, i);
	return NULL;
}

static const char *application_of(const struct json *sessions, int64_t pid)
{
	for (size_t i = 0; i < json_count(sessions); i++)
		if (json_get_int(json_at(sessions, i), "pid") == pid)
			return live_text(json_at(sessions, i), "application");
	return "";
}

static void write_queue(struct live_page *page)
{
	const struct model_sample *sample = live_sample(page->figures, "locks");
	const struct json *locks = live_values(page, "locks"), *sessions = json_get(locks, "sessions");
	const struct json *wait = our_wait(sessions), *blockers = json_get(wait, "blocked_by");
	int64_t behind = json_get_int(locks, "behind_us");

	paper_line(&page->paper);
	paper_span(&page->paper, STYLE_DIM, " locks");
	paper_tab(&page->paper, LABEL_AT);
	if (!locks) {
		const char *why = sample ? json_get_text(sample->values, "unavailable") : NULL;
		paper_span(&page->paper, STYLE_DIM, "not seen%s%s", why ? ": " : "", why ? why : "");
		return;
	}
	write_stale(page, "locks");
	if (behind > 0)
		paper_span(&page->paper, STYLE_BAD, "%" PRId64 " wait%s behind us, %s!  ", behind, behind == 1 ? "s" : "",
		           live_duration(page, locks, "behind_us_ms"));
	else
		paper_span(&page->paper, STYLE_GOOD, "nobody waits behind us  ");
	if (!wait)
		return;
	paper_span(&page->paper, STYLE_CAUTION, "we wait %s", live_duration(page, wait, "wait_ms"));
	for (size_t i = 0; i < json_count(blockers); i++) {
		int64_t pid = json_get_int(json_at(blockers, i), "pid");
		paper_span(&page->paper, STYLE_CAUTION, "%s %" PRId64 " %s", i ? "," : " behind", pid,
		           application_of(sessions, pid));
	}
}

static void write_load(struct live_page *page)
{
	paper_line(&page->paper);
	paper_span(&page->paper, STYLE_DIM, " load");
	paper_tab(&page->paper, LABEL_AT);
	write_pair(page, "commits/s", SERIES_COMMITS, is_far_below(page, SERIES_COMMITS));
	write_pair(page, "WAL/s", SERIES_WAL, false);
	write_pair(page, "lag", SERIES_LAG, false);
	write_pair(page, "pool queue", SERIES_QUEUE, false);
	write_pair(page, "free", SERIES_FREE, false);
}

/* The last thing that happened since the apply began. */
static void write_newest(struct live_page *page, int64_t since_ms)
{
	const struct model_live *live = page->figures->live;
	const struct model_incident *newest =
		live->incident_count ? model_incident(live, live->incident_count - 1) : NULL;

	if (!newest || newest->at_ms < since_ms)
		return;
	paper_line(&page->paper);
	paper_span(&page->paper, STYLE_DIM, " %s", age_text(page->arena, newest->at_ms, page->figures->now_ms));
	paper_tab(&page->paper, LABEL_AT);
	paper_span(&page->paper, newest->bad ? STYLE_BAD : STYLE_CAUTION, "%s", newest->text);
}

struct paper impact_write(const struct scene *scene, const struct canvas *signs, int width)
{
	const struct model *model = scene->model;
	struct live_figures figures = {
		.samples = model->samples.items,
		.count = model->samples.count,
		.live = model->live,
		.now_ms = scene->now_ms,
	};
	struct live_page page = {
		.paper = paper_on(scene->tick, width),
		.arena = scene->tick,
		.figures = &figures,
		.signs = signs,
		.width = width,
	};
	if (!figures.live || !live_is_sampled(&figures))
		return page.paper;
	write_latency(&page);
	write_queue(&page);
	write_load(&page);
	write_newest(&page, model->gates[GATE_APPLY].began_ms);
	return page.paper;
}
