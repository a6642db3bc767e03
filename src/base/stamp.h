/* Points in time as text, ISO 8601 in UTC, and back. Reads no clock. */
#ifndef BASE_STAMP_H
#define BASE_STAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

/* "2026-01-01T00:00:00.000Z" for milliseconds since 1970. */
const char *stamp_text(struct arena *arena, int64_t wall_ms);

/* Exactly that form back; false for any other text, also for dates that do not exist. */
bool stamp_read(const char *text, int64_t *ret_wall_ms);

#endif
