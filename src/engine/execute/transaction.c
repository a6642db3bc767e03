/*
 * A transactional step as one pipeline: BEGIN, limits, the history row, the statements (each followed by its trace
 * in a rehearsal), the deferred constraints, the count of changed rows; then COMMIT alone. Two round trips, but for
 * COPY data, which leaves the pipeline around it (a COPY inside a pipeline hangs the protocol).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/execute/boundary.h"
#include "engine/execute/conceal.h"
#include "engine/execute/execute.h"
#include "pg/history.h"
#include "pg/ledger.h"
#include "pg/query.h"

/* Our writes run as this: where the file has taken on another role they are put between two switches. */
static const char NO_ROLE[] = "none";

enum slot_kind { SLOT_OURS, SLOT_BEGINNING, SLOT_HISTORY, SLOT_STATEMENT, SLOT_TRACE, SLOT_CONSTRAINTS,
                SLOT_CHANGES, SLOT_FILES,
	SLOT_BEFORE, SLOT_WRITTEN
};

struct slot {
	enum slot_kind kind;
	size_t statement;
};

/* A file of 100,000 statements goes in parts: what waits to be sent takes memory. */
enum { LONGEST_PIPELINE = 2000 };

/* A step on its way: what is queued, and what it was for. */
struct flight {
	struct executor *executor;
	const struct migration *migration;
	const struct step *step;
	size_t step_index;
	struct arena *arena; /* this flight's */
	LIST(struct pipeline_item) items;
	LIST(struct slot) slots;
	struct step_trace *trace;
	int64_t sent_ms; /* when the statement before this result was done */
	struct text_list locked, files; /* relations by oid, and the file each has in this transaction */
	int64_t history_rows;
	struct step_trace before; /* changes that were counted before this transaction */
	const char *trace_name; /* the server keeps the tracing query under it, or NULL */
	bool trace_gone;        /* a file has taken it away */
};

static void queue(struct flight *flight, enum slot_kind kind, size_t statement, struct pipeline_item item)
{
	list_push(flight->arena, &flight->items, item);
	list_push(flight->arena, &flight->slots, ((struct slot){.kind = kind, .statement = statement}));
}

static void queue_sql(struct flight *flight, enum slot_kind kind, size_t statement, const char *sql, bool want_rows)
{
	queue(flight, kind, statement, (struct pipeline_item){.sql = sql, .want_rows = want_rows});
}

/* What was queued from `first` on, but for the last: those results may come with its. */
static void be_quiet(struct flight *flight, size_t first)
{
	for (size_t i = first; i + 1 < flight->items.count; i++)
		flight->items.items[i].quiet = true;
}

/*
 * Planning the trace takes longer than running it, so the server keeps it for the step. Each step has a name of its
 * own: what is kept outlives a rollback, and only the reset before a file takes it away.
 */
static void keep_trace(struct flight *flight)
{
	struct executor *executor = flight->executor;
	if (!executor->measure || executor->trace_anew)
		return;
	flight->trace_name = arena_printf(flight->arena, "pgsluice_trace_%zu", executor->traced++);
	queue(flight, SLOT_OURS, 0, (struct pipeline_item){.sql = query_trace_statement, .name = flight->trace_name});
}

static void queue_trace(struct flight *flight, enum slot_kind kind, size_t statement)
{
	struct pipeline_item item = {.name = flight->trace_name, .want_rows = true};
	if (!item.name)
		item.sql = query_trace_statement;
	queue(flight, kind, statement, item);
}

/* The server works on it from now on. */
static void report_beginning(const struct flight *flight, size_t statement)
{
	const struct executor *executor = flight->executor;
	if ((executor->live || executor->measure) && statement < flight->step->count)
		execute_event(flight->executor, flight->migration, flight->step_index, statement, "begin", 0, NULL, NULL);
}

/* The number at the end of the command tag; -1 where it has none. */
static int64_t rows_of(const struct rows *rows)
{
	const char *tag = rows_tag(rows);
	size_t length = strlen(tag);
	return length && tag[length - 1] >= '0' && tag[length - 1] <= '9' ? rows_affected(rows) : -1;
}

static bool take_result(void *context, size_t index, const struct rows *rows)
{
	struct flight *flight = context;
	const struct slot *slot = &flight->slots.items[index];
	struct statement_trace *statements = flight->trace->statements.items;
	int64_t now = clock_ms();

	switch (slot->kind) {
	case SLOT_BEGINNING:
		measure_begin(flight->executor->measure, rows);
		break;
	case SLOT_STATEMENT:
		statements[slot->statement].duration_ms = now - flight->sent_ms;
		statements[slot->statement].rows = rows_of(rows);
		if (flight->executor->live)
			execute_event(flight->executor, flight->migration, flight->step_index, slot->statement, "end",
			              now - flight->sent_ms, &statements[slot->statement], NULL);
		report_beginning(flight, slot->statement + 1);
		break;
	case SLOT_TRACE:
		measure_statement(flight->executor->measure, flight->executor->arena, rows, &statements[slot->statement]);
		break;
	case SLOT_CHANGES:
		measure_changes(flight->executor->arena, rows, flight->trace);
		trace_changes_since(flight->trace, &flight->before);
		break;
	case SLOT_FILES:
		for (size_t i = 0; i < rows_count(rows); i++) {
			list_push(flight->arena, &flight->locked, arena_strdup(flight->arena, rows_get(rows, i, 0)));
			list_push(flight->arena, &flight->files, arena_strdup(flight->arena, rows_get(rows, i, 1)));
		}
		break;
	case SLOT_BEFORE:
		measure_changes(flight->arena, rows, &flight->before);
		break;
	case SLOT_WRITTEN:
		for (size_t i = 0; i < rows_count(rows); i++)
			list_push(flight->executor->arena, flight->executor->written,
			          (unsigned)strtoul(rows_get(rows, i, 0), NULL, 10));
		break;
	case SLOT_HISTORY:
		flight->history_rows = rows_affected(rows);
		break;
	case SLOT_OURS:
	case SLOT_CONSTRAINTS:
		break;
	}
	flight->sent_ms = now;
	return true;
}

/* What a failed item means: a statement of the user's, a second runner at the history row, or ours. */
static enum status judge_failure(struct flight *flight, size_t failed, long position, struct error *err)
{
	const struct slot *slot = &flight->slots.items[failed];
	const struct script *script = executor_script(flight->executor, flight->migration);
	const char *version = flight->migration->version;

	flight->trace_gone = flight->trace_name && (slot->kind == SLOT_TRACE || slot->kind == SLOT_BEGINNING) &&
	                     strcmp(err->sqlstate, "26000") == 0;
	if (slot->kind == SLOT_STATEMENT) {
		const struct statement *statement = &flight->step->statements[slot->statement];
		execute_place(err, script, statement, position);
		conceal_error(err, script, statement);
	}
	if (strcmp(err->sqlstate, "55P03") == 0 || strcmp(err->sqlstate, "40P01") == 0)
		return error_recast(err, FAIL_LOCK_BUDGET);
	if (slot->kind == SLOT_HISTORY && strcmp(err->sqlstate, "23505") == 0) {
		error_set(err, FAIL_BUSY, "migration %s was applied by another run meanwhile", version);
		return error_hint(err, "Start again: the new run sees what the other one did.");
	}
	if (err->status == FAIL_UNREACHABLE || err->status == FAIL_INTERRUPTED || err->status == FAIL_TERMINATED)
		return err->status;
	return error_recast(err, FAIL_MIGRATION);
}

/* Sends what is queued as one pipeline and empties the queue. */
static enum status send_queued(struct flight *flight, struct error *err)
{
	size_t failed = 0;
	long position = 0;

	if (flight->items.count == 0)
		return OK;
	boundary_pass();
	flight->sent_ms = clock_ms();
	if (pipeline_run(flight->executor->session, flight->items.items, flight->items.count, take_result, flight,
	                 &failed,
	                 &position, err) != OK)
		return judge_failure(flight, failed, position, err);
	flight->items.count = flight->slots.count = 0;
	return OK;
}

static enum status send_copy(struct flight *flight, size_t index, struct error *err)
{
	const struct statement *statement = &flight->step->statements[index];
	const struct script *script = executor_script(flight->executor, flight->migration);
	int64_t start = clock_ms();

	if (send_queued(flight, err) != OK)
		return err->status;
	if (copy_in(flight->executor->session, statement->sql, statement->copy_data, statement->copy_length,
	            &flight->trace->statements.items[index].rows, err) != OK) {
		execute_place(err, script, statement, 0);
		conceal_error(err, script, statement);
		return err->status == FAIL_LOCK_BUDGET || err->status == FAIL_UNREACHABLE ||
		                       err->status == FAIL_INTERRUPTED || err->status == FAIL_TERMINATED
		               ? err->status
		               : error_recast(err, FAIL_MIGRATION);
	}
	flight->trace->statements.items[index].duration_ms = clock_ms() - start;
	return OK;
}

/* Rows can only change where a statement writes, or may do so unseen. */
static bool may_change_rows(const struct flight *flight)
{
	if (flight->executor->count_always)
		return true;
	for (size_t i = 0; i < flight->step->count; i++) {
		const struct statement *statement = &flight->step->statements[i];
		if (!statement->parsed || statement->opaque_writes || statement->copy_in)
			return true;
		for (size_t j = 0; j < statement->objects.count; j++)
			if (statement->objects.items[j].writes)
				return true;
	}
	return false;
}

/* Whether a step up to this one sets what the session runs under, be it the role. */
static bool sets_state(const struct flight *flight)
{
	const struct script *script = executor_script(flight->executor, flight->migration);
	for (size_t i = 0; i <= flight->step_index && i < script->steps.count; i++)
		for (size_t j = 0; j < script->steps.items[i].count; j++)
			if (script->steps.items[i].statements[j].session_state)
				return true;
	return false;
}

static void queue_role(struct flight *flight)
{
	const char *role = flight->executor->run->settings->role;
	const char **parameters = arena_alloc(flight->arena, sizeof(*parameters));
	parameters[0] = role ? role : NO_ROLE;
	queue(flight, SLOT_OURS, 0,
	      (struct pipeline_item){.sql = query_role_take, .count = 1, .parameters = parameters});
}

static void queue_history(struct flight *flight)
{
	bool switched = flight->step_index > 0 && sets_state(flight);

	if (switched)
		queue_role(flight);
	queue(flight, SLOT_HISTORY, 0, execute_history_item(flight->executor, flight->arena, flight->migration));
	if (switched)
		queue_sql(flight, SLOT_OURS, 0, query_role_return, false);
}

static void queue_beginning(struct flight *flight, int64_t lock_timeout_ms)
{
	struct executor *executor = flight->executor;
	const struct migration *migration = flight->migration;
	int64_t statement_timeout_ms = migration->statement_timeout_ms >= 0
	                                       ? migration->statement_timeout_ms
	                                       : executor->run->settings->statement_timeout_ms;
	const char **limits = arena_alloc(flight->arena, 2 * sizeof(*limits));
	limits[0] = arena_printf(flight->arena, "%" PRId64, lock_timeout_ms);
	limits[1] = arena_printf(flight->arena, "%" PRId64, statement_timeout_ms);

	struct pipeline_item_list reset = {0};
	if (flight->step_index == 0) /* what an earlier file left in the session must not reach this one */
		session_reset_items(executor->session, flight->arena, &reset);
	for (size_t i = 0; i < reset.count; i++)
		queue(flight, SLOT_OURS, 0, reset.items[i]);
	keep_trace(flight);
	queue_sql(flight, SLOT_OURS, 0, "begin", false);
	queue(flight, SLOT_OURS, 0,
	      (struct pipeline_item){.sql = query_transaction_limits, .count = 2, .parameters = limits});
	if (execute_is_last(executor, migration, flight->step_index))
		queue_history(flight);
	if (session_server_version(executor->session) < 150000 && may_change_rows(flight))
		queue_sql(flight, SLOT_BEFORE, 0, query_changed_before, true);
	if (executor->measure)
		queue_trace(flight, SLOT_BEGINNING, 0);
	be_quiet(flight, 0); /* the first statement's time is taken from the last result on */
}

static void queue_end(struct flight *flight)
{
	struct executor *executor = flight->executor;
	const struct script *script = executor_script(executor, flight->migration);
	struct arena *arena = flight->arena;

	queue_sql(flight, SLOT_CONSTRAINTS, 0, "set constraints all immediate", false);
	if (sets_state(flight)) {
		queue_sql(flight, SLOT_OURS, 0, "set local session authorization default", false);
		queue_role(flight);
	}
	if (may_change_rows(flight)) {
		const char **table = arena_alloc(arena, 2 * sizeof(*table));
		table[0] = executor->history->schema;
		table[1] = executor->history->table;
		struct pipeline_item changes = {.sql = query_changed_rows, .count = 2, .parameters = table,
		                                .want_rows = true};
		queue(flight, SLOT_CHANGES, 0, changes);
		queue_sql(flight, SLOT_FILES, 0, query_locked_files, true);
		if (session_server_version(executor->session) >= 150000)
			queue_sql(flight, SLOT_OURS, 0, "select pg_catalog.pg_stat_force_next_flush()", false);
	}
	if (execute_step_count(script) > 1) {
		struct ledger_entry entry = {.kind = "step",
		                             .run_id = executor->run->id.text,
		                             .version = flight->migration->version,
		                             .step = (int)flight->step_index};
		queue(flight, SLOT_OURS, 0, ledger_item(arena, &entry));
	}
	if (executor->direction == DIRECTION_UP && execute_is_last(executor, flight->migration, flight->step_index))
		queue(flight, SLOT_OURS, 0, history_duration(arena, executor->history, flight->migration->version));
}

/* What a name means is asked where the statement stands: the file may have set another search path. */
static void queue_written(struct flight *flight, const struct statement *statement)
{
	for (size_t i = 0; i < statement->objects.count; i++) {
		const struct object_use *use = &statement->objects.items[i];
		if (!use->writes)
			continue;
		const char **name = arena_alloc(flight->arena, sizeof(*name));
		name[0] = quote_qualified(flight->arena, use->name);
		struct pipeline_item item = {
			.sql = query_resolve_tables, .count = 1, .parameters = name, .want_rows = true};
		queue(flight, SLOT_WRITTEN, 0, item);
	}
}

/* Of 300,000 INSERTs in a row the first one is asked for: nothing between them sets what its names mean. */
static bool writes_as_before(const struct step *step, size_t index)
{
	if (index == 0)
		return false;
	const struct statement *statement = &step->statements[index], *before = statement - 1;
	return statement->objects.items == before->objects.items && strcmp(statement->tag, before->tag) == 0 &&
	       !before->session_state && !before->opaque_writes;
}

static void queue_floor(struct flight *flight, int64_t lock_timeout_ms)
{
	const char **parameters = arena_alloc(flight->arena, sizeof(*parameters));
	parameters[0] = arena_printf(flight->arena, "%" PRId64, lock_timeout_ms);
	queue(flight, SLOT_OURS, 0,
	      (struct pipeline_item){.sql = query_lock_timeout_floor, .count = 1, .parameters = parameters});
}

static enum status send_step(struct flight *flight, int64_t lock_timeout_ms, struct error *err)
{
	queue_beginning(flight, lock_timeout_ms);
	for (size_t i = 0; i < flight->step->count; i++) {
		size_t first = flight->items.count;
		if (flight->executor->written && !writes_as_before(flight->step, i))
			queue_written(flight, &flight->step->statements[i]);
		if (flight->step->statements[i].copy_in) {
			if (send_copy(flight, i, err) != OK)
				return err->status;
		} else {
			queue_sql(flight, SLOT_STATEMENT, i, flight->step->statements[i].sql, false);
		}
		if (flight->step->statements[i].session_state)
			queue_floor(flight, lock_timeout_ms);
		if (flight->executor->measure) {
			queue_trace(flight, SLOT_TRACE, i);
			be_quiet(flight, first); /* the trace has its time */
		}
		if (flight->items.count >= LONGEST_PIPELINE && send_queued(flight, err) != OK)
			return err->status;
	}
	queue_end(flight);
	return send_queued(flight, err);
}

/* Rows that go with their file are in no counter: who sees only what is committed knows what the files were. */
static enum status read_replaced(struct flight *flight, struct error *err)
{
	const struct executor *executor = flight->executor;
	_cleanup_rows_ struct rows *rows = NULL;
	const char *parameters[] = {quote_array(flight->arena, &flight->locked), quote_array(flight->arena, &flight->files),
	                            executor->history->schema, executor->history->table};

	if (flight->locked.count == 0)
		return OK;
	if (session_query(executor->watch, query_replaced_tables, 4, parameters, &rows, err) != OK)
		return error_wrap(err, "cannot tell which tables the step replaces");
	for (size_t i = 0; i < rows_count(rows); i++)
		list_push(executor->arena, &flight->trace->replaced,
		          arena_strdup(executor->arena, rows_get(rows, i, 0)));
	return OK;
}

/* On live, rows that go where none went in the rehearsal stop the step while it can still be rolled back. */
static enum status compare_with_promise(struct flight *flight, struct error *err)
{
	const struct executor *executor = flight->executor;
	const char *why;

	if (!executor->promise || !flight->trace->counted)
		return OK;
	const struct migration_trace *promised = trace_find(executor->promise, flight->migration->version);
	if (!promised || flight->step_index >= promised->steps.count)
		return error_set(err, FAIL_INTERNAL,
		                 "the rehearsal's evidence does not know step %zu of migration %s",
		                 flight->step_index + 1, flight->migration->version);
	if (trace_changes_hold(flight->arena, &promised->steps.items[flight->step_index], flight->trace, &why))
		return OK;
	error_set(err, FAIL_MIGRATION, "%s", why);
	error_detail(err, "Rows that the rehearsal did not touch may not be touched on live. It was rolled back.");
	return error_hint(err,
	                  "See what changed on live since the backup, then take a new backup and rehearse again.");
}

/* What is told of is known to all who see what is committed, so the session is asked that has the query planned. */
static enum status name_trace(struct flight *flight, struct error *err)
{
	struct executor *executor = flight->executor;
	struct step_trace *trace = flight->trace;

	if (measure_names(executor->measure, executor->watch, executor->arena, trace, err) != OK)
		return err->status;
	for (size_t i = 0; i < trace->statements.count; i++)
		execute_event(executor, flight->migration, flight->step_index, i, "end",
		              trace->statements.items[i].duration_ms, &trace->statements.items[i], NULL);
	return OK;
}

/* On the way down the row must have been there: else somebody else took the migration back. */
static enum status check_history(const struct flight *flight, struct error *err)
{
	if (!execute_is_last(flight->executor, flight->migration, flight->step_index) || flight->history_rows == 1)
		return OK;
	error_set(err, FAIL_BUSY, "the history has no row of migration %s any more", flight->migration->version);
	return error_hint(err, "Start again: the new run sees what the other one did.");
}

enum status execute_transaction(struct executor *executor, const struct migration *migration, size_t step,
                                int64_t lock_timeout_ms, struct step_trace *trace, struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct flight flight = {.executor = executor,
	                        .migration = migration,
	                        .step = execute_step(executor_script(executor, migration), step),
	                        .step_index = step,
	                        .arena = arena,
	                        .trace = trace};

	*trace = (struct step_trace){0};
	list_reserve(executor->arena, &trace->statements, flight.step->count);
	for (size_t i = 0; i < flight.step->count; i++)
		*list_add(executor->arena, &trace->statements) = (struct statement_trace){.wal_bytes = -1, .rows = -1};

	report_beginning(&flight, 0);
	guard_enter(executor->guard, executor->session, migration, step);
	enum status status = send_step(&flight, lock_timeout_ms, err);
	status = guard_leave(executor->guard, status, err);
	if (status == OK && executor->measure)
		status = name_trace(&flight, err);
	if (status == OK)
		status = check_history(&flight, err);
	if (status == OK)
		status = read_replaced(&flight, err);
	if (status == OK)
		status = compare_with_promise(&flight, err);
	if (status != OK) {
		execute_roll_back(executor->session);
		if (!flight.trace_gone)
			return status;
		error_clear(err);
		executor->trace_anew = true;
		return execute_transaction(executor, migration, step, lock_timeout_ms, trace, err);
	}
	return execute_commit(executor, migration, step, err);
}
