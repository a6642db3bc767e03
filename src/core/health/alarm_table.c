#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/health/alarm.h"

/* Lifetime counters say something only when there are some. */
enum { CHECKPOINTS_FEWEST = 100 };

/* A number that may be written with digits behind the point, rounded down; -1 = null. */
static int64_t whole(const struct json *values, const char *key)
{
	const struct json *value = json_get(values, key);
	const char *digits = json_digits(value);

	if (digits)
		return (int64_t)strtod(digits, NULL);
	return value && json_kind(value) == JSON_KIND_INT ? json_int(value) : -1;
}

static const char *text_or(const char *text, const char *other)
{
	return text ? text : other;
}

/* ---- sessions ---- */

static struct alarm_value connections(struct arena *arena, const struct json *values)
{
	const struct json *first = json_at(json_get(values, "groups"), 0);
	const char *who = NULL;

	if (first)
		who = arena_printf(arena, "%" PRId64 " of %" PRId64 "; most of them: %" PRId64 " %s, %s",
		                   json_get_int(values, "used"), json_get_int(values, "usable"),
		                   json_get_int(first, "count"), text_or(json_get_text(first, "application"), "-"),
		                   text_or(json_get_text(first, "state"), "-"));
	return (struct alarm_value){.value = whole(values, "used_percent"), .who = who};
}

static const struct json *session_of(const struct json *values, int64_t pid)
{
	const struct json *sessions = json_get(values, "sessions");
	for (size_t i = 0; i < json_count(sessions); i++)
		if (json_get_int(json_at(sessions, i), "pid") == pid)
			return json_at(sessions, i);
	return NULL;
}

static const char *session_text(struct arena *arena, const struct json *session)
{
	const char *state = json_get_text(session, "state");
	int64_t pid = json_get_int(session, "pid");

	if (pid == 0)
		return "a prepared transaction";
	return arena_printf(arena, "process %" PRId64 ", %s%s%s", pid,
	                    text_or(json_get_text(session, "application"), "-"), state ? ", " : "", state ? state : "");
}

/* The one at the root above the one that waits longest: who must go first. */
static const struct json *first_in_the_way(const struct json *values)
{
	const struct json *sessions = json_get(values, "sessions"), *forest = json_get(values, "forest");
	int64_t longest = -1, pid = 0;

	for (size_t i = 0; i < json_count(sessions); i++) {
		const struct json *session = json_at(sessions, i);
		if (json_get_bool(session, "waiting") && json_get_int(session, "wait_ms") > longest) {
			longest = json_get_int(session, "wait_ms");
			pid = json_get_int(session, "pid");
		}
	}
	for (size_t i = 0, root = 0; i < json_count(forest); i++) {
		if (json_get_int(json_at(forest, i), "depth") == 0)
			root = i;
		if (json_get_int(json_at(forest, i), "pid") == pid)
			return session_of(values, json_get_int(json_at(forest, root), "pid"));
	}
	return NULL;
}

static struct alarm_value lock_wait(struct arena *arena, const struct json *values)
{
	const struct json *first = first_in_the_way(values);
	const char *who = NULL;

	if (first)
		who = arena_printf(arena, "%" PRId64 " waiting, first in the way: %s", json_get_int(values, "waiting"),
		                   session_text(arena, first));
	return (struct alarm_value){.value = json_get_int(values, "longest_wait_ms"), .who = who};
}

static struct alarm_value behind_us(struct arena *arena, const struct json *values)
{
	return (struct alarm_value){
		.value = json_get_int(values, "behind_us_ms"),
		.who = arena_printf(arena, "%" PRId64 " waiting", json_get_int(values, "behind_us"))};
}

static struct alarm_value transaction_age(struct arena *arena, const struct json *values)
{
	const struct json *first = json_at(json_get(values, "sessions"), 0);
	return (struct alarm_value){.value = json_get_int(values, "oldest_ms"),
	                            .who = first ? session_text(arena, first) : NULL};
}

/* The element with the greatest value of a key; those that are null do not count. */
static const struct json *greatest(const struct json *array, const char *key)
{
	const struct json *found = NULL;
	for (size_t i = 0; i < json_count(array); i++) {
		int64_t value = whole(json_at(array, i), key);
		if (value >= 0 && (!found || value > whole(found, key)))
			found = json_at(array, i);
	}
	return found;
}

static struct alarm_value greatest_of(const struct json *array, const char *key, const char *name)
{
	const struct json *found = greatest(array, key);
	return (struct alarm_value){.value = found ? whole(found, key) : 0,
	                            .who = found ? json_get_text(found, name) : NULL};
}

static struct alarm_value prepared_age(struct arena *arena, const struct json *values)
{
	(void)arena;
	return greatest_of(json_get(values, "prepared"), "age_ms", "gid");
}

/* ---- the database ---- */

static struct alarm_value deadlocks(struct arena *arena, const struct json *values)
{
	(void)arena;
	return (struct alarm_value){.value = whole(values, "deadlocks")};
}

/* Null without checksums: then nothing was found because nothing is looked for. */
static struct alarm_value checksums(struct arena *arena, const struct json *values)
{
	(void)arena;
	return (struct alarm_value){.value = json_get_int(values, "checksum_failures_total")};
}

static struct alarm_value invalid_indexes(struct arena *arena, const struct json *values)
{
	const struct json *invalid = json_get(values, "invalid");
	const char *who = NULL;

	(void)arena;
	for (size_t i = 0; !who && i < json_count(invalid); i++)
		if (!json_get_bool(json_at(invalid, i), "building"))
			who = json_get_text(json_at(invalid, i), "index");
	return (struct alarm_value){.value = json_get_int(values, "left_over"), .who = who};
}

static struct alarm_value sequences(struct arena *arena, const struct json *values)
{
	(void)arena;
	return greatest_of(json_get(values, "fullest"), "used_percent", "sequence");
}

static struct alarm_value wraparound(struct arena *arena, const struct json *values)
{
	int64_t xids = json_get_int(values, "oldest_xids"), multixacts = json_get_int(values, "oldest_multixacts");
	const char *key = xids >= multixacts ? "xids" : "multixacts";
	struct alarm_value value = greatest_of(json_get(values, "databases"), key, "name");

	if (value.who)
		value.who = arena_printf(arena, "%s of database %s", key, value.who);
	return value;
}

/* ---- WAL and replicas ---- */

static struct alarm_value replica_lag(struct arena *arena, const struct json *values)
{
	(void)arena;
	return greatest_of(json_get(values, "replicas"), "lag_ms", "name");
}

static struct alarm_value replica_bytes(struct arena *arena, const struct json *values)
{
	(void)arena;
	return greatest_of(json_get(values, "replicas"), "replay_bytes", "name");
}

static struct alarm_value replay_delay(struct arena *arena, const struct json *values)
{
	(void)arena;
	return (struct alarm_value){.value = json_get_int(values, "replay_delay_ms")};
}

static bool is_lost(const struct json *slot)
{
	const char *status = json_get_text(slot, "wal_status");
	return status && (strcmp(status, "unreserved") == 0 || strcmp(status, "lost") == 0);
}

static struct alarm_value slots_lost(struct arena *arena, const struct json *values)
{
	const struct json *slots = json_get(values, "slots");
	struct alarm_value value = {0};

	for (size_t i = 0; i < json_count(slots); i++) {
		const struct json *slot = json_at(slots, i);
		if (!is_lost(slot))
			continue;
		value.who = arena_printf(arena, "%s: %s", json_get_text(slot, "name"), json_get_text(slot, "wal_status"));
		value.value++;
	}
	return value;
}

static struct alarm_value slot_retained(struct arena *arena, const struct json *values)
{
	const struct json *slots = json_get(values, "slots");
	struct alarm_value value = {0};

	(void)arena;
	for (size_t i = 0; i < json_count(slots); i++) {
		const struct json *slot = json_at(slots, i);
		if (json_get_bool(slot, "active") || json_get_int(slot, "retained_bytes") <= value.value)
			continue;
		value.value = json_get_int(slot, "retained_bytes");
		value.who = json_get_text(slot, "name");
	}
	return value;
}

static struct alarm_value archiver(struct arena *arena, const struct json *values)
{
	const struct json *state = json_get(values, "archiver");
	(void)arena;
	return (struct alarm_value){.value = json_get_bool(state, "failing") ? 1 : 0,
	                            .who = json_get_text(state, "failed_file")};
}

static struct alarm_value checkpoints(struct arena *arena, const struct json *values)
{
	int64_t requested = json_get_int(values, "requested_total"), timed = json_get_int(values, "timed_total");

	(void)arena;
	if (requested + timed < CHECKPOINTS_FEWEST)
		return (struct alarm_value){.value = 0};
	return (struct alarm_value){.value = requested * 100 / (requested + timed)};
}

/* ---- pools ---- */

static struct alarm_value pool_wait(struct arena *arena, const struct json *values)
{
	(void)arena;
	return greatest_of(json_get(values, "databases"), "longest_wait_ms", "database");
}

/* Unknown after one look alone; nothing is used where there are no pools. */
static struct alarm_value pool_use(struct arena *arena, const struct json *values)
{
	const struct json *databases = json_get(values, "databases");
	struct alarm_value value = {.value = json_count(databases) ? -1 : 0};

	(void)arena;
	for (size_t i = 0; i < json_count(databases); i++) {
		const char *digits = json_digits(json_get(json_at(databases, i), "utilisation"));
		int64_t percent = digits ? (int64_t)(strtod(digits, NULL) * 100) : -1;
		if (percent <= value.value)
			continue;
		value.value = percent;
		value.who = json_get_text(json_at(databases, i), "database");
	}
	return value;
}

static const struct alarm_row ROWS[ALARM_COUNT] = {
	[ALARM_CONNECTIONS] = {.name = "connections", .sampler = "connections", .unit = UNIT_PERCENT,
	                       .warning = "90%", .critical = "95%", .measure = connections,
	                       .text = "%s of the usable connections are taken",
	                       .help = "How many of the connections that ordinary roles can have are taken.",
	                       .advice = "End sessions that are idle, put a pooler in front, or raise max_connections."},
	[ALARM_LOCK_WAIT] = {.name = "lock-wait", .sampler = "locks", .unit = UNIT_DURATION,
	                     .warning = "1min", .critical = "2min", .measure = lock_wait,
	                     .text = "the longest wait for a lock is %s",
	                     .help = "How long the session that waits longest for a lock has waited.",
	                     .advice = "Look at who is first in the way; when it is idle in a transaction, end it with "
	                               "pg_terminate_backend."},
	[ALARM_BEHIND_US] = {.name = "behind-us", .sampler = "locks", .unit = UNIT_DURATION,
	                     .warning = "1s", .critical = "10s", .measure = behind_us,
	                     .text = "sessions have waited behind pgsluice for %s",
	                     .help = "How long others have waited for a lock behind a session of pgsluice.",
	                     .advice = "Cancel the run, or let it: a shorter lock-timeout makes it give way sooner."},
	[ALARM_TRANSACTION_AGE] = {.name = "transaction-age", .sampler = "transactions", .unit = UNIT_DURATION,
	                           .warning = "10min", .critical = "1h", .measure = transaction_age,
	                           .text = "the oldest transaction is open for %s",
	                           .help = "How long the oldest transaction of a session has been open.",
	                           .advice = "Have it ended: it keeps its locks, and old rows from being removed."},
	[ALARM_PREPARED_AGE] = {.name = "prepared-age", .sampler = "transactions", .unit = UNIT_DURATION,
	                        .warning = "1s", .critical = "30s", .measure = prepared_age,
	                        .text = "the oldest prepared transaction is %s old",
	                        .help = "How old the oldest prepared transaction is.",
	                        .advice = "Ask its transaction manager; when nobody will end it, ROLLBACK PREPARED does."},
	[ALARM_DEADLOCKS] = {.name = "deadlocks", .sampler = "workload", .unit = UNIT_NUMBER,
	                     .warning = "1", .critical = "-", .measure = deadlocks,
	                     .text = "deadlocks in the interval: %s",
	                     .help = "How many deadlocks there were between the last two looks.",
	                     .advice = "The server's log names the statements; have them take locks in one order."},
	[ALARM_CHECKSUMS] = {.name = "checksums", .sampler = "workload", .unit = UNIT_NUMBER,
	                     .warning = "-", .critical = "1", .measure = checksums,
	                     .text = "pages whose checksum was wrong: %s",
	                     .help = "How many pages of this database were ever found with a wrong checksum.",
	                     .advice = "The disk or its driver loses data: look at the server's log and restore."},
	[ALARM_REPLICA_LAG] = {.name = "replica-lag", .sampler = "replicas", .unit = UNIT_DURATION,
	                       .warning = "5s", .critical = "1min", .measure = replica_lag,
	                       .text = "the slowest replica is %s behind",
	                       .help = "How far in time the slowest replica is behind.",
	                       .advice = "Look whether it replays (a query or a setting can hold it up) and at its disk."},
	[ALARM_REPLICA_BYTES] = {.name = "replica-bytes", .sampler = "replicas", .unit = UNIT_SIZE,
	                         .warning = "64MiB", .critical = "1GiB", .measure = replica_bytes,
	                         .text = "the slowest replica has %s of WAL to replay",
	                         .help = "How much WAL the slowest replica has not replayed.",
	                         .advice = "Write more slowly, or look at the replica's network and disk."},
	[ALARM_REPLAY_DELAY] = {.name = "replay-delay", .sampler = "wal", .unit = UNIT_DURATION,
	                        .warning = "1min", .critical = "10min", .measure = replay_delay,
	                        .text = "this standby replays with a delay of %s",
	                        .help = "On a standby: how old its newest transaction is while it has more to replay.",
	                        .advice = "Look for a conflict with a query of its own, or recovery_min_apply_delay."},
	[ALARM_SLOTS_LOST] = {.name = "slots-lost", .sampler = "slots", .unit = UNIT_NUMBER,
	                      .warning = "-", .critical = "1", .measure = slots_lost,
	                      .text = "replication slots that lose their WAL: %s",
	                      .help = "How many slots the server has stopped keeping WAL for.",
	                      .advice = "Build the receiver anew, or drop the slot; raise max_slot_wal_keep_size."},
	[ALARM_SLOT_RETAINED] = {.name = "slot-retained", .sampler = "slots", .unit = UNIT_SIZE,
	                         .warning = "1GiB", .critical = "10GiB", .measure = slot_retained,
	                         .text = "a replication slot that nobody uses keeps %s of WAL",
	                         .help = "How much WAL is kept for a slot that has no receiver.",
	                         .advice = "Bring its receiver back or drop the slot before the disk is full."},
	[ALARM_ARCHIVER] = {.name = "archiver", .sampler = "wal", .unit = UNIT_NUMBER,
	                    .warning = "-", .critical = "1", .measure = archiver,
	                    .text = "files that cannot be archived: %s",
	                    .help = "Whether the newest attempt to archive a file of WAL failed.",
	                    .advice = "Try archive_command by hand: WAL stays on the disk until it works."},
	[ALARM_CHECKPOINTS] = {.name = "checkpoints", .sampler = "checkpoints", .unit = UNIT_PERCENT,
	                       .warning = "51%", .critical = "-", .measure = checkpoints,
	                       .text = "%s of the checkpoints were requested, not timed",
	                       .help = "How many checkpoints were requested because there was too much WAL.",
	                       .advice = "Raise max_wal_size."},
	[ALARM_WRAPAROUND] = {.name = "wraparound", .sampler = "wraparound", .unit = UNIT_NUMBER,
	                      .warning = "1300000000", .critical = "1400000000", .measure = wraparound,
	                      .text = "the oldest unfrozen row is %s transactions old",
	                      .help = "How many transactions or multixacts have passed since the oldest unfrozen row.",
	                      .advice = "Vacuum the oldest tables, after those who hold the horizon are gone."},
	[ALARM_INVALID_INDEXES] = {.name = "invalid-indexes", .sampler = "indexes", .unit = UNIT_NUMBER,
	                           .warning = "1", .critical = "-", .measure = invalid_indexes,
	                           .text = "indexes that are not valid: %s",
	                           .help = "How many indexes are not valid and not being built.",
	                           .advice = "Drop each with DROP INDEX CONCURRENTLY, or REINDEX INDEX CONCURRENTLY."},
	[ALARM_SEQUENCES] = {.name = "sequences", .sampler = "sequences", .unit = UNIT_PERCENT,
	                     .warning = "85%", .critical = "95%", .measure = sequences,
	                     .text = "%s of a sequence's range is used",
	                     .help = "How much of its range the fullest sequence has used.",
	                     .advice = "Widen the column to bigint and the sequence with ALTER SEQUENCE ... AS bigint."},
	[ALARM_POOL_WAIT] = {.name = "pool-wait", .sampler = "pools", .unit = UNIT_DURATION,
	                     .warning = "1s", .critical = "10s", .measure = pool_wait,
	                     .text = "a client of PgBouncer has waited %s for a server",
	                     .help = "How long the client that waits longest for a server of PgBouncer has waited.",
	                     .advice = "Look at what its servers do: a transaction that is idle or waits for a lock "
	                               "holds one. pgsluice pool tells more."},
	[ALARM_POOL_USE] = {.name = "pool-use", .sampler = "pools", .unit = UNIT_PERCENT,
	                    .warning = "75%", .critical = "90%", .measure = pool_use,
	                    .text = "%s of the servers of a pool are busy",
	                    .help = "How many of the servers that a database may have through PgBouncer are busy.",
	                    .advice = "Make transactions shorter, or measure how large the pool should be."},
};

const struct alarm_row *alarm_get(enum alarm alarm)
{
	assert((unsigned)alarm < ALARM_COUNT);
	return &ROWS[alarm];
}
