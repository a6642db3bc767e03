#include "engine/demo.h"

#include <string.h>

#include "engine/execute/sql_file.h"
#include "pg/binaries.h"
#include "pg/history.h"
#include "pg/standing.h"
#include "sys/file.h"

static const char *finished_mark(const struct run *run, const struct demo *demo)
{
	return path_join(run->arena, demo->folder, "finished");
}

static enum status open_session(struct run *run, const char *conninfo, bool plain, struct session **ret_session,
                                struct error *err)
{
	struct session_options options = {.conninfo = conninfo,
	                                  .role_word = "demo",
	                                  .run_id = run->id.text,
	                                  .access = SESSION_READ_WRITE,
	                                  .plain = plain};
	return session_open(run->loop, &options, ret_session, err);
}

static enum status make_database(struct run *run, const struct demo *demo, struct error *err)
{
	_cleanup_session_ struct session *session = NULL;
	const char *conninfo = standing_conninfo(run->arena, demo->folder, "postgres");

	if (open_session(run, conninfo, true, &session, err) != OK)
		return err->status;
	return session_exec(session, "create database " DEMO_DATABASE, err);
}

static enum status make_history(struct run *run, const struct demo *demo, struct error *err)
{
	_cleanup_session_ struct session *session = NULL;

	if (open_session(run, demo->conninfo, false, &session, err) != OK ||
	    history_read(session, run->arena, run->settings->history_table, &run->history, err) != OK)
		return err->status;
	return history_prepare(session, &run->history, err);
}

/* As somebody would have by hand: the file, and its row, in one transaction. */
static enum status load_migration(struct run *run, struct session *session, const struct migration *migration,
                                  struct error *err)
{
	struct pipeline_item row = history_insert(run->arena, &run->history, migration, NULL);
	size_t failed;
	long position;

	if (session_exec(session, "begin", err) != OK ||
	    sql_file_run(session, migration->up.path, run->settings->file_ceiling_bytes, err) != OK ||
	    pipeline_run(session, &row, 1, NULL, NULL, &failed, &position, err) != OK)
		return error_wrap(err, "migration %s", migration->version);
	return session_exec(session, "commit", err);
}

static enum status load(struct run *run, struct demo *demo, struct error *err)
{
	_cleanup_session_ struct session *session = NULL;

	if (open_session(run, demo->conninfo, true, &session, err) != OK)
		return err->status;
	demo->tell(demo->context, "applying migrations up to " DEMO_UNTIL);
	for (size_t i = 0; i < run->set.count; i++)
		if (version_compare(run->set.items[i].version, DEMO_UNTIL) <= 0 &&
		    load_migration(run, session, &run->set.items[i], err) != OK)
			return err->status;
	demo->tell(demo->context, "making 60,000 documents on the server; this takes some ten seconds");
	if (session_exec(session, "begin", err) != OK ||
	    sql_file_run(session, demo->data, run->settings->file_ceiling_bytes, err) != OK ||
	    session_exec(session, "commit", err) != OK)
		return error_wrap(err, "demo data");
	return session_exec(session, "analyze", err);
}

static enum status make(struct run *run, struct demo *demo, const struct binaries *binaries, struct error *err)
{
	demo->tell(demo->context, arena_printf(run->arena, "making a cluster of PostgreSQL %s in %s",
	                                       binaries->version_text, demo->folder));
	if (standing_make(run->loop, demo->folder, binaries, err) != OK ||
	    standing_start(run->loop, demo->folder, binaries, err) != OK || make_database(run, demo, err) != OK ||
	    make_history(run, demo, err) != OK || load(run, demo, err) != OK)
		return err->status;
	return file_write(finished_mark(run, demo), "", 0, err);
}

enum status demo_start(struct run *run, struct demo *demo, struct error *err)
{
	struct binaries binaries;

	if (run_read_files(run, err) != OK || binaries_newest(run->loop, run->arena, &binaries, err) != OK)
		return err->status;
	demo->conninfo = standing_conninfo(run->arena, demo->folder, DEMO_DATABASE);
	demo->server_version = binaries.version_text;
	demo->was_there = file_exists(finished_mark(run, demo));
	if (demo->was_there)
		return standing_start(run->loop, demo->folder, &binaries, err);
	return make(run, demo, &binaries, err);
}
