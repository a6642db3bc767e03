#include <string.h>

#include "core/explain/compare/plan_diff.h"
#include "core/explain/compare/plan_judge.h"
#include "core/explain/compare/shape.h"
#include "core/explain/finding.h"
#include "fuzz.h"

/* What is said of one plan points at its nodes, and a plan does not differ from itself. */
static void check_alone(struct arena *arena, const struct query_plan *plan)
{
	struct plan_finding_list findings;
	struct plan_match match;
	struct plan_change_list changes;

	plan_findings_find(arena, plan, &findings);
	for (size_t i = 0; i < findings.count; i++) {
		const struct plan_finding *finding = &findings.items[i];
		MUST(finding->node == SIZE_MAX || finding->node < plan->nodes.count);
		MUST(finding->share >= 0 && finding->share <= 1 && *finding->sentence);
		MUST(i == 0 || findings.items[i - 1].severity >= finding->severity);
	}
	MUST(*query_plan_verdict(arena, plan, &findings));
	MUST(strspn(query_plan_shape(plan).hex, "0123456789abcdef") == 16);
	plan_match(arena, plan, plan, &match);
	plan_diff(arena, plan, plan, &match, &changes);
	MUST(changes.count == 0);
}

/* Matched nodes point at each other, changes at nodes, and what is better one way is worse the other. */
static void check_pair(struct arena *arena, const struct query_plan *before, const struct query_plan *after)
{
	struct plan_match match;
	struct plan_change_list changes;
	struct plan_judgement there, back;
	struct plan_work old = query_plan_work(before), new = query_plan_work(after);

	plan_match(arena, before, after, &match);
	for (size_t i = 0; i < before->nodes.count; i++)
		MUST(match.after_of[i] == SIZE_MAX ||
		     (match.after_of[i] < after->nodes.count && match.before_of[match.after_of[i]] == i));
	plan_diff(arena, before, after, &match, &changes);
	for (size_t i = 0; i < changes.count; i++) {
		const struct plan_change *change = &changes.items[i];
		MUST(change->before == SIZE_MAX || change->before < before->nodes.count);
		MUST(change->after == SIZE_MAX || change->after < after->nodes.count);
		MUST(*change->text && (i == 0 || changes.items[i - 1].kind <= change->kind));
	}
	plan_judge(arena, &old, &new, &PLAN_LIMITS, &there);
	plan_judge(arena, &new, &old, &PLAN_LIMITS, &back);
	MUST(*there.reason && *back.reason);
	MUST(there.outcome != PLAN_BETTER || back.outcome != PLAN_BETTER);
	MUST((there.outcome == PLAN_SAME) == (back.outcome == PLAN_SAME));
}

static const struct query_plan *read_one(struct arena *arena, const char *text, size_t length)
{
	_cleanup_error_ struct error err = {0};
	struct query_plan *plan = NULL;
	return query_plan_read(arena, text, length, &plan, &err) == OK ? plan : NULL;
}

/* Two plans with a line of "====" between them; or one. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const char BETWEEN[] = "\n====\n";
	_cleanup_arena_ struct arena *arena = arena_open();
	const char *text = (const char *)bytes, *cut = memmem(text, size, BETWEEN, sizeof(BETWEEN) - 1);
	const char *second = cut ? cut + sizeof(BETWEEN) - 1 : NULL;
	const struct query_plan *before = read_one(arena, text, cut ? (size_t)(cut - text) : size);
	const struct query_plan *after = cut ? read_one(arena, second, size - (size_t)(second - text)) : NULL;

	if (before)
		check_alone(arena, before);
	if (before && after)
		check_pair(arena, before, after);
	return 0;
}
