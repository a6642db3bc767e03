#include "engine/resume.h"

#include <stdlib.h>
#include <string.h>

#include "engine/evidence_store.h"
#include "engine/run.h"
#include "engine/trace.h"
#include "pg/ledger.h"

static void read_texts(struct arena *arena, const struct json *array, struct text_list *ret_list)
{
	for (size_t i = 0; i < json_count(array); i++)
		list_push(arena, ret_list, arena_strdup(arena, json_text(json_at(array, i))));
}

static enum status read_beginning(struct arena *arena, const struct ledger_row *row, struct resume *resume,
                                  struct error *err)
{
	_cleanup_json_ struct json *body = NULL;
	const char *text = row->body ? row->body : "{}";

	if (json_parse(text, strlen(text), &body, err) != OK)
		return error_wrap(err, "the ledger's row %lld is not readable", (long long)row->seq);
	resume->run_id = row->run_id;
	resume->plan_id = arena_strdup(arena, json_get_text(body, "plan_id"));
	resume->command = arena_strdup(arena, json_get_text(body, "command"));
	resume->live_digest = arena_strdup(arena, json_get_text(body, "live_digest"));
	read_texts(arena, json_get(body, "pending"), &resume->planned);
	read_texts(arena, json_get(body, "checksums"), &resume->checksums);
	return OK;
}

static bool in_history(const struct history *history, const char *version)
{
	for (size_t i = 0; i < history->rows.count; i++)
		if (version_compare(history->rows.items[i].version, version) == 0)
			return true;
	return false;
}

static bool outcome_done(const struct ledger_row *row)
{
	_cleanup_json_ struct json *body = NULL;
	_cleanup_error_ struct error ignored = {0};
	if (!row->body || json_parse(row->body, strlen(row->body), &body, &ignored) != OK)
		return false;
	return json_get_bool(body, "done");
}

/* Follows the journal of one migration: each step's row, or intent and outcome, in the order of the ledger. */
static void follow(struct resume *resume, const struct ledger_row *row)
{
	struct half_way *half = &resume->half_way;

	if (!half->version || strcmp(half->version, row->version) != 0)
		*half = (struct half_way){.version = row->version};
	if (strcmp(row->kind, "intent") == 0) {
		half->intent_open = true;
	} else if (strcmp(row->kind, "step") == 0 || (strcmp(row->kind, "outcome") == 0 && outcome_done(row))) {
		half->intent_open = false;
		half->steps_done = (size_t)row->step + 1;
	} else {
		half->intent_open = false;
	}
}

static enum status read_held(struct session *session, struct arena *arena, struct resume *resume, struct error *err)
{
	struct ledger_rows rows = {0};
	if (ledger_all(session, arena, "held", &rows, err) != OK)
		return err->status;
	for (size_t i = 0; i < rows.count; i++)
		text_list_add_once(arena, &resume->held, rows.items[i].version);
	return OK;
}

enum status resume_read(struct run *run, struct session *session, struct resume *ret_resume, struct error *err)
{
	struct resume resume = {0};
	struct ledger_rows rows = {0}, baseline = {0};

	if (ledger_exists(session, &resume.ledger, err) != OK)
		return err->status;
	if (!resume.ledger) {
		*ret_resume = resume;
		return OK;
	}
	if (ledger_last_run(session, run->arena, &rows, err) != OK ||
	    ledger_newest(session, run->arena, "baseline", &baseline, err) != OK ||
	    read_held(session, run->arena, &resume, err) != OK)
		return error_wrap(err, "cannot read the ledger");
	resume.unfinished = rows.count > 0;
	for (size_t i = 0; i < rows.count; i++) {
		const struct ledger_row *row = &rows.items[i];
		if (i == 0 && read_beginning(run->arena, row, &resume, err) != OK)
			return err->status;
		if (strcmp(row->kind, "end") == 0)
			resume.unfinished = false;
		if (strcmp(row->kind, "resolved") == 0)
			resume.resolved = true;
		else if (row->version && row->step >= 0)
			follow(&resume, row);
	}
	if (resume.half_way.version && (in_history(&run->history, resume.half_way.version) ||
	                                (resume.half_way.steps_done == 0 && !resume.half_way.intent_open)))
		resume.half_way = (struct half_way){0};
	if (baseline.count)
		resume.baseline = baseline.items[0].body;
	*ret_resume = resume;
	return OK;
}

size_t resume_first_step(const struct resume *resume, const char *version)
{
	const char *half = resume->half_way.version;
	return half && version_compare(half, version) == 0 ? resume->half_way.steps_done : 0;
}

/* The planned versions without those that the history has must be exactly what is pending now, with equal files. */
static const char *compare_plans(struct run *run)
{
	const struct resume *resume = &run->resume;
	size_t next = 0;

	for (size_t i = 0; i < resume->planned.count; i++) {
		const char *version = resume->planned.items[i];
		const struct migration *migration = migration_find(&run->set, version);
		if (!migration || i >= resume->checksums.count ||
		    strcmp(migration->up.canonical.hex, resume->checksums.items[i]) != 0)
			return arena_printf(run->arena, "the file of migration %s was changed since", version);
		if (in_history(&run->history, version))
			continue;
		if (next >= run->plan.pending.count ||
		    version_compare(run->plan.pending.items[next]->version, version) != 0)
			return arena_printf(run->arena, "migration %s is not the next one any more", version);
		next++;
	}
	if (next < run->plan.pending.count)
		return arena_printf(run->arena, "migration %s was not in that plan",
		                    run->plan.pending.items[next]->version);
	return NULL;
}

/* The digest that live was promised for the point where the run stopped; NULL when the rehearsal does not tell. */
static const char *promised_digest(struct run *run, const struct trace *trace)
{
	const struct resume *resume = &run->resume;
	const char *digest = resume->live_digest;

	for (size_t i = 0; i < resume->planned.count; i++) {
		const char *version = resume->planned.items[i];
		const struct migration_trace *migration = trace_find(trace, version);
		bool half = resume->half_way.version && version_compare(resume->half_way.version, version) == 0;
		size_t steps = half ? resume->half_way.steps_done : migration ? migration->steps.count : 0;
		if (!half && !in_history(&run->history, version))
			break;
		if (!migration || steps > migration->steps.count)
			return NULL;
		if (steps)
			digest = migration->steps.items[steps - 1].live_digest;
	}
	return digest;
}

enum status resume_continue(struct run *run, struct error *err)
{
	struct resume *resume = &run->resume;
	struct evidence rehearsal = {0};
	struct trace trace = {0};
	bool there = false;

	if (!resume->plan_id || !resume->command || strcmp(resume->command, run->command) != 0) {
		resume->why_not = "it was another command's";
		return OK;
	}
	if (run->direction == DIRECTION_DOWN) {
		resume->why_not = "a rollback is planned anew from where it stopped";
		return OK;
	}
	resume->why_not = compare_plans(run);
	if (resume->why_not)
		return OK;
	if ((!run->store && evidence_store_open(run, &run->store, err) != OK) ||
	    evidence_store_load(run->store, run->arena, GATE_REHEARSAL, &rehearsal, &there, err) != OK)
		return err->status;
	if (!there || strcmp(rehearsal.plan_id, resume->plan_id) != 0) {
		resume->why_not = "its rehearsal's evidence is not here";
		json_close(rehearsal.data);
		return OK;
	}
	enum status status = trace_read(run->arena, json_get(rehearsal.data, "trace"), &trace, err);
	json_close(rehearsal.data);
	if (status != OK)
		return status;
	const char *promised = promised_digest(run, &trace);
	/* An open intent may or may not have changed the schema: the apply probes the catalog before it goes on. */
	if (!resume->half_way.intent_open && (!promised || strcmp(promised, run->live_digest.hex) != 0)) {
		resume->why_not = "the live schema is not what the rehearsal promised for this point";
		return OK;
	}
	resume->continued = true;
	memcpy(run->plan.id.hex, resume->plan_id, sizeof(run->plan.id.hex));
	emit_log(run->emitter, LOG_NOTICE, "continuing run %s, which stopped during apply, under its plan id",
	         resume->run_id);
	return OK;
}
