#include <string.h>

#include "core/explain/query_plan.h"

enum { SIZE_LIMIT_MIB = 64 };

static enum status read_json(struct arena *arena, const char *text, size_t length, struct query_plan **ret_plan,
                             struct error *err)
{
	_cleanup_json_ struct json *value = NULL;
	if (json_parse(text, length, &value, err) != OK)
		return error_recast(err, FAIL_USAGE);
	return query_plan_read_json(arena, value, ret_plan, err);
}

enum status query_plan_read(struct arena *arena, const char *text, size_t length, struct query_plan **ret_plan,
                            struct error *err)
{
	if (length > (size_t)SIZE_LIMIT_MIB << 20)
		return error_set(err, FAIL_USAGE, "a query plan of more than %d MiB is not read", SIZE_LIMIT_MIB);
	return read_json(arena, text, length, ret_plan, err);
}
