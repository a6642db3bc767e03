#include <ctype.h>

#include "core/explain/reading/frame.h"
#include "core/explain/reading/read_json.h"
#include "core/explain/reading/read_text.h"

enum { SIZE_LIMIT_MIB = 64 };

/* Most of what comes is JSON alone, and need not be looked at line by line. */
static bool read_plain_json(struct arena *arena, const char *text, size_t length, struct query_plan **ret_plan)
{
	_cleanup_error_ struct error err = {0};
	const struct json_node *root;
	size_t blanks = 0, used;
	while (blanks < length && isspace((unsigned char)text[blanks]))
		blanks++;
	if (blanks == length || (text[blanks] != '[' && text[blanks] != '{'))
		return false;
	return json_scan(arena, text + blanks, length - blanks, &root, &used, &err) == OK &&
	       query_plan_read_scanned(arena, root, ret_plan, &err) == OK;
}

static enum status read_framed_json(struct arena *arena, const struct framed *framed, struct query_plan **ret_plan,
                                    struct error *err)
{
	const struct json_node *root;
	size_t used;
	if (json_scan(arena, framed->text, framed->length, &root, &used, err) != OK) {
		long line = err->line + framed->first_line - 1, column = err->column;
		error_recast(err, FAIL_USAGE);
		error_hint(err, "Give all of what EXPLAIN (FORMAT JSON) prints.");
		return error_where(err, NULL, line, column);
	}
	return query_plan_read_scanned(arena, root, ret_plan, err);
}

enum status query_plan_read(struct arena *arena, const char *text, size_t length, struct query_plan **ret_plan,
                            struct error *err)
{
	struct framed framed;
	if (length > (size_t)SIZE_LIMIT_MIB << 20) {
		error_set(err, FAIL_USAGE, "the text is too big for a query plan");
		return error_hint(err, "At most %d MiB are read.", SIZE_LIMIT_MIB);
	}
	if (read_plain_json(arena, text, length, ret_plan))
		return OK;
	plan_unframe(arena, text, length, &framed);
	if (framed.is_json)
		return read_framed_json(arena, &framed, ret_plan, err);
	return query_plan_read_text(arena, framed.text, framed.length, ret_plan, err);
}
