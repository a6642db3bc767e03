#include "engine/run.h"

#include <inttypes.h>
#include <string.h>

#include "engine/copy/copy.h"
#include "engine/evidence_store.h"
#include "engine/execute/leader.h"
#include "engine/queries/canaries.h"
#include "engine/sources.h"
#include "engine/watch/samples.h"
#include "pg/catalog.h"
#include "pg/history.h"
#include "pg/query.h"

struct run *run_open(struct loop *loop, const struct settings *settings, const char *command)
{
	struct arena *arena = arena_open();
	struct run *run = arena_alloc(arena, sizeof(*run));
	run->arena = arena;
	run->loop = loop;
	run->settings = settings;
	run->command = command;
	run->id = uuid_new();
	run->emitter = emitter_open(run->id.text);
	return run;
}

void run_release(struct run *run)
{
	samples_close(run->samples);
	run->samples = NULL;
	leader_close(run->leader);
	run->leader = NULL;
	copy_close(run->copy);
	run->copy = NULL;
	session_close(run->live);
	run->live = NULL;
	evidence_store_close(run->store);
	run->store = NULL;
}

void run_close(struct run *run)
{
	if (!run)
		return;
	run_release(run);
	for (enum gate gate = 0; gate < GATE_COUNT; gate++)
		json_close(run->evidence[gate].data);
	json_close(run->signals);
	emitter_close(run->emitter);
	arena_close(run->arena);
}

/* For those who want to know all that is sent to live. */
static void log_sent(void *context, const char *role_word, const char *name, int64_t duration_ms, int64_t rows)
{
	struct emitter *emitter = context;
	if (rows < 0)
		emit_log(emitter, LOG_DEBUG, "live, session %s: %s failed after %" PRId64 " ms", role_word, name, duration_ms);
	else
		emit_log(emitter, LOG_DEBUG, "live, session %s: %s in %" PRId64 " ms, %" PRId64 " row(s)", role_word, name,
		         duration_ms, rows);
}

struct session_options run_session_options(const struct run *run, const char *role_word)
{
	int64_t limit_ms = run->look_limit_ms;

	return (struct session_options){
		.conninfo = run->settings->conninfo,
		.role_word = role_word,
		.run_id = run->id.text,
		.set_role = run->settings->role,
		.access = SESSION_READ_ONLY,
		.direct = true,
		.startup = limit_ms ? arena_printf(run->arena, "-c statement_timeout=%" PRId64, limit_ms) : NULL,
		.hangs_up = limit_ms > 0,
		.address = run->look_address,
		.sent = log_sent,
		.sent_context = run->emitter,
	};
}

enum status run_read_files(struct run *run, struct error *err)
{
	const struct settings *settings = run->settings;
	struct source_list sources = {0};

	if (sources_read(run->arena, settings->migrations, settings->file_ceiling_bytes, &sources, err) != OK)
		return err->status;
	if (migrations_read(run->arena, settings->migrations, settings->history_table, sources.items, sources.count,
	                    &run->set, err) != OK)
		return err->status;
	return canaries_read(run->arena, settings->migrations, &run->canaries, err);
}

enum status run_parse(struct run *run, const char *version, struct error *err)
{
	for (size_t i = 0; i < run->set.count; i++)
		if (version_compare(run->set.items[i].version, version) == 0)
			return migration_parse(run->arena, &run->set, &run->set.items[i], err);
	return OK;
}

static enum status refuse_standby(struct run *run, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	if (session_query(run->live, query_identity, 0, NULL, &rows, err) != OK)
		return err->status;
	if (!rows_true(rows, 0, 2))
		return OK;
	error_set(err, FAIL_USAGE, "the target is a standby: it takes no writes");
	return error_hint(err, "Connect to the primary; a standby can serve the backup with --source.");
}

static enum status refuse_read_only(struct run *run, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	if (session_query(run->live, query_read_only_setting, 0, NULL, &rows, err) != OK)
		return err->status;
	if (rows_count(rows) == 0 || !rows_true(rows, 0, 0))
		return OK;
	error_set(err, FAIL_USAGE, "the target is read-only for role %s: default_transaction_read_only is set for it",
	          session_user(run->live));
	return error_hint(err, "Take the setting back from the database or the role, or log in as a role that may write.");
}

/* What a run will write to must be able to take it; for looking a standby will do, and a role that only reads. */
static enum status refuse_unwritable(struct run *run, struct error *err)
{
	if (run->only_looks)
		return OK;
	return refuse_standby(run, err) != OK ? err->status : refuse_read_only(run, err);
}

static enum status ask_target(struct run *run, struct error *err)
{
	struct session_options options = run_session_options(run, "read");

	if (session_open(run->loop, &options, &run->live, err) != OK || refuse_unwritable(run, err) != OK ||
	    catalog_target(run->live, run->arena, run->settings->environment, &run->target, err) != OK ||
	    history_read(run->live, run->arena, run->settings->history_table, &run->history, err) != OK)
		return err->status;
	return resume_read(run, run->live, &run->resume, err);
}

/*
 * What the files alone show comes before what the target says; but only its history tells which files still
 * matter.
 */
enum status run_read_target(struct run *run, struct error *err)
{
	_cleanup_error_ struct error unreadable = {0};
	struct text_list applied = {0};

	bool answered = ask_target(run, err) == OK;
	for (size_t i = 0; answered && i < run->history.rows.count; i++)
		list_push(run->arena, &applied, run->history.rows.items[i].version);
	if (err->status == FAIL_USAGE || migrations_parse(run->arena, &run->set, &applied, &unreadable) == OK)
		return err->status;
	error_move(err, &unreadable);
	return err->status;
}

enum status run_schema_of(const struct run *run, struct session *session, struct arena *arena,
                          struct schema *ret_schema, struct error *err)
{
	struct catalog_options options = {
		.history_schema = run->history.schema,
		.history_table = run->history.table,
		.ignore = &run->settings->digest_ignore,
	};
	return catalog_schema(session, arena, &options, ret_schema, err);
}

enum status run_read_schema(struct run *run, struct schema *ret_schema, struct error *err)
{
	return run_schema_of(run, run->live, run->arena, ret_schema, err);
}

enum status run_build_plan(struct run *run, struct error *err)
{
	const struct settings *settings = run->settings;
	struct text_list partial = {0};

	if (run_read_schema(run, &run->live_schema, err) != OK)
		return err->status;
	run->live_digest = schema_digest(&run->live_schema);
	if (run->resume.half_way.version && !run->resume.down)
		list_push(run->arena, &partial, run->resume.half_way.version);
	if (graph_build(run->arena, &run->set, &run->graph, err) != OK)
		return err->status;

	struct plan_options options = {
		.until = settings->until,
		.out_of_order = &settings->out_of_order,
		.held_before = &run->resume.held,
		.partial = &partial,
		.waivers = settings->waivers.items,
		.waiver_count = settings->waivers.count,
		.accepted_drift = &settings->accept_drift,
		.schema_digest = run->live_digest.hex,
	};
	if (plan_build(run->arena, &run->set, &run->graph, &run->history, &run->target, &options, &run->plan,
	               err) != OK)
		return err->status;
	return OK;
}

struct digest run_binding(const struct run *run, enum gate gate)
{
	struct digest_stream *stream = digest_open();

	if (gate_get(gate)->binding != BINDS_LIVE) {
		digest_add_field(stream, run->plan.id.hex);
		if (gate_get(gate)->binding == BINDS_CANARIES)
			digest_add_field(stream, canaries_digest(&run->canaries).hex);
		return digest_close(stream);
	}
	digest_add_field(stream, run->target.system_identifier);
	digest_add_field(stream, run->target.timeline);
	digest_add_field(stream, run->target.database_oid);
	digest_add_field(stream, run->live_digest.hex);
	return digest_close(stream);
}

/* A waiver names the check, or its whole gate. */
static const char *waived(const struct settings *settings, const char *name)
{
	size_t gate_length = strcspn(name, ".");
	for (size_t i = 0; i < settings->waivers.count; i++) {
		const char *check = settings->waivers.items[i].check;
		bool whole_gate = strlen(check) == gate_length && strncmp(check, name, gate_length) == 0;
		if (whole_gate || strcmp(check, name) == 0)
			return settings->waivers.items[i].reason;
	}
	return NULL;
}

/* Thousands of checks in a row have one name, limit and hint. */
static const char *text_as_before(struct arena *arena, const char *before, const char *text)
{
	return before && text && strcmp(before, text) == 0 ? before : arena_strdup(arena, text);
}

static struct check *add_check(struct run *run, struct evidence *evidence, const struct check *check)
{
	static const struct check NONE;
	struct check *place = list_add(run->arena, &evidence->checks);
	const struct check *last = evidence->checks.count > 1 ? place - 1 : &NONE;
	*place = (struct check){
		.name = text_as_before(run->arena, last->name, check->name),
		.measured = arena_strdup(run->arena, check->measured),
		.limit = text_as_before(run->arena, last->limit, check->limit),
		.hint = text_as_before(run->arena, last->hint, check->hint),
		.ok = check->ok,
		.warning = check->warning,
		.failure = check->failure,
		.waived_because = check->ok || check->warning ? NULL : waived(run->settings, check->name),
	};
	emit_check(run->emitter, evidence->gate, place);
	return place;
}

struct check *run_check_as(struct run *run, struct evidence *evidence, const char *name, bool ok, enum status failure,
                           const char *hint, const char *measured, const char *limit)
{
	if (!run_checks(run, evidence, name))
		return &evidence->checks.items[evidence->checks.count - 1];
	struct check check = {.name = name, .ok = ok, .failure = failure, .hint = hint, .measured = measured,
	                      .limit = limit};
	return add_check(run, evidence, &check);
}

struct check *run_check(struct run *run, struct evidence *evidence, const char *name, bool ok, const char *hint,
                        const char *measured, const char *limit)
{
	return run_check_as(run, evidence, name, ok, OK, hint, measured, limit);
}

struct check *run_warn(struct run *run, struct evidence *evidence, const char *name, const char *hint,
                       const char *measured, const char *limit)
{
	struct check check = {.name = name, .warning = true, .hint = hint, .measured = measured, .limit = limit};
	return add_check(run, evidence, &check);
}

bool run_checks(struct run *run, struct evidence *evidence, const char *name)
{
	for (size_t i = 0; i < run->settings->not_checked.count; i++) {
		const struct not_checked *row = &run->settings->not_checked.items[i];
		if (strcmp(row->check, name) != 0)
			continue;
		run_warn(run, evidence, name, "The configuration switches this check off.",
		         arena_printf(run->arena, "not checked: %s", row->reason), "-");
		return false;
	}
	return true;
}
