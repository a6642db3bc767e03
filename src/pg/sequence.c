#include "pg/sequence.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "pg/query.h"

/* So many sequences are asked for in one statement. */
enum { SEQUENCES_PER_QUERY = 200 };

__extension__ typedef __int128 wide;

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct sequence *)a)->name, ((const struct sequence *)b)->name);
}

static enum status read_values(struct session *session, struct sequence *items, size_t count, struct error *err)
{
	_cleanup_strbuf_ struct strbuf sql = {0};
	_cleanup_rows_ struct rows *rows = NULL;
	for (size_t i = 0; i < count; i++)
		strbuf_printf(&sql, "%sSELECT %zu, last_value, is_called FROM %s", i ? " UNION ALL " : "", i, items[i].name);
	if (session_query(session, strbuf_text(&sql), 0, NULL, &rows, err) != OK)
		return error_wrap(err, "could not read sequences");
	for (size_t i = 0; i < rows_count(rows); i++) {
		struct sequence *sequence = &items[rows_int(rows, i, 0)];
		sequence->last = rows_int(rows, i, 1);
		sequence->called = rows_true(rows, i, 2);
	}
	return OK;
}

enum status sequences_read(struct session *session, struct arena *arena, struct sequence_list *ret_sequences,
                           struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	_cleanup_strbuf_ struct strbuf denied = {0};
	struct sequence_list list = {0};

	if (session_query(session, query_sequences, 0, NULL, &rows, err) != OK)
		return err->status;
	for (size_t i = 0; i < rows_count(rows); i++) {
		if (!rows_true(rows, i, 3))
			strbuf_printf(&denied, "%s%s", denied.length ? ", " : "", rows_get(rows, i, 0));
		*list_add(arena, &list) = (struct sequence){
			.name = arena_strdup(arena, rows_get(rows, i, 0)),
			.increment = rows_int(rows, i, 1),
			.cycles = rows_true(rows, i, 2),
		};
	}
	if (denied.length) {
		error_set(err, FAIL_USAGE, "role %s may not read sequences: %s", session_user(session), strbuf_text(&denied));
		return error_hint(err, "Use a role with pg_read_all_data, or grant SELECT on these sequences.");
	}
	if (list.count)
		qsort(list.items, list.count, sizeof(*list.items), by_name);
	for (size_t from = 0; from < list.count; from += SEQUENCES_PER_QUERY) {
		size_t count = list.count - from < SEQUENCES_PER_QUERY ? list.count - from : SEQUENCES_PER_QUERY;
		if (read_values(session, list.items + from, count, err) != OK)
			return err->status;
	}
	*ret_sequences = list;
	return OK;
}

static const struct sequence *find(const struct sequence_list *list, const char *name)
{
	struct sequence key = {.name = name};
	return list->count ? bsearch(&key, list->items, list->count, sizeof(key), by_name) : NULL;
}

/* The value it would give next, along the direction in which it counts. */
static wide position(const struct sequence *sequence)
{
	wide next = (wide)sequence->last + (sequence->called ? sequence->increment : 0);
	return sequence->increment < 0 ? -next : next;
}

static bool lies_between(const struct sequence *before, const struct sequence *after, const struct sequence *restored)
{
	wide low = position(before), high = position(after), value = position(restored);
	if (low <= high)
		return low <= value && value <= high;
	/* It went past its end and began anew; without that it was set back meanwhile, and nothing is known. */
	return before->cycles && (value >= low || value <= high);
}

void sequences_compare(struct arena *arena, const struct sequence_list *before, const struct sequence_list *after,
                       const struct sequence_list *restored, struct text_list *ret_differences)
{
	for (size_t i = 0; i < before->count; i++) {
		const struct sequence *first = &before->items[i];
		const struct sequence *last = find(after, first->name), *copy = find(restored, first->name);
		const char *text = NULL;
		if (!last)
			text = arena_printf(arena, "%s: was dropped while the backup ran", first->name);
		else if (!copy)
			text = arena_printf(arena, "%s: is missing", first->name);
		else if (first->increment != copy->increment)
			text = arena_printf(arena, "%s: its increment differs", first->name);
		else if (!lies_between(first, last, copy))
			text = arena_printf(arena, "%s: was restored at %" PRId64 ", live had %" PRId64 " before and %" PRId64
			                    " after", first->name, copy->last, first->last, last->last);
		if (text)
			list_push(arena, ret_differences, text);
	}
	for (size_t i = 0; i < restored->count; i++)
		if (!find(before, restored->items[i].name))
			list_push(arena, ret_differences, arena_printf(arena, "%s: was not there", restored->items[i].name));
}
