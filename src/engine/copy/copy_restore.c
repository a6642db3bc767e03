#include "engine/copy/copy_restore.h"

#include <string.h>

#include "base/strbuf.h"
#include "base/text.h"
#include "engine/copy/copy_server.h"
#include "engine/copy/copy_staging.h"
#include "pg/query.h"
#include "pg/statistics.h"
#include "sys/file.h"

static struct restore_options restore_options(struct copy *copy)
{
	return (struct restore_options){
		.loop = copy->run->loop,
		.binaries = &copy->binaries,
		.server = copy->admin,
		.secrets = copy->secrets,
		.jobs = copy->run->settings->jobs,
	};
}

/* ---- extensions in another version than the default one ---- */

/* Entries of the contents that make the database and its schemas: "3; 2615 16385 SCHEMA - app owner". */
static bool makes_place(const char *line, size_t length)
{
	static const char *const kinds[] = {" DATABASE - ", " DATABASE PROPERTIES - ", " SCHEMA - "};
	_cleanup_arena_ struct arena *scratch = arena_open();
	const char *entry = arena_strndup(scratch, line, length);
	const char *semicolon = strchr(entry, ';');
	if (!semicolon || semicolon == entry)
		return false;
	/* Past the two numbers after the semicolon. */
	const char *kind = semicolon + 1;
	for (int word = 0; word < 2 && *kind; word++)
		kind += strspn(kind, " "), kind += strcspn(kind, " ");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strncmp(kind, kinds[i], strlen(kinds[i])) == 0)
			return true;
	return false;
}

static enum status write_lists(struct copy *copy, const char *contents, const char *first, const char *rest,
                               struct error *err)
{
	_cleanup_strbuf_ struct strbuf places = {0}, others = {0};
	for (const char *at = contents; *at;) {
		size_t length = strcspn(at, "\n");
		struct strbuf *list = makes_place(at, length) ? &places : &others;
		strbuf_add(list, at, length);
		strbuf_putc(list, '\n');
		at += length + (at[length] == '\n');
	}
	(void)copy;
	if (file_write(first, strbuf_text(&places), places.length, err) != OK)
		return err->status;
	return file_write(rest, strbuf_text(&others), others.length, err);
}

/* In their own schema and version; the restore then finds them there and leaves them. */
static enum status make_extensions(struct copy *copy, const struct text_list *names, struct error *err)
{
	_cleanup_session_ struct session *session = NULL;
	_cleanup_rows_ struct rows *rows = NULL;
	struct arena *arena = copy->arena;
	struct session_options options = copy_options(copy, "copy");
	options.database = copy->run->target.database;
	options.access = SESSION_READ_WRITE;
	if (session_query(copy->run->live, "SELECT extname, extversion, extnamespace::regnamespace::text FROM pg_extension"
	                                   " ORDER BY oid", 0, NULL, &rows, err) != OK ||
	    session_open(copy->run->loop, &options, &session, err) != OK)
		return err->status;
	for (size_t i = 0; i < rows_count(rows); i++) {
		const char *name = rows_get(rows, i, 0);
		if (!text_list_has(names, name))
			continue;
		const char *version = quote_literal(arena, rows_get(rows, i, 1));
		const char *sql = arena_printf(arena, "CREATE EXTENSION %s SCHEMA %s VERSION %s CASCADE",
		                               quote_ident(arena, name), rows_get(rows, i, 2), version);
		if (session_exec(session, sql, err) != OK) {
			error_recast(err, FAIL_GATE);
			return error_wrap(err, "could not make extension %s %s", name, rows_get(rows, i, 1));
		}
	}
	return OK;
}

static enum status restore_in_parts(struct copy *copy, const struct dump *dump, const struct text_list *extensions,
                                    const struct watch *watch, struct error *err)
{
	struct restore_options options = restore_options(copy);
	const char *contents, *first = path_join(copy->arena, copy->secrets, "first");
	const char *rest = path_join(copy->arena, copy->secrets, "rest");

	if (dump_contents(copy->arena, dump, &options, &contents, err) != OK ||
	    write_lists(copy, contents, first, rest, err) != OK)
		return err->status;
	options.list_file = first;
	if (dump_restore(dump, &options, watch, err) != OK || make_extensions(copy, extensions, err) != OK)
		return err->status;
	options.list_file = rest;
	options.database = copy->run->target.database;
	return dump_restore(dump, &options, watch, err);
}

/* ---- all ---- */

/* There is another database of live's name, perhaps: so this one is made by us, under ours. */
static enum status restore_on_staging(struct copy *copy, const struct dump *dump, const struct watch *watch,
                                      struct error *err)
{
	struct text_list other_versions = {0};
	struct restore_options options = restore_options(copy);
	options.database = copy->kept_name;
	if (server_create_database(copy, copy->kept_name, err) != OK ||
	    server_other_versions(copy, &other_versions, err) != OK)
		return err->status;
	if (other_versions.count) {
		error_set(err, FAIL_GATE, "the staging server would make extension %s in another version than live's",
		          other_versions.items[0]);
		return error_hint(err, "Update the extension on live first, or leave --staging out: a scratch cluster can make"
		                       " that version.");
	}
	if (dump_restore(dump, &options, watch, err) != OK)
		return err->status;
	return staging_set(copy, copy->kept_name, err);
}

static enum status restore(struct copy *copy, const struct dump *dump, const struct watch *watch, struct error *err)
{
	struct text_list other_versions = {0};
	struct restore_options options = restore_options(copy);
	if (!copy->scratch)
		return restore_on_staging(copy, dump, watch, err);
	if (server_other_versions(copy, &other_versions, err) != OK)
		return err->status;
	if (other_versions.count)
		return restore_in_parts(copy, dump, &other_versions, watch, err);
	return dump_restore(dump, &options, watch, err);
}

/* Live's name is for the clones. */
enum status copy_adopt(struct copy *copy, const char *database, struct error *err)
{
	const char *sql = arena_printf(copy->arena, "ALTER DATABASE %s RENAME TO %s", quote_ident(copy->arena, database),
	                               quote_ident(copy->arena, copy->kept_name));
	copy->restored = true;
	if (strcmp(database, copy->kept_name) == 0 || session_exec(copy->admin, sql, err) == OK)
		return OK;
	return error_recast(err, FAIL_GATE);
}

/* A server that gave out explains more than the program that lost it. On a full disk it has no words left. */
enum status copy_explain(struct copy *copy, struct error *err)
{
	enum { FULL_BYTES = 32 * 1024 * 1024 }; /* two WAL segments */
	_cleanup_error_ struct error ended = {0};
	if (!copy->scratch || (err->status != FAIL_GATE && err->status != FAIL_UNREACHABLE))
		return err->status;
	int64_t free = folder_free(scratch_place(copy->scratch));
	if (free >= 0 && free < FULL_BYTES) {
		(void)error_recast(err, FAIL_GATE);
		error_add_detail(err, "%s free in \"%s\".", text_bytes(copy->arena, free), scratch_place(copy->scratch));
		return error_hint(err, "Free space there, or choose other folders with --evidence and work-dir; then run"
		                       " again.");
	}
	if (!scratch_alive(copy->scratch, &ended))
		error_move(err, &ended);
	return err->status;
}

enum status copy_restore(struct copy *copy, const struct dump *dump, const struct watch *watch, struct error *err)
{
	_cleanup_error_ struct error ignored = {0};
	enum status status = restore(copy, dump, watch, err);
	(void)!folder_remove(copy->secrets, &ignored);
	if (status == OK)
		status = server_settle(copy, err);
	if (status != OK)
		return copy_explain(copy, err);
	return copy_adopt(copy, copy->scratch ? dump->database : copy->kept_name, err);
}

enum status copy_harden(struct copy *copy, struct error *err)
{
	_cleanup_session_ struct session *session = NULL;
	_cleanup_rows_ struct rows *rows = NULL;
	struct session_options options = copy_options(copy, "copy");
	options.access = SESSION_READ_WRITE;
	/* As a replica, so that no event trigger of live's takes part. */
	if (session_open(copy->run->loop, &options, &session, err) != OK ||
	    session_exec(session, "SET session_replication_role = replica", err) != OK ||
	    session_query(session, query_user_mapping_drops, 0, NULL, &rows, err) != OK)
		return err->status;
	for (size_t i = 0; i < rows_count(rows); i++)
		if (session_exec(session, rows_get(rows, i, 0), err) != OK)
			return error_wrap(err, "could not take a user mapping out of the copy");
	size_t workers = copy->run->settings->jobs > 0 ? (size_t)copy->run->settings->jobs : 1;
	return statistics_gather(session, &options, workers, err);
}

enum status copy_size(struct copy *copy, int64_t *ret_bytes, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	const char *names[] = {copy->live_name, copy->kept_name};
	if (session_query(copy->admin, "SELECT coalesce(sum(pg_database_size(oid)), 0)::int8 FROM pg_database"
	                               " WHERE datname IN ($1, $2)", 2, names, &rows, err) != OK)
		return err->status;
	*ret_bytes = rows_int(rows, 0, 0);
	return OK;
}

const struct database_facts *copy_facts(const struct copy *copy)
{
	return &copy->facts;
}

const struct binaries *copy_binaries(const struct copy *copy)
{
	return &copy->binaries;
}

struct session *copy_admin(struct copy *copy)
{
	return copy->admin;
}

const char *copy_place(const struct copy *copy)
{
	return copy->scratch ? scratch_place(copy->scratch) : NULL;
}

const char *copy_secrets(const struct copy *copy)
{
	return copy->secrets;
}
