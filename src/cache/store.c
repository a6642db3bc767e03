#include "cache/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/memory.h"
#include "sys/file.h"

#define DAMAGED ".damaged"
#define JOURNAL "-journal"
#define LOCK ".lock"

struct store {
	const char *path;
	const struct store_form *form;
	sqlite3 *handle;   /* NULL: has to be opened */
	int busy_ms;
	bool impatient;    /* another process kept us waiting: not again until one try came through */
	bool damaged;      /* what failed last failed because of the file's content */
	char *notice;
	int use; /* the lock under which the file is used; -1 = not now */
};

struct store_statement {
	struct store *store;
	sqlite3_stmt *handle;
};

/* ---- what SQLite says ---- */

static enum status fail_busy(struct store *store, struct error *err)
{
	store->impatient = true;
	if (store->handle)
		sqlite3_busy_timeout(store->handle, 0);
	error_set(err, FAIL_BUSY, "the %s \"%s\" is locked by another process", store->form->what, store->path);
	return error_hint(err, "It is used again once the other process has let go of it.");
}

static enum status fail_full(struct store *store, struct error *err)
{
	error_set(err, FAIL_INTERNAL, "no room for the %s \"%s\"", store->form->what, store->path);
	return error_hint(err, "Free space on that file system, or set XDG_CACHE_HOME to a folder on another one.");
}

static enum status fail_write(struct store *store, const char *said, struct error *err)
{
	error_set(err, FAIL_USAGE, "could not write the %s \"%s\": %s", store->form->what, store->path, said);
	return error_hint(err, "Give the user who runs pgsluice the right to the folder, or set XDG_CACHE_HOME.");
}

/* By SQLite's primary result codes; the extended ones are in the upper bytes. */
static enum status fail(struct store *store, struct error *err)
{
	const char *said = store->handle ? sqlite3_errmsg(store->handle) : "out of memory";
	int code = store->handle ? sqlite3_errcode(store->handle) & 0xff : SQLITE_NOMEM;

	store->damaged = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
	switch (code) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return fail_busy(store, err);
	case SQLITE_FULL:
		return fail_full(store, err);
	case SQLITE_PERM:
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_AUTH:
		return fail_write(store, said, err);
	default:
		error_set(err, FAIL_INTERNAL, "the %s \"%s\" failed: %s", store->form->what, store->path, said);
		return error_hint(err, "Check the file system, or remove the file: it holds nothing that a run needs.");
	}
}

static enum status run_script(struct store *store, const char *sql, struct error *err)
{
	return sqlite3_exec(store->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? OK : fail(store, err);
}

/* ---- statements ---- */

enum status store_prepare(struct store *store, const char *sql, struct store_statement **ret_statement,
                          struct error *err)
{
	sqlite3_stmt *handle;
	if (sqlite3_prepare_v2(store->handle, sql, -1, &handle, NULL) != SQLITE_OK)
		return fail(store, err);
	struct store_statement *statement = memory_new(sizeof(*statement));
	*statement = (struct store_statement){.store = store, .handle = handle};
	*ret_statement = statement;
	return OK;
}

void store_statement_close(struct store_statement *statement)
{
	if (!statement)
		return;
	sqlite3_finalize(statement->handle);
	memory_free(statement);
}

void store_statement_cleanup(struct store_statement **statement)
{
	store_statement_close(*statement);
}

/* A parameter that is not there is a defect of the caller's; what else fails here fails again in the next step. */
void store_bind_text(struct store_statement *statement, int parameter, const char *text)
{
	sqlite3_bind_text(statement->handle, parameter, text, -1, SQLITE_STATIC);
}

void store_bind_int(struct store_statement *statement, int parameter, int64_t number)
{
	sqlite3_bind_int64(statement->handle, parameter, number);
}

void store_bind_real(struct store_statement *statement, int parameter, double number)
{
	sqlite3_bind_double(statement->handle, parameter, number);
}

enum status store_step(struct store_statement *statement, bool *ret_row, struct error *err)
{
	int code = sqlite3_step(statement->handle);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return fail(statement->store, err);
	if (code == SQLITE_DONE)
		sqlite3_reset(statement->handle);
	*ret_row = code == SQLITE_ROW;
	return OK;
}

enum status store_run(struct store_statement *statement, struct error *err)
{
	for (bool row = true; row;)
		if (store_step(statement, &row, err) != OK)
			return err->status;
	return OK;
}

const char *store_text(struct store_statement *statement, int column)
{
	return (const char *)sqlite3_column_text(statement->handle, column);
}

int64_t store_int(struct store_statement *statement, int column)
{
	return sqlite3_column_int64(statement->handle, column);
}

double store_real(struct store_statement *statement, int column)
{
	return sqlite3_column_double(statement->handle, column);
}

int64_t store_inserted(const struct store *store)
{
	return sqlite3_last_insert_rowid(store->handle);
}

static enum status ask_int(struct store *store, const char *sql, int64_t *ret_number, struct error *err)
{
	_cleanup_store_statement_ struct store_statement *statement = NULL;
	bool row = false;
	if (store_prepare(store, sql, &statement, err) != OK || store_step(statement, &row, err) != OK)
		return err->status;
	*ret_number = row ? store_int(statement, 0) : 0;
	return OK;
}

enum status store_used(struct store *store, int64_t *ret_bytes, struct error *err)
{
	int64_t pages, free_pages, page_bytes;
	if (ask_int(store, "PRAGMA page_count", &pages, err) != OK ||
	    ask_int(store, "PRAGMA freelist_count", &free_pages, err) != OK ||
	    ask_int(store, "PRAGMA page_size", &page_bytes, err) != OK)
		return err->status;
	*ret_bytes = (pages - free_pages) * page_bytes;
	return OK;
}

/* ---- its form ---- */

static enum status refuse_newer(struct store *store, int64_t version, struct error *err)
{
	error_set(err, FAIL_USAGE, "the %s \"%s\" was written by a newer pgsluice", store->form->what, store->path);
	error_detail(err, "It has form %lld, and this one knows forms up to %d.", (long long)version, store->form->count);
	return error_hint(err, "It is left as it is. Use the newer pgsluice, or set XDG_CACHE_HOME to another folder.");
}

static enum status refuse_foreign(struct store *store, struct error *err)
{
	error_set(err, FAIL_USAGE, "the file \"%s\" is no %s", store->path, store->form->what);
	return error_hint(err, "It is left as it is. Move it away, or set XDG_CACHE_HOME to another folder.");
}

/* The number of the form the file has: 0 = nothing in it yet. In a transaction: others may write it just now. */
static enum status read_form(struct store *store, int64_t *ret_version, struct error *err)
{
	int64_t application, version, objects;
	if (ask_int(store, "PRAGMA application_id", &application, err) != OK ||
	    ask_int(store, "PRAGMA user_version", &version, err) != OK ||
	    ask_int(store, "SELECT count(*) FROM sqlite_master", &objects, err) != OK)
		return err->status;
	if (application != store->form->application_id && (application || version || objects))
		return refuse_foreign(store, err);
	if (version > store->form->count)
		return refuse_newer(store, version, err);
	*ret_version = version;
	return OK;
}

/* Asked again under the lock: another process may have done it meanwhile. */
static enum status make_steps(struct store *store, struct error *err)
{
	int64_t version;
	if (read_form(store, &version, err) != OK)
		return err->status;
	for (; version < store->form->count; version++)
		if (run_script(store, store->form->steps[version], err) != OK)
			return err->status;
	char mark[96];
	snprintf(mark, sizeof(mark), "PRAGMA application_id = %d; PRAGMA user_version = %d", store->form->application_id,
	         store->form->count);
	return run_script(store, mark, err);
}

/* Commits when the work went well; its error stands, whatever the rollback says. */
static enum status end_transaction(struct store *store, enum status status, struct error *err)
{
	if (status == OK)
		status = run_script(store, "COMMIT", err);
	if (status != OK && !sqlite3_get_autocommit(store->handle))
		sqlite3_exec(store->handle, "ROLLBACK", NULL, NULL, NULL);
	return status;
}

static enum status bring_to_form(struct store *store, struct error *err)
{
	int64_t version;
	if (run_script(store, "BEGIN", err) != OK ||
	    end_transaction(store, read_form(store, &version, err), err) != OK)
		return err->status;
	if (version == store->form->count)
		return OK;
	if (run_script(store, "BEGIN IMMEDIATE", err) != OK)
		return err->status;
	return end_transaction(store, make_steps(store, err), err);
}

/* ---- the file ---- */

/* What SQLite makes has the umask's mode; its journals take the file's. */
static enum status make_private(struct store *store, struct error *err)
{
	int fd = open(store->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct stat facts;

	if (fd >= 0) {
		close(fd);
		return OK;
	}
	if (errno != EEXIST) {
		error_errno(err, FAIL_USAGE, "could not make the %s \"%s\"", store->form->what, store->path);
		return error_hint(err, "Give the user who runs pgsluice the right to the folder, or set XDG_CACHE_HOME.");
	}
	/* By its name: closing a descriptor of it would drop the locks that this process has on it. */
	if (lstat(store->path, &facts) != 0 || !S_ISREG(facts.st_mode) || facts.st_uid != geteuid()) {
		error_set(err, FAIL_USAGE, "\"%s\" is not a file of this user", store->path);
		return error_hint(err, "Move it away, or set XDG_CACHE_HOME to another folder.");
	}
	if (facts.st_mode & 077 && chmod(store->path, 0600) != 0)
		return error_errno(err, FAIL_USAGE, "could not close \"%s\" to others", store->path);
	return OK;
}

/*
 * A rollback journal, since homes are on network file systems, where a write-ahead log does not work. NORMAL: a power
 * failure may cost the cache, and it is one. The other settings are SQLite's advice for files that may be damaged.
 */
static const char SETUP[] = "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA synchronous = NORMAL; "
                            "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY";

static enum status open_handle(struct store *store, struct error *err)
{
	if (make_private(store, err) != OK)
		return err->status;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
	if (sqlite3_open_v2(store->path, &store->handle, flags, NULL) != SQLITE_OK)
		return fail(store, err);
	sqlite3_db_config(store->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_busy_timeout(store->handle, store->impatient ? 0 : store->busy_ms);
	if (run_script(store, SETUP, err) != OK)
		return err->status;
	return bring_to_form(store, err);
}

static void close_handle(struct store *store)
{
	sqlite3_close(store->handle);
	store->handle = NULL;
}

/* Another process may have set it aside, or somebody have cleared his caches. */
static bool was_moved(struct store *store)
{
	int moved = 0;
	return sqlite3_file_control(store->handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved;
}

/* The journal goes first: left behind, it would be rolled back into the new file. */
static enum status move_away(struct store *store, struct arena *scratch, struct error *err)
{
	const char *damaged = arena_printf(scratch, "%s" DAMAGED, store->path);
	const char *journal = arena_printf(scratch, "%s" JOURNAL, store->path);
	const char *old_journal = arena_printf(scratch, "%s" JOURNAL, damaged);

	bool moved = rename(journal, old_journal) == 0 || errno == ENOENT;
	if (!moved || rename(store->path, damaged) != 0) {
		error_errno(err, FAIL_USAGE, "could not set the damaged %s \"%s\" aside", store->form->what, store->path);
		return error_hint(err, "Remove the file: it holds nothing that a run needs.");
	}
	memory_free(store->notice);
	store->notice = memory_strdup(arena_printf(
		scratch, "The %s was damaged. It was set aside as \"%s\", and a new one begun.", store->form->what, damaged));
	return OK;
}

static void end_use(struct store *store)
{
	file_unlock(store->use);
	store->use = -1;
}

/*
 * While the file is used it keeps its name: who still had the damaged file open would take the journal of the one that
 * was begun in its place for its own, and roll it back. Where no lock can be made nothing can be renamed either.
 */
static enum status begin_use(struct store *store, struct error *err)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	_cleanup_error_ struct error failure = {0};
	const char *path = arena_printf(scratch, "%s" LOCK, store->path);
	enum status status = file_lock_shared(path, store->impatient ? 0 : store->busy_ms, &store->use, &failure);
	return status == FAIL_BUSY ? fail_busy(store, err) : OK;
}

/* One process moves it, while nobody uses it; the others see that it was moved. */
static enum status set_aside(struct store *store, struct error *err)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	int lock = -1;
	end_use(store);
	if (file_lock_alone(arena_printf(scratch, "%s" LOCK, store->path), store->busy_ms, &lock, err) != OK)
		return err->status;
	enum status status = was_moved(store) ? OK : move_away(store, scratch, err);
	close_handle(store);
	file_unlock(lock);
	return status == OK ? begin_use(store, err) : status;
}

static enum status open_once(struct store *store, struct error *err)
{
	store->damaged = false;
	if (store->handle && was_moved(store))
		close_handle(store);
	return store->handle ? OK : open_handle(store, err);
}

/* The cause of a failure may be gone the next time. */
static enum status need_handle(struct store *store, struct error *err)
{
	enum status status = open_once(store, err);
	if (status != OK && store->damaged) {
		_cleanup_error_ struct error failure = {0};
		if (set_aside(store, &failure) == OK) {
			error_clear(err);
			status = open_once(store, err);
		}
	}
	if (status != OK)
		close_handle(store);
	return status;
}

enum status store_open(const char *path, const struct store_form *form, int busy_ms, struct store **ret_store,
                       struct error *err)
{
	struct store *store = memory_new(sizeof(*store));
	*store = (struct store){.path = path, .form = form, .busy_ms = busy_ms, .use = -1};
	enum status status = begin_use(store, err);
	if (status == OK)
		status = need_handle(store, err);
	end_use(store);
	if (status != OK) {
		store_close(store);
		return err->status;
	}
	*ret_store = store;
	return OK;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	close_handle(store);
	memory_free(store->notice);
	memory_free(store);
}

const char *store_notice(struct store *store, struct arena *arena)
{
	const char *notice = arena_strdup(arena, store->notice);
	memory_free(store->notice);
	store->notice = NULL;
	return notice;
}

/* ---- work ---- */

static enum status do_once(struct store *store, bool writes, store_work *work, void *context, struct error *err)
{
	int64_t version;
	if (need_handle(store, err) != OK)
		return err->status;
	if (run_script(store, writes ? "BEGIN IMMEDIATE" : "BEGIN", err) != OK)
		return err->status;
	/* A newer pgsluice may have changed it since it was opened. */
	enum status status = read_form(store, &version, err);
	if (status == OK)
		status = work(store, context, err);
	return end_transaction(store, status, err);
}

static void be_patient(struct store *store)
{
	if (store->impatient)
		sqlite3_busy_timeout(store->handle, store->busy_ms);
	store->impatient = false;
}

enum status store_do(struct store *store, bool writes, store_work *work, void *context, struct error *err)
{
	if (begin_use(store, err) != OK)
		return err->status;
	enum status status = do_once(store, writes, work, context, err);
	if (status != OK && store->damaged && store->handle) {
		_cleanup_error_ struct error failure = {0};
		if (set_aside(store, &failure) == OK) {
			error_clear(err);
			status = do_once(store, writes, work, context, err);
		}
	}
	end_use(store);
	if (status == OK)
		be_patient(store);
	return status;
}
