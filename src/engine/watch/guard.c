#include "engine/watch/guard.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/watch/disk_space.h"
#include "engine/watch/guard_sight.h"
#include "pg/asker.h"
#include "pg/query.h"
#include "sys/clock.h"

enum {
	LOOK_EVERY_MS = 250,
	LOOK_LIMIT_MS = 500,
	WAL_EVERY_MS = 5000, /* it reads a directory */
	WAL_LIMIT_MS = 2000,
	WAL_AGAIN_MS = 30000, /* when that failed: nothing else is seen meanwhile */
	DISK_EVERY_MS = 5000,
	DISK_LIMIT_MS = 15000, /* for the site's own program */
	CANCEL_LIMIT_MS = 1000,
	CANCEL_VALID_MS = 2000, /* a cancel that comes later than this after it was sent does nothing */
	ARM_MS = 10000,
	SETTLE_MS = 5000,
	BLIND_MS = 2000,     /* how long it may fail to see before that is told */
	FRUITLESS_MOST = 3,  /* attempts that nobody stood in the way of */
};

struct guard {
	struct run *run;
	const struct latency_probe *probe; /* or NULL */
	struct asker *asker;
	struct loop_timer timer;
	bool asking, cancelling;
	uint64_t asked_in;               /* the attempt that the look on its way was begun in */

	const char *ours;                /* how the application names of our sessions begin */
	const char *pid, *start;         /* of the session that is guarded, or NULL: none was yet */
	const char *version;
	size_t step;
	const char *step_text;           /* "step 1 of migration 002" */
	uint64_t attempt;
	bool entered, tripped, refused;  /* of this attempt */
	bool itself_waited;              /* for a lock, when it was pulled back */
	bool own_work;                   /* it did not, and nobody but itself can be why others did */
	size_t fruitless;                /* attempts of this step of which that is so */
	const char *breach, *who;        /* what the last one was, and who waited then, or NULL */

	struct guard_sight sight;
	bool knows_folder;
	const char *data_folder;         /* that this machine can see, or NULL */
	struct child *disk_child;        /* the site's own program at work, or NULL */
	int64_t disk_begun_ms;
	bool disk_struck;                /* it did not answer, and is only waited for */
	int64_t seen_ms, wal_due_ms, disk_due_ms; /* the last good look, when to look at these again */
	bool failing, blind;
	bool elsewhere;                  /* it is connected, and the session that is guarded is not there */
	int64_t blind_ms;
	struct error problem;            /* why the last look failed */
	bool cancel_refused;
	int64_t cancelled_ms;            /* when the last cancel was sent */
	int64_t unsure_until_ms;         /* until then one that got no answer can still do something */
	struct json *trips, *last_trip;  /* the last belongs to the others */
	size_t pulled_count, late_count; /* of them, those that ended the step, and those that came too late */
	const char *pulled_for, *late_for; /* the last breach of each */
};

/* ---- pulling back ---- */

static void note_trip(struct guard *guard, const char *limit)
{
	struct json *trip = json_new_object(), *event = json_new_object();

	json_set_text(trip, "version", guard->version);
	json_set_int(trip, "step", (int64_t)guard->step + 1);
	json_set_text(trip, "limit", limit);
	json_set_text(trip, "breach", guard->breach);
	json_set(trip, "waiting", guard_sight_waiting_json(&guard->sight));
	json_push(guard->trips, trip);
	guard->last_trip = trip;
	json_set_text(event, "version", guard->version);
	json_set_int(event, "step", (int64_t)guard->step + 1);
	json_set_text(event, "limit", limit);
	json_set_text(event, "message", guard->breach);
	json_set_int(event, "waiting", (int64_t)guard->sight.count);
	emit(guard->run->emitter, EVENT_GUARD, event);
}

static void look_again(struct guard *guard, int64_t in_ms)
{
	guard->timer.due_ms = clock_ms() + in_ms;
}

static void answer_cancel(void *context, const struct rows *rows, const struct error *err)
{
	struct guard *guard = context;

	guard->cancelling = guard->asking = false;
	look_again(guard, LOOK_EVERY_MS);
	/* Without a word of the server's it may still lie in front of it. */
	if (!rows && !err->sqlstate[0])
		guard->unsure_until_ms = guard->cancelled_ms + CANCEL_VALID_MS;
	if ((rows && rows_count(rows) > 0) || guard->cancel_refused)
		return;
	guard->cancel_refused = true;
	emit_log(guard->run->emitter, LOG_WARNING, "the guard could not cancel %s: %s", guard->step_text,
	         rows ? "its session is not there, or it was too late" : err->message);
}

/* On the session that looks, not with PQcancel: that would wait for a connection. */
static void cancel(struct guard *guard)
{
	char until[32];
	const char *parameters[] = {guard->pid, guard->start, until};

	guard->cancelled_ms = clock_ms();
	snprintf(until, sizeof(until), "%" PRId64,
	         guard_sight_server_ms(&guard->sight, guard->cancelled_ms) + CANCEL_VALID_MS);
	guard->cancelling = guard->asking = true;
	asker_ask_with(guard->asker, query_guard_cancel, 3, parameters, CANCEL_LIMIT_MS, answer_cancel, guard);
}

/* Nothing else can be the cause: of what the server as a whole suffers from others can be. */
static bool is_own_doing(const char *limit)
{
	return strcmp(limit, "guard-wait") == 0 || strcmp(limit, "guard-waiting") == 0;
}

/* The first breach of an attempt is told; a cancel that found nothing to end, between two statements, is repeated. */
static void pull_back(struct guard *guard, const struct guard_breach *breach)
{
	if (!guard->tripped) {
		guard->tripped = true;
		guard->itself_waited = guard->sight.itself_waits;
		guard->own_work = !guard->itself_waited && is_own_doing(breach->limit);
		guard->fruitless += guard->own_work;
		guard->breach = breach->text;
		guard->who = guard_sight_waiting(&guard->sight);
		note_trip(guard, breach->limit);
		emit_log(guard->run->emitter, LOG_WARNING, "the guard pulls back %s: %s%s%s", guard->step_text,
		         breach->text, guard->who ? "; behind it: " : "", guard->who ? guard->who : "");
	}
	if (!guard->asking && asker_idle(guard->asker))
		cancel(guard);
}

/* ---- looking ---- */

static void see_again(struct guard *guard)
{
	if (guard->blind) {
		guard->blind_ms += clock_ms() - guard->seen_ms;
		emit_log(guard->run->emitter, LOG_NOTICE, "the guard sees live again");
	}
	guard->failing = guard->blind = guard->elsewhere = false;
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

/* Another server answers than the one where the step is at work: the name has moved, or there are several. */
static void see_elsewhere(struct guard *guard)
{
	_cleanup_error_ struct error err = {0};

	error_set(&err, FAIL_UNREACHABLE, "the server that answers at %s is not the one where the step is at work",
	          asker_place(guard->asker));
	guard->elsewhere = true;
	fail_to_see(guard, &err);
}

/* That the probe fails is told once, as with the disk. */
static void look_at_latency(struct guard *guard)
{
	if (!guard->probe || !guard->run->settings->guard_latency_ms)
		return;
	const char *why = latency_probe_recent(guard->probe, &guard->sight.p99_us, &guard->sight.p99_before_us);
	if (why && !guard->sight.no_latency) {
		emit_log(guard->run->emitter, LOG_WARNING, "the guard does not see latency: %s", why);
		guard->sight.no_latency = arena_strdup(guard->run->arena, why);
	}
	if (!why)
		guard->sight.no_latency = NULL;
}

static void judge(struct guard *guard)
{
	struct guard_breach breach;

	look_at_latency(guard);
	/* Who was asked to be pulled back and got through until now, between two statements. */
	if (guard->tripped)
		cancel(guard);
	else if (guard_sight_waits(&guard->sight, guard->step_text, &breach) || guard_sight_stands(&guard->sight, &breach))
		pull_back(guard, &breach);
	else
		look_again(guard, guard_sight_next_ms(&guard->sight, LOOK_EVERY_MS));
}

static void answer_look(void *context, const struct rows *rows, const struct error *err)
{
	struct guard *guard = context;

	bool current = guard->entered && guard->asked_in == guard->attempt;

	guard->asking = false;
	look_again(guard, LOOK_EVERY_MS);
	if (!rows) {
		fail_to_see(guard, err);
		if (current && guard->tripped && asker_idle(guard->asker))
			cancel(guard);
		return;
	}
	if ((current || guard->elsewhere) && !guard_sight_knows(rows)) {
		see_elsewhere(guard);
		return;
	}
	see_again(guard);
	guard_sight_take(&guard->sight, rows, clock_ms());
	if (current)
		judge(guard);
}

static void fail_to_see_wal(struct guard *guard, const char *why)
{
	if (!guard->sight.no_wal)
		emit_log(guard->run->emitter, LOG_WARNING, "the guard does not see the size of pg_wal: %s", why);
	guard->sight.no_wal = arena_strdup(guard->run->arena, why);
	guard->sight.wal_bytes = -1;
}

static void answer_wal(void *context, const struct rows *rows, const struct error *err)
{
	struct guard *guard = context;

	guard->asking = false;
	look_again(guard, 0);
	guard->wal_due_ms = clock_ms() + (!rows && asker_idle(guard->asker) ? WAL_AGAIN_MS : WAL_EVERY_MS);
	if (rows) {
		guard->sight.wal_bytes = rows_int(rows, 0, 0);
		guard->sight.no_wal = NULL;
	} else if (guard->sight.looks == 0) {
		fail_to_see(guard, err); /* it is not armed without */
	} else {
		fail_to_see_wal(guard, err->message);
	}
}

static void answer_folder(void *context, const struct rows *rows, const struct error *err)
{
	struct guard *guard = context;

	guard->asking = false;
	look_again(guard, 0);
	if (!rows) {
		fail_to_see(guard, err);
		return;
	}
	guard->knows_folder = true;
	if (rows_true(rows, 0, 1))
		guard->data_folder = arena_strdup(guard->run->arena, rows_get(rows, 0, 0));
}

static bool needs_folder(const struct guard *guard)
{
	const struct settings *settings = guard->run->settings;
	return settings->guard_disk_bytes && !settings->disk_command.count && !guard->knows_folder;
}

static void ask(struct guard *guard)
{
	guard->asking = true;
	if (needs_folder(guard)) {
		asker_ask(guard->asker, query_guard_disk, LOOK_LIMIT_MS, answer_folder, guard);
		return;
	}
	if (guard->run->settings->guard_wal_bytes && clock_ms() >= guard->wal_due_ms) {
		asker_ask(guard->asker, query_guard_wal, WAL_LIMIT_MS, answer_wal, guard);
		return;
	}
	const char *parameters[] = {guard->pid ? guard->pid : "0", guard->ours, guard->start};
	guard->asked_in = guard->attempt;
	asker_ask_with(guard->asker, query_guard_look, 3, parameters, LOOK_LIMIT_MS, answer_look, guard);
}

/* ---- the disk ---- */

/* That it is not seen is told once: what the limit says from then on shows it. */
static void fail_to_see_disk(struct guard *guard, const char *why)
{
	if (!guard->sight.no_disk)
		emit_log(guard->run->emitter, LOG_WARNING, "the guard does not see the disk's free space: %s", why);
	guard->sight.no_disk = why;
	guard->sight.free_bytes = -1;
}

static void collect_disk_child(struct guard *guard)
{
	_cleanup_child_ struct child_result result = {0};
	_cleanup_error_ struct error err = {0};
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct child *child = guard->disk_child;
	const char *why = NULL;
	int64_t free_bytes = -1;

	guard->disk_child = NULL;
	if (child_wait(child, &result, &err) != OK)
		why = err.message;
	else if (!guard->disk_struck)
		free_bytes = disk_command_answer(scratch, &result, &why);
	if (guard->disk_struck)
		return; /* that is told already */
	if (free_bytes < 0) {
		fail_to_see_disk(guard, arena_strdup(guard->run->arena, why));
		return;
	}
	guard->sight.no_disk = NULL;
	guard->sight.free_bytes = free_bytes;
}

static void start_disk_child(struct guard *guard)
{
	_cleanup_error_ struct error err = {0};
	_cleanup_arena_ struct arena *scratch = arena_open();
	const struct child_options options = {.argv = disk_command_words(scratch, guard->run->settings)};

	guard->disk_begun_ms = clock_ms();
	guard->disk_struck = false;
	if (child_start(guard->run->loop, &options, &guard->disk_child, &err) != OK)
		fail_to_see_disk(guard, arena_strdup(guard->run->arena, err.message));
}

/* What it said before is not the last word for ever. */
static void strike_disk_child(struct guard *guard)
{
	guard->disk_struck = true;
	child_strike(guard->disk_child);
	fail_to_see_disk(guard, "disk-command does not answer");
}

/* The site's program is begun in one look and collected in a later one. */
static void look_at_disk(struct guard *guard)
{
	const struct settings *settings = guard->run->settings;

	if (!settings->guard_disk_bytes || (!settings->disk_command.count && !guard->knows_folder))
		return;
	if (guard->disk_child && child_ended(guard->disk_child))
		collect_disk_child(guard);
	if (guard->disk_child && !guard->disk_struck && clock_ms() - guard->disk_begun_ms >= DISK_LIMIT_MS)
		strike_disk_child(guard);
	if (guard->disk_child || clock_ms() < guard->disk_due_ms)
		return;
	guard->disk_due_ms = clock_ms() + (settings->disk_command.count ? DISK_EVERY_MS : LOOK_EVERY_MS);
	if (settings->disk_command.count) {
		start_disk_child(guard);
		return;
	}
	guard->sight.free_bytes = guard->data_folder ? disk_free_at(guard->data_folder) : -1;
	if (guard->sight.free_bytes < 0)
		guard->sight.no_disk = "set disk-command";
}

static void tell_blind(struct guard *guard)
{
	if (!guard->failing || guard->blind || !guard->entered || clock_ms() - guard->seen_ms < BLIND_MS)
		return;
	guard->blind = true;
	emit_log(guard->run->emitter, LOG_WARNING, "the guard sees nothing of live, and %s goes on without it: %s",
	         guard->step_text, guard->problem.message);
}

/* The disk and the probe are seen without the server's answer. */
static void judge_between_looks(struct guard *guard)
{
	struct guard_breach breach;

	if (guard->entered && !guard->tripped && guard_sight_stands(&guard->sight, &breach))
		pull_back(guard, &breach);
}

static void on_timer(struct loop_timer *timer)
{
	struct guard *guard = timer->context;

	look_again(guard, LOOK_EVERY_MS);
	tell_blind(guard);
	look_at_disk(guard);
	look_at_latency(guard);
	judge_between_looks(guard);
	if (!guard->asking && asker_idle(guard->asker))
		ask(guard);
}

static void on_change(void *context)
{
	struct guard *guard = context;
	const struct error *trouble = asker_trouble(guard->asker);

	if (trouble->status != OK)
		fail_to_see(guard, trouble);
	else if (!guard->asking && guard->sight.looks == 0)
		look_again(guard, 0);
}

/* ---- its life ---- */

static bool has_looked(void *context)
{
	const struct guard *guard = context;
	return guard->sight.looks > 0 || guard->failing;
}

static enum status arm(struct guard *guard, struct error *err)
{
	enum loop_outcome outcome = loop_until(guard->run->loop, has_looked, guard, clock_ms() + ARM_MS);

	if (outcome == LOOP_STOPPED)
		return loop_stop_error(guard->run->loop, err);
	if (guard->sight.looks > 0 && !guard->failing)
		return OK;
	if (guard->problem.status == OK)
		error_set(err, FAIL_UNREACHABLE, "live does not answer");
	else
		error_move(err, &guard->problem);
	if (err->status != FAIL_USAGE)
		error_recast(err, FAIL_UNREACHABLE);
	return error_wrap(err, "the guard cannot look at live");
}

enum status guard_open(struct run *run, const struct latency_probe *probe, struct guard **ret_guard,
                       struct error *err)
{
	struct asker_options options = {.session = run_session_options(run, "guard"), .lock_timeout_ms = 100,
	                                .changed = on_change};

	*ret_guard = NULL;
	if (!run->settings->guard)
		return OK;
	struct guard *guard = arena_alloc(run->arena, sizeof(*guard));
	guard->run = run;
	guard->probe = probe;
	guard_sight_init(&guard->sight, run->settings, run->arena);
	guard->sight.no_probe = !probe;
	guard->ours = arena_printf(run->arena, "pgsluice/%s/", run->id.text);
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
	emit_log(run->emitter, LOG_INFO, "the guard is armed: %s", guard_sight_limits(&guard->sight));
	*ret_guard = guard;
	return OK;
}

void guard_close(struct guard *guard)
{
	if (!guard)
		return;
	loop_remove_timer(guard->run->loop, &guard->timer);
	child_kill(guard->disk_child);
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
	if (guard_is_fruitless(guard))
		error_hint(err, "Its own statement is what others wait for: write it in batches, let it run when live is "
		                "quieter, or allow this migration more with `-- pgsluice:guard-wait DURATION` in its file.");
	else
		error_hint(err,
		           "Try again when live is quieter, or raise the limit in pgsluice.conf(5) if live can bear it.");
	guard->refused = true;
	return error_recast(err, FAIL_LOCK_BUDGET);
}

enum status guard_admit(struct guard *guard, struct error *err)
{
	if (!guard)
		return OK;
	guard->refused = guard->own_work = guard->itself_waited = false;
	struct guard_breach breach;
	look_at_latency(guard);
	if (!guard_sight_stands(&guard->sight, &breach))
		return OK;
	guard->breach = breach.text;
	guard->who = NULL;
	return refuse(guard, "not begun by word of the guard", err);
}

static void know_session(struct guard *guard, const struct session *session)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	const char *pid = arena_printf(scratch, "%d", session_backend_pid(session));
	const char *start = session_backend_start(session);

	if (guard->pid && strcmp(guard->pid, pid) == 0 && guard->start && start && strcmp(guard->start, start) == 0)
		return;
	guard->pid = arena_strdup(guard->run->arena, pid);
	guard->start = arena_strdup(guard->run->arena, start);
}

static void know_step(struct guard *guard, const char *version, size_t step)
{
	if (guard->step_text && guard->version == version && guard->step == step)
		return;
	guard->fruitless = 0;
	guard->version = version;
	guard->step = step;
	guard->step_text = arena_printf(guard->run->arena, "step %zu of migration %s", step + 1, version);
}

void guard_enter(struct guard *guard, const struct session *session, const struct migration *migration, size_t step)
{
	if (!guard)
		return;
	know_session(guard, session);
	know_step(guard, migration->version, step);
	guard->sight.wait_ms = guard_wait_of(guard->run->settings, migration);
	guard->sight.waiting = guard_waiting_of(guard->run->settings, migration);
	guard->attempt++;
	guard->sight.count = 0;
	guard->entered = true;
	guard->tripped = guard->refused = guard->own_work = guard->itself_waited = false;
}

static bool has_settled(void *context)
{
	const struct guard *guard = context;
	return !guard->cancelling;
}

/* What is on its way must not reach the statement that comes next: a COMMIT, or what cleans up. */
static void settle(struct guard *guard)
{
	loop_shield(guard->run->loop);
	if (guard->cancelling)
		(void)!loop_until(guard->run->loop, has_settled, guard, clock_ms() + SETTLE_MS);
	int64_t left_ms = guard->unsure_until_ms - clock_ms();
	if (left_ms > 0)
		(void)!loop_sleep(guard->run->loop, left_ms);
	loop_unshield(guard->run->loop);
}

/* The step ended by itself before it could be cancelled: that it hurt others is so, that it was pulled back is not. */
static void note_late(struct guard *guard)
{
	json_set_bool(guard->last_trip, "too_late", true);
	guard->late_count++;
	guard->late_for = guard->breach;
	guard->fruitless -= guard->own_work;
	guard->own_work = false;
	emit_log(guard->run->emitter, LOG_WARNING, "%s ended before the guard had cancelled it", guard->step_text);
}

enum status guard_leave(struct guard *guard, enum status status, struct error *err)
{
	if (!guard)
		return status;
	guard->entered = false;
	settle(guard);
	if (!guard->tripped)
		return status;
	if (status == OK || strcmp(err->sqlstate, "57014") != 0) {
		note_late(guard);
		return status;
	}
	guard->pulled_count++;
	guard->pulled_for = guard->breach;
	return refuse(guard, "pulled back by the guard", err);
}

const char *guard_pull_back(struct guard *guard, const char *who)
{
	const struct guard_breach asked = {
		.limit = "pull-back", .text = arena_printf(guard->run->arena, "pull-back: %s asked for it", who)};

	if (!guard->entered)
		return "No statement of the plan is at work at this moment.";
	if (guard->tripped)
		return "It is being pulled back already.";
	if (asker_trouble(guard->asker)->status != OK || guard->elsewhere)
		return "The guard has no connection to where the step is at work: ask again when it sees live again.";
	pull_back(guard, &asked);
	look_again(guard, 0);
	return NULL;
}

bool guard_refused(const struct guard *guard)
{
	return guard && guard->refused;
}

bool guard_refused_waiter(const struct guard *guard)
{
	return guard_refused(guard) && guard->itself_waited;
}

bool guard_is_fruitless(const struct guard *guard)
{
	return guard && guard->fruitless >= FRUITLESS_MOST;
}

/* ---- the evidence ---- */

static int64_t blind_ms(const struct guard *guard)
{
	return guard->blind_ms + (guard->blind ? clock_ms() - guard->seen_ms : 0);
}

static struct json *facts(const struct guard *guard)
{
	struct json *value = json_new_object();

	json_set(value, "limits", guard_limits_json(guard->run->settings));
	json_set_int(value, "looks", (int64_t)guard->sight.looks);
	json_set_int(value, "blind_ms", blind_ms(guard));
	json_set(value, "trips", json_clone(guard->trips));
	return value;
}

static const char *result_text(const struct guard *guard)
{
	struct arena *arena = guard->run->arena;
	_cleanup_strbuf_ struct strbuf text = {0};

	if (guard->pulled_count)
		strbuf_printf(&text, "pulled back %zu time(s), the last for %s", guard->pulled_count, guard->pulled_for);
	else if (guard->late_count)
		strbuf_puts(&text, "nothing was pulled back");
	else
		strbuf_puts(&text, "nothing had to be pulled back");
	if (guard->late_count)
		strbuf_printf(&text, "; too late %zu time(s), the last for %s", guard->late_count, guard->late_for);
	if (blind_ms(guard))
		strbuf_printf(&text, "; saw nothing of live for %s", text_duration(arena, blind_ms(guard)));
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
	const char *limits = guard_sight_limits(&guard->sight);
	if (status == FAIL_LOCK_BUDGET && guard->refused)
		run_check_as(run, evidence, "apply.guard", false, status, QUIET, guard->breach, limits);
	else if (guard->pulled_count || guard->late_count || blind_ms(guard))
		run_warn(run, evidence, "apply.guard", QUIET, result_text(guard), limits);
	else
		run_check(run, evidence, "apply.guard", true, NULL, result_text(guard), limits);
}
