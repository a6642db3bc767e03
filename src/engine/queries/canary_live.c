#include "engine/queries/canary_live.h"

#include <string.h>

#include "engine/queries/canary_memory.h"
#include "engine/queries/canary_verdict.h"

enum { BUDGETS_TIMEOUT = 5, MOST_TIMEOUT_MS = 10000, TIMED_MS = 1000, REPETITIONS = 20 };

static const char LIMIT[] = "every canary runs on live within its budget";

struct watch {
	struct run *run;
	struct evidence *evidence;
	struct session_options options;
	struct session *session;
	struct plan_memory *memory;
};

static int64_t timeout_ms(const struct canary *canary)
{
	int64_t timeout = canary->budget_ms * BUDGETS_TIMEOUT;
	return timeout > MOST_TIMEOUT_MS ? MOST_TIMEOUT_MS : timeout;
}

/* What the plans gate saw of it after the plan, if it was this plan. */
static const struct json *kept(const struct watch *watch, const struct canary *canary)
{
	const struct evidence *plans = &watch->run->evidence[GATE_PLANS];

	if (!plans->plan_id || strcmp(plans->plan_id, watch->run->plan.id.hex) != 0)
		return NULL;
	return canary_kept(plans->data, canary->name, "after");
}

/* Who let it pass on the copy knows; failing now would only make the end of the run unreadable. */
static bool was_let_pass(const struct watch *watch, const struct canary *canary)
{
	const char *outcome = json_get_text(kept(watch, canary), "outcome");
	return outcome && (strcmp(outcome, "worse") == 0 || strcmp(outcome, "over-budget") == 0 ||
	                   strcmp(outcome, "failed") == 0);
}

static void fail(struct watch *watch, const struct canary *canary, const char *what, const char *hint)
{
	struct run *run = watch->run;
	const char *measured = arena_printf(run->arena, "%s: %s", canary->name, what);

	if (was_let_pass(watch, canary))
		run_warn(run, watch->evidence, "verify.canaries", "So it was on the copy, and it was let pass.", measured,
		         LIMIT);
	else
		run_check(run, watch->evidence, "verify.canaries", false, hint, measured, LIMIT);
}

/* Live's statistics are older than the migration, and its data may be others than the copy's. */
static void compare(struct watch *watch, const struct canary *canary, const struct canary_look *look)
{
	struct run *run = watch->run;
	const struct json *plan = json_get(kept(watch, canary), "plan");
	_cleanup_strbuf_ struct strbuf copy = {0}, text = {0};
	struct text_list changes = {0};

	if (!plan)
		return;
	json_write(&copy, plan);
	if (canary_same_shape(run->arena, strbuf_text(&copy), look->plan_text, &changes))
		return;
	strbuf_printf(&text, "%s: its plan on live is not the one on the copy", canary->name);
	for (size_t i = 0; i < changes.count; i++)
		strbuf_printf(&text, "; %s", changes.items[i]);
	run_warn(run, watch->evidence, "verify.canaries",
	         "Run ANALYZE on the tables that the plan of migrations touched, then look at it again.",
	         strbuf_text(&text), "as on the copy");
}

static const char *outcome_of(const struct canary *canary, const struct canary_look *look)
{
	if (look->error && !look->stopped)
		return "failed";
	return look->stopped || look->p95_us > canary->budget_ms * 1000 ? "over-budget" : "same";
}

static void judge(struct watch *watch, const struct canary *canary, const struct canary_look *look)
{
	struct run *run = watch->run;
	struct json *fields = canary_event(run->arena, canary, "live", "live", look, NULL);
	const char *times = canary_times(run->arena, canary, look);

	json_set_text(fields, "outcome", outcome_of(canary, look));
	emit(run->emitter, EVENT_EXPLAIN, fields);
	if (look->error) {
		fail(watch, canary, look->error, "Ask it on live by hand; what it says is what the application meets.");
		return;
	}
	compare(watch, canary, look);
	if (look->p95_us > canary->budget_ms * 1000)
		fail(watch, canary, times, "Look at its plan on live: ANALYZE may be due, or an index be missing.");
	else
		run_check(run, watch->evidence, "verify.canaries", true, NULL,
		          arena_printf(run->arena, "%s: %s", canary->name, times ? times : "planned only"), LIMIT);
}

static enum status look_at_each(struct watch *watch, struct error *err)
{
	struct run *run = watch->run;

	for (size_t i = 0; i < run->canaries.count; i++) {
		const struct canary *canary = &run->canaries.items[i];
		const struct canary_measure measure = {.timed = &watch->options,
		                                       .timeout_ms = timeout_ms(canary),
		                                       .time_ms = TIMED_MS,
		                                       .repetitions = REPETITIONS};
		struct canary_look look;
		if (canary_look(watch->session, run->arena, canary, &measure, &look, err) != OK)
			return err->status;
		canary_remember(watch->memory, watch->session, run, canary, "live", "live", &look);
		judge(watch, canary, &look);
	}
	return OK;
}

enum status canary_check_live(struct run *run, struct evidence *evidence, struct error *err)
{
	struct watch watch = {.run = run, .evidence = evidence, .options = run_session_options(run, "canary")};

	if (run->canaries.count == 0) {
		run_check(run, evidence, "verify.canaries", true, NULL, CANARY_NONE_TEXT, "-");
		return OK;
	}
	if (run->direction == DIRECTION_DOWN) {
		run_warn(run, evidence, "verify.canaries", "Look at the canaries yourself, with `pgsluice smoke`.",
		         "not looked at: they are for the schema that was undone", "-");
		return OK;
	}
	watch.options.plain = true;
	if (session_open(run->loop, &watch.options, &watch.session, err) != OK)
		return err->status;
	watch.memory = plan_memory_open(run->emitter);
	enum status status = look_at_each(&watch, err);
	plan_memory_close(watch.memory);
	session_close(watch.session);
	return status;
}
