#include "core/explain/figure.h"
#include "core/explain/findings/rules.h"

enum { SHARE_PERCENT = 10, LEAST_MS = 10 };

/* Compilation at the start belongs to JIT, which has a rule of its own. */
static void look(struct plan_look *look)
{
	double ms = look->plan->unattributed_ms - (look->plan->has_jit ? look->plan->jit_ms : 0);
	double share = plan_time_share(look->plan, ms);

	if (ms >= LEAST_MS && share * 100 >= SHARE_PERCENT)
		look_find(look, severity_of_share(share), share, NULL,
		          "%s, %s of the statement, passed outside the nodes: opening and closing relations, waiting for "
		          "locks, sending rows",
		          figure_ms(look->arena, ms), figure_share(look->arena, share));
}

const struct plan_rule_entry unattributed_time_rule = {
	.row = {.name = "unattributed-time",
	        .meaning = "10% or more of the time, 10 ms or more, passed outside all nodes, triggers and serialization"},
	.whole = true,
	.look = look,
};
