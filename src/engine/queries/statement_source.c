#include "engine/queries/statement_source.h"

#include <string.h>

#include "core/sql/explainable.h"
#include "core/sql/query_print.h"
#include "core/sql/secret.h"
#include "pg/query.h"
#include "sys/loop.h"

enum { CANDIDATES = 10, ROLL_BACK_MS = 10000 };

static bool is_watched(const struct canary_list *list, const struct query_print *print)
{
	for (size_t i = 0; i < list->count; i++) {
		struct query_print other;
		if (query_fingerprint(list->items[i].sql, &other) && strcmp(other.hex, print->hex) == 0)
			return true;
	}
	return false;
}

static void add(struct arena *arena, struct canary_list *list, const struct rows *rows, size_t row)
{
	const char *text = rows_get(rows, row, 0);
	_cleanup_error_ struct error ignored = {0};
	struct explainable query;
	struct query_print print;

	if (!text || secret_mentioned(text) || !query_fingerprint(text, &print) || is_watched(list, &print) ||
	    explainable_read(arena, NULL, text, strlen(text), 0, &query, &ignored) != OK || !query.reads)
		return;
	list_push(arena, list, ((struct canary){
		.name = arena_printf(arena, "statement %s", print.hex),
		.origin = CANARY_STATEMENTS,
		.sql = query.sql,
		.generic = query.parameters > 0,
		.budget_ms = CANARY_BUDGET_MS,
		.calls = rows_int(rows, row, 1),
		.total_ms = rows_int(rows, row, 2),
	}));
}

static enum status ask(struct session *session, struct arena *arena, const char *schema, size_t limit,
                       struct rows **ret_rows, struct error *err)
{
	const char *path[] = {arena_printf(arena, "pg_catalog, %s", schema)};
	const char *most[] = {arena_printf(arena, "%zu", limit * CANDIDATES)};
	_cleanup_error_ struct error ignored = {0};

	enum status status = session_exec(session, "BEGIN READ ONLY", err);
	if (status == OK)
		status = session_query(session, "SELECT pg_catalog.set_config('search_path', $1, true)", 1, path, NULL, err);
	if (status == OK)
		status = session_query(session, query_top_statements, 1, most, ret_rows, err);
	if (session_alive(session))
		(void)!session_finish(session, "rollback", 0, NULL, ROLL_BACK_MS, &ignored);
	return status;
}

enum status statements_add(struct session *session, struct arena *arena, size_t limit, struct canary_list *list,
                           const char **ret_why_none, struct error *err)
{
	_cleanup_rows_ struct rows *place = NULL, *rows = NULL;
	size_t before = list->count;

	*ret_why_none = NULL;
	if (session_query(session, query_statements_place, 0, NULL, &place, err) != OK)
		return err->status;
	if (rows_count(place) == 0) {
		*ret_why_none = "the extension pg_stat_statements is not in this database";
		return OK;
	}
	if (ask(session, arena, rows_get(place, 0, 0), limit, &rows, err) != OK) {
		if (err->status == FAIL_UNREACHABLE || err->sqlstate[0] == '\0' || loop_stop_signal(session_loop(session)))
			return err->status;
		*ret_why_none = arena_printf(arena, "pg_stat_statements cannot be read: %s", err->message);
		error_clear(err);
		return OK;
	}
	for (size_t i = 0; i < rows_count(rows) && list->count - before < limit; i++)
		add(arena, list, rows, i);
	return OK;
}
