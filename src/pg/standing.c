#include "pg/standing.h"

#include <string.h>

#include "base/strbuf.h"
#include "pg/scratch_sweep.h"
#include "sys/account.h"
#include "sys/child.h"
#include "sys/clock.h"
#include "sys/file.h"

/* A file of this name says that the folder is ours to remove; it is the first thing in it. */
#define MARKER "pgsluice-cluster"

enum { INITDB_MS = 120000, START_MS = 120000 };

/* sun_path holds 107 bytes and the server adds its own name to the folder's. */
enum { SOCKET_FOLDER_MAX = 107 - sizeof("/.s.PGSQL.5432") };

struct place {
	struct loop *loop;
	struct arena *arena;
	struct account account;
	const char *folder, *data, *sockets;
	const struct binaries *binaries;
};

static enum status find_place(struct place *place, struct error *err)
{
	place->data = path_join(place->arena, place->folder, "data");
	place->sockets = path_join(place->arena, place->folder, "s");
	if (strlen(place->sockets) > SOCKET_FOLDER_MAX) {
		error_set(err, FAIL_USAGE, "the path of folder \"%s\" is too long for a socket below it", place->folder);
		return error_hint(err, "Name a folder with a shorter path.");
	}
	return account_find(place->arena, place->folder, &place->account, err);
}

static enum status run_program(struct place *place, const char *const *argv, int64_t limit_ms,
                               struct child_result *ret_result, struct error *err)
{
	struct child_options options = {
		.argv = argv,
		.folder = place->folder,
		.drop_user = place->account.drop,
		.uid = place->account.uid,
		.gid = place->account.gid,
		.deadline_ms = clock_ms() + limit_ms,
	};
	return child_run(place->loop, &options, ret_result, err);
}

static enum status run_initdb(struct place *place, struct error *err)
{
	const char *argv[] = {path_join(place->arena, place->binaries->folder, "initdb"), "-D", place->data, "-U",
	                      STANDING_SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-k", "--no-sync",
	                      "--no-instructions", NULL};
	_cleanup_child_ struct child_result result = {0};

	if (run_program(place, argv, INITDB_MS, &result, err) != OK)
		return err->status;
	if (result.exit_code == 0)
		return OK;
	error_set(err, FAIL_INTERNAL, "initdb could not make a cluster in \"%s\"", place->folder);
	error_detail(err, "%s", strbuf_text(&result.errors));
	return error_hint(err, "Look at what initdb said; often it is a full disk or a folder without rights.");
}

static enum status write_configuration(struct place *place, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	static const char trust[] = "local all all trust\nlocal replication all trust\n";

	strbuf_puts(&text, "\n# written by pgsluice\nlisten_addresses = ''\nport = 5432\n");
	strbuf_printf(&text, "unix_socket_directories = '%s'\n", place->sockets);
	if (file_append(path_join(place->arena, place->data, "postgresql.conf"), strbuf_text(&text), text.length, err) !=
	            OK ||
	    file_write(path_join(place->arena, place->data, "pg_hba.conf"), trust, strlen(trust), err) != OK ||
	    folder_make(place->sockets, err) != OK)
		return err->status;
	/* What we wrote as root belongs to root. */
	return folder_give(place->folder, place->account.uid, place->account.gid, err);
}

enum status standing_make(struct loop *loop, const char *folder, const struct binaries *binaries, struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct place place = {.loop = loop, .arena = arena, .folder = folder, .binaries = binaries};

	if (standing_remove(loop, folder, NULL, err) != OK || folder_make(folder, err) != OK ||
	    file_write(path_join(arena, folder, MARKER), "", 0, err) != OK || find_place(&place, err) != OK ||
	    folder_give(folder, place.account.uid, place.account.gid, err) != OK || run_initdb(&place, err) != OK)
		return err->status;
	return write_configuration(&place, err);
}

static enum status start_failed(struct place *place, const char *log, const struct child_result *result,
                                struct error *err)
{
	enum { CEILING = 1 << 20, TAIL = 1500 };
	_cleanup_strbuf_ struct strbuf words = {0};
	_cleanup_error_ struct error ignored = {0};
	const char *text = strbuf_text(&result->errors);

	if (file_read(log, CEILING, &words, &ignored) == OK && words.length)
		text = strbuf_text(&words) + (words.length > TAIL ? words.length - TAIL : 0);
	error_set(err, FAIL_INTERNAL, "the cluster in \"%s\" does not start", place->folder);
	error_detail(err, "%s", text);
	return error_hint(err, "Look at what the server said; removing the folder makes it anew.");
}

enum status standing_start(struct loop *loop, const char *folder, const struct binaries *binaries, struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_child_ struct child_result status = {0};
	_cleanup_child_ struct child_result result = {0};
	struct place place = {.loop = loop, .arena = arena, .folder = folder, .binaries = binaries};

	if (find_place(&place, err) != OK)
		return err->status;
	const char *pg_ctl = path_join(arena, binaries->folder, "pg_ctl"), *log = path_join(arena, folder, "server.log");
	const char *ask[] = {pg_ctl, "-D", place.data, "status", NULL};
	const char *start[] = {pg_ctl, "-D", place.data, "-w", "-t", "60", "-l", log, "start", NULL};
	if (run_program(&place, ask, START_MS, &status, err) != OK)
		return err->status;
	if (status.exit_code == 0)
		return OK;
	if (run_program(&place, start, START_MS, &result, err) != OK)
		return err->status;
	return result.exit_code == 0 ? OK : start_failed(&place, log, &result, err);
}

/* Whether it is ours to remove: marked, or empty. */
static enum status check_ours(const char *folder, struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct text_list names = {0};

	if (folder_list(arena, folder, &names, err) != OK)
		return err->status;
	if (names.count == 0 || text_list_has(&names, MARKER))
		return OK;
	error_set(err, FAIL_USAGE, "folder \"%s\" holds something else", folder);
	return error_hint(err, "Name a folder that is new or empty; nothing in this one was touched.");
}

enum status standing_remove(struct loop *loop, const char *folder, bool *ret_was_there, struct error *err)
{
	bool there = folder_exists(folder);

	if (ret_was_there)
		*ret_was_there = there;
	if (!there)
		return OK;
	if (check_ours(folder, err) != OK)
		return err->status;
	scratch_wipe(loop, folder);
	return folder_exists(folder) ? folder_remove(folder, err) : OK;
}

const char *standing_conninfo(struct arena *arena, const char *folder, const char *database)
{
	_cleanup_strbuf_ struct strbuf host = {0};

	for (const char *at = path_join(arena, folder, "s"); *at; at++) {
		if (*at == '\'' || *at == '\\')
			strbuf_putc(&host, '\\');
		strbuf_putc(&host, *at);
	}
	bool plain = strcspn(strbuf_text(&host), " '\\") == host.length;
	return arena_printf(arena, "host=%s%s%s dbname=%s user=" STANDING_SUPERUSER, plain ? "" : "'",
	                    strbuf_text(&host), plain ? "" : "'", database);
}
