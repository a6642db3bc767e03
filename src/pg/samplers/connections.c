#include "pg/query.h"
#include "pg/samplers/sampler.h"

enum { GROUPS_SHOWN = 20 };

enum column { COLUMN_STATE, COLUMN_APPLICATION, COLUMN_COUNT, COLUMN_MAX, COLUMN_RESERVED };

static const struct sample_column GROUP[] = {
	{"state", COLUMN_TEXT},
	{"application", COLUMN_TEXT},
	{"count", COLUMN_INT},
};

/* Ours is always one of them, so there is a first row. */
static void read(struct sampling *sampling, const struct rows *rows, struct json *values)
{
	int64_t most = rows_int(rows, 0, COLUMN_MAX), reserved = rows_int(rows, 0, COLUMN_RESERVED);
	int64_t usable = most - reserved, used = 0;
	struct json *states = json_new_object(), *groups = json_new_array();

	for (size_t i = 0; i < rows_count(rows); i++) {
		const char *state = rows_get(rows, i, COLUMN_STATE);
		int64_t count = rows_int(rows, i, COLUMN_COUNT);
		used += count;
		json_set_int(states, state, json_get_int(states, state) + count);
		if (i >= GROUPS_SHOWN)
			continue;
		struct json *group = json_new_object();
		sample_set(sampling, group, rows, i, 0, SAMPLE_COLUMNS(GROUP));
		json_push(groups, group);
	}
	json_set_int(values, "used", used);
	json_set_int(values, "usable", usable);
	json_set_int(values, "free", used < usable ? usable - used : 0);
	sample_set_share(values, "used_percent", used, usable, 100);
	json_set_int(values, "max", most);
	json_set_int(values, "reserved", reserved);
	json_set(values, "states", states);
	json_set(values, "groups", groups);
}

const struct sampler sampler_connections = {
	.name = "connections",
	.title = "Connections",
	.about = "client sessions by state and application, against what there is room for",
	.needs = NEEDS_STATISTICS,
	.interval_ms = 2000,
	.timeout_ms = 500,
	.queries = {{.sql = query_sample_connections}},
	.read = read,
};
