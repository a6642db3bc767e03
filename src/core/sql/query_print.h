/*
 * What makes two texts the same query: a fingerprint and a text, both without its constants. For caches and for lists
 * of queries; knows no server, no names and no plan.
 */
#ifndef CORE_SQL_QUERY_PRINT_H
#define CORE_SQL_QUERY_PRINT_H

#include <stdbool.h>

#include "base/arena.h"

/* 16 lower-case hex digits and NUL. */
struct query_print {
	char hex[17];
};

/*
 * The fingerprint of exactly one statement, with or without its semicolon: blind to constants, parameters, white
 * space, comments and the length of IN lists, by libpg_query. Where its parser is too old for the statement (see
 * parser_version) or it nests too deeply, the fingerprint is one of the tokens, blind to all of these but the last.
 * False for a text of no or several statements, and for quotes or comments that do not end; *ret_print is untouched
 * then. Another major version of the parser may print another fingerprint.
 */
bool query_fingerprint(const char *sql, struct query_print *ret_print);

/*
 * The same statement with $n for each constant, numbered behind its parameters, on one line and without comments and
 * semicolon, in the arena. What is no constant for the parser and stands in quotes nonetheless (options of utility
 * statements, bodies) is '...'. NULL where query_fingerprint is false.
 */
const char *query_normalize(struct arena *arena, const char *sql);

#endif
