#include "cli/engine.h"

#include <config.h> /* the build's: "config.h" would be cli's own */

#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "cli/printer.h"
#include "engine/execute/trace.h"
#include "engine/flow.h"
#include "engine/resume/rollback.h"
#include "engine/tell/record.h"
#include "engine/tell/report.h"
#include "engine/tell/run_log.h"
#include "engine/tell/run_series.h"
#include "engine/tell/steering.h"
#include "sys/child.h"
#include "sys/file.h"
#include "sys/logout.h"

enum { NOTIFY_FOR_MS = 30000, TICK_MS = 1000, DRAIN_MS = 2000 };

/* A loop, those who watch, and one run after the other; but for an attended engine only one. */
struct engine {
	struct invocation *invocation;
	struct arena *arena;  /* of the run */
	struct loop *loop;
	struct steering *steering; /* NULL = no socket could be made */
	struct run *run;
	struct record *record;
	struct run_log *log; /* NULL = none is kept */
	struct run_series series;
	struct printer printer;
	struct loop_timer tick;
	int64_t started_ms;
};

/* The line that tells what is at work goes on while a long statement runs. */
static void tick(struct loop_timer *timer)
{
	struct engine *engine = timer->context;
	printer_tick(&engine->printer);
	timer->due_ms = clock_ms() + TICK_MS;
}

/* A socket is for those who watch: a run that is not attended goes without one too. */
static enum status open_steering(struct engine *engine, bool attended, struct error *err)
{
	struct invocation *invocation = engine->invocation;
	if (steering_open(engine->loop, invocation->arena, &invocation->settings, engine->run->id.text, attended,
	                  &engine->steering, err) == OK)
		return OK;
	if (attended)
		return err->status;
	emit_log(engine->run->emitter, LOG_WARNING, "nobody can watch this run: %s", err->message);
	error_clear(err);
	return OK;
}

static enum status open_log(struct engine *engine, struct error *err)
{
	const struct settings *settings = &engine->invocation->settings;
	const struct run_log_options options = {
		.path = settings->log, .form = settings->log_format, .least = settings->log_level};

	return settings->log ? run_log_open(engine->arena, &options, engine->run->emitter, &engine->log, err) : OK;
}

static enum status open_run(struct engine *engine, const char *name, bool attended, struct error *err)
{
	const struct settings *settings = &engine->invocation->settings;

	engine->arena = arena_open();
	engine->started_ms = clock_wall_ms();
	engine->run = run_open(engine->loop, settings, name);
	if (record_open(engine->arena, engine->run->id.text, settings->record, &engine->record, err) != OK)
		return err->status;
	emitter_add(engine->run->emitter, record_sink(engine->record));
	run_series_init(&engine->series, engine->run->emitter);
	if (open_log(engine, err) != OK)
		return err->status;
	if (!attended)
		emitter_add(engine->run->emitter, &engine->printer.sink);
	engine->run->record = engine->record;
	if (!engine->steering && open_steering(engine, attended, err) != OK)
		return err->status;
	return engine->steering ? steering_begin(engine->steering, engine->run, err) : OK;
}

static enum status close_run(struct engine *engine, enum status status, struct error *err)
{
	_cleanup_error_ struct error unrecorded = {0};

	run_close(engine->run);
	engine->run = NULL;
	if (engine->record && record_close(engine->record, &unrecorded) != OK && status == OK) {
		error_move(err, &unrecorded);
		status = err->status;
	}
	engine->record = NULL;
	run_series_clear(&engine->series);
	run_log_close(engine->log);
	engine->log = NULL;
	arena_close(engine->arena);
	engine->arena = NULL;
	return status;
}

static void list_applied(struct engine *engine, struct report *report)
{
	_cleanup_error_ struct error ignored = {0};
	struct run *run = engine->run;
	struct trace trace = {0};

	if (!run->evidence[GATE_APPLY].data ||
	    trace_read(engine->arena, json_get(run->evidence[GATE_APPLY].data, "trace"), &trace, &ignored) != OK)
		return;
	for (size_t i = 0; i < trace.migrations.count; i++) {
		const struct migration *migration = migration_find(&run->set, trace.migrations.items[i].version);
		*list_add(engine->arena, &report->applied) = (struct report_applied){
			.version = trace.migrations.items[i].version,
			.name = migration ? migration->name : "",
			.outcome = "committed",
			.duration_ms = trace.migrations.items[i].duration_ms,
		};
	}
}

/* NULL when there is nothing to report, or it could not be written (which is said in the log). */
static const char *write_report(struct engine *engine, enum status status, const struct error *err)
{
	struct run *run = engine->run;
	_cleanup_error_ struct error problem = {0};
	_cleanup_json_ struct json *plan = NULL;
	const char *state = NULL, *path = NULL;

	if (run->plan.items.count == 0 || (status == OK && run->checklist.states[GATE_INSPECT] == GATE_WAITING))
		return NULL;
	memory_give_back();
	plan = plan_json(&run->plan);
	struct report report = {
		.run_id = run->id.text,
		.command = run->command,
		.tool_version = PACKAGE_VERSION,
		.environment = run->settings->environment,
		.target = &run->target,
		.plan = plan,
		.checklist = &run->checklist,
		.evidence = run->evidence,
		.series = engine->series.set,
		.started_ms = engine->started_ms,
		.ended_ms = clock_wall_ms(),
		.status = status,
		.reason = status == OK ? "done" : err->message,
		.hint = status == OK ? NULL : error_hint_text(err),
	};
	list_applied(engine, &report);
	if (state_folder(engine->arena, &state, &problem) == OK &&
	    report_write(engine->arena, path_join(engine->arena, state, "runs"), &report, &path, &problem) == OK)
		return path;
	emit_log(run->emitter, LOG_WARNING, "the report could not be written: %s", problem.message);
	return NULL;
}

static void emit_end(struct engine *engine, enum status status, const struct error *err, const char *report)
{
	struct json *fields = json_new_object();
	json_set_int(fields, "exit", status_get(status)->exit_code);
	json_set_text(fields, "reason", status == OK ? "done" : err->message);
	if (report)
		json_set_text(fields, "report", report);
	if (steering_other(engine->run))
		json_set_text(fields, "attach", steering_other(engine->run));
	emit(engine->run->emitter, EVENT_END, fields);
}

/* Tells whoever is on call; that it could not is said in the log and changes nothing. */
static void notify(struct engine *engine, enum status status, const struct error *err)
{
	const struct settings *settings = engine->run->settings;
	const struct text_list *command = &settings->notify_command;
	_cleanup_child_ struct child_result result = {0};
	_cleanup_error_ struct error problem = {0};

	if (command->count == 0 || engine->run->checklist.states[GATE_INSPECT] == GATE_WAITING)
		return;
	const char **argv = arena_alloc(engine->arena, (command->count + 4) * sizeof(*argv));
	memcpy(argv, command->items, command->count * sizeof(*argv));
	argv[command->count] = status == OK ? "done" : status == FAIL_NOT_APPROVED ? "needs-you" : "stopped";
	argv[command->count + 1] = engine->run->id.text;
	argv[command->count + 2] = status == OK ? "done" : safe_text(engine->arena, err->message);
	struct child_options options = {.argv = argv, .deadline_ms = clock_ms() + NOTIFY_FOR_MS};
	loop_shield(engine->loop);
	if (child_run(engine->loop, &options, &result, &problem) != OK)
		emit_log(engine->run->emitter, LOG_WARNING, "notify-command: %s", problem.message);
	else if (result.exit_code != 0)
		emit_log(engine->run->emitter, LOG_WARNING, "notify-command ended with %d", result.exit_code);
	loop_unshield(engine->loop);
}

static enum status end_run(struct engine *engine, enum status status, struct error *err)
{
	if (status != OK)
		emit_error(engine->run->emitter, err);
	if (run_log_problem(engine->log))
		emit_log(engine->run->emitter, LOG_WARNING, "the log is incomplete: %s", run_log_problem(engine->log));
	if (engine->steering)
		steering_last_words(engine->steering);
	const char *report = write_report(engine, status, err);
	notify(engine, status, err);
	run_release(engine->run);
	emit_end(engine, status, err, report);
	if (status != OK)
		error_clear(err); /* it was shown */
	if (engine->steering)
		steering_end(engine->steering, status == OK);
	return status;
}

enum status engine_run(struct invocation *invocation, const char *name, engine_work *work, struct error *err)
{
	const char *format = invocation->options->format;
	struct engine engine = {.invocation = invocation};
	struct screen screen = screen_standard();

	if (loop_open(&engine.loop, err) != OK)
		return err->status;
	printer_init(&engine.printer, &screen, format && strcmp(format, "json") == 0, invocation->options);
	/* Lines of a log between lines of text would be read by nobody. */
	engine.printer.mute = invocation->settings.log && strcmp(invocation->settings.log, "-") == 0;
	engine.tick = (struct loop_timer){.due_ms = clock_ms() + TICK_MS, .due = tick, .context = &engine};
	loop_add_timer(engine.loop, &engine.tick);
	enum status status = open_run(&engine, name, false, err);
	if (status == OK)
		status = end_run(&engine, work(engine.run, invocation, err), err);
	if (engine.steering)
		control_drain(steering_control(engine.steering), DRAIN_MS);
	status = close_run(&engine, status, err);
	steering_close(engine.steering);
	loop_remove_timer(engine.loop, &engine.tick);
	printer_clear(&engine.printer);
	loop_close(engine.loop);
	return status;
}

/* A rollback has not been asked for by options but through the socket. */
static enum status work_attended(struct engine *engine, const char *to, struct error *err)
{
	return to ? rollback_run(engine->run, to, err) : flow_batch(engine->run, err);
}

/* Said before there is something to lose. */
static void warn_of_logout(const struct engine *engine)
{
	if (logout_kills("", geteuid()))
		emit_log(engine->run->emitter, LOG_WARNING,
		         "logging out ends this engine (KillUserProcesses=yes): run `loginctl enable-linger` first, or start "
		         "pgsluice under `systemd-run --user --scope`");
}

enum status engine_attended(struct invocation *invocation, int viewer, struct error *err)
{
	struct engine engine = {.invocation = invocation};
	enum wish wish = WISH_RUN;
	const char *to = NULL;

	if (loop_open(&engine.loop, err) != OK)
		return err->status;
	enum status status = OK;
	while (status == OK && wish != WISH_QUIT) {
		const char *back = wish == WISH_ROLLBACK ? to : NULL;
		status = open_run(&engine, back ? "rollback" : "console", true, err);
		if (status == OK && viewer >= 0)
			control_add(steering_control(engine.steering), viewer);
		viewer = -1;
		if (status == OK)
			warn_of_logout(&engine);
		if (status == OK)
			(void)!end_run(&engine, work_attended(&engine, back, err), err);
		status = close_run(&engine, status, err);
		if (status == OK)
			wish = steering_next(engine.steering, &to);
	}
	if (engine.steering)
		control_drain(steering_control(engine.steering), DRAIN_MS);
	steering_close(engine.steering);
	loop_close(engine.loop);
	return status;
}
