#include "pg/query.h"
#include "pg/samplers/sampler.h"

enum column { COLUMN_TIMED, COLUMN_REQUESTED, COLUMN_DONE, COLUMN_WRITE_MS };

static const struct sample_column TOTALS[] = {
	{"timed_total", COLUMN_INT},   /* from 17 on with those that had nothing to do */
	{"requested_total", COLUMN_INT},
	{"done_total", COLUMN_INT},    /* null before 18 */
	{"write_ms_total", COLUMN_INT},
	{"sync_ms_total", COLUMN_INT},
	{"buffers_written_total", COLUMN_INT},
	{"buffers_cleaned_total", COLUMN_INT},
	{"cleaning_halted_total", COLUMN_INT},
};

static void read(struct sampling *sampling, const struct rows *rows, struct json *values)
{
	sample_set_known(values, "timed", sample_grown(sampling, "timed", rows_int(rows, 0, COLUMN_TIMED)));
	sample_set_known(values, "requested", sample_grown(sampling, "requested", rows_int(rows, 0, COLUMN_REQUESTED)));
	sample_set(sampling, values, rows, 0, 0, SAMPLE_COLUMNS(TOTALS));
}

const struct sampler sampler_checkpoints = {
	.name = "checkpoints",
	.title = "Checkpoints",
	.about = "checkpoints by cause, and what they wrote",
	.interval_ms = 10000,
	.timeout_ms = 500,
	.queries = {{.since = 18, .sql = query_sample_checkpoints},
	            {.since = 17, .sql = query_sample_checkpoints_17},
	            {.sql = query_sample_checkpoints_13}},
	.read = read,
};
