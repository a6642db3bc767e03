#include "engine/guard.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "pg/asker.h"
#include "pg/query.h"
#include "sys/clock.h"

enum {
	LOOK_EVERY_MS = 250,
	LOOK_LIMIT_MS = 500,
	WAL_EVERY_MS = 5000, /* it reads a directory */
	CANCEL_LIMIT_MS = 1000,
	ARM_MS = 10000,
	SETTLE_MS = 5000,
	BLIND_MS = 2000,     /* how long it may fail to see before that is told */
	COUNTED_MS = 100,    /* a wait that is shorter is no trouble, whoever waits */
	SEEN_ROOM = 100,     /* as many as the query tells of */
	MARK_ROOM = 64,
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
	COLUMN_PID,
	COLUMN_APPLICATION,
	COLUMN_ROLE,
	COLUMN_CLIENT,
	COLUMN_AGE_MS,
};

/* Somebody behind us, since when by our clock: the server's own word is better and not always there. */
struct waiter {
	int64_t pid, since_ms;
	int64_t waited_ms;
};

/* Where WAL was at a time: a standby that has not replayed it is behind by what has passed since. */
struct mark {
	int64_t position, at_ms;
};

struct guard {
	struct run *run;
	struct asker *asker;
	struct loop_timer timer;
	bool asking, cancelling;
	uint64_t looks, asked_in;        /* the attempt that the look on its way was begun in */

	const char *ours;                /* how the application names of our sessions begin */
	const char *pid;                 /* of the session that is guarded, or NULL: none was yet */
	int pid_number;
	const char *version;
	size_t step;
	uint64_t attempt;
	bool entered, tripped, refused;  /* of this attempt */
	const char *breach, *who;        /* what the last one was, and who waited then, or NULL */

	struct waiter waiters[SEEN_ROOM];
	size_t count;
	struct mark marks[MARK_ROOM];    /* that the slowest standby has not replayed, oldest first */
	size_t mark_count;
	int64_t first_position;
	int64_t left, lag_ms, wal_bytes; /* -1 = unknown */
	const char *standby;
	bool unseen;                     /* there are standbys that the role may not look at */

	int64_t seen_ms, wal_due_ms;     /* the last good look, when to look at WAL again */
	bool failing, blind;
	int64_t blind_ms;
	struct error problem;            /* why the last look failed */
	bool cancel_refused;
	struct json *trips;
	size_t trip_count;
};

/* ---- what was seen ---- */

static int64_t since_when(const struct guard *guard, int64_t pid, int64_t now_ms)
{
	for (size_t i = 0; i < guard->count; i++)
		if (guard->waiters[i].pid == pid)
			return guard->waiters[i].since_ms;
	return now_ms;
}

static void read_waiters(struct guard *guard, const struct rows *rows)
{
	struct waiter now[SEEN_ROOM];
	int64_t now_ms = clock_ms();
	size_t count = 0;

	for (size_t i = 0; i < rows_count(rows) && count < SEEN_ROOM; i++) {
		if (!rows_get(rows, i, COLUMN_PID))
			continue;
		struct waiter *waiter = &now[count++];
		waiter->pid = rows_int(rows, i, COLUMN_PID);
		waiter->since_ms = since_when(guard, waiter->pid, now_ms);
		waiter->waited_ms = rows_get(rows, i, COLUMN_AGE_MS) ? rows_int(rows, i, COLUMN_AGE_MS)
		                                                     : now_ms - waiter->since_ms;
	}
	memcpy(guard->waiters, now, count * sizeof(*now));
	guard->count = count;
}

static void mark(struct guard *guard, int64_t position, int64_t now_ms)
{
	int64_t apart_ms = guard->run->settings->guard_lag_ms / (MARK_ROOM / 2);
	const struct mark *last = guard->mark_count ? &guard->marks[guard->mark_count - 1] : NULL;

	if (guard->mark_count == MARK_ROOM ||
	    (last && (last->position >= position || now_ms - last->at_ms < apart_ms)))
		return;
	guard->marks[guard->mark_count++] = (struct mark){.position = position, .at_ms = now_ms};
}

static void forget_marks(struct guard *guard, int64_t replayed)
{
	size_t gone = 0;
	while (gone < guard->mark_count && guard->marks[gone].position <= replayed)
		gone++;
	guard->mark_count -= gone;
	memmove(guard->marks, guard->marks + gone, guard->mark_count * sizeof(*guard->marks));
}

/*
 * A standby that replays nothing reports nothing new, so time is taken by our own clock; what it reports counts only
 * for WAL from before we looked.
 */
static void read_lag(struct guard *guard, const struct rows *rows)
{
	int64_t now_ms = clock_ms(), position = rows_int(rows, 0, COLUMN_WAL);
	int64_t replayed = rows_int(rows, 0, COLUMN_REPLAYED);

	if (guard->looks == 0)
		guard->first_position = position;
	guard->unseen = rows_int(rows, 0, COLUMN_UNSEEN) > 0;
	if (!rows_get(rows, 0, COLUMN_STANDBY)) {
		guard->mark_count = 0;
		guard->lag_ms = -1;
		return;
	}
	mark(guard, position, now_ms);
	forget_marks(guard, replayed);
	guard->lag_ms = guard->mark_count ? now_ms - guard->marks[0].at_ms : 0;
	if (replayed < guard->first_position && rows_int(rows, 0, COLUMN_LAG_MS) > guard->lag_ms)
		guard->lag_ms = rows_int(rows, 0, COLUMN_LAG_MS);
	if (!guard->standby || strcmp(guard->standby, rows_get(rows, 0, COLUMN_STANDBY)) != 0)
		guard->standby = arena_strdup(guard->run->arena, rows_get(rows, 0, COLUMN_STANDBY));
}

static const char *step_text(const struct guard *guard)
{
	return arena_printf(guard->run->arena, "step %zu of migration %s", guard->step + 1, guard->version);
}

/* ---- judging ---- */

static const char *session_text(struct arena *arena, const struct rows *rows, size_t row)
{
	return arena_printf(arena, "process %s (%s, role %s, from %s)", rows_get(rows, row, COLUMN_PID),
	                    rows_get(rows, row, COLUMN_APPLICATION), rows_get(rows, row, COLUMN_ROLE),
	                    rows_get(rows, row, COLUMN_CLIENT));
}

/* Of the waiters, which are in the order of the rows: the one who has waited longest. */
static size_t longest_wait(const struct guard *guard)
{
	size_t longest = 0;
	for (size_t i = 1; i < guard->count; i++)
		if (guard->waiters[i].waited_ms > guard->waiters[longest].waited_ms)
			longest = i;
	return longest;
}

static int64_t waits_that_count(const struct guard *guard)
{
	int64_t count = 0;
	for (size_t i = 0; i < guard->count; i++)
		count += guard->waiters[i].waited_ms >= COUNTED_MS;
	return count;
}

/* The limit that those behind us show as passed, with its value; or NULL. */
static const char *find_waiting(const struct guard *guard, const struct rows *rows)
{
	const struct settings *settings = guard->run->settings;
	struct arena *arena = guard->run->arena;
	int64_t count = waits_that_count(guard);

	if (guard->count == 0)
		return NULL;
	size_t longest = longest_wait(guard);
	int64_t waited_ms = guard->waiters[longest].waited_ms;
	if (settings->guard_wait_ms && waited_ms >= settings->guard_wait_ms)
		return arena_printf(arena, "guard-wait: %s has waited %s behind %s, and %s is allowed",
		                    session_text(arena, rows, longest), text_duration(arena, waited_ms),
		                    step_text(guard), text_duration(arena, settings->guard_wait_ms));
	if (settings->guard_waiting && count > settings->guard_waiting)
		return arena_printf(arena, "guard-waiting: %" PRId64 " sessions wait behind %s, and %d may", count,
		                    step_text(guard), settings->guard_waiting);
	return NULL;
}

/* The same for what does not depend on the step that runs. */
static const char *find_standing(const struct guard *guard)
{
	const struct settings *settings = guard->run->settings;
	struct arena *arena = guard->run->arena;

	if (settings->guard_lag_ms && guard->lag_ms > settings->guard_lag_ms)
		return arena_printf(arena, "guard-lag: standby %s is %s behind, and %s is allowed", guard->standby,
		                    text_duration(arena, guard->lag_ms), text_duration(arena, settings->guard_lag_ms));
	if (settings->guard_connections && guard->left >= 0 && guard->left < settings->guard_connections)
		return arena_printf(arena, "guard-connections: %" PRId64 " connection(s) are left, and %d must be",
		                    guard->left, settings->guard_connections);
	if (settings->guard_wal_bytes && guard->wal_bytes > settings->guard_wal_bytes)
		return arena_printf(arena, "guard-wal: pg_wal has %s, and %s is allowed",
		                    text_bytes(arena, guard->wal_bytes), text_bytes(arena, settings->guard_wal_bytes));
	return NULL;
}

static const char *who_waits(const struct guard *guard, const struct rows *rows)
{
	struct arena *arena = guard->run->arena;
	_cleanup_strbuf_ struct strbuf text = {0};

	for (size_t i = 0; i < guard->count && i < SHOWN; i++)
		strbuf_printf(&text, "%s%s for %s", i ? "; " : "", session_text(arena, rows, i),
		              text_duration(arena, guard->waiters[i].waited_ms));
	if (guard->count > SHOWN)
		strbuf_printf(&text, "; and %zu more", guard->count - SHOWN);
	return guard->count ? arena_strdup(arena, strbuf_text(&text)) : NULL;
}

static void note_trip(struct guard *guard, const struct rows *rows)
{
	struct json *trip = json_new_object(), *sessions = json_new_array();

	json_set_text(trip, "version", guard->version);
	json_set_int(trip, "step", (int64_t)guard->step + 1);
	json_set_text(trip, "breach", guard->breach);
	for (size_t i = 0; i < guard->count; i++) {
		struct json *session = json_new_object();
		json_set_int(session, "pid", guard->waiters[i].pid);
		json_set_text(session, "application", rows_get(rows, i, COLUMN_APPLICATION));
		json_set_text(session, "role", rows_get(rows, i, COLUMN_ROLE));
		json_set_text(session, "client", rows_get(rows, i, COLUMN_CLIENT));
		json_set_int(session, "waited_ms", guard->waiters[i].waited_ms);
		json_push(sessions, session);
	}
	json_set(trip, "waiting", sessions);
	json_push(guard->trips, trip);
	guard->trip_count++;
}

/* ---- asking ---- */

static void look_again(struct guard *guard, int64_t in_ms)
{
	guard->timer.due_ms = clock_ms() + in_ms;
}

static void answer_cancel(void *context, const struct rows *rows, const struct error *err)
{
	struct guard *guard = context;

	guard->cancelling = guard->asking = false;
	look_again(guard, LOOK_EVERY_MS);
	if (rows || guard->cancel_refused)
		return;
	guard->cancel_refused = true;
	emit_log(guard->run->emitter, LOG_WARNING, "the guard could not cancel %s: %s", step_text(guard), err->message);
}

/* On the session that looks, not with PQcancel: that would wait for a connection. */
static void cancel(struct guard *guard)
{
	guard->cancelling = guard->asking = true;
	asker_ask_with(guard->asker, query_guard_cancel, 1, &guard->pid, CANCEL_LIMIT_MS, answer_cancel, guard);
}

/* The first breach of an attempt is told; a cancel that found nothing to end, between two statements, is repeated. */
static void pull_back(struct guard *guard, const struct rows *rows, const char *breach)
{
	if (!guard->tripped) {
		guard->tripped = true;
		guard->breach = breach;
		guard->who = who_waits(guard, rows);
		note_trip(guard, rows);
		emit_log(guard->run->emitter, LOG_WARNING, "the guard pulls back %s: %s%s%s", step_text(guard), breach,
		         guard->who ? "; behind it: " : "", guard->who ? guard->who : "");
	}
	cancel(guard);
}

/* The moment when the longest wait will be too long is known before. */
static int64_t next_look_ms(const struct guard *guard)
{
	int64_t limit_ms = guard->run->settings->guard_wait_ms, in_ms = LOOK_EVERY_MS;

	for (size_t i = 0; limit_ms && i < guard->count; i++)
		if (limit_ms - guard->waiters[i].waited_ms < in_ms)
			in_ms = limit_ms - guard->waiters[i].waited_ms;
	return in_ms > 1 ? in_ms : 1;
}

static void see_again(struct guard *guard)
{
	if (guard->blind) {
		guard->blind_ms += clock_ms() - guard->seen_ms;
		emit_log(guard->run->emitter, LOG_NOTICE, "the guard sees live again");
	}
	guard->failing = guard->blind = false;
	guard->seen_ms = clock_ms();
	error_clear(&guard->problem);
}

static void fail_to_see(struct guard *guard, const struct error *err)
{
	guard->failing = true;
	error_set(&guard->problem, err->status, "%s", err->message);
	if (error_hint_text(err))
		error_hint(&guard->problem, "%s", error_hint_text(err));
}

static void answer_look(void *context, const struct rows *rows, const struct error *err)
{
	struct guard *guard = context;
	const char *breach;

	guard->asking = false;
	look_again(guard, LOOK_EVERY_MS);
	if (!rows) {
		fail_to_see(guard, err);
		return;
	}
	see_again(guard);
	read_waiters(guard, rows);
	read_lag(guard, rows);
	guard->left = rows_int(rows, 0, COLUMN_LEFT);
	guard->looks++;
	if (!guard->entered || guard->asked_in != guard->attempt)
		return;
	breach = find_waiting(guard, rows);
	if (!breach)
		breach = find_standing(guard);
	if (breach)
		pull_back(guard, rows, breach);
	else
		look_again(guard, next_look_ms(guard));
}

static void answer_wal(void *context, const struct rows *rows, const struct error *err)
{
	struct guard *guard = context;

	guard->asking = false;
	look_again(guard, 0);
	guard->wal_due_ms = clock_ms() + WAL_EVERY_MS;
	if (rows)
		guard->wal_bytes = rows_int(rows, 0, 0);
	else
		fail_to_see(guard, err);
}

static void ask(struct guard *guard)
{
	guard->asking = true;
	if (guard->run->settings->guard_wal_bytes && clock_ms() >= guard->wal_due_ms) {
		asker_ask(guard->asker, query_guard_wal, LOOK_LIMIT_MS, answer_wal, guard);
		return;
	}
	const char *parameters[] = {guard->pid ? guard->pid : "0", guard->ours};
	guard->asked_in = guard->attempt;
	asker_ask_with(guard->asker, query_guard_look, 2, parameters, LOOK_LIMIT_MS, answer_look, guard);
}

static void tell_blind(struct guard *guard)
{
	if (!guard->failing || guard->blind || !guard->entered || clock_ms() - guard->seen_ms < BLIND_MS)
		return;
	guard->blind = true;
	emit_log(guard->run->emitter, LOG_WARNING, "the guard sees nothing of live, and %s goes on without it: %s",
	         step_text(guard), guard->problem.message);
}

static void on_timer(struct loop_timer *timer)
{
	struct guard *guard = timer->context;

	look_again(guard, LOOK_EVERY_MS);
	tell_blind(guard);
	if (!guard->asking && asker_idle(guard->asker))
		ask(guard);
}

static void on_change(void *context)
{
	struct guard *guard = context;
	const struct error *trouble = asker_trouble(guard->asker);

	if (trouble->status != OK)
		fail_to_see(guard, trouble);
	else if (!guard->asking && guard->looks == 0)
		look_again(guard, 0);
}

/* ---- its life ---- */

static bool has_looked(void *context)
{
	const struct guard *guard = context;
	return guard->looks > 0 || guard->failing;
}

static enum status arm(struct guard *guard, struct error *err)
{
	enum loop_outcome outcome = loop_until(guard->run->loop, has_looked, guard, clock_ms() + ARM_MS);

	if (outcome == LOOP_STOPPED)
		return loop_stop_error(guard->run->loop, err);
	if (guard->looks > 0 && !guard->failing)
		return OK;
	if (guard->problem.status == OK)
		error_set(err, FAIL_UNREACHABLE, "live does not answer");
	else
		error_move(err, &guard->problem);
	if (err->status != FAIL_USAGE)
		error_recast(err, FAIL_UNREACHABLE);
	return error_wrap(err, "the guard cannot look at live");
}

static const char *limits_text(const struct guard *guard)
{
	const struct settings *settings = guard->run->settings;
	struct arena *arena = guard->run->arena;
	_cleanup_strbuf_ struct strbuf text = {0};

	if (settings->guard_wait_ms)
		strbuf_printf(&text, ", nobody waits %s behind us", text_duration(arena, settings->guard_wait_ms));
	if (settings->guard_waiting)
		strbuf_printf(&text, ", at most %d wait at once", settings->guard_waiting);
	if (settings->guard_lag_ms)
		strbuf_printf(&text, ", standbys at most %s behind%s", text_duration(arena, settings->guard_lag_ms),
		              guard->unseen ? " (not seen: needs pg_monitor)" : "");
	if (settings->guard_connections)
		strbuf_printf(&text, ", at least %d connection(s) left", settings->guard_connections);
	if (settings->guard_wal_bytes)
		strbuf_printf(&text, ", at most %s in pg_wal", text_bytes(arena, settings->guard_wal_bytes));
	return text.length ? arena_strdup(arena, strbuf_text(&text) + 2) : "no limit is set";
}

enum status guard_open(struct run *run, struct guard **ret_guard, struct error *err)
{
	struct asker_options options = {.session = run_session_options(run, "guard"), .lock_timeout_ms = 100,
	                                .changed = on_change};

	*ret_guard = NULL;
	if (!run->settings->guard)
		return OK;
	struct guard *guard = arena_alloc(run->arena, sizeof(*guard));
	guard->run = run;
	guard->ours = arena_printf(run->arena, "pgsluice/%s/", run->id.text);
	guard->left = guard->lag_ms = guard->wal_bytes = -1;
	/* As who logged in, not as the role taken on then: only he may cancel what he runs. */
	options.session.set_role = NULL;
	options.session.sent = NULL;
	options.context = guard;
	if (asker_open(run->loop, &options, &guard->asker, err) != OK)
		return err->status;
	guard->trips = json_new_array();
	guard->timer = (struct loop_timer){.due_ms = clock_ms(), .due = on_timer, .context = guard};
	loop_add_timer(run->loop, &guard->timer);
	if (arm(guard, err) != OK) {
		guard_close(guard);
		return err->status;
	}
	emit_log(run->emitter, LOG_INFO, "the guard is armed: %s", limits_text(guard));
	*ret_guard = guard;
	return OK;
}

void guard_close(struct guard *guard)
{
	if (!guard)
		return;
	loop_remove_timer(guard->run->loop, &guard->timer);
	asker_close(guard->asker);
	json_close(guard->trips);
	error_clear(&guard->problem);
}

/* ---- the attempts ---- */

static enum status refuse(struct guard *guard, const char *what, struct error *err)
{
	if (err->status == OK)
		error_set(err, FAIL_LOCK_BUDGET, "%s: %s", what, guard->breach);
	else
		error_message(err, "%s: %s", what, guard->breach);
	error_sqlstate(err, "");
	if (guard->who)
		error_detail(err, "Behind it waited %s.", guard->who);
	error_hint(err, "Try again when live is quieter, or raise the limit in pgsluice.conf(5) if live can bear it.");
	guard->refused = true;
	return error_recast(err, FAIL_LOCK_BUDGET);
}

enum status guard_admit(struct guard *guard, struct error *err)
{
	if (!guard)
		return OK;
	guard->refused = false;
	const char *breach = find_standing(guard);
	if (!breach)
		return OK;
	guard->breach = breach;
	guard->who = NULL;
	return refuse(guard, "not begun by word of the guard", err);
}

void guard_enter(struct guard *guard, const struct session *session, const char *version, size_t step)
{
	if (!guard)
		return;
	if (!guard->pid || guard->pid_number != session_backend_pid(session)) {
		guard->pid_number = session_backend_pid(session);
		guard->pid = arena_printf(guard->run->arena, "%d", guard->pid_number);
	}
	guard->version = version;
	guard->step = step;
	guard->attempt++;
	guard->count = 0;
	guard->entered = true;
	guard->tripped = guard->refused = false;
}

static bool has_settled(void *context)
{
	const struct guard *guard = context;
	return !guard->cancelling;
}

/* What is on its way must not reach the statement that comes next: a COMMIT, or what cleans up. */
enum status guard_leave(struct guard *guard, enum status status, struct error *err)
{
	if (!guard)
		return status;
	guard->entered = false;
	if (guard->cancelling) {
		loop_shield(guard->run->loop);
		(void)!loop_until(guard->run->loop, has_settled, guard, clock_ms() + SETTLE_MS);
		loop_unshield(guard->run->loop);
	}
	if (!guard->tripped || status == OK || strcmp(err->sqlstate, "57014") != 0)
		return status;
	return refuse(guard, "pulled back by the guard", err);
}

bool guard_refused(const struct guard *guard)
{
	return guard && guard->refused;
}

/* ---- the evidence ---- */

static struct json *facts(const struct guard *guard)
{
	const struct settings *settings = guard->run->settings;
	struct json *value = json_new_object(), *limits = json_new_object();

	json_set_int(limits, "wait_ms", settings->guard_wait_ms);
	json_set_int(limits, "waiting", settings->guard_waiting);
	json_set_int(limits, "lag_ms", settings->guard_lag_ms);
	json_set_int(limits, "connections", settings->guard_connections);
	json_set_int(limits, "wal_bytes", settings->guard_wal_bytes);
	json_set(value, "limits", limits);
	json_set_int(value, "looks", (int64_t)guard->looks);
	json_set_int(value, "blind_ms", guard->blind_ms);
	json_set(value, "trips", json_clone(guard->trips));
	return value;
}

static const char *result_text(const struct guard *guard)
{
	struct arena *arena = guard->run->arena;
	_cleanup_strbuf_ struct strbuf text = {0};

	if (guard->trip_count)
		strbuf_printf(&text, "pulled back %zu time(s), the last for %s", guard->trip_count, guard->breach);
	else
		strbuf_puts(&text, "nothing had to be pulled back");
	if (guard->blind_ms || guard->blind)
		strbuf_printf(&text, "; saw nothing of live for %s", text_duration(arena, guard->blind_ms));
	return arena_strdup(arena, strbuf_text(&text));
}

void guard_report(const struct guard *guard, struct run *run, struct evidence *evidence, enum status status)
{
	static const char QUIET[] = "Let it run when live is quieter, or raise the limit if live can bear it.";

	if (!guard) {
		run_warn(run, evidence, "apply.guard", "Set guard = on to have a step pulled back that hurts live.",
		         "off: nothing but lock-timeout and statement-timeout ended a step", "as configured");
		return;
	}
	json_set(evidence->data, "guard", facts(guard));
	const char *limits = limits_text(guard);
	if (status == FAIL_LOCK_BUDGET && guard->refused)
		run_check_as(run, evidence, "apply.guard", false, status, QUIET, guard->breach, limits);
	else if (guard->trip_count || guard->blind_ms || guard->blind)
		run_warn(run, evidence, "apply.guard", QUIET, result_text(guard), limits);
	else
		run_check(run, evidence, "apply.guard", true, NULL, result_text(guard), limits);
}
