#include "engine/copy/copy.h"

#include <string.h>

#include "base/memory.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "engine/copy/backup_command.h"
#include "engine/copy/copy_restore.h"
#include "engine/copy/copy_server.h"
#include "engine/copy/copy_staging.h"
#include "engine/evidence_store.h"
#include "pg/query.h"
#include "sys/file.h"

struct clone {
	struct copy *copy;
	const char *choice;
};

/* ---- opening and closing ---- */

static enum status find_secrets(struct copy *copy, struct error *err)
{
	const struct run *run = copy->run;
	const char *folder;
	if (run->store)
		folder = evidence_store_folder(run->store);
	else if (state_folder(copy->arena, &folder, err) != OK)
		return err->status;
	copy->secrets = arena_printf(copy->arena, "%s/connection-%.8s", folder, run->id.text);
	return OK;
}

bool copy_can_start(const struct copy *copy)
{
	return !copy->scratch || scratch_made(copy->scratch);
}

enum status copy_start(struct copy *copy, struct error *err)
{
	if (copy->started)
		return OK;
	if (server_start(copy, err) != OK || server_check_extensions(copy, err) != OK ||
	    server_populate(copy, err) != OK)
		return err->status;
	copy->started = true;
	return OK;
}

/* Those of the server itself are always there. */
static bool needs_extensions(const struct copy *copy)
{
	for (size_t i = 0; i < copy->facts.extensions.count; i++)
		if (strcmp(copy->facts.extensions.items[i].name, "plpgsql") != 0)
			return true;
	return false;
}

enum status copy_begin(struct run *run, struct copy **ret_copy, struct error *err)
{
	struct copy *copy = memory_new(sizeof(*copy));
	copy->run = run;
	copy->arena = arena_open();
	copy->user = arena_strdup(copy->arena, session_user(run->live));
	if (find_secrets(copy, err) != OK || server_begin(copy, err) != OK ||
	    (needs_extensions(copy) && copy_start(copy, err) != OK)) {
		enum status status = err->status;
		copy_close(copy);
		return status;
	}
	*ret_copy = copy;
	return OK;
}

void copy_close(struct copy *copy)
{
	_cleanup_error_ struct error ignored = {0};
	if (!copy)
		return;
	copy->closing = true;
	clone_drop(copy->clone);
	/* A scratch cluster takes everything along. */
	if (!copy->scratch && copy->kept_name)
		server_drop_database(copy, copy->kept_name);
	session_close(copy->admin);
	scratch_close(copy->scratch);
	if (copy->secrets)
		(void)!folder_remove(copy->secrets, &ignored);
	arena_close(copy->arena);
	memory_free(copy);
}

/* Again what the backup gate proved: from its dump, or by the operator's program. */
static enum status restore_again(struct run *run, struct copy *copy, const struct dump *dump, struct error *err)
{
	enum status status = dump ? copy_restore(copy, dump, NULL, err)
	                          : backup_command_again(copy, run->evidence[GATE_BACKUP].data, err);
	return status == OK ? copy_harden(copy, err) : status;
}

enum status copy_need(struct run *run, struct copy **ret_copy, struct error *err)
{
	struct dump dump;
	if (run->copy && !run->copy->spent) {
		*ret_copy = run->copy;
		return OK;
	}
	const struct json *data = run->evidence[GATE_BACKUP].data;
	bool by_command = json_has(data, "command_backup");
	if (!by_command && dump_read(run->arena, json_get(data, "dump"), &dump, err) != OK)
		return err->status;
	if ((run->copy ? server_reset_shared(run->copy, err) : copy_begin(run, &run->copy, err)) != OK)
		return err->status;
	run->copy->spent = false;
	enum status status = by_command ? OK : dump_check(run->loop, &dump, err);
	if (status == OK)
		status = copy_start(run->copy, err);
	if (status == OK)
		status = restore_again(run, run->copy, by_command ? NULL : &dump, err);
	if (status != OK) {
		copy_close(run->copy);
		run->copy = NULL;
		return status;
	}
	*ret_copy = run->copy;
	return OK;
}

bool copy_is_there(const struct run *run)
{
	return run->copy && !run->copy->spent && !run->copy->clone;
}

const struct relation_list *copy_content(const struct copy *copy)
{
	return copy->content.count ? &copy->content : NULL;
}

void copy_set_content(struct copy *copy, const struct relation_list *content)
{
	copy->content = *content;
}

struct session_options copy_options(struct copy *copy, const char *role_word)
{
	return (struct session_options){
		.conninfo = copy->conninfo,
		.database = copy->kept_name,
		.role_word = role_word,
		.run_id = copy->run->id.text,
		.access = SESSION_READ_ONLY,
	};
}

enum status copy_session(struct copy *copy, const char *role_word, struct session **ret_session, struct error *err)
{
	struct session_options options = copy_options(copy, role_word);
	return session_open(copy->run->loop, &options, ret_session, err);
}

const char *copy_isolation(const struct copy *copy)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	if (copy->scratch && scratch_isolated(copy->scratch))
		strbuf_printf(&text,
		              "scratch cluster with a network of its own: no way in or out; files of this machine are %s to it",
		              scratch_read_only(copy->scratch) ? "read-only" : "open");
	else if (copy->scratch)
		strbuf_puts(&text, "scratch cluster on a private socket; this system does not let it be shut in, so what"
		                   " reaches out still can");
	else
		strbuf_puts(&text, "a database on the staging server, entered by SET ROLE: what that server can reach, it can;"
		                   " grants and limits of the database itself are not as on live");
	strbuf_puts(&text, "; without user mappings and subscriptions");
	for (size_t i = 0; i < copy->notes.count; i++)
		strbuf_printf(&text, "; %s", copy->notes.items[i]);
	return arena_strdup(copy->arena, strbuf_text(&text));
}

/* ---- clones ---- */

static enum status create_clone(struct copy *copy, struct error *err)
{
	enum { STRATEGY_SINCE = 150000 };
	struct arena *arena = copy->arena;
	const char *parameters[] = {copy->kept_name, copy->live_name};
	const char *sql = arena_printf(arena, "CREATE DATABASE %s TEMPLATE %s OWNER %s%s",
	                               quote_ident(arena, copy->live_name), quote_ident(arena, copy->kept_name),
	                               quote_ident(arena, copy->facts.owner),
	                               session_server_version(copy->admin) >= STRATEGY_SINCE ? " STRATEGY file_copy" : "");
	if (session_exec(copy->admin, sql, err) != OK)
		return err->status;
	if (!copy->scratch)
		return staging_set(copy, copy->live_name, err);
	return session_query(copy->admin, query_clone_properties, 2, parameters, NULL, err);
}

/* Two ways to a database that the plan may change: a clone where there is room for one, else the copy itself. */
static enum status choose(struct copy *copy, const char **ret_choice, struct error *err)
{
	enum { RESERVE_BYTES = 128 * 1024 * 1024, LEAST_BYTES = 64 * 1024 * 1024 };
	_cleanup_rows_ struct rows *rows = NULL;
	struct arena *arena = copy->arena;
	const char *name[] = {copy->kept_name};

	copy->lent = false;
	*ret_choice = "a clone of the copy";
	if (!copy->scratch)
		return OK;
	if (session_query(copy->admin, "SELECT pg_database_size($1)", 1, name, &rows, err) != OK)
		return err->status;
	int64_t needed = rows_int(rows, 0, 0) + RESERVE_BYTES, free = folder_free(scratch_place(copy->scratch));
	if (free < 0 || free >= needed)
		return OK;
	const char *room = arena_printf(arena, "%s free in \"%s\", %s needed for a clone", text_bytes(arena, free),
	                                scratch_place(copy->scratch), text_bytes(arena, needed));
	if (free < LEAST_BYTES) {
		error_set(err, FAIL_GATE, "no space to work on the copy: %s", room);
		return error_hint(err, "Free space there, or set work-dir to a folder on a bigger file system.");
	}
	copy->lent = true;
	*ret_choice = arena_printf(arena, "the copy itself, which is restored again afterwards: %s", room);
	return OK;
}

static enum status lend(struct copy *copy, struct error *err)
{
	return session_exec(copy->admin, arena_printf(copy->arena, "ALTER DATABASE %s RENAME TO %s",
	                                              quote_ident(copy->arena, copy->kept_name),
	                                              quote_ident(copy->arena, copy->live_name)), err);
}

enum status clone_make(struct copy *copy, struct clone **ret_clone, struct error *err)
{
	const char *choice;
	if (copy->clone) {
		error_set(err, FAIL_INTERNAL, "a clone of the copy is there already");
		return err->status;
	}
	if (copy->scratch && !scratch_alive(copy->scratch, err))
		return err->status;
	if (choose(copy, &choice, err) != OK)
		return err->status;
	if (server_reset_shared(copy, err) != OK || (copy->lent ? lend(copy, err) : create_clone(copy, err)) != OK) {
		if (err->status != FAIL_INTERRUPTED && err->status != FAIL_TERMINATED)
			error_recast(err, FAIL_GATE);
		return error_wrap(err, "could not clone the copy");
	}
	copy->clone = memory_new(sizeof(*copy->clone));
	*copy->clone = (struct clone){.copy = copy, .choice = choice};
	*ret_clone = copy->clone;
	return OK;
}

bool clone_is_copy(const struct clone *clone)
{
	return clone->copy->lent;
}

const char *clone_choice(const struct clone *clone)
{
	return clone->choice;
}

void clone_drop(struct clone *clone)
{
	if (!clone)
		return;
	struct copy *copy = clone->copy;
	if (!copy->scratch || !copy->closing)
		server_drop_database(copy, copy->live_name);
	copy->spent = copy->lent;
	copy->lent = false;
	copy->clone = NULL;
	memory_free(clone);
}

struct session_options clone_options(struct clone *clone, const char *role_word)
{
	struct session_options options = copy_options(clone->copy, role_word);
	options.database = clone->copy->live_name;
	return options;
}

struct session_options clone_operator_options(struct clone *clone, const char *role_word)
{
	const struct copy *copy = clone->copy;
	struct session_options options = clone_options(clone, role_word);

	options.plain = true;
	/* On a staging server we have no way in as the operator but through our own login. */
	if (copy->scratch)
		options.user = copy->user;
	options.set_role = copy->run->settings->role ? copy->run->settings->role : copy->scratch ? NULL : copy->user;
	return options;
}

enum status clone_session(struct clone *clone, enum clone_user user, const char *role_word, enum session_access access,
                          bool plain, struct session **ret_session, struct error *err)
{
	struct session_options options =
		user == CLONE_OPERATOR ? clone_operator_options(clone, role_word) : clone_options(clone, role_word);
	options.access = access;
	options.plain = plain;
	return session_open(clone->copy->run->loop, &options, ret_session, err);
}

enum status clone_environment(struct clone *clone, struct arena *arena, const char *const **ret_environment,
                              struct error *err)
{
	_cleanup_session_ struct session *session = NULL;
	struct copy *copy = clone->copy;
	/* Plain variables, for programs that do not know libpq's files; there is no password to hide. */
	if (copy->scratch) {
		const char **list = arena_alloc(arena, 6 * sizeof(*list));
		list[0] = arena_printf(arena, "PGHOST=%s", scratch_socket(copy->scratch));
		list[1] = "PGPORT=5432";
		list[2] = arena_printf(arena, "PGDATABASE=%s", copy->live_name);
		list[3] = arena_printf(arena, "PGUSER=%s", copy->user);
		list[4] = "PGSSLMODE=disable";
		*ret_environment = list;
		return OK;
	}
	if (clone_session(clone, CLONE_OPERATOR, "command", SESSION_READ_WRITE, true, &session, err) != OK ||
	    folder_make(copy->secrets, err) != OK)
		return err->status;
	return session_child_environment(session, arena, copy->secrets, NULL, ret_environment, err);
}
