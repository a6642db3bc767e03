#include <string.h>

#include "pg/query.h"
#include "pg/samplers/sampler.h"

enum column { COLUMN_KIND, COLUMN_ON, COLUMN_MOST, COLUMN_PID };

static const struct sample_column WORKER[] = {
	{"pid", COLUMN_INT},
	{"database", COLUMN_TEXT},
	{"work", COLUMN_TEXT},
	{"running_ms", COLUMN_AGE},
	{"against_wraparound", COLUMN_BOOL}, /* such a one does not give way to a lock request */
};

static const struct sample_column TABLE[] = {
	{"table", COLUMN_TEXT},
	{"vacuumed_ms_ago", COLUMN_AGE}, /* null = never */
	{NULL, COLUMN_SKIP},
	{"dead_rows", COLUMN_INT},
	{"live_rows", COLUMN_INT},
};

enum { COLUMN_TABLE = 5 };

static void read(struct sampling *sampling, const struct rows *rows, struct json *values)
{
	struct json *workers = json_new_array(), *tables = json_new_array();

	for (size_t i = 0; i < rows_count(rows); i++) {
		bool is_table = strcmp(rows_get(rows, i, COLUMN_KIND), "table") == 0;
		if (!is_table) {
			json_set_bool(values, "autovacuum", rows_true(rows, i, COLUMN_ON));
			json_set_int(values, "max_workers", rows_int(rows, i, COLUMN_MOST));
		}
		if (!is_table && !rows_get(rows, i, COLUMN_PID))
			continue;
		struct json *object = json_new_object();
		if (is_table)
			sample_set(sampling, object, rows, i, COLUMN_TABLE, SAMPLE_COLUMNS(TABLE));
		else
			sample_set(sampling, object, rows, i, COLUMN_PID, SAMPLE_COLUMNS(WORKER));
		json_push(is_table ? tables : workers, object);
	}
	json_set(values, "workers", workers);
	json_set(values, "most_dead", tables);
}

const struct sampler sampler_vacuum = {
	.name = "vacuum",
	.title = "Vacuum",
	.about = "autovacuum workers, and the tables with most dead rows",
	.needs = NEEDS_STATISTICS,
	.interval_ms = 10000,
	.timeout_ms = 500,
	.queries = {{.sql = query_sample_vacuum}},
	.read = read,
};
