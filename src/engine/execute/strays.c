#include "engine/execute/leader.h"
#include "pg/query.h"

enum { POLL_MS = 200 };

enum status strays_find(struct run *run, struct stray_list *ret_strays, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	struct stray_list found = {0};
	const char *parameters[] = {run->id.text};

	if (session_query(run->live, query_strays, 1, parameters, &rows, err) != OK)
		return err->status;
	for (size_t i = 0; i < rows_count(rows); i++) {
		struct stray *stray = list_add(run->arena, &found);
		stray->pid = (int)rows_int(rows, i, 0);
		stray->application = arena_strdup(run->arena, rows_get(rows, i, 1));
		stray->query = arena_strdup(run->arena, rows_get(rows, i, 2));
		stray->age_ms = rows_int(rows, i, 3);
	}
	*ret_strays = found;
	return OK;
}

enum status strays_wait(struct run *run, int64_t wait_ms, struct stray_list *ret_strays, struct error *err)
{
	int64_t deadline_ms = clock_ms() + wait_ms;
	for (;;) {
		if (strays_find(run, ret_strays, err) != OK)
			return err->status;
		int64_t left_ms = deadline_ms - clock_ms();
		if (ret_strays->count == 0 || left_ms <= 0)
			return OK;
		if (loop_sleep(run->loop, left_ms < POLL_MS ? left_ms : POLL_MS) == LOOP_STOPPED)
			return loop_stop_error(run->loop, err);
	}
}

enum status strays_end(struct run *run, const struct stray_list *strays, int64_t wait_ms, struct error *err)
{
	struct stray_list left = {0};

	for (size_t i = 0; i < strays->count; i++) {
		const char *parameters[] = {arena_printf(run->arena, "%d", strays->items[i].pid),
		                            strays->items[i].application};
		if (session_query(run->live, query_stray_end, 2, parameters, NULL, err) != OK)
			return error_wrap(err, "cannot end process %d of an earlier run", strays->items[i].pid);
	}
	if (strays_wait(run, wait_ms, &left, err) != OK)
		return err->status;
	if (left.count == 0)
		return OK;
	error_set(err, FAIL_NOT_READY, "process %d of an earlier run (%s) is still at work", left.items[0].pid,
	          left.items[0].application);
	return error_hint(err, "Wait until it is gone, then run again: what it does is not a leftover yet.");
}
