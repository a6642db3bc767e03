#include "pg/ledger.h"

#include <string.h>

#include "base/strbuf.h"
#include "pg/query.h"

struct ledger_state {
	bool schema, table, guards, views;
	bool may_create;
};

static enum status read_state(struct session *session, struct ledger_state *ret_state, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	if (session_query(session, query_ledger_state, 0, NULL, &rows, err) != OK)
		return err->status;
	*ret_state = (struct ledger_state){.schema = rows_true(rows, 0, 0),
	                                   .table = rows_true(rows, 0, 1),
	                                   .guards = rows_true(rows, 0, 2),
	                                   .views = rows_true(rows, 0, 3),
	                                   .may_create = rows_true(rows, 0, 4)};
	return OK;
}

enum status ledger_exists(struct session *session, bool *ret_exists, struct error *err)
{
	struct ledger_state state;
	if (read_state(session, &state, err) != OK)
		return err->status;
	*ret_exists = state.table;
	return OK;
}

static enum status guards_missing(struct error *err)
{
	error_set(err, FAIL_REFUSED, "the ledger's triggers are missing, disabled or changed");
	error_detail(err, "pgsluice.ledger must have ledger_append and ledger_refuse, both enabled always.");
	return error_hint(err, "Find out who changed them: rows may have been changed too.");
}

static enum status no_schema(struct session *session, struct error *err)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	const char *role = quote_ident(scratch, session_user(session));

	error_set(err, FAIL_USAGE, "role %s may not create the schema of the ledger in database %s",
	          session_user(session), session_database(session));
	error_sqlstate(err, "42501");
	return error_hint(err, "Have an administrator run: CREATE SCHEMA pgsluice AUTHORIZATION %s; or: GRANT CREATE ON"
	                       " DATABASE %s TO %s;", role,
	                  quote_ident(scratch, session_database(session)), role);
}

static enum status create(struct session *session, const struct ledger_state *state, struct error *err)
{
	_cleanup_strbuf_ struct strbuf script = {0};

	/* One text is one transaction, or a part of the open one: the ledger is there as a whole or not at all. */
	if (!state->schema)
		strbuf_puts(&script, query_ledger_schema);
	if (!state->table)
		strbuf_puts(&script, query_ledger_table);
	strbuf_puts(&script, query_ledger_views);
	if (session_script(session, strbuf_text(&script), err) != OK)
		return error_wrap(err, "cannot create the ledger");
	return OK;
}

enum status ledger_setup(struct session *session, struct error *err)
{
	struct ledger_state state;
	if (read_state(session, &state, err) != OK)
		return err->status;
	if (state.table && !state.guards)
		return guards_missing(err);
	if (!state.schema && !state.may_create)
		return no_schema(session, err);
	return state.table && state.views ? OK : create(session, &state, err);
}

struct pipeline_item ledger_item(struct arena *arena, const struct ledger_entry *entry)
{
	_cleanup_strbuf_ struct strbuf body = {0};
	const char **parameters = arena_alloc(arena, 5 * sizeof(*parameters));

	if (entry->body)
		json_write(&body, entry->body);
	parameters[0] = arena_strdup(arena, entry->run_id);
	parameters[1] = arena_strdup(arena, entry->kind);
	parameters[2] = arena_strdup(arena, entry->version);
	parameters[3] = entry->step >= 0 ? arena_printf(arena, "%d", entry->step) : NULL;
	parameters[4] = entry->body ? arena_strdup(arena, strbuf_text(&body)) : NULL;
	return (struct pipeline_item){.sql = query_ledger_insert, .count = 5, .parameters = parameters};
}

enum status ledger_add(struct session *session, const struct ledger_entry *entry, struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct pipeline_item item = ledger_item(arena, entry);

	if (session_query(session, item.sql, item.count, item.parameters, NULL, err) != OK)
		return error_wrap(err, "cannot write to the ledger");
	return OK;
}

enum status ledger_add_within(struct session *session, const struct ledger_entry *entry, int64_t limit_ms,
                              struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct pipeline_item item = ledger_item(arena, entry);

	if (session_finish(session, item.sql, item.count, item.parameters, limit_ms, err) != OK)
		return error_wrap(err, "cannot write to the ledger");
	return OK;
}

static enum status read_rows(struct session *session, struct arena *arena, const char *sql, const char *kind,
                             struct ledger_rows *ret_rows, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	struct ledger_rows found = {0};
	const char *parameters[] = {kind};

	if (session_query(session, sql, kind ? 1 : 0, parameters, &rows, err) != OK)
		return error_wrap(err, "cannot read the ledger");
	for (size_t i = 0; i < rows_count(rows); i++) {
		struct ledger_row *row = list_add(arena, &found);
		row->seq = rows_int(rows, i, 0);
		row->at = arena_strdup(arena, rows_get(rows, i, 1));
		row->kind = arena_strdup(arena, rows_get(rows, i, 2));
		row->run_id = arena_strdup(arena, rows_get(rows, i, 3));
		row->version = arena_strdup(arena, rows_get(rows, i, 4));
		row->step = rows_get(rows, i, 5) ? (int)rows_int(rows, i, 5) : -1;
		row->body = arena_strdup(arena, rows_get(rows, i, 6));
	}
	*ret_rows = found;
	return OK;
}

enum status ledger_last_run(struct session *session, struct arena *arena, struct ledger_rows *ret_rows,
                            struct error *err)
{
	return read_rows(session, arena, query_ledger_last_run, NULL, ret_rows, err);
}

enum status ledger_newest(struct session *session, struct arena *arena, const char *kind,
                          struct ledger_rows *ret_rows, struct error *err)
{
	return read_rows(session, arena, query_ledger_newest, kind, ret_rows, err);
}

enum status ledger_all(struct session *session, struct arena *arena, const char *kind, struct ledger_rows *ret_rows,
                       struct error *err)
{
	return read_rows(session, arena, query_ledger_all, kind, ret_rows, err);
}

enum status ledger_evidence(struct session *session, struct arena *arena, const char *gate, const char **ret_body,
                            struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	const char *parameters[] = {gate};

	if (session_query(session, query_ledger_evidence, 1, parameters, &rows, err) != OK)
		return error_wrap(err, "cannot read the ledger");
	*ret_body = rows_count(rows) ? arena_strdup(arena, rows_get(rows, 0, 0)) : NULL;
	return OK;
}

enum status ledger_check_chain(struct session *session, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	struct ledger_state state;

	if (read_state(session, &state, err) != OK)
		return err->status;
	if (!state.guards)
		return guards_missing(err);
	if (session_query(session, query_ledger_chain, 0, NULL, &rows, err) != OK)
		return error_wrap(err, "cannot read the ledger");
	if (rows_count(rows) == 0)
		return OK;
	error_set(err, FAIL_REFUSED, "the ledger is broken at row %s: %s", rows_get(rows, 0, 0), rows_get(rows, 0, 1));
	return error_hint(err, "Somebody changed pgsluice.ledger in spite of its triggers: find out who and when before "
	                       "anything else runs here.");
}
