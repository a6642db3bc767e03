#include "pg/query.h"
#include "pg/samplers/sampler.h"

enum { COLUMN_SESSIONS = 2 };

static const struct sample_column EVENT[] = {
	{"type", COLUMN_TEXT},
	{"event", COLUMN_TEXT},
	{"count", COLUMN_INT},
	{"oldest_ms", COLUMN_AGE},
};

static void read(struct sampling *sampling, const struct rows *rows, struct json *values)
{
	struct json *events = json_new_array();
	int64_t active = 0;

	for (size_t i = 0; i < rows_count(rows); i++) {
		struct json *event = json_new_object();
		sample_set(sampling, event, rows, i, 0, SAMPLE_COLUMNS(EVENT));
		json_push(events, event);
		active += rows_int(rows, i, COLUMN_SESSIONS);
	}
	json_set_int(values, "active", active);
	json_set(values, "events", events);
}

const struct sampler sampler_waits = {
	.name = "waits",
	.title = "Waits",
	.about = "what active sessions wait for",
	.needs = NEEDS_STATISTICS,
	.interval_ms = 1000,
	.timeout_ms = 500,
	.queries = {{.sql = query_sample_waits}},
	.read = read,
};
