#include "engine/resume/resolve.h"

#include <string.h>

#include "engine/execute/leader.h"
#include "engine/execute/place.h"
#include "engine/flow.h"
#include "engine/resume/half_way.h"
#include "pg/ledger.h"

static const struct resolve_row ROWS[RESOLVE_COUNT] = {
	[RESOLVE_LOOK] = {.name = "look", .meaning = "say what is possible"},
	[RESOLVE_GO_ON] = {.name = "go-on", .meaning = "the next run goes on from the step that was not done"},
	[RESOLVE_RECORD_DONE] = {.name = "record-done",
	                         .meaning = "record the open step as done, which the catalog proves"},
	[RESOLVE_CLEAN_UP] = {.name = "clean-up", .meaning = "remove what the open step left behind"},
	[RESOLVE_GIVE_UP] = {.name = "give-up",
	                     .meaning = "close the run; what it did stays, and the migration is pending from its "
	                                "start"},
};

/* What the look found out about the open step. */
struct finding_out {
	const struct migration *migration;
	bool open;                     /* a step's outcome is not known */
	enum half_way_verdict verdict; /* of the open step */
	const char *what;
};

const struct resolve_row *resolve_get(enum resolve_action action)
{
	return &ROWS[action];
}

static enum status look(struct run *run, struct executor *executor, struct finding_out *ret_found, struct error *err)
{
	const struct half_way *half = &run->resume.half_way;
	const struct migration *migration = migration_find(&run->set, half->version);
	*ret_found = (struct finding_out){.migration = migration, .open = half->intent_open,
	                                  .what = "no step is open"};

	if (!migration) {
		error_set(err, FAIL_REFUSED, "migration %s stopped half-way and its file is gone", half->version);
		return error_hint(err, "Bring the file back: its steps are needed to judge what was done.");
	}
	if (half->steps_done >= execute_step_count(&migration->up)) {
		error_set(err, FAIL_REFUSED, "migration %s has %zu step(s) now and %zu were done", half->version,
		          execute_step_count(&migration->up), half->steps_done);
		return error_hint(err, "Bring the file back as it was when the run began.");
	}
	if (!half->intent_open)
		return OK;
	return half_way_probe(executor, migration, half->steps_done, &ret_found->verdict, &ret_found->what, err);
}

static bool is_possible(const struct finding_out *found, enum resolve_action action)
{
	switch (action) {
	case RESOLVE_GO_ON:
		return !found->open || found->verdict == HALF_WAY_REDO || found->verdict == HALF_WAY_ASK;
	case RESOLVE_RECORD_DONE:
		return found->open && found->verdict == HALF_WAY_DONE;
	case RESOLVE_CLEAN_UP:
		return found->open && found->verdict == HALF_WAY_CLEAN;
	case RESOLVE_LOOK:
	case RESOLVE_GIVE_UP:
	case RESOLVE_COUNT:
		break;
	}
	return true;
}

static struct digest seal(const struct run *run, enum resolve_action action)
{
	struct digest_stream *stream = digest_open();
	digest_add_field(stream, "pgsluice resolve 1");
	digest_add_field(stream, run->plan.id.hex);
	digest_add_field(stream, run->resume.run_id);
	digest_add_field(stream, run->resume.half_way.version);
	digest_add_field(stream, ROWS[action].name);
	return digest_close(stream);
}

static void tell(struct run *run, const struct finding_out *found)
{
	const struct half_way *half = &run->resume.half_way;

	emit_log(run->emitter, LOG_NOTICE, "migration %s of run %s stopped after %zu of %zu step(s): %s",
	         half->version,
	         run->resume.run_id, half->steps_done, execute_step_count(&found->migration->up), found->what);
	for (enum resolve_action action = RESOLVE_GO_ON; action < RESOLVE_COUNT; action++)
		if (is_possible(found, action))
			emit_log(run->emitter, LOG_NOTICE, "pgsluice resolve %s --approve %.*s: %s",
			         ROWS[action].name,
			         PLAN_ID_SHORT, seal(run, action).hex, ROWS[action].meaning);
}

static enum status check_consent(struct run *run, enum resolve_action action, struct error *err)
{
	const char *approve = run->settings->approve;

	run->plan.id = seal(run, action);
	if (approve && plan_id_matches(&run->plan, approve))
		return OK;
	error_set(err, FAIL_NOT_APPROVED, "%s", approve ?
	          "the approval is for another decision" : "nobody consented to it");
	return error_hint(err, "Consent with `pgsluice resolve %s --approve %.*s`.", ROWS[action].name, PLAN_ID_SHORT,
	                  run->plan.id.hex);
}

static enum status write_row(struct run *run, struct executor *executor, const char *kind, enum resolve_action action,
                             struct error *err)
{
	const struct half_way *half = &run->resume.half_way;
	_cleanup_json_ struct json *body = json_new_object();

	json_set_text(body, "action", ROWS[action].name);
	json_set_text(body, "by", session_user(run->live));
	json_set_bool(body, "done", false);
	if (action == RESOLVE_GIVE_UP) {
		json_set_text(body, "status", "given_up");
		json_set_int(body, "exit", status_get(FAIL_PARTIAL)->exit_code);
	}
	struct ledger_entry entry = {.kind = kind,
	                             .run_id = run->id.text,
	                             .version = half->version,
	                             .step = (int)half->steps_done,
	                             .body = body};
	return ledger_add(executor->ledger, &entry, err);
}

/* What the run did stays: it is what live is held to from here on, or all of it would be drift. */
static enum status write_baseline(struct run *run, struct executor *executor, struct error *err)
{
	_cleanup_json_ struct json *body = json_new_object();
	struct ledger_entry entry = {.kind = "baseline", .run_id = run->id.text, .step = -1, .body = body};

	json_set(body, "schema", schema_json(&run->live_schema));
	return ledger_add(executor->ledger, &entry, err);
}

static enum status act(struct run *run, struct executor *executor, const struct finding_out *found,
                       enum resolve_action action, struct error *err)
{
	size_t next;

	switch (action) {
	case RESOLVE_GO_ON:
		if (found->open && write_row(run, executor, "outcome", action, err) != OK)
			return err->status;
		return write_row(run, executor, "resolved", action, err);
	case RESOLVE_RECORD_DONE:
		return half_way_settle(executor, found->migration, &run->resume.half_way, &next, err);
	case RESOLVE_CLEAN_UP:
		if (half_way_settle(executor, found->migration, &run->resume.half_way, &next, err) != OK)
			return err->status;
		return write_row(run, executor, "outcome", action, err);
	case RESOLVE_GIVE_UP:
		if (write_baseline(run, executor, err) != OK)
			return err->status;
		return write_row(run, executor, "end", action, err);
	case RESOLVE_LOOK:
	case RESOLVE_COUNT:
		break;
	}
	return OK;
}

static enum status decide(struct run *run, struct executor *executor, enum resolve_action action, struct error *err)
{
	struct finding_out found;

	if (look(run, executor, &found, err) != OK)
		return err->status;
	if (action == RESOLVE_LOOK) {
		tell(run, &found);
		return OK;
	}
	if (!is_possible(&found, action)) {
		error_set(err, FAIL_REFUSED, "%s is not possible: %s", ROWS[action].name, found.what);
		return error_hint(err, "`pgsluice resolve` without a word lists what is.");
	}
	if (check_consent(run, action, err) != OK ||
	    leader_take(run, run->settings->wait_leader_ms, &run->leader, err) != OK)
		return err->status;
	struct executor writer = {0};
	enum status status = place_on_live(run, &writer, err);
	if (status == OK)
		status = act(run, &writer, &found, action, err);
	place_close(&writer);
	if (status == OK)
		emit_log(run->emitter, LOG_NOTICE, "%s: recorded; go on with `pgsluice --batch`", ROWS[action].name);
	return status;
}

enum status resolve_run(struct run *run, enum resolve_action action, struct error *err)
{
	struct session_options options = run_session_options(run, "look");
	struct executor reader = {.run = run, .arena = run->arena, .history = &run->history, .live = true};

	if (flow_read(run, err) != OK)
		return err->status;
	if (!run->resume.unfinished || !run->resume.half_way.version) {
		emit_log(run->emitter, LOG_NOTICE, "nothing to resolve: no migration is half-way");
		return OK;
	}
	options.plain = true;
	enum status status = session_open(run->loop, &options, &reader.session, err);
	if (status == OK)
		status = decide(run, &reader, action, err);
	session_close(reader.session);
	return status;
}
