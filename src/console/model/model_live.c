#include "console/model/model_live.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "console/model/model_incidents.h"

/* The member of a sample that a series is made of; with a list, the most that one of its members has. */
static const struct {
	const char *sampler, *member, *list;
} SERIES[SERIES_COUNT] = {
	[SERIES_CONNECTIONS] = {.sampler = "connections", .member = "used"},
	[SERIES_ACTIVE] = {.sampler = "waits", .member = "active"},
	[SERIES_COMMITS] = {.sampler = "workload", .member = "commits_per_s"},
	[SERIES_WAL] = {.sampler = "wal", .member = "bytes_per_s"},
	[SERIES_WAITING] = {.sampler = "locks", .member = "waiting"},
	[SERIES_BEHIND] = {.sampler = "locks", .member = "behind_us"},
	[SERIES_FREE] = {.sampler = "connections", .member = "free"},
	[SERIES_LAG] = {.sampler = "replicas", .member = "lag_ms", .list = "replicas"},
	[SERIES_QUEUE] = {.sampler = "pools", .member = "waiting", .list = "databases"},
	[SERIES_P99] = {.sampler = "latency", .member = "p99_us"},
};

const char *model_series_sampler(enum model_series_id id)
{
	return SERIES[id].sampler;
}

bool model_probe_is_silent(const struct json *values)
{
	return json_has(values, "count") && json_get_int(values, "count") == 0;
}

bool model_number(const struct json *value, double *ret_number)
{
	if (!value || (json_kind(value) != JSON_KIND_INT && json_kind(value) != JSON_KIND_REAL))
		return false;
	*ret_number = json_kind(value) == JSON_KIND_INT ? (double)json_int(value) : strtod(json_digits(value), NULL);
	return isfinite(*ret_number);
}

const struct model_point *model_point(const struct model_series *series, size_t index)
{
	return &series->points[(series->first + index) % MODEL_POINTS_MAX];
}

static void add_point(struct model_series *series, int64_t at_ms, double value)
{
	if (series->count == MODEL_POINTS_MAX) {
		series->first = (series->first + 1) % MODEL_POINTS_MAX;
		series->count--;
	}
	series->points[(series->first + series->count++) % MODEL_POINTS_MAX] =
		(struct model_point){.at_ms = at_ms, .value = value};
}

static size_t doublings(int64_t low_us)
{
	size_t count = 0;
	while (low_us > 1) {
		low_us /= 2;
		count++;
	}
	return count;
}

/* "rows":[[256,41],[512,9]]: from how many us on, to below twice that, how many. */
static void add_latency(struct model_live *live, const struct json *values)
{
	static const char *const PHASES[MODEL_PHASES] = {"before", "during", "after"};
	const char *phase = json_get_text(values, "phase");
	const struct json *rows = json_get(values, "rows");

	for (enum model_phase id = 0; phase && id < MODEL_PHASES; id++)
		if (strcmp(PHASES[id], phase) == 0)
			live->phase = id;
	struct model_spread *spread = &live->latency[live->phase];
	for (size_t i = 0; i < json_count(rows); i++) {
		size_t at = doublings(json_int(json_at(json_at(rows, i), 0)));
		int64_t count = json_int(json_at(json_at(rows, i), 1));
		if (at >= MODEL_DOUBLINGS || count <= 0 || count > INT32_MAX)
			continue;
		spread->counts[at] += count;
		spread->total += count;
	}
}

static bool most_in(const struct json *list, const char *member, double *ret_number)
{
	bool known = false;
	double number;

	for (size_t i = 0; i < json_count(list); i++) {
		if (!model_number(json_get(json_at(list, i), member), &number))
			continue;
		*ret_number = known && *ret_number > number ? *ret_number : number;
		known = true;
	}
	return known;
}

struct model_live *model_live_of(struct model *model)
{
	if (!model->live)
		model->live = arena_alloc(model->arena, sizeof(*model->live));
	return model->live;
}

/* A step that gives way and tries again is in the queue for moments only: who was in it is what one looks for. */
static void keep_queue(struct model_live *live, const struct model_sample *sample)
{
	const struct json *sessions = json_get(sample->values, "sessions");
	bool with_us = json_get_int(sample->values, "behind_us") > 0, with_others = false;

	for (size_t i = 0; i < json_count(sessions); i++) {
		bool ours = json_get_bool(json_at(sessions, i), "ours");
		with_us = with_us || (ours && json_get_bool(json_at(sessions, i), "waiting"));
		with_others = with_others || !ours;
	}
	if (!with_us || !with_others)
		return;
	json_close(live->queue);
	live->queue = json_share(sample->values);
	live->queued_ms = sample->at_ms;
}

/* False where the sample does not tell it: a gap. */
static bool read_series(enum model_series_id id, const struct json *values, double *ret_value)
{
	if (SERIES[id].list)
		return most_in(json_get(values, SERIES[id].list), SERIES[id].member, ret_value);
	if (id == SERIES_P99 && model_probe_is_silent(values))
		return false;
	return model_number(json_get(values, SERIES[id].member), ret_value);
}

void model_add_live(struct model *model, const struct model_sample *sample, const struct json *before)
{
	for (enum model_series_id i = 0; i < SERIES_COUNT; i++) {
		double value;
		if (strcmp(SERIES[i].sampler, sample->sampler) != 0)
			continue;
		struct model_live *live = model_live_of(model);
		if (read_series(i, sample->values, &value))
			add_point(&live->series[i], sample->at_ms, value);
		if (i == SERIES_P99)
			add_latency(live, sample->values);
	}
	if (strcmp(sample->sampler, "locks") == 0)
		keep_queue(model_live_of(model), sample);
	model_look_for_incidents(model, sample, before);
}

void model_begin_changing(struct model *model)
{
	struct model_live *live = model_live_of(model);

	for (size_t i = 0; i < SERIES_COUNT && !live->changing; i++) {
		const struct model_series *series = &live->series[i];
		double sum = 0;
		for (size_t j = 0; j < series->count; j++)
			sum += model_point(series, j)->value;
		live->has_before[i] = series->count > 0;
		live->before[i] = series->count > 0 ? sum / (double)series->count : 0;
	}
	live->changing = true;
}
