#include "pg/rights.h"

#include <string.h>

#include "pg/query.h"

static enum right_kind kind_of(const char *word)
{
	static const char *const words[RIGHT_KINDS] = {
		[RIGHT_READ] = "read", [RIGHT_ROWS] = "rows", [RIGHT_WRITE] = "write",
		[RIGHT_SESSIONS] = "sessions"};
	for (enum right_kind kind = 0; kind < RIGHT_KINDS; kind++)
		if (strcmp(words[kind], word) == 0)
			return kind;
	return RIGHT_READ;
}

enum status rights_missing(struct session *session, struct arena *arena, struct missing_right_list *ret_missing,
                           struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	struct missing_right_list missing = {0};

	if (session_query(session, query_rights_missing, 0, NULL, &rows, err) != OK)
		return error_wrap(err, "could not look at the rights of role %s", session_user(session));
	for (size_t i = 0; i < rows_count(rows); i++)
		*list_add(arena, &missing) = (struct missing_right){
			.kind = kind_of(rows_get(rows, i, 0)),
			.role = arena_strdup(arena, rows_get(rows, i, 1)),
			.what = arena_strdup(arena, rows_get(rows, i, 2)),
			.statement = arena_strdup(arena, rows_get(rows, i, 3)),
		};
	*ret_missing = missing;
	return OK;
}
