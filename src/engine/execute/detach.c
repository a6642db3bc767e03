#include "engine/execute/detach.h"

#include <string.h>

#include "engine/execute/execute.h"
#include "pg/query.h"

/* It asks for ACCESS EXCLUSIVE on the partition: others queue behind it no longer than this. */
enum { LOCK_FOR_MS = 1000, FINALIZE_FOR_MS = 4000 };

enum column { COLUMN_THERE, COLUMN_TABLE, COLUMN_PARTITION, COLUMN_PENDING };

/* No other ALTER TABLE is kept out of transaction blocks. */
bool detach_is(const struct statement *statement)
{
	return statement->class == CLASS_OUTSIDE && strcmp(statement->tag, "ALTER TABLE") == 0;
}

enum status detach_look(struct session *session, struct arena *arena, const struct statement *statement,
                        struct detach *ret_detach, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	const char *names = execute_relation_names(arena, statement);

	if (session_query(session, query_partition_link, 1, &names, &rows, err) != OK)
		return error_wrap(err, "cannot read the state of the partition");
	*ret_detach = (struct detach){.state = rows_true(rows, 0, COLUMN_THERE) ? DETACH_DONE : DETACH_UNKNOWN};
	if (!rows_get(rows, 0, COLUMN_TABLE))
		return OK;
	ret_detach->state = rows_true(rows, 0, COLUMN_PENDING) ? DETACH_PENDING : DETACH_ATTACHED;
	ret_detach->table = arena_strdup(arena, rows_get(rows, 0, COLUMN_TABLE));
	ret_detach->partition = arena_strdup(arena, rows_get(rows, 0, COLUMN_PARTITION));
	return OK;
}

const char *detach_finalize_sql(struct arena *arena, const struct detach *detach)
{
	return arena_printf(arena, "ALTER TABLE %s DETACH PARTITION %s FINALIZE", detach->table, detach->partition);
}

enum status detach_finalize(struct session *session, struct arena *arena, const struct detach *detach,
                            struct error *err)
{
	const char *limit = arena_printf(arena, "set lock_timeout = %d", LOCK_FOR_MS);

	if (session_exec(session, limit, err) != OK)
		return err->status;
	return session_finish(session, detach_finalize_sql(arena, detach), 0, NULL, FINALIZE_FOR_MS, err);
}
