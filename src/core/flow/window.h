/*
 * The maintenance window: weekly spans of local time in one zone. Pure: the server says what its local time is.
 * Daylight saving is the server's business, so the room is that of a wall clock.
 *
 *	Mon-Fri 22:00-04:00 Europe/Berlin; Sat,Sun 00:00-06:00
 */
#ifndef CORE_FLOW_WINDOW_H
#define CORE_FLOW_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/list.h"

enum { WINDOW_DAYS = 7, WINDOW_DAY_MINUTES = 24 * 60 };

/* Evidence says exactly these words where no window is configured. */
#define WINDOW_NONE_TEXT "no window"

struct window_span {
	unsigned days;     /* bit 0 = Monday: the days on which it begins */
	int from_minute;   /* of the day, 0..1439 */
	int length_minute; /* 1..1440; past midnight it goes on into the next day */
};

struct window {
	const char *text; /* as configured */
	const char *zone; /* IANA name for `now() AT TIME ZONE`; "UTC" when none is named */
	LIST(struct window_span) spans;
};

/*
 * Reads a window; the empty text has no spans. Days: Mon, Mon-Fri, Sat,Sun, daily, or left out for every day. Times:
 * HH:MM-HH:MM, several with commas. The zone stands once. FAIL_USAGE that names the part.
 */
enum status window_read(struct arena *arena, const char *text, struct window *ret_window,
                        struct error *err) MUST_CHECK;

/*
 * How long it stays open from a local time on: milliseconds, -1 when it is closed now. weekday: 0 = Monday;
 * day_ms: since local midnight. A window that never closes, and none at all, give INT64_MAX.
 */
int64_t window_room_ms(const struct window *window, int weekday, int64_t day_ms);

/* Milliseconds until it opens next; 0 when it is open. */
int64_t window_opens_in_ms(const struct window *window, int weekday, int64_t day_ms);

#endif
