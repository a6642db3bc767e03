#include "engine/copy/backup_command.h"

#include <string.h>

#include "base/strbuf.h"
#include "core/sql/secret.h"
#include "engine/copy/copy_server.h"
#include "pg/fingerprint.h"
#include "sys/file.h"

enum { VARIABLES = 12 };

static const char *database_to_fill(const struct copy *copy)
{
	return copy->scratch ? copy->run->target.database : copy->kept_name;
}

static void log_line(void *context, bool is_error, const char *line)
{
	struct run *run = context;
	_cleanup_arena_ struct arena *scratch = arena_open();
	emit_log(run->emitter, is_error ? LOG_NOTICE : LOG_INFO, "backup-command: %s", secret_strip(scratch, line));
}

static enum status build_environment(struct copy *copy, const char *backup_id, struct session *source,
                                     const char *snapshot, const char *lsn, const char **ret_environment,
                                     struct error *err)
{
	struct arena *arena = copy->arena;
	const char *const *connection = NULL;
	const char *conninfo;
	size_t count = 0;

	if (folder_make(copy->secrets, err) != OK ||
	    session_child_conninfo(copy->admin, arena, copy->secrets, &conninfo, err) != OK ||
	    (source && session_child_environment(source, arena, copy->secrets, NULL, &connection, err) != OK))
		return err->status;
	for (; connection && *connection; connection++)
		ret_environment[count++] = *connection;
	ret_environment[count++] = arena_printf(arena, "PGSLUICE_ACTION=%s", source ? "backup" : "restore");
	ret_environment[count++] = arena_printf(arena, "PGSLUICE_BACKUP=%s", backup_id);
	if (snapshot)
		ret_environment[count++] = arena_printf(arena, "PGSLUICE_SNAPSHOT=%s", snapshot);
	if (lsn)
		ret_environment[count++] = arena_printf(arena, "PGSLUICE_LSN=%s", lsn);
	ret_environment[count++] = arena_printf(arena, "PGSLUICE_RESTORE_CONNINFO=%s", conninfo);
	ret_environment[count++] = arena_printf(arena, "PGSLUICE_RESTORE_DATABASE=%s", database_to_fill(copy));
	ret_environment[count++] = arena_printf(arena, "PGSLUICE_RESTORE_CREATED=%s", copy->scratch ? "no" : "yes");
	ret_environment[count] = NULL;
	return OK;
}

enum status backup_command_start(struct copy *copy, const char *backup_id, struct session *source, const char *snapshot,
                                 const char *lsn, struct child **ret_child, struct error *err)
{
	const struct text_list *command = &copy->run->settings->backup_command;
	const char **argv = arena_alloc(copy->arena, (command->count + 1) * sizeof(*argv));
	const char *environment[VARIABLES];

	memcpy(argv, command->items, command->count * sizeof(*argv));
	if (!copy->scratch && server_create_database(copy, copy->kept_name, err) != OK)
		return err->status;
	if (build_environment(copy, backup_id, source, snapshot, lsn, environment, err) != OK)
		return err->status;
	struct child_options options = {.argv = argv, .env = environment, .line = log_line, .context = copy->run};
	if (child_start(copy->run->loop, &options, ret_child, err) != OK)
		return error_wrap(err, "backup-command");
	return OK;
}

static enum status is_there(struct copy *copy, bool *ret_there, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	const char *name[] = {database_to_fill(copy)};
	if (session_query(copy->admin, "SELECT 1 FROM pg_database WHERE datname = $1", 1, name, &rows, err) != OK)
		return err->status;
	*ret_there = rows_count(rows) == 1;
	return OK;
}

enum status backup_command_finish(struct copy *copy, struct child *child, const struct watch *watch,
                                  struct error *err)
{
	_cleanup_child_ struct child_result result = {0};
	_cleanup_error_ struct error ignored = {0};
	bool there = false;
	enum status status = watch_child(copy->run->loop, child, watch, &result, err);
	(void)!folder_remove(copy->secrets, &ignored);
	if (status != OK)
		return status;
	if (result.exit_code != 0) {
		const char *said = strbuf_text(result.errors.length ? &result.errors : &result.output);
		error_set(err, FAIL_GATE, "backup-command ended with exit code %d", result.exit_code);
		error_detail(err, "%.2000s", secret_strip(copy->arena, said));
		return error_hint(err, "Look at what it said; it must dump, restore, and end with 0.");
	}
	if (is_there(copy, &there, err) != OK)
		return err->status;
	if (!there) {
		error_set(err, FAIL_GATE, "backup-command ended with 0 and restored no database \"%s\"",
		          database_to_fill(copy));
		return error_hint(err, "It must create and fill PGSLUICE_RESTORE_DATABASE on PGSLUICE_RESTORE_CONNINFO.");
	}
	return copy_adopt(copy, database_to_fill(copy), err);
}

/* What the evidence says each compared table held. */
static enum status read_kept(struct arena *arena, const struct json *data, struct relation_list *ret_kept,
                             struct error *err)
{
	struct relation_list kept = {0};
	const struct json *tables = json_get(data, "tables");
	for (size_t i = 0; i < json_count(tables); i++) {
		const struct json *row = json_at(tables, i);
		const char *name = json_get_text(row, "table"), *treatment = json_get_text(row, "treatment");
		if (!name || !treatment)
			break;
		*list_add(arena, &kept) = (struct relation){
			.name = arena_strdup(arena, name),
			.treatment = strcmp(treatment, "compared") == 0 ? FINGERPRINT_COMPARED : FINGERPRINT_NOT_READ,
			.rows = json_get_int(row, "rows"),
			.hash = arena_strdup(arena, json_get_text(row, "hash")),
		};
	}
	if (kept.count == 0 || kept.count != json_count(tables)) {
		error_set(err, FAIL_GATE, "the backup's evidence does not say what its tables held");
		return error_hint(err, "Remove the file backup.json from the evidence folder: a new backup is taken.");
	}
	*ret_kept = kept;
	return OK;
}

static enum status prove_again(struct copy *copy, const struct json *data, struct error *err)
{
	struct run *run = copy->run;
	_cleanup_fingerprint_ struct fingerprint_reader *reader = NULL;
	struct session_options options = copy_options(copy, "proof");
	struct relation_list kept, restored;
	struct text_list differences = {0};
	size_t workers = run->settings->jobs > 0 ? (size_t)run->settings->jobs : 1;

	if (read_kept(copy->arena, data, &kept, err) != OK ||
	    fingerprint_open(run->loop, &options, NULL, workers, &reader, err) != OK ||
	    fingerprint_relations(reader, copy->arena, &restored, err) != OK ||
	    fingerprint_take(reader, copy->arena, &restored, NULL, err) != OK)
		return err->status;
	relations_compare(copy->arena, &kept, &restored, &differences);
	if (differences.count == 0)
		return OK;
	error_set(err, FAIL_GATE, "backup-command restored something else than before: %s", differences.items[0]);
	return error_hint(err, "Remove the file backup.json from the evidence folder: a new backup is taken.");
}

enum status backup_command_again(struct copy *copy, const struct json *data, struct error *err)
{
	struct child *child;
	const char *backup_id = json_get_text(data, "command_backup");
	if (backup_command_start(copy, backup_id ? backup_id : "", NULL, NULL, json_get_text(data, "source_lsn"), &child,
	                         err) != OK ||
	    backup_command_finish(copy, child, NULL, err) != OK)
		return err->status;
	return prove_again(copy, data, err);
}
