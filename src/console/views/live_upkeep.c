/* What goes on beside the applications' work: pools, vacuum, sizes, what happened, and what looking at it all costs. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "console/terminal/signs.h"
#include "console/views/live.h"

enum { NAME_COLUMNS = 18, NAME_COLUMNS_WIDE = 32, WIDE_FROM = 60 };

static bool is_wide(const struct live_page *page)
{
	return page->width == 0 || page->width >= WIDE_FROM;
}

/* A name in a column of its own; what follows stands at the same place in every line. */
static void write_name(struct live_page *page, const char *name)
{
	int columns = is_wide(page) ? NAME_COLUMNS_WIDE : NAME_COLUMNS;

	paper_line(&page->paper);
	paper_span(&page->paper, STYLE_TEXT, " %.*s", columns - 2, name);
	paper_tab(&page->paper, columns);
}

/* ---- pools ---- */

static void write_pool(struct live_page *page, const struct json *pool)
{
	const char *state = live_text(pool, "state");
	bool bad = strcmp(state, "bad") == 0, tight = strcmp(state, "tight") == 0;
	enum style style = bad ? STYLE_BAD : tight ? STYLE_CAUTION : STYLE_TEXT;
	int64_t waiting = json_get_int(pool, "waiting");
	double used;

	paper_line(&page->paper);
	paper_span(&page->paper, STYLE_STRONG, " %s", live_text(pool, "database"));
	paper_span(&page->paper, style, " %s servers of %s, ", live_number(page, pool, "servers"),
	           live_number(page, pool, "capacity"));
	if (model_number(json_get(pool, "busy"), &used))
		paper_span(&page->paper, style, "%s busy", live_number(page, pool, "busy"));
	if (model_number(json_get(pool, "utilisation"), &used))
		paper_span(&page->paper, style, " (%.0f%%)", used * 100);
	paper_line(&page->paper);
	paper_span(&page->paper, waiting > 0 ? STYLE_BAD : STYLE_TEXT, "   %s clients, %" PRId64 " wait%s",
	           live_number(page, pool, "clients"), waiting, waiting > 0 ? "!" : "");
	if (waiting > 0)
		paper_span(&page->paper, STYLE_BAD, " %s", live_duration(page, pool, "longest_wait_ms"));
	if (!is_wide(page))
		paper_line(&page->paper);
	paper_span(&page->paper, STYLE_TEXT, "   mean wait %s ms, held for %s ms", live_number(page, pool, "wait_ms"),
	           live_number(page, pool, "transaction_ms"));
	if (live_is_tall(page) && json_get_text(pool, "advice")) {
		paper_line(&page->paper);
		paper_text(&page->paper, STYLE_DIM, 3, json_get_text(pool, "advice"));
	}
}

void live_write_pools(struct live_page *page, const struct json *values)
{
	const struct json *pools = json_get(values, "databases");

	paper_span(&page->paper, STYLE_DIM, " PgBouncer %s, %s", live_text(values, "version"), live_text(values, "place"));
	for (size_t i = 0; i < json_count(pools); i++)
		write_pool(page, json_at(pools, i));
	if (json_count(pools) == 0) {
		paper_line(&page->paper);
		paper_span(&page->paper, STYLE_TEXT, " no database has clients or servers");
	}
	if (live_is_tall(page))
		live_spark(page, SERIES_QUEUE, "waiting");
}

/* ---- vacuum ---- */

static void write_worker(struct live_page *page, const struct json *worker)
{
	bool forced = json_get_bool(worker, "against_wraparound");

	paper_line(&page->paper);
	paper_span(&page->paper, STYLE_STRONG, " %" PRId64, json_get_int(worker, "pid"));
	paper_span(&page->paper, forced ? STYLE_BAD : STYLE_TEXT, " %s %s%s", live_duration(page, worker, "running_ms"),
	           live_text(worker, "work"), forced ? " gives way to nobody!" : "");
}

static void write_dead(struct live_page *page, const struct json *table)
{
	int64_t dead = json_get_int(table, "dead_rows"), live = json_get_int(table, "live_rows");
	double ago;

	write_name(page, live_text(table, "table"));
	paper_span(&page->paper, dead > live ? STYLE_CAUTION : STYLE_TEXT, "%s dead",
	           live_number(page, table, "dead_rows"));
	if (model_number(json_get(table, "vacuumed_ms_ago"), &ago))
		paper_span(&page->paper, STYLE_DIM, ", %s ago", live_duration(page, table, "vacuumed_ms_ago"));
	else
		paper_span(&page->paper, STYLE_DIM, is_wide(page) ? ", never vacuumed" : ", never");
}

void live_write_vacuum(struct live_page *page, const struct json *values)
{
	const struct json *workers = json_get(values, "workers"), *tables = json_get(values, "most_dead");
	const struct json *wraparound = live_values(page, "wraparound");
	bool on = json_get_bool(values, "autovacuum");

	if (on)
		paper_span(&page->paper, STYLE_TEXT, " %zu of %s workers at work", json_count(workers),
		           live_number(page, values, "max_workers"));
	else
		paper_span(&page->paper, STYLE_BAD, " autovacuum is off!");
	if (wraparound && is_wide(page))
		paper_span(&page->paper, STYLE_TEXT, "; oldest row %s xids, %s%% of what forces a vacuum",
		           live_number(page, wraparound, "oldest_xids"),
		           live_number(page, wraparound, "forced_vacuum_percent"));
	else if (wraparound)
		paper_span(&page->paper, STYLE_TEXT, "; forced %s%%", live_number(page, wraparound, "forced_vacuum_percent"));
	for (size_t i = 0; i < json_count(workers); i++)
		write_worker(page, json_at(workers, i));
	for (size_t i = 0; i < json_count(tables); i++)
		write_dead(page, json_at(tables, i));
}

/* ---- sizes ---- */

static void write_left_over(struct live_page *page)
{
	const struct json *invalid = json_get(live_values(page, "indexes"), "invalid");

	for (size_t i = 0; i < json_count(invalid); i++) {
		const struct json *index = json_at(invalid, i);
		bool building = json_get_bool(index, "building");
		paper_line(&page->paper);
		paper_span(&page->paper, building ? STYLE_BUSY : STYLE_BAD, " %s %s, %s", live_text(index, "index"),
		           building ? "is being built" : "is INVALID", live_bytes(page, index, "bytes"));
	}
}

static void write_sequences(struct live_page *page)
{
	const struct json *fullest = json_get(live_values(page, "sequences"), "fullest");
	double used;

	for (size_t i = 0; i < json_count(fullest); i++) {
		const struct json *sequence = json_at(fullest, i);
		if (!model_number(json_get(sequence, "used_percent"), &used) || used < 50)
			continue;
		paper_line(&page->paper);
		paper_tab(&page->paper, 1);
		paper_text(&page->paper, STYLE_CAUTION, 3,
		           arena_printf(page->arena, "sequence %s is used to %s%%", live_text(sequence, "sequence"),
		                        live_number(page, sequence, "used_percent")));
	}
}

void live_write_sizes(struct live_page *page, const struct json *values)
{
	const struct json *largest = json_get(values, "largest"), *files = live_values(page, "wal_files");
	double growth;

	paper_span(&page->paper, STYLE_TEXT, " database %s", live_bytes(page, values, "database_bytes"));
	if (model_number(json_get(values, "growth_bytes_per_s"), &growth))
		paper_span(&page->paper, STYLE_TEXT, ", %s%s/s", growth < 0 ? "" : "+",
		           live_bytes(page, values, "growth_bytes_per_s"));
	if (files && !is_wide(page))
		paper_line(&page->paper);
	if (files)
		paper_span(&page->paper, STYLE_TEXT, " pg_wal %s", live_bytes(page, files, "bytes"));
	write_left_over(page);
	write_sequences(page);
	for (size_t i = 0; i < json_count(largest); i++) {
		const struct json *table = json_at(largest, i);
		write_name(page, live_text(table, "table"));
		paper_span(&page->paper, STYLE_TEXT, "%s", live_bytes(page, table, "bytes"));
		paper_span(&page->paper, STYLE_DIM, is_wide(page) ? ", indexes %s" : " + %s",
		           live_bytes(page, table, "index_bytes"));
	}
}

/* ---- what happened ---- */

/* The newest first: in a line there is room for it alone. */
void live_write_incidents(struct live_page *page, const struct json *values)
{
	const struct model_live *live = page->figures->live;
	size_t count = live ? live->incident_count : 0;

	(void)values;
	for (size_t i = count; i-- > 0;) {
		const struct model_incident *incident = model_incident(live, i);
		if (i + 1 < count)
			paper_line(&page->paper);
		paper_span(&page->paper, STYLE_DIM, " %s", age_text(page->arena, incident->at_ms, page->figures->now_ms));
		paper_text(&page->paper, incident->bad ? STYLE_BAD : STYLE_CAUTION, 3,
		           arena_printf(page->arena, " %s", incident->text));
	}
	if (count == 0)
		paper_span(&page->paper, STYLE_DIM, " none: no deadlock, no lost slot, no retry, no requested checkpoint");
}

/* ---- our own cost ---- */

void live_write_cost(struct live_page *page, const struct json *values)
{
	int64_t skipped = json_get_int(values, "skipped");

	paper_span(&page->paper, STYLE_TEXT, " looking takes %s ms a second, %s questions so far",
	           live_number(page, values, "busy_ms_per_s"), live_number(page, values, "queries"));
	if (skipped > 0)
		paper_span(&page->paper, STYLE_CAUTION, ", %" PRId64 " skipped", skipped);
}
