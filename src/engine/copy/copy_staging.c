#include "engine/copy/copy_staging.h"

#include <string.h>

#include "base/strbuf.h"
#include "pg/query.h"

/* ---- connecting ---- */

static enum status refuse_cluster_wide(const struct run *run, struct error *err)
{
	for (size_t i = 0; i < run->plan.pending.count; i++) {
		const struct migration *migration = run->plan.pending.items[i];
		for (size_t j = 0; j < migration->up.steps.count; j++) {
			const struct step *step = &migration->up.steps.items[j];
			for (size_t k = 0; k < step->count; k++) {
				const struct statement *statement = &step->statements[k];
				if (!statement->cluster_wide)
					continue;
				error_set(err, FAIL_REFUSED, "migration %s reaches beyond its database: %s", migration->version,
				          statement->tag);
				error_where(err, migration->up.path, statement->line, statement->column);
				return error_hint(err, "Leave --staging out: in a scratch cluster it can be rehearsed without harm.");
			}
		}
	}
	return OK;
}

static enum status connect(struct copy *copy, struct error *err)
{
	struct session_options options = {
		.conninfo = copy->conninfo,
		.role_word = "copy",
		.run_id = copy->run->id.text,
		.access = SESSION_READ_WRITE,
		.direct = true,
	};
	if (session_open(copy->run->loop, &options, &copy->admin, err) != OK)
		return error_wrap(err, "--staging");
	return OK;
}

static enum status check_server(struct copy *copy, struct error *err)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	const struct target *live = &copy->run->target;
	struct target here;
	if (catalog_target(copy->admin, scratch, "", &here, err) != OK)
		return err->status;
	if (here.server_version / 10000 != live->server_version / 10000) {
		error_set(err, FAIL_USAGE, "the staging server is PostgreSQL %s, the target %s", here.server_version_text,
		          live->server_version_text);
		return error_hint(err, "Name a staging server of major version %d: schemas of different majors do not compare.",
		                  live->server_version / 10000);
	}
	if (strcmp(here.system_identifier, live->system_identifier) == 0) {
		error_set(err, FAIL_USAGE, "--staging names the target's own server");
		return error_hint(err, "Name another server, or leave --staging out to use a scratch cluster.");
	}
	return OK;
}

static enum status drop_stale(struct copy *copy, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	if (session_query(copy->admin, query_staging_stale, 0, NULL, &rows, err) != OK)
		return err->status;
	for (size_t i = 0; i < rows_count(rows); i++) {
		const char *name = quote_ident(copy->arena, rows_get(rows, i, 0));
		const char *sql = arena_printf(copy->arena, "DROP DATABASE IF EXISTS %s WITH (FORCE)", name);
		if (session_exec(copy->admin, sql, err) != OK)
			return error_wrap(err, "could not drop %s, which a killed run left on the staging server", name);
	}
	return OK;
}

enum status staging_open(struct copy *copy, struct error *err)
{
	struct run *run = copy->run;
	copy->conninfo = run->settings->staging;
	copy->live_name = arena_printf(copy->arena, "pgsluice_%.8s_live", run->id.text);
	copy->kept_name = arena_printf(copy->arena, "pgsluice_%.8s_copy", run->id.text);
	copy->canonical_name = arena_printf(copy->arena, "pgsluice_%.8s_canonical", run->id.text);
	if (refuse_cluster_wide(run, err) != OK ||
	    binaries_find_client(run->loop, copy->arena, NULL, run->target.server_version, &copy->binaries, err) != OK ||
	    connect(copy, err) != OK || check_server(copy, err) != OK)
		return err->status;
	return drop_stale(copy, err);
}

/* ---- what must be there ---- */

static bool has_name(const struct rows *rows, const char *name)
{
	for (size_t i = 0; i < rows_count(rows); i++)
		if (strcmp(rows_get(rows, i, 0), name) == 0)
			return true;
	return false;
}

static enum status check_roles(struct copy *copy, struct error *err)
{
	_cleanup_rows_ struct rows *needed = NULL, *there = NULL;
	_cleanup_strbuf_ struct strbuf names = {0}, statements = {0};
	struct arena *arena = copy->arena;
	const char *role = copy->run->settings->role;
	const char *ours[] = {arena_printf(arena, "{%s%s%s}", quote_ident(arena, copy->user), role ? "," : "",
	                                   role ? quote_ident(arena, role) : "")};

	if (session_query(copy->run->live, query_staging_roles, 1, ours, &needed, err) != OK ||
	    session_query(copy->admin, "SELECT rolname FROM pg_roles", 0, NULL, &there, err) != OK)
		return err->status;
	for (size_t i = 0; i < rows_count(needed); i++) {
		if (has_name(there, rows_get(needed, i, 0)))
			continue;
		strbuf_printf(&names, "%s%s", names.length ? ", " : "", rows_get(needed, i, 0));
		strbuf_printf(&statements, "%s; ", rows_get(needed, i, 1));
	}
	if (!names.length)
		return OK;
	error_set(err, FAIL_USAGE, "the staging server lacks roles that live's objects need: %s", strbuf_text(&names));
	return error_hint(err, "Run there: %s", strbuf_text(&statements));
}

static enum status check_tablespaces(struct copy *copy, struct error *err)
{
	_cleanup_rows_ struct rows *used = NULL, *there = NULL;
	static const char used_here[] = "SELECT DISTINCT spcname::text FROM pg_class c JOIN pg_tablespace t"
	                                " ON t.oid = reltablespace WHERE spcname !~ '^pg_' ORDER BY 1";
	if (session_query(copy->run->live, used_here, 0, NULL, &used, err) != OK ||
	    session_query(copy->admin, "SELECT spcname::text FROM pg_tablespace", 0, NULL, &there, err) != OK)
		return err->status;
	for (size_t i = 0; i < rows_count(used); i++) {
		if (has_name(there, rows_get(used, i, 0)))
			continue;
		error_set(err, FAIL_USAGE, "the staging server lacks tablespace %s", rows_get(used, i, 0));
		return error_hint(err, "Make it there with CREATE TABLESPACE, or leave --staging out: a scratch cluster maps"
		                       " it.");
	}
	return OK;
}

enum status staging_check(struct copy *copy, struct error *err)
{
	if (check_roles(copy, err) != OK)
		return err->status;
	return check_tablespaces(copy, err);
}

enum status staging_set(struct copy *copy, const char *database, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	if (session_query(copy->run->live, query_staging_settings, 1, &database, &rows, err) != OK)
		return err->status;
	for (size_t i = 0; i < rows_count(rows); i++)
		if (session_exec(copy->admin, rows_get(rows, i, 0), err) != OK)
			return error_wrap(err, "could not make a setting of live's database on the staging server");
	return OK;
}
