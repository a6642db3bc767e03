#include "pg/query.h"
#include "pg/samplers/sampler.h"

enum column { COLUMN_NAME, COLUMN_LAST, COLUMN_FIRST, COLUMN_END, COLUMN_FILLS, COLUMN_PERCENT, COLUMN_READABLE,
	      COLUMN_TOTAL, COLUMN_UNREADABLE };

static const struct sample_column SEQUENCE[] = {
	{"sequence", COLUMN_TEXT},
	{"last", COLUMN_INT},
	{"first", COLUMN_INT},
	{"end", COLUMN_INT},
	{"fills", COLUMN_TEXT},
	{"used_percent", COLUMN_REAL},
};

static void read(struct sampling *sampling, const struct rows *rows, struct json *values)
{
	bool any = rows_count(rows) > 0;
	int64_t total = any ? rows_int(rows, 0, COLUMN_TOTAL) : 0;
	int64_t unreadable = any ? rows_int(rows, 0, COLUMN_UNREADABLE) : 0;
	struct json *fullest = json_new_array();

	if (total > 0 && unreadable == total)
		sampling->unseen = "SELECT on the sequences";
	for (size_t i = 0; i < rows_count(rows); i++) {
		if (!rows_get(rows, i, COLUMN_LAST))
			continue;
		struct json *sequence = json_new_object();
		sample_set(sampling, sequence, rows, i, 0, SAMPLE_COLUMNS(SEQUENCE));
		json_push(fullest, sequence);
	}
	json_set_int(values, "total", total);
	json_set_int(values, "unreadable", unreadable);
	json_set(values, "fullest", fullest);
}

const struct sampler sampler_sequences = {
	.name = "sequences",
	.title = "Sequences",
	.about = "the sequences that are nearest to their end, which may be that of the column they fill",
	.interval_ms = 60000,
	.timeout_ms = 2000,
	.queries = {{.sql = query_sample_sequences}},
	.read = read,
};
