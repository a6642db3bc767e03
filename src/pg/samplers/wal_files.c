#include "pg/query.h"
#include "pg/samplers/sampler.h"

static const struct sample_column FILES[] = {
	{"files", COLUMN_INT},
	{"bytes", COLUMN_INT},
	{"ready", COLUMN_INT},
	{"max_wal_bytes", COLUMN_INT},
};

static void read(struct sampling *sampling, const struct rows *rows, struct json *values)
{
	sample_set(sampling, values, rows, 0, 0, SAMPLE_COLUMNS(FILES));
}

/* Alone, since it needs more rights than the rest of what is said of the WAL. */
const struct sampler sampler_wal_files = {
	.name = "wal_files",
	.title = "WAL files",
	.about = "files in pg_wal, and how many of them wait to be archived",
	.needs = NEEDS_MONITOR,
	.interval_ms = 30000,
	.timeout_ms = 500,
	.queries = {{.sql = query_sample_wal_files}},
	.read = read,
};
