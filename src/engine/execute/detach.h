/*
 * ALTER TABLE ... DETACH PARTITION ... CONCURRENTLY: its first phase commits a mark which nothing takes back, its
 * second waits for those who see the partition still and removes it. What the catalog says of one, and its end by
 * FINALIZE. Knows no ledger and no retries.
 */
#ifndef ENGINE_DETACH_H
#define ENGINE_DETACH_H

#include "core/sql/statement.h"
#include "pg/session.h"

enum detach_state {
	DETACH_UNKNOWN,  /* a table that it names is not there */
	DETACH_ATTACHED, /* nothing of it is done */
	DETACH_PENDING,  /* the first phase is done, the second is not */
	DETACH_DONE,     /* the one is no partition of the other */
};

struct detach {
	enum detach_state state;
	const char *table, *partition; /* as SQL names; NULL unless attached or pending */
};

bool detach_is(const struct statement *statement);

/* Looks by the session's search path; texts in the arena. */
enum status detach_look(struct session *session, struct arena *arena, const struct statement *statement,
                        struct detach *ret_detach, struct error *err) MUST_CHECK;

/* Does what is missing of a pending one, within seconds; also after a stop, where the caller shields. */
enum status detach_finalize(struct session *session, struct arena *arena, const struct detach *detach,
                            struct error *err) MUST_CHECK;

/* What an operator types for that. */
const char *detach_finalize_sql(struct arena *arena, const struct detach *detach);

#endif
