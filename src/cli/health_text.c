#include "cli/health_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* How many of a list are shown. */
enum { SHOWN = 5, SQL_SHOWN = 60 };

struct print {
	struct screen *screen;
	struct arena *arena;
	const struct json *values;
};

/* ---- words ---- */

static const char *text_at(const struct json *object, const char *key)
{
	const char *text = json_get_text(object, key);
	return text ? text : "-";
}

static bool is_known(const struct json *object, const char *key)
{
	const struct json *value = json_get(object, key);
	return value && json_kind(value) != JSON_KIND_NULL;
}

/* A number with or without digits behind its point; "?" while it is unknown. */
static const char *number(struct print *print, const struct json *object, const char *key)
{
	const struct json *value = json_get(object, key);
	if (!is_known(object, key))
		return "?";
	return json_digits(value) ? json_digits(value) : arena_printf(print->arena, "%" PRId64, json_int(value));
}

static const char *duration(struct print *print, const struct json *object, const char *key)
{
	return is_known(object, key) ? text_duration(print->arena, json_get_int(object, key)) : "?";
}

static const char *size(struct print *print, const struct json *object, const char *key)
{
	return is_known(object, key) ? text_bytes(print->arena, json_get_int(object, key)) : "?";
}

/* Bytes per second have digits behind their point. */
static const char *byte_rate(struct print *print, const struct json *object, const char *key)
{
	const char *digits = json_digits(json_get(object, key));
	return digits ? text_bytes(print->arena, (int64_t)strtod(digits, NULL)) : "?";
}

static const char *statement(struct print *print, const struct json *object)
{
	const char *sql = json_get_text(object, "query");
	if (!sql || !*sql)
		return "";
	bool cut = strlen(sql) > SQL_SHOWN;
	return arena_printf(print->arena, ": %.*s%s", (int)text_valid_prefix(sql, cut ? SQL_SHOWN : strlen(sql)), sql,
	                    cut ? "..." : "");
}

static const char *ours(const struct json *object)
{
	return json_get_bool(object, "ours") ? " [ours]" : "";
}

static void line(struct print *print, const char *format, ...) PRINTF_LIKE(2, 3);
static void line(struct print *print, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	const char *text = arena_vprintf(print->arena, format, args);
	va_end(args);
	screen_line(print->screen, print->screen->out, TONE_PLAIN, "", "    %s", text);
}

static void heading(struct print *print, const char *title, const char *format, ...) PRINTF_LIKE(3, 4);
static void heading(struct print *print, const char *title, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	const char *text = arena_vprintf(print->arena, format, args);
	va_end(args);
	screen_line(print->screen, print->screen->out, TONE_HEADING, title, ": %s", text);
}

/* ---- what each sampler found ---- */

static bool add_state(const char *key, const struct json *value, void *context)
{
	struct strbuf *states = context;
	strbuf_printf(states, "%s%" PRId64 " %s", states->length ? ", " : "", json_int(value), key);
	return true;
}

static void print_connections(struct print *print)
{
	_cleanup_strbuf_ struct strbuf states = {0};
	const struct json *groups = json_get(print->values, "groups");

	json_each(json_get(print->values, "states"), add_state, &states);
	heading(print, "connections", "%s of %s taken (%s %%), %s free; %s", number(print, print->values, "used"),
	        number(print, print->values, "usable"), number(print, print->values, "used_percent"),
	        number(print, print->values, "free"), strbuf_text(&states));
	for (size_t i = 0; i < json_count(groups) && i < SHOWN; i++) {
		const struct json *group = json_at(groups, i);
		line(print, "%s %s, %s", number(print, group, "count"), text_at(group, "application"),
		     text_at(group, "state"));
	}
}

static void print_waits(struct print *print)
{
	const struct json *events = json_get(print->values, "events");

	heading(print, "waits", "%s active", number(print, print->values, "active"));
	for (size_t i = 0; i < json_count(events) && i < SHOWN; i++) {
		const struct json *event = json_at(events, i);
		line(print, "%s %s %s, the longest for %s", number(print, event, "count"), text_at(event, "type"),
		     text_at(event, "event"), duration(print, event, "oldest_ms"));
	}
}

static const struct json *session_of(const struct json *values, int64_t pid)
{
	const struct json *sessions = json_get(values, "sessions");
	for (size_t i = 0; i < json_count(sessions); i++)
		if (json_get_int(json_at(sessions, i), "pid") == pid)
			return json_at(sessions, i);
	return NULL;
}

/* Whether nobody in its way holds what it needs: then it only queues. */
static bool only_queues(const struct json *session)
{
	const struct json *blockers = json_get(session, "blocked_by");
	for (size_t i = 0; i < json_count(blockers); i++)
		if (strcmp(text_at(json_at(blockers, i), "edge"), "hard") == 0)
			return false;
	return true;
}

static void print_lock_line(struct print *print, const struct json *place)
{
	int64_t pid = json_get_int(place, "pid"), depth = json_get_int(place, "depth");
	const struct json *session = session_of(print->values, pid);
	const char *relation = json_get_text(session, "relation");

	if (!json_get_bool(session, "waiting")) {
		line(print, "%*s%" PRId64 " %s, %s, transaction open for %s%s%s", (int)depth * 2, "", pid,
		     text_at(session, "application"), text_at(session, "state"), duration(print, session, "transaction_ms"),
		     ours(session), statement(print, session));
		return;
	}
	line(print, "%*s%" PRId64 " %s waits %s for %s on %s%s%s%s%s", (int)depth * 2, "", pid,
	     text_at(session, "application"), duration(print, session, "wait_ms"), text_at(session, "mode"),
	     text_at(session, "lock"), relation ? " " : "", relation ? relation : "",
	     only_queues(session) ? ", only behind others who wait" : "", ours(session));
}

static void print_locks(struct print *print)
{
	const struct json *forest = json_get(print->values, "forest");

	if (json_get_int(print->values, "waiting") == 0)
		heading(print, "locks", "nobody waits");
	else
		heading(print, "locks", "%s waiting, the longest for %s; %s behind pgsluice",
		        number(print, print->values, "waiting"), duration(print, print->values, "longest_wait_ms"),
		        number(print, print->values, "behind_us"));
	for (size_t i = 0; i < json_count(forest); i++)
		print_lock_line(print, json_at(forest, i));
	if (json_get_int(print->values, "waiting") > (int64_t)json_count(forest))
		line(print, "and others behind them");
}

static void print_transactions(struct print *print)
{
	const struct json *sessions = json_get(print->values, "sessions"), *prepared = json_get(print->values, "prepared");
	const struct json *horizon = json_get(print->values, "horizon");

	heading(print, "transactions", "%s open, the oldest for %s", number(print, print->values, "open"),
	        duration(print, print->values, "oldest_ms"));
	for (size_t i = 0; i < json_count(sessions) && i < SHOWN; i++) {
		const struct json *session = json_at(sessions, i);
		line(print, "%s %s, %s, open for %s%s%s", number(print, session, "pid"), text_at(session, "application"),
		     text_at(session, "state"), duration(print, session, "age_ms"), ours(session),
		     statement(print, session));
	}
	for (size_t i = 0; i < json_count(prepared) && i < SHOWN; i++)
		line(print, "prepared %s, %s old", text_at(json_at(prepared, i), "gid"),
		     duration(print, json_at(prepared, i), "age_ms"));
	if (is_known(print->values, "horizon"))
		line(print, "old rows are kept for %s %s (%s transactions)", text_at(horizon, "kind"), text_at(horizon, "name"),
		     number(print, horizon, "holds_xids"));
}

static void print_workload(struct print *print)
{
	const struct json *values = print->values;

	heading(print, "workload", "%s commits/s, %s rollbacks/s, %s rows inserted/s, %s updated/s, %s deleted/s",
	        number(print, values, "commits_per_s"), number(print, values, "rollbacks_per_s"),
	        number(print, values, "rows_inserted_per_s"), number(print, values, "rows_updated_per_s"),
	        number(print, values, "rows_deleted_per_s"));
	line(print, "%s %% of pages from the cache, %s sessions busy, %s/s to temporary files, %s deadlocks",
	     number(print, values, "cache_hit_percent"), number(print, values, "busy_sessions"),
	     byte_rate(print, values, "temp_bytes_per_s"), number(print, values, "deadlocks"));
}

static void print_command(struct print *print, const struct json *command)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	strbuf_printf(&text, "%s %s", number(print, command, "pid"), text_at(command, "command"));
	if (is_known(command, "relation"))
		strbuf_printf(&text, " %s", text_at(command, "relation"));
	strbuf_printf(&text, ", %s", text_at(command, "phase"));
	if (is_known(command, "phase_number"))
		strbuf_printf(&text, " (%s of %s)", number(print, command, "phase_number"),
		              number(print, command, "phase_count"));
	if (is_known(command, "done") && is_known(command, "unit"))
		strbuf_printf(&text, ": %s%s%s %s", number(print, command, "done"),
		              is_known(command, "total") ? " of " : "",
		              is_known(command, "total") ? number(print, command, "total") : "",
		              text_at(command, "unit"));
	if (is_known(command, "per_s"))
		strbuf_printf(&text, ", %s/s", number(print, command, "per_s"));
	if (is_known(command, "waits_for"))
		strbuf_printf(&text, ", waits for process %s", number(print, command, "waits_for"));
	line(print, "%s, running %s%s", strbuf_text(&text), duration(print, command, "running_ms"), ours(command));
}

static void print_progress(struct print *print)
{
	const struct json *commands = json_get(print->values, "commands");

	if (json_count(commands) == 0)
		heading(print, "progress", "no long command runs");
	else
		heading(print, "progress", "%zu long command%s", json_count(commands), json_count(commands) == 1 ? "" : "s");
	for (size_t i = 0; i < json_count(commands); i++)
		print_command(print, json_at(commands, i));
}

static void print_wal(struct print *print)
{
	const struct json *archiver = json_get(print->values, "archiver");
	const char *archiving = !json_get_bool(archiver, "on")       ? "no archiving"
				: json_get_bool(archiver, "failing") ? "archiving fails"
								     : "archiving works";

	if (json_get_bool(print->values, "in_recovery"))
		heading(print, "wal", "a standby: replays %s/s, with a delay of %s",
		        byte_rate(print, print->values, "bytes_per_s"), duration(print, print->values, "replay_delay_ms"));
	else
		heading(print, "wal", "%s/s, %s records/s, %s full pages/s; %s", byte_rate(print, print->values, "bytes_per_s"),
		        number(print, print->values, "records_per_s"), number(print, print->values, "full_pages_per_s"),
		        archiving);
}

static void print_checkpoints(struct print *print)
{
	heading(print, "checkpoints", "%s timed, %s requested; %s spent on writing, %s on syncing",
	        number(print, print->values, "timed_total"), number(print, print->values, "requested_total"),
	        duration(print, print->values, "write_ms_total"), duration(print, print->values, "sync_ms_total"));
}

static void print_wal_files(struct print *print)
{
	heading(print, "wal_files", "%s files with %s, %s to be archived", number(print, print->values, "files"),
	        size(print, print->values, "bytes"), number(print, print->values, "ready"));
}

static void print_replicas(struct print *print)
{
	const struct json *replicas = json_get(print->values, "replicas");

	heading(print, "replicas", "%zu", json_count(replicas));
	for (size_t i = 0; i < json_count(replicas); i++) {
		const struct json *replica = json_at(replicas, i);
		line(print, "%s (%s), %s, %s: %s behind, %s", text_at(replica, "name"), text_at(replica, "client"),
		     text_at(replica, "state"), text_at(replica, "sync"), duration(print, replica, "lag_ms"),
		     size(print, replica, "replay_bytes"));
	}
}

static void print_slots(struct print *print)
{
	const struct json *slots = json_get(print->values, "slots");

	heading(print, "slots", "%zu", json_count(slots));
	for (size_t i = 0; i < json_count(slots) && i < SHOWN; i++) {
		const struct json *slot = json_at(slots, i);
		line(print, "%s, %s, %s: keeps %s, %s", text_at(slot, "name"), text_at(slot, "type"),
		     json_get_bool(slot, "active") ? "active" : "nobody uses it", size(print, slot, "retained_bytes"),
		     text_at(slot, "wal_status"));
	}
}

static void print_vacuum(struct print *print)
{
	const struct json *workers = json_get(print->values, "workers"), *tables = json_get(print->values, "most_dead");

	heading(print, "vacuum", "autovacuum is %s, %zu of %s workers at work",
	        json_get_bool(print->values, "autovacuum") ? "on" : "off", json_count(workers),
	        number(print, print->values, "max_workers"));
	for (size_t i = 0; i < json_count(workers) && i < SHOWN; i++) {
		const struct json *worker = json_at(workers, i);
		line(print, "%s in %s for %s: %s", number(print, worker, "pid"), text_at(worker, "database"),
		     duration(print, worker, "running_ms"), text_at(worker, "work"));
	}
	for (size_t i = 0; i < json_count(tables) && i < SHOWN; i++) {
		const struct json *table = json_at(tables, i);
		line(print, "%s: %s dead rows, %s live; vacuumed %s%s", text_at(table, "table"),
		     number(print, table, "dead_rows"), number(print, table, "live_rows"),
		     is_known(table, "vacuumed_ms_ago") ? duration(print, table, "vacuumed_ms_ago") : "never",
		     is_known(table, "vacuumed_ms_ago") ? " ago" : "");
	}
}

static void print_wraparound(struct print *print)
{
	heading(print, "wraparound", "the oldest row is %s transactions old (%s %% of what forces a vacuum), %s multixacts",
	        number(print, print->values, "oldest_xids"), number(print, print->values, "forced_vacuum_percent"),
	        number(print, print->values, "oldest_multixacts"));
}

static void print_indexes(struct print *print)
{
	const struct json *invalid = json_get(print->values, "invalid");

	heading(print, "indexes", "%s not valid", number(print, print->values, "left_over"));
	for (size_t i = 0; i < json_count(invalid) && i < SHOWN; i++) {
		const struct json *index = json_at(invalid, i);
		line(print, "%s on %s, %s%s", text_at(index, "index"), text_at(index, "table"), size(print, index, "bytes"),
		     json_get_bool(index, "building") ? ", is being built" : "");
	}
}

static void print_sequences(struct print *print)
{
	const struct json *fullest = json_get(print->values, "fullest");
	const struct json *first = json_at(fullest, 0);

	if (first)
		heading(print, "sequences", "%s, the fullest is %s with %s %%", number(print, print->values, "total"),
		        text_at(first, "sequence"), number(print, first, "used_percent"));
	else
		heading(print, "sequences", "%s, none in use", number(print, print->values, "total"));
	if (json_get_int(print->values, "unreadable") > 0)
		line(print, "%s could not be read: SELECT on them is needed", number(print, print->values, "unreadable"));
}

static void print_sizes(struct print *print)
{
	const struct json *largest = json_get(print->values, "largest");

	heading(print, "sizes", "the database has %s", size(print, print->values, "database_bytes"));
	for (size_t i = 0; i < json_count(largest) && i < SHOWN; i++) {
		const struct json *table = json_at(largest, i);
		line(print, "%s: %s, indexes %s of it", text_at(table, "table"), size(print, table, "bytes"),
		     size(print, table, "index_bytes"));
	}
}

static void print_pools(struct print *print)
{
	const struct json *databases = json_get(print->values, "databases");

	heading(print, "pools", "%s clients, %s of them wait; %s servers busy; PgBouncer %s",
	        number(print, print->values, "clients"), number(print, print->values, "waiting"),
	        number(print, print->values, "busy"), text_at(print->values, "version"));
	for (size_t i = 0; i < json_count(databases) && i < SHOWN; i++) {
		const struct json *database = json_at(databases, i);
		line(print, "%s: %s; %s transactions/s of %s ms, %s ms of waiting; %s of %s servers open",
		     text_at(database, "database"), text_at(database, "verdict"),
		     number(print, database, "transactions_per_s"), number(print, database, "transaction_ms"),
		     number(print, database, "wait_ms"), number(print, database, "servers"),
		     number(print, database, "capacity"));
	}
}

static const struct printer_row {
	const char *sampler;
	void (*print)(struct print *print);
} PRINTERS[] = {
	{"connections", print_connections}, {"waits", print_waits},
	{"locks", print_locks},             {"transactions", print_transactions},
	{"workload", print_workload},       {"progress", print_progress},
	{"wal", print_wal},                 {"checkpoints", print_checkpoints},
	{"wal_files", print_wal_files},     {"replicas", print_replicas},
	{"slots", print_slots},             {"vacuum", print_vacuum},
	{"wraparound", print_wraparound},   {"indexes", print_indexes},
	{"sequences", print_sequences},     {"sizes", print_sizes},
	{"pools", print_pools},
};

static void print_sampler(struct print *print, const char *name, const struct json *sample)
{
	const char *state = text_at(sample, "state");

	if (strcmp(state, "ok") != 0) {
		screen_line(print->screen, print->screen->out, TONE_CAUTION, name, ": %s (%s)", state,
		            text_at(sample, "reason"));
		return;
	}
	print->values = json_get(sample, "values");
	for (size_t i = 0; i < sizeof(PRINTERS) / sizeof(PRINTERS[0]); i++)
		if (strcmp(PRINTERS[i].sampler, name) == 0)
			PRINTERS[i].print(print);
}

static bool visit_sampler(const char *name, const struct json *sample, void *context)
{
	print_sampler(context, name, sample);
	return true;
}

/* ---- what is wrong ---- */

static enum tone tone_of(const char *state)
{
	if (strcmp(state, "critical") == 0)
		return TONE_BAD;
	return strcmp(state, "ok") == 0 ? TONE_GOOD : TONE_CAUTION;
}

static bool is_wrong(const struct json *check)
{
	const char *state = text_at(check, "state");
	return strcmp(state, "warning") == 0 || strcmp(state, "critical") == 0;
}

static void print_checks(struct print *print, const struct json *checks)
{
	for (size_t i = 0; i < json_count(checks); i++) {
		const struct json *check = json_at(checks, i);
		if (!is_wrong(check))
			continue;
		screen_line(print->screen, print->screen->out, tone_of(text_at(check, "state")), text_at(check, "state"),
		            ": %s: %s. %s", text_at(check, "check"), text_at(check, "text"), text_at(check, "advice"));
	}
}

static void print_cost(struct print *print, const struct json *cost)
{
	int64_t round_us = json_get_int(cost, "round_us");

	heading(print, "own cost",
	        "%" PRId64 ".%" PRId64 " ms for all of this once, %s ms each second; %s queries, %s ticks skipped",
	        round_us / 1000, round_us / 100 % 10, number(print, cost, "busy_ms_per_s"), number(print, cost, "queries"),
	        number(print, cost, "skipped"));
}

void health_print(struct screen *screen, const struct json *document)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct print print = {.screen = screen, .arena = arena};
	const struct json *server = json_get(document, "server");
	const char *state = text_at(document, "state"), *trouble = json_get_text(document, "trouble");

	if (json_get_text(server, "database"))
		screen_line(screen, screen->out, tone_of(state), state, ": database %s, PostgreSQL %s%s, %s",
		            text_at(server, "database"), text_at(server, "version"),
		            json_get_bool(server, "in_recovery") ? ", a standby" : "", text_at(document, "taken"));
	if (trouble)
		screen_line(screen, screen->out, TONE_BAD, "no connection", ": %s", trouble);
	print_checks(&print, json_get(document, "checks"));
	json_each(json_get(document, "samplers"), visit_sampler, &print);
	print_cost(&print, json_get(document, "cost"));
}

/* ---- plugins ---- */

static const char *const PLUGIN_WORDS[] = {
	[LEVEL_OK] = "OK", [LEVEL_UNKNOWN] = "UNKNOWN", [LEVEL_WARNING] = "WARNING", [LEVEL_CRITICAL] = "CRITICAL"};

static enum alarm_level level_of(const struct json *object)
{
	const char *state = text_at(object, "state");
	for (enum alarm_level level = LEVEL_OK; level <= LEVEL_CRITICAL; level++)
		if (strcmp(alarm_level_name(level), state) == 0)
			return level;
	return LEVEL_OK; /* off */
}

/* '|' ends the text for those who read it. */
static void put_text(struct strbuf *out, const char *text)
{
	for (; *text; text++)
		strbuf_putc(out, *text == '|' ? '/' : *text);
}

/* The worst first; what is unknown once for each reason. */
static void put_level(struct strbuf *out, const struct json *checks, enum alarm_level level, bool *any)
{
	const char *last = "";
	for (size_t i = 0; i < json_count(checks); i++) {
		const char *text = text_at(json_at(checks, i), "text");
		if (level_of(json_at(checks, i)) != level || strcmp(text, last) == 0)
			continue;
		strbuf_puts(out, *any ? "; " : "");
		put_text(out, text);
		*any = true;
		last = text;
	}
}

static const char *plugin_unit(const char *unit)
{
	if (strcmp(unit, "percent") == 0)
		return "%";
	if (strcmp(unit, "bytes") == 0)
		return "B";
	return strcmp(unit, "ms") == 0 ? "ms" : "";
}

static void put_perfdata(struct strbuf *out, const struct json *checks)
{
	const char *separator = " | ";
	for (size_t i = 0; i < json_count(checks); i++) {
		const struct json *check = json_at(checks, i);
		if (!is_known(check, "value"))
			continue;
		strbuf_printf(out, "%s%s=%" PRId64 "%s;", separator, text_at(check, "check"), json_get_int(check, "value"),
		              plugin_unit(text_at(check, "unit")));
		if (is_known(check, "warning"))
			strbuf_printf(out, "%" PRId64, json_get_int(check, "warning"));
		strbuf_putc(out, ';');
		if (is_known(check, "critical"))
			strbuf_printf(out, "%" PRId64, json_get_int(check, "critical"));
		separator = " ";
	}
}

void health_plugin_line(struct strbuf *out, const struct json *document)
{
	const struct json *checks = json_get(document, "checks"), *server = json_get(document, "server");
	bool any = false;

	strbuf_printf(out, "%s - ", PLUGIN_WORDS[level_of(document)]);
	for (enum alarm_level level = LEVEL_CRITICAL; level > LEVEL_OK; level--)
		put_level(out, checks, level, &any);
	if (!any)
		strbuf_printf(out, "%zu checks of database %s, PostgreSQL %s", json_count(checks),
		              text_at(server, "database"), text_at(server, "version"));
	put_perfdata(out, checks);
}
