/*
 * Bytes free where the target's data and WAL are: what the site's own program prints, else what this machine says of
 * the folder when the server is on it. Knows no limit.
 */
#ifndef ENGINE_DISK_SPACE_H
#define ENGINE_DISK_SPACE_H

#include "base/arena.h"
#include "engine/settings.h"
#include "sys/child.h"

/* Its words, in the arena; NULL when none is configured. */
const char *const *disk_command_words(struct arena *arena, const struct settings *settings);

/* What it printed; -1, and why it says nothing. */
int64_t disk_command_answer(struct arena *arena, const struct child_result *result, const char **ret_why);

/* The lesser of the data folder and of pg_wal in it, which can be another disk; -1 when it cannot be seen from here. */
int64_t disk_free_at(const char *data_folder);

#endif
