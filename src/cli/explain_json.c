#include "cli/explain_print.h"

#include <stdint.h>

/* Figures have at most three digits behind the point; whole numbers have none. */
static void set_number(struct json *object, const char *key, double value)
{
	_cleanup_strbuf_ struct strbuf digits = {0};

	if (value > -9e15 && value < 9e15 && value == (double)(int64_t)value) {
		json_set_int(object, key, (int64_t)value);
		return;
	}
	strbuf_printf(&digits, "%.3f", value);
	json_set(object, key, json_new_real(strbuf_text(&digits)));
}

static void set_known(struct json *object, const char *key, const char *text)
{
	if (text)
		json_set_text(object, key, text);
}

static void set_index(struct json *object, const char *key, size_t index)
{
	if (index != SIZE_MAX)
		json_set_int(object, key, (int64_t)index);
}

static struct json *details_json(const struct plan_detail *items, size_t count)
{
	struct json *object = json_new_object();
	for (size_t i = 0; i < count; i++)
		json_set_text(object, items[i].name, items[i].value);
	return object;
}

static struct json *buffers_json(const struct plan_buffers *buffers)
{
	struct json *object = json_new_object();
	set_number(object, "hit", buffers->shared_hit + buffers->local_hit);
	set_number(object, "read", buffers->shared_read + buffers->local_read);
	set_number(object, "dirtied", buffers->shared_dirtied + buffers->local_dirtied);
	set_number(object, "written", buffers->shared_written + buffers->local_written);
	set_number(object, "temp_read", buffers->temp_read);
	set_number(object, "temp_written", buffers->temp_written);
	return object;
}

static const char *link_name(enum plan_link link)
{
	static const char *const NAMES[] = {
		[PLAN_ROOT] = "root",         [PLAN_OUTER] = "outer",       [PLAN_INNER] = "inner",
		[PLAN_MEMBER] = "member",     [PLAN_SUBQUERY] = "subquery", [PLAN_SUBPLAN] = "subplan",
		[PLAN_INITPLAN] = "initplan", [PLAN_CTE] = "cte",
	};
	return NAMES[link];
}

static void set_names(struct json *object, const struct plan_node *node)
{
	json_set_text(object, "link", link_name(node->link));
	json_set_text(object, "type", node->type);
	set_known(object, "subplan", node->subplan);
	set_known(object, "schema", node->schema);
	set_known(object, "relation", node->relation);
	set_known(object, "alias", node->alias);
	set_known(object, "index", node->index);
	set_known(object, "cte", node->cte);
	set_known(object, "function", node->function);
}

static void set_figures(struct json *object, const struct query_plan *plan, const struct plan_node *node)
{
	const struct plan_figures *figures = &node->figures;

	set_number(object, "total_cost", node->total_cost);
	set_number(object, "self_cost", figures->self_cost);
	set_number(object, "plan_rows", node->plan_rows);
	if (node->never)
		json_set_bool(object, "never_executed", true);
	if (node->has_actual) {
		set_number(object, "loops", node->loops);
		set_number(object, "rows", figures->rows);
		set_number(object, "rows_removed",
		           (node->removed_by_filter + node->removed_by_join_filter + node->removed_by_recheck) *
		                   node->loops);
		if (figures->estimate_factor > 0)
			set_number(object, "estimate_factor", figures->estimate_factor);
	}
	if (node->has_timing) {
		set_number(object, "wall_ms", figures->wall_ms);
		set_number(object, "self_wall_ms", figures->self_wall_ms);
		set_number(object, "cpu_ms", figures->cpu_ms);
		set_number(object, "self_cpu_ms", figures->self_cpu_ms);
		set_number(object, "processes", figures->processes);
	}
	if (plan->analyzed)
		set_number(object, "self_share", figures->self_share);
	if (node->has_buffers) {
		set_number(object, "pages", plan_buffers_pages(&node->buffers));
		set_number(object, "self_pages", figures->self_pages);
		json_set(object, "buffers", buffers_json(&node->buffers));
	}
}

static struct json *nodes_json(const struct query_plan *plan)
{
	struct json *nodes = json_new_array();

	for (size_t i = 0; i < plan->nodes.count; i++) {
		const struct plan_node *node = &plan->nodes.items[i];
		struct json *object = json_new_object();
		json_set_int(object, "id", (int64_t)i);
		set_index(object, "parent", node->parent);
		json_set_int(object, "depth", (int64_t)node->depth);
		set_names(object, node);
		set_figures(object, plan, node);
		json_set(object, "details", details_json(node->details.items, node->details.count));
		json_push(nodes, object);
	}
	return nodes;
}

static struct json *findings_json(const struct explained *explained)
{
	struct json *findings = json_new_array();

	for (size_t i = 0; i < explained->findings.count; i++) {
		const struct plan_finding *finding = &explained->findings.items[i];
		struct json *object = json_new_object();
		json_set_text(object, "rule", finding->rule);
		json_set_text(object, "severity", plan_severity_name(finding->severity));
		set_index(object, "node", finding->node);
		json_set_text(object, "sentence", finding->sentence);
		set_known(object, "sql", finding->sql);
		json_push(findings, object);
	}
	return findings;
}

static struct json *triggers_json(const struct query_plan *plan)
{
	struct json *triggers = json_new_array();

	for (size_t i = 0; i < plan->triggers.count; i++) {
		const struct plan_trigger *trigger = &plan->triggers.items[i];
		struct json *object = json_new_object();
		set_known(object, "name", trigger->name);
		set_known(object, "relation", trigger->relation);
		set_known(object, "constraint", trigger->constraint);
		set_number(object, "time_ms", trigger->time_ms);
		set_number(object, "calls", trigger->calls);
		json_push(triggers, object);
	}
	return triggers;
}

static struct json *figures_json(const struct query_plan *plan)
{
	struct json *object = json_new_object();

	json_set_bool(object, "analyzed", plan->analyzed);
	if (plan->analyzed)
		set_number(object, "wall_ms", plan->wall_ms);
	set_number(object, "planning_ms", plan->planning_ms);
	set_number(object, "execution_ms", plan->execution_ms);
	if (plan->nodes.count) {
		set_number(object, "total_cost", plan->nodes.items[0].total_cost);
		if (plan->has_buffers)
			set_number(object, "pages", plan_buffers_pages(&plan->nodes.items[0].buffers));
	}
	set_number(object, "trigger_ms", plan->trigger_ms);
	if (plan->has_jit)
		set_number(object, "jit_ms", plan->jit_ms);
	set_number(object, "serialization_ms", plan->serialization_ms);
	set_number(object, "unattributed_ms", plan->unattributed_ms);
	return object;
}

static struct json *history_json(const struct explained *explained)
{
	struct json *history = json_new_array();
	for (size_t i = 0; i < explained->history.count; i++)
		json_push_text(history, explained->history.items[i]);
	return history;
}

static void fill(struct json *object, const struct explained *explained)
{
	const struct query_plan *plan = explained->plan;

	set_known(object, "query", explained->query);
	json_set_text(object, "verdict", explained->verdict);
	json_set_text(object, "shape", explained->shape.hex);
	json_set(object, "figures", figures_json(plan));
	json_set(object, "nodes", nodes_json(plan));
	json_set(object, "findings", findings_json(explained));
	json_set(object, "triggers", triggers_json(plan));
	if (explained->history.count)
		json_set(object, "history", history_json(explained));
	json_set(object, "settings", details_json(plan->settings.items, plan->settings.count));
	json_set(object, "details", details_json(plan->details.items, plan->details.count));
}

static struct json *side(const struct explained *explained)
{
	struct json *object = json_new_object();
	fill(object, explained);
	return object;
}

struct json *explain_json(const struct explained *explained)
{
	struct json *object = json_new_object();
	json_set_int(object, "v", 1);
	fill(object, explained);
	return object;
}

static struct json *changes_json(const struct plan_comparison *comparison)
{
	struct json *changes = json_new_array();

	for (size_t i = 0; i < comparison->changes.count; i++) {
		const struct plan_change *change = &comparison->changes.items[i];
		struct json *object = json_new_object();
		json_set_text(object, "kind", plan_change_kind_name(change->kind));
		json_set_text(object, "text", change->text);
		json_set_bool(object, "worse", change->worse);
		set_index(object, "before", change->before);
		set_index(object, "after", change->after);
		json_push(changes, object);
	}
	return changes;
}

static void set_ratio(struct json *object, const char *key, double ratio)
{
	if (ratio > 0)
		set_number(object, key, ratio);
}

struct json *explain_diff_json(const struct plan_comparison *comparison)
{
	const struct plan_judgement *judgement = &comparison->judgement;
	struct json *object = json_new_object();

	json_set_int(object, "v", 1);
	json_set_text(object, "outcome", plan_outcome_name(judgement->outcome));
	json_set_text(object, "reason", judgement->reason);
	set_ratio(object, "pages_ratio", judgement->pages_ratio);
	set_ratio(object, "temp_ratio", judgement->temp_ratio);
	set_ratio(object, "cost_ratio", judgement->cost_ratio);
	set_ratio(object, "time_ratio", judgement->time_ratio);
	json_set(object, "changes", changes_json(comparison));
	json_set(object, "before", side(&comparison->before));
	json_set(object, "after", side(&comparison->after));
	return object;
}
