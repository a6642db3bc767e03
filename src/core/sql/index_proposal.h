/*
 * A CREATE INDEX that somebody proposes, and the statements that try it, build it beside readers and writers, and take
 * it away again. Knows no server and no files.
 */
#ifndef CORE_SQL_INDEX_PROPOSAL_H
#define CORE_SQL_INDEX_PROPOSAL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"

struct index_proposal {
	const char *table;  /* "schema.name" or "name", quoted where it must be */
	const char *name;   /* as given, else TABLE_COLUMNS_idx, cut to the server's 63 bytes; not quoted */
	const char *trial;  /* CREATE [UNIQUE] INDEX ON ...: for a trial, without a name */
	const char *create; /* CREATE [UNIQUE] INDEX CONCURRENTLY IF NOT EXISTS name ON ... */
	const char *drop;   /* DROP INDEX CONCURRENTLY IF EXISTS [schema.]name */
	const char *qualified; /* [schema.]name, quoted where it must be */
};

/*
 * Reads a text that holds exactly one CREATE INDEX, with or without its name, CONCURRENTLY, IF NOT EXISTS and
 * semicolon. Texts are in the arena. FAIL_USAGE for anything else.
 */
enum status index_proposal_read(struct arena *arena, const char *text, struct index_proposal *ret_proposal,
                                struct error *err) MUST_CHECK;

#endif
