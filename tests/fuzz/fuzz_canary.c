#include <string.h>

#include "core/canary/canary.h"
#include "core/sql/explainable.h"
#include "fuzz.h"

/* The file of a canary: a refusal says where and what to do; what is taken is one query that reads, with its values. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_error_ struct error err = {0};
	struct canary canary, again;
	struct explainable query;

	if (canary_read(arena, "canaries/fuzz.sql", (const char *)bytes, size, &canary, &err) != OK) {
		MUST(err.status == FAIL_REFUSED && err.message && err.hint);
		MUST(err.file && strcmp(err.file, "canaries/fuzz.sql") == 0);
		return 0;
	}
	MUST(canary.name && *canary.name && canary.sql && *canary.sql && canary.line > 0);
	MUST(canary.budget_ms > 0 && canary.frequency >= 0);
	MUST(explainable_read(arena, NULL, canary.sql, strlen(canary.sql), 0, &query, &err) == OK);
	MUST(query.reads && canary.generic == (query.parameters > canary.parameters.count));
	MUST(canary.parameters.count == 0 || canary.parameters.count == query.parameters);

	MUST(canary_read(arena, "canaries/fuzz.sql", canary.sql, strlen(canary.sql), &again, &err) == OK);
	MUST(strcmp(again.sql, canary.sql) == 0);
	return 0;
}
