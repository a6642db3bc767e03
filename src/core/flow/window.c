#include "core/flow/window.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { WEEK_MINUTES = WINDOW_DAYS * WINDOW_DAY_MINUTES, MINUTE_MS = 60000, EVERY_DAY = (1 << WINDOW_DAYS) - 1 };

static const char *const DAYS[WINDOW_DAYS] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

/* The unread rest of the text; a reader moves it only when it succeeds. */
struct cursor {
	const char *at;
};

static bool take_char(struct cursor *cursor, char wanted)
{
	if (*cursor->at != wanted)
		return false;
	cursor->at++;
	return true;
}

static void skip_blanks(struct cursor *cursor)
{
	while (*cursor->at == ' ' || *cursor->at == '\t')
		cursor->at++;
}

static bool take_day(struct cursor *cursor, int *ret_day)
{
	for (int day = 0; day < WINDOW_DAYS; day++) {
		if (strncasecmp(cursor->at, DAYS[day], 3) == 0 && !isalpha((unsigned char)cursor->at[3])) {
			cursor->at += 3;
			*ret_day = day;
			return true;
		}
	}
	return false;
}

/* "Mon", "Fri-Mon": a range may go over the end of the week. */
static bool take_day_range(struct cursor *cursor, unsigned *ret_days)
{
	int first, last;
	if (!take_day(cursor, &first))
		return false;
	last = first;
	if (take_char(cursor, '-') && !take_day(cursor, &last))
		return false;
	for (int day = first;; day = (day + 1) % WINDOW_DAYS) {
		*ret_days |= 1U << day;
		if (day == last)
			return true;
	}
}

static bool take_days(struct cursor *cursor, unsigned *ret_days)
{
	unsigned days = 0;
	if (isdigit((unsigned char)*cursor->at)) {
		*ret_days = EVERY_DAY;
		return true;
	}
	if (strncasecmp(cursor->at, "daily", 5) == 0) {
		cursor->at += 5;
		days = EVERY_DAY;
	} else {
		do {
			if (!take_day_range(cursor, &days))
				return false;
		} while (take_char(cursor, ','));
	}
	if (*cursor->at != ' ' && *cursor->at != '\t')
		return false;
	*ret_days = days;
	return true;
}

static bool take_number(struct cursor *cursor, int *ret_number)
{
	if (!isdigit((unsigned char)cursor->at[0]) || !isdigit((unsigned char)cursor->at[1]))
		return false;
	*ret_number = (cursor->at[0] - '0') * 10 + (cursor->at[1] - '0');
	cursor->at += 2;
	return true;
}

static bool take_time(struct cursor *cursor, int *ret_minute)
{
	int hour, minute;
	if (!take_number(cursor, &hour) || !take_char(cursor, ':') || !take_number(cursor, &minute))
		return false;
	if (minute > 59 || hour > 24 || (hour == 24 && minute > 0))
		return false;
	*ret_minute = hour * 60 + minute;
	return true;
}

static bool take_span(struct cursor *cursor, struct window_span *ret_span)
{
	int from, until;
	if (!take_time(cursor, &from) || !take_char(cursor, '-') || !take_time(cursor, &until))
		return false;
	if (from == WINDOW_DAY_MINUTES || from == until)
		return false;
	ret_span->from_minute = from;
	ret_span->length_minute = until > from ? until - from : until + WINDOW_DAY_MINUTES - from;
	return true;
}

static bool is_zone_char(char byte)
{
	return isalnum((unsigned char)byte) || (byte && strchr("/_+-", byte));
}

/* A zone that is there; *ret_zone stays NULL where none is. */
static bool take_zone(struct arena *arena, struct cursor *cursor, const char **ret_zone)
{
	size_t length = 0;
	if (*cursor->at == '\0' || *cursor->at == ';')
		return true;
	while (is_zone_char(cursor->at[length]))
		length++;
	if (length == 0 || !isalpha((unsigned char)*cursor->at))
		return false;
	*ret_zone = arena_strndup(arena, cursor->at, length);
	cursor->at += length;
	return true;
}

static enum status refuse(struct error *err, const char *text, const char *part, const char *what)
{
	error_set(err, FAIL_USAGE, "window \"%s\": %s", text, what);
	error_detail(err, "It could not be read from \"%s\" on.", part);
	return error_hint(err, "Write days, times and a zone, as in \"Mon-Fri 22:00-04:00 Europe/Berlin\".");
}

static enum status read_entry(struct arena *arena, struct cursor *cursor, struct window *window, struct error *err)
{
	const char *zone = NULL;
	unsigned days;

	if (!take_days(cursor, &days))
		return refuse(err, window->text, cursor->at, "days are not understood");
	skip_blanks(cursor);
	do {
		struct window_span span = {.days = days};
		const char *start = cursor->at;
		if (!take_span(cursor, &span))
			return refuse(err, window->text, start, "times are not understood");
		list_push(arena, &window->spans, span);
	} while (take_char(cursor, ','));
	skip_blanks(cursor);
	if (!take_zone(arena, cursor, &zone))
		return refuse(err, window->text, cursor->at, "the zone is not understood");
	if (zone && window->zone && strcmp(zone, window->zone) != 0)
		return refuse(err, window->text, zone, "a second zone is named");
	window->zone = zone ? zone : window->zone;
	return OK;
}

enum status window_read(struct arena *arena, const char *text, struct window *ret_window, struct error *err)
{
	struct window window = {.text = arena_strdup(arena, text)};
	struct cursor cursor = {window.text};

	for (skip_blanks(&cursor); *cursor.at; skip_blanks(&cursor)) {
		enum status status = read_entry(arena, &cursor, &window, err);
		if (status)
			return status;
		skip_blanks(&cursor);
		if (*cursor.at && !take_char(&cursor, ';'))
			return refuse(err, window.text, cursor.at, "entries are separated by semicolons");
	}
	if (!window.zone)
		window.zone = "UTC";
	*ret_window = window;
	return OK;
}

static bool is_open(const struct window *window, int week_minute)
{
	for (size_t i = 0; i < window->spans.count; i++) {
		const struct window_span *span = &window->spans.items[i];
		for (int day = 0; day < WINDOW_DAYS; day++) {
			if (!(span->days & 1U << day))
				continue;
			int start = day * WINDOW_DAY_MINUTES + span->from_minute;
			if ((week_minute - start + WEEK_MINUTES) % WEEK_MINUTES < span->length_minute)
				return true;
		}
	}
	return false;
}

/* Minutes from week_minute on, the first one included, that are open (or closed); WEEK_MINUTES when all are. */
static int count_minutes(const struct window *window, int week_minute, bool open)
{
	int count = 0;
	while (count < WEEK_MINUTES && is_open(window, (week_minute + count) % WEEK_MINUTES) == open)
		count++;
	return count;
}

static int week_minute_of(int weekday, int64_t day_ms)
{
	assert(weekday >= 0 && weekday < WINDOW_DAYS && day_ms >= 0);
	return (weekday * WINDOW_DAY_MINUTES + (int)(day_ms / MINUTE_MS)) % WEEK_MINUTES;
}

int64_t window_room_ms(const struct window *window, int weekday, int64_t day_ms)
{
	if (window->spans.count == 0)
		return INT64_MAX;
	int minutes = count_minutes(window, week_minute_of(weekday, day_ms), true);
	if (minutes == 0)
		return -1;
	if (minutes == WEEK_MINUTES)
		return INT64_MAX;
	return (int64_t)minutes * MINUTE_MS - day_ms % MINUTE_MS;
}

int64_t window_opens_in_ms(const struct window *window, int weekday, int64_t day_ms)
{
	if (window->spans.count == 0)
		return 0;
	int minutes = count_minutes(window, week_minute_of(weekday, day_ms), false);
	return minutes == 0 ? 0 : (int64_t)minutes * MINUTE_MS - day_ms % MINUTE_MS;
}
