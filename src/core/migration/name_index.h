/* From the name of an object to the migration that created it last. Knows PostgreSQL's name spaces, no statements. */
#ifndef CORE_MIGRATION_NAME_INDEX_H
#define CORE_MIGRATION_NAME_INDEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct name_index;

struct name_index *name_index_new(struct arena *arena);

/*
 * Kinds that share a name space (tables and views, types and domains, functions and procedures) are one, and the schema
 * public is left out of names. The name must live as long as the index.
 */
void name_index_put(struct name_index *index, const char *kind, const char *name, size_t migration);

/* False when nothing of that name was put; *ret_migration is the one put last. */
bool name_index_find(const struct name_index *index, const char *kind, const char *name, size_t *ret_migration);

#endif
