#include <string.h>

#include "pg/query.h"
#include "pg/samplers/sampler.h"

enum column { COLUMN_KIND, COLUMN_NAME, COLUMN_XIDS, COLUMN_MULTIXACTS, COLUMN_FORCED_AT, COLUMN_MULTIXACTS_FORCED_AT };

static const struct sample_column AGE[] = {
	{"name", COLUMN_TEXT},
	{"xids", COLUMN_INT},
	{"multixacts", COLUMN_INT},
};

static void read(struct sampling *sampling, const struct rows *rows, struct json *values)
{
	struct json *databases = json_new_array(), *tables = json_new_array();
	int64_t xids = 0, multixacts = 0, forced_at = 0, multixacts_forced_at = 0;

	for (size_t i = 0; i < rows_count(rows); i++) {
		struct json *age = json_new_object();
		sample_set(sampling, age, rows, i, COLUMN_NAME, SAMPLE_COLUMNS(AGE));
		if (strcmp(rows_get(rows, i, COLUMN_KIND), "table") == 0) {
			json_push(tables, age);
			continue;
		}
		json_push(databases, age);
		int64_t its_xids = rows_int(rows, i, COLUMN_XIDS), its_multixacts = rows_int(rows, i, COLUMN_MULTIXACTS);
		xids = its_xids > xids ? its_xids : xids;
		multixacts = its_multixacts > multixacts ? its_multixacts : multixacts;
		forced_at = rows_int(rows, i, COLUMN_FORCED_AT);
		multixacts_forced_at = rows_int(rows, i, COLUMN_MULTIXACTS_FORCED_AT);
	}
	json_set_int(values, "oldest_xids", xids);
	json_set_int(values, "oldest_multixacts", multixacts);
	/* At 100 % autovacuum is forced to begin: that is its ordinary life, not danger. */
	sample_set_share(values, "forced_vacuum_percent", xids, forced_at, 100);
	sample_set_share(values, "forced_multixact_percent", multixacts, multixacts_forced_at, 100);
	json_set(values, "databases", databases);
	json_set(values, "tables", tables);
}

const struct sampler sampler_wraparound = {
	.name = "wraparound",
	.title = "Wraparound",
	.about = "how many transactions have passed since the oldest that rows still name",
	.interval_ms = 60000,
	.timeout_ms = 2000,
	.queries = {{.sql = query_sample_wraparound}},
	.read = read,
};
