#include "engine/queries/canary_memory.h"

#include <string.h>

#include "core/explain/compare/shape.h"

void canary_remember(struct plan_memory *memory, struct session *session, const struct run *run,
                     const struct canary *canary, const char *on, const char *phase, const struct canary_look *look)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	_cleanup_error_ struct error ignored = {0};
	_cleanup_json_ struct json *printed = NULL;
	struct query_plan *plan = NULL;

	if (!look->plan_text || json_parse(look->plan_text, strlen(look->plan_text), &printed, &ignored) != OK ||
	    query_plan_read_json(scratch, printed, &plan, &ignored) != OK)
		return;
	struct plan_shape shape = query_plan_shape(plan);
	const struct plan_taken taken = {
		.sql = canary->sql,
		.printed = printed,
		.plan = plan,
		.shape = shape.hex,
		.on = on,
		.phase = phase,
		.system_identifier = run->target.system_identifier,
		.database = run->target.database,
		.schema_digest = strcmp(phase, "before") == 0 ? run->live_digest.hex : NULL,
		.run_id = run->id.text,
		.canary = canary->name,
		.p95_ms = look->p95_us > 0 ? (double)look->p95_us / 1000 : 0,
	};
	plan_memory_add(memory, session, &taken);
}
