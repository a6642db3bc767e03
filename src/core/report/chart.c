#include "core/report/chart.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/html.h"
#include "base/text.h"

/* In the picture's own units; the page scales it. */
enum { WIDTH = 640, HEIGHT = 198, LEFT = 66, RIGHT = 10, TOP = 24, BOTTOM = 22, TICKS_MOST = 8, NAME_WIDTH = 7 };

struct picture {
	struct strbuf *out;
	struct arena *arena;
	int64_t begin_ms, end_ms;
	double bottom, top;      /* of the values; their logarithms where it is logarithmic */
	bool logarithmic;
	enum series_unit unit;
};

static void put_text(struct picture *picture, const char *class, double x, double y, const char *anchor,
                     const char *text)
{
	strbuf_printf(picture->out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", class, x, y, anchor);
	html_text(picture->out, text, false);
	strbuf_puts(picture->out, "</text>");
}

static void put_across(struct picture *picture, const char *class, double y)
{
	strbuf_printf(picture->out, "<line class=\"%s\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", class, LEFT,
	              WIDTH - RIGHT, y, y);
}

static void put_title(struct picture *picture, const char *text)
{
	strbuf_puts(picture->out, "<title>");
	html_text(picture->out, text, false);
	strbuf_puts(picture->out, "</title>");
}

static void begin_picture(struct picture *picture, int height, const char *name)
{
	strbuf_printf(picture->out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH, height);
	html_text(picture->out, name, false);
	strbuf_puts(picture->out, "\">\n");
}

static void end_picture(struct picture *picture)
{
	strbuf_puts(picture->out, "</svg>\n");
}

const char *chart_time(struct arena *arena, int64_t since_ms)
{
	int64_t seconds = since_ms / 1000;
	if (seconds < 3600)
		return arena_printf(arena, "%" PRId64 ":%02" PRId64, seconds / 60, seconds % 60);
	return arena_printf(arena, "%" PRId64 ":%02" PRId64 ":%02" PRId64, seconds / 3600, seconds / 60 % 60, seconds % 60);
}

/* ---- scales ---- */

static double x_of(const struct picture *picture, int64_t at_ms)
{
	double share = (double)(at_ms - picture->begin_ms) / (double)(picture->end_ms - picture->begin_ms);
	return LEFT + (share < 0 ? 0 : share > 1 ? 1 : share) * (WIDTH - LEFT - RIGHT);
}

static double y_of(const struct picture *picture, double value)
{
	double place = !picture->logarithmic ? value : value > 0 ? log10(value) : picture->bottom;
	double share = (place - picture->bottom) / (picture->top - picture->bottom);
	return HEIGHT - BOTTOM - (share < 0 ? 0 : share > 1 ? 1 : share) * (HEIGHT - BOTTOM - TOP);
}

/* Where a step were 0, there were no end of them. */
static const double STEP_LEAST = 1e-6;

/* 1, 2 or 5 of a power of ten; of bytes, a power of two. */
static double nice_step(double most, bool binary)
{
	enum { STEPS = 4 };
	double wanted = most / STEPS;
	if (wanted <= 0)
		return 1;
	if (wanted < STEP_LEAST)
		return STEP_LEAST;
	if (binary)
		return pow(2, ceil(log2(wanted)));
	double power = pow(10, floor(log10(wanted)));
	double digit = wanted / power;
	return (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10) * power;
}

static bool in_bytes(enum series_unit unit)
{
	return unit == SERIES_BYTES || unit == SERIES_BYTES_PER_S;
}

static void put_level(struct picture *picture, double value)
{
	double y = y_of(picture, value);
	put_across(picture, "grid", y);
	put_text(picture, "label", LEFT - 6, y + 4, "end", series_figure(picture->arena, picture->unit, value));
}

static void put_levels(struct picture *picture, double least, double most)
{
	if (picture->logarithmic) {
		picture->bottom = floor(log10(least > 0 ? least : 1));
		picture->top = ceil(log10(most > 1 ? most : 2));
		if (picture->top <= picture->bottom)
			picture->top = picture->bottom + 1;
		for (double power = picture->bottom; power <= picture->top; power++)
			put_level(picture, pow(10, power));
		return;
	}
	double step = nice_step(most, in_bytes(picture->unit));
	bool whole = picture->unit == SERIES_NUMBER || picture->unit == SERIES_MS;
	if (whole && step < 1)
		step = 1;
	int steps = most > 0 ? (int)ceil(most / step) : 1;
	picture->bottom = 0;
	picture->top = steps * step;
	for (int i = 0; i <= steps; i++)
		put_level(picture, i * step);
}

static void put_times(struct picture *picture)
{
	static const int STEPS_S[] = {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400};
	int64_t step_ms = 0, length_ms = picture->end_ms - picture->begin_ms;

	for (size_t i = 0; i < sizeof(STEPS_S) / sizeof(STEPS_S[0]); i++) {
		step_ms = INT64_C(1000) * STEPS_S[i];
		if (length_ms / step_ms <= TICKS_MOST)
			break;
	}
	while (length_ms / step_ms > TICKS_MOST)
		step_ms *= 2;
	for (int64_t at_ms = 0; at_ms <= length_ms; at_ms += step_ms)
		put_text(picture, "label", x_of(picture, picture->begin_ms + at_ms), HEIGHT - 6, at_ms ? "middle" : "start",
		         chart_time(picture->arena, at_ms));
}

/* ---- a chart over time ---- */

static int64_t span_end(const struct picture *picture, const struct series_span *span)
{
	return span->end_ms ? span->end_ms : picture->end_ms;
}

static const char *span_text(struct picture *picture, const struct series_span *span)
{
	return arena_printf(picture->arena, "%s: %s, %s", span->name, span->state,
	                    text_duration(picture->arena, span_end(picture, span) - span->begin_ms));
}

static void put_spans(struct picture *picture, const struct series_set *set)
{
	for (size_t i = 0; i < set->migrations.count; i++) {
		const struct series_span *span = &set->migrations.items[i];
		if (span->begin_ms >= picture->end_ms || span_end(picture, span) <= picture->begin_ms)
			continue;
		double from = x_of(picture, span->begin_ms), to = x_of(picture, span_end(picture, span));
		strbuf_printf(picture->out, "<g><rect class=\"span %s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>",
		              span->state, from, TOP, to - from < 1 ? 1 : to - from, HEIGHT - BOTTOM - TOP);
		put_title(picture, span_text(picture, span));
		if (to - from > (double)(NAME_WIDTH * strlen(span->name)))
			put_text(picture, "label", (from + to) / 2, TOP - 10, "middle", span->name);
		strbuf_puts(picture->out, "</g>\n");
	}
}

static void put_marks(struct picture *picture, const struct series_set *set)
{
	for (size_t i = 0; i < set->marks.count; i++) {
		const struct series_mark *mark = &set->marks.items[i];
		if (mark->at_ms < picture->begin_ms || mark->at_ms > picture->end_ms)
			continue;
		double x = x_of(picture, mark->at_ms);
		strbuf_printf(picture->out, "<g class=\"mark\"><path d=\"M%.1f %dV%dM%.1f %dl-4 -6h8z\"/>", x, TOP,
		              HEIGHT - BOTTOM, x, TOP);
		put_title(picture, arena_printf(picture->arena, "%s: %s",
		                                chart_time(picture->arena, mark->at_ms - picture->begin_ms), mark->text));
		strbuf_puts(picture->out, "</g>\n");
	}
}

/* A figure holds until the next: its line goes right, then up or down. */
static void put_line(struct picture *picture, const struct series *series, size_t number, const char *label)
{
	bool drawing = false, reaches = false;

	strbuf_printf(picture->out, "<g><path class=\"s%zu\" d=\"", number);
	for (size_t i = 0; i < series->count; i++) {
		const struct series_point *point = &series->points[i];
		double x = x_of(picture, point->at_ms);
		if (drawing)
			strbuf_printf(picture->out, "H%.1f", x);
		if (!point->missing)
			strbuf_printf(picture->out, drawing ? "V%.1f" : "M%.1f %.1f", drawing ? y_of(picture, point->last) : x,
			              y_of(picture, point->last));
		drawing = !point->missing;
		reaches |= drawing && point->least < point->most;
	}
	if (drawing)
		strbuf_printf(picture->out, "H%.1f", x_of(picture, picture->end_ms));
	strbuf_puts(picture->out, "\"/>");
	if (reaches)
		strbuf_printf(picture->out, "<path class=\"s%zu reach\" d=\"", number);
	for (size_t i = 0; reaches && i < series->count; i++)
		if (!series->points[i].missing)
			strbuf_printf(picture->out, "M%.1f %.1fV%.1f", x_of(picture, series->points[i].at_ms),
			              y_of(picture, series->points[i].least), y_of(picture, series->points[i].most));
	if (reaches)
		strbuf_puts(picture->out, "\"/>");
	put_title(picture, label);
	strbuf_puts(picture->out, "</g>\n");
}

/* Far above everything that was measured, a limit would only make that flat. */
static bool shows_limit(const struct series_group *group, const struct series_told *told, double most)
{
	enum { FAR_TIMES = 2 };
	return group->limit_label && told->limit > 0 && (group->logarithmic || told->limit <= most * FAR_TIMES);
}

static void put_limit(struct picture *picture, const struct series_group *group, double limit)
{
	double y = y_of(picture, limit);
	strbuf_puts(picture->out, "<g>");
	put_across(picture, "limit", y);
	put_title(picture, arena_printf(picture->arena, "%s: %s", group->limit_label,
	                                series_figure(picture->arena, picture->unit, limit)));
	strbuf_puts(picture->out, "</g>\n");
}

/* Of everything that is drawn; a zero has no place on a logarithmic scale. */
static void find_extent(const struct series_told *told, double *ret_least, double *ret_most)
{
	double least = 0, most = 0;

	for (size_t i = 0; i < SERIES_IN_GROUP; i++) {
		for (size_t j = 0; j < told->series[i].count; j++) {
			const struct series_point *point = &told->series[i].points[j];
			if (point->missing)
				continue;
			if (point->least > 0 && (least == 0 || point->least < least))
				least = point->least;
			if (point->most > most)
				most = point->most;
		}
	}
	*ret_least = least;
	*ret_most = most;
}

void chart_series(struct strbuf *out, struct arena *arena, const struct series_set *set, size_t group,
                  int64_t begin_ms, int64_t end_ms)
{
	size_t count;
	const struct series_group *row = &series_groups(&count)[group];
	const struct series_told *told = &set->told[group];
	struct picture picture = {.out = out, .arena = arena, .begin_ms = begin_ms, .logarithmic = row->logarithmic,
	                          .end_ms = end_ms > begin_ms ? end_ms : begin_ms + 1000, .unit = row->unit};
	double least, most;

	find_extent(told, &least, &most);
	bool limited = shows_limit(row, told, most);
	if (limited && told->limit > most)
		most = told->limit;
	if (limited && told->limit < least)
		least = told->limit;
	begin_picture(&picture, HEIGHT, row->title);
	put_spans(&picture, set);
	put_levels(&picture, least, most);
	put_times(&picture);
	if (limited)
		put_limit(&picture, row, told->limit);
	for (size_t i = 0; i < SERIES_IN_GROUP && row->rows[i].name; i++)
		if (told->series[i].count)
			put_line(&picture, &told->series[i], i, row->rows[i].label);
	put_marks(&picture, set);
	end_picture(&picture);
}

/* ---- what was at work ---- */

void chart_spans(struct strbuf *out, struct arena *arena, const struct series_span *spans, size_t count,
                 int64_t begin_ms, int64_t end_ms)
{
	enum { ROW = 22, BAR = 14, BEHIND = 100 };
	struct picture picture = {.out = out, .arena = arena, .begin_ms = begin_ms,
	                          .end_ms = end_ms > begin_ms ? end_ms : begin_ms + 1000};
	/* Room for the text behind a bar that reaches to the end. */
	double scale = (double)(WIDTH - LEFT - RIGHT - BEHIND) / (WIDTH - LEFT - RIGHT);

	begin_picture(&picture, (int)count * ROW + 4, "what was at work when");
	for (size_t i = 0; i < count; i++) {
		const struct series_span *span = &spans[i];
		double from = LEFT + (x_of(&picture, span->begin_ms) - LEFT) * scale;
		double to = LEFT + (x_of(&picture, span_end(&picture, span)) - LEFT) * scale;
		double width = to - from < 1.5 ? 1.5 : to - from, y = (double)i * ROW + 2;
		strbuf_printf(out, "<g><rect class=\"bar %s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>",
		              span->state, from, y + (ROW - BAR) / 2, width, BAR);
		put_title(&picture, span_text(&picture, span));
		put_text(&picture, "label", LEFT - 6, y + 15, "end", span->name);
		put_text(&picture, "label", from + width + 6, y + 15, "start",
		         text_duration(arena, span_end(&picture, span) - span->begin_ms));
		strbuf_puts(out, "</g>\n");
	}
	end_picture(&picture);
}

/* ---- latencies ---- */

struct shares {
	double of[HISTOGRAM_ROWS]; /* by doubling of the latency */
};

static void find_shares(const struct histogram *latency, struct shares *ret_shares)
{
	struct histogram_row rows[HISTOGRAM_ROWS];
	size_t count = histogram_rows(latency, rows);

	*ret_shares = (struct shares){0};
	for (size_t i = 0; i < count; i++)
		ret_shares->of[63 - __builtin_clzll((unsigned long long)rows[i].low_us)] =
			(double)rows[i].count / (double)latency->count;
}

static const char *share_text(struct arena *arena, double share)
{
	if (share > 0.99 && share < 1)
		return "over 99%";
	return share > 0 && share < 0.01 ? "under 1%" : arena_printf(arena, "%.0f%%", share * 100);
}

/* An answer in a hundred would be seen in no linear picture, and is what matters: the root of the share is drawn. */
static double height_of(double share)
{
	return sqrt(share) * (HEIGHT - BOTTOM - TOP);
}

static void put_bar(struct picture *picture, const struct chart_phase *phase, size_t number, double x, double width,
                    size_t doubling, double share)
{
	double height = height_of(share);

	strbuf_printf(picture->out, "<g><rect class=\"s%zu\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
	              number, x, HEIGHT - BOTTOM - height, width, height);
	put_title(picture, arena_printf(picture->arena, "%s: %s took %s to %s", phase->name,
	                                share_text(picture->arena, share),
	                                text_latency(picture->arena, INT64_C(1) << doubling),
	                                text_latency(picture->arena, INT64_C(2) << doubling)));
	strbuf_puts(picture->out, "</g>\n");
}

static void put_share_levels(struct picture *picture)
{
	static const double LEVELS[] = {0.01, 0.1, 0.25, 0.5, 1};

	for (size_t i = 0; i < sizeof(LEVELS) / sizeof(LEVELS[0]); i++) {
		double y = HEIGHT - BOTTOM - height_of(LEVELS[i]);
		put_across(picture, "grid", y);
		put_text(picture, "label", LEFT - 6, y + 4, "end", share_text(picture->arena, LEVELS[i]));
	}
}

void chart_latency(struct strbuf *out, struct arena *arena, const struct chart_phase *phases, size_t count)
{
	struct picture picture = {.out = out, .arena = arena};
	struct shares *shares = arena_alloc(arena, count * sizeof(*shares));
	size_t first = HISTOGRAM_ROWS, behind = 0;

	for (size_t i = 0; i < count; i++) {
		find_shares(&phases[i].latency, &shares[i]);
		for (size_t row = 0; row < HISTOGRAM_ROWS; row++) {
			first = shares[i].of[row] > 0 && row < first ? row : first;
			behind = shares[i].of[row] > 0 && row >= behind ? row + 1 : behind;
		}
	}
	if (first >= behind)
		return;
	double room = (double)(WIDTH - LEFT - RIGHT) / (double)(behind - first), width = room * 0.8 / (double)count;
	begin_picture(&picture, HEIGHT, "how long the answers took");
	put_share_levels(&picture);
	for (size_t row = first; row < behind; row++) {
		double x = LEFT + room * (double)(row - first);
		for (size_t i = 0; i < count; i++)
			if (shares[i].of[row] > 0)
				put_bar(&picture, &phases[i], i, x + room * 0.1 + width * (double)i, width, row, shares[i].of[row]);
		if ((row - first) % 2 == 0)
			put_text(&picture, "label", x, HEIGHT - 6, "start", text_latency(arena, INT64_C(1) << row));
	}
	end_picture(&picture);
}
