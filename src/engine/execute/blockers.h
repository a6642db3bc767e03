/* Who is in our way, in words for the operator. Knows no step and decides nothing. */
#ifndef ENGINE_BLOCKERS_H
#define ENGINE_BLOCKERS_H

#include "base/arena.h"
#include "pg/session.h"

/* Texts are in the caller's arena; both are NULL when nobody is seen. */
struct blockers {
	const char *processes; /* "812, 813": the same as before while nothing has changed */
	const char *text;      /* "process 812 (nightly, role app, from local, idle in transaction, ...) holds ...; ..." */
};

/*
 * Who holds locks on the given relations (the value of an array parameter), but for the processes of `ours` (another
 * one). What cannot be asked is nobody.
 */
struct blockers blockers_of(struct session *watch, struct arena *arena, const char *ours, const char *relations);

/* The given processes ("812, 813"). */
struct blockers blockers_named(struct session *watch, struct arena *arena, const char *processes);

#endif
