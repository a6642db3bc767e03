#include "core/report/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "core/event/log_line.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct series_group GROUPS[] = {
	{.name = "latency", .title = "Latency of the probe", .sampler = "latency", .unit = SERIES_US, .logarithmic = true,
	 .about = "How long a small query took on the applications' way to live: median and longest of each second.",
	 .limit_label = "p99 before", .limit_member = "before.p99_us",
	 .rows = {{"latency.p50_us", "p50", "p50_us", false}, {"latency.most_us", "longest", "most_us", false}}},
	{.name = "waiting", .title = "Sessions that wait for a lock", .sampler = "locks", .unit = SERIES_NUMBER,
	 .about = "All of them, and those that wait behind this run.",
	 .rows = {{"locks.waiting", "all", "waiting", false}, {"locks.behind_us", "behind us", "behind_us", false}}},
	{.name = "longest_wait", .title = "Longest wait for a lock", .sampler = "locks", .unit = SERIES_MS,
	 .about = "How long the one that waits longest has waited.",
	 .rows = {{"locks.longest_wait_ms", "of all", "longest_wait_ms", false},
	          {"locks.behind_us_ms", "behind us", "behind_us_ms", false}}},
	{.name = "connections", .title = "Connections", .sampler = "connections", .unit = SERIES_NUMBER,
	 .about = "Sessions by what they do; idle in a transaction they hold their locks.",
	 .limit_label = "usable", .limit_member = "usable",
	 .rows = {{"connections.used", "all", "used", false},
	          {"connections.active", "active", "states.active", .or_none = true},
	          {"connections.idle_in_transaction", "idle in a transaction", "states.idle in transaction",
	           .or_none = true}}},
	{.name = "transactions", .title = "Transactions", .sampler = "workload", .unit = SERIES_PER_S,
	 .about = "What this database committed and rolled back.",
	 .rows = {{"workload.commits_per_s", "commits", "commits_per_s", false},
	          {"workload.rollbacks_per_s", "rollbacks", "rollbacks_per_s", false}}},
	{.name = "rows", .title = "Rows changed", .sampler = "workload", .unit = SERIES_PER_S,
	 .about = "By everybody, this run's statements among them.",
	 .rows = {{"workload.rows_inserted_per_s", "inserted", "rows_inserted_per_s", false},
	          {"workload.rows_updated_per_s", "updated", "rows_updated_per_s", false},
	          {"workload.rows_deleted_per_s", "deleted", "rows_deleted_per_s", false}}},
	{.name = "wal", .title = "WAL written", .sampler = "wal", .unit = SERIES_BYTES_PER_S,
	 .about = "What standbys and archive have to take.",
	 .rows = {{"wal.bytes_per_s", "WAL", "bytes_per_s", false}}},
	{.name = "replication", .title = "Replay lag of the standbys", .sampler = "replicas", .unit = SERIES_MS,
	 .about = "Of the one that is furthest behind.",
	 .rows = {{"replicas.lag_ms", "lag", "replicas[].lag_ms", false}}},
	{.name = "oldest_transaction", .title = "Oldest transaction", .sampler = "transactions", .unit = SERIES_MS,
	 .about = "Vacuum removes nothing that it may still see.",
	 .rows = {{"transactions.oldest_ms", "age", "oldest_ms", false}}},
	{.name = "pool", .title = "Clients that wait for a pooled connection", .sampler = "pools", .unit = SERIES_NUMBER,
	 .about = "In the connection pooler, over all databases.",
	 .rows = {{"pools.waiting", "waiting", "waiting", false}, {"pools.servers", "connections open", "servers", false}}},
};

static const char *const UNIT_NAMES[] = {
	[SERIES_NUMBER] = "number",           [SERIES_PER_S] = "per_s", [SERIES_BYTES] = "bytes",
	[SERIES_BYTES_PER_S] = "bytes_per_s", [SERIES_MS] = "ms",       [SERIES_US] = "us",
};

const struct series_group *series_groups(size_t *ret_count)
{
	*ret_count = COUNT(GROUPS);
	return GROUPS;
}

static const char *number_text(struct arena *arena, double value)
{
	if (value < 10 && value != floor(value))
		return arena_printf(arena, "%.1f", value);
	return value < 10000 ? arena_printf(arena, "%.0f", value) : arena_printf(arena, "%.0fk", value / 1000);
}

const char *series_figure(struct arena *arena, enum series_unit unit, double value)
{
	switch (unit) {
	case SERIES_PER_S: return arena_printf(arena, "%s/s", number_text(arena, value));
	case SERIES_BYTES: return text_bytes(arena, (int64_t)value);
	case SERIES_BYTES_PER_S: return arena_printf(arena, "%s/s", text_bytes(arena, (int64_t)value));
	case SERIES_MS: return value > 0 ? text_duration(arena, (int64_t)value) : "0";
	case SERIES_US: return value > 0 ? text_latency(arena, (int64_t)value) : "0";
	case SERIES_NUMBER: break;
	}
	return number_text(arena, value);
}

struct series_set *series_open(void)
{
	struct series_set *set = memory_new(sizeof(*set));
	set->arena = arena_open();
	set->told = arena_alloc(set->arena, COUNT(GROUPS) * sizeof(*set->told));
	return set;
}

void series_close(struct series_set *set)
{
	if (!set)
		return;
	arena_close(set->arena);
	memory_free(set);
}

/* ---- samples ---- */

/* No figure of a server is beyond that: what a record says there is nonsense, and no scale could be drawn for it. */
static const double NUMBER_MOST = 1e15;

static bool read_number(const struct json *value, double *ret_number)
{
	if (!value || (json_kind(value) != JSON_KIND_INT && json_kind(value) != JSON_KIND_REAL))
		return false;
	*ret_number = json_kind(value) == JSON_KIND_INT ? (double)json_int(value) : strtod(json_digits(value), NULL);
	return fabs(*ret_number) <= NUMBER_MOST;
}

static bool read_member(const struct json *values, const char *path, double *ret_number);

/* Of an empty list there is no figure: without standbys none is behind by 0. */
static bool read_most(const struct json *list, const char *path, double *ret_number)
{
	double number;
	bool any = false;

	for (size_t i = 0; i < json_count(list); i++) {
		if (!read_member(json_at(list, i), path, &number))
			continue;
		*ret_number = any && *ret_number > number ? *ret_number : number;
		any = true;
	}
	return any;
}

static bool read_member(const struct json *values, const char *path, double *ret_number)
{
	char name[64];
	size_t length = strcspn(path, ".");
	bool list = length > 2 && strncmp(path + length - 2, "[]", 2) == 0;
	size_t bare = list ? length - 2 : length;

	memcpy(name, path, bare);
	name[bare] = '\0';
	const struct json *value = json_get(values, name);
	if (!value)
		return false;
	if (list)
		return read_most(value, path + length + 1, ret_number);
	return path[length] ? read_member(value, path + length + 1, ret_number) : read_number(value, ret_number);
}

static void merge(struct series_point *to, const struct series_point *point)
{
	if (point->missing)
		return;
	to->least = to->missing || point->least < to->least ? point->least : to->least;
	to->most = to->missing || point->most > to->most ? point->most : to->most;
	to->last = point->last;
	to->missing = false;
}

static void append(struct series *series, const struct series_point *point)
{
	struct series_point *last = series->count ? &series->points[series->count - 1] : NULL;

	if (last && point->at_ms - last->at_ms < series->apart_ms)
		merge(last, point);
	else
		series->points[series->count++] = *point;
}

/* Half as many or fewer, evenly over all the time. */
static void thin_out(struct series *series)
{
	size_t count = series->count;
	int64_t length_ms = series->points[count - 1].at_ms - series->points[0].at_ms;

	series->apart_ms = length_ms * 2 / SERIES_POINTS_MOST + 1;
	series->count = 0;
	for (size_t i = 0; i < count; i++) {
		struct series_point point = series->points[i];
		append(series, &point);
	}
}

static void add_point(struct series_set *set, struct series *series, struct series_point point)
{
	if (!series->points)
		series->points = arena_alloc(set->arena, SERIES_POINTS_MOST * sizeof(*series->points));
	if (series->count == SERIES_POINTS_MOST)
		thin_out(series);
	append(series, &point);
}

static void take_group(struct series_set *set, size_t index, int64_t at_ms, const struct json *values)
{
	const struct series_group *group = &GROUPS[index];
	struct series_told *told = &set->told[index];
	const char *missing = json_get_text(values, "unavailable");

	if (missing && (!told->unavailable || strcmp(told->unavailable, missing) != 0))
		told->unavailable = arena_strdup(set->arena, missing);
	if (group->limit_member)
		(void)!read_member(values, group->limit_member, &told->limit);
	for (size_t i = 0; i < SERIES_IN_GROUP && group->rows[i].name; i++) {
		const struct series_row *row = &group->rows[i];
		struct series *series = &told->series[i];
		double value = 0;
		bool known = !missing && (read_member(values, row->member, &value) || row->or_none);
		if (known)
			add_point(set, series, (struct series_point){at_ms, value, value, value, false});
		else if (series->count && !series->points[series->count - 1].missing)
			add_point(set, series, (struct series_point){.at_ms = at_ms, .missing = true});
	}
}

/* A second without an answer has no percentiles, not 0 us. The question that is on its way is the longest. */
static struct json *without_answer(const struct json *values)
{
	struct json *object = json_new_object();
	if (json_has(values, "waiting_us"))
		json_set_int(object, "most_us", json_get_int(values, "waiting_us"));
	return object;
}

static void take_sample(struct series_set *set, int64_t at_ms, const struct json *fields)
{
	const char *sampler = json_get_text(fields, "sampler");
	const struct json *values = json_get(fields, "values");
	_cleanup_json_ struct json *silent = NULL;

	if (strcmp(sampler, "latency") == 0 && json_get_int(values, "count") == 0)
		values = silent = without_answer(values);
	for (size_t i = 0; i < COUNT(GROUPS); i++)
		if (strcmp(GROUPS[i].sampler, sampler) == 0)
			take_group(set, i, at_ms, values);
}

/* ---- what was at work ---- */

static bool is_text(const struct json *fields, const char *key, const char *word)
{
	const char *text = json_get_text(fields, key);
	return text && strcmp(text, word) == 0;
}

static void add_span(struct series_set *set, struct series_spans *spans, int64_t at_ms, const char *name)
{
	if (spans->count == SERIES_SPANS_MOST)
		return;
	*list_add(set->arena, spans) = (struct series_span){
		.name = arena_strdup(set->arena, name), .begin_ms = at_ms, .state = "running"};
}

static void take_gate(struct series_set *set, int64_t at_ms, const struct json *fields)
{
	const char *name = json_get_text(fields, "gate"), *state = json_get_text(fields, "state");
	struct series_span *last = set->gates.count ? &set->gates.items[set->gates.count - 1] : NULL;
	bool begins = strcmp(state, "running") == 0;
	enum gate gate;

	if (gate_find(name, &gate) && (gate == GATE_APPLY || gate == GATE_VERIFY))
		set->on_live = begins;
	if (last && !last->end_ms && (begins || strcmp(last->name, name) == 0)) {
		last->end_ms = at_ms;
		last->state = begins ? "left" : arena_strdup(set->arena, state);
	}
	if (begins)
		add_span(set, &set->gates, at_ms, name);
}

static void take_step(struct series_set *set, int64_t at_ms, const struct json *fields)
{
	const char *version = json_get_text(fields, "version");
	struct series_span *last = set->migrations.count ? &set->migrations.items[set->migrations.count - 1] : NULL;
	bool failed = json_has(fields, "error");
	bool ended = is_text(fields, "phase", "end") && !json_has(fields, "statement");
	bool begins = is_text(fields, "phase", "begin");

	if (!is_text(fields, "gate", "apply"))
		return;
	bool same = last && strcmp(last->name, version) == 0 && strcmp(last->state, "committed") != 0;
	if (begins && !same) {
		add_span(set, &set->migrations, at_ms, version);
	} else if (same && (failed || ended)) {
		last->end_ms = at_ms;
		last->state = failed ? "failed" : "committed";
	}
}

static void take_mark(struct series_set *set, int64_t at_ms, const char *text)
{
	if (set->marks.count == SERIES_MARKS_MOST) {
		set->marks_left_out++;
		return;
	}
	list_push(set->arena, &set->marks, ((struct series_mark){at_ms, arena_strdup(set->arena, text)}));
}

static void take_saying(struct series_set *set, int64_t at_ms, enum event_type type, const struct json *fields)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	log_line_say(&text, type, fields);
	take_mark(set, at_ms, strbuf_text(&text));
}

void series_take(struct series_set *set, int64_t at_ms, enum event_type type, const struct json *fields)
{
	switch (type) {
	case EVENT_SAMPLE: take_sample(set, at_ms, fields); break;
	case EVENT_GATE: take_gate(set, at_ms, fields); break;
	case EVENT_STEP: take_step(set, at_ms, fields); break;
	case EVENT_LOG:
		if (set->on_live && is_text(fields, "level", "warning"))
			take_saying(set, at_ms, type, fields);
		break;
	case EVENT_REQUEST:
		if (set->on_live)
			take_saying(set, at_ms, type, fields);
		break;
	default: break;
	}
}

/* ---- what became of it ---- */

bool series_is_told(const struct series_group *group, const struct series_told *told)
{
	for (size_t i = 0; i < SERIES_IN_GROUP && group->rows[i].name; i++)
		if (told->series[i].count)
			return true;
	return false;
}

bool series_summary(const struct series *series, int64_t until_ms, struct series_summary *ret_summary)
{
	struct series_summary summary = {0};
	double weight = 0, sum = 0, last = 0;
	bool any = false;

	for (size_t i = 0; i < series->count; i++) {
		const struct series_point *point = &series->points[i];
		int64_t next_ms = i + 1 < series->count ? series->points[i + 1].at_ms : until_ms;
		double held_ms = next_ms > point->at_ms ? (double)(next_ms - point->at_ms) : 0;
		if (point->missing)
			continue;
		if (!any || point->least < summary.least)
			summary.least = point->least;
		if (!any || point->most > summary.most) {
			summary.most = point->most;
			summary.most_at_ms = point->at_ms;
		}
		sum += point->last * held_ms;
		weight += held_ms;
		last = point->last;
		any = true;
	}
	if (!any)
		return false;
	summary.mean = weight > 0 ? sum / weight : last;
	*ret_summary = summary;
	return true;
}

bool series_times(const struct series_set *set, int64_t *ret_begin_ms, int64_t *ret_end_ms)
{
	bool any = false;

	for (size_t g = 0; g < COUNT(GROUPS); g++) {
		for (size_t i = 0; i < SERIES_IN_GROUP; i++) {
			const struct series *series = &set->told[g].series[i];
			if (series->count == 0)
				continue;
			int64_t first_ms = series->points[0].at_ms, last_ms = series->points[series->count - 1].at_ms;
			*ret_begin_ms = any && *ret_begin_ms < first_ms ? *ret_begin_ms : first_ms;
			*ret_end_ms = any && *ret_end_ms > last_ms ? *ret_end_ms : last_ms;
			any = true;
		}
	}
	return any;
}

static void push_number(struct json *list, double value)
{
	_cleanup_strbuf_ struct strbuf digits = {0};

	if (value == floor(value) && fabs(value) < 1e15) {
		json_push(list, json_new_int((int64_t)value));
		return;
	}
	strbuf_printf(&digits, "%.3f", value);
	json_push(list, json_new_real(strbuf_text(&digits)));
}

static struct json *points_json(const struct series *series, int64_t begin_ms)
{
	struct json *points = json_new_array();

	for (size_t i = 0; i < series->count; i++) {
		const struct series_point *point = &series->points[i];
		const double figures[] = {point->least, point->most, point->last};
		struct json *row = json_new_array();
		json_push(row, json_new_int(point->at_ms - begin_ms));
		for (size_t j = 0; j < COUNT(figures); j++) {
			if (point->missing)
				json_push(row, json_new_text(NULL));
			else
				push_number(row, figures[j]);
		}
		json_push(points, row);
	}
	return points;
}

struct json *series_json(const struct series_set *set, int64_t begin_ms)
{
	struct json *list = json_new_array();

	for (size_t g = 0; g < COUNT(GROUPS); g++) {
		for (size_t i = 0; i < SERIES_IN_GROUP && GROUPS[g].rows[i].name; i++) {
			if (set->told[g].series[i].count == 0)
				continue;
			struct json *object = json_new_object();
			json_set_text(object, "name", GROUPS[g].rows[i].name);
			json_set_text(object, "unit", UNIT_NAMES[GROUPS[g].unit]);
			json_set(object, "points", points_json(&set->told[g].series[i], begin_ms));
			json_push(list, object);
		}
	}
	return list;
}
