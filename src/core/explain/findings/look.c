#include "core/explain/findings/look.h"

#include <stdlib.h>
#include <string.h>

#include "core/sql/identifier.h"

enum severity_share { MEDIUM_PERCENT = 20, HIGH_PERCENT = 50 };

enum plan_severity severity_of_share(double share)
{
	if (100 * share >= HIGH_PERCENT)
		return PLAN_SEVERITY_HIGH;
	return 100 * share >= MEDIUM_PERCENT ? PLAN_SEVERITY_MEDIUM : PLAN_SEVERITY_LOW;
}

const char *look_title(const struct plan_look *look)
{
	return plan_fold_title(look->arena, look->fold);
}

static double share_of(double part, double whole)
{
	double share = whole > 0 ? part / whole : 0;
	return share < 1 ? share : 1;
}

double plan_subtree_share(const struct query_plan *plan, const struct plan_node *node)
{
	if (node->has_timing)
		return share_of(node->figures.wall_ms, plan->wall_ms);
	return share_of(plan_buffers_pages(&node->buffers), plan_buffers_pages(&plan->nodes.items[0].buffers));
}

double plan_time_share(const struct query_plan *plan, double ms)
{
	return share_of(ms, plan->wall_ms);
}

double node_rows_looked_at(const struct plan_node *node)
{
	return node->figures.rows + node->loops * node->removed_by_filter;
}

double node_temp_pages(const struct plan_node *node)
{
	return node->figures.self_buffers.temp_read + node->figures.self_buffers.temp_written;
}

const char *node_detail(const struct plan_node *node, const char *name)
{
	for (size_t i = 0; i < node->details.count; i++)
		if (strcmp(node->details.items[i].name, name) == 0)
			return node->details.items[i].value;
	return NULL;
}

/* ---- SQL to try ---- */

/* The server's default where the plan does not tell. */
static double work_mem_bytes(const struct query_plan *plan)
{
	static const struct {
		const char *name;
		double bytes;
	} UNITS[] = {{"kB", 1024}, {"MB", 1048576}, {"GB", 1073741824}};
	const char *value = "4MB";
	char *unit;

	for (size_t i = 0; i < plan->settings.count; i++)
		if (strcmp(plan->settings.items[i].name, "work_mem") == 0)
			value = plan->settings.items[i].value;
	double number = strtod(value, &unit);
	for (size_t i = 0; i < sizeof(UNITS) / sizeof(UNITS[0]); i++)
		if (strcmp(unit, UNITS[i].name) == 0)
			return number * UNITS[i].bytes;
	return number * 1024;
}

const char *sql_work_mem(struct plan_look *look, double bytes)
{
	const double megabyte = 1048576;
	double present = work_mem_bytes(look->plan);
	int megabytes = 1;

	while (megabytes <= 1024 && (megabytes * megabyte < bytes || megabytes * megabyte <= present))
		megabytes *= 2;
	return megabytes <= 1024 ? arena_printf(look->arena, "SET work_mem = '%dMB'", megabytes) : NULL;
}

const char *sql_relation(struct arena *arena, const struct plan_node *node)
{
	return node->relation ? sql_qualified(arena, node->schema, node->relation) : NULL;
}
