#include "core/explain/figure.h"
#include "core/explain/findings/rules.h"

enum { SHARE_PERCENT = 10 };

static void look(struct plan_look *look)
{
	for (size_t i = 0; i < look->plan->triggers.count; i++) {
		const struct plan_trigger *trigger = &look->plan->triggers.items[i];
		double share = plan_time_share(look->plan, trigger->time_ms);
		if (share * 100 < SHARE_PERCENT || is_slow_key(look->plan, trigger))
			continue;
		look_find(look, severity_of_share(share), share, NULL, "the trigger %s%s%s takes %s in %s, %s of the statement",
		          trigger->constraint ? trigger->constraint : trigger->name, trigger->relation ? " on " : "",
		          trigger->relation ? trigger->relation : "", figure_ms(look->arena, trigger->time_ms),
		          figure_of(look->arena, trigger->calls, "call"), figure_share(look->arena, share));
	}
}

const struct plan_rule_entry trigger_time_rule = {
	.row = {.name = "trigger-time",
	        .meaning = "a trigger takes 10% or more of the statement"},
	.whole = true,
	.look = look,
};
