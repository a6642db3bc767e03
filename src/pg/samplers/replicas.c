#include "pg/query.h"
#include "pg/samplers/sampler.h"

enum column {
	COLUMN_PID,
	COLUMN_REPLAY_BYTES = 8,
	COLUMN_REPLAY_LAG = 11,
	COLUMN_POSITION = 13,
};

/* Remembered positions of our own; when there are too many, every second one goes. */
enum { MARKS_MOST = 64 };

static const struct sample_column REPLICA[] = {
	{"pid", COLUMN_INT},
	{"name", COLUMN_TEXT},
	{"client", COLUMN_TEXT},
	{"state", COLUMN_TEXT},
	{"sync", COLUMN_TEXT},
	{"send_bytes", COLUMN_AGE},
	{"write_bytes", COLUMN_AGE},
	{"flush_bytes", COLUMN_AGE},
	{"replay_bytes", COLUMN_AGE},
	{"write_lag_ms", COLUMN_AGE},
	{"flush_lag_ms", COLUMN_AGE},
	{"replay_lag_ms", COLUMN_AGE}, /* as last reported: it stands still while nothing is replayed */
	{"reported_ms_ago", COLUMN_AGE},
};

struct marks {
	const struct json *positions, *times;
	int64_t now_ms;
};

/* Where our WAL was at the looks before: it shows since when a standby has not reached a position. */
static struct marks keep_marks(struct sampling *sampling, int64_t position)
{
	const struct json *old = json_get(sampling->before, "positions"), *times = json_get(sampling->before, "times");
	struct json *positions = json_new_array(), *stamps = json_new_array();
	struct marks marks = {.now_ms = json_get_int(sampling->before, "now_ms") + sampling->interval_ms};
	size_t count = json_count(old), step = count >= MARKS_MOST ? 2 : 1;

	for (size_t i = 0; i < count; i += step) {
		json_push(positions, json_new_int(json_int(json_at(old, i))));
		json_push(stamps, json_new_int(json_int(json_at(times, i))));
	}
	if (count == 0 || json_int(json_at(old, count - 1)) != position) {
		json_push(positions, json_new_int(position));
		json_push(stamps, json_new_int(marks.now_ms));
	}
	json_set(sampling->counters, "positions", positions);
	json_set(sampling->counters, "times", stamps);
	json_set_int(sampling->counters, "now_ms", marks.now_ms);
	marks.positions = positions;
	marks.times = stamps;
	return marks;
}

/* At least so old is what it has not replayed. */
static int64_t waiting_ms(const struct marks *marks, int64_t replayed)
{
	for (size_t i = 0; i < json_count(marks->positions); i++)
		if (json_int(json_at(marks->positions, i)) > replayed)
			return marks->now_ms - json_int(json_at(marks->times, i));
	return 0;
}

static void set_lag(struct json *replica, const struct rows *rows, size_t row, const struct marks *marks)
{
	int64_t behind = rows_int(rows, row, COLUMN_REPLAY_BYTES), reported = rows_int(rows, row, COLUMN_REPLAY_LAG);
	int64_t seen = behind > 0 ? waiting_ms(marks, rows_int(rows, row, COLUMN_POSITION) - behind) : 0;

	if (!rows_get(rows, row, COLUMN_REPLAY_BYTES))
		json_set_text(replica, "lag_ms", NULL);
	else
		json_set_int(replica, "lag_ms", behind <= 0 ? 0 : reported > seen ? reported : seen);
}

static void read(struct sampling *sampling, const struct rows *rows, struct json *values)
{
	struct json *replicas = json_new_array();
	struct marks marks = keep_marks(sampling, rows_int(rows, 0, COLUMN_POSITION));

	for (size_t i = 0; i < rows_count(rows); i++) {
		if (!rows_get(rows, i, COLUMN_PID))
			continue;
		struct json *replica = json_new_object();
		sample_set(sampling, replica, rows, i, 0, SAMPLE_COLUMNS(REPLICA));
		set_lag(replica, rows, i, &marks);
		json_push(replicas, replica);
	}
	json_set(values, "replicas", replicas);
}

const struct sampler sampler_replicas = {
	.name = "replicas",
	.title = "Replicas",
	.about = "standbys and how far behind each is, in bytes and in time",
	.needs = NEEDS_STATISTICS,
	.interval_ms = 2000,
	.timeout_ms = 500,
	.queries = {{.sql = query_sample_replicas}},
	.read = read,
};
