#include "core/explain/figure.h"
#include "core/explain/findings/rules.h"

enum { SHARE_PERCENT = 10 };

static void look(struct plan_look *look)
{
	double share = plan_time_share(look->plan, look->plan->jit_ms);

	if (look->plan->has_jit && share * 100 >= SHARE_PERCENT)
		look_find(look, severity_of_share(share), share, "SET jit = off",
		          "compiling %s just in time takes %s, %s of the statement",
		          figure_of(look->arena, look->plan->jit_functions, "function"),
		          figure_ms(look->arena, look->plan->jit_ms), figure_share(look->arena, share));
}

const struct plan_rule_entry jit_time_rule = {
	.row = {.name = "jit-time",
	        .meaning = "just-in-time compilation takes 10% or more of the statement"},
	.whole = true,
	.look = look,
};
