#include "pg/history.h"

#include <ctype.h>
#include <string.h>

#include "base/strbuf.h"
#include "pg/query.h"

/* What a column of ours may be: categories as in pg_type.typcategory. */
struct column_rule {
	const char *name;
	const char *categories;
	bool everywhere; /* stands in a table of another origin too */
};

static const struct column_rule COLUMNS[] = {
	{.name = "version", .categories = "S", .everywhere = true},
	{.name = "name", .categories = "S", .everywhere = true},
	{.name = "applied_at", .categories = "DS", .everywhere = true},
	{.name = "checksum", .categories = "S"},
	{.name = "applied_by", .categories = "S"},
	{.name = "duration_ms", .categories = "N"},
	{.name = "run_id", .categories = "US"},
};

enum { BASIC_COLUMNS = 3, OWN_COLUMNS = 4 };

enum shape { SHAPE_ABSENT, SHAPE_OURS, SHAPE_BASIC, SHAPE_FOREIGN };

/* The table as found. */
struct place {
	const char *schema; /* as configured, or NULL until it is found */
	const char *table;
	const char *oid;
	bool is_table;
	bool has_key;
	enum shape shape;
	const char *columns; /* "version bigint, dirty boolean" */
};

static const char *relation_of(struct arena *arena, const char *schema, const char *table)
{
	return arena_printf(arena, "%s.%s", quote_ident(arena, schema), quote_ident(arena, table));
}

/* Puts `value` for every {name} of a query. */
static const char *fill(struct arena *arena, const char *query, const char *name, const char *value)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	size_t length = strlen(name);
	for (const char *at; (at = strstr(query, name)) != NULL; query = at + length) {
		strbuf_add(&out, query, (size_t)(at - query));
		strbuf_puts(&out, value);
	}
	strbuf_puts(&out, query);
	return arena_strdup(arena, strbuf_text(&out));
}

static const char *on_table(struct arena *arena, const char *query, const struct history *history)
{
	return fill(arena, query, "{history}", relation_of(arena, history->schema, history->table));
}

static enum status read_name(struct session *session, struct arena *arena, const char *configured,
                             struct place *place, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	const char *parameters[] = {configured};
	enum status status = session_query(session, query_history_name, 1, parameters, &rows, err);
	size_t parts = status == OK ? rows_count(rows) : 0;

	if (status != OK && strcmp(err->sqlstate, "22023") != 0)
		return status;
	if (parts != 1 && parts != 2) {
		error_set(err, FAIL_USAGE, "history-table = %s names no table", configured);
		return error_hint(err, "Write `history-table = NAME` or `history-table = SCHEMA.NAME`.");
	}
	place->schema = parts == 2 ? arena_strdup(arena, rows_get(rows, 0, 0)) : NULL;
	place->table = arena_strdup(arena, rows_get(rows, parts - 1, 0));
	return OK;
}

static enum status two_tables(const struct place *place, const struct rows *rows, struct error *err)
{
	error_set(err, FAIL_REFUSED, "two history tables are on the search path: %s.%s and %s.%s", rows_get(rows, 0, 0),
	          place->table, rows_get(rows, 1, 0), place->table);
	return error_hint(err, "Say which one it is: `history-table = %s.%s` in the configuration.",
	                  rows_get(rows, 0, 0), place->table);
}

/* A table of that name that the role's path does not show: a new one beside it would run everything again. */
static enum status table_elsewhere(const struct place *place, const struct rows *rows, struct error *err)
{
	error_set(err, FAIL_REFUSED, "no table %s is on the search path, but %s.%s is there", place->table,
	          rows_get(rows, 0, 0), place->table);
	return error_hint(err, "Say which one it is: `history-table = %s.%s` in the configuration, or the name of a new "
	                       "one with its schema.",
	                  rows_get(rows, 0, 0), place->table);
}

static enum status find_place(struct session *session, struct arena *arena, struct place *place, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	bool bare = !place->schema;
	const char *parameters[] = {place->table, place->schema, session_search_path(session)};
	if (session_query(session, query_history_find, 3, parameters, &rows, err) != OK)
		return err->status;
	if (bare && rows_count(rows) > 1 && rows_true(rows, 1, 3))
		return two_tables(place, rows, err);
	if (bare && rows_count(rows) > 0 && !rows_true(rows, 0, 3))
		return table_elsewhere(place, rows, err);
	if (rows_count(rows) == 0)
		return OK;
	place->schema = arena_strdup(arena, rows_get(rows, 0, 0));
	place->oid = arena_strdup(arena, rows_get(rows, 0, 1));
	place->is_table = strchr("rp", rows_get(rows, 0, 2)[0]) != NULL;
	place->has_key = rows_true(rows, 0, 4);
	return OK;
}

static enum status find_schema(struct session *session, struct arena *arena, struct place *place, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	const char *parameters[] = {place->schema, session_search_path(session)};
	if (session_query(session, query_history_place, 2, parameters, &rows, err) != OK)
		return err->status;
	if (rows_count(rows) == 1) {
		place->schema = arena_strdup(arena, rows_get(rows, 0, 0));
		return OK;
	}
	if (place->schema)
		error_set(err, FAIL_USAGE, "schema %s of the configured history table is not there", place->schema);
	else
		error_set(err, FAIL_USAGE, "there is no schema on the role's search path for the history table");
	return error_hint(err, "Create the schema, or set `history-table = SCHEMA.NAME` to one that is there.");
}

static const struct column_rule *find_rule(const char *name)
{
	for (size_t i = 0; i < sizeof(COLUMNS) / sizeof(COLUMNS[0]); i++)
		if (strcmp(COLUMNS[i].name, name) == 0)
			return &COLUMNS[i];
	return NULL;
}

/* Ours may have more columns, as long as an insert need not know them; one of another origin may not. */
static enum shape shape_of(const struct rows *columns)
{
	size_t basic = 0, own = 0, other = 0;
	for (size_t i = 0; i < rows_count(columns); i++) {
		const struct column_rule *rule = find_rule(rows_get(columns, i, 0));
		if (!rule && rows_true(columns, i, 3))
			return SHAPE_FOREIGN;
		if (rule && !strchr(rule->categories, rows_get(columns, i, 2)[0]))
			return SHAPE_FOREIGN;
		basic += rule && rule->everywhere;
		own += rule && !rule->everywhere;
		other += !rule;
	}
	if (basic == BASIC_COLUMNS && own == OWN_COLUMNS)
		return SHAPE_OURS;
	return basic == BASIC_COLUMNS && own == 0 && other == 0 ? SHAPE_BASIC : SHAPE_FOREIGN;
}

static enum status read_shape(struct session *session, struct arena *arena, struct place *place, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	_cleanup_strbuf_ struct strbuf columns = {0};
	const char *parameters[] = {place->oid};
	if (session_query(session, query_history_columns, 1, parameters, &rows, err) != OK)
		return err->status;
	place->shape = place->is_table ? shape_of(rows) : SHAPE_FOREIGN;
	for (size_t i = 0; i < rows_count(rows); i++)
		strbuf_printf(&columns, "%s%s %s", i ? ", " : "", rows_get(rows, i, 0), rows_get(rows, i, 1));
	place->columns = arena_strdup(arena, strbuf_text(&columns));
	return OK;
}

static enum status inspect(struct session *session, struct arena *arena, struct place *place, struct error *err)
{
	if (find_place(session, arena, place, err) != OK)
		return err->status;
	return place->oid ? read_shape(session, arena, place, err) : find_schema(session, arena, place, err);
}

static enum status foreign(const struct place *place, struct error *err)
{
	error_set(err, FAIL_REFUSED, "the history table %s.%s is of a foreign shape", place->schema, place->table);
	error_detail(err, "It %s the columns %s; needed are version and name as text, and applied_at.",
	             place->is_table ? "has" : "is no table and has", place->columns);
	return error_hint(err, "Set `history-table` to another name and create that table by hand: (version text primary "
	                       "key, name text not null, applied_at timestamptz not null default now()), with a row "
	                       "for each version that is applied. A later command, adopt, will take such a history "
	                       "over.");
}

static enum status bad_row(const struct place *place, struct error *err)
{
	error_hint(err, "Correct or delete the row in %s.%s. A later command, adopt, will take a history of another tool "
	                "over.",
	           place->schema, place->table);
	return err->status;
}

static bool is_number(const char *text)
{
	for (const char *at = text; *at; at++)
		if (!isdigit((unsigned char)*at))
			return false;
	return *text != '\0';
}

static const char *without_zeros(const char *version)
{
	return version + strspn(version, "0");
}

static enum status add_row(struct arena *arena, const struct place *place, const struct rows *rows, size_t i,
                           struct history *history, struct error *err)
{
	const char *version = rows_get(rows, i, 0), *name = rows_get(rows, i, 1), *at = rows_get(rows, i, 2);
	const struct applied *before = history->rows.count ? &history->rows.items[history->rows.count - 1] : NULL;

	if (!version || !is_number(version)) {
		error_set(err, FAIL_REFUSED, "the history table %s.%s has a row whose version is no number: %s",
		          place->schema, place->table, version ? version : "null");
		return bad_row(place, err);
	}
	if (before && strcmp(without_zeros(before->version), without_zeros(version)) == 0) {
		error_set(err, FAIL_REFUSED, "the history table %s.%s has two rows for one version: %s and %s",
		          place->schema, place->table, before->version, version);
		return bad_row(place, err);
	}
	struct applied *row = list_add(arena, &history->rows);
	*row = (struct applied){
		.version = arena_strdup(arena, version),
		.name = arena_strdup(arena, name ? name : ""),
		.applied_at = arena_strdup(arena, at ? at : ""),
		.checksum = arena_strdup(arena, rows_get(rows, i, 3)),
		.applied_by = arena_strdup(arena, rows_get(rows, i, 4)),
		.run_id = arena_strdup(arena, rows_get(rows, i, 5)),
		.duration_ms = rows_get(rows, i, 6) ? rows_int(rows, i, 6) : -1,
	};
	return OK;
}

static enum status read_rows(struct session *session, struct arena *arena, const struct place *place,
                             struct history *history, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	const char *more = place->shape == SHAPE_OURS
	                           ? "h.checksum::pg_catalog.text, h.applied_by::pg_catalog.text, "
				     "h.run_id::pg_catalog.text, h.duration_ms::pg_catalog.int8"
	                           : "null, null, null, null";
	const char *sql = fill(arena, on_table(arena, query_history_rows, history), "{more}", more);

	if (session_query(session, sql, 0, NULL, &rows, err) != OK)
		return error_wrap(err, "cannot read the history table %s.%s", place->schema, place->table);
	for (size_t i = 0; i < rows_count(rows); i++)
		if (add_row(arena, place, rows, i, history, err) != OK)
			return err->status;
	return OK;
}

enum status history_read(struct session *session, struct arena *arena, const char *configured,
                         struct history *ret_history, struct error *err)
{
	struct place place = {0};

	if (read_name(session, arena, configured, &place, err) != OK || inspect(session, arena, &place, err) != OK)
		return err->status;
	if (place.shape == SHAPE_FOREIGN)
		return foreign(&place, err);
	struct history history = {
		.exists = place.shape != SHAPE_ABSENT,
		.complete = place.shape == SHAPE_OURS && place.has_key,
		.schema = place.schema,
		.table = place.table,
	};
	if (history.exists && read_rows(session, arena, &place, &history, err) != OK)
		return err->status;
	*ret_history = history;
	return OK;
}

static enum status make(struct session *session, struct arena *arena, const struct history *history,
                        struct error *err)
{
	struct place place = {.schema = history->schema, .table = history->table};

	/* Looked at again: what was read may be hours old. */
	if (session_exec(session, query_history_limits, err) != OK || inspect(session, arena, &place, err) != OK)
		return err->status;
	if (place.shape == SHAPE_FOREIGN)
		return foreign(&place, err);
	if (place.shape == SHAPE_ABSENT) {
		if (session_exec(session, on_table(arena, query_history_create, history), err) != OK)
			return error_wrap(err, "cannot create the history table %s.%s", place.schema, place.table);
		return OK;
	}
	if ((place.shape == SHAPE_BASIC &&
	     session_exec(session, on_table(arena, query_history_extend, history), err) != OK) ||
	    (!place.has_key && session_exec(session, on_table(arena, query_history_key, history), err) != OK))
		return error_wrap(err, "cannot extend the history table %s.%s", place.schema, place.table);
	return OK;
}

static enum status make_alone(struct session *session, struct arena *arena, const struct history *history,
                              struct error *err)
{
	_cleanup_error_ struct error ignored = {0};

	if (session_exec(session, "begin", err) != OK)
		return err->status;
	if (make(session, arena, history, err) == OK)
		return session_exec(session, "commit", err);
	loop_shield(session_loop(session));
	if (session_alive(session))
		(void)!session_exec(session, "rollback", &ignored);
	loop_unshield(session_loop(session));
	return err->status;
}

enum status history_prepare(struct session *session, const struct history *history, struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	return session_in_transaction(session) ? make(session, arena, history, err)
	                                       : make_alone(session, arena, history, err);
}

static struct pipeline_item item_of(struct arena *arena, const struct history *history, const char *query,
                                    const char **parameters, int count)
{
	return (struct pipeline_item){
		.sql = on_table(arena, query, history), .count = count, .parameters = parameters};
}

static struct pipeline_item version_item(struct arena *arena, const struct history *history, const char *query,
                                         const char *version)
{
	const char **parameters = arena_alloc(arena, sizeof(*parameters));
	parameters[0] = arena_strdup(arena, version);
	return item_of(arena, history, query, parameters, 1);
}

struct pipeline_item history_insert(struct arena *arena, const struct history *history,
                                    const struct migration *migration, const char *run_id)
{
	const char **parameters = arena_alloc(arena, 4 * sizeof(*parameters));
	parameters[0] = arena_strdup(arena, migration->version);
	parameters[1] = arena_strdup(arena, migration->name);
	parameters[2] = arena_strdup(arena, migration->up.canonical->hex);
	parameters[3] = arena_strdup(arena, run_id);
	return item_of(arena, history, query_history_insert, parameters, 4);
}

struct pipeline_item history_duration(struct arena *arena, const struct history *history, const char *version)
{
	return version_item(arena, history, query_history_duration, version);
}

struct pipeline_item history_delete(struct arena *arena, const struct history *history, const char *version)
{
	return version_item(arena, history, query_history_delete, version);
}

enum status history_has(struct session *session, const struct history *history, const char *version, bool *ret_there,
                        struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_rows_ struct rows *rows = NULL;
	struct pipeline_item item = version_item(arena, history, query_history_has, version);

	if (session_query(session, item.sql, item.count, item.parameters, &rows, err) != OK)
		return err->status;
	*ret_there = rows_true(rows, 0, 0);
	return OK;
}
