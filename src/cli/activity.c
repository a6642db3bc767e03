#include "cli/activity.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "pg/samplers/sampler.h"

void activity_clear(struct activity *activity)
{
	strbuf_clear(&activity->gate);
	strbuf_clear(&activity->step);
	strbuf_clear(&activity->sample);
}

void activity_begin(struct activity *activity, const char *gate, int64_t now_ms)
{
	activity_clear(activity);
	strbuf_puts(&activity->gate, gate);
	activity->since_ms = now_ms;
	activity->ends_ms = 0;
}

void activity_step(struct activity *activity, const char *text)
{
	strbuf_reset(&activity->step);
	strbuf_puts(&activity->step, text);
	strbuf_reset(&activity->sample);
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);
	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

struct telling {
	struct activity *activity;
	const struct json *values;
	struct arena *arena;
	int64_t now_ms;
};

static const char *amount(struct arena *arena, const char *key, int64_t number)
{
	return ends_with(key, "_bytes") ? text_bytes(arena, number)
	       : ends_with(key, "_ms")  ? text_duration(arena, number)
	                                : arena_printf(arena, "%" PRId64, number);
}

/* "done_bytes" with "total_bytes", "tables_done" with "tables_total": nothing while the total is not known. */
static bool put_pair(struct strbuf *out, struct arena *arena, const struct json *values, const char *key, int64_t done)
{
	const char *at = strstr(key, "done");
	const char *total_key = arena_printf(arena, "%.*stotal%s", (int)(at - key), key, at + strlen("done"));
	int64_t total = json_get_int(values, total_key);

	if (!json_has(values, total_key))
		return false;
	if (total > 0)
		strbuf_printf(out, "%s%s of %s", out->length ? ", " : "", amount(arena, key, done),
		              amount(arena, key, total));
	else if (done > 0)
		strbuf_printf(out, "%s%s", out->length ? ", " : "", amount(arena, key, done));
	if (total > 0 && at > key)
		strbuf_printf(out, " %.*s", (int)(at - key) - 1, key);
	return true;
}

static void put_value(struct strbuf *out, struct arena *arena, const char *key, const struct json *value)
{
	_cleanup_strbuf_ struct strbuf raw = {0};
	size_t length = strlen(key);

	if (ends_with(key, "_bytes") || ends_with(key, "_ms"))
		length -= ends_with(key, "_ms") ? strlen("_ms") : strlen("_bytes");
	strbuf_puts(out, out->length ? ", " : "");
	for (size_t i = 0; i < length; i++)
		strbuf_putc(out, key[i] == '_' ? ' ' : key[i]);
	if (json_kind(value) == JSON_KIND_INT)
		strbuf_printf(out, " %s", amount(arena, key, json_int(value)));
	else {
		json_write(&raw, value);
		strbuf_printf(out, " %s", strbuf_text(&raw));
	}
}

static bool take_value(const char *key, const struct json *value, void *context)
{
	struct telling *telling = context;
	struct strbuf *out = &telling->activity->sample;
	bool number = json_kind(value) == JSON_KIND_INT;

	if (number && strcmp(key, "remaining_ms") == 0)
		telling->activity->ends_ms = telling->now_ms + json_int(value);
	else if (number && strcmp(key, "rate_bytes") == 0 && json_int(value) > 0)
		strbuf_printf(out, "%s%s/s", out->length ? ", " : "", text_bytes(telling->arena, json_int(value)));
	else if (number && strcmp(key, "percent") == 0)
		strbuf_printf(out, "%s%" PRId64 " %%", out->length ? ", " : "", json_int(value));
	else if (json_kind(value) == JSON_KIND_TEXT)
		strbuf_printf(out, "%s%s", out->length ? ", " : "", json_text(value));
	else if (strstr(key, "total") || strcmp(key, "rate_bytes") == 0)
		return true;
	else if (!(number && strstr(key, "done") &&
	           put_pair(out, telling->arena, telling->values, key, json_int(value))))
		put_value(out, telling->arena, key, value);
	return true;
}

void activity_sample(struct activity *activity, const char *sampler, const struct json *values, int64_t now_ms)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct telling telling = {.activity = activity, .values = values, .arena = arena, .now_ms = now_ms};

	/* What others feel comes beside the figures of the gate, and is told at its end. */
	if (strcmp(sampler, "latency") == 0 || sampler_find(sampler))
		return;
	strbuf_reset(&activity->sample);
	if (strcmp(sampler, strbuf_text(&activity->gate)) == 0) {
		activity->ends_ms = 0;
		strbuf_reset(&activity->step);
	}
	json_each(values, take_value, &telling);
}

/* Whole seconds: a figure that runs needs no tenths. */
static const char *running_time(struct arena *arena, int64_t duration_ms)
{
	return duration_ms < 60000 ? arena_printf(arena, "%" PRId64 " s", duration_ms / 1000)
	                           : text_duration(arena, duration_ms);
}

void activity_text(struct strbuf *out, const struct activity *activity, int64_t now_ms)
{
	_cleanup_arena_ struct arena *arena = arena_open();

	if (!activity->gate.length)
		return;
	strbuf_printf(out, "%s %s", strbuf_text(&activity->gate), running_time(arena, now_ms - activity->since_ms));
	if (activity->step.length)
		strbuf_printf(out, ": %s", strbuf_text(&activity->step));
	if (activity->sample.length)
		strbuf_printf(out, "%s%s", activity->step.length ? ", " : ": ", strbuf_text(&activity->sample));
	if (activity->ends_ms > now_ms)
		strbuf_printf(out, ", about %s left", running_time(arena, activity->ends_ms - now_ms));
}
