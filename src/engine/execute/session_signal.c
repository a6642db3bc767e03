#include "engine/execute/session_signal.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "pg/asker.h"
#include "pg/query.h"
#include "sys/clock.h"

enum { PATIENCE_MS = 10000, ASK_LIMIT_MS = 2000, LOCK_LIMIT_MS = 100 };

static const char UNKNOWN[] = "Live was asked and gave no answer: nobody knows whether the signal was sent. Look "
                              "whether the session is still there.";

/* The columns of session_signal.sql. */
enum column {
	COLUMN_NAME,
	COLUMN_ROLE,
	COLUMN_CLIENT,
	COLUMN_STATE,
	COLUMN_SAME,
	COLUMN_OURS,
	COLUMN_SIGNALABLE,
	COLUMN_PRIVILEGED,
	COLUMN_TRANSACTION_MS,
	COLUMN_SENT,
};

struct session_signal {
	struct loop *loop;
	struct arena *arena;
	struct asker *asker;
	struct loop_timer timer; /* the end of patience; then, that it is over */
	const char *action, *pid, *start, *name;
	bool asked, over;
	struct signal_outcome outcome;
	session_signal_done *done;
	void *context;
};

/* The rest happens in the timer: an asker is not closed from inside its own calls. */
static void finish(struct session_signal *signal, struct signal_outcome outcome)
{
	if (signal->over)
		return;
	signal->over = true;
	signal->outcome = outcome;
	signal->timer.due_ms = clock_ms();
}

static const char *describe(struct session_signal *signal, const struct rows *rows)
{
	const char *state = rows_get(rows, 0, COLUMN_STATE);
	const char *open_for = rows_get(rows, 0, COLUMN_TRANSACTION_MS)
		? arena_printf(signal->arena, ", transaction open for %s",
	                       text_duration(signal->arena, rows_int(rows, 0, COLUMN_TRANSACTION_MS)))
		: "";

	return arena_printf(signal->arena, "process %s (%s, role %s, from %s)%s%s%s", signal->pid,
	                    rows_get(rows, 0, COLUMN_NAME), rows_get(rows, 0, COLUMN_ROLE),
	                    rows_get(rows, 0, COLUMN_CLIENT), state ? ", " : "", state ? state : "", open_for);
}

/* Why the server was not told to: NULL if it was. */
static const char *why_not(struct session_signal *signal, const struct rows *rows)
{
	const char *pid = signal->pid;

	if (!rows_get(rows, 0, COLUMN_SAME))
		return arena_printf(signal->arena,
		                    "This role may not see when process %s began: grant it pg_read_all_stats.", pid);
	if (!rows_true(rows, 0, COLUMN_SAME))
		return arena_printf(signal->arena, "Process %s is another session by now.", pid);
	if (strcmp(rows_get(rows, 0, COLUMN_NAME), signal->name) != 0)
		return arena_printf(signal->arena, "Process %s is not called \"%s\".", pid, signal->name);
	if (rows_true(rows, 0, COLUMN_OURS))
		return arena_printf(signal->arena, "Process %s is a session of pgsluice: cancel its run instead.", pid);
	if (!rows_true(rows, 0, COLUMN_SIGNALABLE))
		return arena_printf(signal->arena, "Process %s is one of the server's own.", pid);
	if (rows_true(rows, 0, COLUMN_PRIVILEGED))
		return arena_printf(signal->arena, "Process %s is a superuser's: only a superuser may signal it.", pid);
	return rows_true(rows, 0, COLUMN_SENT) ? NULL : arena_printf(signal->arena, "Process %s is gone already.", pid);
}

/* What pg_signal_backend reaches is a client; a superuser's was sorted out before. */
static const char *missing_right(const struct session_signal *signal)
{
	return strcmp(signal->name, "autovacuum worker") == 0
		? " That takes a superuser, or from PostgreSQL 18 on pg_signal_autovacuum_worker."
		: " The role needs pg_signal_backend.";
}

static const char *error_text(struct session_signal *signal, const struct error *err)
{
	bool right = strcmp(err->sqlstate, "42501") == 0;
	return arena_printf(signal->arena, "Live refused: %s.%s", err->message, right ? missing_right(signal) : "");
}

/* The query has reached the server, and was ended (class 57) or lost there: before or after the signal. */
static bool may_be_sent(const struct error *err)
{
	return err->status == FAIL_UNREACHABLE || !*err->sqlstate || strncmp(err->sqlstate, "57", 2) == 0;
}

static void answer(void *context, const struct rows *rows, const struct error *err)
{
	struct session_signal *signal = context;
	struct signal_outcome outcome = {0};

	if (!rows && may_be_sent(err)) {
		outcome.unknown = UNKNOWN;
	} else if (!rows) {
		outcome.refused = error_text(signal, err);
	} else if (rows_count(rows) == 0) {
		outcome.refused = arena_printf(signal->arena, "Process %s is gone already.", signal->pid);
	} else {
		outcome.session = describe(signal, rows);
		outcome.refused = why_not(signal, rows);
	}
	finish(signal, outcome);
}

/* Asked once: after a loss nobody knows whether the signal was sent, and a second one may hit what came after. */
static void on_change(void *context)
{
	struct session_signal *signal = context;
	const struct error *trouble = asker_trouble(signal->asker);

	if (trouble->status != OK) {
		finish(signal, (struct signal_outcome){.refused = error_text(signal, trouble)});
		return;
	}
	if (signal->asked || signal->over || !asker_idle(signal->asker))
		return;
	const char *parameters[] = {signal->pid, signal->start, signal->name, signal->action};
	signal->asked = true;
	asker_ask_with(signal->asker, query_session_signal, 4, parameters, ASK_LIMIT_MS, answer, signal);
}

void session_signal_give_up(struct session_signal *signal)
{
	if (!signal->over && signal->asked)
		signal->outcome.unknown = UNKNOWN;
	else if (!signal->over)
		signal->outcome.refused = "Live could not be reached in time: the signal was not sent.";
	signal->over = true;
	signal->done(signal->context, &signal->outcome);
}

static void on_timer(struct loop_timer *timer)
{
	timer->due_ms = INT64_MAX;
	session_signal_give_up(timer->context);
}

const char *session_signal_open(struct run *run, const struct json *fields, session_signal_done *done, void *context,
                                struct session_signal **ret_signal)
{
	struct asker_options options = {.session = run_session_options(run, "signal"),
	                                .lock_timeout_ms = LOCK_LIMIT_MS,
	                                .changed = on_change};
	int64_t pid = json_get_int(fields, "backend_pid");
	_cleanup_error_ struct error err = {0};

	if (pid <= 0 || pid > INT32_MAX)
		return "That is no process number.";
	struct arena *arena = arena_open();
	struct session_signal *signal = arena_alloc(arena, sizeof(*signal));
	*signal = (struct session_signal){
		.loop = run->loop,
		.arena = arena,
		.timer = {.due_ms = clock_ms() + PATIENCE_MS, .due = on_timer, .context = signal},
		.action = arena_strdup(arena, json_get_text(fields, "action")),
		.pid = arena_printf(arena, "%" PRId64, pid),
		.start = arena_strdup(arena, json_get_text(fields, "backend_start")),
		.name = arena_strdup(arena, json_get_text(fields, "name")),
		.done = done,
		.context = context,
	};
	/* As who logged in: the role taken on then is made for the schema, not for other people's sessions. */
	options.session.set_role = NULL;
	options.session.sent = NULL;
	options.context = signal;
	if (asker_open(run->loop, &options, &signal->asker, &err) != OK) {
		const char *why = arena_printf(run->arena, "%s.", err.message);
		arena_close(arena);
		return why;
	}
	loop_add_timer(run->loop, &signal->timer);
	*ret_signal = signal;
	return NULL;
}

void session_signal_close(struct session_signal *signal)
{
	if (!signal)
		return;
	loop_remove_timer(signal->loop, &signal->timer);
	asker_close(signal->asker);
	arena_close(signal->arena);
}

void session_signal_keep(struct run *run, struct json *event)
{
	if (!run->signals)
		run->signals = json_new_array();
	json_set_text(event, "at", clock_stamp(clock_wall_ms()).text);
	json_push(run->signals, event);
}

const struct json *session_signal_next(const struct run *run)
{
	return run->signals_written < json_count(run->signals) ? json_at(run->signals, run->signals_written) : NULL;
}

void session_signal_written(struct run *run)
{
	run->signals_written++;
}
