#include "engine/queries/what_if.h"

#include <string.h>

#include "base/json.h"
#include "engine/queries/explain_place.h"
#include "pg/query.h"

/* Ours alone; it never outlives its transaction. */
#define SCHEMA "pgsluice_what_if"

enum { ROLL_BACK_MS = 10000, MAJOR = 10000 };

/* As the superuser that logged in, without the event triggers of the copy. */
static const char *const PREPARE[] = {
	"BEGIN READ WRITE",
	"SET LOCAL ROLE NONE",
	"SET LOCAL session_replication_role = replica",
};

static const char *const INSTALL[] = {
	"CREATE SCHEMA " SCHEMA,
	"CREATE EXTENSION hypopg SCHEMA " SCHEMA,
};

#define EXEC_ALL(session, statements, err) \
	exec_all(session, statements, sizeof(statements) / sizeof((statements)[0]), err)

static enum status exec_all(struct session *session, const char *const *statements, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++)
		if (session_exec(session, statements[i], err) != OK)
			return err->status;
	return OK;
}

static enum status need_hypopg(struct session *session, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	int major = session_server_version(session) / MAJOR;

	if (session_query(session, query_hypopg_available, 0, NULL, &rows, err) != OK)
		return err->status;
	if (rows_int(rows, 0, 0) > 0)
		return OK;
	error_set(err, FAIL_USAGE, "HypoPG is not installed for PostgreSQL %d, where the copy is", major);
	return error_hint(err, "Install the package postgresql-%d-hypopg there; live does not need it.", major);
}

/* Where its functions are: it may be an extension of live's, and so of the copy's. */
static enum status find_schema(struct session *session, struct arena *arena, const char **ret_schema,
                               struct error *err)
{
	for (int tries = 0;; tries++) {
		_cleanup_rows_ struct rows *rows = NULL;
		if (session_query(session, query_hypopg_schema, 0, NULL, &rows, err) != OK)
			return err->status;
		if (rows_count(rows) > 0) {
			*ret_schema = arena_strdup(arena, rows_get(rows, 0, 0));
			return OK;
		}
		if (tries > 0)
			return error_set(err, FAIL_INTERNAL, "HypoPG was installed on the copy and is not there");
		if (EXEC_ALL(session, INSTALL, err) != OK)
			return err->status;
	}
}

/* The index is kept in the session's memory, out of reach of transactions; so it outlives this one. */
static enum status suppose(struct session *session, struct arena *arena, struct what_if *answer, struct error *err)
{
	_cleanup_rows_ struct rows *index = NULL, *size = NULL;
	const char *schema = NULL;

	if (EXEC_ALL(session, PREPARE, err) != OK || find_schema(session, arena, &schema, err) != OK)
		return err->status;
	const char *create =
		arena_printf(arena, "SELECT indexrelid, indexname FROM %s.hypopg_create_index($1)", schema);
	if (session_query(session, create, 1, &answer->index.trial, &index, err) != OK)
		return err->status;
	if (rows_count(index) != 1 || !rows_get(index, 0, 1))
		return error_set(err, FAIL_USAGE, "HypoPG takes no index of this kind");
	answer->hypothetical = arena_strdup(arena, rows_get(index, 0, 1));
	const char *oid = rows_get(index, 0, 0);
	const char *measure = arena_printf(arena, "SELECT %s.hypopg_relation_size($1)", schema);
	if (session_query(session, measure, 1, &oid, &size, err) != OK)
		return err->status;
	answer->size_bytes = rows_int(size, 0, 0);
	return OK;
}

static enum status suppose_and_leave(struct session *session, struct arena *arena, struct what_if *answer,
                                     struct error *err)
{
	_cleanup_error_ struct error ignored = {0};
	enum status status = suppose(session, arena, answer, err);

	if (session_alive(session) && session_finish(session, "rollback", 0, NULL, ROLL_BACK_MS, &ignored) != OK &&
	    status == OK) {
		error_move(err, &ignored);
		status = err->status;
	}
	/* The server's own words, about what the user wrote: no table, no column, no operator class. */
	if (status != OK && err->sqlstate[0] && status != FAIL_UNREACHABLE) {
		error_recast(err, FAIL_USAGE);
		error_wrap(err, "the index cannot be tried");
		if (!err->hint)
			error_hint(err, "Correct the text of the index; HypoPG knows btree, brin, hash and bloom.");
		return err->status;
	}
	return status;
}

/* HypoPG makes a name of its own, <13404>btree_orders_customer; in the plan shall stand the one that it is to have. */
static const char *rename_index(struct arena *arena, const char *plan, const char *from, const char *to,
                                bool *ret_found)
{
	_cleanup_json_ struct json *old_text = json_new_text(from), *new_text = json_new_text(to);
	_cleanup_strbuf_ struct strbuf old = {0}, new = {0}, out = {0};

	json_write(&old, old_text);
	json_write(&new, new_text);
	*ret_found = false;
	for (const char *found; (found = strstr(plan, strbuf_text(&old))) != NULL; plan = found + old.length) {
		strbuf_add(&out, plan, (size_t)(found - plan));
		strbuf_add(&out, new.data, new.length);
		*ret_found = true;
	}
	strbuf_puts(&out, plan);
	return arena_strdup(arena, strbuf_text(&out));
}

enum status what_if_ask(struct session *session, struct arena *arena, const struct explain_options *query,
                        const char *index, struct what_if *ret_answer, struct error *err)
{
	struct what_if answer = {0};
	struct explain_options planned = *query;

	planned.analyze = false;
	if (index_proposal_read(arena, index, &answer.index, err) != OK || need_hypopg(session, err) != OK ||
	    explain_query_of(session, arena, &planned, &answer.before, err) != OK ||
	    suppose_and_leave(session, arena, &answer, err) != OK ||
	    explain_query_of(session, arena, &planned, &answer.with, err) != OK)
		return err->status;
	answer.with = rename_index(arena, answer.with, answer.hypothetical, answer.index.name, &answer.used);
	*ret_answer = answer;
	return OK;
}
