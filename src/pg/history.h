/* The history table: where it is, what shape it has, its rows, and the SQL that writes it. Decides nothing. */
#ifndef PG_HISTORY_H
#define PG_HISTORY_H

#include "base/arena.h"
#include "base/error.h"
#include "core/migration/plan.h"
#include "pg/pipeline.h"
#include "pg/session.h"

/*
 * Finds and reads the history table, on a session that is not `plain`: `configured` is "name" or "schema.name"; a bare
 * name is looked for on the session role's own search path, not the session's pinned one. None: ret->exists is false
 * and schema says where it will be created. FAIL_REFUSED: two tables on the path (both named), or none on it but one
 * elsewhere; a foreign shape (its columns named, the hint says what can be done by hand and that adopt will do it); a
 * row whose version is no number, or two rows for one. FAIL_USAGE: a name that is none, a schema that is not there.
 */
enum status history_read(struct session *session, struct arena *arena, const char *configured,
                         struct history *ret_history, struct error *err) MUST_CHECK;

/*
 * Creates the table, or adds the columns and the key that are missing; in the session's transaction if one is open.
 * Looks at the table again first. Waits at most 3 s for its lock, then FAIL_LOCK_BUDGET. The session is not `plain`.
 */
enum status history_prepare(struct session *session, const struct history *history,
                            struct error *err) MUST_CHECK;

/*
 * Items for a step's pipeline; texts are in the arena. The insert is a plain INSERT: a second runner gets
 * 23505.
 */
struct pipeline_item history_insert(struct arena *arena, const struct history *history,
                                    const struct migration *migration, const char *run_id);
/* Sets duration_ms from the server's clock: now() is the start of the transaction. */
struct pipeline_item history_duration(struct arena *arena, const struct history *history, const char *version);
/* Removes the row of a migration that is rolled back, however it writes its number. */
struct pipeline_item history_delete(struct arena *arena, const struct history *history, const char *version);

/* Whether the row is there now (after a lost connection): a fresh read. */
enum status history_has(struct session *session, const struct history *history, const char *version,
                        bool *ret_there,
                        struct error *err) MUST_CHECK;

#endif
