/* Figures of live for people: numbers, bars and sparklines. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "console/terminal/signs.h"
#include "console/views/live.h"

enum { SPARK_MS = 5 * 60 * 1000, SPARK_COLUMNS = 24, SPARK_NAME = 11, TALL_FROM = 7, QUEUE_FOR_MS = 60 * 1000,
       STALE_MS = 30 * 1000 };

const struct model_sample *live_sample(const struct live_figures *figures, const char *sampler)
{
	for (size_t i = 0; sampler && i < figures->count; i++)
		if (strcmp(figures->samples[i].sampler, sampler) == 0)
			return &figures->samples[i];
	return NULL;
}

bool live_is_stale(const struct live_figures *figures, const char *sampler)
{
	const struct model_sample *sample = live_sample(figures, sampler);
	return sample && figures->now_ms - sample->at_ms > STALE_MS;
}

const char *live_age(struct arena *arena, const struct live_figures *figures, const char *sampler)
{
	const struct model_sample *sample = live_sample(figures, sampler);
	const char *age = sample ? age_text(arena, sample->at_ms, figures->now_ms) : "";

	return live_is_stale(figures, sampler) ? arena_printf(arena, "stale, %s", age) : age;
}

const struct json *live_last_queue(const struct live_figures *figures)
{
	const struct model_live *live = figures->live;
	return live && figures->now_ms - live->queued_ms < QUEUE_FOR_MS ? live->queue : NULL;
}

bool live_is_sampled(const struct live_figures *figures)
{
	for (size_t i = 0; i < PANEL_COUNT; i++)
		if (live_sample(figures, LIVE_PANELS[i].sampler))
			return true;
	return false;
}

const struct json *live_values(const struct live_page *page, const char *sampler)
{
	const struct model_sample *sample = live_sample(page->figures, sampler);
	return sample && !json_get_text(sample->values, "unavailable") ? sample->values : NULL;
}

void live_write(struct live_page *page, enum live_panel_id id)
{
	const struct live_panel *panel = &LIVE_PANELS[id];
	const struct model_sample *sample = live_sample(page->figures, panel->sampler);
	const char *why = sample ? json_get_text(sample->values, "unavailable") : NULL;

	paper_line(&page->paper);
	if (!sample && panel->sampler)
		why = panel->missing ? panel->missing : "no sample of it came yet";
	if (why)
		paper_text(&page->paper, STYLE_DIM, 1, arena_printf(page->arena, " n/a (%s)", why));
	else
		panel->write(page, sample ? sample->values : NULL);
}

bool live_is_tall(const struct live_page *page)
{
	return page->rows == 0 || page->rows > TALL_FROM;
}

void live_mark(struct live_page *page, int64_t pid)
{
	*list_add(page->arena, &page->marks) = (struct live_mark){.line = page->paper.lines.count - 1, .pid = pid};
}

/* "4812" with its thousands apart. */
static const char *grouped(struct arena *arena, int64_t number)
{
	char digits[32];
	_cleanup_strbuf_ struct strbuf text = {0};
	int length = snprintf(digits, sizeof(digits), "%" PRId64, number);

	for (int i = 0; i < length; i++) {
		if (i > 0 && digits[i - 1] != '-' && (length - i) % 3 == 0)
			strbuf_putc(&text, ',');
		strbuf_putc(&text, digits[i]);
	}
	return arena_strdup(arena, strbuf_text(&text));
}

/* What is told by somebody else may be any number. */
static int64_t whole(double number)
{
	return number > 1e15 ? (int64_t)1e15 : number < -1e15 ? (int64_t)-1e15 : (int64_t)(number + 0.5);
}

static const char *number_text(struct arena *arena, double number)
{
	if (number < 100 && number > -100 && number != (double)whole(number))
		return arena_printf(arena, "%.1f", number);
	return grouped(arena, whole(number));
}

const char *live_number(struct live_page *page, const struct json *values, const char *key)
{
	double number;
	return model_number(json_get(values, key), &number) ? number_text(page->arena, number) : "-";
}

const char *live_bytes(struct live_page *page, const struct json *values, const char *key)
{
	double number;
	return model_number(json_get(values, key), &number) ? text_bytes(page->arena, whole(number)) : "-";
}

const char *live_duration(struct live_page *page, const struct json *values, const char *key)
{
	double number;
	return model_number(json_get(values, key), &number) ? short_duration(page->arena, whole(number)) : "-";
}

static bool is_latency(double number)
{
	return number >= 0 && number <= 1e15;
}

const char *live_latency(struct live_page *page, const struct json *values, const char *key)
{
	double number;

	if (model_probe_is_silent(values) || !model_number(json_get(values, key), &number) || !is_latency(number))
		return "-";
	return text_latency(page->arena, (int64_t)number);
}

bool live_longest(const struct json *values, double *ret_us)
{
	double most = 0, waiting = 0;
	bool told = !model_probe_is_silent(values) && model_number(json_get(values, "most_us"), &most) &&
	            is_latency(most);
	bool waits = model_number(json_get(values, "waiting_us"), &waiting) && is_latency(waiting);

	if (told || waits)
		*ret_us = waits && (!told || waiting > most) ? waiting : most;
	return told || waits;
}

const char *live_text(const struct json *values, const char *key)
{
	const char *text = json_get_text(values, key);
	return text && *text ? text : "-";
}

const char *live_bar(struct live_page *page, int width, double part, double all, bool framed)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	int full = 0;

	if (all > 0 && part > 0)
		full = part >= all ? width : (int)(part / all * width);
	if (part > 0 && full == 0 && !framed)
		full = 1; /* there are some */
	for (int i = 0; i < width && (framed || i < full); i++)
		strbuf_puts(&text, canvas_glyph(page->signs, i < full ? GLYPH_BAR_FULL : GLYPH_BAR_EMPTY));
	return arena_strdup(page->arena, strbuf_text(&text));
}

struct spark {
	double most[SPARK_COLUMNS];
	bool known[SPARK_COLUMNS];
	double low, high;
};

/* Each column has the most of its part of the time: a peak is what one looks for. */
static struct spark read_spark(const struct live_figures *figures, const struct model_series *series, int columns)
{
	struct spark spark = {0};
	bool first = true;

	for (size_t i = 0; i < series->count; i++) {
		const struct model_point *point = model_point(series, i);
		int64_t ago_ms = figures->now_ms - point->at_ms;
		if (ago_ms < 0 || ago_ms >= SPARK_MS)
			continue;
		size_t at = (size_t)(columns - 1 - ago_ms * columns / SPARK_MS);
		if (!spark.known[at] || spark.most[at] < point->value)
			spark.most[at] = point->value;
		spark.known[at] = true;
		spark.low = first || point->value < spark.low ? point->value : spark.low;
		spark.high = first || point->value > spark.high ? point->value : spark.high;
		first = false;
	}
	return spark;
}

static const char *mark(bool ascii, double value, double high)
{
	static const char *const PLAIN[] = {"_", ".", "-", "=", "*", "#"};
	static const char *const BLOCKS[] = {"▁", "▂", "▃", "▅", "▆", "█"};
	int level = high > 0 && value > 0 ? (int)(value / high * 5 + 0.5) : 0;

	level = level > 5 ? 5 : level;
	return ascii ? PLAIN[level] : BLOCKS[level];
}

const char *live_series_text(struct arena *arena, enum model_series_id id, double value)
{
	if (id == SERIES_P99)
		return text_latency(arena, whole(value));
	if (id == SERIES_LAG)
		return short_duration(arena, whole(value));
	if (id == SERIES_WAL)
		return text_bytes(arena, whole(value));
	return number_text(arena, value);
}

static const char *spark_text(struct arena *arena, const struct spark *spark, int columns, bool ascii)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	for (int i = 0; i < columns; i++)
		strbuf_puts(&text, spark->known[i] ? mark(ascii, spark->most[i], spark->high) : " ");
	return arena_strdup(arena, strbuf_text(&text));
}

static bool is_ascii(const struct canvas *signs)
{
	return (unsigned char)canvas_glyph(signs, GLYPH_BAR_FULL)[0] < 0x80;
}

const char *live_short_spark(struct live_page *page, enum model_series_id id)
{
	const struct model_live *live = page->figures->live;

	if (!live || live->series[id].count < 2)
		return NULL;
	struct spark spark = read_spark(page->figures, &live->series[id], LIVE_SHORT_SPARK);
	return spark_text(page->arena, &spark, LIVE_SHORT_SPARK, is_ascii(page->signs));
}

void live_spark(struct live_page *page, enum model_series_id id, const char *name)
{
	const struct model_live *live = page->figures->live;

	if (!live || live->series[id].count < 2)
		return;
	struct spark spark = read_spark(page->figures, &live->series[id], SPARK_COLUMNS);
	paper_line(&page->paper);
	paper_span(&page->paper, STYLE_DIM, " %s", name);
	paper_tab(&page->paper, SPARK_NAME);
	paper_span(&page->paper, STYLE_TEXT, "%s",
	           spark_text(page->arena, &spark, SPARK_COLUMNS, is_ascii(page->signs)));
	paper_span(&page->paper, STYLE_DIM, " %s..%s", live_series_text(page->arena, id, spark.low),
	           live_series_text(page->arena, id, spark.high));
}
