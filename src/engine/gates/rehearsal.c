/*
 * Gate 3: the whole plan ran on a clone of the restored copy, as the operator, with every statement measured; verify
 * scripts passed; declared data changes are the only ones; the downs are judged on a clone of their own. What it
 * records is the promise that live is held to.
 */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "core/sql/secret.h"
#include "engine/copy/canonical.h"
#include "engine/copy/copy.h"
#include "engine/execute/place.h"
#include "engine/execute/verify_scripts.h"
#include "engine/gates/gates.h"
#include "engine/rehearse/blocking.h"
#include "engine/rehearse/checkpoints.h"
#include "engine/rehearse/data_changes.h"
#include "engine/rehearse/downs.h"
#include "engine/tell/steering.h"
#include "pg/query.h"
#include "sys/child.h"

struct rehearsal {
	struct run *run;
	struct evidence *evidence;
	struct arena *arena;         /* this gate's: what later gates need of it is in the evidence */
	struct copy *copy;
	struct clone *clone;
	struct executor executor;
	struct session *proof;       /* superuser on the clone */
	struct schema clone_schema;  /* before the plan */
	struct data_changes *changes;
	struct arena *trace_arena;   /* of the trace, until it is recorded */
	struct trace trace;
	const struct text_index *live_names; /* when it has run */
	struct checkpoints *checkpoints;
};

/* After a step: the digest that live is promised to have at this point, so that a stopped run can be continued. */
static enum status note_digest(struct executor *executor, const struct migration *migration, size_t step,
                               struct step_trace *trace, struct error *err)
{
	struct rehearsal *rehearsal = executor->context;
	return checkpoints_note(rehearsal->checkpoints, rehearsal->trace.migrations.count,
	                        !execute_is_last(executor, migration, step), &trace->live_digest, err);
}

static enum status before_step(struct executor *executor, struct error *err)
{
	return steering_between(executor->run, err);
}

static enum status open_place(struct rehearsal *rehearsal, struct error *err)
{
	struct run *run = rehearsal->run;

	if (copy_need(run, &rehearsal->copy, err) != OK ||
	    clone_make(rehearsal->copy, &rehearsal->clone, err) != OK ||
	    clone_session(rehearsal->clone, CLONE_SUPERUSER, "proof", SESSION_READ_ONLY, false, &rehearsal->proof,
					err) != OK ||
	    run_schema_of(run, rehearsal->proof, rehearsal->arena, &rehearsal->clone_schema, err) != OK)
		return err->status;
	rehearsal->checkpoints = checkpoints_open(run, rehearsal->arena, rehearsal->proof, &rehearsal->clone_schema);
	run_check(run, rehearsal->evidence, "rehearsal.isolation", true, NULL, copy_isolation(rehearsal->copy),
	          "the copy cannot act on the world");
	run_check(run, rehearsal->evidence, "rehearsal.clone", true, NULL, clone_choice(rehearsal->clone),
	          "a copy as restored is there to compare with");
	return OK;
}

static void close_place(struct rehearsal *rehearsal)
{
	place_close(&rehearsal->executor);
	checkpoints_close(rehearsal->checkpoints);
	session_close(rehearsal->proof);
	clone_drop(rehearsal->clone);
	rehearsal->proof = NULL;
	rehearsal->clone = NULL;
}

static struct change_count *change_of(struct arena *arena, struct change_count_list *list, const char *table)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].table, table) == 0)
			return &list->items[i];
	struct change_count *change = list_add(arena, list);
	change->table = table;
	return change;
}

/* Who approves the plan approves these numbers: the apply rolls back where live's are far from them. */
static void report_changes(struct rehearsal *rehearsal, const struct migration_trace *migration)
{
	struct run *run = rehearsal->run;
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct change_count_list sums = {0};

	for (size_t s = 0; s < migration->steps.count; s++)
		for (size_t c = 0; c < migration->steps.items[s].changes.count; c++) {
			const struct change_count *change = &migration->steps.items[s].changes.items[c];
			struct change_count *sum = change_of(scratch, &sums, change->table);
			sum->inserted += change->inserted;
			sum->updated += change->updated;
			sum->deleted += change->deleted;
		}
	for (size_t i = 0; i < sums.count; i++)
		if (blocking_is_live(rehearsal->live_names, sums.items[i].table))
			run_warn(run, rehearsal->evidence, "rehearsal.changes",
			         "See that it is what the migration is for.",
			         arena_printf(scratch,
			                      "migration %s in %s: %" PRId64 " row(s) inserted, %" PRId64 " updated, %" PRId64
			                      " deleted",
			                      migration->version, sums.items[i].table, sums.items[i].inserted,
			                      sums.items[i].updated, sums.items[i].deleted),
			         "-");
}

static void summarize(struct rehearsal *rehearsal)
{
	struct run *run = rehearsal->run;
	int64_t duration_ms = 0, wal_bytes = 0;
	struct blocking_list blocking = {0};

	rehearsal->live_names = blocking_live_names(rehearsal->arena, &run->live_schema);
	for (size_t m = 0; m < rehearsal->trace.migrations.count; m++) {
		const struct migration_trace *migration = &rehearsal->trace.migrations.items[m];
		duration_ms += migration->duration_ms;
		report_changes(rehearsal, migration);
		for (size_t s = 0; s < migration->steps.count; s++)
			for (size_t t = 0; t < migration->steps.items[s].statements.count; t++) {
				const struct statement_trace *statement =
					&migration->steps.items[s].statements.items[t];
				const struct text_list *files = &statement_effects_get(statement)->rewrites;
				wal_bytes += statement->wal_bytes > 0 ? statement->wal_bytes : 0;
				for (size_t r = 0; r < files->count; r++)
					if (blocking_is_live(rehearsal->live_names, files->items[r]))
						run_warn(run, rehearsal->evidence, "rehearsal.rewrites",
						         "Nobody can use the table while it is rewritten; see pgsluice-runbook(7).",
						         arena_printf(run->arena, "migration %s rewrites %s in %s", migration->version,
						                      files->items[r],
						                      text_duration(run->arena, statement->duration_ms)),
						         "-");
			}
	}
	blocking_find(rehearsal->arena, &rehearsal->trace, &run->live_schema, &blocking);
	for (size_t i = 0, next; i < blocking.count; i = next)
		run_warn(run, rehearsal->evidence, "rehearsal.locks", "Apply it when nobody minds waiting for so long.",
		         blocking_text(rehearsal->arena, &blocking, i, &next), "-");
	run_check(run, rehearsal->evidence, "rehearsal.plan", true, NULL,
	          arena_printf(run->arena, "%zu migration(s) ran in %s and wrote %s of WAL",
											rehearsal->trace.migrations.count,
	                       text_duration(run->arena, duration_ms), text_bytes(run->arena, wal_bytes)),
	          "the whole plan runs");
}

/* A migration that fails here has failed where it costs nothing: a failed check, with the server's words. */
static enum status run_plan(struct rehearsal *rehearsal, bool *ret_ran, struct error *err)
{
	struct run *run = rehearsal->run;
	struct executor *executor = &rehearsal->executor;

	*ret_ran = false;
	enum status status = place_on_clone(run, rehearsal->clone, true, executor, err);
	executor->arena = rehearsal->trace_arena;
	executor->context = rehearsal;
	executor->before_step = before_step;
	executor->after_step = note_digest;
	if (status == OK)
		status = data_changes_declare(run, rehearsal->arena, executor->session, rehearsal->clone,
		                              &rehearsal->changes, err);
	executor->written = status == OK ? data_changes_written(rehearsal->changes) : NULL;
	list_reserve(rehearsal->trace_arena, &rehearsal->trace.migrations, run->plan.pending.count);
	for (size_t i = 0; status == OK && i < run->plan.pending.count; i++) {
		struct migration_trace *trace = list_add(rehearsal->trace_arena, &rehearsal->trace.migrations);
		const struct migration *migration = run->plan.pending.items[i];
		status = execute_migration(executor, migration, resume_first_step(run, migration->version),
		                           trace, err);
	}
	measure_close(executor->measure);
	executor->measure = NULL;
	if (loop_stop_signal(run->loop))
		return loop_stop_error(run->loop, err);
	if (status == OK) {
		*ret_ran = true;
		summarize(rehearsal);
		return OK;
	}
	const char *where = err->file ? arena_printf(run->arena, "%s:%ld:%ld: ", err->file, err->line,
	                                             err->column) : "";
	const char *code = *err->sqlstate ? arena_printf(run->arena, " (SQLSTATE %s)", err->sqlstate) : "";
	run_check(run, rehearsal->evidence, "rehearsal.plan", false,
	          err->hint ? err->hint : "Correct the migration, then run again; live is untouched.",
	          arena_printf(run->arena, "%s%s%s%s%s", where, err->message, code, err->detail ? "; " : "",
	                       err->detail ? err->detail : ""),
	          "the whole plan runs");
	error_clear(err);
	return OK;
}

static void pending_versions(struct rehearsal *rehearsal, struct text_list *ret_versions)
{
	const struct plan *plan = &rehearsal->run->plan;
	for (size_t i = 0; i < plan->pending.count; i++)
		list_push(rehearsal->arena, ret_versions, plan->pending.items[i]->version);
}

/* The application's own tests, against the migrated clone. */
static enum status run_application_tests(struct rehearsal *rehearsal, struct error *err)
{
	struct run *run = rehearsal->run;
	const struct text_list *command = &run->settings->rehearsal_command;
	_cleanup_child_ struct child_result result = {0};
	const char *const *environment = NULL;

	if (command->count == 0)
		return OK;
	const char **argv = arena_alloc(run->arena, (command->count + 1) * sizeof(*argv));
	memcpy(argv, command->items, command->count * sizeof(*argv));
	if (clone_environment(rehearsal->clone, run->arena, &environment, err) != OK)
		return err->status;
	struct child_options options = {.argv = argv, .env = environment};
	if (child_run(run->loop, &options, &result, err) != OK)
		return error_wrap(err, "rehearsal-command");
	const char *last = secret_strip(run->arena, strbuf_text(result.errors.length ? &result.errors : &result.output));
	size_t length = strlen(last), shown = length > 400 ? 400 : length;
	run_check(run, rehearsal->evidence, "rehearsal.application", result.exit_code == 0,
	          "Make the application's tests pass against the migrated schema.",
	          arena_printf(run->arena, "%s ended with %d%s%s", argv[0], result.exit_code,
	                       result.exit_code ? ": " : "", result.exit_code ? last + length - shown : ""),
	          "rehearsal-command ends with 0");
	return OK;
}

static enum status prove(struct rehearsal *rehearsal, struct error *err)
{
	struct run *run = rehearsal->run;
	struct text_list versions = {0};
	struct session *session = NULL;

	if (run->direction == DIRECTION_UP)
		pending_versions(rehearsal, &versions);
	if (clone_session(rehearsal->clone, CLONE_OPERATOR, "verify", SESSION_READ_ONLY, true, &session, err) != OK)
		return err->status;
	enum status status =
		verify_scripts_run(run, rehearsal->evidence, "rehearsal.verify_scripts", &versions, session, err);
	if (status == OK)
		status = data_changes_look(run, rehearsal->changes, session, rehearsal->clone, err);
	if (status == OK && !clone_is_copy(rehearsal->clone))
		status = data_changes_compare(run, rehearsal->changes, rehearsal->copy, rehearsal->evidence, err);
	session_close(session);
	return status;
}

static int compare_row(const struct json *row, const struct schema_object *object)
{
	int order = strcmp(json_text(json_at(row, 0)), object->kind);
	return order ? order : strcmp(json_text(json_at(row, 1)), object->name);
}

/* Both lists are sorted, *at moves along: the name that stands in the promise already is not made once more. */
static struct json *name_json(const struct schema_object *object, const struct json *promise, size_t *at)
{
	while (*at < json_count(promise) && compare_row(json_at(promise, *at), object) < 0)
		(*at)++;
	if (*at < json_count(promise) && compare_row(json_at(promise, *at), object) == 0)
		return json_share(json_at(json_at(promise, *at), 1));
	return json_new_text(object->name);
}

/* Objects that are otherwise after the plan: all others are the same at every point of it. */
static struct json *touched_json(const struct schema *before, const struct schema *after, const struct json *promise)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct schema_difference_list differences = {0};
	struct json *array = json_new_array();
	size_t at = 0;

	schema_compare(scratch, before, after, &differences);
	for (size_t i = 0; i < differences.count; i++) {
		const struct schema_difference *difference = &differences.items[i];
		const struct schema_object *object = difference->after ? difference->after : difference->before;
		struct json *pair = json_new_array();
		json_push_text(pair, object->kind);
		json_push(pair, name_json(object, promise, &at));
		json_push(array, pair);
	}
	return array;
}

/* Where every expression is printed here as on live, so it is after the plan: nothing has to go through a restore. */
static bool prints_like_live(const struct rehearsal *rehearsal)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct schema_difference_list differences = {0};
	schema_compare(scratch, &rehearsal->run->live_schema, &rehearsal->clone_schema, &differences);
	return differences.count == 0;
}

static struct json *promise_json(const struct rehearsal *rehearsal, const struct schema *after)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct schema promise = {0};

	schema_promise(scratch, &rehearsal->run->live_schema, &rehearsal->clone_schema, after, &promise);
	return schema_json(&promise);
}

/* Thousands of migrations make a large one: it does not stay in memory beside what is recorded of it. */
static void forget_trace(struct rehearsal *rehearsal)
{
	arena_close(rehearsal->trace_arena);
	rehearsal->trace_arena = NULL;
	rehearsal->trace = (struct trace){0};
}

/* What gates 5, 7 and 8 need: the trace, and the schema that live is promised to have. */
static enum status record(struct rehearsal *rehearsal, struct json *data, struct error *err)
{
	struct run *run = rehearsal->run;
	const struct schema *after = checkpoints_last(rehearsal->checkpoints);
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct schema canonical = {0};

	json_set(data, "trace", trace_json(&rehearsal->trace));
	forget_trace(rehearsal);
	json_set(data, "declared", data_changes_json(rehearsal->changes));
	json_set(data, "promise", promise_json(rehearsal, after));
	json_set(data, "touched", touched_json(&rehearsal->clone_schema, after, json_get(data, "promise")));
	if (prints_like_live(rehearsal))
		return OK;
	if (canonical_schema(run, scratch, rehearsal->copy, rehearsal->proof, &canonical, err) != OK)
		return err->status;
	json_set(data, "canonical", schema_json(&canonical));
	return OK;
}

/* On the same clone: what a plan makes beyond the database, a role, is there only once. */
static enum status rehearse_downs(struct rehearsal *rehearsal, struct json *data, struct error *err)
{
	_cleanup_error_ struct error ignored = {0};
	struct json *downs = NULL;

	if (rehearsal->run->settings->rehearsal_command.count)
		(void)!session_exec(rehearsal->proof, query_clone_strangers, &ignored);
	if (downs_rehearse(rehearsal->run, rehearsal->clone, checkpoints_list(rehearsal->checkpoints),
	                   rehearsal->evidence, &downs, err) != OK)
		return err->status;
	json_set(data, "downs", downs);
	return OK;
}

/* The plan ran on the copy itself: what it was to leave alone is compared with the copy restored again. */
static enum status compare_with_copy(struct rehearsal *rehearsal, struct error *err)
{
	if (copy_need(rehearsal->run, &rehearsal->copy, err) != OK)
		return error_wrap(err, "could not restore the copy again");
	return data_changes_compare(rehearsal->run, rehearsal->changes, rehearsal->copy, rehearsal->evidence, err);
}

enum status gate_rehearsal(struct run *run, struct evidence *evidence, struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct rehearsal rehearsal = {.run = run, .evidence = evidence, .arena = arena, .trace_arena = arena_open()};
	bool ran = false;

	evidence->data = json_new_object();
	enum status status = open_place(&rehearsal, err);
	if (status == OK)
		status = run_plan(&rehearsal, &ran, err);
	if (status == OK && ran)
		status = prove(&rehearsal, err);
	if (status == OK && ran)
		status = record(&rehearsal, evidence->data, err);
	/* After what live is held to was noted: such tests leave things behind. */
	if (status == OK && ran)
		status = run_application_tests(&rehearsal, err);
	if (status == OK && ran && run->direction == DIRECTION_UP)
		status = rehearse_downs(&rehearsal, evidence->data, err);
	bool lent = rehearsal.clone && clone_is_copy(rehearsal.clone);
	close_place(&rehearsal);
	forget_trace(&rehearsal);
	if (status == OK && ran && lent)
		status = compare_with_copy(&rehearsal, err);
	return status;
}
