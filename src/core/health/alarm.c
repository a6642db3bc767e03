#include "core/health/alarm.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const char *const LEVEL_NAMES[] = {
	[LEVEL_OK] = "ok", [LEVEL_UNKNOWN] = "unknown", [LEVEL_WARNING] = "warning", [LEVEL_CRITICAL] = "critical"};

static const char *const UNIT_NAMES[] = {
	[UNIT_PERCENT] = "percent", [UNIT_DURATION] = "ms", [UNIT_SIZE] = "bytes", [UNIT_NUMBER] = "number"};

const char *alarm_level_name(enum alarm_level level)
{
	return LEVEL_NAMES[level];
}

bool alarm_find(const char *name, enum alarm *ret_alarm)
{
	for (enum alarm alarm = 0; alarm < ALARM_COUNT; alarm++) {
		if (strcmp(alarm_get(alarm)->name, name) == 0) {
			*ret_alarm = alarm;
			return true;
		}
	}
	return false;
}

/* ---- limits ---- */

static bool read_size(const char *text, int64_t *ret_bytes)
{
	static const struct {
		const char *unit;
		int shift;
	} UNITS[] = {{"", 0}, {"kB", 10}, {"KiB", 10}, {"MB", 20},  {"MiB", 20},
	             {"GB", 30}, {"GiB", 30}, {"TB", 40}, {"TiB", 40}};
	char *end;
	long long number = strtoll(text, &end, 10);

	for (size_t i = 0; i < sizeof(UNITS) / sizeof(UNITS[0]); i++) {
		if (strcmp(end, UNITS[i].unit) == 0 && number <= INT64_MAX >> UNITS[i].shift) {
			*ret_bytes = (int64_t)number << UNITS[i].shift;
			return true;
		}
	}
	return false;
}

static bool read_value(enum alarm_unit unit, const char *text, int64_t *ret_value)
{
	char *end;
	long long number;

	if (strcmp(text, "-") == 0) {
		*ret_value = -1;
		return true;
	}
	if (*text < '0' || *text > '9')
		return false;
	if (unit == UNIT_DURATION)
		return text_read_duration(text, ret_value);
	if (unit == UNIT_SIZE)
		return read_size(text, ret_value);
	number = strtoll(text, &end, 10);
	if (unit == UNIT_PERCENT && *end == '%')
		end++;
	*ret_value = number;
	return *end == '\0';
}

bool alarm_limit_read(enum alarm alarm, const char *text, struct alarm_limit *ret_limit)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	enum alarm_unit unit = alarm_get(alarm)->unit;
	struct alarm_limit limit = {0};

	if (strcmp(text, "off") == 0) {
		ret_limit->off = true;
		return true;
	}
	size_t length = strcspn(text, " \t");
	const char *second = text + length + strspn(text + length, " \t");
	if (!read_value(unit, arena_strndup(scratch, text, length), &limit.warning) ||
	    !read_value(unit, second, &limit.critical))
		return false;
	if (limit.warning >= 0 && limit.critical >= 0 && limit.critical < limit.warning)
		return false;
	*ret_limit = limit;
	return true;
}

void alarm_limits_init(struct alarm_limits *ret_limits)
{
	_cleanup_arena_ struct arena *scratch = arena_open();

	for (enum alarm alarm = 0; alarm < ALARM_COUNT; alarm++) {
		const struct alarm_row *row = alarm_get(alarm);
		const char *text = arena_printf(scratch, "%s %s", row->warning, row->critical);
		bool fine = alarm_limit_read(alarm, text, &ret_limits->of[alarm]);
		assert(fine);
		(void)fine;
	}
}

/* ---- judging ---- */

const char *alarm_value_text(struct arena *arena, enum alarm_unit unit, int64_t value)
{
	switch (unit) {
	case UNIT_PERCENT:
		return arena_printf(arena, "%" PRId64 " %%", value);
	case UNIT_DURATION:
		return text_duration(arena, value);
	case UNIT_SIZE:
		return text_bytes(arena, value);
	default:
		return arena_printf(arena, "%" PRId64, value);
	}
}

static enum alarm_level level_of(const struct alarm_limit *limit, int64_t value)
{
	if (value < 0)
		return LEVEL_UNKNOWN;
	if (limit->critical >= 0 && value >= limit->critical)
		return LEVEL_CRITICAL;
	return limit->warning >= 0 && value >= limit->warning ? LEVEL_WARNING : LEVEL_OK;
}

/* The row's text has one %s. */
static const char *fill(struct arena *arena, const char *text, const char *value, const char *who)
{
	const char *place = strstr(text, "%s");
	assert(place);
	return arena_printf(arena, "%.*s%s%s%s%s%s", (int)(place - text), text, value, place + 2, who ? " (" : "",
	                    who ? who : "", who ? ")" : "");
}

static struct alarm_finding judge(struct arena *arena, enum alarm alarm, const struct alarm_limit *limit,
                                  const struct json *sample)
{
	const struct alarm_row *row = alarm_get(alarm);
	struct alarm_finding finding = {.alarm = alarm, .off = limit->off, .value = -1};
	const char *state = json_get_text(sample, "state"), *reason = json_get_text(sample, "reason");

	if (!state || strcmp(state, "ok") != 0) {
		finding.text = arena_printf(arena, "%s: %s%s%s%s", row->sampler, state ? state : "?", reason ? " (" : "",
		                            reason ? reason : "", reason ? ")" : "");
	} else {
		struct alarm_value value = row->measure(arena, json_get(sample, "values"));
		finding.value = value.value;
		finding.text = value.value < 0 ? arena_printf(arena, "%s: not known", row->sampler)
		                               : fill(arena, row->text, alarm_value_text(arena, row->unit, value.value),
		                                      value.value > 0 ? value.who : NULL);
	}
	finding.level = limit->off ? LEVEL_OK : level_of(limit, finding.value);
	return finding;
}

size_t alarms_judge(struct arena *arena, const struct alarm_limits *limits, const struct json *samplers,
                    struct alarm_finding *ret_findings)
{
	size_t count = 0;

	for (enum alarm alarm = 0; alarm < ALARM_COUNT; alarm++) {
		const struct json *sample = json_get(samplers, alarm_get(alarm)->sampler);
		if (sample)
			ret_findings[count++] = judge(arena, alarm, &limits->of[alarm], sample);
	}
	return count;
}

enum alarm_level alarms_worst(const struct alarm_finding *findings, size_t count)
{
	/* Where nothing was looked at, nothing is known to be well. */
	enum alarm_level worst = count ? LEVEL_OK : LEVEL_UNKNOWN;
	for (size_t i = 0; i < count; i++)
		if (findings[i].level > worst)
			worst = findings[i].level;
	return worst;
}

static void set_known(struct json *object, const char *key, int64_t value)
{
	if (value < 0)
		json_set_text(object, key, NULL);
	else
		json_set_int(object, key, value);
}

void alarms_report(struct json *document, const struct alarm_limits *limits, const struct alarm_finding *findings,
                   size_t count)
{
	struct json *checks = json_new_array();

	for (size_t i = 0; i < count; i++) {
		const struct alarm_finding *finding = &findings[i];
		const struct alarm_row *row = alarm_get(finding->alarm);
		const struct alarm_limit *limit = &limits->of[finding->alarm];
		struct json *check = json_new_object();
		json_set_text(check, "check", row->name);
		json_set_text(check, "sampler", row->sampler);
		json_set_text(check, "state", finding->off ? "off" : alarm_level_name(finding->level));
		set_known(check, "value", finding->value);
		json_set_text(check, "unit", UNIT_NAMES[row->unit]);
		set_known(check, "warning", finding->off ? -1 : limit->warning);
		set_known(check, "critical", finding->off ? -1 : limit->critical);
		json_set_text(check, "text", finding->text);
		json_set_text(check, "advice", finding->level > LEVEL_UNKNOWN ? row->advice : NULL);
		json_push(checks, check);
	}
	json_set_text(document, "state", alarm_level_name(alarms_worst(findings, count)));
	json_set(document, "checks", checks);
}
