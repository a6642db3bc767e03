#include "engine/execute/leader.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"
#include "pg/query.h"

/* "pgsluice" in ASCII: one lock per database, for every run of every version. */
static const char KEY[] = "8099569364512629605";

enum { POLL_MS = 200, POLL_JITTER_MS = 100 };

/* The lock lives as long as its session, so between two questions a look at the socket will do. */
enum { ASK_EVERY_MS = 1000 };

struct leader {
	struct session *session;
	int64_t asked_ms;
};

static const char *or_unknown(const char *text)
{
	return text && *text ? text : "unknown";
}

static enum status ask_holder(struct session *session, struct rows **ret_rows, struct error *err)
{
	const char *parameters[] = {KEY};
	return session_query(session, query_leader_holder, 1, parameters, ret_rows, err);
}

static const char *name_holder(struct arena *arena, const struct rows *rows)
{
	return arena_printf(arena, "process %s, %s", rows_get(rows, 0, 0), or_unknown(rows_get(rows, 0, 1)));
}

enum status leader_find(struct run *run, const char **ret_holder, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	if (ask_holder(run->live, &rows, err) != OK)
		return err->status;
	*ret_holder = rows_count(rows) ? name_holder(run->arena, rows) : NULL;
	return OK;
}

static enum status busy(struct session *session, struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_rows_ struct rows *rows = NULL;

	if (ask_holder(session, &rows, err) != OK)
		return err->status;
	if (rows_count(rows) == 0)
		return error_set(err, FAIL_BUSY, "another run held this target until just now");
	error_set(err, FAIL_BUSY, "another run holds this target: %s", name_holder(arena, rows));
	return error_detail(err, "It is user %s, connected from %s, %s.", or_unknown(rows_get(rows, 0, 2)),
	                    or_unknown(rows_get(rows, 0, 3)),
	                    rows_get(rows, 0, 4)
	                            ? arena_printf(arena, "for %s", text_duration(arena, rows_int(rows, 0, 4)))
	                            : "since when is not shown to this role");
}

static enum status try(struct session *session, bool *ret_taken, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	const char *parameters[] = {KEY};
	if (session_query(session, query_leader_try, 1, parameters, &rows, err) != OK)
		return err->status;
	*ret_taken = rows_true(rows, 0, 0);
	return OK;
}

/* Two that wait must not ask in step for ever. */
static int64_t pause_ms(int64_t left_ms)
{
	int64_t pause = POLL_MS + clock_us() % POLL_JITTER_MS;
	return pause < left_ms ? pause : left_ms;
}

static enum status take(struct run *run, struct session *session, int64_t wait_ms, struct error *err)
{
	int64_t deadline_ms = clock_ms() + wait_ms;
	for (;;) {
		bool taken = false;
		if (try(session, &taken, err) != OK)
			return err->status;
		int64_t left_ms = deadline_ms - clock_ms();
		if (taken)
			return OK;
		if (left_ms <= 0)
			return busy(session, err);
		if (loop_sleep(run->loop, pause_ms(left_ms)) == LOOP_STOPPED)
			return loop_stop_error(run->loop, err);
	}
}

enum status leader_take(struct run *run, int64_t wait_ms, struct leader **ret_leader, struct error *err)
{
	struct session_options options = run_session_options(run, "leader");
	struct session *session = NULL;

	if (session_open(run->loop, &options, &session, err) != OK)
		return err->status;
	if (take(run, session, wait_ms, err) != OK) {
		session_close(session);
		return err->status;
	}
	*ret_leader = memory_new(sizeof(**ret_leader));
	(*ret_leader)->session = session;
	return OK;
}

enum status leader_check(struct leader *leader, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	const char *parameters[] = {KEY};

	if (clock_ms() - leader->asked_ms < ASK_EVERY_MS && session_connected(leader->session))
		return OK;
	if (session_query(leader->session, query_leader_check, 1, parameters, &rows, err) != OK) {
		if (err->status == FAIL_UNREACHABLE)
			error_wrap(err, "leadership of this target was lost");
		return err->status;
	}
	leader->asked_ms = clock_ms();
	if (rows_true(rows, 0, 0))
		return OK;
	error_set(err, FAIL_BUSY, "leadership of this target was lost: its lock is not held any more");
	return error_hint(err, "Start again: what is committed stays, and the new run goes on from there.");
}

void leader_close(struct leader *leader)
{
	if (!leader)
		return;
	session_close(leader->session);
	memory_free(leader);
}
