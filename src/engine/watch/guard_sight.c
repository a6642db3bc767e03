#include "engine/watch/guard_sight.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum {
	COUNTED_MS = 100, /* a wait that is shorter is no trouble, whoever waits */
	SHOWN = 5,
};

/* The columns of a look: the first of each row are the same, the others tell of one who waits. */
enum column {
	COLUMN_LEFT,
	COLUMN_WAL,
	COLUMN_STANDBY,
	COLUMN_REPLAYED,
	COLUMN_LAG_MS,
	COLUMN_UNSEEN,
	COLUMN_ITSELF_WAITS,
	COLUMN_CLOCK,
	COLUMN_KNOWN,
	COLUMN_PID,
	COLUMN_APPLICATION,
	COLUMN_ROLE,
	COLUMN_CLIENT,
	COLUMN_AGE_MS,
};

int64_t guard_wait_of(const struct settings *settings, const struct migration *migration)
{
	return migration->guard_wait_ms >= 0 ? migration->guard_wait_ms : settings->guard_wait_ms;
}

int guard_waiting_of(const struct settings *settings, const struct migration *migration)
{
	return migration->guard_waiting >= 0 ? migration->guard_waiting : settings->guard_waiting;
}

void guard_sight_init(struct guard_sight *sight, const struct settings *settings, struct arena *arena)
{
	sight->settings = settings;
	sight->arena = arena;
	sight->left = sight->lag_ms = sight->wal_bytes = sight->free_bytes = sight->p99_us = -1;
}

/* ---- what was seen ---- */

static int64_t since_when(const struct guard_sight *sight, int64_t pid, int64_t now_ms)
{
	for (size_t i = 0; i < sight->count; i++)
		if (sight->waiters[i].pid == pid)
			return sight->waiters[i].since_ms;
	return now_ms;
}

static void take_name(char name[GUARD_NAME_ROOM], const char *text)
{
	snprintf(name, GUARD_NAME_ROOM, "%s", text);
}

static void read_waiters(struct guard_sight *sight, const struct rows *rows, int64_t now_ms)
{
	struct guard_waiter now[GUARD_SEEN_ROOM];
	size_t count = 0;

	for (size_t i = 0; i < rows_count(rows) && count < GUARD_SEEN_ROOM; i++) {
		if (!rows_get(rows, i, COLUMN_PID))
			continue;
		struct guard_waiter *waiter = &now[count++];
		waiter->pid = rows_int(rows, i, COLUMN_PID);
		waiter->since_ms = since_when(sight, waiter->pid, now_ms);
		waiter->waited_ms = rows_get(rows, i, COLUMN_AGE_MS) ? rows_int(rows, i, COLUMN_AGE_MS)
		                                                     : now_ms - waiter->since_ms;
		take_name(waiter->application, rows_get(rows, i, COLUMN_APPLICATION));
		take_name(waiter->role, rows_get(rows, i, COLUMN_ROLE));
		take_name(waiter->client, rows_get(rows, i, COLUMN_CLIENT));
	}
	memcpy(sight->waiters, now, count * sizeof(*now));
	sight->count = count;
}

static void mark(struct guard_sight *sight, int64_t position, int64_t now_ms)
{
	int64_t apart_ms = sight->settings->guard_lag_ms / (GUARD_MARK_ROOM / 2);
	const struct guard_mark *last = sight->mark_count ? &sight->marks[sight->mark_count - 1] : NULL;

	if (sight->mark_count == GUARD_MARK_ROOM ||
	    (last && (last->position >= position || now_ms - last->at_ms < apart_ms)))
		return;
	sight->marks[sight->mark_count++] = (struct guard_mark){.position = position, .at_ms = now_ms};
}

static void forget_marks(struct guard_sight *sight, int64_t replayed)
{
	size_t gone = 0;
	while (gone < sight->mark_count && sight->marks[gone].position <= replayed)
		gone++;
	sight->mark_count -= gone;
	memmove(sight->marks, sight->marks + gone, sight->mark_count * sizeof(*sight->marks));
}

/*
 * A standby that replays nothing reports nothing new, so time is taken by our own clock; what it reports counts only
 * for WAL from before we looked.
 */
static void read_lag(struct guard_sight *sight, const struct rows *rows, int64_t now_ms)
{
	int64_t position = rows_int(rows, 0, COLUMN_WAL), replayed = rows_int(rows, 0, COLUMN_REPLAYED);

	if (sight->looks == 0)
		sight->first_position = position;
	sight->unseen = rows_int(rows, 0, COLUMN_UNSEEN) > 0;
	if (!rows_get(rows, 0, COLUMN_STANDBY)) {
		sight->mark_count = 0;
		sight->lag_ms = -1;
		return;
	}
	mark(sight, position, now_ms);
	forget_marks(sight, replayed);
	sight->lag_ms = sight->mark_count ? now_ms - sight->marks[0].at_ms : 0;
	if (replayed < sight->first_position && rows_int(rows, 0, COLUMN_LAG_MS) > sight->lag_ms)
		sight->lag_ms = rows_int(rows, 0, COLUMN_LAG_MS);
	if (!sight->standby || strcmp(sight->standby, rows_get(rows, 0, COLUMN_STANDBY)) != 0)
		sight->standby = arena_strdup(sight->arena, rows_get(rows, 0, COLUMN_STANDBY));
}

bool guard_sight_knows(const struct rows *rows)
{
	return rows_true(rows, 0, COLUMN_KNOWN);
}

int64_t guard_sight_server_ms(const struct guard_sight *sight, int64_t now_ms)
{
	return sight->server_ms + now_ms - sight->server_at_ms;
}

void guard_sight_take(struct guard_sight *sight, const struct rows *rows, int64_t now_ms)
{
	read_waiters(sight, rows, now_ms);
	read_lag(sight, rows, now_ms);
	sight->left = rows_int(rows, 0, COLUMN_LEFT);
	sight->itself_waits = rows_true(rows, 0, COLUMN_ITSELF_WAITS);
	sight->server_ms = rows_int(rows, 0, COLUMN_CLOCK);
	sight->server_at_ms = now_ms;
	sight->looks++;
}

/* ---- judging ---- */

static const char *session_text(struct arena *arena, const struct guard_waiter *waiter)
{
	return arena_printf(arena, "process %" PRId64 " (%s, role %s, from %s)", waiter->pid, waiter->application,
	                    waiter->role, waiter->client);
}

static size_t longest_wait(const struct guard_sight *sight)
{
	size_t longest = 0;
	for (size_t i = 1; i < sight->count; i++)
		if (sight->waiters[i].waited_ms > sight->waiters[longest].waited_ms)
			longest = i;
	return longest;
}

static int64_t waits_that_count(const struct guard_sight *sight)
{
	int64_t count = 0;
	for (size_t i = 0; i < sight->count; i++)
		count += sight->waiters[i].waited_ms >= COUNTED_MS;
	return count;
}

static bool breach(struct guard_breach *ret_breach, const char *limit, const char *text, struct arena *arena)
{
	*ret_breach = (struct guard_breach){.limit = limit, .text = arena_printf(arena, "%s: %s", limit, text)};
	return true;
}

bool guard_sight_waits(const struct guard_sight *sight, const char *step, struct guard_breach *ret_breach)
{
	struct arena *arena = sight->arena;
	int64_t count = waits_that_count(sight);

	if (sight->count == 0)
		return false;
	const struct guard_waiter *longest = &sight->waiters[longest_wait(sight)];
	if (sight->wait_ms && longest->waited_ms >= sight->wait_ms)
		return breach(ret_breach, "guard-wait",
		              arena_printf(arena, "%s has waited %s behind %s, and %s is allowed",
		                           session_text(arena, longest), text_duration(arena, longest->waited_ms), step,
		                           text_duration(arena, sight->wait_ms)),
		              arena);
	if (sight->waiting && count > sight->waiting)
		return breach(ret_breach, "guard-waiting",
		              arena_printf(arena, "%" PRId64 " sessions wait behind %s, and %d may", count, step,
		                           sight->waiting),
		              arena);
	return false;
}

static bool server_stands(const struct guard_sight *sight, struct guard_breach *ret_breach)
{
	const struct settings *settings = sight->settings;
	struct arena *arena = sight->arena;

	if (settings->guard_lag_ms && sight->lag_ms > settings->guard_lag_ms)
		return breach(ret_breach, "guard-lag",
		              arena_printf(arena, "standby %s is %s behind, and %s is allowed", sight->standby,
		                           text_duration(arena, sight->lag_ms),
		                           text_duration(arena, settings->guard_lag_ms)),
		              arena);
	if (settings->guard_connections && sight->left >= 0 && sight->left < settings->guard_connections)
		return breach(ret_breach, "guard-connections",
		              arena_printf(arena, "%" PRId64 " connection(s) are left, and %d must be", sight->left,
		                           settings->guard_connections),
		              arena);
	return false;
}

static bool disk_stands(const struct guard_sight *sight, struct guard_breach *ret_breach)
{
	const struct settings *settings = sight->settings;
	struct arena *arena = sight->arena;

	if (settings->guard_wal_bytes && sight->wal_bytes > settings->guard_wal_bytes)
		return breach(ret_breach, "guard-wal",
		              arena_printf(arena, "pg_wal has %s, and %s is allowed", text_bytes(arena, sight->wal_bytes),
		                           text_bytes(arena, settings->guard_wal_bytes)),
		              arena);
	if (settings->guard_disk_bytes && sight->free_bytes >= 0 && sight->free_bytes < settings->guard_disk_bytes)
		return breach(ret_breach, "guard-disk",
		              arena_printf(arena, "%s are free on the server's disk, and %s must be",
		                           text_bytes(arena, sight->free_bytes),
		                           text_bytes(arena, settings->guard_disk_bytes)),
		              arena);
	return false;
}

static bool latency_stands(const struct guard_sight *sight, struct guard_breach *ret_breach)
{
	const struct settings *settings = sight->settings;
	struct arena *arena = sight->arena;

	if (!settings->guard_latency_ms || sight->p99_us < 0 ||
	    sight->p99_us - sight->p99_before_us <= settings->guard_latency_ms * 1000)
		return false;
	return breach(ret_breach, "guard-latency",
	              arena_printf(arena, "p99 of the probe is %s, was %s before, and may rise by %s",
	                           text_latency(arena, sight->p99_us), text_latency(arena, sight->p99_before_us),
	                           text_duration(arena, settings->guard_latency_ms)),
	              arena);
}

bool guard_sight_stands(const struct guard_sight *sight, struct guard_breach *ret_breach)
{
	return latency_stands(sight, ret_breach) || server_stands(sight, ret_breach) || disk_stands(sight, ret_breach);
}

int64_t guard_sight_next_ms(const struct guard_sight *sight, int64_t most_ms)
{
	int64_t limit_ms = sight->wait_ms, in_ms = most_ms;

	for (size_t i = 0; limit_ms && i < sight->count; i++)
		if (limit_ms - sight->waiters[i].waited_ms < in_ms)
			in_ms = limit_ms - sight->waiters[i].waited_ms;
	return in_ms > 1 ? in_ms : 1;
}

/* ---- in words ---- */

const char *guard_sight_waiting(const struct guard_sight *sight)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	for (size_t i = 0; i < sight->count && i < SHOWN; i++)
		strbuf_printf(&text, "%s%s for %s", i ? "; " : "", session_text(sight->arena, &sight->waiters[i]),
		              text_duration(sight->arena, sight->waiters[i].waited_ms));
	if (sight->count > SHOWN)
		strbuf_printf(&text, "; and %zu more", sight->count - SHOWN);
	return sight->count ? arena_strdup(sight->arena, strbuf_text(&text)) : NULL;
}

struct json *guard_sight_waiting_json(const struct guard_sight *sight)
{
	struct json *sessions = json_new_array();

	for (size_t i = 0; i < sight->count; i++) {
		const struct guard_waiter *waiter = &sight->waiters[i];
		struct json *session = json_new_object();
		json_set_int(session, "pid", waiter->pid);
		json_set_text(session, "application", waiter->application);
		json_set_text(session, "role", waiter->role);
		json_set_text(session, "client", waiter->client);
		json_set_int(session, "waited_ms", waiter->waited_ms);
		json_push(sessions, session);
	}
	return sessions;
}

static void write_limits_of_waits(const struct guard_sight *sight, struct strbuf *text)
{
	const struct settings *settings = sight->settings;

	if (settings->guard_wait_ms)
		strbuf_printf(text, ", nobody waits %s behind us", text_duration(sight->arena, settings->guard_wait_ms));
	if (settings->guard_waiting)
		strbuf_printf(text, ", at most %d wait at once", settings->guard_waiting);
}

static void write_limits_of_server(const struct guard_sight *sight, struct strbuf *text)
{
	const struct settings *settings = sight->settings;
	struct arena *arena = sight->arena;

	if (settings->guard_latency_ms && sight->no_latency)
		strbuf_printf(text, ", latency not seen: %s", sight->no_latency);
	else if (settings->guard_latency_ms && !sight->no_probe)
		strbuf_printf(text, ", p99 of the probe at most %s above before",
		              text_duration(arena, settings->guard_latency_ms));
	if (settings->guard_lag_ms)
		strbuf_printf(text, ", standbys at most %s behind%s", text_duration(arena, settings->guard_lag_ms),
		              sight->unseen ? " (not seen: needs pg_monitor)" : "");
	if (settings->guard_connections)
		strbuf_printf(text, ", at least %d connection(s) left", settings->guard_connections);
	if (settings->guard_wal_bytes && sight->no_wal)
		strbuf_printf(text, ", pg_wal not seen: %s", sight->no_wal);
	else if (settings->guard_wal_bytes)
		strbuf_printf(text, ", at most %s in pg_wal", text_bytes(arena, settings->guard_wal_bytes));
	if (settings->guard_disk_bytes && sight->no_disk)
		strbuf_printf(text, ", free disk not seen: %s", sight->no_disk);
	else if (settings->guard_disk_bytes)
		strbuf_printf(text, ", at least %s free on disk", text_bytes(arena, settings->guard_disk_bytes));
}

const char *guard_sight_limits(const struct guard_sight *sight)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	write_limits_of_waits(sight, &text);
	write_limits_of_server(sight, &text);
	return text.length ? arena_strdup(sight->arena, strbuf_text(&text) + 2) : "no limit is set";
}

struct json *guard_limits_json(const struct settings *settings)
{
	struct json *limits = json_new_object();

	json_set_int(limits, "wait_ms", settings->guard_wait_ms);
	json_set_int(limits, "waiting", settings->guard_waiting);
	json_set_int(limits, "latency_ms", settings->guard_latency_ms);
	json_set_int(limits, "lag_ms", settings->guard_lag_ms);
	json_set_int(limits, "connections", settings->guard_connections);
	json_set_int(limits, "wal_bytes", settings->guard_wal_bytes);
	json_set_int(limits, "disk_bytes", settings->guard_disk_bytes);
	return limits;
}
