#include "cli/local_time.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "base/stamp.h"

const char *local_time(struct arena *arena, int64_t wall_ms)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm part;
	char text[64];

	if (!localtime_r(&seconds, &part) || !strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %Z", &part))
		return stamp_text(arena, wall_ms);
	return arena_strdup(arena, text);
}

/* Up to the seconds; what follows is a fraction and the zone. */
static bool is_utc(const char *stamp)
{
	enum { TO_SECONDS = sizeof("2026-01-01T00:00:00") - 1 };
	if (strlen(stamp) <= TO_SECONDS)
		return false;
	const char *rest = stamp + TO_SECONDS;
	if (*rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	return strcmp(rest, "Z") == 0 || strcmp(rest, "+00:00") == 0;
}

const char *local_time_text(struct arena *arena, const char *stamp)
{
	int64_t wall_ms;

	if (!stamp || !is_utc(stamp) || !stamp_read(arena_printf(arena, "%.19s.000Z", stamp), &wall_ms))
		return stamp;
	return local_time(arena, wall_ms);
}
