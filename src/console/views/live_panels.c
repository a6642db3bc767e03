/* What each panel of live says, from the values of its sampler. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "console/terminal/signs.h"
#include "console/views/live.h"

enum { STATE_COLUMNS = 16, COUNT_AT = 17, BAR_AT = 23, BAR_MOST = 30, TRANSACTION_IS_LONG_MS = 60000 };

static int bar_width(const struct live_page *page, int column)
{
	int width = page->width ? page->width - column - 1 : BAR_MOST;
	return width > BAR_MOST ? BAR_MOST : width < 1 ? 1 : width;
}

static bool is_number(const struct json *object, const char *key)
{
	double number;
	return model_number(json_get(object, key), &number);
}

/* ---- connections ---- */

struct bars {
	struct live_page *page;
	int64_t used;
};

static void write_bar(struct bars *bars, enum style style, const char *name, int64_t count)
{
	struct live_page *page = bars->page;

	paper_line(&page->paper);
	paper_span(&page->paper, style, " %.*s", STATE_COLUMNS - 1, name);
	paper_tab(&page->paper, COUNT_AT);
	paper_span(&page->paper, STYLE_TEXT, "%5" PRId64 " ", count);
	paper_span(&page->paper, style, "%s",
	           live_bar(page, bar_width(page, BAR_AT), (double)count, (double)bars->used, false));
}

static bool write_state(const char *state, const struct json *count, void *context)
{
	bool open = strncmp(state, "idle in", 7) == 0;
	const char *name = !open ? state : strchr(state, '(') ? "idle in failed" : "idle in trans.";

	write_bar(context, open ? STYLE_CAUTION : STYLE_TEXT, name, json_int(count));
	return true;
}

static void write_connections(struct live_page *page, const struct json *values)
{
	struct bars bars = {page, json_get_int(values, "used")};
	int64_t usable = json_get_int(values, "usable"), left = json_get_int(values, "free");
	const struct json *groups = json_get(values, "groups");
	bool few = usable > 0 && left * 10 < usable;

	paper_span(&page->paper, few ? STYLE_BAD : STYLE_TEXT, " %" PRId64 " of %" PRId64 " %s  %" PRId64 " free%s",
	           bars.used, usable, live_bar(page, page->width && page->width < 60 ? 10 : 20, (double)bars.used,
	                                       (double)usable, true),
	           left, few ? "!" : "");
	json_each(json_get(values, "states"), write_state, &bars);
	if (!live_is_tall(page))
		return;
	live_spark(page, SERIES_CONNECTIONS, "used");
	for (size_t i = 0; i < json_count(groups); i++) {
		const struct json *group = json_at(groups, i);
		paper_line(&page->paper);
		paper_span(&page->paper, STYLE_DIM, " %5" PRId64 " %s, %s", json_get_int(group, "count"),
		           live_text(group, "application"), live_text(group, "state"));
	}
}

/* ---- workload ---- */

static void write_workload(struct live_page *page, const struct json *values)
{
	const struct json *wal = live_values(page, "wal"), *checkpoints = live_values(page, "checkpoints");
	int64_t deadlocks = json_get_int(values, "deadlocks");

	paper_span(&page->paper, STYLE_TEXT, " commits %s/s  rollbacks %s/s",
	           live_number(page, values, "commits_per_s"), live_number(page, values, "rollbacks_per_s"));
	paper_line(&page->paper);
	paper_span(&page->paper, STYLE_TEXT, " rows/s +%s ~%s -%s", live_number(page, values, "rows_inserted_per_s"),
	           live_number(page, values, "rows_updated_per_s"), live_number(page, values, "rows_deleted_per_s"));
	paper_line(&page->paper);
	paper_span(&page->paper, STYLE_TEXT, " temp %s/s  deadlocks ", live_bytes(page, values, "temp_bytes_per_s"));
	paper_span(&page->paper, deadlocks > 0 ? STYLE_BAD : STYLE_TEXT, "%s%s", live_number(page, values, "deadlocks"),
	           deadlocks > 0 ? "!" : "");
	paper_line(&page->paper);
	paper_span(&page->paper, STYLE_TEXT, " WAL %s/s  cache %s%%", live_bytes(page, wal, "bytes_per_s"),
	           live_number(page, values, "cache_hit_percent"));
	if (json_get_bool(json_get(wal, "archiver"), "failing"))
		paper_span(&page->paper, STYLE_BAD, "  archiving FAILS");
	if (!live_is_tall(page))
		return;
	paper_line(&page->paper);
	paper_span(&page->paper, STYLE_TEXT, " checkpoints: %s timed, %s requested",
	           live_number(page, checkpoints, "timed"), live_number(page, checkpoints, "requested"));
	live_spark(page, SERIES_COMMITS, "commits/s");
	live_spark(page, SERIES_WAL, "WAL/s");
}

/* ---- transactions and the horizon ---- */

static void write_horizon(struct live_page *page, const struct json *horizon)
{
	const char *name = json_get_text(horizon, "name");

	if (!horizon || json_kind(horizon) != JSON_KIND_OBJECT)
		return;
	paper_line(&page->paper);
	paper_span(&page->paper, STYLE_TEXT, " horizon %s xids, by %s", live_number(page, horizon, "holds_xids"),
	           live_text(horizon, "kind"));
	if (is_number(horizon, "pid"))
		paper_span(&page->paper, STYLE_TEXT, " %" PRId64, json_get_int(horizon, "pid"));
	if (name)
		paper_span(&page->paper, STYLE_DIM, " %s", name);
}

static void write_transaction(struct live_page *page, const struct json *session)
{
	bool is_long = json_get_int(session, "age_ms") >= TRANSACTION_IS_LONG_MS;

	paper_line(&page->paper);
	live_mark(page, json_get_int(session, "pid"));
	paper_span(&page->paper, STYLE_STRONG, " %" PRId64, json_get_int(session, "pid"));
	if (json_get_bool(session, "ours"))
		paper_span(&page->paper, STYLE_BUSY, " (ours)");
	paper_span(&page->paper, is_long ? STYLE_CAUTION : STYLE_TEXT, " %s%s", live_duration(page, session, "age_ms"),
	           is_long ? "!" : "");
	paper_span(&page->paper, STYLE_TEXT, " %s", live_text(session, "state"));
	if (!json_get_bool(session, "ours"))
		paper_span(&page->paper, STYLE_DIM, " %s", live_text(session, "application"));
}

static void write_transactions(struct live_page *page, const struct json *values)
{
	const struct json *sessions = json_get(values, "sessions"), *prepared = json_get(values, "prepared");
	const struct json *wraparound = live_values(page, "wraparound");

	paper_span(&page->paper, STYLE_TEXT, " %s open", live_number(page, values, "open"));
	if (json_get_int(values, "open") > 0)
		paper_span(&page->paper, STYLE_TEXT, ", oldest %s", live_duration(page, values, "oldest_ms"));
	if (json_count(prepared) > 0)
		paper_span(&page->paper, STYLE_CAUTION, ", %zu prepared", json_count(prepared));
	write_horizon(page, json_get(values, "horizon"));
	for (size_t i = 0; i < json_count(sessions); i++)
		write_transaction(page, json_at(sessions, i));
	if (wraparound && live_is_tall(page)) {
		paper_line(&page->paper);
		paper_span(&page->paper, STYLE_TEXT, " oldest row %s xids, %s%% of what forces a vacuum",
		           live_number(page, wraparound, "oldest_xids"),
		           live_number(page, wraparound, "forced_vacuum_percent"));
	}
}

/* ---- waits ---- */

static void write_waits(struct live_page *page, const struct json *values)
{
	const struct json *events = json_get(values, "events");
	int64_t active = json_get_int(values, "active");
	int column = page->width && page->width < 36 ? 17 : 26;

	paper_span(&page->paper, STYLE_TEXT, " %" PRId64 " at work", active);
	for (size_t i = 0; i < json_count(events); i++) {
		const struct json *event = json_at(events, i);
		const char *type = live_text(event, "type"), *name = json_get_text(event, "event");
		enum style style = strcmp(type, "Lock") == 0 ? STYLE_BAD : STYLE_TEXT;
		int64_t count = json_get_int(event, "count");
		paper_line(&page->paper);
		paper_span(&page->paper, style, " %.*s", column - 2,
		           name ? arena_printf(page->arena, "%s:%s", type, name) : type);
		paper_tab(&page->paper, column);
		paper_span(&page->paper, STYLE_TEXT, "%3" PRId64 " ", count);
		paper_span(&page->paper, style, "%s",
		           live_bar(page, bar_width(page, column + 4), (double)count, (double)active, false));
	}
	if (live_is_tall(page))
		live_spark(page, SERIES_ACTIVE, "at work");
}

/* ---- replication ---- */

static void write_slots(struct live_page *page)
{
	const struct json *slots = json_get(live_values(page, "slots"), "slots");

	for (size_t i = 0; i < json_count(slots); i++) {
		const struct json *slot = json_at(slots, i);
		const char *status = live_text(slot, "wal_status");
		bool lost = strcmp(status, "lost") == 0 || strcmp(status, "unreserved") == 0;
		paper_line(&page->paper);
		paper_tab(&page->paper, 1);
		paper_text(&page->paper, lost ? STYLE_BAD : STYLE_TEXT, 3,
		           arena_printf(page->arena, "slot %s keeps %s, %s%s", live_text(slot, "name"),
		                        live_bytes(page, slot, "retained_bytes"), status,
		                        json_get_bool(slot, "active") ? "" : ", nobody reads it"));
	}
}

static void write_replication(struct live_page *page, const struct json *values)
{
	const struct json *replicas = json_get(values, "replicas"), *wal = live_values(page, "wal");

	if (json_count(replicas) == 0)
		paper_span(&page->paper, STYLE_TEXT, " no standby is connected");
	for (size_t i = 0; i < json_count(replicas); i++) {
		const struct json *replica = json_at(replicas, i);
		if (i > 0)
			paper_line(&page->paper);
		paper_tab(&page->paper, 1);
		paper_text(&page->paper, STYLE_TEXT, 3,
		           arena_printf(page->arena, "%s %s (%s): %s, %s behind", live_text(replica, "name"),
		                        live_text(replica, "state"), live_text(replica, "sync"),
		                        live_duration(page, replica, "lag_ms"),
		                        live_bytes(page, replica, "replay_bytes")));
	}
	if (live_is_tall(page))
		live_spark(page, SERIES_LAG, "lag");
	write_slots(page);
	if (json_get_bool(wal, "in_recovery")) {
		paper_line(&page->paper);
		paper_span(&page->paper, STYLE_TEXT, " this is a standby: it replays what is %s old",
		           live_duration(page, wal, "replay_delay_ms"));
	}
}

/* ---- progress ---- */

static void write_command(struct live_page *page, const struct json *command)
{
	double percent;
	bool known = model_number(json_get(command, "percent"), &percent);

	paper_span(&page->paper, STYLE_STRONG, " %" PRId64, json_get_int(command, "pid"));
	if (json_get_bool(command, "ours"))
		paper_span(&page->paper, STYLE_BUSY, " (ours)");
	paper_span(&page->paper, STYLE_TEXT, " %s %s, %s", live_text(command, "command"), live_text(command, "relation"),
	           live_duration(page, command, "running_ms"));
	paper_line(&page->paper);
	paper_span(&page->paper, STYLE_TEXT, "   ");
	if (is_number(command, "phase_number"))
		paper_span(&page->paper, STYLE_TEXT, "%s/%s ", live_number(page, command, "phase_number"),
		           live_number(page, command, "phase_count"));
	if (known)
		paper_span(&page->paper, STYLE_BUSY, "%s %s%% ", live_bar(page, 10, percent, 100, true),
		           live_number(page, command, "percent"));
	const char *phase = live_text(command, "phase");
	if (is_number(command, "remaining_ms"))
		phase = arena_printf(page->arena, "%s, %s left of it", phase,
		                     live_duration(page, command, "remaining_ms"));
	paper_text(&page->paper, STYLE_TEXT, 3, phase);
}

static void write_progress(struct live_page *page, const struct json *values)
{
	const struct json *commands = json_get(values, "commands");

	if (json_count(commands) == 0)
		paper_span(&page->paper, STYLE_DIM, " no command whose progress the server tells");
	for (size_t i = 0; i < json_count(commands); i++) {
		if (i > 0)
			paper_line(&page->paper);
		write_command(page, json_at(commands, i));
	}
}

const struct live_panel LIVE_PANELS[PANEL_COUNT] = {
	[PANEL_CONNECTIONS] = {.title = "connections", .sampler = "connections",
		.series = SERIES_CONNECTIONS, .write = write_connections},
	[PANEL_WORKLOAD] = {.title = "workload", .sampler = "workload",
		.series = SERIES_COMMITS, .write = write_workload},
	[PANEL_TRANSACTIONS] = {.title = "transactions", .sampler = "transactions",
		.series = SERIES_COUNT, .write = write_transactions},
	[PANEL_LATENCY] = {.title = "latency", .sampler = "latency",
		.series = SERIES_P99, .write = live_write_latency,
		.missing = "no probe: --probe asks on the way that applications take"},
	[PANEL_LOCKS] = {.title = "locks", .sampler = "locks",
		.series = SERIES_WAITING, .write = live_write_locks},
	[PANEL_WAITS] = {.title = "waits", .sampler = "waits",
		.series = SERIES_ACTIVE, .write = write_waits},
	[PANEL_PROGRESS] = {.title = "progress", .sampler = "progress",
		.series = SERIES_COUNT, .write = write_progress},
	[PANEL_REPLICATION] = {.title = "replication", .sampler = "replicas",
		.series = SERIES_LAG, .write = write_replication},
	[PANEL_POOLS] = {.title = "pools", .sampler = "pools",
		.series = SERIES_QUEUE, .write = live_write_pools,
		.missing = "no pooler: --bouncer names PgBouncer's console"},
	[PANEL_VACUUM] = {.title = "vacuum", .sampler = "vacuum",
		.series = SERIES_COUNT, .write = live_write_vacuum},
	[PANEL_SIZES] = {.title = "sizes", .sampler = "sizes",
		.series = SERIES_COUNT, .write = live_write_sizes},
	[PANEL_INCIDENTS] = {.title = "incidents",
		.series = SERIES_COUNT, .write = live_write_incidents},
	[PANEL_COST] = {.title = "our own cost", .sampler = "cost",
		.series = SERIES_COUNT, .write = live_write_cost},
};
