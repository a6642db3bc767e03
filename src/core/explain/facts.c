#include "core/explain/facts.h"

#include <string.h>

#include "core/explain/figure.h"
#include "core/explain/plan_text.h"

static void add(struct arena *arena, struct plan_facts *facts, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	struct plan_fact *fact = list_add(arena, &facts->list);
	*fact = (struct plan_fact){name, value};
}

static const char *count(struct arena *arena, double number)
{
	return figure_count(arena, number);
}

/* ---- conditions ---- */

/* What rows a condition threw away, of those that it was asked about; per loop, as it is printed. */
static const char *removed(struct arena *arena, const struct plan_node *node, const char *condition, double rows)
{
	if (!condition || !(rows > 0))
		return condition;
	double whole = node->actual_rows + node->removed_by_filter + node->removed_by_join_filter +
	               node->removed_by_recheck;
	return arena_printf(arena, "%s: removed %s of %s rows%s (%s)", condition, count(arena, rows),
	                    count(arena, whole), node->loops > 1 ? " in each loop" : "",
	                    figure_share(arena, whole > 0 ? rows / whole : 0));
}

static const char *sorted(struct arena *arena, const struct plan_node *node)
{
	if (!node->sort_method)
		return NULL;
	return arena_printf(arena, "%s, %s %s", node->sort_method, figure_bytes(arena, node->sort_space_bytes),
	                    node->sort_on_disk ? "on disk" : "of memory");
}

void plan_facts_of_conditions(struct arena *arena, const struct plan_node *node, struct plan_facts *facts)
{
	add(arena, facts, "index condition", node->index_condition);
	add(arena, facts, "recheck", removed(arena, node, node->recheck_condition, node->removed_by_recheck));
	add(arena, facts, "hash condition", node->hash_condition);
	add(arena, facts, "merge condition", node->merge_condition);
	add(arena, facts, "join filter", removed(arena, node, node->join_filter, node->removed_by_join_filter));
	add(arena, facts, "filter", removed(arena, node, node->filter, node->removed_by_filter));
	add(arena, facts, "sort key", node->sort_key);
	add(arena, facts, "group key", node->group_key);
	add(arena, facts, "sort", sorted(arena, node));
}

/* ---- a node's figures ---- */

static const char *rows_of(struct arena *arena, const struct plan_node *node)
{
	const char *factor = plan_text_factor(arena, node->figures.estimate_factor);

	if (node->never)
		return "never executed";
	if (!node->has_actual)
		return arena_printf(arena, "%s planned", count(arena, node->plan_rows));
	if (node->loops <= 1)
		return arena_printf(arena, "%s, planned %s%s%s%s", count(arena, node->actual_rows),
		                    count(arena, node->plan_rows), *factor ? ": " : "", factor,
		                    node->figures.estimate_starts ? ", and it starts here" : "");
	return arena_printf(arena, "%s in %s loops; %s in each, planned %s%s%s%s", count(arena, node->figures.rows),
	                    count(arena, node->loops), count(arena, node->actual_rows), count(arena, node->plan_rows),
	                    *factor ? ": " : "", factor, node->figures.estimate_starts ? ", and it starts here" : "");
}

static const char *time_of(struct arena *arena, const struct query_plan *plan, const struct plan_node *node)
{
	const struct plan_figures *figures = &node->figures;

	if (!node->has_timing || node->never)
		return NULL;
	const char *text = arena_printf(arena, "%s with all below, %s its own", figure_ms(arena, figures->wall_ms),
	                                figure_ms(arena, figures->self_wall_ms));
	if (plan->wall_ms > 0)
		text = arena_printf(arena, "%s (%s)", text, figure_share(arena, figures->self_wall_ms / plan->wall_ms));
	if (figures->inconsistent)
		text = arena_printf(arena, "%s; what is below says more than it has", text);
	return text;
}

static const char *processes_of(struct arena *arena, const struct plan_node *node)
{
	if (!(node->figures.processes > 1.005) || !node->has_timing)
		return NULL;
	return arena_printf(arena, "%.1f side by side, %s of CPU, %s its own", node->figures.processes,
	                    figure_ms(arena, node->figures.cpu_ms), figure_ms(arena, node->figures.self_cpu_ms));
}

static const char *pages_text(struct arena *arena, const struct plan_buffers *buffers)
{
	double hit = buffers->shared_hit + buffers->local_hit, read = buffers->shared_read + buffers->local_read;

	if (!(hit + read > 0))
		return NULL;
	return arena_printf(arena, "%s (%s), %s of them from cache", count(arena, hit + read),
	                    figure_page_bytes(arena, hit + read), figure_share(arena, hit / (hit + read)));
}

static const char *temp_text(struct arena *arena, const struct plan_buffers *buffers)
{
	if (!(buffers->temp_read + buffers->temp_written > 0))
		return NULL;
	return arena_printf(arena, "%s written, %s read", figure_page_bytes(arena, buffers->temp_written),
	                    figure_page_bytes(arena, buffers->temp_read));
}

static const char *changed_text(struct arena *arena, const struct plan_buffers *buffers)
{
	double dirtied = buffers->shared_dirtied + buffers->local_dirtied;
	double written = buffers->shared_written + buffers->local_written;

	if (!(dirtied + written > 0))
		return NULL;
	return arena_printf(arena, "%s pages dirtied, %s written", count(arena, dirtied), count(arena, written));
}

static const char *io_text(struct arena *arena, const struct plan_buffers *buffers)
{
	double read = buffers->read_ms + buffers->temp_read_ms, write = buffers->write_ms + buffers->temp_write_ms;

	if (!(read + write > 0))
		return NULL;
	return arena_printf(arena, "%s reading, %s writing", figure_ms(arena, read), figure_ms(arena, write));
}

static const char *wal_text(struct arena *arena, const struct plan_wal *wal)
{
	if (!(wal->records > 0))
		return NULL;
	return arena_printf(arena, "%s in %s records, %s full pages", figure_bytes(arena, wal->size_bytes),
	                    count(arena, wal->records), count(arena, wal->full_pages));
}

static void add_pages(struct arena *arena, const struct plan_node *node, struct plan_facts *facts)
{
	const char *all = pages_text(arena, &node->buffers);

	if (!node->has_buffers)
		return;
	if (all)
		add(arena, facts, "pages",
		    arena_printf(arena, "%s; %s its own", all, count(arena, node->figures.self_pages)));
	add(arena, facts, "changed", changed_text(arena, &node->buffers));
	add(arena, facts, "temporary files", temp_text(arena, &node->buffers));
	add(arena, facts, "I/O", io_text(arena, &node->buffers));
	if (node->has_wal)
		add(arena, facts, "WAL", wal_text(arena, &node->wal));
}

static void add_memory(struct arena *arena, const struct plan_node *node, struct plan_facts *facts)
{
	if (node->hash_batches > 0)
		add(arena, facts, "hash",
		    arena_printf(arena, "%s %s%s, %s of memory", count(arena, node->hash_batches),
		                 node->hash_batches == 1 ? "batch" : "batches",
		                 node->hash_batches_planned > 0 && node->hash_batches != node->hash_batches_planned
		                         ? arena_printf(arena, " (planned %s)", count(arena, node->hash_batches_planned))
		                         : "",
		                 figure_bytes(arena, node->hash_memory_bytes)));
	if (node->disk_bytes > 0)
		add(arena, facts, "on disk", figure_bytes(arena, node->disk_bytes));
	if (node->cache_hits + node->cache_misses > 0)
		add(arena, facts, "memoized",
		    arena_printf(arena, "%s hits, %s misses, %s evictions", count(arena, node->cache_hits),
		                 count(arena, node->cache_misses), count(arena, node->cache_evictions)));
	if (node->exact_blocks + node->lossy_blocks > 0)
		add(arena, facts, "heap blocks",
		    arena_printf(arena, "%s exact, %s lossy", count(arena, node->exact_blocks),
		                 count(arena, node->lossy_blocks)));
	if (node->heap_fetches > 0)
		add(arena, facts, "heap fetches", count(arena, node->heap_fetches));
	if (node->index_searches > 0)
		add(arena, facts, "index searches", count(arena, node->index_searches));
}

static void add_workers(struct arena *arena, const struct plan_node *node, struct plan_facts *facts)
{
	const struct plan_worker *slowest = NULL;

	if (node->workers_planned > 0)
		add(arena, facts, "workers",
		    node->has_workers_launched
		            ? arena_printf(arena, "%s of %s launched", count(arena, node->workers_launched),
		                           count(arena, node->workers_planned))
		            : arena_printf(arena, "%s planned", count(arena, node->workers_planned)));
	for (size_t i = 0; i < node->workers.count; i++) {
		const struct plan_worker *worker = &node->workers.items[i];
		if (!slowest || worker->total_ms * worker->loops > slowest->total_ms * slowest->loops)
			slowest = worker;
	}
	if (slowest && slowest->total_ms > 0)
		add(arena, facts, "slowest worker",
		    arena_printf(arena, "%d: %s, %s rows", slowest->number,
		                 figure_ms(arena, slowest->total_ms * slowest->loops),
		                 count(arena, slowest->rows * slowest->loops)));
}

/* Those that are told in other words, or stand in the title. */
static bool is_told(const char *name)
{
	static const char *const TOLD[] = {
		"Alias", "Async Capable", "CTE Name", "Cache Evictions", "Cache Hits", "Cache Misses", "Command",
		"Disabled", "Disk Usage", "Exact Heap Blocks", "Filter", "Function Name", "Group Key", "Hash Batches",
		"Hash Cond", "Heap Fetches", "Index Cond", "Index Name", "Index Searches", "Inner Unique", "Join Filter",
		"Join Type", "Lossy Heap Blocks", "Merge Cond", "Node Type", "Operation", "Original Hash Batches",
		"Parallel Aware", "Parent Relationship", "Partial Mode", "Peak Memory Usage", "Recheck Cond",
		"Relation Name", "Rows Removed by Filter", "Rows Removed by Index Recheck", "Rows Removed by Join Filter",
		"Scan Direction", "Schema", "Sort Key", "Sort Method", "Sort Space Type", "Sort Space Used", "Strategy",
		"Subplan Name", "WAL Bytes", "WAL FPI", "WAL Records", "Workers Launched", "Workers Planned",
	};
	for (size_t i = 0; i < sizeof(TOLD) / sizeof(TOLD[0]); i++)
		if (strcmp(TOLD[i], name) == 0)
			return true;
	return false;
}

void plan_facts_of_node(struct arena *arena, const struct query_plan *plan, size_t index, struct plan_facts *facts)
{
	const struct plan_node *node = &plan->nodes.items[index];

	plan_facts_of_conditions(arena, node, facts);
	add(arena, facts, "rows", rows_of(arena, node));
	add(arena, facts, "time", time_of(arena, plan, node));
	add(arena, facts, "processes", processes_of(arena, node));
	add_pages(arena, node, facts);
	add_memory(arena, node, facts);
	add_workers(arena, node, facts);
	if (node->total_cost > 0)
		add(arena, facts, "cost",
		    arena_printf(arena, "%.2f..%.2f, %s its own", node->startup_cost, node->total_cost,
		                 count(arena, node->figures.self_cost)));
	if (node->disabled)
		add(arena, facts, "disabled", "by a setting (enable_...), and taken all the same");
	for (size_t i = 0; i < node->details.count; i++)
		if (!is_told(node->details.items[i].name))
			add(arena, facts, node->details.items[i].name, node->details.items[i].value);
}

/* ---- the whole ---- */

void plan_facts_of_plan(struct arena *arena, const struct query_plan *plan, struct plan_facts *facts)
{
	const struct plan_node *root = plan->nodes.count ? &plan->nodes.items[0] : NULL;

	if (plan->wall_ms > 0)
		add(arena, facts, "execution", figure_ms(arena, plan->wall_ms));
	if (plan->planning_ms > 0)
		add(arena, facts, "planning", figure_ms(arena, plan->planning_ms));
	if (root && !plan->analyzed && root->total_cost > 0)
		add(arena, facts, "cost", count(arena, root->total_cost));
	if (root && plan->has_buffers) {
		add(arena, facts, "pages", pages_text(arena, &root->buffers));
		add(arena, facts, "changed", changed_text(arena, &root->buffers));
		add(arena, facts, "temporary files", temp_text(arena, &root->buffers));
		add(arena, facts, "I/O", io_text(arena, &root->buffers));
	}
	if (root && plan->has_wal)
		add(arena, facts, "WAL", wal_text(arena, &root->wal));
}

static const char *of_execution(struct arena *arena, const struct query_plan *plan, double ms)
{
	const char *text = figure_ms(arena, ms);

	if (!(plan->wall_ms > 0))
		return text;
	return arena_printf(arena, "%s (%s of the execution)", text, figure_share(arena, ms / plan->wall_ms));
}

void plan_facts_outside(struct arena *arena, const struct query_plan *plan, struct plan_facts *facts)
{
	if (plan->planning_ms > 0) {
		const char *pages = pages_text(arena, &plan->planning_buffers);
		add(arena, facts, "planning",
		    arena_printf(arena, "%s%s%s", figure_ms(arena, plan->planning_ms), pages ? "; pages: " : "",
		                 pages ? pages : ""));
	}
	for (size_t i = 0; i < plan->triggers.count; i++) {
		const struct plan_trigger *trigger = &plan->triggers.items[i];
		add(arena, facts, "trigger",
		    arena_printf(arena, "%s%s%s: %s, %s calls",
		                 trigger->constraint ? trigger->constraint : trigger->name ? trigger->name : "?",
		                 trigger->relation ? " on " : "", trigger->relation ? trigger->relation : "",
		                 of_execution(arena, plan, trigger->time_ms), count(arena, trigger->calls)));
	}
	if (plan->has_jit)
		add(arena, facts, "JIT",
		    arena_printf(arena, "%s, %s functions; it is part of the nodes' time",
		                 of_execution(arena, plan, plan->jit_ms), count(arena, plan->jit_functions)));
	if (plan->serialization_ms > 0)
		add(arena, facts, "serialization",
		    arena_printf(arena, "%s for %s", of_execution(arena, plan, plan->serialization_ms),
		                 figure_bytes(arena, plan->serialization_bytes)));
	if (plan->unattributed_ms >= 0.01)
		add(arena, facts, "at no node", of_execution(arena, plan, plan->unattributed_ms));
	for (size_t i = 0; i < plan->settings.count; i++)
		add(arena, facts, "setting",
		    arena_printf(arena, "%s = %s", plan->settings.items[i].name, plan->settings.items[i].value));
	for (size_t i = 0; i < plan->details.count; i++)
		add(arena, facts, plan->details.items[i].name, plan->details.items[i].value);
}
