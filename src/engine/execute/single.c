/*
 * A statement outside transactions: one message between an intent and an outcome in the ledger. What it leaves when
 * it fails is found by the catalog (indexes that became invalid meanwhile, a partition that is marked as detached),
 * never by what the command returned.
 */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "engine/execute/blockers.h"
#include "engine/execute/boundary.h"
#include "engine/execute/conceal.h"
#include "engine/execute/detach.h"
#include "engine/execute/execute.h"
#include "pg/history.h"
#include "pg/ledger.h"
#include "pg/query.h"

enum {
	LOOK_EVERY_MS = 1000,
	FIRST_LOOK_MS = 20,
	CLEAN_FOR_MS = 10000,        /* how long removing what a failed statement left may wait for others */
	CLEAN_STOPPED_FOR_MS = 4000, /* the same when a stop was asked for: the next run removes it then */
	FINALIZE_PAUSE_MS = 1000,    /* those who waited behind it have their turn */
};

/* What a failed statement left behind. */
enum rest { REST_NONE, REST_LEFT, REST_DONE /* all that it was to do */ };

struct single {
	struct executor *executor;
	const struct migration *migration;
	const struct statement *statement;
	size_t step;
	struct statement_trace *trace;
	struct arena *arena;
	const char *names;           /* relations that the statement names, as an array */
	struct text_list unfinished; /* their indexes that were invalid before */
	struct detach detach;        /* of a DETACH CONCURRENTLY: as it was before, and as it was left */
	int64_t wal_start;
	int64_t waiting_since_ms;    /* 0 = not waiting for a lock */
	const char *blockers;        /* processes it last waited for, or NULL */
	bool over_budget;
};

static bool drops_index(const struct statement *statement)
{
	return statement->concurrent_index && strncmp(statement->tag, "DROP", 4) == 0;
}

const char *execute_relation_names(struct arena *arena, const struct statement *statement)
{
	struct text_list names = {0};
	for (size_t i = 0; i < statement->objects.count; i++) {
		const struct object_use *use = &statement->objects.items[i];
		bool relation = strcmp(use->kind, "table") == 0 || strcmp(use->kind, "index") == 0 ||
		                strcmp(use->kind, "materialized view") == 0;
		if (relation && !use->creates)
			list_push(arena, &names, quote_qualified(arena, use->name));
	}
	return quote_array(arena, &names);
}

/* By the search path of the statement's own session. */
static enum status read_unfinished(struct single *single, struct text_list *ret_list, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	if (session_query(single->executor->session, query_unfinished_of, 1, &single->names, &rows, err) != OK)
		return error_wrap(err, "cannot read the state of the indexes");
	for (size_t i = 0; i < rows_count(rows); i++)
		list_push(single->arena, ret_list, arena_strdup(single->arena, rows_get(rows, i, 0)));
	return OK;
}

static enum status set_limits(struct single *single, int64_t lock_timeout_ms, struct error *err)
{
	int64_t statement_ms = single->migration->statement_timeout_ms;
	if (statement_ms < 0)
		statement_ms = single->executor->run->settings->statement_timeout_ms;
	const char *limits[] = {arena_printf(single->arena, "%" PRId64, lock_timeout_ms),
	                        arena_printf(single->arena, "%" PRId64, statement_ms)};

	if (single->step == 0 && session_reset(single->executor->session, err) != OK)
		return err->status;
	return session_query(single->executor->session, query_session_limits, 2, limits, NULL, err);
}

static struct json *intent_body(const struct single *single)
{
	struct json *body = json_new_object();
	conceal_record(body, single->statement);
	json_set_int(body, "line", single->statement->line);
	return body;
}

static enum status write_intent(struct single *single, struct error *err)
{
	_cleanup_json_ struct json *body = intent_body(single);
	struct ledger_entry entry = {.kind = "intent",
	                             .run_id = single->executor->run->id.text,
	                             .version = single->migration->version,
	                             .step = (int)single->step,
	                             .body = body};
	boundary_pass();
	if (execute_ledger(single->executor, err) != OK)
		return err->status;
	return ledger_add(single->executor->ledger, &entry, err);
}

/* The outcome, and with the migration's last step its history row, up to their COMMIT. */
static enum status insert_outcome(struct single *single, const char *outcome, bool done, struct error *err)
{
	struct executor *executor = single->executor;
	_cleanup_json_ struct json *body = json_new_object();
	LIST(struct pipeline_item) items = {0};
	size_t failed;
	long position;

	json_set_text(body, "outcome", outcome);
	json_set_bool(body, "done", done);
	struct ledger_entry entry = {.kind = "outcome",
	                             .run_id = executor->run->id.text,
	                             .version = single->migration->version,
	                             .step = (int)single->step,
	                             .body = body};
	list_push(single->arena, &items, (struct pipeline_item){.sql = "begin"});
	if (done && execute_is_last(executor, single->migration, single->step))
		list_push(single->arena, &items, execute_history_item(executor, single->arena, single->migration));
	list_push(single->arena, &items, ledger_item(single->arena, &entry));
	if (execute_ledger(executor, err) != OK)
		return err->status;
	return pipeline_run(executor->ledger, items.items, items.count, NULL, NULL, &failed, &position, err);
}

/*
 * Records what became of the statement, in one transaction, whose COMMIT is looked after like any other. A stop waits
 * until then: what is done must not be without its row.
 */
static enum status write_outcome(struct single *single, const char *outcome, bool done, struct error *err)
{
	struct executor *executor = single->executor;

	boundary_pass();
	loop_shield(executor->run->loop);
	enum status status = insert_outcome(single, outcome, done, err);
	if (status != OK && !session_alive(executor->ledger)) {
		error_clear(err);
		status = insert_outcome(single, outcome, done, err);
	}
	if (status == OK)
		status = execute_commit_outcome(executor, single->migration, single->step, err);
	else
		execute_roll_back(executor->ledger);
	loop_unshield(executor->run->loop);
	boundary_pass();
	if (status == OK || status == FAIL_UNCONFIRMED)
		return status;
	error_wrap(err, "cannot record step %zu of migration %s", single->step + 1, single->migration->version);
	return error_recast(err, FAIL_PARTIAL);
}

static void note_lock(struct single *single, const char *relation, enum lock_mode mode)
{
	struct arena *arena = single->executor->arena;
	relation_lock_add(arena, &statement_effects_need(arena, single->trace)->locks, relation, mode);
}

static void sample_locks(struct single *single, const char *pid)
{
	_cleanup_error_ struct error ignored = {0};
	_cleanup_rows_ struct rows *rows = NULL;
	const char *parameters[] = {pid};

	if (session_query(single->executor->watch, query_backend_locks, 1, parameters, &rows, &ignored) != OK)
		return;
	for (size_t i = 0; i < rows_count(rows); i++)
		note_lock(single, rows_get(rows, i, 0), lock_mode_read(rows_get(rows, i, 1)));
}

static void sample_progress(struct single *single, const char *phase, int64_t percent)
{
	struct json *values = json_new_object();
	json_set_text(values, "phase", phase);
	json_set_int(values, "percent", percent);
	emit_sample(single->executor->run->emitter, "statement", values);
}

static void tell_waiting(struct single *single, const char *processes)
{
	struct blockers blockers = blockers_named(single->executor->watch, single->arena, processes);

	emit_log(single->executor->run->emitter, LOG_NOTICE, "%s of migration %s waits for a lock held by %s%s",
	         single->statement->tag, single->migration->version, blockers.text ? "" : "process ",
	         blockers.text ? blockers.text : processes);
	execute_sample_retry(single->executor, single->migration, 1,
	                     single->waiting_since_ms ? clock_ms() - single->waiting_since_ms : 0,
	                     blockers.text ? blockers.text : processes, NULL);
}

static void report_progress(struct single *single, const struct rows *rows)
{
	struct executor *executor = single->executor;
	const char *phase = rows_get(rows, 0, 2);
	int64_t total = rows_int(rows, 0, 3), done = rows_int(rows, 0, 4);

	if (executor->live || executor->measure)
		execute_event(executor, single->migration, single->step, 0, "progress", rows_int(rows, 0, 1), NULL, NULL);
	if (rows_true(rows, 0, 0)) {
		const char *processes = rows_get(rows, 0, 5);
		if (!single->blockers || strcmp(single->blockers, processes) != 0)
			tell_waiting(single, processes);
		single->blockers = arena_strdup(single->arena, processes);
	} else if (phase && total > 0)
		sample_progress(single, phase, done * 100 / total);
}

/* Looks at the statement from outside; cancels it when it has waited for locks beyond the budget. */
static void look(struct single *single)
{
	struct executor *executor = single->executor;
	_cleanup_error_ struct error ignored = {0};
	_cleanup_rows_ struct rows *rows = NULL;
	const char *pid = arena_printf(single->arena, "%d", session_backend_pid(executor->session));
	const char *parameters[] = {pid};

	if (execute_watch(executor, &ignored) != OK)
		return;
	if (executor->measure)
		sample_locks(single, pid);
	if (session_query(executor->watch, query_backend_progress, 1, parameters, &rows, &ignored) != OK ||
	    rows_count(rows) == 0)
		return;
	report_progress(single, rows);
	if (!rows_true(rows, 0, 0))
		single->waiting_since_ms = 0;
	else if (!single->waiting_since_ms)
		single->waiting_since_ms = clock_ms();
	if (single->waiting_since_ms &&
	    clock_ms() - single->waiting_since_ms > executor->run->settings->lock_budget_ms) {
		single->over_budget = true;
		session_cancel(executor->session);
	}
}

static enum status send(struct single *single, struct error *err)
{
	struct executor *executor = single->executor;
	struct session *session = executor->session;
	int64_t start_ms = clock_ms(), look_ms = FIRST_LOOK_MS;

	boundary_pass();
	if (session_send(session, single->statement->sql, 0, NULL, err) != OK)
		return err->status;
	guard_enter(executor->guard, session, single->migration, single->step);
	for (;;) {
		size_t index = 0;
		bool timeout = false;
		if (session_wait_any(executor->run->loop, &session, 1, clock_ms() + look_ms, &index, &timeout,
		                     err) != OK)
			break; /* a stop: session_result below cancels and reads the rest */
		if (!timeout)
			break;
		look(single);
		look_ms = LOOK_EVERY_MS;
	}
	error_clear(err);
	enum status status = session_result(session, NULL, err);
	status = guard_leave(executor->guard, status, err);
	single->trace->duration_ms = clock_ms() - start_ms;
	boundary_pass();
	return status;
}

/* Indexes that are unfinished now and were not before, and those that the statement names: its own. */
static enum status find_leftovers(struct single *single, struct text_list *ret_leftovers, struct error *err)
{
	struct text_list now = {0};
	if (read_unfinished(single, &now, err) != OK)
		return err->status;
	for (size_t i = 0; i < now.count; i++)
		if (!text_list_has(&single->unfinished, now.items[i]))
			list_push(single->arena, ret_leftovers, now.items[i]);
	return OK;
}

static bool remove_index(struct single *single, const char *index, struct error *err)
{
	struct executor *executor = single->executor;
	int wait_ms = loop_stop_signal(executor->run->loop) ? CLEAN_STOPPED_FOR_MS : CLEAN_FOR_MS;
	const char *limit = arena_printf(single->arena, "set lock_timeout = %d", wait_ms);
	const char *sql = arena_printf(single->arena, "drop index concurrently if exists %s", index);

	emit_log(executor->run->emitter, LOG_NOTICE, "removing the unfinished index %s", index);
	boundary_pass();
	return session_exec(executor->session, limit, err) == OK &&
	       session_finish(executor->session, sql, 0, NULL, 2 * wait_ms, err) == OK;
}

/*
 * Removes what a failed concurrent build left; true when nothing of the statement is there any more. A failed DROP is
 * undone by nothing: either it has not touched the index, or it is to be done again.
 */
static bool remove_leftovers(struct single *single)
{
	struct executor *executor = single->executor;
	_cleanup_error_ struct error problem = {0};
	struct text_list leftovers = {0};
	bool clean = true;

	loop_shield(executor->run->loop);
	if (!session_alive(executor->session) || find_leftovers(single, &leftovers, &problem) != OK)
		clean = false;
	if (drops_index(single->statement))
		clean = clean && leftovers.count == 0;
	else
		for (size_t i = 0; clean && i < leftovers.count; i++)
			clean = remove_index(single, leftovers.items[i], &problem);
	loop_unshield(executor->run->loop);
	return clean;
}

/* As long as the lock budget lasts; a stop leaves it one attempt. */
static enum status finalize(struct single *single, struct error *err)
{
	struct executor *executor = single->executor;
	struct loop *loop = executor->run->loop;
	int64_t end_ms = clock_ms() + executor->run->settings->lock_budget_ms;

	emit_log(executor->run->emitter, LOG_NOTICE, "finishing what is left of it: %s",
	         detach_finalize_sql(single->arena, &single->detach));
	boundary_pass();
	for (;;) {
		enum status status = detach_finalize(executor->session, single->arena, &single->detach, err);
		if (status == OK || strcmp(err->sqlstate, "55P03") != 0 || clock_ms() >= end_ms || loop_stop_signal(loop))
			return status;
		error_clear(err);
		(void)!loop_sleep(loop, FINALIZE_PAUSE_MS);
	}
}

static enum rest detach_rest(struct single *single, struct error *err)
{
	struct executor *executor = single->executor;
	struct detach now = {0};

	if (!session_alive(executor->session) ||
	    detach_look(executor->session, single->arena, single->statement, &now, err) != OK)
		return REST_LEFT;
	if (single->detach.state != DETACH_ATTACHED || now.state == DETACH_ATTACHED)
		return REST_NONE;
	if (now.state != DETACH_PENDING)
		return now.state == DETACH_DONE ? REST_DONE : REST_LEFT;
	single->detach = now;
	return finalize(single, err) == OK ? REST_DONE : REST_LEFT;
}

/* Nothing takes back the mark of a DETACH that was ended in its second phase: the way out is to its end. */
static enum rest finish_detach(struct single *single)
{
	_cleanup_error_ struct error problem = {0};

	loop_shield(single->executor->run->loop);
	enum rest rest = detach_rest(single, &problem);
	loop_unshield(single->executor->run->loop);
	return rest;
}

static enum rest clean_up(struct single *single)
{
	if (detach_is(single->statement))
		return finish_detach(single);
	return remove_leftovers(single) ? REST_NONE : REST_LEFT;
}

static void describe_rest(const struct single *single, bool clean, bool next_run, struct error *err)
{
	if (!clean && single->detach.state == DETACH_PENDING) {
		error_add_detail(err, "Partition %s is marked as detached from %s and waits for those who see it still.",
		                 single->detach.partition, single->detach.table);
		error_hint(err, "Run `%s` when they are gone, then the same command again: it goes on from there.",
		           detach_finalize_sql(single->arena, &single->detach));
	} else if (!clean)
		error_add_detail(err, next_run ? "What it left behind is looked for and removed by the next run."
		                               : "What it left behind could not be established or removed.");
	if (single->step > 0)
		error_add_detail(err, "Steps before it are committed and stay.");
}

static enum status fail(struct single *single, struct error *err)
{
	struct executor *executor = single->executor;
	enum status cause = err->status;
	bool again = cause == FAIL_INTERRUPTED || cause == FAIL_TERMINATED || cause == FAIL_UNREACHABLE;
	bool no_lock = single->over_budget || cause == FAIL_LOCK_BUDGET || strcmp(err->sqlstate, "55P03") == 0 ||
	               strcmp(err->sqlstate, "40P01") == 0;
	enum rest rest = clean_up(single);
	bool clean = rest == REST_NONE;
	_cleanup_error_ struct error ignored = {0};

	conceal_error(err, executor_script(executor, single->migration), single->statement);
	if (rest == REST_DONE) {
		emit_log(executor->run->emitter, LOG_WARNING, "migration %s, step %zu: %s; it is done all the same",
		         single->migration->version, single->step + 1, err->message);
		error_clear(err);
		return OK;
	}

	if (single->over_budget) {
		error_set(err, FAIL_LOCK_BUDGET, "%s waited for locks longer than lock-budget allows and was cancelled",
		          single->statement->tag);
		error_detail(err, "It waited for process %s last.", single->blockers ? single->blockers : "unknown");
	}
	execute_place(err, executor_script(executor, single->migration), single->statement, 0);
	if (clean) /* else the intent stays open: the next run asks the catalog */
		(void)!write_outcome(single, "failed; nothing of the statement is left", false, &ignored);
	if (no_lock && (clean || drops_index(single->statement)))
		return error_recast(err, FAIL_LOCK_BUDGET);
	describe_rest(single, clean, again, err);
	if (again)
		return cause;
	return error_recast(err, clean && single->step == 0 ? FAIL_MIGRATION : FAIL_PARTIAL);
}

static bool same_name(const char *qualified, const char *name)
{
	const char *dot = strrchr(qualified, '.'), *own = strrchr(name, '.');
	return strcmp(dot ? dot + 1 : qualified, own ? own + 1 : name) == 0;
}

/* Success is what the catalog says: no index of this statement may be unfinished. */
static enum status prove(struct single *single, struct error *err)
{
	struct text_list now = {0};
	if (read_unfinished(single, &now, err) != OK)
		return error_recast(err, FAIL_PARTIAL);
	for (size_t i = 0; i < now.count; i++) {
		bool named = single->statement->index_name && same_name(now.items[i], single->statement->index_name);
		if (!named && text_list_has(&single->unfinished, now.items[i]))
			continue;
		error_set(err, FAIL_PARTIAL, "%s ended without an error, but index %s is not valid",
		          single->statement->tag,
		          now.items[i]);
		error_hint(err, "Run `pgsluice resolve`: it drops the invalid index and builds it anew.");
		return execute_place(err, executor_script(single->executor, single->migration), single->statement, 0);
	}
	return OK;
}

static int64_t wal_position(struct single *single)
{
	_cleanup_error_ struct error ignored = {0};
	_cleanup_rows_ struct rows *rows = NULL;
	if (session_query(single->executor->watch, query_trace_statement, 0, NULL, &rows, &ignored) != OK)
		return -1;
	return measure_wal(rows);
}

/* A statement can be over before anybody looked at its locks: those of its text count too. */
static enum status note_locks(struct single *single, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	const struct statement *statement = single->statement;
	struct text_list names = {0};
	LIST(enum lock_mode) modes = {0};

	for (size_t i = 0; i < statement->objects.count; i++) {
		const struct object_use *use = &statement->objects.items[i];
		if (use->lock == LOCK_NONE)
			continue;
		list_push(single->arena, &names, quote_qualified(single->arena, use->name));
		list_push(single->arena, &modes, use->lock);
	}
	const char *parameters[] = {quote_array(single->arena, &names)};
	if (session_query(single->executor->session, query_qualified_names, 1, parameters, &rows, err) != OK)
		return error_wrap(err, "cannot read the names of the tables");
	for (size_t i = 0; i < rows_count(rows) && i < modes.count; i++)
		if (rows_get(rows, i, 0))
			note_lock(single, rows_get(rows, i, 0), modes.items[i]);
	return OK;
}

/* What the catalog shows of a statement that ended well, and its record: before anybody may stop. */
static enum status settle(struct single *single, struct error *err)
{
	struct executor *executor = single->executor;

	single->trace->wal_bytes = single->wal_start < 0 ? -1 : wal_position(single) - single->wal_start;
	if (prove(single, err) != OK || (executor->measure && (note_locks(single, err) != OK ||
	                                                               measure_relations(executor->measure, executor->watch,
	                                                                                 err) != OK)))
		return err->status;
	if (executor->live || executor->measure)
		execute_event(executor, single->migration, single->step, 0, "end", single->trace->duration_ms,
		              single->trace, NULL);
	return write_outcome(single, "done", true, err);
}

enum status execute_single(struct executor *executor, const struct migration *migration, size_t step,
                           int64_t lock_timeout_ms, struct step_trace *trace, struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	const struct statement *statement = execute_step(executor_script(executor, migration), step)->statements;
	*trace = (struct step_trace){0};
	struct single single = {.executor = executor,
	                        .migration = migration,
	                        .statement = statement,
	                        .step = step,
	                        .trace = list_add(executor->arena, &trace->statements),
	                        .arena = arena,
	                        .names = execute_relation_names(arena, statement)};

	single.trace->rows = -1;
	if (set_limits(&single, lock_timeout_ms, err) != OK || read_unfinished(&single, &single.unfinished, err) != OK ||
	    (detach_is(statement) &&
	     detach_look(executor->session, arena, statement, &single.detach, err) != OK) ||
	    write_intent(&single, err) != OK)
		return err->status;
	single.wal_start = executor->measure ? wal_position(&single) : -1;
	if (executor->live || executor->measure)
		execute_event(executor, migration, step, 0, "begin", 0, NULL, NULL);
	if (send(&single, err) != OK && fail(&single, err) != OK)
		return err->status;
	loop_shield(executor->run->loop);
	enum status status = settle(&single, err);
	loop_unshield(executor->run->loop);
	return status;
}

enum status execute_record_done(struct executor *executor, const struct migration *migration, size_t step,
                                const char *proof, struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct single single = {.executor = executor, .migration = migration, .step = step, .arena = arena};
	return write_outcome(&single, proof, true, err);
}
