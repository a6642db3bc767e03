#include "config.h"

#include "engine/flow.h"

#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "core/migration/target.h"
#include "engine/consent.h"
#include "engine/drift.h"
#include "engine/evidence_store.h"
#include "engine/execute/boundary.h"
#include "engine/execute/leader.h"
#include "engine/gates/gates.h"
#include "engine/queries/canary_verdict.h"
#include "engine/rehearse/promise.h"
#include "engine/tell/record.h"
#include "engine/tell/steering.h"
#include "pg/ledger.h"

static enum status (*const WORK[GATE_COUNT])(struct run *, struct evidence *, struct error *) = {
	[GATE_INSPECT] = gate_inspect,     [GATE_BACKUP] = gate_backup,     [GATE_REHEARSAL] = gate_rehearsal,
	[GATE_PLANS] = gate_plans,         [GATE_PREFLIGHT] = gate_preflight, [GATE_APPROVAL] = gate_approval,
	[GATE_APPLY] = gate_apply,         [GATE_VERIFY] = gate_verify,
};

static int64_t validity(const struct run *run, enum gate gate)
{
	int64_t configured = run->settings->validity_ms[gate];
	return configured ? configured : gate_get(gate)->validity_ms;
}

/* why: said in place of the evidence's own reason; NULL = that. */
static void move(struct run *run, enum gate gate, enum gate_state state, const char *why)
{
	const struct evidence *evidence = &run->evidence[gate];
	bool decided = state == GATE_PASSED || state == GATE_FAILED || state == GATE_WAIVED;

	checklist_move(&run->checklist, gate, state);
	emit_gate(run->emitter, gate, state, why ? why : decided ? evidence->reason : NULL,
	          decided ? evidence->hint : NULL,
	          decided && state != GATE_FAILED && validity(run, gate) ? evidence->valid_until_ms : 0);
}

/* Of a run that is continued, evidence counts by its own binding. */
enum status flow_stored(const struct run *run, enum gate gate, struct stored *ret_stored, struct error *err)
{
	struct stored stored = {0};
	struct evidence *evidence = &stored.evidence;

	if (evidence_store_load(run->store, run->arena, gate, evidence, &stored.there, err) != OK)
		return err->status;
	if (stored.there) {
		bool continued = run->resume.continued && strcmp(evidence->plan_id, run->plan.id.hex) == 0;
		struct digest binding = continued ? evidence->binding : run_binding(run, gate);
		stored.bound = strcmp(evidence->binding.hex, binding.hex) == 0;
		stored.holds = evidence_holds(run->arena, evidence, &binding, clock_wall_ms(), &stored.why);
	}
	if (gate == GATE_APPROVAL && stored.holds) {
		bool spent = false;
		if (consent_is_spent(run, evidence->taken_ms, &spent, err) != OK) {
			json_close(evidence->data);
			return err->status;
		}
		stored.holds = !spent;
		stored.why = spent ? "The apply it was given for has finished." : stored.why;
	}
	*ret_stored = stored;
	return OK;
}

static enum status reuse(struct run *run, enum gate gate, bool *ret_reused, struct error *err)
{
	struct stored stored;

	*ret_reused = false;
	if (validity(run, gate) == 0 || (gate == GATE_APPROVAL && consent_is_for_another(run)))
		return OK;
	if (flow_stored(run, gate, &stored, err) != OK)
		return err->status;
	if (!stored.there)
		return OK;
	if (!stored.holds) {
		json_close(stored.evidence.data);
		if (stored.evidence.state != GATE_FAILED) {
			move(run, gate, GATE_STALE, arena_printf(run->arena, "%s It is done again.", stored.why));
		}
		return OK;
	}
	run->evidence[gate] = stored.evidence;
	*ret_reused = true;
	for (size_t i = 0; steering_attended(run) && i < stored.evidence.checks.count; i++)
		emit_check(run->emitter, gate, &stored.evidence.checks.items[i]);
	const char *age = text_duration(run->arena, clock_wall_ms() - stored.evidence.taken_ms);
	const char *reason = stored.evidence.reason;
	move(run, gate, stored.evidence.state,
	     arena_printf(run->arena, "%s%sevidence of %s ago is reused", reason ? reason : "", reason ? "; " : "", age));
	if (gate == GATE_REHEARSAL)
		promise_tell(run);
	if (gate == GATE_PLANS)
		canary_tell_kept(run->emitter, stored.evidence.data);
	return OK;
}

/* What is proved already, told before anybody is asked whether the run may go on. */
static enum status tell_stored(struct run *run, struct error *err)
{
	bool reused = false;
	for (enum gate gate = 0; gate < GATE_COUNT; gate++)
		if (reuse(run, gate, &reused, err) != OK)
			return err->status;
	return OK;
}

/* Evidence that was told counts as long as it did then, and no longer. */
static enum status still_holds(struct run *run, enum gate gate, bool *ret_holds, struct error *err)
{
	struct stored stored;

	*ret_holds = false;
	if (run->checklist.states[gate] != GATE_PASSED && run->checklist.states[gate] != GATE_WAIVED)
		return OK;
	if (flow_stored(run, gate, &stored, err) != OK)
		return err->status;
	*ret_holds = stored.there && stored.holds;
	if (stored.there)
		json_close(stored.evidence.data);
	if (*ret_holds)
		return OK;
	json_close(run->evidence[gate].data);
	run->evidence[gate].data = NULL;
	move(run, gate, GATE_STALE, arena_printf(run->arena, "%s It is done again.", stored.why));
	return OK;
}

/* The status that a failed gate gives the run: that of its first failed check, else the gate's. */
static enum status failure_of(const struct evidence *evidence)
{
	for (size_t i = 0; i < evidence->checks.count; i++) {
		const struct check *check = &evidence->checks.items[i];
		if (!check->ok && !check->warning && !check->waived_because && check->failure != OK)
			return check->failure;
	}
	return gate_get(evidence->gate)->failure;
}

/*
 * What a gate's own failure to be carried out means for the run. After the apply live is changed: no other failure may
 * say that it is not.
 */
static enum status status_of_error(enum gate gate, enum status status)
{
	bool ours = status == FAIL_INTERRUPTED || status == FAIL_TERMINATED || status == FAIL_UNREACHABLE;
	if (gate == GATE_VERIFY && !ours)
		return FAIL_VERIFY;
	bool on_the_copy = gate < GATE_APPLY && (status == FAIL_MIGRATION || status == FAIL_PARTIAL ||
	                                         status == FAIL_UNCONFIRMED || status == FAIL_LOCK_BUDGET);
	return status == FAIL_INTERNAL || on_the_copy ? gate_get(gate)->failure : status;
}

static bool has_failed_check(const struct evidence *evidence)
{
	for (size_t i = 0; i < evidence->checks.count; i++) {
		const struct check *check = &evidence->checks.items[i];
		if (!check->ok && !check->warning && !check->waived_because)
			return true;
	}
	return false;
}

/* A gate that ended by an error has failed, whatever its checks said before; most say themselves what failed. */
static void note_error(struct run *run, struct evidence *evidence, const struct error *err)
{
	if (has_failed_check(evidence))
		return;
	const char *name = arena_printf(run->arena, "%s.carried_out", gate_get(evidence->gate)->name);
	run_check(run, evidence, name, false, error_hint_text(err), err->message, "-");
}

static enum status save(struct run *run, struct evidence *evidence, struct error *err)
{
	evidence->taken_ms = clock_wall_ms();
	evidence->valid_until_ms = evidence->taken_ms + validity(run, evidence->gate);
	evidence->binding = run_binding(run, evidence->gate);
	evidence->run_id = run->id.text;
	evidence->plan_id = arena_strdup(run->arena, run->plan.id.hex);
	return evidence_store_save(run->store, run->arena, evidence, err);
}

static enum status carry_out(struct run *run, enum gate gate, struct error *err)
{
	struct evidence *evidence = &run->evidence[gate];
	_cleanup_error_ struct error unsaved = {0};

	*evidence = (struct evidence){.gate = gate};
	move(run, gate, GATE_RUNNING, NULL);
	enum status status = WORK[gate](run, evidence, err);
	if (status != OK) {
		note_error(run, evidence, err);
		status = error_recast(err, status_of_error(gate, status));
	}
	evidence_judge(run->arena, evidence);
	if (save(run, evidence, &unsaved) != OK) {
		if (status == OK)
			error_move(err, &unsaved);
		return status == OK ? err->status : status;
	}
	move(run, gate, evidence->state, NULL);
	if (status != OK && evidence->state != GATE_WAIVED)
		return status;
	error_clear(err);
	if (evidence->state != GATE_FAILED)
		return OK;
	error_set(err, failure_of(evidence), "gate %s: %s", gate_get(gate)->name, evidence->reason);
	return evidence->hint ? error_hint(err, "%s", evidence->hint) : err->status;
}

static enum status pass(struct run *run, enum gate gate, struct error *err)
{
	bool reused = false;
	if (run->checklist.states[gate] == GATE_WAITING && reuse(run, gate, &reused, err) != OK)
		return err->status;
	if (reused)
		return OK;
	steering_gate_begins(run, gate);
	enum status status = carry_out(run, gate, err);
	memory_give_back();
	steering_gate_ended(run);
	if (status == OK && gate == GATE_REHEARSAL)
		promise_tell(run);
	return status;
}

/* Whether a gate may begin: the one question between two gates. */
static enum status ask_before(struct run *run, enum gate gate, bool *ret_leave, struct error *err)
{
	if (steering_before_gate(run, gate, ret_leave, err) != OK)
		return err->status;
	if (*ret_leave)
		emit_log(run->emitter, LOG_NOTICE, "stopped before %s; live is %s", gate_get(gate)->name,
		         gate == GATE_VERIFY ? "changed and not verified" : "untouched");
	return OK;
}

/* An id that cannot count is refused as soon as that is known: hours of proving would change nothing about it. */
static enum status refuse_early(struct run *run, enum gate passed, enum gate stop, struct error *err)
{
	bool reached = stop > GATE_APPROVAL;
	return passed == GATE_INSPECT && reached && consent_is_for_another(run) ? pass(run, GATE_APPROVAL, err) : OK;
}

static enum status pass_all(struct run *run, struct error *err)
{
	enum gate stop = GATE_COUNT;
	if (run->settings->stop_before)
		gate_find(run->settings->stop_before, &stop);
	if (steering_attended(run) && tell_stored(run, err) != OK)
		return err->status;
	for (enum gate gate = 0; gate < GATE_COUNT; gate++) {
		bool holds = false, leave = false;
		if (gate == stop) {
			struct evidence shown = {.gate = gate};
			if (gate == GATE_APPROVAL && consent_show(run, &shown, err) != OK)
				return err->status;
			emit_log(run->emitter, LOG_NOTICE, "stopped before %s, as asked; live is untouched",
			         gate_get(gate)->name);
			return OK;
		}
		if (loop_stop_signal(run->loop))
			return loop_stop_error(run->loop, err);
		if (run->record && gate <= GATE_APPLY && record_check(run->record, err) != OK)
			return err->status;
		if (still_holds(run, gate, &holds, err) != OK)
			return err->status;
		if (holds)
			continue;
		if (ask_before(run, gate, &leave, err) != OK || (!leave && pass(run, gate, err) != OK))
			return err->status;
		if (leave)
			return OK;
		if (refuse_early(run, gate, stop, err) != OK)
			return err->status;
	}
	return OK;
}

static void emit_run(struct run *run)
{
	struct json *fields = json_new_object();
	json_set_text(fields, "command", run->command);
	json_set(fields, "target", target_json(&run->target));
	json_set_text(fields, "environment", run->target.environment);
	json_set_text(fields, "plan_id", run->plan.id.hex);
	json_set_text(fields, "tool_version", PACKAGE_VERSION);
	emit(run->emitter, EVENT_RUN, fields);
	emit(run->emitter, EVENT_PLAN, plan_json(&run->plan));
	for (size_t i = 0; run->direction == DIRECTION_DOWN && i < run->plan.pending.count; i++)
		emit_log(run->emitter, LOG_NOTICE, "going back: migration %s %s is undone",
		         run->plan.pending.items[i]->version, run->plan.pending.items[i]->name);
}

/* Drift without anything to apply is worth a word, not a refusal. */
static enum status nothing_pending(struct run *run, struct error *err)
{
	struct drift drift = {0};

	if (drift_find(run, &drift, err) != OK)
		return err->status;
	for (size_t i = 0; i < drift.differences.count; i++)
		emit_log(run->emitter, LOG_WARNING, "drift: %s",
		         schema_difference_text(run->arena, &drift.differences.items[i]));
	if (drift.unnamed)
		emit_log(run->emitter, LOG_WARNING, "drift: %s", drift.unnamed);
	if (run->resume.unfinished)
		emit_log(run->emitter, LOG_WARNING, "run %s stopped during apply and was not verified: %s",
		         run->resume.run_id, run->resume.why_not ? run->resume.why_not : "it was another command's");
	emit_log(run->emitter, LOG_INFO, "nothing to do: %zu applied, %zu held", run->plan.applied_count,
	         run->plan.held_count);
	return OK;
}

/* What is wrong with the files is said first, also where the target cannot be reached: trying again would not help. */
static enum status unreachable(struct run *run, struct error *err)
{
	_cleanup_error_ struct error files = {0};

	if (graph_build(run->arena, &run->set, &run->graph, &files) == OK)
		return err->status;
	error_clear(err);
	error_move(err, &files);
	return err->status;
}

static enum status note_continuation(struct run *run, struct error *err)
{
	struct session_options options = run_session_options(run, "ledger");
	_cleanup_session_ struct session *session = NULL;
	_cleanup_json_ struct json *body = json_new_object();

	options.access = SESSION_READ_WRITE;
	if (session_open(run->loop, &options, &session, err) != OK)
		return err->status;
	json_set_text(body, "command", run->command);
	json_set_text(body, "plan_id", run->plan.id.hex);
	json_set_text(body, "continues", run->resume.run_id);
	struct ledger_entry entry = {.kind = "continued", .run_id = run->id.text, .step = -1, .body = body};
	boundary_pass();
	return ledger_add(session, &entry, err);
}

/*
 * A run that applied everything and was not verified, or was found wanting: its verification, by the promise that the
 * ledger keeps. A rehearsal made now would only promise what live is already.
 */
static enum status verify_unfinished(struct run *run, struct error *err)
{
	struct evidence *rehearsal = &run->evidence[GATE_REHEARSAL];
	bool there = false, leave = false;

	if (run->settings->stop_before) {
		emit_log(run->emitter, LOG_NOTICE, "stopped before the verification of run %s, as asked",
		         run->resume.run_id);
		return OK;
	}
	if (ask_before(run, GATE_VERIFY, &leave, err) != OK || leave)
		return err->status;
	if ((!run->store && evidence_store_open(run, &run->store, err) != OK) ||
	    evidence_store_load(run->store, run->arena, GATE_BACKUP, &run->evidence[GATE_BACKUP], &there, err) != OK ||
	    evidence_store_load(run->store, run->arena, GATE_PLANS, &run->evidence[GATE_PLANS], &there, err) != OK ||
	    drift_promise(run, &rehearsal->data, err) != OK)
		return err->status;
	if (!rehearsal->data) {
		error_set(err, FAIL_VERIFY, "run %s applied everything, and the ledger has no evidence of its rehearsal",
		          run->resume.run_id);
		return error_hint(err, "Compare live with the reference schema: nothing else says what it was to become.");
	}
	if (leader_take(run, run->settings->wait_leader_ms, &run->leader, err) != OK || note_continuation(run, err) != OK)
		return err->status;
	steering_gate_begins(run, GATE_VERIFY);
	enum status status = carry_out(run, GATE_VERIFY, err);
	steering_gate_ended(run);
	return status;
}

enum status flow_read(struct run *run, struct error *err)
{
	if (run_read_files(run, err) != OK)
		return err->status;
	if (run_read_target(run, err) != OK)
		return err->status == FAIL_UNREACHABLE ? unreachable(run, err) : err->status;
	if (steering_target(run, err) != OK)
		return err->status;
	return run_build_plan(run, err);
}

enum status flow_gates(struct run *run, struct error *err)
{
	emit_run(run);
	if (run->plan.pending.count == 0)
		return run->resume.continued ? verify_unfinished(run, err) : nothing_pending(run, err);
	if (!run->store && evidence_store_open(run, &run->store, err) != OK)
		return err->status;
	return pass_all(run, err);
}

enum status flow_batch(struct run *run, struct error *err)
{
	enum status refused = flow_read(run, err);
	if (refused != OK) {
		if (run->plan.id.hex[0])
			emit_run(run);
		return refused;
	}
	if (run->resume.unfinished && resume_continue(run, err) != OK)
		return err->status;
	return flow_gates(run, err);
}
