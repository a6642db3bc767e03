#include <string.h>

#include "base/list.h"
#include "pg/query.h"
#include "pg/samplers/sampler.h"

enum column {
	COLUMN_KIND,
	COLUMN_PID,
	COLUMN_COMMAND = 4,
	COLUMN_PHASE,
	COLUMN_DONE,
	COLUMN_TOTAL,
	COLUMN_APPLICATION = 10,
};

static const struct sample_column COMMAND[] = {
	{"kind", COLUMN_TEXT},
	{"pid", COLUMN_INT},
	{"database", COLUMN_TEXT},
	{"relation", COLUMN_TEXT},
	{"command", COLUMN_TEXT},
	{"phase", COLUMN_TEXT},
	{"done", COLUMN_INT},   /* of this phase alone: each begins anew */
	{"total", COLUMN_INT},  /* null = nobody knows */
	{"unit", COLUMN_TEXT},
	{"waits_for", COLUMN_INT},
	{"application", COLUMN_TEXT},
	{"running_ms", COLUMN_AGE},
};

/* The phases of a command in their order, as the manual's chapter on progress reporting has them. */
static const struct phases {
	const char *command; /* its beginning */
	const char *phases[11];
} PHASES[] = {
	{"CREATE INDEX CONCURRENTLY",
	 {"initializing", "waiting for writers before build", "building index", "waiting for writers before validation",
	  "index validation: scanning index", "index validation: sorting tuples", "index validation: scanning table",
	  "waiting for old snapshots"}},
	{"REINDEX CONCURRENTLY",
	 {"initializing", "waiting for writers before build", "building index", "waiting for writers before validation",
	  "index validation: scanning index", "index validation: sorting tuples", "index validation: scanning table",
	  "waiting for old snapshots", "waiting for readers before marking dead", "waiting for readers before dropping"}},
	{"CREATE INDEX", {"initializing", "building index"}},
	{"REINDEX", {"initializing", "building index"}},
	{"VACUUM FULL",
	 {"initializing", "seq scanning heap", "writing new heap", "swapping relation files", "rebuilding index",
	  "performing final cleanup"}},
	{"VACUUM",
	 {"initializing", "scanning heap", "vacuuming indexes", "vacuuming heap", "cleaning up indexes", "truncating heap",
	  "performing final cleanup"}},
	{"CLUSTER",
	 {"initializing", "index scanning heap", "sorting tuples", "writing new heap", "swapping relation files",
	  "rebuilding index", "performing final cleanup"}},
	{"ANALYZE",
	 {"initializing", "acquiring sample rows", "acquiring inherited sample rows", "computing statistics",
	  "computing extended statistics", "finalizing analyze"}},
	{"BASE_BACKUP",
	 {"initializing", "waiting for checkpoint to finish", "estimating backup size", "streaming database files",
	  "waiting for wal archiving to finish", "transferring wal files"}},
};

static size_t count_phases(const struct phases *row)
{
	size_t count = 0;
	while (count < sizeof(row->phases) / sizeof(row->phases[0]) && row->phases[count])
		count++;
	return count;
}

/* "building index: scanning table" is part of "building index". */
static void set_phase(struct json *object, const char *command, const char *phase)
{
	for (size_t i = 0; command && phase && i < sizeof(PHASES) / sizeof(PHASES[0]); i++) {
		const struct phases *row = &PHASES[i];
		if (strncmp(row->command, command, strlen(row->command)) != 0)
			continue;
		for (size_t k = 0; k < count_phases(row); k++) {
			if (strncmp(row->phases[k], phase, strlen(row->phases[k])) != 0)
				continue;
			json_set_int(object, "phase_number", (int64_t)k + 1);
			json_set_int(object, "phase_count", (int64_t)count_phases(row));
			return;
		}
		break;
	}
	json_set_text(object, "phase_number", NULL);
	json_set_text(object, "phase_count", NULL);
}

static void set_rate(struct sampling *sampling, struct json *object, const struct rows *rows, size_t row)
{
	const char *phase = rows_get(rows, row, COLUMN_PHASE);
	int64_t done = rows_int(rows, row, COLUMN_DONE), total = rows_int(rows, row, COLUMN_TOTAL), grown = -1;

	if (phase && rows_get(rows, row, COLUMN_DONE))
		grown = sample_grown(sampling, arena_printf(sampling->arena, "%s %s", rows_get(rows, row, COLUMN_PID), phase),
		                     done);
	sample_set_rate(sampling, object, "per_s", grown);
	sample_set_known(object, "remaining_ms",
	                 grown > 0 && total >= done
	                         ? (int64_t)((double)(total - done) * (double)sampling->interval_ms / (double)grown)
	                         : -1);
}

static void read(struct sampling *sampling, const struct rows *rows, struct json *values)
{
	struct json *commands = json_new_array();

	for (size_t i = 0; i < rows_count(rows); i++) {
		struct json *object = json_new_object();
		sample_set(sampling, object, rows, i, 0, SAMPLE_COLUMNS(COMMAND));
		set_phase(object, rows_get(rows, i, COLUMN_COMMAND), rows_get(rows, i, COLUMN_PHASE));
		sample_set_share(object, "percent", rows_int(rows, i, COLUMN_DONE), rows_int(rows, i, COLUMN_TOTAL), 100);
		set_rate(sampling, object, rows, i);
		json_set_bool(object, "ours", sample_is_ours(rows_get(rows, i, COLUMN_APPLICATION)));
		json_push(commands, object);
	}
	json_set(values, "commands", commands);
}

const struct sampler sampler_progress = {
	.name = "progress",
	.title = "Progress",
	.about = "long commands that the server tells the progress of: phase, done of total, and rate",
	.needs = NEEDS_STATISTICS,
	.interval_ms = 1000,
	.timeout_ms = 500,
	.queries = {{.since = 17, .sql = query_sample_progress},
	            {.since = 14, .sql = query_sample_progress_14},
	            {.sql = query_sample_progress_13}},
	.read = read,
};
