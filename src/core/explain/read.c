#include <ctype.h>
#include <string.h>

#include "core/explain/frame.h"
#include "core/explain/query_plan.h"
#include "core/explain/read_text.h"

enum { SIZE_LIMIT_MIB = 64 };

static enum status read_json(struct arena *arena, const struct framed *framed, struct query_plan **ret_plan,
                             struct error *err)
{
	_cleanup_json_ struct json *value = NULL;
	if (json_parse(framed->text, framed->length, &value, err) != OK) {
		long line = err->line + framed->first_line - 1, column = err->column;
		error_recast(err, FAIL_USAGE);
		error_hint(err, "Give all of what EXPLAIN (FORMAT JSON) prints.");
		return error_where(err, NULL, line, column);
	}
	return query_plan_read_json(arena, value, ret_plan, err);
}

enum status query_plan_read(struct arena *arena, const char *text, size_t length, struct query_plan **ret_plan,
                            struct error *err)
{
	struct framed framed;
	if (length > (size_t)SIZE_LIMIT_MIB << 20) {
		error_set(err, FAIL_USAGE, "the text is too big for a query plan");
		return error_hint(err, "At most %d MiB are read.", SIZE_LIMIT_MIB);
	}
	plan_unframe(arena, text, length, &framed);
	if (framed.is_json)
		return read_json(arena, &framed, ret_plan, err);
	return query_plan_read_text(arena, framed.text, framed.length, ret_plan, err);
}
