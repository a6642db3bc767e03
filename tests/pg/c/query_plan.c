/* Reads a query plan from standard input, in whatever form, and shows what was understood of it as one line of JSON. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/strbuf.h"
#include "core/explain/query_plan.h"

static void set_number(struct json *object, const char *key, double number)
{
	char digits[64];
	if (number > 0 || number < 0) {
		snprintf(digits, sizeof(digits), "%.17g", number);
		json_set(object, key, json_new_real(digits));
	}
}

static void set_text(struct json *object, const char *key, const char *text)
{
	if (text)
		json_set_text(object, key, text);
}

static struct json *details_json(const struct plan_detail *details, size_t count)
{
	struct json *rows = json_new_array();
	for (size_t i = 0; i < count; i++) {
		struct json *row = json_new_array();
		json_push_text(row, details[i].name);
		json_push_text(row, details[i].value);
		json_push(rows, row);
	}
	return rows;
}

static struct json *buffers_json(const struct plan_buffers *buffers)
{
	static const char *const names[] = {"shared_hit", "shared_read", "shared_dirtied", "shared_written",
	                                    "local_hit",  "local_read",  "local_dirtied",  "local_written",
	                                    "temp_read",  "temp_written", "read_ms",       "write_ms",
	                                    "temp_read_ms", "temp_write_ms"};
	const double *fields = (const double *)buffers;
	struct json *object = json_new_object();
	_Static_assert(sizeof(names) / sizeof(*names) == sizeof(*buffers) / sizeof(double), "one name for each field");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		set_number(object, names[i], fields[i]);
	return object;
}

static struct json *workers_json(const struct plan_node *node)
{
	struct json *rows = json_new_array();
	for (size_t i = 0; i < node->workers.count; i++) {
		const struct plan_worker *worker = &node->workers.items[i];
		struct json *row = json_new_object();
		json_set_int(row, "number", worker->number);
		set_number(row, "startup_ms", worker->startup_ms);
		set_number(row, "total_ms", worker->total_ms);
		set_number(row, "rows", worker->rows);
		set_number(row, "loops", worker->loops);
		json_set(row, "buffers", buffers_json(&worker->buffers));
		json_push(rows, row);
	}
	return rows;
}

static void set_names(struct json *row, const struct plan_node *node)
{
	const struct {
		const char *key, *text;
	} names[] = {
		{"type", node->type}, {"subplan", node->subplan}, {"returns", node->returns},
		{"provider", node->provider}, {"schema", node->schema}, {"relation", node->relation},
		{"alias", node->alias}, {"index", node->index}, {"cte", node->cte},
		{"function", node->function}, {"join_type", node->join_type}, {"strategy", node->strategy},
		{"partial_mode", node->partial_mode}, {"operation", node->operation}, {"command", node->command},
		{"direction", node->direction}, {"filter", node->filter}, {"join_filter", node->join_filter},
		{"index_condition", node->index_condition}, {"recheck_condition", node->recheck_condition},
		{"hash_condition", node->hash_condition}, {"merge_condition", node->merge_condition},
		{"sort_key", node->sort_key}, {"group_key", node->group_key}, {"sort_method", node->sort_method},
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		set_text(row, names[i].key, names[i].text);
}

static void set_numbers(struct json *row, const struct plan_node *node)
{
	const struct {
		const char *key;
		double number;
	} numbers[] = {
		{"startup_cost", node->startup_cost}, {"total_cost", node->total_cost}, {"plan_rows", node->plan_rows},
		{"width", node->width}, {"startup_ms", node->startup_ms}, {"total_ms", node->total_ms},
		{"actual_rows", node->actual_rows}, {"loops", node->loops},
		{"removed_by_filter", node->removed_by_filter},
		{"removed_by_join_filter", node->removed_by_join_filter},
		{"removed_by_recheck", node->removed_by_recheck}, {"heap_fetches", node->heap_fetches},
		{"index_searches", node->index_searches}, {"exact_blocks", node->exact_blocks},
		{"lossy_blocks", node->lossy_blocks}, {"sort_space_bytes", node->sort_space_bytes},
		{"hash_batches", node->hash_batches}, {"hash_batches_planned", node->hash_batches_planned},
		{"hash_memory_bytes", node->hash_memory_bytes}, {"disk_bytes", node->disk_bytes},
		{"cache_hits", node->cache_hits}, {"cache_misses", node->cache_misses},
		{"cache_evictions", node->cache_evictions}, {"workers_planned", node->workers_planned},
		{"workers_launched", node->workers_launched}, {"parallel_aware", node->parallel_aware},
		{"async_capable", node->async_capable}, {"disabled", node->disabled},
		{"inner_unique", node->inner_unique}, {"has_actual", node->has_actual}, {"never", node->never},
		{"has_timing", node->has_timing}, {"sort_on_disk", node->sort_on_disk},
		{"has_workers_launched", node->has_workers_launched}, {"has_buffers", node->has_buffers},
		{"has_wal", node->has_wal}, {"wal_records", node->wal.records}, {"wal_fpi", node->wal.full_pages},
		{"wal_bytes", node->wal.size_bytes},
	};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		set_number(row, numbers[i].key, numbers[i].number);
}

static struct json *figures_json(const struct plan_figures *figures)
{
	struct json *row = json_new_object();
	set_number(row, "processes", figures->processes);
	set_number(row, "rows", figures->rows);
	set_number(row, "cpu_ms", figures->cpu_ms);
	set_number(row, "wall_ms", figures->wall_ms);
	set_number(row, "self_cpu_ms", figures->self_cpu_ms);
	set_number(row, "self_wall_ms", figures->self_wall_ms);
	set_number(row, "self_share", figures->self_share);
	set_number(row, "self_cost", figures->self_cost);
	json_set(row, "self_buffers", buffers_json(&figures->self_buffers));
	set_number(row, "self_pages", figures->self_pages);
	set_number(row, "estimate_factor", figures->estimate_factor);
	set_number(row, "estimate_starts", figures->estimate_starts);
	set_number(row, "removed_share", figures->removed_share);
	set_number(row, "inconsistent", figures->inconsistent);
	return row;
}

static struct json *node_json(struct arena *arena, const struct plan_node *node)
{
	static const char *const links[] = {
		[PLAN_ROOT] = "root",         [PLAN_OUTER] = "outer",     [PLAN_INNER] = "inner",
		[PLAN_MEMBER] = "member",     [PLAN_SUBQUERY] = "subquery", [PLAN_SUBPLAN] = "subplan",
		[PLAN_INITPLAN] = "initplan", [PLAN_CTE] = "cte",
	};
	struct json *row = json_new_object();
	json_set_text(row, "title", plan_node_title(arena, node));
	json_set_int(row, "parent", node->parent == SIZE_MAX ? -1 : (int64_t)node->parent);
	json_set_int(row, "depth", (int64_t)node->depth);
	json_set_text(row, "link", links[node->link]);
	set_names(row, node);
	set_numbers(row, node);
	json_set(row, "workers", workers_json(node));
	json_set(row, "buffers", buffers_json(&node->buffers));
	json_set(row, "details", details_json(node->details.items, node->details.count));
	json_set(row, "figures", figures_json(&node->figures));
	return row;
}

static struct json *triggers_json(const struct query_plan *plan)
{
	struct json *rows = json_new_array();
	for (size_t i = 0; i < plan->triggers.count; i++) {
		const struct plan_trigger *trigger = &plan->triggers.items[i];
		struct json *row = json_new_object();
		json_set_text(row, "name", trigger->name);
		json_set_text(row, "relation", trigger->relation);
		set_text(row, "constraint", trigger->constraint);
		set_number(row, "time_ms", trigger->time_ms);
		set_number(row, "calls", trigger->calls);
		json_push(rows, row);
	}
	return rows;
}

static struct json *plan_json(struct arena *arena, const struct query_plan *plan)
{
	struct json *object = json_new_object();
	set_text(object, "query", plan->query);
	set_text(object, "query_id", plan->query_id);
	const struct {
		const char *key;
		double number;
	} numbers[] = {
		{"analyzed", plan->analyzed}, {"has_timing", plan->has_timing}, {"has_buffers", plan->has_buffers},
		{"has_wal", plan->has_wal}, {"planning_ms", plan->planning_ms}, {"execution_ms", plan->execution_ms},
		{"has_jit", plan->has_jit}, {"jit_functions", plan->jit_functions}, {"jit_ms", plan->jit_ms},
		{"serialization_ms", plan->serialization_ms}, {"serialization_bytes", plan->serialization_bytes},
		{"trigger_ms", plan->trigger_ms}, {"unattributed_ms", plan->unattributed_ms},
		{"wall_ms", plan->wall_ms},
	};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		set_number(object, numbers[i].key, numbers[i].number);
	json_set(object, "planning_buffers", buffers_json(&plan->planning_buffers));
	json_set(object, "serialization_buffers", buffers_json(&plan->serialization_buffers));
	json_set(object, "triggers", triggers_json(plan));
	json_set(object, "settings", details_json(plan->settings.items, plan->settings.count));
	json_set(object, "details", details_json(plan->details.items, plan->details.count));
	struct json *nodes = json_new_array();
	for (size_t i = 0; i < plan->nodes.count; i++)
		json_push(nodes, node_json(arena, &plan->nodes.items[i]));
	json_set(object, "nodes", nodes);
	return object;
}

int main(void)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_error_ struct error err = {0};
	_cleanup_strbuf_ struct strbuf text = {0}, line = {0};
	_cleanup_json_ struct json *report = NULL;
	struct query_plan *plan;
	char piece[4096];
	for (size_t got; (got = fread(piece, 1, sizeof(piece), stdin)) > 0;)
		strbuf_add(&text, piece, got);

	if (query_plan_read(arena, strbuf_text(&text), text.length, &plan, &err) == OK) {
		report = plan_json(arena, plan);
	} else {
		report = json_new_object();
		json_set_text(report, "error", err.message);
		json_set_text(report, "detail", err.detail);
		json_set_text(report, "hint", error_hint_text(&err));
		json_set_int(report, "line", err.line);
	}
	json_write(&line, report);
	puts(strbuf_text(&line));
	return 0;
}
