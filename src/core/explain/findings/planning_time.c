#include "core/explain/figure.h"
#include "core/explain/findings/rules.h"

enum { PLANNING_MS = 20 };

static void look(struct plan_look *look)
{
	if (look->plan->planning_ms >= PLANNING_MS && look->plan->planning_ms > look->plan->wall_ms)
		look_find(look, PLAN_SEVERITY_MEDIUM, 0, NULL, "planning takes %s, running %s",
		          figure_ms(look->arena, look->plan->planning_ms), figure_ms(look->arena, look->plan->wall_ms));
}

const struct plan_rule_entry planning_time_rule = {
	.row = {.name = "planning-time",
	        .meaning = "planning takes 20 ms or more, and longer than running"},
	.whole = true,
	.look = look,
};
