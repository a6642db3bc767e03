#include "core/explain/explained.h"

#include <stdint.h>

struct explained explained_new(struct arena *arena, const struct query_plan *plan, const char *query)
{
	struct explained explained = {
		.plan = plan,
		.query = query ? query : plan->query,
		.shape = query_plan_shape(plan),
	};

	plan_findings_find(arena, plan, &explained.findings);
	explained.verdict = query_plan_verdict(arena, plan, &explained.findings);
	return explained;
}

struct plan_comparison plan_comparison_new(struct arena *arena, const struct query_plan *before,
                                           const struct query_plan *after, const struct plan_limits *limits)
{
	struct plan_comparison comparison = {
		.before = explained_new(arena, before, NULL),
		.after = explained_new(arena, after, NULL),
	};
	struct plan_work work_before = query_plan_work(before), work_after = query_plan_work(after);

	plan_match(arena, before, after, &comparison.match);
	plan_diff(arena, before, after, &comparison.match, &comparison.changes);
	plan_judge(arena, &work_before, &work_after, limits, &comparison.judgement);
	return comparison;
}

size_t explained_finding_at(const struct explained *explained, size_t node)
{
	for (size_t i = 0; i < explained->findings.count; i++)
		if (explained->findings.items[i].node == node)
			return i + 1;
	return 0;
}
