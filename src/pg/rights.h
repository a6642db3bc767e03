/* Rights that a run will need on its target and does not have, with the statements that give them. Knows no gates. */
#ifndef PG_RIGHTS_H
#define PG_RIGHTS_H

#include "base/arena.h"
#include "base/error.h"
#include "base/list.h"
#include "pg/session.h"

enum right_kind {
	RIGHT_READ,  /* tables, sequences, large objects and their schemas, by whoever takes the backup */
	RIGHT_ROWS,  /* rows that row level security hides from him */
	RIGHT_WRITE, /* the ledger, by the role that applies */
	RIGHT_SESSIONS, /* what the sessions of other roles do: old transactions, the lag of standbys */
	RIGHT_KINDS
};

struct missing_right {
	enum right_kind kind;
	const char *role;      /* quoted where it must be */
	const char *what;      /* "public.orders", "schema app", "large object 4711" */
	const char *statement; /* "GRANT SELECT ON public.orders TO operator", without semicolon */
};

struct missing_right_list {
	struct missing_right *items; /* in the order in which they are best granted */
	size_t count;
	size_t room;
};

/* What the session's own roles lack in its database. In the arena; empty when nothing is missing. */
enum status rights_missing(struct session *session, struct arena *arena, struct missing_right_list *ret_missing,
                           struct error *err) MUST_CHECK;

#endif
