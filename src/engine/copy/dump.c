#include "engine/copy/dump.h"

#include <inttypes.h>
#include <poll.h>
#include <string.h>

#include "base/digest.h"
#include "base/strbuf.h"
#include "core/sql/secret.h"
#include "sys/clock.h"
#include "sys/file.h"

#define DATA     "data"
#define MANIFEST "SHA256SUMS"

enum { TICK_MS = 1000, LIST_MS = 600000, MANIFEST_CEILING = 256 * 1024 * 1024 };

struct dumping {
	struct arena *arena;
	struct loop *loop;
	struct child *child;
	const char *secrets; /* a folder of its own with service and password file */
	struct dump dump;
};

/* ---- programs ---- */

enum status watch_child(struct loop *loop, struct child *child, const struct watch *watch,
                        struct child_result *ret_result, struct error *err)
{
	while (watch && !child_ended(child)) {
		struct loop_fd fd = {.fd = child_fd(child), .events = POLLIN};
		enum loop_outcome outcome = loop_wait(loop, &fd, 1, clock_ms() + TICK_MS);
		if (outcome == LOOP_STOPPED)
			break;
		if (outcome == LOOP_TIMEOUT && watch->tick(watch->context, err) != OK) {
			child_kill(child);
			return err->status;
		}
	}
	return child_wait(child, ret_result, err);
}

static void split_lines(struct arena *arena, const char *text, struct text_list *ret_lines)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		if (length)
			list_push(arena, ret_lines, arena_strndup(arena, text, length));
		text += length + (text[length] == '\n');
	}
}

static enum status no_space_hint(struct error *err, const char *output, const char *otherwise)
{
	if (strstr(output, "No space left") || strstr(output, "Disk quota") ||
	    strstr(output, "Check free disk space"))
		return error_hint(err, "Free space there, or choose other folders with --evidence and work-dir; then run"
		                       " again.");
	return error_hint(err, "%s", otherwise);
}

/* ---- dump ---- */

static enum status start(struct dumping *dumping, const struct dump_options *options, struct error *err)
{
	struct arena *arena = dumping->arena;
	struct text_list argv = {0};
	const char *const *env;

	if (session_child_environment(options->source, arena, dumping->secrets, NULL, &env, err) != OK)
		return err->status;
	list_push(arena, &argv, path_join(arena, options->binaries->folder, "pg_dump"));
	list_push(arena, &argv, "--format=directory");
	list_push(arena, &argv, "--compress=1");
	list_push(arena, &argv, "--no-password");
	list_push(arena, &argv, arena_printf(arena, "--jobs=%d", options->jobs > 0 ? options->jobs : 1));
	list_push(arena, &argv, arena_printf(arena, "--lock-wait-timeout=%" PRId64, options->lock_wait_ms));
	list_push(arena, &argv, arena_printf(arena, "--file=%s", path_join(arena, options->folder, DATA)));
	if (options->snapshot)
		list_push(arena, &argv, arena_printf(arena, "--snapshot=%s", options->snapshot));
	if (options->role)
		list_push(arena, &argv, arena_printf(arena, "--role=%s", options->role));
	if (options->schema_only)
		list_push(arena, &argv, "--schema-only");
	list_push(arena, &argv, NULL);
	struct child_options child = {.argv = argv.items, .env = env};
	return child_start(options->loop, &child, &dumping->child, err);
}

enum status dump_start(struct arena *arena, const struct dump_options *options, struct dumping **ret_dumping,
                       struct error *err)
{
	struct dumping *dumping = arena_alloc(arena, sizeof(*dumping));
	*dumping = (struct dumping){
		.arena = arena,
		.loop = options->loop,
		.secrets = path_join(arena, options->folder, "connection"),
		.dump = {
			.folder = arena_strdup(arena, options->folder),
			.tool = arena_strdup(arena, options->binaries->version_text),
			.database = arena_strdup(arena, session_database(options->source)),
		},
	};
	if (folder_make(options->folder, err) != OK || folder_make(dumping->secrets, err) != OK ||
	    start(dumping, options, err) != OK) {
		enum status status = err->status;
		dump_drop(dumping);
		return status;
	}
	*ret_dumping = dumping;
	return OK;
}

bool dump_ended(const struct dumping *dumping)
{
	return child_ended(dumping->child);
}

void dump_drop(struct dumping *dumping)
{
	_cleanup_error_ struct error ignored = {0};
	if (!dumping)
		return;
	child_kill(dumping->child);
	dumping->child = NULL;
	(void)!folder_remove(dumping->dump.folder, &ignored);
}

/* A stop is noticed between files. */
static enum status stopped(struct loop *loop, struct error *err)
{
	return loop_wait(loop, NULL, 0, clock_ms()) == LOOP_STOPPED ? loop_stop_error(loop, err) : OK;
}

static enum status write_manifest(struct dumping *dumping, struct error *err)
{
	struct arena *arena = dumping->arena;
	struct dump *dump = &dumping->dump;
	const char *data = path_join(arena, dump->folder, DATA);
	struct text_list names = {0};
	_cleanup_strbuf_ struct strbuf text = {0};

	if (folder_list(arena, data, &names, err) != OK)
		return err->status;
	for (size_t i = 0; i < names.count; i++) {
		char hex[DIGEST_HEX_LENGTH + 1];
		const char *path = path_join(arena, data, names.items[i]);
		if (stopped(dumping->loop, err) != OK || file_digest(path, hex, err) != OK)
			return err->status;
		strbuf_printf(&text, "%s  " DATA "/%s\n", hex, names.items[i]);
		dump->size_bytes += file_size(path);
	}
	dump->files = names.count;
	dump->manifest = arena_strdup(arena, digest_of(strbuf_text(&text), text.length).hex);
	return file_write(path_join(arena, dump->folder, MANIFEST), strbuf_text(&text), text.length, err);
}

/* The line that says what went wrong: warnings can stand before it. */
static const char *error_line(const char *output)
{
	const char *found = strstr(output, "error: ");
	if (!found)
		return output;
	while (found > output && found[-1] != '\n')
		found--;
	return found;
}

static enum status judge(const struct child_result *result, struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	const char *output = secret_strip(arena, strbuf_text(&result->errors)), *line = error_line(output);
	if (result->exit_code == 0)
		return OK;
	error_set(err, FAIL_GATE, "pg_dump failed with exit code %d%s%.*s", result->exit_code, *line ? ": " : "",
	          (int)strcspn(line, "\n"), line);
	error_detail(err, "%.2000s", output);
	if (strstr(output, "lock timeout") || strstr(output, "statement timeout"))
		return error_hint(err, "Somebody holds a strong lock on one of these tables: run again when it is released.");
	return no_space_hint(err, output, "Look at what pg_dump said; a missing right is given by pg_read_all_data.");
}

enum status dump_finish(struct dumping *dumping, const struct watch *watch, struct dump *ret_dump,
                        struct text_list *ret_warnings, struct error *err)
{
	_cleanup_child_ struct child_result result = {0};
	_cleanup_error_ struct error ignored = {0};
	struct child *child = dumping->child;
	dumping->child = NULL;
	enum status status = watch_child(dumping->loop, child, watch, &result, err);
	if (status == OK)
		status = judge(&result, err);
	(void)!folder_remove(dumping->secrets, &ignored);
	if (status == OK)
		status = write_manifest(dumping, err);
	if (status != OK) {
		dump_drop(dumping);
		return status;
	}
	split_lines(dumping->arena, secret_strip(dumping->arena, strbuf_text(&result.errors)), ret_warnings);
	*ret_dump = dumping->dump;
	return OK;
}

/* ---- check ---- */

static enum status damaged(const struct dump *dump, struct error *err, const char *what, const char *name)
{
	error_set(err, FAIL_GATE, "the dump in \"%s\" is damaged: %s %s", dump->folder, name, what);
	return error_hint(err, "Remove the folder and the evidence file backup.json and run again: a new backup is taken."
	                       " Then find out what changed the file.");
}

/* One line of the manifest against its file. */
static enum status check_file(struct arena *arena, const struct dump *dump, const char *line, size_t length,
                              struct error *err)
{
	enum { NAME_AT = DIGEST_HEX_LENGTH + 2 };
	char hex[DIGEST_HEX_LENGTH + 1];
	if (length <= NAME_AT)
		return damaged(dump, err, "cannot be read", MANIFEST);
	const char *name = arena_strndup(arena, line + NAME_AT, length - NAME_AT);
	const char *path = path_join(arena, dump->folder, name);
	if (!file_exists(path))
		return damaged(dump, err, "is not there", name);
	if (file_digest(path, hex, err) != OK)
		return err->status;
	if (strncmp(hex, line, DIGEST_HEX_LENGTH) != 0)
		return damaged(dump, err, "was changed or cut short: its SHA-256 is not the one in " MANIFEST, name);
	return OK;
}

enum status dump_check(struct loop *loop, const struct dump *dump, struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *path = path_join(arena, dump->folder, MANIFEST);
	struct text_list names = {0};
	size_t lines = 0;

	if (!file_exists(path))
		return damaged(dump, err, "is not there", MANIFEST);
	if (file_read(path, MANIFEST_CEILING, &text, err) != OK)
		return err->status;
	if (strcmp(digest_of(strbuf_text(&text), text.length).hex, dump->manifest) != 0)
		return damaged(dump, err, "was changed: it is not the one of the evidence", MANIFEST);
	for (const char *at = strbuf_text(&text); *at; lines++) {
		size_t length = strcspn(at, "\n");
		if (stopped(loop, err) != OK || check_file(arena, dump, at, length, err) != OK)
			return err->status;
		at += length + (at[length] == '\n');
	}
	if (folder_list(arena, path_join(arena, dump->folder, DATA), &names, err) != OK)
		return err->status;
	if (names.count != lines)
		return damaged(dump, err, "holds files that are not in " MANIFEST, DATA);
	return OK;
}

/* ---- restore ---- */

static enum status run_restore(struct arena *arena, const struct dump *dump, const struct restore_options *options,
                               const char *const *arguments, const struct watch *watch, struct child_result *ret_result,
                               struct error *err)
{
	struct text_list argv = {0};
	const char *const *env;
	struct child *child;

	if (folder_make(options->secrets, err) != OK ||
	    session_child_environment(options->server, arena, options->secrets, NULL, &env, err) != OK)
		return err->status;
	list_push(arena, &argv, path_join(arena, options->binaries->folder, "pg_restore"));
	for (; *arguments; arguments++)
		list_push(arena, &argv, *arguments);
	list_push(arena, &argv, path_join(arena, dump->folder, DATA));
	list_push(arena, &argv, NULL);
	struct child_options how = {.argv = argv.items, .env = env};
	if (child_start(options->loop, &how, &child, err) != OK)
		return err->status;
	return watch_child(options->loop, child, watch, ret_result, err);
}

static enum status judge_restore(const struct child_result *result, struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	const char *output = secret_strip(arena, strbuf_text(&result->errors));
	if (result->exit_code == 0 && result->errors.length == 0)
		return OK;
	size_t length = strcspn(output, "\n");
	if (result->errors.length)
		error_set(err, FAIL_GATE, "pg_restore could not restore the dump as it is: %.*s", (int)length, output);
	else
		error_set(err, FAIL_GATE, "pg_restore failed with exit code %d", result->exit_code);
	if (output[length])
		error_detail(err, "%.2000s", output + length + 1);
	return no_space_hint(err, output, "What cannot be restored now cannot be restored in need: mend the object that is"
	                                  " named on live, or install what is missing here.");
}

/* A value in a connection string. */
static const char *quoted(struct arena *arena, const char *value)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	for (; *value; value++) {
		if (*value == '\'' || *value == '\\')
			strbuf_putc(&text, '\\');
		strbuf_putc(&text, *value);
	}
	return arena_printf(arena, "dbname='%s'", strbuf_text(&text));
}

enum status dump_restore(const struct dump *dump, const struct restore_options *options, const struct watch *watch,
                         struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_child_ struct child_result result = {0};
	const char *database = options->database ? options->database : session_database(options->server);
	const char *arguments[10] = {
		"--format=directory", "--no-password", "--exit-on-error", "--no-subscriptions",
		arena_printf(arena, "--jobs=%d", options->jobs > 0 ? options->jobs : 1),
		arena_printf(arena, "--dbname=%s", quoted(arena, database)),
	};
	size_t count = 6;
	if (!options->database)
		arguments[count++] = "--create";
	if (options->list_file)
		arguments[count++] = arena_printf(arena, "--use-list=%s", options->list_file);
	if (run_restore(arena, dump, options, arguments, watch, &result, err) != OK)
		return err->status;
	return judge_restore(&result, err);
}

enum status dump_contents(struct arena *arena, const struct dump *dump, const struct restore_options *options,
                          const char **ret_text, struct error *err)
{
	_cleanup_child_ struct child_result result = {0};
	const char *list = path_join(arena, options->secrets, "contents");
	const char *const arguments[] = {"--list", "--format=directory", arena_printf(arena, "--file=%s", list), NULL};
	_cleanup_strbuf_ struct strbuf text = {0};

	if (run_restore(arena, dump, options, arguments, NULL, &result, err) != OK || judge_restore(&result, err) != OK ||
	    file_read(list, MANIFEST_CEILING, &text, err) != OK)
		return err->status;
	*ret_text = arena_strdup(arena, strbuf_text(&text));
	return OK;
}

/* ---- evidence ---- */

struct json *dump_json(const struct dump *dump)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct json *object = json_new_object();
	json_set_text(object, "folder", dump->folder);
	json_set_text(object, "manifest_sha256", dump->manifest);
	json_set_text(object, "pg_dump_version", dump->tool);
	json_set_text(object, "database", dump->database);
	json_set_int(object, "files", (int64_t)dump->files);
	json_set_int(object, "size_bytes", dump->size_bytes);
	json_set_text(object, "restore_by_hand", dump_by_hand(arena, dump));
	return object;
}

enum status dump_read(struct arena *arena, const struct json *value, struct dump *ret_dump, struct error *err)
{
	const char *folder = json_get_text(value, "folder"), *manifest = json_get_text(value, "manifest_sha256");
	const char *tool = json_get_text(value, "pg_dump_version"), *database = json_get_text(value, "database");
	if (!folder || !manifest || !tool || !database) {
		error_set(err, FAIL_GATE, "the backup's evidence does not say where its dump is");
		return error_hint(err, "Remove the file backup.json from the evidence folder: a new backup is taken.");
	}
	*ret_dump = (struct dump){
		.folder = arena_strdup(arena, folder),
		.manifest = arena_strdup(arena, manifest),
		.tool = arena_strdup(arena, tool),
		.database = arena_strdup(arena, database),
		.files = (size_t)json_get_int(value, "files"),
		.size_bytes = json_get_int(value, "size_bytes"),
	};
	return OK;
}

const char *dump_by_hand(struct arena *arena, const struct dump *dump)
{
	return arena_printf(arena,
	                    "cd '%s' && sha256sum --check " MANIFEST "; make the roles first (they are not in the dump, and"
	                    " no password is), then: pg_restore --create --exit-on-error --jobs=4 --dbname=postgres " DATA,
	                    dump->folder);
}
