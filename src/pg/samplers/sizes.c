#include <string.h>

#include "pg/query.h"
#include "pg/samplers/sampler.h"

enum column { COLUMN_KIND, COLUMN_NAME, COLUMN_BYTES, COLUMN_INDEX_BYTES, COLUMN_ROWS };

static const struct sample_column TABLE[] = {
	{"table", COLUMN_TEXT},
	{"bytes", COLUMN_INT},
	{"index_bytes", COLUMN_INT},
	{"rows", COLUMN_INT},
};

static void read(struct sampling *sampling, const struct rows *rows, struct json *values)
{
	struct json *tables = json_new_array();

	for (size_t i = 0; i < rows_count(rows); i++) {
		if (strcmp(rows_get(rows, i, COLUMN_KIND), "database") == 0) {
			int64_t bytes = rows_int(rows, i, COLUMN_BYTES);
			json_set_int(values, "database_bytes", bytes);
			sample_set_rate(sampling, values, "growth_bytes_per_s", sample_grown(sampling, "database", bytes));
			continue;
		}
		struct json *table = json_new_object();
		sample_set(sampling, table, rows, i, COLUMN_NAME, SAMPLE_COLUMNS(TABLE));
		json_push(tables, table);
	}
	json_set(values, "largest", tables);
}

const struct sampler sampler_sizes = {
	.name = "sizes",
	.title = "Sizes",
	.about = "the database and its largest tables, as the last vacuum or analyze found them",
	.interval_ms = 60000,
	.timeout_ms = 2000,
	.queries = {{.sql = query_sample_sizes}},
	.read = read,
};
