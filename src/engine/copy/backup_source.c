#include "engine/copy/backup_source.h"

#include <string.h>

#include "base/text.h"
#include "pg/catalog.h"
#include "pg/query.h"
#include "sys/clock.h"

#define ROLE_WORD "backup"

enum { QUEUE_LIMIT_MS = 30000, SAMPLE_MS = 1000 };

/* ---- connecting ---- */

/* Rights decide: a login role that sees everything reads as itself, any other as the configured role. */
static enum status choose_role(struct backup_source *source, struct error *err)
{
	_cleanup_session_ struct session *session = NULL;
	_cleanup_rows_ struct rows *rows = NULL;
	source->options.set_role = NULL;
	if (!source->run->settings->role)
		return OK;
	static const char sees_all[] = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user";
	if (session_open(source->run->loop, &source->options, &session, err) != OK ||
	    session_query(session, sees_all, 0, NULL, &rows, err) != OK)
		return err->status;
	if (!rows_true(rows, 0, 0))
		source->role = source->options.set_role = source->run->settings->role;
	return OK;
}

static enum status connect(struct backup_source *source, struct error *err)
{
	struct loop *loop = source->run->loop;
	if (choose_role(source, err) != OK || session_open(loop, &source->options, &source->exporter, err) != OK)
		return err->status;
	return session_open(loop, &source->options, &source->monitor, err);
}

/* Never by host name: a replica has its primary's system identifier, and the database its oid. */
static enum status check_identity(struct backup_source *source, struct error *err)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	const struct target *live = &source->run->target;
	struct target here;
	if (!source->run->settings->source)
		return OK;
	if (catalog_target(source->exporter, scratch, "", &here, err) != OK)
		return err->status;
	if (strcmp(here.system_identifier, live->system_identifier) == 0 &&
	    strcmp(here.database_oid, live->database_oid) == 0)
		return OK;
	error_set(err, FAIL_USAGE, "--source names another database than the target");
	error_detail(err, "The target is system %s, database %s; the source is system %s, database %s.",
	             live->system_identifier, live->database_oid, here.system_identifier, here.database_oid);
	return error_hint(err, "Name a physical replica of the target, and the same database on it.");
}

static enum status read_standby(struct backup_source *source, struct error *err)
{
	static const char behind[] = "SELECT greatest(pg_wal_lsn_diff(pg_current_wal_lsn(), $1::pg_lsn), 0)::int8";
	_cleanup_rows_ struct rows *rows = NULL, *lag = NULL;
	struct arena *arena = source->run->arena;
	if (session_query(source->exporter, query_standby_state, 0, NULL, &rows, err) != OK)
		return err->status;
	source->standby = rows_true(rows, 0, 0);
	if (!source->standby)
		return OK;
	const char *replayed[] = {rows_get(rows, 0, 2)};
	if (session_query(source->run->live, behind, 1, replayed, &lag, err) != OK)
		return err->status;
	source->lag_bytes = rows_int(lag, 0, 0);
	source->lag_ms = rows_get(rows, 0, 1) ? rows_int(rows, 0, 1) : -1;
	source->feedback = arena_strdup(arena, rows_get(rows, 0, 3));
	source->delay = arena_strdup(arena, rows_get(rows, 0, 4));
	return OK;
}

/* NULL where replay goes on: then nothing says up to which position a snapshot sees. */
static enum status read_pause(struct backup_source *source, const char **ret_lsn, struct error *err)
{
	enum { PAUSE_STATE_SINCE = 140000 };
	_cleanup_rows_ struct rows *rows = NULL;
	const char *paused = session_server_version(source->monitor) >= PAUSE_STATE_SINCE
	                             ? "SELECT pg_get_wal_replay_pause_state() = 'paused', pg_last_wal_replay_lsn()::text"
	                             : "SELECT pg_is_wal_replay_paused(), pg_last_wal_replay_lsn()::text";
	*ret_lsn = NULL;
	if (!source->standby)
		return OK;
	if (session_query(source->monitor, paused, 0, NULL, &rows, err) != OK)
		return err->status;
	if (rows_true(rows, 0, 0))
		*ret_lsn = arena_strdup(source->run->arena, rows_get(rows, 0, 1));
	return OK;
}

static enum status take_snapshot(struct backup_source *source, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	if (session_exec(source->exporter, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err) != OK ||
	    session_query(source->exporter, "SELECT pg_export_snapshot()", 0, NULL, &rows, err) != OK)
		return err->status;
	source->since_ms = clock_ms();
	source->snapshot = arena_strdup(source->run->arena, rows_get(rows, 0, 0));
	return OK;
}

/* What is paused before and after, at one position, was so in between. */
static enum status take_snapshot_paused(struct backup_source *source, struct error *err)
{
	const char *before, *after;
	if (read_pause(source, &before, err) != OK || take_snapshot(source, err) != OK ||
	    read_pause(source, &after, err) != OK)
		return err->status;
	source->paused_at = before && after && strcmp(before, after) == 0 ? after : NULL;
	return OK;
}

enum status backup_source_open(struct run *run, struct backup_source *ret_source, struct error *err)
{
	struct backup_source source = {.run = run, .options = run_session_options(run, ROLE_WORD), .lag_ms = -1};
	if (run->settings->source)
		source.options.conninfo = run->settings->source;
	if (connect(&source, err) != OK || check_identity(&source, err) != OK || read_standby(&source, err) != OK ||
	    sequences_read(source.monitor, run->arena, &source.before, err) != OK ||
	    take_snapshot_paused(&source, err) != OK ||
	    run_schema_of(run, source.exporter, run->arena, &source.schema, err) != OK) {
		enum status status = err->status;
		backup_source_close(&source);
		return status;
	}
	*ret_source = source;
	return OK;
}

void backup_source_close(struct backup_source *source)
{
	session_close(source->exporter);
	session_close(source->monitor);
	source->exporter = source->monitor = NULL;
}

/* ---- while it runs ---- */

static enum status check_queue(struct backup_source *source, struct error *err)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	_cleanup_rows_ struct rows *rows = NULL;
	const char *name[] = {arena_printf(scratch, "pgsluice/%s/" ROLE_WORD, source->run->id.text)};
	int64_t now = clock_ms();

	if (session_query(source->monitor, query_backup_queue, 1, name, &rows, err) != OK)
		return err->status;
	if (!rows_count(rows)) {
		source->queue_since_ms = 0;
		return OK;
	}
	if (!source->queue_since_ms)
		source->queue_since_ms = now;
	if (now - source->queue_since_ms < QUEUE_LIMIT_MS)
		return OK;
	error_set(err, FAIL_GATE, "process %s (%s) has waited %s for a lock that the backup holds: the backup gave up",
	          rows_get(rows, 0, 0), rows_get(rows, 0, 1), text_duration(scratch, now - source->queue_since_ms));
	return error_hint(err, "Run again when nobody changes tables, or read the backup from a replica with --source.");
}

static void emit_progress(struct backup_source *source, const char *phase, const struct fingerprint_progress *progress)
{
	struct json *values = json_new_object();
	json_set_text(values, "phase", phase);
	if (source->exporter)
		json_set_int(values, "snapshot_age_ms", clock_ms() - source->since_ms);
	if (progress) {
		json_set_int(values, "tables_done", (int64_t)progress->tables_done);
		json_set_int(values, "tables_total", (int64_t)progress->tables_total);
		json_set_int(values, "done_bytes", progress->bytes_done);
		json_set_int(values, "total_bytes", progress->bytes_total);
		json_set_int(values, "rate_bytes", progress->rate_bytes);
		if (progress->remaining_ms >= 0)
			json_set_int(values, "remaining_ms", progress->remaining_ms);
	}
	emit_sample(source->run->emitter, "backup", values);
}

enum status backup_source_watch(struct backup_source *source, const char *phase,
                                const struct fingerprint_progress *progress, struct error *err)
{
	int64_t now = clock_ms();
	if (now - source->sampled_ms >= SAMPLE_MS) {
		source->sampled_ms = now;
		emit_progress(source, phase, progress);
	}
	return source->exporter ? check_queue(source, err) : OK;
}

enum status backup_source_after(struct backup_source *source, struct schema *ret_schema,
                                struct sequence_list *ret_sequences, struct error *err)
{
	/* The session that read the schema before has the query planned; its snapshot is not needed any more. */
	if (sequences_read(source->monitor, source->run->arena, ret_sequences, err) != OK ||
	    session_exec(source->exporter, "COMMIT", err) != OK)
		return err->status;
	return run_schema_of(source->run, source->exporter, source->run->arena, ret_schema, err);
}
