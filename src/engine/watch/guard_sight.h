/*
 * What the guard has seen of live, and whether that passes a limit of the configuration. Knows no session, asks nothing
 * and cancels nothing.
 */
#ifndef ENGINE_GUARD_SIGHT_H
#define ENGINE_GUARD_SIGHT_H

#include "base/json.h"
#include "core/migration/migration.h"
#include "engine/settings.h"
#include "pg/session.h"

enum {
	GUARD_SEEN_ROOM = 100, /* as many who wait as the query tells of */
	GUARD_MARK_ROOM = 64,
	GUARD_NAME_ROOM = 64,  /* a name of the server's, or an address */
};

/* Somebody behind us, since when by our clock: the server's own word is better and not always there. */
struct guard_waiter {
	int64_t pid, since_ms;
	int64_t waited_ms;
	char application[GUARD_NAME_ROOM], role[GUARD_NAME_ROOM], client[GUARD_NAME_ROOM];
};

/* Where WAL was at a time: a standby that has not replayed it is behind by what has passed since. */
struct guard_mark {
	int64_t position, at_ms;
};

/* A limit that is passed: its name in the configuration, and a line that begins with it. */
struct guard_breach {
	const char *limit, *text;
};

struct guard_sight {
	const struct settings *settings;
	struct arena *arena;
	int64_t wait_ms;  /* the limits of the migration at work */
	int waiting;
	uint64_t looks;
	struct guard_waiter waiters[GUARD_SEEN_ROOM];
	size_t count;
	struct guard_mark marks[GUARD_MARK_ROOM]; /* that the slowest standby has not replayed, oldest first */
	size_t mark_count;
	int64_t first_position;
	int64_t left, lag_ms, wal_bytes, free_bytes, p99_us; /* -1 = unknown */
	int64_t p99_before_us;
	const char *standby;
	bool itself_waits; /* the session that is guarded waits for a lock */
	bool unseen;      /* there are standbys that the role may not look at */
	bool no_probe;    /* nobody measures latency */
	const char *no_disk; /* why the free space is not known, or NULL */
	const char *no_wal;  /* the same for the bytes in pg_wal, and for latency */
	const char *no_latency;
	int64_t server_ms, server_at_ms; /* the server's clock, and ours when it was read, or a little later */
};

/* How long anybody may wait behind a migration, and how many: its own word, else the configuration's. 0 = no limit. */
int64_t guard_wait_of(const struct settings *settings, const struct migration *migration);
int guard_waiting_of(const struct settings *settings, const struct migration *migration);

void guard_sight_init(struct guard_sight *sight, const struct settings *settings, struct arena *arena);

/* Whether the session that is guarded was there, by the rows of guard_look.sql: else it is another server's word. */
bool guard_sight_knows(const struct rows *rows);

/* Takes those rows, seen at that time. */
void guard_sight_take(struct guard_sight *sight, const struct rows *rows, int64_t now_ms);

/* Which limit those behind `step` ("step 1 of migration 002") show as passed; false: none. Texts are in the arena. */
bool guard_sight_waits(const struct guard_sight *sight, const char *step, struct guard_breach *ret_breach);

/* The same for what does not depend on the step that runs. */
bool guard_sight_stands(const struct guard_sight *sight, struct guard_breach *ret_breach);

/* The server's clock when ours says this; rather earlier than it is, never later. */
int64_t guard_sight_server_ms(const struct guard_sight *sight, int64_t now_ms);

/* How long until the longest wait will be too long; at most `most_ms`, at least 1. */
int64_t guard_sight_next_ms(const struct guard_sight *sight, int64_t most_ms);

/* Who waits, a few of them by name; NULL when nobody does. In the arena. */
const char *guard_sight_waiting(const struct guard_sight *sight);
struct json *guard_sight_waiting_json(const struct guard_sight *sight);

/* The limits as a sentence's part, in the arena, with those that cannot be watched; and as figures. */
const char *guard_sight_limits(const struct guard_sight *sight);
struct json *guard_limits_json(const struct settings *settings);

#endif
