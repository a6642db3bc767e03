/*
 * Gate 8: live became what the rehearsal promised: the objects the plan touched as rehearsed, all others as they
 * were;
 * verify scripts pass; nothing unfinished is left; live stayed healthy for the configured time. Then the ledger
 * gets its
 * end and the new base line.
 */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "engine/copy/canonical.h"
#include "engine/execute/boundary.h"
#include "engine/execute/leader.h"
#include "engine/execute/session_signal.h"
#include "engine/execute/verify_scripts.h"
#include "engine/gates/gates.h"
#include "engine/queries/canary_live.h"
#include "engine/rehearse/row_counters.h"
#include "engine/tell/steering.h"
#include "pg/ledger.h"
#include "pg/query.h"

enum { WATCH_EVERY_MS = 5000, SIGNALS_MS = 2000 };

static bool same_object(const struct schema_object *a, const struct schema_object *b)
{
	return a && b && strcmp(a->kind, b->kind) == 0 && strcmp(a->name, b->name) == 0;
}

static const struct schema_object *object_of(const struct schema_difference *difference)
{
	return difference->after ? difference->after : difference->before;
}

static const char *definition_in(const struct schema *schema, const struct schema_object *object)
{
	for (size_t i = 0; i < schema->count; i++)
		if (same_object(&schema->items[i], object))
			return schema->items[i].definition;
	return NULL;
}

/* Differences as printed that are gone after both sides went through a dump and restore are no differences. */
static enum status drop_printed_ones(struct run *run, struct schema_difference_list *differences, struct error *err)
{
	const struct json *canonical = json_get(run->evidence[GATE_REHEARSAL].data, "canonical");
	struct schema promised = {0}, live = {0};
	struct copy *copy = NULL;
	size_t kept = 0;

	if (!canonical) /* the copy printed every object as live does */
		return OK;
	if (schema_read(run->arena, canonical, &promised, err) != OK ||
	    copy_need(run, &copy, err) != OK || canonical_schema(run, run->arena, copy, run->live, &live, err) != OK)
		return error_wrap(err, "cannot compare the schemas after a dump and restore");
	for (size_t i = 0; i < differences->count; i++) {
		const struct schema_object *object = object_of(&differences->items[i]);
		const char *a = definition_in(&promised, object), *b = definition_in(&live, object);
		if (!a || !b || strcmp(a, b) != 0)
			differences->items[kept++] = differences->items[i];
	}
	differences->count = kept;
	return OK;
}

static enum status check_schema(struct run *run, struct evidence *evidence, struct schema *ret_live,
                                struct error *err)
{
	struct schema promise = {0};
	struct schema_difference_list differences = {0};
	const char *limit = "what the plan touched is as rehearsed, all else as before";

	if (run_read_schema(run, ret_live, err) != OK ||
	    schema_read(run->arena, json_get(run->evidence[GATE_REHEARSAL].data, "promise"), &promise, err) != OK)
		return err->status;
	schema_sort(&promise);
	schema_compare(run->arena, &promise, ret_live, &differences);
	if (differences.count && drop_printed_ones(run, &differences, err) != OK)
		return err->status;
	for (size_t i = 0; i < differences.count; i++)
		run_check(run, evidence, "verify.schema", false,
		          "Find out who changed it: the migrations made it otherwise on the copy.",
		          schema_difference_text(run->arena, &differences.items[i]), limit);
	if (differences.count == 0)
		run_check(run, evidence, "verify.schema", true, NULL,
		          arena_printf(run->arena, "%zu objects are as promised", ret_live->count), limit);
	return OK;
}

static void applied_versions(struct run *run, struct text_list *ret_versions)
{
	const struct text_list *planned = &run->resume.planned;
	if (run->direction == DIRECTION_DOWN)
		return;
	if (run->resume.continued)
		for (size_t i = 0; i < planned->count; i++)
			list_push(run->arena, ret_versions, planned->items[i]);
	else
		for (size_t i = 0; i < run->plan.pending.count; i++)
			list_push(run->arena, ret_versions, run->plan.pending.items[i]->version);
}

static enum status check_scripts(struct run *run, struct evidence *evidence, struct error *err)
{
	struct text_list versions = {0};
	struct session_options options = run_session_options(run, "verify");
	_cleanup_session_ struct session *session = NULL;

	applied_versions(run, &versions);
	options.plain = true;
	if (session_open(run->loop, &options, &session, err) != OK)
		return err->status;
	return verify_scripts_run(run, evidence, "verify.scripts", &versions, session, err);
}

static const struct schema_object *find_object(const struct schema *schema, const char *kind, const char *name)
{
	for (size_t i = 0; i < schema->count; i++)
		if (strcmp(schema->items[i].kind, kind) == 0 && strcmp(schema->items[i].name, name) == 0)
			return &schema->items[i];
	return NULL;
}

/* An index that was not valid before the plan, which does not touch it, is promised to be just that. */
static bool promised_as_it_is(const struct schema *promise, const struct schema *live, const char *index)
{
	const struct schema_object *promised = find_object(promise, "index", index);
	const struct schema_object *now = find_object(live, "index", index);
	return promised && now && strcmp(promised->definition, now->definition) == 0;
}

/* Invalid indexes and constraints that are not validated, unless the rehearsal ended with the very same. */
static enum status check_leftovers(struct run *run, struct evidence *evidence, const struct schema *live,
                                   struct error *err)
{
	_cleanup_rows_ struct rows *indexes = NULL, *constraints = NULL;
	const struct json *promise_rows = json_get(run->evidence[GATE_REHEARSAL].data, "promise");
	struct schema promise = {0};
	size_t found = 0;

	if (schema_read(run->arena, promise_rows, &promise, err) != OK ||
	    session_query(run->live, query_unfinished_indexes, 0, NULL, &indexes, err) != OK ||
	    session_query(run->live, query_unvalidated_constraints, 0, NULL, &constraints, err) != OK)
		return err->status;
	for (size_t i = 0; i < rows_count(indexes); i++) {
		if (promised_as_it_is(&promise, live, rows_get(indexes, i, 0)))
			continue;
		run_check(run, evidence, "verify.leftovers", false,
		          "Drop it concurrently, or rebuild it with REINDEX.",
		          arena_printf(run->arena, "index %s is not valid", rows_get(indexes, i, 0)),
		          	"nothing unfinished");
		found++;
	}
	for (size_t i = 0; i < rows_count(constraints); i++) {
		if (find_object(&promise, "constraint", rows_get(constraints, i, 0)))
			continue;
		run_check(run, evidence, "verify.leftovers", false, "Run ALTER TABLE ... VALIDATE CONSTRAINT.",
		          arena_printf(run->arena, "constraint %s is not validated", rows_get(constraints, i, 0)),
		          "nothing unfinished");
		found++;
	}
	if (!found)
		run_check(run, evidence, "verify.leftovers", true, NULL,
		          "no invalid index, no unvalidated constraint that was not rehearsed", "nothing unfinished");
	return OK;
}

static enum status check_rows(struct run *run, struct evidence *evidence, struct error *err)
{
	const struct json *apply = run->evidence[GATE_APPLY].data;
	return row_counters_compare(run, evidence, json_get(apply, "rows_before"), json_get(apply, "trace"), err);
}

static void emit_watching(struct run *run, int64_t left_ms)
{
	struct json *values = json_new_object();
	json_set_text(values, "phase", "watching live");
	json_set_int(values, "remaining_ms", left_ms > 0 ? left_ms : 0);
	emit_sample(run->emitter, "verify", values);
}

/* After the apply live is watched: nobody waits for a lock of ours any more, and standbys keep up. */
static enum status watch(struct run *run, struct evidence *evidence, struct error *err)
{
	int64_t end_ms = clock_ms() + run->settings->verify_watch_ms, worst_lag_ms = 0, rollbacks = -1, errors = 0;
	struct arena *arena = run->arena;

	while (clock_ms() < end_ms) {
		_cleanup_rows_ struct rows *rows = NULL;
		if (session_query(run->live, query_health, 0, NULL, &rows, err) != OK)
			return err->status;
		if (rows_int(rows, 0, 0) > worst_lag_ms)
			worst_lag_ms = rows_int(rows, 0, 0);
		if (rollbacks >= 0 && rows_int(rows, 0, 1) > rollbacks)
			errors += rows_int(rows, 0, 1) - rollbacks;
		rollbacks = rows_int(rows, 0, 1);
		int64_t left_ms = end_ms - clock_ms();
		emit_watching(run, left_ms);
		if (loop_sleep(run->loop, left_ms < WATCH_EVERY_MS ? left_ms : WATCH_EVERY_MS) == LOOP_STOPPED)
			return loop_stop_error(run->loop, err);
	}
	run_check(run, evidence, "verify.health", worst_lag_ms <= run->settings->max_lag_ms,
	          "Look at the standbys and at what the application says.",
	          arena_printf(arena, "for %s: standbys at most %s behind, %" PRId64 " transaction(s) rolled back",
	                       text_duration(arena, run->settings->verify_watch_ms), text_duration(arena,
																								worst_lag_ms), errors),
	          arena_printf(arena, "standbys at most %s behind", text_duration(arena, run->settings->max_lag_ms)));
	return OK;
}

static enum status add_row(struct run *run, struct session *session, const char *kind, const char *version,
                           const struct json *body, struct error *err)
{
	struct ledger_entry entry = {.kind = kind, .run_id = run->id.text, .version = version, .step = -1,
	                             .body = body};
	boundary_pass();
	return ledger_add(session, &entry, err);
}

/* Those that came after the apply's own rows. */
static enum status write_signals(struct run *run, struct session *session, struct error *err)
{
	const struct json *signal;

	while ((signal = session_signal_next(run)) != NULL) {
		if (add_row(run, session, "signal", NULL, signal, err) != OK)
			return err->status;
		session_signal_written(run);
	}
	return OK;
}

/* Of a run that does not get to its end: what it did to others is told all the same, also after a stop. */
static void write_signals_at_least(struct run *run)
{
	struct session_options options = run_session_options(run, "ledger");
	_cleanup_session_ struct session *session = NULL;
	_cleanup_error_ struct error err = {0};

	if (!session_signal_next(run))
		return;
	options.access = SESSION_READ_WRITE;
	loop_shield(run->loop);
	if (session_open(run->loop, &options, &session, &err) != OK ||
	    session_finish(session, "set synchronous_commit = local", 0, NULL, SIGNALS_MS, &err) != OK ||
	    write_signals(run, session, &err) != OK)
		emit_log(run->emitter, LOG_WARNING, "the ledger does not have every signal that was sent: %s",
		         err.message);
	loop_unshield(run->loop);
}

/*
 * The end of the run in the ledger: the new base line, and the word that it ended.
 */
static enum status write_end(struct run *run, const struct schema *live, struct evidence *evidence, struct error *err)
{
	struct session_options options = run_session_options(run, "ledger");
	_cleanup_session_ struct session *session = NULL;
	_cleanup_json_ struct json *baseline = json_new_object(), *end = json_new_object();

	options.access = SESSION_READ_WRITE;
	if (session_open(run->loop, &options, &session, err) != OK)
		return err->status;
	json_set(baseline, "schema", schema_json(live));
	json_set_text(end, "plan_id", run->plan.id.hex);
	json_set_text(end, "state", "verified");
	json_set_int(end, "exit", status_get(OK)->exit_code);
	json_set_text(end, "verify", gate_state_name(evidence->state));
	if (write_signals(run, session, err) != OK || add_row(run, session, "baseline", NULL, baseline, err) != OK)
		return err->status;
	return add_row(run, session, "end", NULL, end, err);
}

static enum status check_all(struct run *run, struct evidence *evidence, struct schema *ret_live, struct error *err)
{
	if (check_schema(run, evidence, ret_live, err) != OK || check_scripts(run, evidence, err) != OK ||
	    check_leftovers(run, evidence, ret_live, err) != OK || check_rows(run, evidence, err) != OK ||
	    canary_check_live(run, evidence, err) != OK || watch(run, evidence, err) != OK)
		return err->status;
	evidence_judge(run->arena, evidence);
	return OK;
}

enum status gate_verify(struct run *run, struct evidence *evidence, struct error *err)
{
	struct schema live = {0};
	enum status status = check_all(run, evidence, &live, err);

	steering_settle(run);
	if (status == OK && evidence->state != GATE_FAILED)
		status = write_end(run, &live, evidence, err);
	write_signals_at_least(run);
	return status;
}
