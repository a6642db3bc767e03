#include "pg/query.h"
#include "pg/samplers/sampler.h"

enum column {
	COLUMN_IN_RECOVERY,
	COLUMN_POSITION,
	COLUMN_RECORDS, /* null before 14, as the next three */
	COLUMN_FULL_PAGES,
	COLUMN_BYTES,
	COLUMN_BUFFERS_FULL,
	COLUMN_ARCHIVING,
	COLUMN_ARCHIVED,
	COLUMN_FAILED,
	COLUMN_FAILED_FILE,
	COLUMN_ARCHIVED_AGE,
	COLUMN_FAILED_AGE,
	COLUMN_REPLAY_DELAY,
};

static const struct sample_column ARCHIVER[] = {
	{"archived", COLUMN_INT},
	{"failed", COLUMN_INT},
	{"failed_file", COLUMN_TEXT},
	{"archived_ms_ago", COLUMN_AGE},
	{"failed_ms_ago", COLUMN_AGE},
};

static const struct sample_column REPLAY[] = {{"replay_delay_ms", COLUMN_AGE}};

static int64_t counted(struct sampling *sampling, const struct rows *rows, const char *name, enum column column)
{
	return rows_get(rows, 0, column) ? sample_grown(sampling, name, rows_int(rows, 0, column)) : -1;
}

/* It fails as long as nothing was archived since the last failure. */
static bool is_failing(const struct rows *rows)
{
	return rows_true(rows, 0, COLUMN_ARCHIVING) && rows_get(rows, 0, COLUMN_FAILED_AGE) &&
	       (!rows_get(rows, 0, COLUMN_ARCHIVED_AGE) ||
	        rows_int(rows, 0, COLUMN_FAILED_AGE) < rows_int(rows, 0, COLUMN_ARCHIVED_AGE));
}

static void read(struct sampling *sampling, const struct rows *rows, struct json *values)
{
	struct json *archiver = json_new_object();

	json_set_bool(values, "in_recovery", rows_true(rows, 0, COLUMN_IN_RECOVERY));
	json_set_int(values, "position_bytes", rows_int(rows, 0, COLUMN_POSITION));
	sample_set_rate(sampling, values, "bytes_per_s",
	                sample_grown(sampling, "position", rows_int(rows, 0, COLUMN_POSITION)));
	sample_set_rate(sampling, values, "records_per_s", counted(sampling, rows, "records", COLUMN_RECORDS));
	sample_set_rate(sampling, values, "full_pages_per_s", counted(sampling, rows, "full_pages", COLUMN_FULL_PAGES));
	sample_set_known(values, "buffers_full", counted(sampling, rows, "buffers_full", COLUMN_BUFFERS_FULL));
	sample_set(sampling, values, rows, 0, COLUMN_REPLAY_DELAY, SAMPLE_COLUMNS(REPLAY));
	json_set_bool(archiver, "on", rows_true(rows, 0, COLUMN_ARCHIVING));
	json_set_bool(archiver, "failing", is_failing(rows));
	sample_set(sampling, archiver, rows, 0, COLUMN_ARCHIVED, SAMPLE_COLUMNS(ARCHIVER));
	json_set(values, "archiver", archiver);
}

const struct sampler sampler_wal = {
	.name = "wal",
	.title = "WAL",
	.about = "how much WAL is written, whether archiving goes on, and how late a standby replays",
	.interval_ms = 2000,
	.timeout_ms = 500,
	.rates = true,
	.queries = {{.since = 14, .sql = query_sample_wal}, {.sql = query_sample_wal_13}},
	.read = read,
};
