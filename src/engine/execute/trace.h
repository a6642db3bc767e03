/*
 * What a migration did when it ran: per statement its duration, locks, rewrites, scans and WAL, per step the
 * rows it
 * changed. Taken in the rehearsal, kept in its evidence, and held beside what happens on live.
 */
#ifndef ENGINE_TRACE_H
#define ENGINE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/list.h"
#include "base/text_index.h"
#include "core/sql/statement.h"

struct relation_lock {
	const char *relation; /* schema.name */
	enum lock_mode mode;
};

struct relation_lock_list {
	struct relation_lock *items;
	size_t count;
	size_t room;
};

struct statement_effects {
	struct relation_lock_list locks; /* first taken, or strengthened, by this statement */
	struct text_list rewrites;       /* relations that got a new file */
	struct text_list scans;          /* tables read from end to end */
};

/* There is one for every statement: small, since most of the 300,000 of a file of rows have no effects of their own. */
struct statement_trace {
	int64_t duration_ms;
	int64_t wal_bytes;                 /* -1 = not measured */
	int64_t rows;                      /* that it changed or found; -1 = it has no such number. Not kept in evidence */
	struct statement_effects *effects; /* NULL = none: ask statement_effects_get */
};

/* Rows changed in one table by one step. */
struct change_count {
	const char *table; /* schema.name */
	int64_t inserted, updated, deleted;
};

struct change_count_list {
	struct change_count *items;
	size_t count;
	size_t room;
};

struct step_trace {
	LIST(struct statement_trace) statements;
	struct change_count_list changes;
	struct text_list replaced;        /* tables that were there and were truncated, rewritten or dropped */
	bool counted;                     /* changes and replaced were measured */
	const char *live_digest;          /* digest that live is promised to have after this step, or NULL */
};

struct migration_trace {
	const char *version;
	int64_t duration_ms;
	LIST(struct step_trace) steps;
};

struct trace {
	LIST(struct migration_trace) migrations;
	struct text_index *by_version; /* of one that was read; NULL = they are looked through one by one */
};

/* What the statement did, never NULL; and the same to be added to, in the arena. */
const struct statement_effects *statement_effects_get(const struct statement_trace *statement);
struct statement_effects *statement_effects_need(struct arena *arena, struct statement_trace *statement);

/* The trace of a version (compared as text: the file's own digits), or NULL. */
const struct migration_trace *trace_find(const struct trace *trace, const char *version);

/*
 * For evidence, and back (FAIL_REFUSED when it is of another form). Statements in a row that took no lock, rewrote and
 * scanned nothing come back as one with their sums.
 */
struct json *trace_json(const struct trace *trace);
enum status trace_read(struct arena *arena, const struct json *value, struct trace *ret_trace,
                       struct error *err) MUST_CHECK;

/* Takes off what was counted `before`; a table that changed no more than that is left out. */
void trace_changes_since(struct step_trace *now, const struct step_trace *before);

/*
 * Whether what a step did to rows is within what the rehearsal promised: a table that lost or changed no row there, or
 * kept its file, must lose, change or replace none now; elsewhere at most twice the rehearsed number plus 100. On false
 * *ret_why is a sentence with table and numbers.
 */
bool trace_changes_hold(struct arena *arena, const struct step_trace *promised, const struct step_trace *now,
                        const char **ret_why);

/* The strongest lock on each relation over the whole trace: what preflight looks for. */
void trace_step_locks(struct arena *arena, const struct step_trace *step, struct relation_lock_list *ret_locks);
void trace_locks(struct arena *arena, const struct trace *trace, struct relation_lock_list *ret_locks);

/* Adds a lock, or strengthens the one that is there. Returns whether it changed anything. */
bool relation_lock_add(struct arena *arena, struct relation_lock_list *list, const char *relation,
                       enum lock_mode mode);

#endif
