/*
 * Carries one migration out, step by step: the same code on the rehearsal's clone and on live. Knows no gates.
 */
#ifndef ENGINE_EXECUTE_H
#define ENGINE_EXECUTE_H

#include "core/migration/plan.h"
#include "engine/execute/measure.h"
#include "engine/execute/trace.h"
#include "engine/run.h"
#include "engine/watch/guard.h"
#include "pg/pipeline.h"
#include "pg/session.h"

/* Tables by oid. */
struct oid_list {
	unsigned *items;
	size_t count;
	size_t room;
};

/*
 * One place to execute on. Sessions belong to the caller. On live `promise` is what the rehearsal recorded and
 * `measure` is NULL; on a clone it is the other way round.
 */
struct executor {
	struct run *run;
	struct arena *arena;           /* of the traces it makes: the run's, unless whoever opened it has another */
	struct session *session;       /* plain, read-write, as the operator: the migrations' own */
	struct session *ledger;        /* read-write: intents, outcomes */
	struct session *watch;         /* read-only: progress, blockers, the state after a lost connection */
	bool live;
	enum direction direction;
	const struct script *script;   /* that runs now, or ran last; NULL before the first */
	const struct history *history;
	struct measure *measure;
	size_t traced;                 /* steps that were; each has its query kept under a name of its own */
	bool trace_anew;               /* a file takes kept statements away: the tracing query goes whole every time */
	const struct trace *promise;
	struct guard *guard;           /* on live, where one is armed; else NULL */
	struct oid_list *written;      /* NULL, or gets the tables that statements write, by the path they run under */
	const struct script *judged;   /* whose `speaks` is known */
	bool speaks;                   /* one of its statements speaks of a password: none is shown */
	bool quiet;                    /* nothing is told: what runs here was told when it ran before */
	bool count_always;             /* event triggers or unparsed text: rows can change under any statement */
	/*
	 * Called before a step is sent and after it is committed; an error ends the execution there. NULL =
	 * nothing.
	 */
	enum status (*before_step)(struct executor *executor, struct error *err);
	enum status (*after_step)(struct executor *executor, const struct migration *migration, size_t step,
	                          struct step_trace *trace, struct error *err);
	void *context;
};

/* The script that the direction runs. */
const struct script *executor_script(const struct executor *executor, const struct migration *migration);

/*
 * Runs the migration's steps from `first_step` on and records what they did in *ret_trace (in the executor's arena).
 * FAIL_MIGRATION: rolled back, nothing of it is there. FAIL_PARTIAL: earlier steps stay, or a statement outside
 * transactions failed half-way. FAIL_LOCK_BUDGET, FAIL_BUSY (another run has applied it), FAIL_IN_DOUBT,
 * FAIL_UNCONFIRMED, FAIL_UNREACHABLE, and the stop's own status. Errors carry file, line and column.
 */
enum status execute_migration(struct executor *executor, const struct migration *migration, size_t first_step,
                              struct migration_trace *ret_trace, struct error *err) MUST_CHECK;

/* ---- the parts, for execute.c ---- */

/* One transactional step with the given lock timeout, through COMMIT. 55P03 and 40P01 are FAIL_LOCK_BUDGET: retry. */
enum status execute_transaction(struct executor *executor, const struct migration *migration, size_t step,
                                int64_t lock_timeout_ms, struct step_trace *trace, struct error *err) MUST_CHECK;

/* One statement outside transactions, between its intent and its outcome. The same two are FAIL_LOCK_BUDGET. */
enum status execute_single(struct executor *executor, const struct migration *migration, size_t step,
                           int64_t lock_timeout_ms, struct step_trace *trace, struct error *err) MUST_CHECK;

/*
 * Records a step outside transactions that the catalog proves done, with `proof`; the last one with the
 * history row.
 */
enum status execute_record_done(struct executor *executor, const struct migration *migration, size_t step,
                                const char *proof, struct error *err) MUST_CHECK;

/*
 * COMMIT of a step, alone, and what became of it: the history row tells, or the journal's row of a step that is not
 * the last. The second one is for the ledger's session, with the outcome of a statement outside transactions.
 */
enum status execute_commit(struct executor *executor, const struct migration *migration, size_t step,
                           struct error *err) MUST_CHECK;
enum status execute_commit_outcome(struct executor *executor, const struct migration *migration, size_t step,
                                   struct error *err) MUST_CHECK;

/* ROLLBACK, in bounded time and whatever a stop says; a session that does not answer is given up. NULL is fine. */
void execute_roll_back(struct session *session);

/*
 * What the steps before `step` set in their session (search path, role, ...), set again in the executor's session from
 * a fresh start: a step that goes on in a new session must find what it would have found.
 */
enum status execute_replay(struct executor *executor, const struct migration *migration, size_t step,
                           struct error *err) MUST_CHECK;

/* The tables and indexes that a statement names and does not make, as an array of SQL names. */
const char *execute_relation_names(struct arena *arena, const struct statement *statement);

/* Steps of a script: an empty file has one, without statements, that brings its history row. */
size_t execute_step_count(const struct script *script);
const struct step *execute_step(const struct script *script, size_t index);

/* Opens the executor's own session anew on live after it was lost. */
enum status execute_reconnect(struct executor *executor, struct error *err) MUST_CHECK;

/* See to it that these sessions are there: they are opened anew on live where they were lost. */
enum status execute_ledger(struct executor *executor, struct error *err) MUST_CHECK;
enum status execute_watch(struct executor *executor, struct error *err) MUST_CHECK;

/* The sessions' notices go to the log; context is the executor. */
void execute_notice(void *context, const char *severity, const char *sqlstate, const char *message);

/* Whether `step` is the last of the migration: the one whose commit brings the history row. */
bool execute_is_last(const struct executor *executor, const struct migration *migration, size_t step);

/* The history row's item: an insert on the way up, a delete on the way down. */
struct pipeline_item execute_history_item(struct executor *executor, struct arena *arena,
                                          const struct migration *migration);

/* Puts the place of the statement (and of a character position in it, 1-based, 0 = none) into the error. */
enum status execute_place(struct error *err, const struct script *script, const struct statement *statement,
                          long position);

/*
 * The sample "retry": how often and how long the migration was refused its lock, who holds it (NULL = unknown), and the
 * guard's words where it was the guard that refused (else NULL).
 */
void execute_sample_retry(struct executor *executor, const struct migration *migration, size_t attempt,
                          int64_t waited_ms, const char *blockers, const char *refusal);

/* A `step` event of this execution; error text may be NULL. */
void execute_event(struct executor *executor, const struct migration *migration, size_t step, size_t statement,
                   const char *phase, int64_t duration_ms, const struct statement_trace *trace, const char *error);

#endif
