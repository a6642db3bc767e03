/*
 * Gate 7: every pending migration is committed on live with its history row. First leadership, then everything that
 * can have changed is asked again, then the ledger, then the migrations one by one.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "engine/execute/boundary.h"
#include "engine/execute/leader.h"
#include "engine/execute/place.h"
#include "engine/execute/session_signal.h"
#include "engine/gates/gates.h"
#include "engine/rehearse/row_counters.h"
#include "engine/resume/half_way.h"
#include "engine/tell/record.h"
#include "engine/tell/steering.h"
#include "engine/watch/guard.h"
#include "engine/watch/latency_probe.h"
#include "engine/watch/samples.h"
#include "pg/history.h"
#include "pg/ledger.h"

enum { JOURNAL_EVERY = 100, SAMPLE_EVERY_MS = 1000, STOP_ROW_MS = 5000, STOP_SCHEMA_MS = 3000 };

struct apply {
	struct run *run;
	struct evidence *evidence;
	struct executor executor;
	struct latency_probe *probe; /* NULL = none was asked for */
	struct guard *guard;         /* NULL = it is off */
	struct trace promise;
	struct trace done;
	size_t journalled;  /* of done */
	int64_t sampled_ms; /* clock_ms() of the last sample */
	bool stopping;      /* rows are written in bounded time or not at all */
};

/* The first failed check of evidence that was taken beside the run's own. */
static enum status refuse(struct run *run, struct evidence *evidence, struct error *err)
{
	evidence_judge(run->arena, evidence);
	if (evidence->state != GATE_FAILED)
		return OK;
	for (size_t i = 0; i < evidence->checks.count; i++) {
		const struct check *check = &evidence->checks.items[i];
		if (check->ok || check->warning || check->waived_because)
			continue;
		error_set(err, check->failure ? check->failure : FAIL_GATE, "%s: %s", check->name, check->measured);
		return check->hint ? error_hint(err, "%s", check->hint) : err->status;
	}
	return error_set(err, FAIL_GATE, "%s", evidence->reason);
}

static enum status changed_meanwhile(struct error *err)
{
	return error_hint(err, "Start again: the new run sees what the other one did.");
}

/* Another run can have been at work until leadership was taken; a migration without a schema change shows only here. */
static enum status compare_history(struct run *run, struct error *err)
{
	const struct history *before = &run->history;
	struct history now = {0};

	if (history_read(run->live, run->arena, run->settings->history_table, &now, err) != OK)
		return err->status;
	for (size_t i = 0; i < before->rows.count || i < now.rows.count; i++) {
		const char *was = i < before->rows.count ? before->rows.items[i].version : NULL;
		const char *is = i < now.rows.count ? now.rows.items[i].version : NULL;
		int order = !was ? 1 : !is ? -1 : version_compare(was, is);
		if (order == 0)
			continue;
		error_set(err, FAIL_BUSY, "the history was changed since this run read it: %s is %s now",
		          order > 0 ? is : was, order > 0 ? "applied" : "not applied");
		return changed_meanwhile(err);
	}
	return OK;
}

static enum status compare_ledger(struct run *run, struct error *err)
{
	struct resume now = {0};
	const char *before = run->resume.run_id ? run->resume.run_id : "";

	if (resume_read(run, run->live, &now, err) != OK)
		return err->status;
	if (strcmp(before, now.run_id ? now.run_id : "") == 0 && now.unfinished == run->resume.unfinished &&
	    now.half_way.steps_done == run->resume.half_way.steps_done &&
	    now.half_way.intent_open == run->resume.half_way.intent_open)
		return OK;
	error_set(err, FAIL_BUSY, "another run was at work since this one read the ledger: %s",
	          now.run_id ? now.run_id : "it is gone from the ledger");
	return changed_meanwhile(err);
}

/* Under leadership nobody else of ours can act: what was ready a moment ago is asked again. */
static enum status ask_again(struct run *run, struct error *err)
{
	struct evidence again = {.gate = GATE_PREFLIGHT};
	struct schema now = {0};
	struct schema_difference_list differences = {0};

	if (gate_preflight(run, &again, err) != OK || refuse(run, &again, err) != OK ||
	    compare_history(run, err) != OK || compare_ledger(run, err) != OK)
		return err->status;
	if (run_read_schema(run, &now, err) != OK)
		return err->status;
	schema_compare(run->arena, &run->live_schema, &now, &differences);
	if (differences.count == 0)
		return OK;
	error_set(err, FAIL_GATE, "the live schema changed since this run read it: %s",
	          schema_difference_text(run->arena, &differences.items[0]));
	return error_hint(err, "Start again: the plan is made anew and what depends on the schema is proved anew.");
}

static enum status before_step(struct executor *executor, struct error *err)
{
	boundary_pass();
	if (loop_stop_signal(executor->run->loop))
		return loop_stop_error(executor->run->loop, err);
	if (executor->run->record)
		record_warn(executor->run->record, executor->run->emitter);
	if (steering_between(executor->run, err) != OK)
		return err->status;
	return leader_check(executor->run->leader, err);
}

static struct json *waivers_json(const struct run *run)
{
	struct json *waivers = json_new_array();
	for (size_t i = 0; i < run->settings->waivers.count; i++) {
		struct json *waiver = json_new_object();
		json_set_text(waiver, "check", run->settings->waivers.items[i].check);
		json_set_text(waiver, "reason", run->settings->waivers.items[i].reason);
		json_push(waivers, waiver);
	}
	return waivers;
}

/* Steps that an earlier run committed: in the same row as the beginning, for no run may be without this knowledge. */
static struct json *half_way_json(const struct half_way *half)
{
	struct json *value = json_new_object();
	json_set_text(value, "version", half->version);
	json_set_int(value, "steps_done", (int64_t)half->steps_done);
	json_set_bool(value, "intent_open", half->intent_open);
	return value;
}

static struct json *beginning_body(struct run *run)
{
	struct json *body = json_new_object(), *pending = json_new_array(), *checksums = json_new_array();

	for (size_t i = 0; i < run->plan.pending.count; i++) {
		const struct migration *migration = run->plan.pending.items[i];
		bool down = run->direction == DIRECTION_DOWN;
		json_push_text(pending, migration->version);
		json_push_text(checksums, down ? migration->down.canonical->hex : migration->up.canonical->hex);
		if (resume_half_way(run, migration->version))
			json_set(body, "half_way", half_way_json(resume_half_way(run, migration->version)));
	}
	json_set_text(body, "command", run->command);
	json_set_text(body, "environment", run->target.environment);
	json_set_text(body, "plan_id", run->plan.id.hex);
	json_set_text(body, "tool_version", PACKAGE_VERSION);
	json_set_text(body, "live_digest", run->live_digest.hex);
	json_set(body, "pending", pending);
	json_set(body, "checksums", checksums);
	json_set(body, "waivers", waivers_json(run));
	return body;
}

static enum status add_row(struct apply *apply, const char *kind, const char *version, const struct json *body,
                           struct error *err)
{
	struct ledger_entry entry = {
		.kind = kind, .run_id = apply->run->id.text, .version = version, .step = -1, .body = body};
	boundary_pass();
	if (execute_ledger(&apply->executor, err) != OK)
		return err->status;
	return apply->stopping ? ledger_add_within(apply->executor.ledger, &entry, STOP_ROW_MS, err)
	                       : ledger_add(apply->executor.ledger, &entry, err);
}

/* Evidence of the gates; of a run that is continued only what was taken anew. */
static enum status write_evidence(struct apply *apply, struct error *err)
{
	struct run *run = apply->run;
	for (enum gate gate = GATE_INSPECT; gate < GATE_APPLY; gate++) {
		if (run->resume.continued && strcmp(run->evidence[gate].run_id, run->id.text) != 0)
			continue;
		_cleanup_json_ struct json *evidence = evidence_json(run->arena, &run->evidence[gate]);
		if (add_row(apply, gate == GATE_APPROVAL ? "approval" : "evidence", NULL, evidence, err) != OK)
			return err->status;
	}
	return OK;
}

/* Who is held back now may be applied later although others went before: also when this run stops on its way. */
static enum status write_held(struct apply *apply, struct error *err)
{
	const struct plan *plan = &apply->run->plan;
	for (size_t i = 0; i < plan->items.count; i++)
		if (plan->items.items[i].state == STATE_HELD &&
		    add_row(apply, "held", plan->items.items[i].migration->version, NULL, err) != OK)
			return err->status;
	return OK;
}

/* The beginning of a run in the ledger: what was decided, on which evidence. */
static enum status write_beginning(struct apply *apply, struct error *err)
{
	struct run *run = apply->run;
	_cleanup_json_ struct json *body = beginning_body(run);

	if (run->resume.continued)
		json_set_text(body, "continues", run->resume.run_id);
	if (add_row(apply, run->resume.continued ? "continued" : "run", NULL, body, err) != OK ||
	    write_evidence(apply, err) != OK)
		return err->status;
	return write_held(apply, err);
}

/* What the migrations did, in rows of the journal: written in bulk, since the history rows already tell the truth. */
static enum status write_journal(struct apply *apply, struct error *err)
{
	struct trace part = {0};
	const struct json *signal;

	while ((signal = session_signal_next(apply->run)) != NULL) {
		if (add_row(apply, "signal", NULL, signal, err) != OK)
			return err->status;
		session_signal_written(apply->run);
	}
	if (apply->journalled == apply->done.migrations.count)
		return OK;
	for (; apply->journalled < apply->done.migrations.count; apply->journalled++)
		list_push(apply->run->arena, &part.migrations, apply->done.migrations.items[apply->journalled]);
	_cleanup_json_ struct json *body = json_new_object();
	json_set(body, "trace", trace_json(&part));
	return add_row(apply, "journal", NULL, body, err);
}

static enum status apply_one(struct apply *apply, const struct migration *migration, struct error *err)
{
	struct run *run = apply->run;
	const struct half_way *half = resume_half_way(run, migration->version);
	struct migration_trace trace = {0};
	size_t first_step = 0;

	if (half && half_way_settle(&apply->executor, migration, half, &first_step, err) != OK)
		return err->status;
	if (execute_migration(&apply->executor, migration, first_step, &trace, err) != OK)
		return err->status;
	list_push(run->arena, &apply->done.migrations, trace);
	return apply->done.migrations.count - apply->journalled >= JOURNAL_EVERY ? write_journal(apply, err) : OK;
}

static int64_t promised_ms(const struct apply *apply, const struct migration *migration)
{
	const struct migration_trace *trace = trace_find(&apply->promise, migration->version);
	return trace ? trace->duration_ms : 0;
}

/* What is left by the rehearsal's figures: now and then, for there can be thousands. */
static void emit_left(struct apply *apply, int64_t left_ms)
{
	struct json *values;

	if (clock_ms() - apply->sampled_ms < SAMPLE_EVERY_MS)
		return;
	apply->sampled_ms = clock_ms();
	values = json_new_object();
	json_set_int(values, "migrations_done", (int64_t)apply->done.migrations.count);
	json_set_int(values, "migrations_total", (int64_t)apply->run->plan.pending.count);
	json_set_int(values, "remaining_ms", left_ms);
	emit_sample(apply->run->emitter, "apply", values);
}

static enum status apply_all(struct apply *apply, struct error *err)
{
	struct run *run = apply->run;
	int64_t left_ms = 0;

	if (place_prepare(&apply->executor, err) != OK || write_beginning(apply, err) != OK)
		return err->status;
	for (size_t i = 0; i < run->plan.pending.count; i++)
		left_ms += promised_ms(apply, run->plan.pending.items[i]);
	for (size_t i = 0; i < run->plan.pending.count; i++) {
		emit_left(apply, left_ms);
		if (apply_one(apply, run->plan.pending.items[i], err) != OK)
			return err->status;
		left_ms -= promised_ms(apply, run->plan.pending.items[i]);
	}
	return write_journal(apply, err);
}

/* For the rehearsal need not tell what live is to be at this point; without it the next run asks the operator. */
static void note_schema(struct apply *apply, struct json *body)
{
	struct run *run = apply->run;
	const char *limit = arena_printf(run->arena, "set statement_timeout = %d", STOP_SCHEMA_MS);
	_cleanup_error_ struct error ignored = {0};
	struct schema now = {0};

	if (session_finish(run->live, limit, 0, NULL, STOP_ROW_MS, &ignored) == OK &&
	    run_read_schema(run, &now, &ignored) == OK)
		json_set_text(body, "live_digest", schema_digest(&now).hex);
	if (session_alive(run->live))
		(void)!session_exec(run->live, "reset statement_timeout", &ignored);
}

/* The ledger learns why a run stopped; that it could not be told changes nothing about the stop itself. */
static void write_stop(struct apply *apply, const struct error *cause)
{
	_cleanup_json_ struct json *body = json_new_object();
	_cleanup_error_ struct error ignored = {0};

	if (!apply->executor.ledger || cause->status == FAIL_UNREACHABLE || cause->status == FAIL_IN_DOUBT)
		return;
	apply->stopping = true;
	json_set_text(body, "code", status_get(cause->status)->name);
	json_set_text(body, "message", cause->message);
	loop_shield(apply->run->loop);
	/* A standby that does not confirm must not keep a run that stops from ending. */
	if (execute_ledger(&apply->executor, &ignored) == OK &&
	    session_finish(apply->executor.ledger, "set synchronous_commit = local", 0, NULL, STOP_ROW_MS,
	                   &ignored) == OK &&
	    write_journal(apply, &ignored) == OK) {
		note_schema(apply, body);
		(void)!add_row(apply, "stopped", NULL, body, &ignored);
	}
	loop_unshield(apply->run->loop);
}

static void report_position(struct apply *apply, const struct error *cause)
{
	struct run *run = apply->run;
	size_t done = apply->done.migrations.count;
	run_check_as(run, apply->evidence, "apply.migrations", false, cause->status, error_hint_text(cause),
	             arena_printf(run->arena, "%s; %zu of %zu migration(s) committed", cause->message, done,
	                          run->plan.pending.count),
	             "every pending migration is committed");
}

/* Before anything is asked or written: a probe that was asked for and cannot be had stops here. */
static enum status begin_probe(struct apply *apply, struct error *err)
{
	if (!apply->run->settings->probe)
		return OK;
	return latency_probe_open(apply->run, &apply->probe, err);
}

static void end_probe(struct apply *apply)
{
	struct run *run = apply->run;

	if (!apply->probe)
		return;
	latency_probe_calm(apply->probe);
	run_check(run, apply->evidence, "apply.latency", true, NULL, latency_probe_text(apply->probe),
	          "measured on the way of the applications; not judged");
	json_set(apply->evidence->data, "latency", latency_probe_json(apply->probe));
	latency_probe_close(apply->probe);
}

enum status gate_apply(struct run *run, struct evidence *evidence, struct error *err)
{
	struct apply apply = {.run = run, .evidence = evidence};
	const struct json *trace = json_get(run->evidence[GATE_REHEARSAL].data, "trace");

	evidence->data = json_new_object();
	if (trace_read(run->arena, trace, &apply.promise, err) != OK)
		return err->status;
	if (!run->leader && leader_take(run, run->settings->wait_leader_ms, &run->leader, err) != OK)
		return err->status;
	if (!run->samples)
		run->samples = samples_open(run);
	struct json *counters = NULL;
	if (begin_probe(&apply, err) != OK || guard_open(run, apply.probe, &apply.guard, err) != OK ||
	    ask_again(run, err) != OK || row_counters_read(run, &counters, err) != OK) {
		guard_close(apply.guard);
		latency_probe_close(apply.probe);
		return err->status;
	}
	json_set(evidence->data, "rows_before", counters);
	if (apply.probe)
		latency_probe_enter(apply.probe, PROBE_DURING);
	enum status status = place_on_live(run, &apply.executor, err);
	apply.executor.promise = &apply.promise;
	apply.executor.guard = run->guard = apply.guard;
	apply.executor.before_step = before_step;
	if (status == OK) {
		status = apply_all(&apply, err);
		steering_settle(run);
		if (status != OK) {
			write_stop(&apply, err);
			report_position(&apply, err);
		}
	}
	json_set(evidence->data, "trace", trace_json(&apply.done));
	place_close(&apply.executor);
	if (run->signals)
		json_set(evidence->data, "signals", json_clone(run->signals));
	guard_report(apply.guard, run, evidence, status);
	run->guard = NULL;
	guard_close(apply.guard);
	end_probe(&apply);
	if (status != OK)
		return status;
	run_check(run, evidence, "apply.migrations", true, NULL,
	          arena_printf(run->arena, "%zu migration(s) committed, each with its history row",
	                       apply.done.migrations.count),
	          "every pending migration is committed");
	return OK;
}
