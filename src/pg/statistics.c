#include "pg/statistics.h"

#include "base/memory.h"
#include "pg/query.h"

struct gathering {
	struct loop *loop;
	const struct session_options *options;
	struct rows *tables;
	size_t next;
	struct session **sessions;
	size_t count;
};

static enum status send_next(struct gathering *gathering, struct session *session, struct error *err)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	const char *table = rows_get(gathering->tables, gathering->next++, 0);
	return session_send(session, arena_printf(scratch, "ANALYZE %s", table), 0, NULL, err);
}

static enum status open_sessions(struct gathering *gathering, size_t workers, struct error *err)
{
	while (gathering->count < workers && gathering->next < rows_count(gathering->tables)) {
		struct session **session = &gathering->sessions[gathering->count];
		if (session_open(gathering->loop, gathering->options, session, err) != OK)
			return err->status;
		gathering->count++;
		if (send_next(gathering, *session, err) != OK)
			return err->status;
	}
	return OK;
}

/* Whoever is done takes the next table, or leaves. */
static enum status analyze(struct gathering *gathering, size_t workers, struct error *err)
{
	if (open_sessions(gathering, workers, err) != OK)
		return err->status;
	while (gathering->count) {
		size_t done = 0;
		bool timeout; /* there is none */
		if (session_wait_any(gathering->loop, gathering->sessions, gathering->count, INT64_MAX, &done, &timeout,
		                     err) != OK ||
		    session_result(gathering->sessions[done], NULL, err) != OK)
			return err->status;
		if (gathering->next < rows_count(gathering->tables)) {
			if (send_next(gathering, gathering->sessions[done], err) != OK)
				return err->status;
			continue;
		}
		session_close(gathering->sessions[done]);
		gathering->sessions[done] = gathering->sessions[--gathering->count];
	}
	return OK;
}

enum status statistics_gather(struct session *session, const struct session_options *options, size_t workers,
                              struct error *err)
{
	_cleanup_rows_ struct rows *tables = NULL;
	if (session_query(session, query_analyzable, 0, NULL, &tables, err) != OK)
		return err->status;
	struct gathering gathering = {
		.loop = session_loop(session),
		.options = options,
		.tables = tables,
		.sessions = memory_new((workers + 1) * sizeof(struct session *)),
	};
	enum status status = analyze(&gathering, workers ? workers : 1, err);
	for (size_t i = 0; i < gathering.count; i++)
		session_close(gathering.sessions[i]);
	memory_free(gathering.sessions);
	return status;
}
