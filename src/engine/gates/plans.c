/*
 * Gate 4: the canaries, queries that are watched, keep their plans and budgets. On a clone of the copy each is looked
 * at, the plan runs once more, what it touched is analyzed, and each is looked at again; never after downs. It is a
 * clone of its own, so that this evidence stands alone: a changed canary voids nothing else. Without canaries nothing
 * is made and nothing runs.
 */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "engine/canary_clone.h"
#include "engine/canary_look.h"
#include "engine/gates/gates.h"

enum { LEAST_TIMEOUT_MS = 10000, BUDGETS_TIMEOUT = 5, TIMED_MS = 3000, REPETITIONS = 40 };

static const char NOTHING_WORSE[] = "no plan gets worse, and none is over its budget";

struct watched {
	const struct canary *canary;
	struct canary_look before, after;
};

struct plans {
	struct run *run;
	struct evidence *evidence;
	struct canary_clone *clone;
	struct watched *items;
	size_t count;
	size_t failed;
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

/* A session of its own for each time: the plan can change what a new session starts with. */
static enum status look_at_all(struct plans *plans, bool after, struct error *err)
{
	_cleanup_session_ struct session *session = NULL;

	if (canary_clone_session(plans->clone, &session, err) != OK)
		return err->status;
	for (size_t i = 0; i < plans->count; i++) {
		struct watched *watched = &plans->items[i];
		const struct canary_measure measure = {.run = true,
		                                       .timed = true,
		                                       .timeout_ms = timeout_ms(watched->canary),
		                                       .time_ms = TIMED_MS,
		                                       .repetitions = REPETITIONS};
		emit_phase(plans, after ? "canaries after the plan" : "canaries before the plan", i);
		if (canary_look(session, plans->run->arena, watched->canary, &measure,
		                after ? &watched->after : &watched->before, err) != OK)
			return err->status;
	}
	return OK;
}

static const char *milliseconds(struct arena *arena, int64_t us)
{
	return us < 100000 ? arena_printf(arena, "%" PRId64 ".%" PRId64 " ms", us / 1000, us / 100 % 10)
	                   : text_duration(arena, us / 1000);
}

static void fail(struct plans *plans, const struct watched *watched, const char *check, const char *hint,
                 const char *what, const char *limit)
{
	struct run *run = plans->run;
	plans->failed++;
	run_check(run, plans->evidence, check, false, hint,
	          arena_printf(run->arena, "%s: %s", watched->canary->name, what), limit);
}

/* What cannot be looked at after the plan. */
static void judge_broken(struct plans *plans, const struct watched *watched)
{
	struct arena *arena = plans->run->arena;

	if (watched->before.error && !watched->before.stopped)
		fail(plans, watched, "plans.canaries", "Correct the canary, or take it out of the folder.",
		     arena_printf(arena, "it runs neither before the plan nor after it: %s", watched->after.error),
		     "every canary can be looked at");
	else if (watched->after.stopped)
		fail(plans, watched, "plans.budget",
		     "Look at its plan: an index may be gone, or be missing. A canary that takes this long needs another"
		     " budget.",
		     arena_printf(arena, "%s%s", watched->after.error,
		                  watched->before.stopped ? "; so it was before the plan" : ""),
		     arena_printf(arena, "budget %s at the 95th percentile",
		                  text_duration(arena, watched->canary->budget_ms)));
	else
		fail(plans, watched, "plans.broken",
		     "The plan takes away what the query needs: change the application first, and its canary with it.",
		     arena_printf(arena, "it ran before the plan and does not after it: %s", watched->after.error),
		     "what runs before the plan runs after it");
}

static bool over_budget(struct plans *plans, const struct watched *watched)
{
	struct arena *arena = plans->run->arena;
	const struct canary *canary = watched->canary;

	if (watched->after.p95_us <= canary->budget_ms * 1000)
		return false;
	fail(plans, watched, "plans.budget", "Make it faster, or give it a budget that it can keep.",
	     arena_printf(arena, "95 of 100 runs take up to %s%s%s%s", milliseconds(arena, watched->after.p95_us),
	                  watched->before.p95_us >= 0 ? " (before the plan " : "",
	                  watched->before.p95_us >= 0 ? milliseconds(arena, watched->before.p95_us) : "",
	                  watched->before.p95_us >= 0 ? ")" : ""),
	     arena_printf(arena, "budget %s", text_duration(arena, canary->budget_ms)));
	return true;
}

static void judge(struct plans *plans, const struct watched *watched)
{
	struct run *run = plans->run;
	struct arena *arena = run->arena;

	if (watched->after.error) {
		judge_broken(plans, watched);
		return;
	}
	if (over_budget(plans, watched))
		return;
	const char *is_new = watched->before.error && !watched->before.stopped
	                             ? arena_printf(arena, "; it is for the new schema: before the plan, %s",
	                                            watched->before.error)
	                             : "";
	const char *timed = watched->after.p95_us < 0
	                            ? "planned only"
	                            : arena_printf(arena, "95 of 100 runs take up to %s",
	                                           milliseconds(arena, watched->after.p95_us));
	run_check(run, plans->evidence, "plans.canaries", true, NULL,
	          arena_printf(arena, "%s: %s%s", watched->canary->name, timed, is_new), NOTHING_WORSE);
}

static enum status watch_plan(struct plans *plans, struct error *err)
{
	if (canary_clone_open(plans->run, &plans->clone, err) != OK)
		return err->status;
	enum status status = look_at_all(plans, false, err);
	emit_phase(plans, "the plan runs", 0);
	if (status == OK)
		status = canary_clone_migrate(plans->clone, err);
	if (status == OK)
		status = look_at_all(plans, true, err);
	canary_clone_close(plans->clone);
	return status;
}

/* What is to be looked at. */
static void list_watched(struct plans *plans)
{
	struct run *run = plans->run;

	plans->count = run->canaries.count;
	plans->items = arena_alloc(run->arena, (plans->count + 1) * sizeof(*plans->items));
	for (size_t i = 0; i < plans->count; i++)
		plans->items[i].canary = &run->canaries.items[i];
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
	list_watched(&plans);
	if (plans.count == 0) {
		run_check(run, evidence, "plans.canaries", true, NULL, CANARY_NONE_TEXT, "-");
		return OK;
	}
	if (run->direction == DIRECTION_DOWN || copy_is_too_old(run)) {
		run_warn(run, evidence, "plans.canaries", "Look at the canaries yourself, with EXPLAIN, when it is done.",
		         run->direction == DIRECTION_DOWN ? "not looked at: a way back is not held up by query plans"
		                                          : "not looked at: the run that is continued began without them",
		         "-");
		return OK;
	}
	if (watch_plan(&plans, err) != OK)
		return err->status;
	for (size_t i = 0; i < plans.count; i++)
		judge(&plans, &plans.items[i]);
	return OK;
}
