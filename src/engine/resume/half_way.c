#include "engine/resume/half_way.h"

#include <inttypes.h>
#include <string.h>

#include "engine/execute/detach.h"
#include "pg/query.h"

/* Statements that may run again whatever the first run got to: the second leaves what one alone would. */
static const char *const REPEATABLE[] = {"VACUUM", "ANALYZE", "CLUSTER", "REINDEX", "ALTER SYSTEM", "CHECKPOINT",
                                         "LOAD", "DISCARD"};

static bool is_repeatable(const struct statement *statement)
{
	for (size_t i = 0; i < sizeof(REPEATABLE) / sizeof(REPEATABLE[0]); i++)
		if (strncmp(statement->tag, REPEATABLE[i], strlen(REPEATABLE[i])) == 0)
			return true;
	return false;
}

static const char *table_of(struct arena *arena, const struct statement *statement)
{
	for (size_t i = 0; i < statement->objects.count; i++)
		if (strcmp(statement->objects.items[i].kind, "table") == 0)
			return quote_qualified(arena, statement->objects.items[i].name);
	return NULL;
}

/* *ret_index is the qualified name, NULL when the index is not there. */
static enum status find_index(struct executor *executor, const struct statement *statement, const char **ret_index,
                              bool *ret_valid, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	struct arena *arena = executor->run->arena;
	const char *dot = strchr(statement->index_name, '.');
	const char *parameters[] = {table_of(arena, statement), dot ? dot + 1 : statement->index_name,
	                            quote_qualified(arena, statement->index_name)};

	if (session_query(executor->session, query_index_state, 3, parameters, &rows, err) != OK)
		return error_wrap(err, "cannot look at index %s", statement->index_name);
	*ret_index = rows_count(rows) ? arena_strdup(arena, rows_get(rows, 0, 0)) : NULL;
	*ret_valid = rows_count(rows) && rows_true(rows, 0, 1);
	return OK;
}

static enum status probe_index(struct executor *executor, const struct statement *statement,
                               enum half_way_verdict *ret_verdict, const char **ret_what, struct error *err)
{
	struct arena *arena = executor->run->arena;
	bool dropping = strncmp(statement->tag, "DROP", 4) == 0, valid = false;
	const char *index = NULL;

	if (find_index(executor, statement, &index, &valid, err) != OK)
		return err->status;
	if (!index) {
		*ret_verdict = dropping ? HALF_WAY_DONE : HALF_WAY_REDO;
		*ret_what = arena_printf(arena, "index %s is not there", statement->index_name);
	} else if (dropping) {
		*ret_verdict = HALF_WAY_REDO;
		*ret_what = arena_printf(arena, "index %s is still there", index);
	} else {
		*ret_verdict = valid ? HALF_WAY_DONE : HALF_WAY_CLEAN;
		*ret_what = arena_printf(arena, "index %s is there and %s", index, valid ? "valid" : "not valid");
	}
	return OK;
}

static enum status probe_detach(struct executor *executor, const struct statement *statement,
                                enum half_way_verdict *ret_verdict, const char **ret_what, struct error *err)
{
	struct arena *arena = executor->run->arena;
	struct detach detach = {0};

	if (detach_look(executor->session, arena, statement, &detach, err) != OK)
		return err->status;
	switch (detach.state) {
	case DETACH_UNKNOWN:
		*ret_verdict = HALF_WAY_ASK;
		*ret_what = "a table that the DETACH names is not there";
		break;
	case DETACH_ATTACHED:
		*ret_verdict = HALF_WAY_REDO;
		*ret_what = arena_printf(arena, "%s is a partition of %s still", detach.partition, detach.table);
		break;
	case DETACH_PENDING:
		*ret_verdict = HALF_WAY_ASK;
		*ret_what = arena_printf(arena, "%s is marked as detached from %s, and `%s` is missing",
		                         detach.partition, detach.table, detach_finalize_sql(arena, &detach));
		break;
	case DETACH_DONE:
		*ret_verdict = HALF_WAY_DONE;
		*ret_what = "the partition is detached";
		break;
	}
	return OK;
}

enum status half_way_probe(struct executor *executor, const struct migration *migration, size_t step,
                           enum half_way_verdict *ret_verdict, const char **ret_what, struct error *err)
{
	const struct statement *statement = execute_step(executor_script(executor, migration), step)->statements;

	/* A name is looked for where the migration's own search path leads. */
	if (execute_replay(executor, migration, step, err) != OK)
		return err->status;
	if (statement->concurrent_index && statement->index_name)
		return probe_index(executor, statement, ret_verdict, ret_what, err);
	if (detach_is(statement))
		return probe_detach(executor, statement, ret_verdict, ret_what, err);
	*ret_verdict = is_repeatable(statement) ? HALF_WAY_REDO : HALF_WAY_ASK;
	*ret_what = arena_printf(executor->run->arena,
	                         is_repeatable(statement) ? "%s can be run again"
	                                                  : "the catalog does not tell whether %s was done",
	                         statement->tag);
	return OK;
}

/* What an interrupted REINDEX CONCURRENTLY leaves beside its index carries these endings. */
static bool is_reindex_leftover(const char *name)
{
	const char *ending = strstr(name, "_ccnew");
	return ending || strstr(name, "_ccold");
}

static enum status drop_index(struct executor *executor, const char *index, struct error *err)
{
	const char *limit = arena_printf(executor->run->arena, "set lock_timeout = '%" PRId64 "ms'",
	                                 executor->run->settings->lock_budget_ms);
	emit_log(executor->run->emitter, LOG_NOTICE, "removing the unfinished index %s", index);
	const char *sql = arena_printf(executor->run->arena, "drop index concurrently if exists %s", index);
	if (session_exec(executor->session, limit, err) == OK && session_exec(executor->session, sql, err) == OK)
		return session_exec(executor->session, "reset lock_timeout", err);
	error_wrap(err, "cannot remove the unfinished index %s", index);
	return err->status == FAIL_LOCK_BUDGET || err->status == FAIL_UNREACHABLE || loop_stop_signal(executor->run->loop)
	               ? err->status
	               : error_recast(err, FAIL_PARTIAL);
}

/* Of a REINDEX: on the tables and indexes that it names. */
static enum status remove_reindex_leftovers(struct executor *executor, const struct statement *statement,
                                            struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	const char *parameters[] = {execute_relation_names(executor->run->arena, statement)};

	if (session_query(executor->session, query_unfinished_of, 1, parameters, &rows, err) != OK)
		return err->status;
	for (size_t i = 0; i < rows_count(rows); i++)
		if (is_reindex_leftover(rows_get(rows, i, 1)) && drop_index(executor, rows_get(rows, i, 0),
		                                                            err) != OK)
			return err->status;
	return OK;
}

/* What a DROP left is what it goes on with. */
static enum status remove_leftovers(struct executor *executor, const struct statement *statement, struct error *err)
{
	const char *index = NULL;
	bool valid = false;

	if (strncmp(statement->tag, "DROP", 4) == 0)
		return OK;
	if (strcmp(statement->tag, "REINDEX") == 0)
		return remove_reindex_leftovers(executor, statement, err);
	if (statement->index_name && find_index(executor, statement, &index, &valid, err) != OK)
		return err->status;
	return index && !valid ? drop_index(executor, index, err) : OK;
}

enum status half_way_settle(struct executor *executor, const struct migration *migration, const struct half_way *half,
                            size_t *ret_first_step, struct error *err)
{
	const struct statement *statement = execute_step(executor_script(executor, migration),
	                                                 half->steps_done)->statements;
	enum half_way_verdict verdict;
	const char *what;

	*ret_first_step = half->steps_done;
	if (!half->intent_open)
		return OK;
	if (half_way_probe(executor, migration, half->steps_done, &verdict, &what, err) != OK)
		return err->status;
	emit_log(executor->run->emitter, LOG_NOTICE, "migration %s, step %zu was begun by an earlier run: %s",
	         migration->version, half->steps_done + 1, what);
	switch (verdict) {
	case HALF_WAY_DONE:
		*ret_first_step = half->steps_done + 1;
		return execute_record_done(executor, migration, half->steps_done, what, err);
	case HALF_WAY_CLEAN:
	case HALF_WAY_REDO:
		return remove_leftovers(executor, statement, err);
	case HALF_WAY_ASK:
		break;
	}
	error_set(err, FAIL_PARTIAL, "migration %s, step %zu: %s", migration->version, half->steps_done + 1, what);
	return error_hint(err, "Look for yourself, then run `pgsluice resolve` and decide.");
}
