/* Gate 5: live is ready now. Everything is asked of the server at this moment; nothing is remembered. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "core/flow/window.h"
#include "engine/execute/leader.h"
#include "engine/execute/trace.h"
#include "engine/gates/gates.h"
#include "engine/watch/disk_space.h"
#include "engine/watch/guard_forecast.h"
#include "pg/query.h"
#include "sys/child.h"

/* A session whose client was killed goes within a moment where the server looks after its clients. */
enum { STRAY_PATIENCE_MS = 3000 };

enum { CONNECTIONS_NEEDED = 5, SPACE_RESERVE_BYTES = 256 * 1024 * 1024 };

enum fact {
	FACT_FREE_CONNECTIONS,
	FACT_FSYNC,
	FACT_FULL_PAGE_WRITES,
	FACT_SYNC_NAMES,
	FACT_SYNC_STANDBYS,
	FACT_DATA_FOLDER,
	FACT_SOCKET,
	FACT_WEEKDAY,
	FACT_DAY_MS,
	FACT_LOCAL_TIME,
	FACT_SEES_ALL,
};

/* What the checks share. */
struct preflight {
	struct run *run;
	struct arena *arena;               /* this gate's: nothing of it is needed after */
	struct evidence *evidence;
	struct trace trace;                /* the rehearsal's */
	struct relation_lock_list locks;   /* what the plan will lock, at its strongest */
	struct window window;
	struct rows *facts;
	int64_t rehearsed_ms, wal_bytes;
};

static struct arena *arena_of(const struct preflight *preflight)
{
	return preflight->arena;
}

static void verdict(struct preflight *preflight, const char *name, bool ok, enum status failure, const char *hint,
                    const char *measured, const char *limit)
{
	run_check_as(preflight->run, preflight->evidence, name, ok, failure, hint, measured, limit);
}

/* The plan blocks somebody when it takes a lock that conflicts with writing. */
static bool plan_blocks(const struct preflight *preflight)
{
	for (size_t i = 0; i < preflight->locks.count; i++)
		if (preflight->locks.items[i].mode > LOCK_SHARE_UPDATE_EXCLUSIVE)
			return true;
	return false;
}

static void check_window(struct preflight *preflight)
{
	const struct settings *settings = preflight->run->settings;
	struct arena *arena = arena_of(preflight);
	const char *now = rows_get(preflight->facts, 0, FACT_LOCAL_TIME);

	if (preflight->window.spans.count == 0) {
		verdict(preflight, "preflight.window", true, OK, NULL, WINDOW_NONE_TEXT, "-");
		return;
	}
	if (settings->window_applies == WINDOW_BLOCKING && !plan_blocks(preflight)) {
		verdict(preflight, "preflight.window", true, OK, NULL,
		        "the plan blocks nobody: the window does not apply",
		        settings->window);
		return;
	}
	int64_t room_ms = window_room_ms(&preflight->window, (int)rows_int(preflight->facts, 0, FACT_WEEKDAY),
	                                 rows_int(preflight->facts, 0, FACT_DAY_MS));
	const char *measured = room_ms < 0 ? arena_printf(arena, "closed now (%s)", now)
	                                   : arena_printf(arena, "open for another %s (now %s)",
	                                                  room_ms == INT64_MAX ? "while without end"
	                                                                       : text_duration(arena, room_ms),
	                                                  now);
	verdict(preflight, "preflight.window", room_ms >= preflight->rehearsed_ms, FAIL_WINDOW,
	        "Run again inside the window, or change `window` in the configuration.", measured,
	        arena_printf(arena, "%s, with %s of room", settings->window,
	                     text_duration(arena, preflight->rehearsed_ms)));
}

static const char *relations_array(struct preflight *preflight)
{
	struct text_list relations = {0};
	for (size_t i = 0; i < preflight->locks.count; i++)
		list_push(arena_of(preflight), &relations, preflight->locks.items[i].relation);
	return quote_array(arena_of(preflight), &relations);
}

static bool conflicts_with_plan(const struct preflight *preflight, const char *relation, enum lock_mode held)
{
	for (size_t i = 0; i < preflight->locks.count; i++)
		if (strcmp(preflight->locks.items[i].relation, relation) == 0)
			return lock_modes_conflict(preflight->locks.items[i].mode, held);
	return false;
}

/* Rows come by session: one that is told for one relation is not told again for the next. */
static bool is_told(const struct rows *rows, size_t row)
{
	return row > 0 && strcmp(rows_get(rows, row, 0), rows_get(rows, row - 1, 0)) == 0;
}

static void check_session(struct preflight *preflight, const struct rows *rows, size_t row)
{
	struct arena *arena = arena_of(preflight);
	const char *relation = rows_get(rows, row, 5);
	enum lock_mode mode = relation ? lock_mode_read(rows_get(rows, row, 6)) : LOCK_NONE;
	const char *who = arena_printf(arena, "process %s (%s, role %s, %s), transaction open for %s",
	                               rows_get(rows, row, 0), rows_get(rows, row, 1), rows_get(rows, row, 2),
	                               rows_get(rows, row, 3), text_duration(arena, rows_int(rows, row, 4)));
	const char *limit =
		arena_printf(arena, "no transaction older than %s",
	                     text_duration(arena, preflight->run->settings->max_transaction_age_ms));

	if (rows_true(rows, row, 7))
		verdict(preflight, "preflight.wraparound", false, FAIL_NOT_READY,
		        "Let the vacuum end: it is not cancelled by a waiting lock.",
		        arena_printf(arena, "a vacuum to prevent wraparound is at work on %s (%s)", relation, who),
		        	"none");
	else if (relation && conflicts_with_plan(preflight, relation, mode))
		verdict(preflight, "preflight.locks", false, FAIL_NOT_READY,
		        arena_printf(arena, "Wait for it, or end it: select pg_terminate_backend(%s);",
		                     rows_get(rows, row, 0)),
		        arena_printf(arena, "%s holds %s on %s", who, lock_mode_name(mode), relation), limit);
	else if (!is_told(rows, row))
		verdict(preflight, "preflight.transactions", false, FAIL_NOT_READY,
		        "Wait for it, or end it: a concurrent build would wait for it, and vacuum cannot clean "
										"behind it.",
		        who, limit);
}

static enum status check_sessions(struct preflight *preflight, struct error *err)
{
	struct arena *arena = arena_of(preflight);
	const char *parameters[] = {
		arena_printf(arena, "%" PRId64, preflight->run->settings->max_transaction_age_ms),
		relations_array(preflight), preflight->run->id.text};
	_cleanup_rows_ struct rows *sessions = NULL, *prepared = NULL;
	size_t before = preflight->evidence->checks.count;

	if (session_query(preflight->run->live, query_preflight_sessions, 3, parameters, &sessions, err) != OK ||
	    session_query(preflight->run->live, query_preflight_prepared, 0, NULL, &prepared, err) != OK)
		return err->status;
	for (size_t i = 0; i < rows_count(sessions); i++)
		check_session(preflight, sessions, i);
	for (size_t i = 0; i < rows_count(prepared); i++)
		verdict(preflight, "preflight.prepared", false, FAIL_NOT_READY,
		        "End it with COMMIT PREPARED or ROLLBACK PREPARED.",
		        arena_printf(arena, "prepared transaction %s of %s has been open for %s", rows_get(prepared,
										                           i, 0),
		                     rows_get(prepared, i, 1), text_duration(arena, rows_int(prepared, i, 2))),
		        "no prepared transaction");
	if (!rows_true(preflight->facts, 0, FACT_SEES_ALL))
		verdict(preflight, "preflight.rights", false, FAIL_USAGE,
		        "Grant pg_monitor (or pg_read_all_stats) to the role.",
		        "this role does not see the transactions of other roles", "every session can be seen");
	if (preflight->evidence->checks.count == before)
		verdict(preflight, "preflight.transactions", true, OK, NULL,
		        "no old transaction, no conflicting lock",
		        arena_printf(arena, "older than %s",
		                     text_duration(arena, preflight->run->settings->max_transaction_age_ms)));
	return OK;
}

static void check_server(struct preflight *preflight)
{
	const struct rows *facts = preflight->facts;
	struct arena *arena = arena_of(preflight);
	int64_t free = rows_int(facts, 0, FACT_FREE_CONNECTIONS);
	const char *names = rows_get(facts, 0, FACT_SYNC_NAMES);

	verdict(preflight, "preflight.connections", free >= CONNECTIONS_NEEDED, FAIL_NOT_READY,
	        "Close idle sessions or raise max_connections.", arena_printf(arena, "%" PRId64 " free", free),
	        arena_printf(arena, "at least %d", CONNECTIONS_NEEDED));
	verdict(preflight, "preflight.fsync", strcmp(rows_get(facts, 0, FACT_FSYNC), "on") == 0, FAIL_GATE,
	        "Set fsync = on: without it a crash loses what was committed.",
	        arena_printf(arena, "fsync = %s", rows_get(facts, 0, FACT_FSYNC)), "fsync = on");
	if (strcmp(rows_get(facts, 0, FACT_FULL_PAGE_WRITES), "on") != 0)
		run_warn(preflight->run, preflight->evidence, "preflight.full_page_writes",
		         "Set full_page_writes = on.",
		         "full_page_writes = off: a crash can tear pages", "-");
	if (*names)
		verdict(preflight, "preflight.standby", rows_int(facts, 0, FACT_SYNC_STANDBYS) > 0, FAIL_NOT_READY,
		        "Bring the synchronous standby back: COMMIT would wait for it.",
		        arena_printf(arena, "%s synchronous standby(s) connected", rows_get(facts, 0,
										            FACT_SYNC_STANDBYS)),
		        arena_printf(arena, "synchronous_standby_names = %s", names));
}

/*
 * The lag is that of the last WAL a standby replayed: one that replays no more keeps it for ever. So each has to get as
 * far as live is now, for which its next report is waited for (wal_receiver_status_interval is 10 s). One that did is
 * no further behind than that took, whatever its last lag was.
 */
static enum status await_replicas(struct preflight *preflight, struct rows **ret_rows, int64_t *ret_waited_ms,
                                  struct error *err)
{
	enum { REPORT_MS = 15000, LOOK_EVERY_MS = 100 };
	struct run *run = preflight->run;
	int64_t limit_ms = run->settings->max_lag_ms;
	int64_t start_ms = clock_ms();
	int64_t deadline_ms = start_ms + (limit_ms > REPORT_MS ? limit_ms : REPORT_MS);
	_cleanup_rows_ struct rows *now = NULL;

	if (session_query(run->live, "select pg_catalog.pg_current_wal_lsn()", 0, NULL, &now, err) != OK)
		return err->status;
	const char *position[] = {rows_get(now, 0, 0)};
	for (;;) {
		struct rows *rows = NULL;
		bool all = true;
		if (session_query(run->live, query_preflight_replicas, 1, position, &rows, err) != OK)
			return err->status;
		for (size_t i = 0; i < rows_count(rows); i++)
			all = all && rows_true(rows, i, 3);
		if (all || clock_ms() >= deadline_ms) {
			*ret_rows = rows;
			*ret_waited_ms = clock_ms() - start_ms;
			return OK;
		}
		rows_close(rows);
		if (loop_sleep(run->loop, LOOK_EVERY_MS) == LOOP_STOPPED)
			return loop_stop_error(run->loop, err);
	}
}

static const char *describe_replica(struct preflight *preflight, const struct rows *rows, size_t row, int64_t lag_ms)
{
	struct arena *arena = arena_of(preflight);
	const char *name = rows_get(rows, row, 0), *state = rows_get(rows, row, 1);

	if (strcmp(state, "not visible") == 0)
		return arena_printf(arena, "standby %s: this role may not see its lag", name);
	if (!rows_true(rows, row, 3))
		return arena_printf(arena, "standby %s (%s) has still not replayed %s of WAL", name, state,
		                    text_bytes(arena, rows_int(rows, row, 4)));
	return arena_printf(arena, "standby %s (%s) is %s behind", name, state, text_duration(arena, lag_ms));
}

static enum status check_replicas(struct preflight *preflight, struct error *err)
{
	struct arena *arena = arena_of(preflight);
	int64_t limit_ms = preflight->run->settings->max_lag_ms;
	const char *limit = arena_printf(arena, "at most %s behind", text_duration(arena, limit_ms));
	_cleanup_rows_ struct rows *rows = NULL;
	int64_t waited_ms = 0;

	if (await_replicas(preflight, &rows, &waited_ms, err) != OK)
		return err->status;
	if (rows_count(rows) == 0)
		verdict(preflight, "preflight.lag", true, OK, NULL, "no standby is connected", limit);
	for (size_t i = 0; i < rows_count(rows); i++) {
		bool visible = strcmp(rows_get(rows, i, 1), "not visible") != 0;
		int64_t reported_ms = rows_int(rows, i, 2), lag_ms = reported_ms < waited_ms ? reported_ms : waited_ms;
		verdict(preflight, "preflight.lag", visible && rows_true(rows, i, 3) && lag_ms <= limit_ms,
		        visible ? FAIL_NOT_READY : FAIL_USAGE,
		        visible ? "Wait until the standby has caught up; if it does not, look whether its replay is paused."
		                : "Grant pg_monitor to the role.",
		        describe_replica(preflight, rows, i, lag_ms), limit);
	}
	return OK;
}

static enum status check_publications(struct preflight *preflight, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	const char *limit = "no publication carries the ledger away";

	if (session_query(preflight->run->live, query_preflight_publications, 0, NULL, &rows, err) != OK)
		return err->status;
	if (rows_count(rows) == 0)
		verdict(preflight, "preflight.publications", true, OK, NULL, "none does", limit);
	for (size_t i = 0; i < rows_count(rows); i++)
		verdict(preflight, "preflight.publications", false, FAIL_GATE,
		        "Create schema pgsluice with the same table on the subscribers, or publish tables by name; "
		        "then waive this check.",
		        arena_printf(arena_of(preflight), "publication %s would replicate pgsluice.ledger",
										rows_get(rows, i, 0)),
		        limit);
	return OK;
}

/* What the configured command printed; -1 with the reason when that says nothing. */
static enum status ask_disk_command(struct preflight *preflight, int64_t *ret_bytes, const char **ret_why,
                                    struct error *err)
{
	enum { ANSWER_MS = 30000 };
	struct arena *arena = arena_of(preflight);
	_cleanup_child_ struct child_result result = {0};
	struct child_options options = {.argv = disk_command_words(arena, preflight->run->settings),
	                                .deadline_ms = clock_ms() + ANSWER_MS};

	if (child_run(preflight->run->loop, &options, &result, err) != OK)
		return error_wrap(err, "disk-command");
	*ret_bytes = disk_command_answer(arena, &result, ret_why);
	return OK;
}

/* Bytes free where the data is: by the configured command, else by looking when the server is on this machine. */
static enum status free_space(struct preflight *preflight, int64_t *ret_bytes, const char **ret_why,
                              struct error *err)
{
	const char *folder = rows_get(preflight->facts, 0, FACT_DATA_FOLDER);

	*ret_bytes = -1;
	*ret_why = "the free space of the server cannot be seen from here";
	if (preflight->run->settings->disk_command.count)
		return ask_disk_command(preflight, ret_bytes, ret_why, err);
	if (folder && rows_true(preflight->facts, 0, FACT_SOCKET))
		*ret_bytes = disk_free_at(folder);
	return OK;
}

static enum status check_disk(struct preflight *preflight, struct error *err)
{
	struct arena *arena = arena_of(preflight);
	int64_t needed = 2 * preflight->wal_bytes + SPACE_RESERVE_BYTES, free = -1;
	const char *why;

	if (!run_checks(preflight->run, preflight->evidence, "preflight.disk"))
		return OK;
	if (free_space(preflight, &free, &why, err) != OK)
		return err->status;
	verdict(preflight, "preflight.disk", free >= needed, free < 0 ? FAIL_GATE : FAIL_NOT_READY,
	        free < 0 ? "Set disk-command to a program that prints the free bytes, or switch the check off with "
	                   "`not-checked.preflight.disk = REASON` in the configuration."
	                 : "Free space on the server first.",
	        free < 0 ? why : text_bytes(arena, free),
	        arena_printf(arena, "at least %s (twice the rehearsed WAL and a reserve)", text_bytes(arena,
									                              needed)));
	return OK;
}

static enum status check_other_runs(struct preflight *preflight, struct error *err)
{
	struct stray_list strays = {0};
	struct arena *arena = arena_of(preflight);

	int64_t patience_ms = preflight->run->settings->wait_leader_ms;
	if (strays_wait(preflight->run, patience_ms > STRAY_PATIENCE_MS ? patience_ms : STRAY_PATIENCE_MS, &strays,
	                err) != OK)
		return err->status;
	if (strays.count == 0)
		verdict(preflight, "preflight.runs", true, OK, NULL, "no other run is at work", "none");
	for (size_t i = 0; i < strays.count; i++)
		verdict(preflight, "preflight.runs", false, FAIL_BUSY,
		        arena_printf(arena, "Wait for it; when its client is gone: select pg_terminate_backend(%d);",
		                     strays.items[i].pid),
		        arena_printf(arena, "process %d (%s) has been at work for %s", strays.items[i].pid,
		                     strays.items[i].application, text_duration(arena, strays.items[i].age_ms)),
		        "none");
	return OK;
}

/* It would be pulled back as soon as somebody is there who waits: no reason not to try. */
static void check_forecast(struct preflight *preflight)
{
	struct run *run = preflight->run;
	struct text_list lines = {0};

	guard_forecast(run->arena, run->settings, &run->plan, &preflight->trace, &run->live_schema, &lines);
	for (size_t i = 0; i < lines.count; i++)
		run_warn(run, preflight->evidence, "preflight.guard", GUARD_FORECAST_HINT, lines.items[i], "-");
}

static enum status prepare(struct preflight *preflight, struct error *err)
{
	const struct evidence *rehearsal = &preflight->run->evidence[GATE_REHEARSAL];
	const char *window = preflight->run->settings->window;

	if (trace_read(arena_of(preflight), json_get(rehearsal->data, "trace"), &preflight->trace, err) != OK ||
	    window_read(arena_of(preflight), window ? window : "", &preflight->window, err) != OK)
		return err->status;
	trace_locks(arena_of(preflight), &preflight->trace, &preflight->locks);
	for (size_t m = 0; m < preflight->trace.migrations.count; m++) {
		const struct migration_trace *migration = &preflight->trace.migrations.items[m];
		preflight->rehearsed_ms += migration->duration_ms;
		for (size_t s = 0; s < migration->steps.count; s++)
			for (size_t t = 0; t < migration->steps.items[s].statements.count; t++)
				if (migration->steps.items[s].statements.items[t].wal_bytes > 0)
					preflight->wal_bytes +=
						migration->steps.items[s].statements.items[t].wal_bytes;
	}
	const char *parameters[] = {preflight->window.zone ? preflight->window.zone : "UTC"};
	return session_query(preflight->run->live, query_preflight_facts, 1, parameters, &preflight->facts, err);
}

enum status gate_preflight(struct run *run, struct evidence *evidence, struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct preflight preflight = {.run = run, .arena = arena, .evidence = evidence};

	enum status status = prepare(&preflight, err);
	if (status == OK) {
		check_window(&preflight);
		check_server(&preflight);
		check_forecast(&preflight);
		status = check_other_runs(&preflight, err);
	}
	if (status == OK)
		status = check_sessions(&preflight, err);
	if (status == OK)
		status = check_replicas(&preflight, err);
	if (status == OK)
		status = check_publications(&preflight, err);
	if (status == OK)
		status = check_disk(&preflight, err);
	rows_close(preflight.facts);
	return status;
}
