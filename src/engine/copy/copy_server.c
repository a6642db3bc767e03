#include "engine/copy/copy_server.h"

#include <string.h>

#include "base/strbuf.h"
#include "engine/copy/copy_staging.h"
#include "pg/query.h"
#include "sys/file.h"

/* ---- opening ---- */

/* Settings of the server, as a session without pinned ones sees them. */
static enum status read_settings(struct copy *copy, struct setting_list *ret_settings, struct error *err)
{
	_cleanup_session_ struct session *session = NULL;
	struct session_options options = run_session_options(copy->run, "settings");
	options.plain = true;
	options.set_role = NULL;
	if (session_open(copy->run->loop, &options, &session, err) != OK)
		return err->status;
	return catalog_settings(session, copy->arena, ret_settings, err);
}

static enum status open_admin(struct copy *copy, struct error *err)
{
	struct session_options options = {
		.conninfo = copy->conninfo,
		.role_word = "copy",
		.run_id = copy->run->id.text,
		.access = SESSION_READ_WRITE,
	};
	return session_open(copy->run->loop, &options, &copy->admin, err);
}

/* By date of release: an older pg_dump writes what cannot be restored. */
static enum status check_fresh(const struct copy *copy, struct error *err)
{
	if (binaries_fresh(copy->binaries.version, copy->run->target.server_version))
		return OK;
	error_set(err, FAIL_USAGE, "pg_dump %s is older than the server, which is %s", copy->binaries.version_text,
	          copy->run->target.server_version_text);
	return error_hint(err, "Update the packages postgresql-%d and postgresql-client-%d on this machine: an older"
	                       " pg_dump writes what cannot be restored.",
	                  copy->binaries.version / 10000, copy->binaries.version / 10000);
}

static enum status begin_scratch(struct copy *copy, struct error *err)
{
	struct run *run = copy->run;
	const char *folder;

	if (binaries_find(run->loop, copy->arena, NULL, run->target.server_version, &copy->binaries, err) != OK ||
	    check_fresh(copy, err) != OK || scratch_folder(copy->arena, run->settings->work_dir, &folder, err) != OK ||
	    read_settings(copy, &copy->settings, err) != OK)
		return err->status;
	struct scratch_options options = {
		.folder = folder,
		.binaries = &copy->binaries,
		.superuser = copy->facts.superuser,
		.run_id = run->id.text,
		.like = &copy->facts,
		.live_socket = session_socket_folder(run->live),
		.settings = &copy->settings,
		.loads = !run->settings->backup_by_command,
	};
	copy->live_name = run->target.database;
	copy->kept_name = "pgsluice_copy";
	copy->canonical_name = "pgsluice_canonical";
	return scratch_begin(run->loop, &options, &copy->scratch, err);
}

enum status server_start(struct copy *copy, struct error *err)
{
	if (!copy->scratch)
		return OK;
	if (scratch_start(copy->scratch, err) != OK)
		return err->status;
	copy->conninfo = scratch_conninfo(copy->scratch);
	if (open_admin(copy, err) != OK)
		return err->status;
	const struct text_list *left_out = scratch_left_out(copy->scratch);
	for (size_t i = 0; i < left_out->count; i++)
		list_push(copy->arena, &copy->notes, left_out->items[i]);
	if (!copy->facts.preload)
		list_push(copy->arena, &copy->notes, "which libraries live preloads is not shown to this role: none is");
	return OK;
}

enum status server_settle(struct copy *copy, struct error *err)
{
	if (!copy->scratch || !scratch_loads(copy->scratch))
		return OK;
	session_close(copy->admin);
	copy->admin = NULL;
	return scratch_settle(copy->scratch, err) == OK ? open_admin(copy, err) : err->status;
}

enum status server_begin(struct copy *copy, struct error *err)
{
	if (catalog_facts(copy->run->live, copy->arena, &copy->facts, err) != OK)
		return err->status;
	if (!copy->run->settings->staging)
		return begin_scratch(copy, err);
	return staging_open(copy, err) != OK ? err->status : check_fresh(copy, err);
}

/* ---- databases ---- */

enum status server_create_database(struct copy *copy, const char *name, struct error *err)
{
	enum { PROVIDERS_SINCE = 150000 };
	const struct database_facts *facts = &copy->facts;
	struct arena *arena = copy->arena;
	_cleanup_strbuf_ struct strbuf sql = {0};

	/* Bounds of text partitions are only in order under the right collation. */
	strbuf_printf(&sql, "CREATE DATABASE %s TEMPLATE template0 ENCODING %s LC_COLLATE %s LC_CTYPE %s",
	              quote_ident(arena, name), quote_literal(arena, facts->encoding), quote_literal(arena, facts->collate),
	              quote_literal(arena, facts->ctype));
	if (facts->server_version >= PROVIDERS_SINCE && facts->provider == 'i' && facts->locale)
		strbuf_printf(&sql, " LOCALE_PROVIDER icu ICU_LOCALE %s", quote_literal(arena, facts->locale));
	if (facts->server_version >= PROVIDERS_SINCE && facts->provider == 'b' && facts->locale)
		strbuf_printf(&sql, " LOCALE_PROVIDER builtin BUILTIN_LOCALE %s", quote_literal(arena, facts->locale));
	return session_exec(copy->admin, strbuf_text(&sql), err);
}

void server_drop_database(struct copy *copy, const char *name)
{
	_cleanup_error_ struct error ignored = {0};
	struct loop *loop = copy->run->loop;
	if (!copy->admin || !session_alive(copy->admin))
		return;
	loop_shield(loop);
	(void)!session_exec(copy->admin, arena_printf(copy->arena, "DROP DATABASE IF EXISTS %s WITH (FORCE)",
	                                              quote_ident(copy->arena, name)), &ignored);
	loop_unshield(loop);
}

/* ---- extensions ---- */

static bool has_version(const struct rows *rows, const char *name, const char *version)
{
	for (size_t i = 0; i < rows_count(rows); i++)
		if (strcmp(rows_get(rows, i, 0), name) == 0 && strcmp(rows_get(rows, i, 1), version) == 0)
			return true;
	return false;
}

enum status server_check_extensions(struct copy *copy, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	_cleanup_strbuf_ struct strbuf missing = {0};
	if (session_query(copy->admin, query_extension_versions, 0, NULL, &rows, err) != OK)
		return err->status;
	for (size_t i = 0; i < copy->facts.extensions.count; i++) {
		const struct extension *extension = &copy->facts.extensions.items[i];
		if (!has_version(rows, extension->name, extension->installed))
			strbuf_printf(&missing, "%s%s %s", missing.length ? ", " : "", extension->name, extension->installed);
	}
	if (!missing.length)
		return OK;
	error_set(err, FAIL_GATE, "live has extensions that the copy's server cannot make: %s", strbuf_text(&missing));
	return error_hint(err, "Install their packages for PostgreSQL %d on this machine, in these versions.",
	                  copy->binaries.version / 10000);
}

enum status server_other_versions(struct copy *copy, struct text_list *ret_names, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	if (session_query(copy->admin, query_extensions, 0, NULL, &rows, err) != OK)
		return err->status;
	for (size_t i = 0; i < copy->facts.extensions.count; i++) {
		const struct extension *extension = &copy->facts.extensions.items[i];
		for (size_t j = 0; j < rows_count(rows); j++)
			if (strcmp(rows_get(rows, j, 0), extension->name) == 0 && rows_get(rows, j, 2) &&
			    strcmp(rows_get(rows, j, 2), extension->installed) != 0)
				list_push(copy->arena, ret_names, extension->name);
	}
	return OK;
}

/* ---- roles, tablespaces, collations ---- */

static enum status run_statements(struct copy *copy, const char *query, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	if (session_query(copy->run->live, query, 0, NULL, &rows, err) != OK)
		return err->status;
	for (size_t i = 0; i < rows_count(rows); i++)
		if (session_exec(copy->admin, rows_get(rows, i, 0), err) != OK) {
			error_recast(err, FAIL_GATE);
			return error_wrap(err, "could not make a role as on live");
		}
	return OK;
}

static enum status make_roles(struct copy *copy, struct error *err)
{
	enum { PARAMETER_GRANTS_SINCE = 150000 };
	if (run_statements(copy, query_role_statements, err) != OK)
		return err->status;
	if (copy->run->target.server_version < PARAMETER_GRANTS_SINCE)
		return OK;
	return run_statements(copy, query_parameter_grants, err);
}

/* Of the same name as on live, below the scratch cluster's own folder. */
static enum status make_tablespaces(struct copy *copy, struct error *err)
{
	struct arena *arena = copy->arena;
	for (size_t i = 0; i < copy->facts.tablespaces.count; i++) {
		const struct tablespace *space = &copy->facts.tablespaces.items[i];
		const char *path = arena_printf(arena, "%s/tablespace%zu", scratch_place(copy->scratch), i + 1);
		const char *sql = arena_printf(arena, "CREATE TABLESPACE %s OWNER %s LOCATION %s",
		                               quote_ident(arena, space->name), quote_ident(arena, space->owner),
		                               quote_literal(arena, path));
		if (folder_make(path, err) != OK || scratch_give(copy->scratch, path, err) != OK ||
		    session_exec(copy->admin, sql, err) != OK)
			return error_wrap(err, "could not make tablespace %s for the copy", space->name);
		list_push(arena, &copy->notes, arena_printf(arena, "tablespace %s is mapped into the scratch cluster's folder",
		                                            space->name));
	}
	return OK;
}

static enum status make_collation(struct session *session, struct arena *arena, const struct locale_use *use,
                                  struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	static const char is_there[] = "SELECT 1 FROM pg_collation"
	                               " WHERE collname = $1 AND collnamespace = 'pg_catalog'::regnamespace";
	const char *name[] = {use->collation};
	if (session_query(session, is_there, 1, name, &rows, err) != OK)
		return err->status;
	if (rows_count(rows))
		return OK;
	static const char make[] = "CREATE COLLATION pg_catalog.%s (PROVIDER = libc, LC_COLLATE = %s, LC_CTYPE = %s)";
	const char *sql = arena_printf(arena, make, quote_ident(arena, use->collation), quote_literal(arena, use->collate),
	                               quote_literal(arena, use->ctype));
	return session_exec(session, sql, err);
}

/* Collations that live's initdb found on its system are in pg_catalog there, so in the template here. */
static enum status make_collations(struct copy *copy, struct error *err)
{
	_cleanup_session_ struct session *session = NULL;
	const struct database_facts *facts = &copy->facts;
	bool needed = false;
	for (size_t i = 0; i < facts->locales.count; i++)
		needed = needed || facts->locales.items[i].built_in;
	if (!needed)
		return OK;

	struct session_options options = copy_options(copy, "copy");
	options.database = "template0";
	options.access = SESSION_READ_WRITE;
	if (session_exec(copy->admin, "ALTER DATABASE template0 ALLOW_CONNECTIONS true", err) != OK ||
	    session_open(copy->run->loop, &options, &session, err) != OK)
		return err->status;
	for (size_t i = 0; i < facts->locales.count; i++)
		if (facts->locales.items[i].built_in &&
		    make_collation(session, copy->arena, &facts->locales.items[i], err) != OK)
			return err->status;
	return session_exec(copy->admin, "ALTER DATABASE template0 ALLOW_CONNECTIONS false", err);
}

enum status server_reset_shared(struct copy *copy, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	if (!copy->scratch)
		return OK;
	if (!copy->shared_kept) {
		copy->shared_kept = session_script(copy->admin, query_shared_keep, err) == OK;
		return err->status;
	}
	if (session_query(copy->admin, query_shared_databases, 0, NULL, &rows, err) != OK)
		return err->status;
	for (size_t i = 0; i < rows_count(rows); i++)
		server_drop_database(copy, rows_get(rows, i, 0));
	return session_script(copy->admin, query_shared_restore, err);
}

enum status server_populate(struct copy *copy, struct error *err)
{
	if (!copy->scratch)
		return staging_check(copy, err);
	if (make_roles(copy, err) != OK || make_tablespaces(copy, err) != OK)
		return err->status;
	return make_collations(copy, err);
}
