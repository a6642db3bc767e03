#include "pg/query.h"
#include "pg/samplers/sampler.h"

enum column {
	COLUMN_COMMITS,
	COLUMN_ROLLBACKS,
	COLUMN_BLOCKS_READ,
	COLUMN_BLOCKS_HIT,
	COLUMN_ROWS_RETURNED,
	COLUMN_ROWS_FETCHED,
	COLUMN_ROWS_INSERTED,
	COLUMN_ROWS_UPDATED,
	COLUMN_ROWS_DELETED,
	COLUMN_CONFLICTS,
	COLUMN_TEMP_FILES,
	COLUMN_TEMP_BYTES,
	COLUMN_DEADLOCKS,
	COLUMN_CHECKSUM_FAILURES, /* null without checksums */
	COLUMN_ACTIVE_MS,         /* null before 14 */
	COLUMN_IN_TRANSACTION_MS,
};

/* Those that are told as growth per second. */
static const struct rate {
	const char *name, *counter;
	enum column column;
} RATES[] = {
	{"rollbacks_per_s", "rollbacks", COLUMN_ROLLBACKS},
	{"rows_returned_per_s", "rows_returned", COLUMN_ROWS_RETURNED},
	{"rows_fetched_per_s", "rows_fetched", COLUMN_ROWS_FETCHED},
	{"rows_inserted_per_s", "rows_inserted", COLUMN_ROWS_INSERTED},
	{"rows_updated_per_s", "rows_updated", COLUMN_ROWS_UPDATED},
	{"rows_deleted_per_s", "rows_deleted", COLUMN_ROWS_DELETED},
	{"temp_bytes_per_s", "temp_bytes", COLUMN_TEMP_BYTES},
};

/* Those that are told as they are too, for who takes the difference himself. */
static const struct total {
	const char *name;
	enum column column;
} TOTALS[] = {
	{"commits_total", COLUMN_COMMITS},
	{"rollbacks_total", COLUMN_ROLLBACKS},
	{"rows_returned_total", COLUMN_ROWS_RETURNED},
	{"rows_fetched_total", COLUMN_ROWS_FETCHED},
	{"rows_inserted_total", COLUMN_ROWS_INSERTED},
	{"rows_updated_total", COLUMN_ROWS_UPDATED},
	{"rows_deleted_total", COLUMN_ROWS_DELETED},
	{"blocks_hit_total", COLUMN_BLOCKS_HIT},
	{"blocks_read_total", COLUMN_BLOCKS_READ},
	{"temp_bytes_total", COLUMN_TEMP_BYTES},
	{"deadlocks_total", COLUMN_DEADLOCKS},
};

static int64_t grown(struct sampling *sampling, const struct rows *rows, const char *name, enum column column)
{
	return sample_grown(sampling, name, rows_int(rows, 0, column));
}

static void set_commits(struct sampling *sampling, const struct rows *rows, struct json *values)
{
	int64_t commits = grown(sampling, rows, "commits", COLUMN_COMMITS), own = (int64_t)sampling->asked;

	/* Each of our own questions is a transaction too. */
	if (commits >= 0)
		commits = commits > own ? commits - own : 0;
	sample_set_rate(sampling, values, "commits_per_s", commits);
}

/* Of the interval, not of the server's life. */
static void set_cache(struct sampling *sampling, const struct rows *rows, struct json *values)
{
	int64_t hit = grown(sampling, rows, "blocks_hit", COLUMN_BLOCKS_HIT);
	int64_t read = grown(sampling, rows, "blocks_read", COLUMN_BLOCKS_READ);
	bool known = hit >= 0 && read >= 0;

	sample_set_share(values, "cache_hit_percent", known ? hit : -1, known ? hit + read : 0, 100);
}

/* The mean number of sessions that were at work or idle in a transaction. */
static void set_sessions(struct sampling *sampling, const struct rows *rows, struct json *values)
{
	bool counted = rows_get(rows, 0, COLUMN_ACTIVE_MS) != NULL;
	int64_t active = counted ? grown(sampling, rows, "active_ms", COLUMN_ACTIVE_MS) : -1;
	int64_t idle = counted ? grown(sampling, rows, "in_transaction_ms", COLUMN_IN_TRANSACTION_MS) : -1;

	sample_set_share(values, "busy_sessions", active >= 0 && idle >= 0 ? active + idle : -1, sampling->interval_ms, 1);
}

static void read(struct sampling *sampling, const struct rows *rows, struct json *values)
{
	if (rows_count(rows) == 0)
		return;
	set_commits(sampling, rows, values);
	for (size_t i = 0; i < sizeof(RATES) / sizeof(RATES[0]); i++)
		sample_set_rate(sampling, values, RATES[i].name,
		                grown(sampling, rows, RATES[i].counter, RATES[i].column));
	set_cache(sampling, rows, values);
	set_sessions(sampling, rows, values);
	sample_set_known(values, "temp_files", grown(sampling, rows, "temp_files", COLUMN_TEMP_FILES));
	sample_set_known(values, "deadlocks", grown(sampling, rows, "deadlocks", COLUMN_DEADLOCKS));
	sample_set_known(values, "conflicts", grown(sampling, rows, "conflicts", COLUMN_CONFLICTS));
	for (size_t i = 0; i < sizeof(TOTALS) / sizeof(TOTALS[0]); i++)
		json_set_int(values, TOTALS[i].name, rows_int(rows, 0, TOTALS[i].column));
	sample_set_known(values, "checksum_failures_total",
	                 rows_get(rows, 0, COLUMN_CHECKSUM_FAILURES) ? rows_int(rows, 0, COLUMN_CHECKSUM_FAILURES) : -1);
	sample_set_known(values, "interval_ms", sampling->interval_ms ? sampling->interval_ms : -1);
}

const struct sampler sampler_workload = {
	.name = "workload",
	.title = "Workload",
	.about = "commits, rollbacks, rows, temporary files, deadlocks and cache hits of this database in the interval",
	.interval_ms = 2000,
	.timeout_ms = 500,
	.rates = true,
	.queries = {{.since = 14, .sql = query_sample_workload}, {.sql = query_sample_workload_13}},
	.read = read,
};
