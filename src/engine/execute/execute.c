#include "engine/execute/execute.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "core/sql/outline.h"
#include "core/sql/secret.h"
#include "engine/execute/blockers.h"
#include "engine/execute/conceal.h"
#include "pg/history.h"
#include "pg/query.h"

/* The first waits for a lock, in ms; then as configured. Short at first: everybody queues behind a waiting ALTER. */
static const int64_t LADDER_MS[] = {100, 200, 400, 800};
enum { LADDER_STEPS = sizeof(LADDER_MS) / sizeof(LADDER_MS[0]), LONGEST_PAUSE_MS = 10000, RECOVERY_MS = 1000 };
enum { SHOWN_BYTES = 200 };

const struct script *executor_script(const struct executor *executor, const struct migration *migration)
{
	return executor->direction == DIRECTION_UP ? &migration->up : &migration->down;
}

size_t execute_step_count(const struct script *script)
{
	return script->steps.count ? script->steps.count : 1;
}

const struct step *execute_step(const struct script *script, size_t index)
{
	static const struct step EMPTY = {.transactional = true};
	return script->steps.count ? &script->steps.items[index] : &EMPTY;
}

bool execute_is_last(const struct executor *executor, const struct migration *migration, size_t step)
{
	return step + 1 == execute_step_count(executor_script(executor, migration));
}

struct pipeline_item execute_history_item(struct executor *executor, struct arena *arena,
                                          const struct migration *migration)
{
	return executor->direction == DIRECTION_UP
	               ? history_insert(arena, executor->history, migration, executor->run->id.text)
	               : history_delete(arena, executor->history, migration->version);
}

void execute_notice(void *context, const char *severity, const char *sqlstate, const char *message)
{
	struct executor *executor = context;
	enum log_level level = strcmp(severity, "WARNING") == 0 ? LOG_WARNING : LOG_INFO;
	_cleanup_arena_ struct arena *scratch = arena_open();
	const char *said = secret_strip(scratch, message);
	bool plain = strcmp(sqlstate, "00000") == 0;
	if (executor->script)
		said = conceal_said(scratch, executor->script, said);
	if (executor->quiet || (!executor->live && !executor->measure && level == LOG_INFO))
		level = LOG_DEBUG; /* the same migrations once more, to be undone */
	emit_log(executor->run->emitter, level, "%s%s%s: %s", severity, plain ? "" : " ", plain ? "" : sqlstate, said);
}

enum status execute_place(struct error *err, const struct script *script, const struct statement *statement,
                          long position)
{
	long line = statement->line, column = statement->column;
	const char *at = statement->sql;
	uint32_t code;

	for (long left = position - 1; left > 0 && *at; left--) {
		size_t size = text_decode(at, strlen(at) < 4 ? strlen(at) : 4, &code);
		column++;
		if (*at == '\n') {
			line++;
			column = 1;
		}
		at += size ? size : 1;
	}
	return error_where(err, script->path, line, column);
}

static void set_locks(struct json *fields, const struct relation_lock_list *held)
{
	struct json *locks = held->count ? json_new_array() : NULL;

	for (size_t i = 0; i < held->count; i++) {
		struct json *lock = json_new_object();
		json_set_text(lock, "relation", held->items[i].relation);
		json_set_text(lock, "mode", lock_mode_name(held->items[i].mode));
		json_push(locks, lock);
	}
	if (locks)
		json_set(fields, "locks", locks);
}

static const char *gate_of(const struct executor *executor)
{
	return gate_get(executor->live ? GATE_APPLY : GATE_REHEARSAL)->name;
}

/* The password of one statement may be the plain literal of another. Once a script: it may have 100,000 statements. */
static bool speaks_of_password(struct executor *executor, const struct script *script)
{
	if (executor->judged == script)
		return executor->speaks;
	executor->judged = script;
	executor->speaks = false;
	for (size_t i = 0; i < script->steps.count; i++)
		for (size_t j = 0; j < script->steps.items[i].count && !executor->speaks; j++)
			executor->speaks = secret_mentioned(script->steps.items[i].statements[j].sql);
	return executor->speaks;
}

static void set_sql(struct json *fields, const struct statement *statement)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	outline_write(&text, statement->sql, SHOWN_BYTES);
	json_set_text(fields, "sql", strbuf_text(&text));
}

void execute_event(struct executor *executor, const struct migration *migration, size_t step, size_t statement,
                   const char *phase, int64_t duration_ms, const struct statement_trace *trace, const char *error)
{
	if (executor->quiet)
		return;
	const struct script *script = executor_script(executor, migration);
	const struct step *current = execute_step(script, step);
	struct json *fields = json_new_object();

	json_set_text(fields, "version", migration->version);
	json_set_int(fields, "step", (int64_t)step + 1);
	json_set_int(fields, "statement", (int64_t)statement + 1);
	json_set_text(fields, "phase", phase);
	if (script->path)
		json_set_text(fields, "file", script->path);
	if (statement < current->count)
		json_set_int(fields, "line", current->statements[statement].line);
	json_set_int(fields, "duration_ms", duration_ms);
	if (trace)
		set_locks(fields, &statement_effects_get(trace)->locks);
	if (error)
		json_set_text(fields, "error", error);
	json_set_text(fields, "gate", gate_of(executor));
	if (statement < current->count && strcmp(phase, "begin") == 0 && !speaks_of_password(executor, script))
		set_sql(fields, &current->statements[statement]);
	if (trace && trace->rows >= 0)
		json_set_int(fields, "rows", trace->rows);
	emit(executor->run->emitter, EVENT_STEP, fields);
}

static const struct step_trace *promised_step(const struct executor *executor, const struct migration *migration,
                                              size_t step)
{
	const struct migration_trace *promised =
		executor->promise ? trace_find(executor->promise, migration->version) : NULL;
	return promised && step < promised->steps.count ? &promised->steps.items[step] : NULL;
}

/* The strongest lock that the step takes: as written, and as the rehearsal saw it (a function shows nothing). */
static enum lock_mode strongest_lock(const struct executor *executor, const struct migration *migration, size_t step)
{
	const struct step *current = execute_step(executor_script(executor, migration), step);
	const struct step_trace *promised = promised_step(executor, migration, step);
	enum lock_mode strongest = LOCK_NONE;

	for (size_t i = 0; i < current->count; i++) {
		if (!current->statements[i].parsed)
			strongest = LOCK_ACCESS_EXCLUSIVE;
		for (size_t j = 0; j < current->statements[i].objects.count; j++)
			if (current->statements[i].objects.items[j].lock > strongest)
				strongest = current->statements[i].objects.items[j].lock;
	}
	for (size_t i = 0; promised && i < promised->statements.count; i++) {
		const struct relation_lock_list *locks = &statement_effects_get(&promised->statements.items[i])->locks;
		for (size_t j = 0; j < locks->count; j++)
			if (locks->items[j].mode > strongest)
				strongest = locks->items[j].mode;
	}
	return strongest;
}

/*
 * Waits of a step that blocks nobody may last as long as the budget; the others climb the ladder. A statement outside
 * transactions that blocks nobody has none: it would leave an invalid index, and is watched from outside.
 */
static int64_t lock_timeout(const struct executor *executor, const struct migration *migration, size_t step,
                            size_t attempt)
{
	const struct settings *settings = executor->run->settings;
	int64_t cap = migration->lock_timeout_ms >= 0 ? migration->lock_timeout_ms : settings->lock_timeout_ms;

	if (!executor->live || strongest_lock(executor, migration, step) <= LOCK_SHARE_UPDATE_EXCLUSIVE)
		return execute_step(executor_script(executor, migration), step)->transactional ? settings->lock_budget_ms
		                                                                              : 0;
	return attempt < LADDER_STEPS && LADDER_MS[attempt] < cap ? LADDER_MS[attempt] : cap;
}

/* Relations the step will lock, as the rehearsal saw it: the value of an array parameter. */
static const char *wanted_relations(struct executor *executor, struct arena *arena, const struct migration *migration,
                                    size_t step)
{
	const struct step_trace *promised = promised_step(executor, migration, step);
	struct relation_lock_list locks = {0};
	struct text_list relations = {0};

	if (promised)
		trace_step_locks(arena, promised, &locks);
	for (size_t i = 0; i < locks.count; i++)
		list_push(arena, &relations, locks.items[i].relation);
	return quote_array(arena, &relations);
}

static struct blockers find_blockers(struct executor *executor, struct arena *arena, const struct migration *migration,
                                     size_t step)
{
	_cleanup_error_ struct error ignored = {0};
	const char *ours = arena_printf(arena, "{%d,%d,%d}", session_backend_pid(executor->session),
	                                session_backend_pid(executor->watch), session_backend_pid(executor->ledger));

	if (execute_watch(executor, &ignored) != OK)
		return (struct blockers){0};
	return blockers_of(executor->watch, arena, ours, wanted_relations(executor, arena, migration, step));
}

static bool same_processes(const struct blockers *a, const struct blockers *b)
{
	return a->processes && b->processes ? strcmp(a->processes, b->processes) == 0 : a->processes == b->processes;
}

/* Somebody else in the way is news, and so is that it still is, less and less often. */
static void tell_attempt(struct executor *executor, const struct migration *migration, size_t step, size_t attempt,
                         const struct blockers *blockers, const struct blockers *before, const struct error *err)
{
	const char *why = guard_refused(executor->guard) ? err->message : "no lock";
	bool news = (attempt & (attempt - 1)) == 0 || !same_processes(blockers, before);

	emit_log(executor->run->emitter, news ? LOG_NOTICE : LOG_DEBUG,
	         "migration %s, step %zu: %s at attempt %zu%s%s", migration->version, step + 1, why, attempt,
	         blockers->text ? "; " : "", blockers->text ? blockers->text : "");
}

/* Full jitter: two runs that collided do not collide again in step. */
static int64_t pause_ms(const struct executor *executor, size_t attempt)
{
	/* Those who waited behind us have their turn first. */
	int64_t shortest = guard_refused(executor->guard) ? RECOVERY_MS : 50;
	int64_t longest = 200LL << (attempt < 6 ? attempt : 6);
	if (longest > LONGEST_PAUSE_MS)
		longest = LONGEST_PAUSE_MS;
	return shortest + random() % longest;
}

void execute_sample_retry(struct executor *executor, const struct migration *migration, size_t attempt,
                          int64_t waited_ms, const char *blockers, const char *refusal)
{
	struct json *values = json_new_object();
	json_set_text(values, "version", migration->version);
	json_set_int(values, "attempt", (int64_t)attempt);
	json_set_int(values, "waited_ms", waited_ms);
	if (blockers)
		json_set_text(values, "blocker", blockers);
	if (refusal)
		json_set_text(values, "guard", refusal);
	emit_sample(executor->run->emitter, "retry", values);
}

static enum status attempt_step(struct executor *executor, const struct migration *migration, size_t step,
                                size_t attempt, struct step_trace *trace, struct error *err)
{
	const struct step *current = execute_step(executor_script(executor, migration), step);
	int64_t timeout_ms = lock_timeout(executor, migration, step, attempt);

	if (guard_admit(executor->guard, err) != OK)
		return err->status;
	return current->transactional ? execute_transaction(executor, migration, step, timeout_ms, trace, err)
	                              : execute_single(executor, migration, step, timeout_ms, trace, err);
}

static enum status give_up(const struct executor *executor, struct arena *arena, size_t attempts,
                           const struct blockers *blockers, struct error *err)
{
	const char *budget = text_duration(arena, executor->run->settings->lock_budget_ms);

	if (guard_is_fruitless(executor->guard))
		error_wrap(err, "given up after %zu attempts, its own statement at work", attempts);
	else if (guard_refused(executor->guard))
		error_wrap(err, "given up after %zu attempts within %s", attempts, budget);
	else
		error_wrap(err, "no lock within %s after %zu attempts", budget, attempts);
	if (blockers->text)
		error_add_detail(err, "%s.", blockers->text);
	return err->status;
}

/*
 * A step under lock time-outs, again and again until it gets its locks or the budget is spent. Never
 * without limit.
 */
static enum status run_with_retries(struct executor *executor, const struct migration *migration, size_t step,
                                    struct step_trace *trace, struct error *err)
{
	int64_t start_ms = clock_ms(), budget_ms = executor->run->settings->lock_budget_ms;
	_cleanup_arena_ struct arena *arena = arena_open();
	struct blockers before = {0};

	for (size_t attempt = 0;; attempt++) {
		enum status status = attempt_step(executor, migration, step, attempt, trace, err);
		if (status != FAIL_LOCK_BUDGET || !executor->live)
			return status;
		/* Who works there when nobody was in the way are those who were hurt, or have nothing to do with it. */
		struct blockers blockers = {0};
		if (!guard_refused(executor->guard) || guard_refused_waiter(executor->guard))
			blockers = find_blockers(executor, arena, migration, step);
		if (clock_ms() - start_ms >= budget_ms || guard_is_fruitless(executor->guard))
			return give_up(executor, arena, attempt + 1, &blockers, err);
		tell_attempt(executor, migration, step, attempt + 1, &blockers, &before, err);
		execute_sample_retry(executor, migration, attempt + 1, clock_ms() - start_ms, blockers.text,
		                     guard_refused(executor->guard) ? err->message : NULL);
		before = blockers;
		error_clear(err);
		if (loop_sleep(executor->run->loop, pause_ms(executor, attempt)) == LOOP_STOPPED)
			return loop_stop_error(executor->run->loop, err);
	}
}

enum status execute_replay(struct executor *executor, const struct migration *migration, size_t step,
                           struct error *err)
{
	const struct script *script = executor_script(executor, migration);

	if (session_reset(executor->session, err) != OK)
		return err->status;
	for (size_t i = 0; i < step && i < script->steps.count; i++)
		for (size_t j = 0; j < script->steps.items[i].count; j++) {
			const struct statement *statement = &script->steps.items[i].statements[j];
			if (!statement->session_state || session_exec(executor->session, statement->sql, err) == OK)
				continue;
			error_wrap(err, "migration %s cannot go on: its %s in an earlier step failed", migration->version,
			           statement->tag);
			return execute_place(err, script, statement, 0);
		}
	return OK;
}

static enum status run_step(struct executor *executor, const struct migration *migration, size_t step,
                            struct step_trace *trace, struct error *err)
{
	if (executor->before_step && executor->before_step(executor, err) != OK)
		return err->status;
	if (!session_alive(executor->session) && executor->live &&
	    (execute_reconnect(executor, err) != OK ||
	     (step > 0 && execute_replay(executor, migration, step, err) != OK)))
		return err->status;
	enum status status = run_with_retries(executor, migration, step, trace, err);
	if (status == OK && executor->after_step)
		status = executor->after_step(executor, migration, step, trace, err);
	return status;
}

/* The last one that begins at or above the error's line. */
static size_t failed_statement(const struct executor *executor, const struct migration *migration, size_t step,
                               const struct error *err)
{
	const struct step *current = execute_step(executor_script(executor, migration), step);
	size_t found = 0;
	for (size_t i = 0; i < current->count && err->line; i++)
		if (current->statements[i].line <= err->line)
			found = i;
	return found;
}

/* A step event that names no statement: the whole migration is done. */
static void report_migration(struct executor *executor, const struct migration_trace *trace, size_t steps)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct relation_lock_list locks = {0};
	struct json *fields = json_new_object();

	for (size_t i = 0; i < trace->steps.count; i++)
		trace_step_locks(scratch, &trace->steps.items[i], &locks);
	json_set_text(fields, "version", trace->version);
	json_set_int(fields, "step", (int64_t)steps);
	json_set_text(fields, "phase", "end");
	json_set_int(fields, "duration_ms", trace->duration_ms);
	set_locks(fields, &locks);
	json_set_text(fields, "gate", gate_of(executor));
	emit(executor->run->emitter, EVENT_STEP, fields);
}

enum status execute_migration(struct executor *executor, const struct migration *migration, size_t first_step,
                              struct migration_trace *ret_trace, struct error *err)
{
	const struct script *script = executor_script(executor, migration);
	size_t count = execute_step_count(script);
	int64_t start_ms = clock_ms();
	struct migration_trace trace = {.version = migration->version};

	executor->script = script;
	if (first_step > 0 && execute_replay(executor, migration, first_step, err) != OK)
		return err->status;
	list_reserve(executor->arena, &trace.steps, count);
	for (size_t step = 0; step < first_step; step++)
		list_add(executor->arena, &trace.steps); /* keeps its place: steps are told by their index */
	for (size_t step = first_step; step < count; step++) {
		struct step_trace *step_trace = list_add(executor->arena, &trace.steps);
		enum status status = run_step(executor, migration, step, step_trace, err);
		if (status == OK)
			continue;
		if (status == FAIL_MIGRATION && step > 0) {
			error_add_detail(err, "The %zu step(s) before it are committed and stay.", step);
			status = error_recast(err, FAIL_PARTIAL);
		}
		conceal_error(err, script, NULL);
		execute_event(executor, migration, step, failed_statement(executor, migration, step, err), "end",
		              clock_ms() - start_ms, NULL, err->message);
		return error_wrap(err, "migration %s", migration->version), status;
	}
	trace.duration_ms = clock_ms() - start_ms;
	if (executor->live || executor->measure)
		report_migration(executor, &trace, count);
	*ret_trace = trace;
	return OK;
}
