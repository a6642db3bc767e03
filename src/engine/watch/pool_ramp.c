#include "engine/watch/pool_ramp.h"

#include <string.h>

#include "engine/queries/canary_clone.h"
#include "engine/queries/explain_place.h"
#include "pg/query.h"
#include "sys/machine.h"

/* How often a step is tried that the server has no sessions for, and how long it is let alone before. */
enum { TRIES = 3, AGAIN_MS = 500 };

/* ---- where ---- */

static enum status refuse_unconfirmed(const char *database, const char *confirmed, struct error *err)
{
	if (confirmed && strcmp(confirmed, database) == 0)
		return OK;
	if (confirmed)
		error_set(err, FAIL_USAGE, "--confirm names \"%s\", and the database is \"%s\"", confirmed, database);
	else
		error_set(err, FAIL_USAGE, "a ramp takes all that live can give, which needs --confirm DATABASE");
	return error_hint(err, "Add --confirm %s to measure there; or measure the restored copy with --on copy.",
	                  database);
}

static void note_cores(struct pool_place *place, const struct session *session)
{
	place->cores = session_socket_folder(session) ? machine_cores() : 0;
}

enum status pool_place_live(struct loop *loop, struct arena *arena, const struct settings *settings,
                            const char *confirmed, struct pool_place *ret_place, struct error *err)
{
	_cleanup_session_ struct session *session = NULL;
	_cleanup_rows_ struct rows *rows = NULL;
	struct pool_place place = {.session = {.conninfo = settings->conninfo,
	                                       .role_word = "pool",
	                                       .set_role = settings->role}};

	if (explain_session_on_live(loop, settings, NULL, &session, err) != OK ||
	    refuse_unconfirmed(session_database(session), confirmed, err) != OK ||
	    session_query(session, query_pool_room, 0, NULL, &rows, err) != OK)
		return err->status;
	place.place = arena_strdup(arena, session_place(session));
	place.connections_left = rows_int(rows, 0, 0);
	note_cores(&place, session);
	*ret_place = place;
	return OK;
}

/* What was restored a moment ago has no visibility map, and no index alone would do: the tables that are read. */
static enum status bring_up_to_date(struct session *session, struct arena *arena, struct canary_clone *clone,
                                    const struct smoke_query_list *queries, struct error *err)
{
	struct text_list plans = {0};

	for (size_t i = 0; i < queries->count; i++) {
		const struct smoke_query *query = &queries->items[i];
		const struct explain_options options = {.sql = query->sql, .parameters = &query->parameters};
		_cleanup_error_ struct error refused = {0};
		const char *text = NULL;
		/* One that cannot be planned fails in the ramp, too, which tells why. */
		if (explain_query(session, arena, &options, &text, &refused) == OK)
			list_push(arena, &plans, text);
	}
	return canary_clone_vacuum(clone, &plans, err);
}

enum status pool_place_copy(struct run *run, struct arena *arena, const struct smoke_query_list *queries,
                            struct pool_place *ret_place, struct error *err)
{
	_cleanup_session_ struct session *session = NULL;
	/* Of the copy's server, which says nothing of live's. */
	struct pool_place place = {.connections_left = -1};

	if (explain_session_on_copy(run, &session, err) != OK)
		return err->status;
	/* No copy can be cloned while it is read. */
	session_close(session);
	session = NULL;
	if (canary_clone_open(run, &place.clone, err) != OK)
		return err->status;
	place.session = canary_clone_options(place.clone);
	if (session_open(run->loop, &place.session, &session, err) != OK ||
	    bring_up_to_date(session, arena, place.clone, queries, err) != OK) {
		canary_clone_close(place.clone);
		return err->status;
	}
	place.place = arena_strdup(arena, session_place(session));
	note_cores(&place, session);
	*ret_place = place;
	return OK;
}

void pool_place_close(struct pool_place *place)
{
	canary_clone_close(place->clone);
	place->clone = NULL;
}

/* ---- the ramp ---- */

static struct ramp_step step_of(const struct smoke_result *result)
{
	const struct smoke_figures *total = &result->total;
	size_t over = 0;

	for (size_t i = 0; i < result->count; i++)
		over += !smoke_in_budget(&result->queries[i]);
	return (struct ramp_step){
		.sessions = result->sessions,
		.done = total->done,
		.failed = total->failed,
		.lost = result->lost,
		.throughput = result->throughput,
		.p50_us = histogram_percentile(&total->latency, 0.50),
		.p95_us = histogram_percentile(&total->latency, 0.95),
		.p99_us = histogram_percentile(&total->latency, 0.99),
		.over = over,
	};
}

/* Too many connections. */
static bool is_full(const struct error *err)
{
	return strncmp(err->sqlstate, "53", 2) == 0;
}

/* Sessions of the step before may not have gone yet when those of the next one come. */
static enum status run_step(struct loop *loop, struct arena *arena, const struct pool_place *place,
                            const struct pool_ramp_options *options, const struct smoke_query_list *queries,
                            size_t sessions, struct smoke_result *ret_result, struct error *err)
{
	const struct smoke_options smoke = {.session = place->session,
	                                    .concurrency = sessions,
	                                    .duration_ms = options->step_ms,
	                                    .timeout_ms = options->timeout_ms};

	for (int tries = 1;; tries++) {
		enum status status = smoke_run(loop, arena, &smoke, queries, ret_result, err);
		if (status == OK || !is_full(err) || tries == TRIES)
			return status;
		error_clear(err);
		if (loop_sleep(loop, AGAIN_MS) == LOOP_STOPPED)
			return loop_stop_error(loop, err);
	}
}

/* What the first ones would read from the disk is in the caches of the others: no step is the first one. */
static enum status warm_up(struct loop *loop, const struct pool_place *place, const struct pool_ramp_options *options,
                           const struct smoke_query_list *queries, struct error *err)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct smoke_result ignored;

	return run_step(loop, scratch, place, options, queries, 1, &ignored, err);
}

enum status pool_ramp_run(struct loop *loop, struct arena *arena, const struct pool_place *place,
                          const struct pool_ramp_options *options, const struct smoke_query_list *queries,
                          struct ramp_step_list *steps, const char **ret_ended, struct error *err)
{
	size_t sessions;

	*ret_ended = NULL;
	if (warm_up(loop, place, options, queries, err) != OK)
		return err->status;
	while ((sessions = ramp_next(steps, options->most)) > 0) {
		_cleanup_arena_ struct arena *scratch = arena_open();
		struct smoke_result result;
		if (run_step(loop, scratch, place, options, queries, sessions, &result, err) != OK) {
			if (!steps->count || !is_full(err))
				return err->status;
			*ret_ended = arena_printf(arena, "%zu sessions were refused: %s", sessions, err->message);
			error_clear(err);
			return OK;
		}
		list_push(arena, steps, step_of(&result));
		if (options->told)
			options->told(options->context, &steps->items[steps->count - 1]);
	}
	return OK;
}
