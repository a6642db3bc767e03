/*
 * The ledger: one append-only, hash-chained table `pgsluice.ledger` in the target, with readable views. First written
 * when an approved apply begins. Knows how rows are kept, not what they mean for the flow.
 */
#ifndef PG_LEDGER_H
#define PG_LEDGER_H

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/list.h"
#include "pg/pipeline.h"
#include "pg/session.h"

/*
 * Kinds of rows, and what the views read of their bodies: "run" and "continued" {command, plan_id, continues},
 * "evidence" and "approval" (evidence_json), "journal" {trace: trace_json}, "intent" {tag, sql}, "outcome" {outcome},
 * "resolved" {action}, "step", "held", "baseline", "signal" {action, backend_pid, session, user},
 * "stopped" {message, live_digest}, "end" {state}.
 */
struct ledger_entry {
	const char *kind;
	const char *run_id;
	const char *version;     /* or NULL */
	int step;                /* 0-based; -1 = none */
	const struct json *body; /* or NULL */
};

/* A row as read back. */
struct ledger_row {
	int64_t seq;
	const char *at;          /* ISO 8601 */
	const char *kind, *run_id, *version; /* version may be NULL */
	int step;                /* -1 = none */
	const char *body;        /* JSON text, or NULL */
};

struct ledger_rows {
	struct ledger_row *items;
	size_t count;
	size_t room;
};

enum status ledger_exists(struct session *session, bool *ret_exists, struct error *err) MUST_CHECK;

/*
 * Creates schema, table, triggers and views where they are missing, as a whole or not at all. FAIL_USAGE when the right
 * to do so is missing, FAIL_REFUSED when a ledger is there without its triggers.
 */
enum status ledger_setup(struct session *session, struct error *err) MUST_CHECK;

/*
 * Appends a row in a transaction of its own (or in the open one). Rows wait for each other: never add one on a second
 * session while the first has one in an open transaction.
 */
enum status ledger_add(struct session *session, const struct ledger_entry *entry, struct error *err) MUST_CHECK;

/* The same in bounded time, whatever a stop says: a standby that does not answer must not hold up the end. */
enum status ledger_add_within(struct session *session, const struct ledger_entry *entry, int64_t limit_ms,
                              struct error *err) MUST_CHECK;

/* The same as an item of a step's pipeline; texts are in the arena. */
struct pipeline_item ledger_item(struct arena *arena, const struct ledger_entry *entry);

/*
 * The newest run: its "run" row and every row after it, by seq; empty when there is none. Bodies of evidence, approval,
 * journal and baseline are left out, for they can be large.
 */
enum status ledger_last_run(struct session *session, struct arena *arena, struct ledger_rows *ret_rows,
                            struct error *err) MUST_CHECK;

/* The newest row of a kind over all runs (NULL body fields when none): ret_rows has 0 or 1 row. */
enum status ledger_newest(struct session *session, struct arena *arena, const char *kind,
                          struct ledger_rows *ret_rows,
                          struct error *err) MUST_CHECK;

/* All rows of a kind, by seq (held versions over time). */
enum status ledger_all(struct session *session, struct arena *arena, const char *kind,
                       struct ledger_rows *ret_rows,
                       struct error *err) MUST_CHECK;

/*
 * The evidence of a gate that the newest run's apply began with, as JSON text in the arena; NULL when there is none.
 */
enum status ledger_evidence(struct session *session, struct arena *arena, const char *gate, const char **ret_body,
                            struct error *err) MUST_CHECK;

/*
 * Recomputes the chain. FAIL_REFUSED naming the first row that does not follow from the one before, or when the
 * triggers are not as they must be.
 */
enum status ledger_check_chain(struct session *session, struct error *err) MUST_CHECK;

#endif
