#include "base/stamp.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { STAMP_LENGTH = 24 };

static void split(int64_t wall_ms, time_t *ret_seconds, int *ret_ms)
{
	int64_t ms = wall_ms % 1000;
	if (ms < 0)
		ms += 1000;
	*ret_seconds = (time_t)((wall_ms - ms) / 1000);
	*ret_ms = (int)ms;
}

const char *stamp_text(struct arena *arena, int64_t wall_ms)
{
	time_t seconds;
	int ms;
	struct tm part;

	split(wall_ms, &seconds, &ms);
	gmtime_r(&seconds, &part);
	return arena_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", part.tm_year + 1900, part.tm_mon + 1,
	                    part.tm_mday, part.tm_hour, part.tm_min, part.tm_sec, ms);
}

static bool has_form(const char *text)
{
	static const char FORM[] = "dddd-dd-ddTdd:dd:dd.dddZ";
	if (strlen(text) != STAMP_LENGTH)
		return false;
	for (size_t i = 0; i < STAMP_LENGTH; i++) {
		bool digit = text[i] >= '0' && text[i] <= '9';
		if (FORM[i] == 'd' ? !digit : text[i] != FORM[i])
			return false;
	}
	return true;
}

static int number(const char *digits, int count)
{
	int value = 0;
	for (int i = 0; i < count; i++)
		value = value * 10 + (digits[i] - '0');
	return value;
}

bool stamp_read(const char *text, int64_t *ret_wall_ms)
{
	if (!has_form(text))
		return false;
	struct tm part = {
		.tm_year = number(text, 4) - 1900,
		.tm_mon = number(text + 5, 2) - 1,
		.tm_mday = number(text + 8, 2),
		.tm_hour = number(text + 11, 2),
		.tm_min = number(text + 14, 2),
		.tm_sec = number(text + 17, 2),
	};
	int64_t wall_ms = (int64_t)timegm(&part) * 1000 + number(text + 20, 3);

	/* timegm carries 30 February over into March: what does not come back the same was no date. */
	_cleanup_arena_ struct arena *scratch = arena_open();
	if (strcmp(stamp_text(scratch, wall_ms), text) != 0)
		return false;
	*ret_wall_ms = wall_ms;
	return true;
}
