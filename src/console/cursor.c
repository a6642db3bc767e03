#include "console/cursor.h"

/* How far an action moves; false when it is no movement. */
static bool distance(const struct cursor *cursor, size_t count, enum action action, long *ret_by)
{
	long page = cursor->rows > 1 ? cursor->rows - 1 : 1;

	switch ((int)action) {
	case ACTION_UP:
		*ret_by = -1;
		return true;
	case ACTION_DOWN:
		*ret_by = 1;
		return true;
	case ACTION_PAGE_UP:
		*ret_by = -page;
		return true;
	case ACTION_PAGE_DOWN:
		*ret_by = page;
		return true;
	case ACTION_HALF_UP:
		*ret_by = -(page + 1) / 2;
		return true;
	case ACTION_HALF_DOWN:
		*ret_by = (page + 1) / 2;
		return true;
	case ACTION_FIRST:
		*ret_by = -(long)count;
		return true;
	case ACTION_LAST:
		*ret_by = (long)count;
		return true;
	default:
		return false;
	}
}

static size_t moved(size_t from, long by, size_t last)
{
	if (by < 0)
		return from > (size_t)-by ? from - (size_t)-by : 0;
	return last - (from < last ? from : last) > (size_t)by ? from + (size_t)by : last;
}

bool cursor_move(struct cursor *cursor, size_t count, enum action action)
{
	long by = 0;

	if (!distance(cursor, count, action, &by))
		return false;
	cursor->at = moved(cursor->at, by, count ? count - 1 : 0);
	return true;
}

void cursor_keep(struct cursor *cursor, size_t count, int rows)
{
	size_t room = rows > 0 ? (size_t)rows : 1;

	cursor->rows = rows;
	if (cursor->at >= count)
		cursor->at = count ? count - 1 : 0;
	if (cursor->top > cursor->at)
		cursor->top = cursor->at;
	if (cursor->at - cursor->top >= room)
		cursor->top = cursor->at - room + 1;
	if (cursor->top + room > count)
		cursor->top = count > room ? count - room : 0;
}

bool cursor_scroll(struct cursor *cursor, size_t count, enum action action)
{
	size_t room = cursor->rows > 0 ? (size_t)cursor->rows : 1;
	long by = 0;

	if (!distance(cursor, count, action, &by))
		return false;
	cursor->top = moved(cursor->top, by, count > room ? count - room : 0);
	return true;
}
