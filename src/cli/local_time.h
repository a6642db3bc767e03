/* Points in time as people here write them. Reads no clock. */
#ifndef CLI_LOCAL_TIME_H
#define CLI_LOCAL_TIME_H

#include <stdint.h>

#include "base/arena.h"

/*
 * "2026-01-01 01:00:00 CET" for ISO 8601 in UTC ("2026-01-01T00:00:00.000Z", any number of digits for the fraction, or
 * "+00:00" for the Z); any other text as it is. NULL stays NULL.
 */
const char *local_time_text(struct arena *arena, const char *stamp);
const char *local_time(struct arena *arena, int64_t wall_ms);

#endif
