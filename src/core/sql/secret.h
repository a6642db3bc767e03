/*
 * Passwords in SQL, in connection strings and in texts that quote either: finds them and hides them. Knows the forms in
 * which they are written; no parse tree, no server.
 */
#ifndef CORE_SQL_SECRET_H
#define CORE_SQL_SECRET_H

#include <stdbool.h>

#include "base/arena.h"

/* What stands for a password that is not shown. */
#define SECRET_MARK "***"

/*
 * Whether a statement speaks of a password, a secret or a key, in whatever form. It is kept by tag and fingerprint
 * only, and of what the server says about it no detail is passed on.
 */
bool secret_mentioned(const char *sql);

/*
 * What the server said about a statement, without what stands in the statement as a password. With `literals` without
 * any of its literals, down to those inside a body: a password may be put together from them. A word of the statement
 * is hidden where it is not a part of a longer one. In the arena, or `said` itself; NULL stays NULL.
 */
const char *secret_conceal(struct arena *arena, const char *said, const char *sql, bool literals);

/*
 * The text with SECRET_MARK for what stands in it as a password: PASSWORD 'x', password=x, "password": "x",
 * scheme://user:x@host. For texts of unknown origin: output of programs, definitions. NULL stays NULL.
 */
const char *secret_strip(struct arena *arena, const char *text);

#endif
