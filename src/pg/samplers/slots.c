#include "pg/query.h"
#include "pg/samplers/sampler.h"

static const struct sample_column SLOT[] = {
	{"name", COLUMN_TEXT},
	{"type", COLUMN_TEXT},
	{"database", COLUMN_TEXT},
	{"active", COLUMN_BOOL},
	{"wal_status", COLUMN_TEXT}, /* reserved, extended, unreserved, lost */
	{"safe_bytes", COLUMN_INT},  /* until it is lost; null without a limit */
	{"retained_bytes", COLUMN_AGE},
};

static void read(struct sampling *sampling, const struct rows *rows, struct json *values)
{
	struct json *slots = json_new_array();

	for (size_t i = 0; i < rows_count(rows); i++) {
		struct json *slot = json_new_object();
		sample_set(sampling, slot, rows, i, 0, SAMPLE_COLUMNS(SLOT));
		json_push(slots, slot);
	}
	json_set(values, "slots", slots);
}

const struct sampler sampler_slots = {
	.name = "slots",
	.title = "Slots",
	.about = "replication slots, what each keeps on disk and whether it is still kept for it",
	.interval_ms = 10000,
	.timeout_ms = 500,
	.queries = {{.sql = query_sample_slots}},
	.read = read,
};
