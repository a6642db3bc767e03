#include "pg/catalog.h"

#include <fnmatch.h>
#include <string.h>

#include "base/strbuf.h"
#include "core/sql/secret.h"
#include "pg/query.h"

enum { VERSION_13 = 130000, VERSION_14 = 140000, VERSION_15 = 150000, VERSION_ALL = 0x7fffffff };

/* The parts of the schema digest; a part holds for server versions from `since` to before `until`. */
static const struct schema_part {
	const char *sql;
	int since, until;
} schema_parts[] = {
	{query_schema_namespaces, 0, VERSION_ALL},
	{query_schema_relations, 0, VERSION_ALL},
	{query_schema_columns, 0, VERSION_ALL},
	{query_schema_constraints, 0, VERSION_ALL},
	{query_schema_indexes, 0, VERSION_ALL},
	{query_schema_triggers, 0, VERSION_ALL},
	{query_schema_rules, 0, VERSION_ALL},
	{query_schema_policies, 0, VERSION_ALL},
	{query_schema_functions, 0, VERSION_ALL},
	{query_schema_types, 0, VERSION_ALL},
	{query_schema_extensions, 0, VERSION_ALL},
	{query_schema_statistics, 0, VERSION_ALL},
	{query_schema_event_triggers, 0, VERSION_ALL},
	{query_schema_publications_13, 0, VERSION_15},
	{query_schema_publications, VERSION_15, VERSION_ALL},
	{query_schema_foreign, 0, VERSION_ALL},
	{query_schema_operators, 0, VERSION_ALL},
	{query_schema_casts, 0, VERSION_ALL},
	{query_schema_collations, 0, VERSION_ALL},
	{query_schema_text_search, 0, VERSION_ALL},
	{query_schema_languages, 0, VERSION_ALL},
	{query_schema_default_privileges, 0, VERSION_ALL},
	{query_schema_comments, 0, VERSION_ALL},
	{query_schema_database, 0, VERSION_ALL},
};

static void build_schema_query(struct strbuf *sql, int version)
{
	strbuf_puts(sql, query_schema_scope);
	strbuf_puts(sql, version < VERSION_14 ? query_schema_scope_13 : query_schema_scope_14);
	strbuf_puts(sql, "r (kind, name, definition, relation) as (\n");
	const char *between = "";
	for (size_t i = 0; i < sizeof(schema_parts) / sizeof(*schema_parts); i++) {
		const struct schema_part *part = &schema_parts[i];
		if (version < part->since || version >= part->until)
			continue;
		strbuf_puts(sql, between);
		strbuf_puts(sql, part->sql);
		between = "union all\n";
	}
	strbuf_puts(sql, ")\nselect kind, name, definition, relation from r");
}

/* "public.t.c" is also what a pattern for "public.t" means. */
static bool matches(const char *pattern, const char *name)
{
	if (!name)
		return false;
	if (fnmatch(pattern, name, 0) == 0)
		return true;
	size_t length = strlen(pattern);
	return strncmp(pattern, name, length) == 0 && name[length] == '.';
}

bool catalog_ignored(const struct text_list *patterns, const char *kind, const char *name, const char *relation)
{
	for (size_t i = 0; patterns && i < patterns->count; i++) {
		const char *pattern = patterns->items[i];
		size_t length = strlen(kind);
		if (matches(pattern, name) || matches(pattern, relation))
			return true;
		if (strncmp(pattern, kind, length) == 0 && pattern[length] == ' ' && matches(pattern + length + 1, name))
			return true;
	}
	return false;
}

/* Takes the rows over: 60,000 of them are gone before their copies are sorted. */
static void read_objects(struct arena *arena, struct rows *rows, const struct text_list *ignore,
                         struct schema *ret_schema)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct schema schema = {0};
	list_reserve(arena, &schema, rows_count(rows));
	for (size_t i = 0; i < rows_count(rows); i++) {
		const char *kind = rows_get(rows, i, 0), *name = rows_get(rows, i, 1);
		if (catalog_ignored(ignore, kind, name ? name : "", rows_get(rows, i, 3)))
			continue;
		const char *definition = rows_get(rows, i, 2);
		const char *last = schema.count ? schema.items[schema.count - 1].kind : "";
		*list_add(arena, &schema) = (struct schema_object){
			.kind = strcmp(last, kind) == 0 ? last : arena_strdup(arena, kind),
			.name = arena_strdup(arena, name ? name : ""),
			.definition = arena_strdup(arena, secret_strip(scratch, definition ? definition : "")),
		};
	}
	rows_close(rows);
	schema_sort(&schema);
	*ret_schema = schema;
}

static enum status explain_failure(struct error *err)
{
	if (strcmp(err->sqlstate, "55P03") == 0) {
		error_wrap(err, "somebody holds a lock on an object whose definition has to be read");
		error_hint(err, "Run again when that session has ended its transaction; pg_locks shows who it is.");
		return error_recast(err, FAIL_NOT_READY);
	}
	/* pg_get_constraintdef and its like look past the snapshot. */
	if (strcmp(err->sqlstate, "XX000") == 0) {
		error_wrap(err, "the schema changed while it was read");
		error_hint(err, "Run it again when no other session creates or drops objects.");
		return error_recast(err, FAIL_NOT_READY);
	}
	return err->status;
}

/*
 * Printing a view or an expression locks what it names: for others' sake and ours that wait has an end. Planning takes
 * longer than reading a small schema, so it is done once a session.
 */
static enum status query_with_limit(struct session *session, const char *sql, const char *parameter,
                                    struct rows **ret_rows, struct error *err)
{
	static const char set[] = "SET lock_timeout = '10s'; SET plan_cache_mode = force_generic_plan";
	static const char reset[] = "SET lock_timeout = 0; RESET plan_cache_mode";
	_cleanup_error_ struct error ignored = {0};
	if (session_script(session, set, err) != OK)
		return err->status;
	enum status status = session_query_kept(session, "schema", sql, 1, &parameter, ret_rows, err);
	/* In a transaction that has failed this fails too, and its end takes the setting back. */
	if (session_alive(session))
		(void)!session_script(session, reset, &ignored);
	return status;
}

enum status catalog_schema(struct session *session, struct arena *arena, const struct catalog_options *options,
                           struct schema *ret_schema, struct error *err)
{
	_cleanup_strbuf_ struct strbuf sql = {0};
	struct rows *rows = NULL;
	const char *history = NULL;

	if (options->history_table)
		history = arena_printf(arena, "%s.%s", quote_ident(arena, options->history_schema),
		                       quote_ident(arena, options->history_table));
	build_schema_query(&sql, session_server_version(session));
	if (query_with_limit(session, strbuf_text(&sql), history, &rows, err) != OK)
		return explain_failure(err);
	read_objects(arena, rows, options->ignore, ret_schema);
	return OK;
}

enum status catalog_roles(struct session *session, struct arena *arena, struct schema *ret_roles, struct error *err)
{
	struct rows *rows = NULL;
	if (session_query(session, query_roles, 0, NULL, &rows, err) != OK)
		return err->status;
	read_objects(arena, rows, NULL, ret_roles);
	return OK;
}

static const char *text_at(struct arena *arena, const struct rows *rows, size_t row, size_t column)
{
	return arena_strdup(arena, rows_get(rows, row, column));
}

enum status catalog_target(struct session *session, struct arena *arena, const char *environment,
                           struct target *ret_target, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL, *extensions = NULL;
	if (session_query(session, query_target, 0, NULL, &rows, err) != OK ||
	    session_query(session, query_extensions, 0, NULL, &extensions, err) != OK)
		return err->status;

	struct target target = {
		.system_identifier = text_at(arena, rows, 0, 0),
		.timeline = text_at(arena, rows, 0, 1),
		.database_oid = text_at(arena, rows, 0, 2),
		.database = text_at(arena, rows, 0, 3),
		.environment = environment,
		.server_version = (int)rows_int(rows, 0, 4),
		.server_version_text = text_at(arena, rows, 0, 5),
	};
	for (size_t i = 0; i < rows_count(extensions); i++)
		*list_add(arena, &target.extensions) = (struct extension){
			.name = text_at(arena, extensions, i, 0),
			.installed = text_at(arena, extensions, i, 1),
			.available = text_at(arena, extensions, i, 2),
		};
	*ret_target = target;
	return OK;
}

static void read_facts(struct arena *arena, const struct rows *rows, struct database_facts *ret_facts)
{
	const char *provider = rows_get(rows, 0, 3);
	*ret_facts = (struct database_facts){
		.superuser = text_at(arena, rows, 0, 0),
		.owner = text_at(arena, rows, 0, 1),
		.encoding = text_at(arena, rows, 0, 2),
		.provider = provider ? provider[0] : 'c',
		.collate = text_at(arena, rows, 0, 4),
		.ctype = text_at(arena, rows, 0, 5),
		.locale = text_at(arena, rows, 0, 6),
		.rules = text_at(arena, rows, 0, 7),
		.size_bytes = rows_int(rows, 0, 8),
		.in_recovery = rows_true(rows, 0, 9),
		.checksums = strcmp(rows_get(rows, 0, 10), "on") == 0,
		.is_superuser = rows_true(rows, 0, 11),
		.bypasses_rls = rows_true(rows, 0, 12),
		.wal_level = text_at(arena, rows, 0, 13),
		.preload = text_at(arena, rows, 0, 14),
		.max_locks = (int)rows_int(rows, 0, 15),
		.max_connections = (int)rows_int(rows, 0, 16),
		.max_prepared = (int)rows_int(rows, 0, 17),
		.free_connections = (int)rows_int(rows, 0, 18),
		.relations = rows_int(rows, 0, 19),
		.tablespace = text_at(arena, rows, 0, 20),
		.fsync = strcmp(rows_get(rows, 0, 21), "on") == 0,
	};
}

static void add_locales(struct arena *arena, const struct rows *rows, struct database_facts *facts)
{
	*list_add(arena, &facts->locales) = (struct locale_use){.collate = facts->collate, .ctype = facts->ctype};
	for (size_t i = 0; i < rows_count(rows); i++)
		*list_add(arena, &facts->locales) = (struct locale_use){
			.collation = text_at(arena, rows, i, 0),
			.collate = text_at(arena, rows, i, 1),
			.ctype = text_at(arena, rows, i, 2),
			.built_in = rows_true(rows, i, 3),
		};
}

enum status catalog_facts(struct session *session, struct arena *arena, struct database_facts *ret_facts,
                          struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL, *spaces = NULL, *locales = NULL, *extensions = NULL;
	if (session_query(session, query_database_facts, 0, NULL, &rows, err) != OK ||
	    session_query(session, query_tablespaces, 0, NULL, &spaces, err) != OK ||
	    session_query(session, query_collations_used, 0, NULL, &locales, err) != OK ||
	    session_query(session, query_extensions, 0, NULL, &extensions, err) != OK)
		return err->status;

	struct database_facts facts;
	read_facts(arena, rows, &facts);
	facts.server_version = session_server_version(session);
	for (size_t i = 0; i < rows_count(spaces); i++)
		*list_add(arena, &facts.tablespaces) = (struct tablespace){
			.name = text_at(arena, spaces, i, 0),
			.owner = text_at(arena, spaces, i, 1),
			.location = text_at(arena, spaces, i, 2),
		};
	add_locales(arena, locales, &facts);
	for (size_t i = 0; i < rows_count(extensions); i++)
		if (rows_get(extensions, i, 1))
			*list_add(arena, &facts.extensions) = (struct extension){
				.name = text_at(arena, extensions, i, 0),
				.installed = text_at(arena, extensions, i, 1),
				.available = text_at(arena, extensions, i, 2),
			};
	*ret_facts = facts;
	return OK;
}

enum status catalog_settings(struct session *session, struct arena *arena, struct setting_list *ret_settings,
                             struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	if (session_query(session, query_server_settings, 0, NULL, &rows, err) != OK)
		return err->status;
	struct setting_list settings = {0};
	for (size_t i = 0; i < rows_count(rows); i++)
		*list_add(arena, &settings) = (struct name_value){
			.name = text_at(arena, rows, i, 0),
			.value = text_at(arena, rows, i, 1),
		};
	*ret_settings = settings;
	return OK;
}

enum status catalog_findings(struct session *session, struct arena *arena, struct finding_list *ret_findings,
                             struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	if (session_query(session, query_findings, 0, NULL, &rows, err) != OK)
		return err->status;
	struct finding_list findings = {0};
	for (size_t i = 0; i < rows_count(rows); i++)
		*list_add(arena, &findings) = (struct finding){
			.kind = text_at(arena, rows, i, 0),
			.name = text_at(arena, rows, i, 1),
		};
	*ret_findings = findings;
	return OK;
}
