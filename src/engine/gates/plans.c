/*
 * Gate 4: the canaries, queries that are watched, keep their plans and budgets. On a clone of the copy each is looked
 * at, the plan runs once more, what it touched is analyzed, and each is looked at again; never after downs. It is a
 * clone of its own, so that this evidence stands alone: a changed canary voids nothing else. Without canaries nothing
 * is made and nothing runs. The statements that take most of live's time are planned beside them and not run.
 */
#include <string.h>

#include "base/text.h"
#include "engine/execute/trace.h"
#include "engine/gates/gates.h"
#include "engine/queries/canary_clone.h"
#include "engine/queries/canary_memory.h"
#include "engine/queries/canary_verdict.h"
#include "engine/queries/statement_source.h"

enum {
	LEAST_TIMEOUT_MS = 10000,
	BUDGETS_TIMEOUT = 5,
	TIMED_MS = 3000,
	REPETITIONS = 40,
	SHOWN_BYTES = 100,               /* of a statement, in evidence */
	STATEMENTS_ALONE_MS = 600 * 1000 /* for statements alone no longer plan runs a second time */
};

struct watched {
	const struct canary *canary;
	struct canary_look before, after;
};

struct plans {
	struct run *run;
	struct evidence *evidence;
	struct canary_clone *clone;
	struct plan_memory *memory;
	struct watched *items;
	size_t count;
	struct json *explained; /* of the evidence's data */
};

static void emit_phase(const struct plans *plans, const char *phase, size_t done)
{
	struct json *values = json_new_object();
	json_set_text(values, "phase", phase);
	json_set_int(values, "canaries_done", (int64_t)done);
	json_set_int(values, "canaries_total", (int64_t)plans->count);
	emit_sample(plans->run->emitter, "plans", values);
}

static int64_t timeout_ms(const struct canary *canary)
{
	int64_t timeout = canary->budget_ms * BUDGETS_TIMEOUT;
	return timeout < LEAST_TIMEOUT_MS ? LEAST_TIMEOUT_MS : timeout;
}

/* Told now, and kept for those who look at this evidence later. */
static void tell(struct plans *plans, const struct watched *watched, const struct canary_verdict *verdict)
{
	struct run *run = plans->run;
	struct json *fields = canary_event(run->arena, watched->canary, "copy", verdict ? "after" : "before",
	                                   verdict ? &watched->after : &watched->before, verdict);

	json_push(plans->explained, json_clone(fields));
	emit(run->emitter, EVENT_EXPLAIN, fields);
}

static enum status look_at(struct plans *plans, struct session *session, const struct session_options *options,
                           const struct canary *canary, struct canary_look *look, struct error *err)
{
	bool run = canary->origin == CANARY_FILE;
	const struct canary_measure measure = {.run = run,
	                                       .timed = run ? options : NULL,
	                                       .timeout_ms = timeout_ms(canary),
	                                       .time_ms = TIMED_MS,
	                                       .repetitions = REPETITIONS};
	return canary_look(session, plans->run->arena, canary, &measure, look, err);
}

/* The plans alone say which tables are read. */
static enum status bring_up_to_date(struct plans *plans, struct session *session, struct error *err)
{
	struct text_list texts = {0};

	for (size_t i = 0; i < plans->count; i++) {
		const struct canary *canary = plans->items[i].canary;
		const struct canary_measure measure = {.timeout_ms = timeout_ms(canary)};
		struct canary_look look;
		if (canary->origin == CANARY_FILE &&
		    canary_look(session, plans->run->arena, canary, &measure, &look, err) != OK)
			return err->status;
		if (canary->origin == CANARY_FILE)
			list_push(plans->run->arena, &texts, look.plan_text);
	}
	return canary_clone_vacuum(plans->clone, &texts, err);
}

/* A session of its own for each time: the plan can change what a new session starts with. */
static enum status look_at_all(struct plans *plans, bool after, struct error *err)
{
	const struct session_options options = canary_clone_options(plans->clone);
	_cleanup_session_ struct session *session = NULL;

	emit_phase(plans, after ? "canaries after the plan" : "canaries before the plan", 0);
	if (session_open(plans->run->loop, &options, &session, err) != OK || bring_up_to_date(plans, session, err) != OK)
		return err->status;
	for (size_t i = 0; i < plans->count; i++) {
		struct watched *watched = &plans->items[i];
		emit_phase(plans, after ? "canaries after the plan" : "canaries before the plan", i);
		struct canary_look *look = after ? &watched->after : &watched->before;
		if (look_at(plans, session, &options, watched->canary, look, err) != OK)
			return err->status;
		canary_remember(plans->memory, session, plans->run, watched->canary, "copy", after ? "after" : "before",
		                look);
		if (!after)
			tell(plans, watched, NULL);
	}
	return OK;
}

/* Which check says so, and what can be done. */
static const struct {
	const char *check, *hint;
} FAILURES[] = {
	[CANARY_WORSE] = {"plans.worse",
	                  "Change the migration so that the query keeps what it needs, an index most of all."},
	[CANARY_OVER_BUDGET] = {"plans.budget", "Make the query faster, or give it a budget that it can keep."},
	[CANARY_FAILED] = {"plans.canaries", "Correct the canary, or take it out of the folder."},
};

static const char BROKEN_HINT[] =
	"The plan takes away what the query needs: change the application first, and its canary with it.";

/* What is different in the query's plan, behind what that comes to. */
static const char *measured(struct arena *arena, const struct watched *watched, const struct canary_verdict *verdict)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *times = canary_times(arena, watched->canary, &watched->after);

	strbuf_printf(&text, "%s: %s", watched->canary->name, verdict->reason);
	for (size_t i = 0; i < verdict->changes.count; i++)
		strbuf_printf(&text, "; %s", verdict->changes.items[i]);
	if (times && verdict->outcome != CANARY_OVER_BUDGET)
		strbuf_printf(&text, "; %s", times);
	return arena_strdup(arena, strbuf_text(&text));
}

static void judge(struct plans *plans, const struct watched *watched)
{
	struct run *run = plans->run;
	struct canary_verdict verdict;

	canary_judge(run->arena, watched->canary, &watched->before, &watched->after, &verdict);
	tell(plans, watched, &verdict);
	bool failed = verdict.outcome == CANARY_WORSE || verdict.outcome == CANARY_OVER_BUDGET ||
	              verdict.outcome == CANARY_FAILED;
	const char *check = failed ? FAILURES[verdict.outcome].check : "plans.canaries";
	const char *hint = failed ? FAILURES[verdict.outcome].hint : NULL;
	run_check(run, plans->evidence, verdict.broken ? "plans.broken" : check, !failed,
	          verdict.broken ? BROKEN_HINT : hint, measured(run->arena, watched, &verdict), verdict.limit);
}

/* ---- statements of live: by their texts, without values ---- */

struct tally {
	size_t same, better, unknown;
	const char *why_unknown; /* of the first */
};

static const char *shown(struct arena *arena, const char *sql)
{
	size_t length = strlen(sql), valid = text_valid_prefix(sql, length < SHOWN_BYTES ? length : SHOWN_BYTES);
	return valid < length ? arena_printf(arena, "%.*s ...", (int)valid, sql) : sql;
}

static void fail_statement(struct plans *plans, const struct watched *watched, const struct canary_verdict *verdict)
{
	struct run *run = plans->run;
	const char *hint = "Keep what it needs, or change the application first. If it is asked no longer, take it out with"
			   " pg_stat_statements_reset.";

	run_check(run, plans->evidence, "plans.statements", false, hint,
	          arena_printf(run->arena, "%s (%s)", measured(run->arena, watched, verdict),
	                       shown(run->arena, watched->canary->sql)),
	          "no statement of pg_stat_statements gets a worse plan");
}

/* Estimates alone move with the statistics: only another plan that costs more is worse. */
static void judge_statement(struct plans *plans, const struct watched *watched, struct tally *tally)
{
	struct canary_verdict verdict;

	canary_judge(plans->run->arena, watched->canary, &watched->before, &watched->after, &verdict);
	if (verdict.outcome == CANARY_WORSE && !verdict.shape_changed)
		verdict.outcome = CANARY_SAME;
	tell(plans, watched, &verdict);
	if (verdict.outcome == CANARY_WORSE || verdict.broken) {
		fail_statement(plans, watched, &verdict);
	} else if (watched->before.error || watched->after.error) {
		tally->unknown++;
		if (!tally->why_unknown)
			tally->why_unknown = watched->before.error ? watched->before.error : watched->after.error;
	} else {
		tally->same += verdict.outcome == CANARY_SAME;
		tally->better += verdict.outcome == CANARY_BETTER;
	}
}

static void judge_statements(struct plans *plans)
{
	struct run *run = plans->run;
	struct tally tally = {0};
	bool any = false;

	for (size_t i = 0; i < plans->count; i++)
		if (plans->items[i].canary->origin == CANARY_STATEMENTS) {
			judge_statement(plans, &plans->items[i], &tally);
			any = true;
		}
	if (!any)
		return;
	if (tally.unknown)
		run_warn(run, plans->evidence, "plans.statements", "A file of the folder canaries can watch such a query.",
		         arena_printf(run->arena, "%zu cannot be planned without their values, or by this role: %s",
		                      tally.unknown, tally.why_unknown), "-");
	run_check(run, plans->evidence, "plans.statements", true, NULL,
	          arena_printf(run->arena, "%zu of pg_stat_statements keep their plans, %zu get better ones", tally.same,
	                       tally.better),
	          "no statement of pg_stat_statements gets a worse plan");
}

/* ---- the way through ---- */

static enum status watch_plan(struct plans *plans, struct error *err)
{
	if (canary_clone_open(plans->run, &plans->clone, err) != OK)
		return err->status;
	plans->memory = plan_memory_open(plans->run->emitter);
	enum status status = look_at_all(plans, false, err);
	emit_phase(plans, "the plan runs", 0);
	if (status == OK)
		status = canary_clone_migrate(plans->clone, err);
	if (status == OK)
		status = look_at_all(plans, true, err);
	plan_memory_close(plans->memory);
	canary_clone_close(plans->clone);
	return status;
}

static int64_t rehearsed_ms(struct run *run)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	_cleanup_error_ struct error ignored = {0};
	struct trace trace = {0};
	int64_t sum_ms = 0;

	if (trace_read(scratch, json_get(run->evidence[GATE_REHEARSAL].data, "trace"), &trace, &ignored) != OK)
		return 0;
	for (size_t i = 0; i < trace.migrations.count; i++)
		sum_ms += trace.migrations.items[i].duration_ms;
	return sum_ms;
}

/* Beside the canaries of the folder, or alone where the plan is short enough to be run once more for them. */
static enum status add_statements(struct plans *plans, struct canary_list *list, struct error *err)
{
	struct run *run = plans->run;
	const char *why_none;
	size_t files = list->count;

	if (run->settings->canary_statements <= 0)
		return OK;
	if (statements_add(run->live, run->arena, (size_t)run->settings->canary_statements, list, &why_none, err) != OK)
		return err->status;
	if (why_none)
		emit_log(run->emitter, LOG_DEBUG, "no statements to watch: %s", why_none);
	int64_t takes_ms = rehearsed_ms(run);
	if (files > 0 || list->count == 0 || takes_ms <= STATEMENTS_ALONE_MS)
		return OK;
	list->count = 0;
	run_warn(run, plans->evidence, "plans.statements",
	         "One file in the folder canaries is enough to have them looked at.",
	         arena_printf(run->arena, "not looked at: the plan, which took %s, would run once more for them alone",
	                      text_duration(run->arena, takes_ms)), "-");
	return OK;
}

/* What is to be looked at. */
static enum status list_watched(struct plans *plans, struct error *err)
{
	struct run *run = plans->run;
	struct canary_list *list = arena_alloc(run->arena, sizeof(*list));

	for (size_t i = 0; i < run->canaries.count; i++)
		list_push(run->arena, list, run->canaries.items[i]);
	if (add_statements(plans, list, err) != OK)
		return err->status;
	plans->count = list->count;
	plans->items = arena_alloc(run->arena, (plans->count + 1) * sizeof(*plans->items));
	for (size_t i = 0; i < plans->count; i++)
		plans->items[i].canary = &list->items[i];
	return OK;
}

/* The copy is live before the apply began, and the pending migrations are what it left. */
static bool copy_is_too_old(const struct run *run)
{
	const struct evidence *backup = &run->evidence[GATE_BACKUP];
	return run->resume.continued && (!backup->run_id || strcmp(backup->run_id, run->id.text) != 0);
}

enum status gate_plans(struct run *run, struct evidence *evidence, struct error *err)
{
	struct plans plans = {.run = run, .evidence = evidence};

	evidence->data = json_new_object();
	json_set(evidence->data, "explained", plans.explained = json_new_array());
	if (run->canaries.count == 0)
		run_check(run, evidence, "plans.canaries", true, NULL, CANARY_NONE_TEXT, "-");
	if (run->direction == DIRECTION_DOWN || copy_is_too_old(run)) {
		if (run->canaries.count)
			run_warn(run, evidence, "plans.canaries", "Look at them yourself, with `pgsluice smoke`, when it is done.",
			         run->direction == DIRECTION_DOWN
			                 ? "not looked at: a way back is not held up by query plans"
			                 : "not looked at: the run that is continued began without them",
			         "-");
		return OK;
	}
	if (list_watched(&plans, err) != OK)
		return err->status;
	if (plans.count == 0)
		return OK;
	if (watch_plan(&plans, err) != OK)
		return err->status;
	for (size_t i = 0; i < plans.count; i++)
		if (plans.items[i].canary->origin == CANARY_FILE)
			judge(&plans, &plans.items[i]);
	judge_statements(&plans);
	return OK;
}
