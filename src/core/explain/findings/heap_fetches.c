#include "core/explain/figure.h"
#include "core/explain/findings/rules.h"

enum { FETCHES = 100, LOW_PERCENT = 10, MEDIUM_PERCENT = 40, HIGH_PERCENT = 90 };

/* As grave as the fetches, and never graver than what they can cost. */
static enum plan_severity weigh(double fetched_percent, enum plan_severity most)
{
	enum plan_severity severity = fetched_percent >= HIGH_PERCENT     ? PLAN_SEVERITY_HIGH
	                              : fetched_percent >= MEDIUM_PERCENT ? PLAN_SEVERITY_MEDIUM
	                                                                  : PLAN_SEVERITY_LOW;
	return severity < most ? severity : most;
}

static void look(struct plan_look *look)
{
	const struct plan_node *node = look->node;
	double rows = node_rows_looked_at(node), share = node->figures.self_share;
	double percent = rows > 0 ? 100 * node->heap_fetches / rows : 100;

	if (node->heap_fetches < FETCHES || percent < LOW_PERCENT)
		return;
	const char *relation = sql_relation(look->arena, node);
	look_find(look, weigh(percent, severity_of_share(share)), share,
	          relation ? arena_printf(look->arena, "VACUUM %s", relation) : NULL,
	          "%s went to the table %s for %s: the visibility map does not vouch for those pages", look_title(look),
	          figure_times(look->arena, node->heap_fetches), figure_of(look->arena, rows, "row"));
}

const struct plan_rule_entry heap_fetches_rule = {
	.row = {.name = "heap-fetches",
	        .meaning = "an index-only scan goes to the table for 10% or more of its rows, 100 or more"},
	.look = look,
};
