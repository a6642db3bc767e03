#include "engine/queries/canary_verdict.h"

#include <string.h>

#include "base/text.h"
#include "core/explain/compare/plan_diff.h"
#include "core/explain/compare/plan_judge.h"
#include "core/explain/compare/shape.h"
#include "core/explain/figure.h"
#include "core/explain/finding.h"
#include "core/sql/query_print.h"

static const char *const OUTCOMES[] = {
	[CANARY_SAME] = "same",
	[CANARY_BETTER] = "better",
	[CANARY_WORSE] = "worse",
	[CANARY_OVER_BUDGET] = "over-budget",
	[CANARY_FAILED] = "failed",
	[CANARY_NEW] = "new",
};

static const struct query_plan *read_plan(struct arena *arena, const char *text)
{
	struct query_plan *plan = NULL;
	_cleanup_error_ struct error ignored = {0};

	return text && query_plan_read(arena, text, strlen(text), &plan, &ignored) == OK ? plan : NULL;
}

static bool same_shape(const struct query_plan *a, const struct query_plan *b)
{
	struct plan_shape first = query_plan_shape(a), second = query_plan_shape(b);
	return strcmp(first.hex, second.hex) == 0;
}

static void list_changes(struct arena *arena, const struct query_plan *before, const struct query_plan *after,
                         struct text_list *ret_changes)
{
	struct plan_match match = {0};
	struct plan_change_list changes = {0};

	plan_match(arena, before, after, &match);
	plan_diff(arena, before, after, &match, &changes);
	for (size_t i = 0; i < changes.count; i++)
		list_push(arena, ret_changes, changes.items[i].text);
}

static const char *budget(struct arena *arena, const struct canary *canary)
{
	return arena_printf(arena, "budget %s at the 95th percentile", text_duration(arena, canary->budget_ms));
}

const char *canary_times(struct arena *arena, const struct canary *canary, const struct canary_look *look)
{
	if (look->p95_us < 0)
		return NULL;
	return arena_printf(arena, "p95 %s of %zu run(s), budget %s", figure_ms(arena, (double)look->p95_us / 1000),
	                    look->runs, text_duration(arena, canary->budget_ms));
}

static void judge_error(struct arena *arena, const struct canary *canary, const struct canary_look *before,
                        const struct canary_look *after, struct canary_verdict *verdict)
{
	bool never = before->error && !before->stopped;

	verdict->outcome = after->stopped ? CANARY_OVER_BUDGET : CANARY_FAILED;
	verdict->limit = after->stopped ? budget(arena, canary) : never ? "every canary can be looked at"
	                                                                : "what runs before the plan runs after it";
	verdict->broken = !never && !after->stopped;
	if (after->stopped)
		verdict->reason = arena_printf(arena, "%s%s%s", after->error, before->error ? "; before the plan, " : "",
		                               before->error ? before->error : "");
	else if (never)
		verdict->reason = arena_printf(arena, "it runs neither before the plan nor after it: %s", after->error);
	else
		verdict->reason = arena_printf(arena, "it ran before the plan and does not after it: %s", after->error);
}

static void judge_new(struct arena *arena, const struct canary_look *before, struct canary_verdict *verdict)
{
	verdict->outcome = before->stopped ? CANARY_BETTER : CANARY_NEW;
	verdict->reason = before->stopped ? arena_printf(arena, "before the plan, %s", before->error)
	                                  : arena_printf(arena, "it is for the new schema: before the plan, %s",
	                                                 before->error);
}

static void judge_plans(struct arena *arena, const struct query_plan *was, const struct query_plan *is,
                        struct canary_verdict *verdict)
{
	const struct plan_work first = query_plan_work(was), second = query_plan_work(is);
	static const enum canary_outcome AS[] = {
		[PLAN_SAME] = CANARY_SAME, [PLAN_BETTER] = CANARY_BETTER, [PLAN_WORSE] = CANARY_WORSE};
	struct plan_judgement judgement;

	plan_judge(arena, &first, &second, &PLAN_LIMITS, &judgement);
	verdict->outcome = AS[judgement.outcome];
	verdict->reason = judgement.reason;
	verdict->shape_changed = !same_shape(was, is);
	list_changes(arena, was, is, &verdict->changes);
}

/* Over its budget it fails whatever became of its plan; a plan that got worse says more about why. */
static void judge_budget(struct arena *arena, const struct canary *canary, const struct canary_look *before,
                         const struct canary_look *after, struct canary_verdict *verdict)
{
	if (verdict->outcome == CANARY_WORSE || after->p95_us <= canary->budget_ms * 1000)
		return;
	verdict->outcome = CANARY_OVER_BUDGET;
	verdict->limit = budget(arena, canary);
	verdict->reason = arena_printf(
		arena, "p95 %s of %zu run(s)%s%s", figure_ms(arena, (double)after->p95_us / 1000), after->runs,
		before->p95_us >= 0 ? ", before the plan " : "",
		before->p95_us >= 0 ? figure_ms(arena, (double)before->p95_us / 1000) : "");
}

void canary_judge(struct arena *arena, const struct canary *canary, const struct canary_look *before,
                  const struct canary_look *after, struct canary_verdict *ret_verdict)
{
	struct canary_verdict verdict = {.limit = "no plan gets worse, and none is over its budget"};
	const struct query_plan *was = read_plan(arena, before->plan_text), *is = read_plan(arena, after->plan_text);

	if (after->error) {
		judge_error(arena, canary, before, after, &verdict);
	} else if (!is || (!was && !before->error)) {
		verdict.outcome = CANARY_FAILED;
		verdict.reason = "what EXPLAIN said of it cannot be read";
	} else {
		if (before->error)
			judge_new(arena, before, &verdict);
		else
			judge_plans(arena, was, is, &verdict);
		judge_budget(arena, canary, before, after, &verdict);
	}
	*ret_verdict = verdict;
}

bool canary_same_shape(struct arena *arena, const char *copy_plan, const char *live_plan,
                       struct text_list *ret_changes)
{
	const struct query_plan *copy = read_plan(arena, copy_plan), *live = read_plan(arena, live_plan);

	if (!copy || !live)
		return false;
	if (same_shape(copy, live))
		return true;
	list_changes(arena, copy, live, ret_changes);
	return false;
}

static void set_plan(struct arena *arena, struct json *fields, const char *text)
{
	const struct query_plan *plan = read_plan(arena, text);
	struct plan_finding_list findings = {0};
	struct json *value = NULL;
	_cleanup_error_ struct error ignored = {0};

	if (!plan || json_parse(text, strlen(text), &value, &ignored) != OK)
		return;
	json_set(fields, "plan", json_clone(json_kind(value) == JSON_KIND_ARRAY ? json_at(value, 0) : value));
	json_set_text(fields, "shape", query_plan_shape(plan).hex);
	plan_findings_find(arena, plan, &findings);
	json_set_text(fields, "verdict", query_plan_verdict(arena, plan, &findings));
	json_close(value);
}

static void set_verdict(struct json *fields, const struct canary_verdict *verdict)
{
	struct json *changes = json_new_array();

	json_set_text(fields, "outcome", OUTCOMES[verdict->outcome]);
	if (verdict->reason)
		json_set_text(fields, "reason", verdict->reason);
	for (size_t i = 0; i < verdict->changes.count; i++)
		json_push_text(changes, verdict->changes.items[i]);
	json_set(fields, "changes", changes);
}

struct json *canary_event(struct arena *arena, const struct canary *canary, const char *on, const char *phase,
                          const struct canary_look *look, const struct canary_verdict *verdict)
{
	struct json *fields = json_new_object();
	struct query_print print;

	json_set_text(fields, "name", canary->name);
	if (query_fingerprint(canary->sql, &print))
		json_set_text(fields, "fingerprint", print.hex);
	json_set_text(fields, "sql", canary->sql);
	json_set_text(fields, "on", on);
	json_set_text(fields, "phase", phase);
	set_plan(arena, fields, look->plan_text);
	if (verdict)
		set_verdict(fields, verdict);
	if (look->p95_us >= 0)
		json_set_int(fields, "p95_us", look->p95_us);
	if (canary->origin == CANARY_FILE)
		json_set_int(fields, "budget_ms", canary->budget_ms);
	if (look->error)
		json_set_text(fields, "error", look->error);
	return fields;
}

void canary_tell_kept(struct emitter *emitter, const struct json *data)
{
	const struct json *explained = json_get(data, "explained");

	for (size_t i = 0; i < json_count(explained); i++)
		if (event_fits(EVENT_EXPLAIN, json_at(explained, i)))
			emit(emitter, EVENT_EXPLAIN, json_clone(json_at(explained, i)));
}

const struct json *canary_kept(const struct json *data, const char *name, const char *phase)
{
	const struct json *explained = json_get(data, "explained");

	for (size_t i = 0; i < json_count(explained); i++) {
		const char *its_name = json_get_text(json_at(explained, i), "name");
		const char *its_phase = json_get_text(json_at(explained, i), "phase");
		if (its_name && its_phase && strcmp(its_name, name) == 0 && strcmp(its_phase, phase) == 0)
			return json_at(explained, i);
	}
	return NULL;
}
