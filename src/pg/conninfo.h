/*
 * A connection string resolved as libpq would: its own parts, then the service, the environment and the defaults. Knows
 * no connection. Whatever a string holds, no part of it but host, port, database and user ever leaves as text.
 */
#ifndef PG_CONNINFO_H
#define PG_CONNINFO_H

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

struct conninfo {
	struct arena *arena;    /* the caller's; it holds the secrets too */
	const char **keywords;  /* NULL-ended, for PQconnectStartParams */
	const char **values;    /* never NULL but for the end */
	size_t count;
	size_t room;
};

/*
 * `text` is a libpq connection string, a URI, the bare name of a database, or "" for libpq's own defaults.
 * FAIL_USAGE when it does not parse, or parses into something that cannot be meant (part of a password as host,
 * port or database).
 */
enum status conninfo_read(struct arena *arena, const char *text, struct conninfo *ret_info,
                          struct error *err) MUST_CHECK;

/* The value of a keyword, or NULL when it has none. */
const char *conninfo_get(const struct conninfo *info, const char *keyword);

/* Sets or replaces a value; NULL takes the keyword out. */
void conninfo_set(struct conninfo *info, const char *keyword, const char *value);

/* "host=... port=... dbname=... user=...", in the arena. */
const char *conninfo_place(struct arena *arena, const struct conninfo *info);

/* How many hosts are named; and takes one of them out, with its address and port, so that the others can be tried. */
size_t conninfo_host_count(const struct conninfo *info);
void conninfo_drop_host(struct conninfo *info, size_t index);

/* Connects to this numeric address in place of asking for its host's, where one host is named; NULL does nothing. */
void conninfo_use_address(struct conninfo *info, const char *address);

#endif
