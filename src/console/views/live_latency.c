/* How long the probe's answers take, against what they took before anything was changed. */
#include <inttypes.h>

#include "base/text.h"
#include "console/views/live.h"

enum { RANGE_COLUMNS = 18, COUNT_COLUMNS = 8, BAR_LEAST = 8, BAR_MOST = 40, HEAD_ROWS = 2, MOST_FROM = 46 };

static void write_figures(struct live_page *page, const char *name, const struct json *values)
{
	bool silent = model_probe_is_silent(values);
	double longest;

	paper_span(&page->paper, STYLE_DIM, " %-6s", name);
	paper_span(&page->paper, STYLE_TEXT, " p50 %s  p99 %s", live_latency(page, values, "p50_us"),
	           live_latency(page, values, "p99_us"));
	if ((page->width == 0 || page->width >= MOST_FROM || silent) && live_longest(values, &longest))
		paper_span(&page->paper, silent ? STYLE_BAD : STYLE_TEXT, "  most %s",
		           text_latency(page->arena, (int64_t)longest));
	if (json_get_int(values, "failed") > 0)
		paper_span(&page->paper, STYLE_BAD, "  %" PRId64 " failed", json_get_int(values, "failed"));
}

/* Rows of 2^width doublings each, so many that they fit: from the first that has any to the last. */
struct scale {
	size_t first, last, step; /* doublings */
};

static struct scale scale_of(const struct model_spread *before, const struct model_spread *now, int room)
{
	struct scale scale = {.first = MODEL_DOUBLINGS, .step = 1};

	for (size_t i = 0; i < MODEL_DOUBLINGS; i++) {
		if (before->counts[i] + now->counts[i] == 0)
			continue;
		scale.first = scale.first < i ? scale.first : i;
		scale.last = i;
	}
	while (room > 0 && scale.first < MODEL_DOUBLINGS && (scale.last - scale.first) / scale.step + 1 > (size_t)room)
		scale.step++;
	return scale;
}

static double share(const struct model_spread *spread, size_t from, size_t step)
{
	int64_t count = 0;

	for (size_t i = from; i < from + step && i < MODEL_DOUBLINGS; i++)
		count += spread->counts[i];
	return spread->total ? (double)count / (double)spread->total : 0;
}

static void write_row(struct live_page *page, const struct model_spread *before, const struct model_spread *now,
                      size_t from, size_t step)
{
	int width = page->width ? page->width - RANGE_COLUMNS - COUNT_COLUMNS - 1 : BAR_MOST;
	double share_now = share(now, from, step), share_before = share(before, from, step);
	size_t to = from + step;

	width = width > BAR_MOST ? BAR_MOST : width < BAR_LEAST ? BAR_LEAST : width;
	int at = (int)(share_before * (width - 1) + 0.5);
	int full = (int)(share_now * (width - 1) + 0.5);
	full = share_now > 0 && full == 0 ? 1 : full;
	paper_line(&page->paper);
	paper_span(&page->paper, STYLE_DIM, " to %s", text_latency(page->arena, INT64_C(1) << to));
	paper_tab(&page->paper, RANGE_COLUMNS - 6);
	paper_span(&page->paper, STYLE_TEXT, "%5.1f%% ", share_now * 100);
	for (int i = 0; i < width; i++) {
		bool mark = share_before > 0 && i == at;
		const char *sign = i < full ? canvas_glyph(page->signs, GLYPH_BAR_FULL) : " ";
		paper_span(&page->paper, mark ? STYLE_KEY : STYLE_TEXT, "%s",
		           mark ? canvas_glyph(page->signs, GLYPH_VERTICAL) : sign);
	}
	paper_span(&page->paper, STYLE_DIM, " %.1f%%", share_before * 100);
}

static void write_histogram(struct live_page *page, const struct model_live *live)
{
	const struct model_spread *before = &live->latency[MODEL_BEFORE], *now = &live->latency[live->phase];
	struct scale scale = scale_of(before, now, page->rows > HEAD_ROWS ? page->rows - HEAD_ROWS : 1);

	if (page->rows == 0)
		scale.step = 1;
	for (size_t i = scale.first; i < MODEL_DOUBLINGS && i <= scale.last; i += scale.step)
		write_row(page, before, now, i, scale.step);
}

void live_write_latency(struct live_page *page, const struct json *values)
{
	const struct json *before = json_get(values, "before");
	const char *phase = json_get_text(values, "phase");

	write_figures(page, before ? "now" : phase ? phase : "now", values);
	if (before) {
		paper_line(&page->paper);
		write_figures(page, "before", before);
	}
	if (!page->figures->live)
		return;
	/* The bar is the phase at hand, the stroke in it what was before. */
	if (live_is_tall(page)) {
		live_spark(page, SERIES_P99, "p99");
		page->rows -= page->rows ? 1 : 0;
	}
	write_histogram(page, page->figures->live);
}
