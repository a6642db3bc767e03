#include "pg/query.h"
#include "pg/samplers/sampler.h"

enum { COLUMN_BUILDING = 5 };

static const struct sample_column INDEX[] = {
	{"index", COLUMN_TEXT},
	{"table", COLUMN_TEXT},
	{"ready", COLUMN_BOOL},
	{"live", COLUMN_BOOL},
	{"bytes", COLUMN_INT},
	{"building", COLUMN_BOOL},
};

static void read(struct sampling *sampling, const struct rows *rows, struct json *values)
{
	struct json *invalid = json_new_array();
	int64_t left_over = 0;

	for (size_t i = 0; i < rows_count(rows); i++) {
		struct json *index = json_new_object();
		sample_set(sampling, index, rows, i, 0, SAMPLE_COLUMNS(INDEX));
		json_push(invalid, index);
		left_over += !rows_true(rows, i, COLUMN_BUILDING);
	}
	json_set_int(values, "left_over", left_over);
	json_set(values, "invalid", invalid);
}

const struct sampler sampler_indexes = {
	.name = "indexes",
	.title = "Invalid indexes",
	.about = "indexes that are not valid, apart from those that are being built",
	.interval_ms = 30000,
	.timeout_ms = 500,
	.queries = {{.sql = query_sample_indexes}},
	.read = read,
};
