#include "engine/trial/trial_server.h"

#include "pg/query.h"
#include "sys/clock.h"

static enum status open_scratch(struct trial_server *server, struct error *err)
{
	struct run *run = server->run;
	struct binaries binaries;
	const char *folder;

	if (binaries_newest(run->loop, run->arena, &binaries, err) != OK ||
	    scratch_folder(run->arena, run->settings->work_dir, &folder, err) != OK)
		return err->status;
	struct scratch_options options = {
		.folder = folder, .binaries = &binaries, .superuser = "postgres", .run_id = run->id.text};
	if (scratch_open(run->loop, &options, &server->scratch, err) != OK)
		return err->status;
	server->conninfo = scratch_conninfo(server->scratch);
	server->place = arena_printf(run->arena, "a scratch cluster of PostgreSQL %s", binaries.version_text);
	return OK;
}

static enum status open_admin(struct trial_server *server, struct error *err)
{
	struct run *run = server->run;
	struct session_options options = {.conninfo = server->conninfo,
	                                  .role_word = "check",
	                                  .run_id = run->id.text,
	                                  .access = SESSION_READ_WRITE,
	                                  .direct = true};

	if (session_open(run->loop, &options, &server->admin, err) != OK)
		return server->scratch ? err->status : error_wrap(err, "staging server");
	if (!server->scratch)
		server->place = arena_printf(run->arena, "databases of its own on %s", session_place(server->admin));
	return OK;
}

enum status trial_server_open(struct run *run, struct trial_server *ret_server, struct error *err)
{
	struct trial_server *server = ret_server;
	struct arena *arena = run->arena;

	*server = (struct trial_server){
		.run = run,
		.conninfo = run->settings->staging,
		.main = arena_printf(arena, "pgsluice_check_%.8s", run->id.text),
		.work = arena_printf(arena, "pgsluice_check_%.8s_work", run->id.text),
		.fresh = arena_printf(arena, "pgsluice_check_%.8s_fresh", run->id.text),
	};
	if (!server->conninfo && open_scratch(server, err) != OK)
		return err->status;
	if (open_admin(server, err) != OK)
		return err->status;
	return trial_server_make(server, server->main, NULL, err);
}

void trial_server_close(struct trial_server *server)
{
	_cleanup_error_ struct error ignored = {0};

	loop_shield(server->run->loop);
	/* A scratch cluster goes as a whole. */
	if (server->admin && !server->scratch) {
		(void)!trial_server_drop(server, server->work, &ignored);
		(void)!trial_server_drop(server, server->fresh, &ignored);
		(void)!trial_server_drop(server, server->main, &ignored);
	}
	session_close(server->admin);
	scratch_close(server->scratch);
	loop_unshield(server->run->loop);
	server->admin = NULL;
	server->scratch = NULL;
}

enum status trial_server_drop(struct trial_server *server, const char *database, struct error *err)
{
	struct arena *arena = server->run->arena;
	return session_exec(server->admin,
	                    arena_printf(arena, "drop database if exists %s with (force)", quote_ident(arena, database)),
	                    err);
}

/*
 * A closed session's backend takes a moment to end, and the server would look for that only every 100 ms. What is
 * still there afterwards is for the statement to refuse.
 */
static enum status wait_until_alone(struct trial_server *server, const char *database, struct error *err)
{
	enum { WAIT_MS = 1000, POLL_MS = 2 };
	int64_t deadline = clock_ms() + WAIT_MS;
	const char *parameters[] = {database};

	while (clock_ms() < deadline) {
		_cleanup_rows_ struct rows *rows = NULL;
		if (session_query(server->admin, query_database_sessions, 1, parameters, &rows, err) != OK)
			return err->status;
		if (rows_int(rows, 0, 0) == 0)
			break;
		if (loop_sleep(server->run->loop, POLL_MS) == LOOP_STOPPED)
			return loop_stop_error(server->run->loop, err);
	}
	return OK;
}

enum status trial_server_make(struct trial_server *server, const char *database, const char *template,
                              struct error *err)
{
	struct arena *arena = server->run->arena;

	if (!template)
		template = "template0";
	if (trial_server_drop(server, database, err) != OK || wait_until_alone(server, template, err) != OK)
		return err->status;
	return session_exec(server->admin,
	                    arena_printf(arena, "create database %s template %s", quote_ident(arena, database),
	                                 quote_ident(arena, template)),
	                    err);
}

enum status trial_server_keep(struct trial_server *server, struct error *err)
{
	struct arena *arena = server->run->arena;

	if (trial_server_drop(server, server->main, err) != OK || wait_until_alone(server, server->work, err) != OK)
		return err->status;
	return session_exec(server->admin,
	                    arena_printf(arena, "alter database %s rename to %s", quote_ident(arena, server->work),
	                                 quote_ident(arena, server->main)),
	                    err);
}

struct session_options trial_server_options(const struct trial_server *server, const char *database)
{
	return (struct session_options){
		.conninfo = server->conninfo, .database = database, .run_id = server->run->id.text, .role_word = "check"};
}
