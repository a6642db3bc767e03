#include <string.h>

#include "pg/query.h"
#include "pg/samplers/sampler.h"

enum { SHOWN = 10 };

enum column {
	COLUMN_KIND,
	COLUMN_PID,
	COLUMN_NAME,
	COLUMN_ROLE,
	COLUMN_DATABASE,
	COLUMN_STATE,
	COLUMN_AGE_MS,
	COLUMN_STATE_MS,
	COLUMN_CHANGES_XIDS,
	COLUMN_HOLDS_XIDS,
};

static const struct sample_column SESSION[] = {
	{"pid", COLUMN_INT},
	{"application", COLUMN_TEXT},
	{"role", COLUMN_TEXT},
	{"database", COLUMN_TEXT},
	{"state", COLUMN_TEXT},
	{"age_ms", COLUMN_AGE},
	{"state_ms", COLUMN_AGE},
	{"changes_xids", COLUMN_INT}, /* age of its own transaction id; null = it has changed nothing */
	{"holds_xids", COLUMN_INT},   /* age of the oldest transaction it can see */
	{"query", COLUMN_SQL},
	{"backend_start", COLUMN_TEXT},
};

static const struct sample_column PREPARED[] = {
	{"gid", COLUMN_TEXT},
	{"role", COLUMN_TEXT},
	{"database", COLUMN_TEXT},
	{NULL, COLUMN_SKIP},
	{"age_ms", COLUMN_AGE},
	{NULL, COLUMN_SKIP},
	{NULL, COLUMN_SKIP},
	{"holds_xids", COLUMN_INT},
};

static const struct sample_column HOLDER[] = {
	{"kind", COLUMN_TEXT},
	{"pid", COLUMN_INT},
	{"name", COLUMN_TEXT},
	{"role", COLUMN_TEXT},
	{"database", COLUMN_TEXT},
	{"state", COLUMN_TEXT},
	{"age_ms", COLUMN_AGE},
	{NULL, COLUMN_SKIP},
	{NULL, COLUMN_SKIP},
	{"holds_xids", COLUMN_INT},
};

static bool is_kind(const struct rows *rows, size_t row, const char *kind)
{
	return strcmp(rows_get(rows, row, COLUMN_KIND), kind) == 0;
}

static struct json *session(struct sampling *sampling, const struct rows *rows, size_t row)
{
	struct json *object = json_new_object();
	sample_set(sampling, object, rows, row, COLUMN_PID, SAMPLE_COLUMNS(SESSION));
	json_set_bool(object, "ours", sample_is_ours(rows_get(rows, row, COLUMN_NAME)));
	return object;
}

/* Who keeps most from being removed: only the transaction that it can still see says so, not how long it is open. */
static struct json *horizon(struct sampling *sampling, const struct rows *rows)
{
	size_t found = rows_count(rows);

	for (size_t i = 0; i < rows_count(rows); i++)
		if (rows_get(rows, i, COLUMN_HOLDS_XIDS) &&
		    (found == rows_count(rows) ||
		     rows_int(rows, i, COLUMN_HOLDS_XIDS) > rows_int(rows, found, COLUMN_HOLDS_XIDS)))
			found = i;
	if (found == rows_count(rows))
		return json_new_text(NULL);
	struct json *object = json_new_object();
	sample_set(sampling, object, rows, found, 0, SAMPLE_COLUMNS(HOLDER));
	return object;
}

static void read(struct sampling *sampling, const struct rows *rows, struct json *values)
{
	struct json *sessions = json_new_array(), *prepared = json_new_array();
	int64_t open = 0, oldest_ms = 0;

	for (size_t i = 0; i < rows_count(rows); i++) {
		if (is_kind(rows, i, "prepared")) {
			struct json *object = json_new_object();
			sample_set(sampling, object, rows, i, COLUMN_NAME, SAMPLE_COLUMNS(PREPARED));
			json_push(prepared, object);
		}
		if (!is_kind(rows, i, "session") || !rows_get(rows, i, COLUMN_AGE_MS))
			continue;
		int64_t age_ms = rows_int(rows, i, COLUMN_AGE_MS);
		oldest_ms = age_ms > oldest_ms ? age_ms : oldest_ms;
		if (open++ < SHOWN)
			json_push(sessions, session(sampling, rows, i));
	}
	json_set_int(values, "open", open);
	json_set_int(values, "oldest_ms", oldest_ms);
	json_set(values, "sessions", sessions);
	json_set(values, "prepared", prepared);
	json_set(values, "horizon", horizon(sampling, rows));
}

const struct sampler sampler_transactions = {
	.name = "transactions",
	.title = "Transactions",
	.about = "the oldest open transactions, prepared ones, and who keeps old rows from being removed",
	.needs = NEEDS_STATISTICS,
	.interval_ms = 2000,
	.timeout_ms = 500,
	.queries = {{.sql = query_sample_transactions}},
	.read = read,
};
