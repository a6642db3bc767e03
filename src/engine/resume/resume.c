#include "engine/resume/resume.h"

#include <stdlib.h>
#include <string.h>

#include "engine/evidence_store.h"
#include "engine/execute/trace.h"
#include "engine/run.h"
#include "pg/ledger.h"

static void read_texts(struct arena *arena, const struct json *array, struct text_list *ret_list)
{
	for (size_t i = 0; i < json_count(array); i++)
		list_push(arena, ret_list, arena_strdup(arena, json_text(json_at(array, i))));
}

/* Where it began: a run that took over what an earlier one left half-way says so in its first row. */
static void read_taken_over(struct arena *arena, const struct json *body, struct resume *resume)
{
	const struct json *half = json_get(body, "half_way");
	const char *version = json_get_text(half, "version");

	if (version)
		resume->half_way = (struct half_way){.version = arena_strdup(arena, version),
		                                     .steps_done = (size_t)json_get_int(half, "steps_done"),
		                                     .intent_open = json_get_bool(half, "intent_open")};
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
	resume->down = resume->command && strcmp(resume->command, "rollback") == 0;
	resume->live_digest = arena_strdup(arena, json_get_text(body, "live_digest"));
	read_texts(arena, json_get(body, "pending"), &resume->planned);
	read_texts(arena, json_get(body, "checksums"), &resume->checksums);
	read_taken_over(arena, body, resume);
	return OK;
}

/* Its rows are sorted by version. */
static bool in_history(const struct history *history, const char *version)
{
	size_t low = 0, high = history->rows.count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = version_compare(history->rows.items[middle].version, version);
		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

bool resume_is_done(const struct run *run, const char *version)
{
	return in_history(&run->history, version) != run->resume.down;
}

bool resume_committed(const struct run *run)
{
	if (run->resume.half_way.version)
		return true;
	for (size_t i = 0; i < run->resume.planned.count; i++)
		if (resume_is_done(run, run->resume.planned.items[i]))
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

/* What live was at the stop says nothing of the point where a run that went on stopped later. */
static void follow_stop(struct arena *arena, struct resume *resume, const struct ledger_row *row)
{
	_cleanup_json_ struct json *body = NULL;
	_cleanup_error_ struct error ignored = {0};

	if (strcmp(row->kind, "continued") == 0 || strcmp(row->kind, "resolved") == 0)
		resume->stopped_digest = NULL;
	else if (strcmp(row->kind, "stopped") == 0 && row->body &&
	         json_parse(row->body, strlen(row->body), &body, &ignored) == OK)
		resume->stopped_digest = arena_strdup(arena, json_get_text(body, "live_digest"));
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
		follow_stop(run->arena, &resume, row);
		if (strcmp(row->kind, "resolved") == 0)
			resume.resolved = true;
		else if (row->version && row->step >= 0)
			follow(&resume, row);
	}
	bool there = resume.half_way.version && in_history(&run->history, resume.half_way.version);
	if (!resume.half_way.version || there != resume.down ||
	    (resume.half_way.steps_done == 0 && !resume.half_way.intent_open))
		resume.half_way = (struct half_way){0};
	if (baseline.count)
		resume.baseline = baseline.items[0].body;
	*ret_resume = resume;
	return OK;
}

const struct half_way *resume_half_way(const struct run *run, const char *version)
{
	const struct half_way *half = &run->resume.half_way;
	if (!half->version || (run->direction == DIRECTION_DOWN) != run->resume.down ||
	    version_compare(half->version, version) != 0)
		return NULL;
	return half;
}

size_t resume_first_step(const struct run *run, const char *version)
{
	const struct half_way *half = resume_half_way(run, version);
	return half ? half->steps_done : 0;
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
		    strcmp(migration->up.canonical->hex, resume->checksums.items[i]) != 0)
			return arena_printf(run->arena, "the file of migration %s was changed since", version);
		if (resume_is_done(run, version))
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

const char *resume_promised(const struct run *run, const struct trace *trace)
{
	const struct resume *resume = &run->resume;
	const char *digest = resume->live_digest;

	for (size_t i = 0; i < resume->planned.count; i++) {
		const char *version = resume->planned.items[i];
		const struct half_way *half = &resume->half_way;
		bool is_half = half->version && version_compare(half->version, version) == 0;
		if (!is_half && !resume_is_done(run, version))
			break;
		/* A rehearsal that was made anew on the way knows only what was left then. */
		const struct migration_trace *migration = trace_find(trace, version);
		size_t steps = !migration ? 0 : is_half ? half->steps_done : migration->steps.count;
		if (!migration || steps > migration->steps.count)
			digest = NULL;
		else if (steps)
			digest = migration->steps.items[steps - 1].live_digest;
	}
	return digest;
}

bool resume_as_left(const struct run *run, const char *promised)
{
	const char *digest = promised ? promised : run->resume.stopped_digest;
	return digest && strcmp(digest, run->live_digest.hex) == 0;
}

static enum status go_on(struct run *run)
{
	run->resume.continued = true;
	memcpy(run->plan.id.hex, run->resume.plan_id, sizeof(run->plan.id.hex));
	emit_log(run->emitter, LOG_NOTICE, "continuing run %s, which stopped during apply, under its plan id",
	         run->resume.run_id);
	return OK;
}

/* Reads the trace of that run's rehearsal; a reason when it is not here. */
static enum status read_trace(struct run *run, struct trace *ret_trace, struct error *err)
{
	struct evidence rehearsal = {0};
	bool there = false;

	if ((!run->store && evidence_store_open(run, &run->store, err) != OK) ||
	    evidence_store_load(run->store, run->arena, GATE_REHEARSAL, &rehearsal, &there, err) != OK)
		return err->status;
	if (!there || strcmp(rehearsal.plan_id, run->resume.plan_id) != 0)
		run->resume.why_not = "its rehearsal's evidence is not here";
	enum status status = run->resume.why_not ? OK : trace_read(run->arena, json_get(rehearsal.data, "trace"),
	                                                           ret_trace, err);
	json_close(rehearsal.data);
	return status;
}

enum status resume_continue(struct run *run, struct error *err)
{
	struct resume *resume = &run->resume;
	struct trace trace = {0};

	if (!resume->plan_id || strlen(resume->plan_id) != DIGEST_HEX_LENGTH || !resume->command ||
	    strcmp(resume->command, run->command) != 0) {
		resume->why_not = "it was another command's";
		return OK;
	}
	if (run->direction == DIRECTION_DOWN) {
		resume->why_not = "a rollback is planned anew from where it stopped";
		return OK;
	}
	resume->why_not = compare_plans(run);
	if (!resume->why_not && run->plan.pending.count == 0)
		return go_on(run);
	if (resume->why_not || read_trace(run, &trace, err) != OK || resume->why_not)
		return err->status;
	const char *promised = resume_promised(run, &trace);
	/* An open intent may or may not have changed the schema: the apply probes the catalog before it goes on. */
	if (!resume->half_way.intent_open && !resume_as_left(run, promised)) {
		resume->why_not = "the live schema is not what the rehearsal promised for this point, or what it was "
		                  "when that run stopped";
		return OK;
	}
	return go_on(run);
}
