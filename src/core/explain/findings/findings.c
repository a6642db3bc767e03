#include "core/explain/finding.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/text.h"
#include "core/explain/findings/rules.h"

static const struct plan_rule_entry *const RULES[] = {
	&selective_scan_rule,     &filter_waste_rule,   &inner_side_rule,      &cartesian_product_rule,
	&estimate_rule,           &sort_on_disk_rule,   &hash_batches_rule,    &spill_rule,
	&temporary_files_rule,    &lossy_bitmap_rule,   &heap_fetches_rule,    &index_searches_rule,
	&foreign_key_trigger_rule, &trigger_time_rule,  &jit_time_rule,        &planning_time_rule,
	&unattributed_time_rule,  &planner_switch_rule, &disabled_node_rule,   &workers_missing_rule,
	&own_time_rule,
};

enum { RULE_COUNT = sizeof(RULES) / sizeof(RULES[0]) };

const struct plan_rule *plan_rule_at(size_t number)
{
	return number < RULE_COUNT ? &RULES[number]->row : NULL;
}

const char *plan_severity_name(enum plan_severity severity)
{
	static const char *const NAMES[] = {
		[PLAN_SEVERITY_LOW] = "low", [PLAN_SEVERITY_MEDIUM] = "medium", [PLAN_SEVERITY_HIGH] = "high"};
	return NAMES[severity];
}

void look_find(struct plan_look *look, enum plan_severity severity, double share, const char *sql, const char *format,
               ...)
{
	va_list args;

	va_start(args, format);
	struct plan_finding finding = {
		.rule = look->rule->name,
		.severity = severity,
		.node = look->at,
		.share = share > 1 ? 1 : share,
		.sentence = safe_text(look->arena, arena_vprintf(look->arena, format, args)),
		.sql = sql,
	};
	va_end(args);
	list_push(look->arena, look->findings, finding);
}

/* Equal ones keep their places: nodes first, in their order, then the statement. */
static int compare(const void *left, const void *right)
{
	const struct plan_finding *a = left, *b = right;

	if (a->severity != b->severity)
		return a->severity > b->severity ? -1 : 1;
	if (a->share < b->share || a->share > b->share)
		return a->share > b->share ? -1 : 1;
	if (a->node != b->node)
		return a->node < b->node ? -1 : 1;
	return a < b ? -1 : a > b;
}

static bool wants(const struct plan_rule_entry *rule, const struct plan_look *look)
{
	if (rule->estimated)
		return true;
	return look->node ? node_ran(look->node) : look->plan->analyzed;
}

static void look_with(const struct plan_rule_entry *rule, const struct plan_fold *folds, struct plan_look *look)
{
	look->rule = &rule->row;
	look->at = SIZE_MAX;
	look->node = NULL;
	if (rule->whole) {
		if (wants(rule, look))
			rule->look(look);
		return;
	}
	for (size_t i = 0; i < look->plan->nodes.count; i++) {
		look->at = i;
		look->fold = &folds[i];
		look->node = folds[i].node;
		if (look->node && wants(rule, look))
			rule->look(look);
	}
}

void plan_findings_find(struct arena *arena, const struct query_plan *plan, struct plan_finding_list *ret_findings)
{
	struct plan_finding_list findings = {0};
	struct plan_look look = {.arena = arena, .plan = plan, .findings = &findings};

	const struct plan_fold *folds = plan_fold_partitions(arena, plan);
	for (size_t i = 0; plan->nodes.count && i < RULE_COUNT; i++)
		look_with(RULES[i], folds, &look);
	if (findings.count)
		qsort(findings.items, findings.count, sizeof(*findings.items), compare);
	*ret_findings = findings;
}
