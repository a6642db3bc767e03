/* One query that EXPLAIN can be asked about, from a text that must hold nothing else. Knows no server. */
#ifndef CORE_SQL_EXPLAINABLE_H
#define CORE_SQL_EXPLAINABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

struct explainable {
	const char *sql;   /* the statement without its semicolon; in the arena */
	const char *tag;   /* SELECT, INSERT, UPDATE, DELETE, MERGE */
	long line;         /* of its first byte, 1-based */
	bool reads;        /* by its text it only reads: what its own functions do is for the server to refuse */
	bool configures;   /* it changes a setting of its session: set_config */
	bool opaque;       /* it calls functions that are not PostgreSQL's own: what they do is not known */
	size_t parameters; /* the highest $n in it; 0 = none */
};

/*
 * Reads a text that holds exactly one SELECT (VALUES, TABLE), INSERT, UPDATE, DELETE or MERGE. `file` is for errors
 * and may be NULL; `from` is where the statement may begin. FAIL_REFUSED with file, line and column for anything else,
 * also for what the packaged parser does not take: what cannot be read cannot be known to read only.
 */
enum status explainable_read(struct arena *arena, const char *file, const char *text, size_t length, size_t from,
                             struct explainable *ret_query, struct error *err) MUST_CHECK;

#endif
