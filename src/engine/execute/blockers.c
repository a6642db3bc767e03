#include "engine/execute/blockers.h"

#include "base/strbuf.h"
#include "base/text.h"
#include "core/sql/statement.h"
#include "pg/query.h"

enum { SHOWN = 3 };

/* The columns that both queries begin with. */
enum column {
	COLUMN_PID,
	COLUMN_APPLICATION,
	COLUMN_ROLE,
	COLUMN_FROM,
	COLUMN_STATE,
	COLUMN_AGE_MS,
	COLUMN_RELATION, /* of the one about locks only */
	COLUMN_MODE,
};

static void put_session(struct strbuf *out, struct arena *arena, const struct rows *rows, size_t row)
{
	const char *state = rows_get(rows, row, COLUMN_STATE);

	strbuf_printf(out, "process %s (%s, role %s, from %s, %s, transaction open for %s)",
	              rows_get(rows, row, COLUMN_PID), rows_get(rows, row, COLUMN_APPLICATION),
	              rows_get(rows, row, COLUMN_ROLE), rows_get(rows, row, COLUMN_FROM), state ? state : "-",
	              text_duration(arena, rows_int(rows, row, COLUMN_AGE_MS)));
}

static struct blockers ask(struct session *watch, struct arena *arena, const char *query, int count,
                           const char *const *parameters, bool locks)
{
	_cleanup_error_ struct error ignored = {0};
	_cleanup_rows_ struct rows *rows = NULL;
	_cleanup_strbuf_ struct strbuf text = {0}, processes = {0};

	if (session_query(watch, query, count, parameters, &rows, &ignored) != OK || rows_count(rows) == 0)
		return (struct blockers){0};
	for (size_t i = 0; i < rows_count(rows); i++) {
		strbuf_printf(&processes, "%s%s", i ? ", " : "", rows_get(rows, i, COLUMN_PID));
		if (i >= SHOWN)
			continue;
		strbuf_puts(&text, i ? "; " : "");
		put_session(&text, arena, rows, i);
		if (locks)
			strbuf_printf(&text, " holds %s on %s",
			              lock_mode_name(lock_mode_read(rows_get(rows, i, COLUMN_MODE))),
			              rows_get(rows, i, COLUMN_RELATION));
	}
	return (struct blockers){.processes = arena_strdup(arena, strbuf_text(&processes)),
	                         .text = arena_strdup(arena, strbuf_text(&text))};
}

struct blockers blockers_of(struct session *watch, struct arena *arena, const char *ours, const char *relations)
{
	const char *parameters[] = {ours, relations};
	return ask(watch, arena, query_blockers, 2, parameters, true);
}

struct blockers blockers_named(struct session *watch, struct arena *arena, const char *processes)
{
	const char *parameters[] = {arena_printf(arena, "{%s}", processes)};
	return ask(watch, arena, query_blocker_sessions, 1, parameters, false);
}
