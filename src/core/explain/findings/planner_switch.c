#include <string.h>

#include "core/explain/findings/rules.h"
#include "core/sql/identifier.h"

static void look(struct plan_look *look)
{
	for (size_t i = 0; i < look->plan->settings.count; i++) {
		const struct plan_detail *setting = &look->plan->settings.items[i];
		if (strncmp(setting->name, "enable_", 7) == 0 && strcmp(setting->value, "off") == 0)
			look_find(look, PLAN_SEVERITY_MEDIUM, 0, arena_printf(look->arena, "RESET %s",
			          sql_identifier(look->arena, setting->name)),
			          "%s is off: the planner may not choose freely", setting->name);
	}
}

const struct plan_rule_entry planner_switch_rule = {
	.row = {.name = "planner-switch",
	        .meaning = "an enable_... setting of the planner is off"},
	.whole = true,
	.estimated = true,
	.look = look,
};
