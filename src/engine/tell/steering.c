#include "engine/tell/steering.h"

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "core/migration/target.h"
#include "engine/execute/session_signal.h"
#include "engine/queries/explain_request.h"
#include "engine/watch/guard.h"
#include "sys/clock.h"

/* An engine that nobody watches and that has nothing to do ends after so long. */
enum { ALONE_FOR_MS = 10 * 60 * 1000, SETTLE_MS = 5000 };

enum engine_state { ENGINE_WORKING, ENGINE_ASKING, ENGINE_WAITING, ENGINE_PAUSED, ENGINE_IDLE };

static const char *const STATE_NAMES[] = {
	[ENGINE_WORKING] = "working", [ENGINE_ASKING] = "asking", [ENGINE_WAITING] = "waiting",
	[ENGINE_PAUSED] = "paused",   [ENGINE_IDLE] = "idle",
};

enum { NO_GATE = -1 };

struct steering {
	struct loop *loop;
	struct arena *arena;       /* as long as the engine */
	struct settings *settings;
	struct control *control;
	bool attended;
	int64_t alone_for_ms;

	struct run *run;           /* NULL between two */
	const char *command;       /* of the run, or the one before */
	enum engine_state state;
	int gate;                  /* at work, or waited before; NO_GATE = none */
	int goal;                  /* the last gate that may begin; NO_GATE = none */
	bool busy;                 /* reading or carrying out: not between two gates */
	bool hold;                 /* pause was asked for */
	enum wish wish;            /* what is to come after this run */
	const char *to;            /* of a rollback */
	bool given;                /* consent, while the state is ENGINE_ASKING */
	struct consent consent;
	const char *other;         /* the engine that has the target */
	struct explain_request *query; /* to be answered in the next wait, or NULL */
	bool (*awaited)(void *context);
	struct session_signal *signal; /* on its way, or NULL; and the fields of its event */
	struct json *signal_event;
	bool ending;               /* the run's report is being written */
};

/* ---- what it is doing ---- */

static void tell(struct steering *steering)
{
	struct json *fields = json_new_object();
	const struct run *run = steering->run;
	bool gate = steering->gate != NO_GATE;

	json_set_int(fields, "pid", getpid());
	json_set_text(fields, "command", steering->command);
	json_set_text(fields, "state", STATE_NAMES[steering->state]);
	if (gate)
		json_set_text(fields, "gate", gate_get((enum gate)steering->gate)->name);
	if (steering->attended && steering->goal != NO_GATE)
		json_set_text(fields, "goal", gate_get((enum gate)steering->goal)->name);
	json_set_bool(fields, "attended", steering->attended);
	if (run && run->target.system_identifier)
		json_set(fields, "target", target_json(&run->target));
	if (steering->settings->environment && *steering->settings->environment)
		json_set_text(fields, "environment", steering->settings->environment);
	json_set_text(fields, "tool_version", PACKAGE_VERSION);
	control_tell_state(steering->control, fields);
}

static void become(struct steering *steering, enum engine_state state)
{
	if (steering->state == state)
		return;
	steering->state = state;
	tell(steering);
}

/* ---- what is asked for ---- */

/* NULL = granted, else why not: a sentence. */
typedef const char *grant(struct steering *steering, const struct asker *asker, const struct json *fields);

static bool at_work(const struct steering *steering)
{
	return steering->run && steering->busy && steering->state != ENGINE_ASKING;
}

static const char *refuse_working(const struct steering *steering)
{
	if (!steering->attended)
		return "A batch run goes its way by itself: it can be watched, approved, paused and cancelled.";
	if (at_work(steering))
		return steering->gate == NO_GATE ? "The engine is reading files and target."
		                                 : arena_printf(steering->run->arena, "Gate %s is at work: cancel it first.",
		                                                gate_get((enum gate)steering->gate)->name);
	return NULL;
}

static const char *grant_start(struct steering *steering, const struct asker *asker, const struct json *fields)
{
	const char *why = refuse_working(steering);
	(void)asker;
	(void)fields;
	if (why)
		return why;
	steering->goal = NO_GATE;
	steering->wish = WISH_RUN;
	steering->to = NULL;
	return NULL;
}

/* Between a changed live and its proof nobody waits. */
static int goal_of(int gate)
{
	return gate == GATE_APPLY ? GATE_VERIFY : gate;
}

static const char *grant_run(struct steering *steering, const struct asker *asker, const struct json *fields)
{
	const char *name = json_get_text(fields, "gate");
	enum gate gate = GATE_COUNT;
	(void)asker;

	if (!steering->attended)
		return refuse_working(steering);
	if (!name) {
		int next = steering->busy ? steering->gate + 1 : steering->gate;
		gate = steering->gate == NO_GATE ? GATE_INSPECT : next < GATE_COUNT ? (enum gate)next : GATE_VERIFY;
	} else if (!gate_find(name, &gate)) {
		return "There is no such gate.";
	}
	if (steering->run && steering->gate != NO_GATE && (int)gate < steering->gate)
		return arena_printf(steering->run->arena, "Gate %s lies behind: start a new run.", gate_get(gate)->name);
	steering->goal = goal_of((int)gate);
	if (!steering->run)
		steering->wish = steering->to ? WISH_ROLLBACK : WISH_RUN;
	return NULL;
}

static const char *grant_approve(struct steering *steering, const struct asker *asker, const struct json *fields)
{
	struct run *run = steering->run;
	const char *database = json_get_text(fields, "database"), *reason = json_get_text(fields, "reason");

	if (!run || steering->state != ENGINE_ASKING)
		return "Gate approval does not wait for consent now.";
	if (!plan_id_matches(&run->plan, json_get_text(fields, "plan_id")))
		return arena_printf(run->arena, "This is another plan: %.*s.", PLAN_ID_SHORT, run->plan.id.hex);
	if (strcmp(database, run->target.database) != 0)
		return "The name is not that of this database.";
	steering->consent = (struct consent){.os_user = arena_strdup(run->arena, asker->user),
	                                     .reason = arena_strdup(run->arena, reason)};
	steering->given = true;
	return NULL;
}

static const char *grant_waive(struct steering *steering, const struct asker *asker, const struct json *fields)
{
	const char *check = json_get_text(fields, "check"), *reason = json_get_text(fields, "reason");
	const char *why = refuse_working(steering);
	(void)asker;

	if (why || !waiver_allowed(check, &why))
		return why;
	if (!*reason)
		return "A waiver needs a reason.";
	struct waiver waiver = {.check = arena_strdup(steering->arena, check),
	                        .reason = arena_strdup(steering->arena, reason)};
	list_push(steering->arena, &steering->settings->waivers, waiver);
	steering->goal = NO_GATE;
	steering->wish = steering->to ? WISH_ROLLBACK : WISH_RUN;
	return NULL;
}

static const char *grant_cancel(struct steering *steering, const struct asker *asker, const struct json *fields)
{
	(void)fields;
	if (!steering->run || !steering->busy)
		return "Nothing is at work.";
	loop_cancel(steering->loop, arena_printf(steering->run->arena, "%s (process %ld)", asker->user, (long)asker->pid));
	return NULL;
}

static const char *grant_pause(struct steering *steering, const struct asker *asker, const struct json *fields)
{
	(void)asker;
	(void)fields;
	if (!steering->run)
		return "No run is on.";
	steering->hold = true;
	if (steering->state == ENGINE_WAITING)
		steering->state = ENGINE_PAUSED;
	return NULL;
}

static const char *grant_continue(struct steering *steering, const struct asker *asker, const struct json *fields)
{
	(void)asker;
	(void)fields;
	if (!steering->hold)
		return "Nothing is paused.";
	steering->hold = false;
	if (!steering->busy && steering->state == ENGINE_PAUSED)
		steering->state = ENGINE_WAITING;
	return NULL;
}

static const char *grant_rollback(struct steering *steering, const struct asker *asker, const struct json *fields)
{
	const char *why = refuse_working(steering);
	(void)asker;
	if (why)
		return why;
	steering->goal = NO_GATE;
	steering->wish = WISH_ROLLBACK;
	steering->to = arena_strdup(steering->arena, json_get_text(fields, "to"));
	return NULL;
}

static const char *grant_quit(struct steering *steering, const struct asker *asker, const struct json *fields)
{
	bool force = json_get_bool(fields, "force");
	const char *why = refuse_working(steering);

	if (why && !(steering->attended && force))
		return why;
	if (why)
		(void)grant_cancel(steering, asker, fields);
	steering->wish = WISH_QUIT;
	return NULL;
}

/* Answered in the waits between gates: one at a time, and never beside a gate's own work. */
static const char *grant_explain(struct steering *steering, const struct asker *asker, const struct json *fields)
{
	const struct run *run = steering->run;

	if (steering->query)
		return "Another query is being explained.";
	if (at_work(steering) && steering->state != ENGINE_PAUSED)
		return steering->gate == NO_GATE ? "The engine is reading files and target: ask again in a moment."
		                                 : arena_printf(run->arena, "Gate %s is at work: ask again when it has ended.",
		                                                gate_get((enum gate)steering->gate)->name);
	const char *why = explain_request_take(run, fields, &steering->query);
	if (!why)
		steering->query->viewer = asker->number;
	return why;
}

static const char *grant_pull_back(struct steering *steering, const struct asker *asker, const struct json *fields)
{
	const struct run *run = steering->run;

	(void)fields;
	if (!run || !run->guard)
		return "No step is at work on live with a guard to pull it back.";
	return guard_pull_back(run->guard,
	                       arena_printf(run->arena, "%s (process %ld)", asker->user, (long)asker->pid));
}

static void copy_member(struct json *to, const struct json *from, const char *key)
{
	if (json_get(from, key))
		json_set(to, key, json_clone(json_get(from, key)));
}

/* Who asked for what, and what became of it. */
static struct json *request_event(const struct asker *asker, enum request_type type, const struct json *fields)
{
	static const char *const SHOWN[] = {"gate",        "plan_id",       "check", "to",    "action",
	                                    "backend_pid", "backend_start", "name",  "reason"};
	struct json *event = json_new_object();

	json_set_text(event, "request", request_get(type)->name);
	json_set_text(event, "user", asker->user);
	json_set_int(event, "uid", (int64_t)asker->uid);
	json_set_int(event, "pid", asker->pid);
	for (size_t i = 0; i < sizeof(SHOWN) / sizeof(*SHOWN); i++)
		copy_member(event, fields, SHOWN[i]);
	return event;
}

static void set_outcome(struct json *event, const char *refused)
{
	json_set_bool(event, "accepted", refused == NULL);
	if (refused)
		json_set_text(event, "refused", refused);
}

/* The server has answered, or will not. */
static void signalled(void *context, const struct signal_outcome *outcome)
{
	struct steering *steering = context;
	struct run *run = steering->run;
	struct json *event = steering->signal_event;

	steering->signal_event = NULL;
	if (outcome->session)
		json_set_text(event, "session", outcome->session);
	set_outcome(event, outcome->refused);
	if (outcome->unknown) {
		json_set_bool(event, "accepted", false);
		json_set_text(event, "unknown", outcome->unknown);
	}
	if (!outcome->refused)
		session_signal_keep(run, json_clone(event));
	emit(run->emitter, EVENT_REQUEST, event);
	session_signal_close(steering->signal);
	steering->signal = NULL;
}

/* Whether it is granted is the server's to say: the answer comes with its own. */
static const char *grant_signal(struct steering *steering, const struct asker *asker, const struct json *fields)
{
	struct run *run = steering->run;

	if (!run)
		return "No run is on that would record it.";
	if (steering->ending)
		return "The run is at its end and would not record it.";
	if (steering->signal)
		return "Another session is being signalled.";
	const char *why = session_signal_open(run, fields, signalled, steering, &steering->signal);
	if (!why)
		steering->signal_event = request_event(asker, REQUEST_SIGNAL, fields);
	return why;
}

static grant *const GRANTS[REQUEST_TYPE_COUNT] = {
	[REQUEST_START] = grant_start,       [REQUEST_RUN] = grant_run,             [REQUEST_APPROVE] = grant_approve,
	[REQUEST_WAIVE] = grant_waive,       [REQUEST_CANCEL] = grant_cancel,       [REQUEST_PAUSE] = grant_pause,
	[REQUEST_CONTINUE] = grant_continue, [REQUEST_ROLLBACK] = grant_rollback,   [REQUEST_QUIT] = grant_quit,
	[REQUEST_EXPLAIN] = grant_explain,   [REQUEST_PULL_BACK] = grant_pull_back, [REQUEST_SIGNAL] = grant_signal,
};

/* In the run's story; between two runs it is answered to him alone. */
static void take_request(void *context, const struct asker *asker, enum request_type type, const struct json *fields)
{
	struct steering *steering = context;
	struct run *run = steering->run;
	const char *refused = GRANTS[type](steering, asker, fields);

	if (type == REQUEST_SIGNAL && !refused)
		return;
	struct json *event = request_event(asker, type, fields);
	set_outcome(event, refused);
	if (run)
		emit(run->emitter, EVENT_REQUEST, event);
	else
		control_answer(steering->control, asker, EVENT_REQUEST, event);
	if (!refused)
		tell(steering);
}

/* ---- the engine ---- */

enum status steering_open(struct loop *loop, struct arena *arena, struct settings *settings, const char *name,
                          bool attended, struct steering **ret_steering, struct error *err)
{
	struct steering *steering = arena_alloc(arena, sizeof(*steering));
	const char *alone = getenv("PGSLUICE_ALONE_MS");

	*steering = (struct steering){
		.loop = loop,
		.arena = arena,
		.settings = settings,
		.attended = attended,
		.alone_for_ms = alone ? strtol(alone, NULL, 10) : ALONE_FOR_MS,
		.state = ENGINE_IDLE,
		.gate = NO_GATE,
		.goal = NO_GATE,
	};
	if (control_open(loop, name, take_request, steering, &steering->control, err) != OK)
		return err->status;
	*ret_steering = steering;
	return OK;
}

/* The run was never brought to its end: there is nobody to tell. */
static void drop_signal(struct steering *steering)
{
	session_signal_close(steering->signal);
	json_close(steering->signal_event);
	steering->signal = NULL;
	steering->signal_event = NULL;
}

void steering_close(struct steering *steering)
{
	if (!steering)
		return;
	drop_signal(steering);
	control_close(steering->control);
	explain_request_close(steering->query);
}

struct control *steering_control(struct steering *steering)
{
	return steering->control;
}

enum status steering_begin(struct steering *steering, struct run *run, struct error *err)
{
	if (control_begin(steering->control, run->id.text, run->record, run->emitter, err) != OK)
		return err->status;
	emitter_add(run->emitter, control_sink(steering->control));
	run->steering = steering;
	steering->run = run;
	steering->ending = false;
	steering->command = run->command;
	steering->gate = NO_GATE;
	steering->busy = true;
	steering->hold = false;
	steering->wish = WISH_NONE;
	steering->state = ENGINE_WORKING;
	tell(steering);
	return OK;
}

void steering_end(struct steering *steering, bool done)
{
	drop_signal(steering);
	steering->run = NULL;
	steering->gate = NO_GATE;
	steering->busy = false;
	if (done)
		steering->to = NULL;
	if (steering->wish == WISH_NONE)
		steering->goal = NO_GATE;
	loop_go_on(steering->loop);
	become(steering, ENGINE_IDLE);
}

/* Nobody has been there for so long that nobody will come. */
static bool is_abandoned(const struct steering *steering)
{
	int64_t since_ms = control_alone_since_ms(steering->control);
	return since_ms != INT64_MAX && clock_ms() - since_ms >= steering->alone_for_ms;
}

static int64_t next_look_ms(const struct steering *steering)
{
	int64_t look_ms = steering->alone_for_ms < 10000 ? steering->alone_for_ms : 10000;
	return clock_ms() + look_ms + 1;
}

static bool is_asked(void *context)
{
	struct steering *steering = context;
	return steering->query || steering->awaited(steering);
}

static void answer_query(struct steering *steering)
{
	struct explain_request *query = steering->query;
	struct json *answer = explain_request_answer(steering->loop, steering->settings, steering->run, query);

	control_answer_later(steering->control, query->viewer, EVENT_EXPLAIN, answer);
	steering->query = NULL;
	explain_request_close(query);
}

/* The same as loop_until, with queries answered in between: where nothing else is at work. */
static enum loop_outcome wait_until(struct steering *steering, bool (*done)(void *context), int64_t deadline_ms)
{
	for (;;) {
		steering->awaited = done;
		enum loop_outcome outcome = loop_until(steering->loop, is_asked, steering, deadline_ms);
		if (outcome != LOOP_READY || !steering->query)
			return outcome;
		answer_query(steering);
	}
}

/* Waits for what done() looks for; LOOP_TIMEOUT: nobody is there any more. */
static enum loop_outcome wait_for(struct steering *steering, bool (*done)(void *context))
{
	for (;;) {
		enum loop_outcome outcome = wait_until(steering, done, next_look_ms(steering));
		if (outcome != LOOP_TIMEOUT || is_abandoned(steering))
			return outcome;
	}
}

static bool has_wish(void *context)
{
	const struct steering *steering = context;
	return steering->wish != WISH_NONE;
}

enum wish steering_next(struct steering *steering, const char **ret_to)
{
	if (wait_for(steering, has_wish) != LOOP_READY)
		return WISH_QUIT;
	enum wish wish = steering->wish;
	steering->wish = WISH_NONE;
	*ret_to = steering->to;
	return wish;
}

static bool has_settled(void *context)
{
	const struct steering *steering = context;
	return !steering->signal;
}

static void settle(struct steering *steering)
{
	if (!steering->signal)
		return;
	loop_shield(steering->loop);
	(void)!loop_until(steering->loop, has_settled, steering, clock_ms() + SETTLE_MS);
	loop_unshield(steering->loop);
	if (steering->signal)
		session_signal_give_up(steering->signal);
}

void steering_last_words(struct steering *steering)
{
	steering->ending = true;
	settle(steering);
}

/* ---- the run ---- */

void steering_settle(struct run *run)
{
	if (run->steering)
		settle(run->steering);
}

bool steering_attended(const struct run *run)
{
	return run->steering && run->steering->attended;
}

enum status steering_target(struct run *run, struct error *err)
{
	struct steering *steering = run->steering;
	const char *name;

	if (!steering || !run->target.system_identifier)
		return OK;
	tell(steering);
	if (control_claim(steering->control, &run->target, &name) || !steering->attended)
		return OK;
	steering->other = name;
	steering->wish = WISH_QUIT;
	error_set(err, FAIL_BUSY, "an engine of this target is there already");
	return error_hint(err, "Watch and steer that one: `pgsluice attach %s`.", name);
}

const char *steering_other(const struct run *run)
{
	return run->steering ? run->steering->other : NULL;
}

static bool may_go_on(void *context)
{
	const struct steering *steering = context;
	return !steering->hold;
}

/* Held: also one that goes by itself, for as long as it takes. */
static enum status hold(struct run *run, struct error *err)
{
	struct steering *steering = run->steering;
	enum engine_state before = steering->state;

	if (!steering->hold)
		return OK;
	emit_log(run->emitter, LOG_NOTICE, "paused; it goes on when somebody who watches it asks for that");
	become(steering, ENGINE_PAUSED);
	enum loop_outcome outcome = wait_until(steering, may_go_on, INT64_MAX);
	become(steering, before);
	return outcome == LOOP_STOPPED ? loop_stop_error(run->loop, err) : OK;
}

static bool may_begin(void *context)
{
	const struct steering *steering = context;
	return steering->wish != WISH_NONE || (steering->gate <= steering->goal && !steering->hold);
}

enum status steering_before_gate(struct run *run, enum gate gate, bool *ret_leave, struct error *err)
{
	struct steering *steering = run->steering;

	*ret_leave = false;
	if (!steering)
		return OK;
	steering->gate = (int)gate;
	if (!steering->attended)
		return hold(run, err);
	if (may_begin(steering) && steering->wish == WISH_NONE)
		return OK;
	steering->busy = false;
	steering->state = steering->hold ? ENGINE_PAUSED : ENGINE_WAITING;
	tell(steering);
	enum loop_outcome outcome = wait_for(steering, may_begin);
	steering->busy = true;
	if (outcome == LOOP_STOPPED)
		return loop_stop_error(run->loop, err);
	*ret_leave = outcome == LOOP_TIMEOUT || steering->wish != WISH_NONE;
	if (outcome == LOOP_TIMEOUT)
		steering->wish = WISH_QUIT;
	return OK;
}

void steering_gate_begins(struct run *run, enum gate gate)
{
	struct steering *steering = run->steering;
	if (!steering)
		return;
	steering->gate = (int)gate;
	steering->state = ENGINE_WORKING;
	tell(steering);
}

void steering_gate_ended(struct run *run)
{
	struct steering *steering = run->steering;
	if (steering)
		become(steering, ENGINE_WORKING);
}

enum status steering_between(struct run *run, struct error *err)
{
	return run->steering ? hold(run, err) : OK;
}

static bool is_answered(void *context)
{
	const struct steering *steering = context;
	return steering->given || steering->wish != WISH_NONE;
}

enum status steering_ask_consent(struct run *run, bool *ret_given, struct consent *ret_consent, struct error *err)
{
	struct steering *steering = run->steering;

	*ret_given = false;
	if (!steering || (!steering->attended && control_viewers(steering->control) == 0))
		return OK;
	steering->given = false;
	become(steering, ENGINE_ASKING);
	emit_log(run->emitter, LOG_NOTICE, "waiting for consent to plan %.*s on database %s", PLAN_ID_SHORT,
	         run->plan.id.hex, run->target.database);
	/* In an engine of its own the question stands until somebody comes back to it; a job may not hang for ever. */
	enum loop_outcome outcome = steering->attended
	                                    ? wait_until(steering, is_answered, INT64_MAX)
	                                    : wait_for(steering, is_answered);
	become(steering, ENGINE_WORKING);
	if (outcome == LOOP_STOPPED)
		return loop_stop_error(run->loop, err);
	*ret_given = steering->given;
	*ret_consent = steering->consent;
	return OK;
}
