#include "query_plan.h"

/* The same of JSON. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_error_ struct error err = {0};
	struct query_plan *plan = NULL;
	if (query_plan_read(arena, (const char *)bytes, size, &plan, &err) == OK)
		check_plan(arena, plan);
	else
		MUST(err.status == FAIL_USAGE && err.message && error_hint_text(&err) && !plan);
	return 0;
}
