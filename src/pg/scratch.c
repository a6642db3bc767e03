#include "pg/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "pg/locale.h"
#include "pg/scratch_settings.h"
#include "pg/scratch_sweep.h"
#include "sys/account.h"
#include "sys/child.h"
#include "sys/clock.h"
#include "sys/file.h"

enum { INITDB_MS = 120000, START_MS = 120000, POLL_MS = 10, STOP_MS = 10000 };

/* sun_path holds 107 bytes and the server adds its own name to the folder's. */
enum { SOCKET_FOLDER_MAX = 107 - sizeof("/.s.PGSQL.5432") };

struct scratch {
	struct loop *loop;
	struct arena *arena;
	struct scratch_options options;
	struct account account;
	const char *folder;       /* our own below the work folder */
	const char *data;
	const char *socket_folder;
	const char *conninfo;
	int lock;
	struct text_list locales; /* that it must know */
	const char *locale_path;  /* where those are that the system lacks, or NULL */
	struct child *initdb;     /* at work, or NULL */
	struct child *server;
	bool loads;               /* it runs with the settings for loading */
	bool isolated, read_only;
	struct text_list left_out;
};

/* ---- where ---- */

static enum status temporary_folder(struct arena *arena, const char **ret_folder, struct error *err)
{
	const char *base = getenv("TMPDIR");
	struct stat facts;
	const char *folder = arena_printf(arena, "%s/pgsluice-%ld", base && *base == '/' ? base : "/var/tmp",
	                                  (long)geteuid());
	if (folder_make(folder, err) != OK)
		return err->status;
	/* Anybody may make a folder of that name before us. */
	if (lstat(folder, &facts) != 0 || !S_ISDIR(facts.st_mode) || facts.st_uid != geteuid() ||
	    (facts.st_mode & 022)) {
		error_set(err, FAIL_USAGE, "folder \"%s\" is not ours alone", folder);
		return error_hint(err, "Remove it, or set work-dir in the configuration.");
	}
	*ret_folder = folder;
	return OK;
}

/* The server's account must get through to its own subfolder, nobody needs to see what else is there. */
static void let_through(const char *folder)
{
	struct stat facts;
	if (geteuid() == 0 && stat(folder, &facts) == 0 && facts.st_uid == 0)
		(void)!chmod(folder, (facts.st_mode & 07777) | 0111);
}

enum status scratch_folder(struct arena *arena, const char *configured, const char **ret_folder, struct error *err)
{
	struct account account;
	const char *folder = configured;
	if (!configured) {
		const char *state;
		if (state_folder(arena, &state, err) != OK)
			return err->status;
		folder = path_join(arena, state, "work");
	}
	if (folder_make(folder, err) != OK || account_find(arena, folder, &account, err) != OK)
		return err->status;
	let_through(folder);
	if (account_reaches(&account, folder)) {
		*ret_folder = folder;
		return OK;
	}
	if (configured) {
		error_set(err, FAIL_USAGE, "user %s, who runs the scratch cluster, cannot get into work-dir \"%s\"",
		          account.name, configured);
		return error_hint(err, "Let that user enter each folder of the path, or choose another work-dir.");
	}
	if (temporary_folder(arena, &folder, err) != OK)
		return err->status;
	let_through(folder);
	*ret_folder = folder;
	return OK;
}

/* The lock gets its name when it is held: one that can be had is a dead owner's to those who sweep at the same time. */
static enum status lock_own_folder(struct scratch *scratch, struct error *err)
{
	const char *path = path_join(scratch->arena, scratch->folder, SCRATCH_LOCK);
	const char *unnamed = arena_printf(scratch->arena, "%s.new", path);

	if (file_lock(unnamed, &scratch->lock, err) != OK)
		return err->status;
	if (rename(unnamed, path) != 0)
		return error_errno(err, FAIL_INTERNAL, "could not rename file \"%s\"", unnamed);
	return OK;
}

static enum status make_own_folder(struct scratch *scratch, struct error *err)
{
	const struct scratch_options *options = &scratch->options;
	struct uuid uuid = uuid_new();
	scratch->folder = arena_printf(scratch->arena, "%s/" SCRATCH_PREFIX "%.8s", options->folder, uuid.text);
	if (account_find(scratch->arena, options->folder, &scratch->account, err) != OK ||
	    folder_make(scratch->folder, err) != OK || lock_own_folder(scratch, err) != OK)
		return err->status;
	const char *run = options->run_id ? options->run_id : "";
	return file_write(path_join(scratch->arena, scratch->folder, "run"), run, strlen(run), err);
}

static enum status make_socket_folder(struct scratch *scratch, struct error *err)
{
	scratch->socket_folder = path_join(scratch->arena, scratch->folder, "s");
	if (strlen(scratch->socket_folder) <= SOCKET_FOLDER_MAX)
		return folder_make(scratch->socket_folder, err);

	char short_path[] = "/tmp/pgsluice-XXXXXX";
	if (!mkdtemp(short_path))
		return error_errno(err, FAIL_INTERNAL, "could not make a folder in /tmp for the scratch cluster's socket");
	scratch->socket_folder = arena_strdup(scratch->arena, short_path);
	const char *note = path_join(scratch->arena, scratch->folder, SCRATCH_SOCKET);
	if (file_write(note, short_path, strlen(short_path), err) != OK)
		return err->status;
	return folder_give(scratch->socket_folder, scratch->account.uid, scratch->account.gid, err);
}

/* ---- making it ---- */

static enum status start_initdb(struct scratch *scratch, struct error *err)
{
	const struct scratch_options *options = &scratch->options;
	struct arena *arena = scratch->arena;
	struct text_list argv = {0};
	const char *const fixed[] = {path_join(arena, options->binaries->folder, "initdb"), "-D", scratch->data, "-U",
	                             options->superuser, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync",
	                             "--no-instructions"};
	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		list_push(arena, &argv, fixed[i]);
	/* Checksums decide what WAL a first reading writes. They became the default in 18, and so did the word for off. */
	if (options->like && options->like->checksums)
		list_push(arena, &argv, "--data-checksums");
	else if (options->binaries->version >= 180000)
		list_push(arena, &argv, "--no-data-checksums");
	list_push(arena, &argv, NULL);

	const char *env[] = {scratch->locale_path, NULL};
	struct child_options child = {
		.argv = argv.items,
		.env = env,
		.folder = scratch->folder,
		.drop_user = scratch->account.drop,
		.uid = scratch->account.uid,
		.gid = scratch->account.gid,
		.deadline_ms = clock_ms() + INITDB_MS,
	};
	return child_start(scratch->loop, &child, &scratch->initdb, err);
}

static enum status finish_initdb(struct scratch *scratch, struct error *err)
{
	_cleanup_child_ struct child_result result = {0};
	struct child *initdb = scratch->initdb;
	scratch->initdb = NULL;
	if (child_wait(initdb, &result, err) != OK)
		return err->status;
	if (result.exit_code == 0)
		return OK;
	error_set(err, FAIL_GATE, "initdb could not make the scratch cluster in \"%s\"", scratch->folder);
	error_detail(err, "%s", strbuf_text(&result.errors));
	return error_hint(err, "Look at what initdb said; often it is a full disk or a folder without rights.");
}

static enum status write_configuration(struct scratch *scratch, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *conf = path_join(scratch->arena, scratch->data, "postgresql.conf");
	const char *hba = path_join(scratch->arena, scratch->data, "pg_hba.conf");
	static const char trust[] = "local all all trust\n";

	scratch_settings(&text, scratch->arena, &scratch->options, scratch->socket_folder, &scratch->locales,
	                 &scratch->left_out);
	if (file_append(conf, strbuf_text(&text), text.length, err) != OK ||
	    file_write(hba, trust, strlen(trust), err) != OK)
		return err->status;
	/* What we wrote as root belongs to root. */
	return folder_give(scratch->data, scratch->account.uid, scratch->account.gid, err);
}

/* The end of the server's log, or what it said before it had one. */
static const char *last_words(const struct scratch *scratch, struct arena *arena)
{
	enum { CEILING = 1 << 20, TAIL = 1500 };
	_cleanup_strbuf_ struct strbuf log = {0};
	_cleanup_error_ struct error ignored = {0};
	if (file_read(path_join(arena, scratch->data, SCRATCH_LOG), CEILING, &log, &ignored) != OK || !log.length)
		return NULL;
	const char *text = strbuf_text(&log);
	return arena_strdup(arena, log.length > TAIL ? text + log.length - TAIL : text);
}

static enum status start_failed(struct scratch *scratch, struct error *err)
{
	const char *words = last_words(scratch, scratch->arena);
	_cleanup_child_ struct child_result result = {0};
	struct child *server = scratch->server;
	scratch->server = NULL;
	if (!child_ended(server))
		child_kill(server);
	else if (child_wait(server, &result, err) != OK)
		return err->status;
	error_set(err, FAIL_GATE, "the scratch cluster in \"%s\" does not start", scratch->folder);
	if (words || result.errors.length)
		error_detail(err, "%s%s", strbuf_text(&result.errors), words ? words : "");
	return error_hint(err, "Look at what the server said; often memory, disk or a missing library is the cause.");
}

/* The eighth line of postmaster.pid says when it takes connections. */
static bool is_ready(const struct scratch *scratch, const char *path)
{
	enum { CEILING = 4096, STATE_LINE = 8 };
	_cleanup_strbuf_ struct strbuf content = {0};
	_cleanup_error_ struct error ignored = {0};
	(void)scratch;
	if (!file_exists(path) || file_read(path, CEILING, &content, &ignored) != OK)
		return false;
	const char *at = strbuf_text(&content);
	for (int line = 1; at && line < STATE_LINE; line++) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	return at && strncmp(at, "ready", strlen("ready")) == 0;
}

/* Where the system and its programs are; sockets of servers are elsewhere. */
static bool is_system(const char *name)
{
	static const char *const names[] = {"bin", "boot", "dev", "etc", "gnu", "lib", "lib32", "lib64", "libx32", "nix",
	                                    "proc", "sbin", "sys", "usr"};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static bool lies_below(const char *path, const char *folder)
{
	size_t length = strlen(folder);
	return path && strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/*
 * All of this machine that is not the system's: there are the sockets of live, of other servers and of poolers, and
 * other people's files.
 */
static const char *const *hidden_folders(const struct scratch *scratch, const struct scratch_options *options)
{
	struct arena *arena = scratch->arena;
	struct text_list hidden = {0};
	const char *live = options->live_socket;
	DIR *entries = opendir("/");
	for (const struct dirent *entry; entries && (entry = readdir(entries)) != NULL;) {
		struct stat facts;
		const char *path = arena_printf(arena, "/%s", entry->d_name);
		if (*entry->d_name != '.' && !is_system(entry->d_name) && lstat(path, &facts) == 0 && S_ISDIR(facts.st_mode) &&
		    !lies_below(options->binaries->folder, path) && !lies_below(options->binaries->library_folder, path))
			list_push(arena, &hidden, path);
	}
	if (entries)
		closedir(entries);
	if (live && folder_exists(live) && !lies_below(scratch->folder, live) && !lies_below(scratch->socket_folder, live))
		list_push(arena, &hidden, live);
	list_push(arena, &hidden, NULL);
	return hidden.items;
}

static enum status start_server(struct scratch *scratch, struct error *err)
{
	const struct scratch_options *options = &scratch->options;
	struct arena *arena = scratch->arena;
	const char *argv[] = {path_join(arena, options->binaries->folder, "postgres"), "-D", scratch->data,
	                      /* What COPY and CREATE INDEX write then is in no WAL; the server refuses senders with it. */
	                      scratch->loads ? "-c" : NULL, "wal_level=minimal", "-c", "max_wal_senders=0", NULL};
	/* What the server's own processes connect to when they are not told, dblink above all, is the cluster itself. */
	const char *env[] = {arena_printf(arena, "PGHOST=%s", scratch->socket_folder), "PGPORT=5432",
	                     "PGPASSFILE=/dev/null", "PGSERVICEFILE=/dev/null",
	                     scratch->locale_path, NULL};
	const char *kept[] = {scratch->folder, scratch->socket_folder, NULL};
	struct child_options child = {
		.argv = argv,
		.env = env,
		.folder = scratch->folder,
		.drop_user = scratch->account.drop,
		.uid = scratch->account.uid,
		.gid = scratch->account.gid,
		.own_network = true,
		.hidden = hidden_folders(scratch, options),
		.kept = kept,
	};
	if (child_start(scratch->loop, &child, &scratch->server, err) != OK)
		return err->status;
	const char *pid_file = path_join(arena, scratch->data, "postmaster.pid");
	int64_t deadline = clock_ms() + START_MS;
	while (!is_ready(scratch, pid_file)) {
		if (child_ended(scratch->server) || clock_ms() > deadline)
			return start_failed(scratch, err);
		if (loop_sleep(scratch->loop, POLL_MS) == LOOP_STOPPED)
			return loop_stop_error(scratch->loop, err);
	}
	scratch->isolated = child_isolated(scratch->server);
	scratch->read_only = child_read_only(scratch->server);
	return OK;
}

static void needed_locales(struct arena *arena, const struct scratch_options *options, struct text_list *ret_names)
{
	const struct database_facts *like = options->like;
	for (size_t i = 0; like && i < like->locales.count; i++) {
		text_list_add_once(arena, ret_names, like->locales.items[i].collate);
		text_list_add_once(arena, ret_names, like->locales.items[i].ctype);
	}
}

static enum status begin(struct scratch *scratch, struct error *err)
{
	struct arena *arena = scratch->arena;
	const char *locale_path = NULL;

	if (make_own_folder(scratch, err) != OK)
		return err->status;
	scratch->data = path_join(arena, scratch->folder, "data");
	needed_locales(arena, &scratch->options, &scratch->locales);
	if (locale_provide(scratch->loop, arena, &scratch->locales, scratch->folder, &locale_path, err) != OK ||
	    make_socket_folder(scratch, err) != OK ||
	    folder_give(scratch->folder, scratch->account.uid, scratch->account.gid, err) != OK)
		return err->status;
	scratch->locale_path = locale_path ? arena_printf(arena, "LOCPATH=%s", locale_path) : NULL;
	return start_initdb(scratch, err);
}

static const char *conninfo_quote(struct arena *arena, const char *value)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	for (; *value; value++) {
		if (*value == '\'' || *value == '\\')
			strbuf_putc(&text, '\\');
		strbuf_putc(&text, *value);
	}
	return arena_printf(arena, "'%s'", strbuf_text(&text));
}

/* A live database may be called postgres: the name must be free. */
static enum status rename_postgres(struct scratch *scratch, struct error *err)
{
	_cleanup_session_ struct session *session = NULL;
	struct session_options options = {
		.conninfo = scratch->conninfo,
		.database = "template1",
		.role_word = "scratch",
		.access = SESSION_READ_WRITE,
	};
	if (session_open(scratch->loop, &options, &session, err) != OK)
		return error_wrap(err, "could not connect to the scratch cluster");
	return session_exec(session, "ALTER DATABASE postgres RENAME TO " SCRATCH_DATABASE, err);
}

enum status scratch_begin(struct loop *loop, const struct scratch_options *options, struct scratch **ret_scratch,
                          struct error *err)
{
	if (scratch_sweep(loop, options->folder, NULL, err) != OK)
		return err->status;
	struct scratch *scratch = memory_new(sizeof(*scratch));
	scratch->loop = loop;
	scratch->arena = arena_open();
	scratch->options = *options;
	scratch->lock = -1;
	if (begin(scratch, err) != OK) {
		scratch_close(scratch);
		return err->status;
	}
	*ret_scratch = scratch;
	return OK;
}

bool scratch_made(const struct scratch *scratch)
{
	return !scratch->initdb || child_ended(scratch->initdb);
}

enum status scratch_start(struct scratch *scratch, struct error *err)
{
	struct arena *arena = scratch->arena;
	const struct database_facts *like = scratch->options.like;

	scratch->loads = scratch->options.loads && !(like && strcmp(like->wal_level, "minimal") == 0);
	if (finish_initdb(scratch, err) != OK || write_configuration(scratch, err) != OK ||
	    start_server(scratch, err) != OK)
		return err->status;
	scratch->conninfo = arena_printf(arena, "host=%s port=5432 dbname=%s user=%s sslmode=disable",
	                                 conninfo_quote(arena, scratch->socket_folder), SCRATCH_DATABASE,
	                                 conninfo_quote(arena, scratch->options.superuser));
	return rename_postgres(scratch, err);
}

enum status scratch_open(struct loop *loop, const struct scratch_options *options, struct scratch **ret_scratch,
                         struct error *err)
{
	struct scratch *scratch;

	if (scratch_begin(loop, options, &scratch, err) != OK)
		return err->status;
	if (scratch_start(scratch, err) != OK) {
		scratch_close(scratch);
		return err->status;
	}
	*ret_scratch = scratch;
	return OK;
}

enum status scratch_settle(struct scratch *scratch, struct error *err)
{
	if (!scratch->loads)
		return OK;
	kill(child_pid(scratch->server), SIGINT);
	for (int64_t deadline = clock_ms() + START_MS; !child_ended(scratch->server);) {
		if (clock_ms() > deadline) {
			error_set(err, FAIL_GATE, "the scratch cluster in \"%s\" does not stop", scratch->folder);
			return error_hint(err, "Look at the load of this machine and its disk, then run again.");
		}
		if (loop_sleep(scratch->loop, POLL_MS) == LOOP_STOPPED)
			return loop_stop_error(scratch->loop, err);
	}
	child_kill(scratch->server);
	scratch->server = NULL;
	scratch->loads = false;
	return start_server(scratch, err);
}

bool scratch_loads(const struct scratch *scratch)
{
	return scratch->loads;
}

/* Nothing in it is worth keeping: no checkpoint, no wait for sessions. */
static void stop_server(struct scratch *scratch)
{
	if (!scratch->server)
		return;
	kill(child_pid(scratch->server), SIGQUIT);
	for (int64_t deadline = clock_ms() + STOP_MS; !child_ended(scratch->server) && clock_ms() < deadline;)
		(void)!loop_sleep(scratch->loop, POLL_MS);
	child_kill(scratch->server);
	scratch->server = NULL;
}

void scratch_close(struct scratch *scratch)
{
	if (!scratch)
		return;
	loop_shield(scratch->loop);
	child_kill(scratch->initdb);
	stop_server(scratch);
	if (scratch->folder)
		scratch_wipe(scratch->loop, scratch->folder);
	if (scratch->lock >= 0)
		file_unlock(scratch->lock);
	loop_unshield(scratch->loop);
	arena_close(scratch->arena);
	memory_free(scratch);
}

const char *scratch_conninfo(const struct scratch *scratch)
{
	return scratch->conninfo;
}

const char *scratch_socket(const struct scratch *scratch)
{
	return scratch->socket_folder;
}

const char *scratch_place(const struct scratch *scratch)
{
	return scratch->folder;
}

enum status scratch_give(const struct scratch *scratch, const char *path, struct error *err)
{
	return folder_give(path, scratch->account.uid, scratch->account.gid, err);
}

bool scratch_isolated(const struct scratch *scratch)
{
	return scratch->isolated;
}

bool scratch_read_only(const struct scratch *scratch)
{
	return scratch->read_only;
}

bool scratch_alive(const struct scratch *scratch, struct error *err)
{
	if (scratch->server && !child_ended(scratch->server))
		return true;
	_cleanup_arena_ struct arena *arena = arena_open();
	const char *words = last_words(scratch, arena);
	error_set(err, FAIL_GATE, "the scratch cluster has ended");
	if (words)
		error_detail(err, "%s", words);
	error_hint(err, "Look at what the server said; often memory or disk gave out. Then run again.");
	return false;
}

const struct text_list *scratch_left_out(const struct scratch *scratch)
{
	return &scratch->left_out;
}
