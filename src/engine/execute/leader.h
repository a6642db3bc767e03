/*
 * Leadership over a target: one run at a time, by an advisory lock on a dedicated session that never has a transaction
 * open. Polled, never waited for inside the server: a blocked lock request would stall concurrent builds.
 */
#ifndef ENGINE_LEADER_H
#define ENGINE_LEADER_H

#include "base/error.h"
#include "engine/run.h"

struct leader;

/* Polls for up to wait_ms. FAIL_BUSY names the holder: pid, application, host, age. The caller closes it. */
enum status leader_take(struct run *run, int64_t wait_ms, struct leader **ret_leader,
                        struct error *err) MUST_CHECK;

/*
 * Whether the lock is still ours: pg_locks is asked, but no more than once a second; in between it counts that the
 * lock's session was not closed. FAIL_BUSY when it is not ours, FAIL_UNREACHABLE when its session is lost.
 */
enum status leader_check(struct leader *leader, struct error *err) MUST_CHECK;
void leader_close(struct leader *leader);

/*
 * Who holds the leadership now: "process 812, pgsluice/RUN/leader" in the run's arena, NULL when nobody does. Takes
 * nothing.
 */
enum status leader_find(struct run *run, const char **ret_holder, struct error *err) MUST_CHECK;

/* A live session of an earlier run in this database. */
struct stray {
	int pid;
	const char *application; /* pgsluice/RUN/ROLE */
	const char *query;
	int64_t age_ms;
};
struct stray_list {
	struct stray *items;
	size_t count;
	size_t room;
};
enum status strays_find(struct run *run, struct stray_list *ret_strays, struct error *err) MUST_CHECK;

/* Waits until none is left, for up to wait_ms; those that are left then are in *ret_strays. */
enum status strays_wait(struct run *run, int64_t wait_ms, struct stray_list *ret_strays, struct error *err) MUST_CHECK;

/* Has the server end these sessions and waits until they are gone, for up to wait_ms. Consent is the caller's part. */
enum status strays_end(struct run *run, const struct stray_list *strays, int64_t wait_ms,
                       struct error *err) MUST_CHECK;

#endif
