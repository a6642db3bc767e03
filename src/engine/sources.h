/* The files of a migration folder, read whole with a ceiling. Knows nothing of what is in them. */
#ifndef ENGINE_SOURCES_H
#define ENGINE_SOURCES_H

#include "base/arena.h"
#include "base/error.h"
#include "core/migration/migration.h"

struct source_list {
	struct source_file *items;
	size_t count;
	size_t room;
};

/*
 * Reads the files that belong to migrations (and badly named .sql files, for migrations_read to refuse). FAIL_USAGE
 * when the folder cannot be read, FAIL_REFUSED for a file over the ceiling.
 */
enum status sources_read(struct arena *arena, const char *folder, int64_t ceiling_bytes, struct source_list *ret_list,
                         struct error *err) MUST_CHECK;

#endif
