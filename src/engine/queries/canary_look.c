#include "engine/queries/canary_look.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "engine/queries/explain.h"
#include "engine/watch/smoke.h"
#include "sys/clock.h"
#include "sys/loop.h"

enum { WARM_RUNS = 1, FEWEST_RUNS = 3, MOST_RUNS = 5, LONG_MS = 1000 };

struct taken {
	const char *text;
	double execution_ms;
};

static double number_of(const struct json *value)
{
	const char *digits = json_digits(value);
	return digits ? strtod(digits, NULL) : (double)json_int(value);
}

/* What EXPLAIN says it took; the median is taken by it. */
static double execution_ms(const char *text)
{
	_cleanup_json_ struct json *plan = NULL;
	_cleanup_error_ struct error ignored = {0};

	if (json_parse(text, strlen(text), &plan, &ignored) != OK)
		return 0;
	return number_of(json_get(json_at(plan, 0), "Execution Time"));
}

static int by_time(const void *a, const void *b)
{
	double x = ((const struct taken *)a)->execution_ms, y = ((const struct taken *)b)->execution_ms;
	return (x > y) - (x < y);
}

/* What is said about the canary is kept; only what is said about the session is an error of ours. */
static enum status keep(struct session *session, struct arena *arena, int64_t timeout_ms, struct canary_look *look,
                        struct error *err)
{
	if (loop_stop_signal(session_loop(session)) || err->status == FAIL_UNREACHABLE || !session_alive(session))
		return err->status;
	look->stopped = strcmp(err->sqlstate, "57014") == 0;
	look->error = look->stopped ? arena_printf(arena, "it did not end within %s and was stopped",
	                                           text_duration(arena, timeout_ms))
	                            : arena_strdup(arena, err->message);
	look->sqlstate = arena_strdup(arena, err->sqlstate);
	look->plan_text = NULL;
	error_clear(err);
	return OK;
}

/* The first run warms the caches and is not looked at. */
static enum status run_often(struct session *session, struct arena *arena, const struct explain_options *options,
                             const char **ret_text, struct error *err)
{
	struct taken taken[MOST_RUNS];
	int64_t start_ms = clock_ms();
	size_t count = 0;

	for (size_t i = 0; i < WARM_RUNS + MOST_RUNS; i++) {
		const char *text;
		if (explain_query(session, arena, options, &text, err) != OK)
			return err->status;
		if (i < WARM_RUNS)
			continue;
		taken[count++] = (struct taken){.text = text, .execution_ms = execution_ms(text)};
		if (count >= FEWEST_RUNS && clock_ms() - start_ms > LONG_MS)
			break;
	}
	qsort(taken, count, sizeof(*taken), by_time);
	*ret_text = taken[count / 2].text;
	return OK;
}

static enum status explain(struct session *session, struct arena *arena, const struct canary *canary,
                           const struct canary_measure *measure, struct canary_look *look, struct error *err)
{
	const struct explain_options options = {
		.sql = canary->sql,
		.parameters = &canary->parameters,
		.generic = canary->generic,
		.analyze = measure->run && !canary->generic,
		.timeout_ms = measure->timeout_ms,
	};
	return options.analyze ? run_often(session, arena, &options, &look->plan_text, err)
	                       : explain_query(session, arena, &options, &look->plan_text, err);
}

/* One after the other, as one client asks. */
static enum status time_runs(struct session *session, struct arena *arena, const struct canary *canary,
                             const struct canary_measure *measure, struct canary_look *look, struct error *err)
{
	struct smoke_query query = {.name = canary->name, .sql = canary->sql, .parameters = canary->parameters};
	const struct smoke_query_list mix = {.items = &query, .count = 1, .room = 1};
	const struct smoke_options options = {.session = *measure->timed,
	                                      .duration_ms = measure->time_ms,
	                                      .count = measure->repetitions,
	                                      .timeout_ms = measure->timeout_ms};
	struct smoke_result result;

	if (smoke_run(session_loop(session), arena, &options, &mix, &result, err) != OK)
		return err->status;
	const struct smoke_figures *figures = &result.total;
	if (figures->errors.count) {
		error_set(err, FAIL_GATE, "%s", figures->errors.items[0].message);
		return error_sqlstate(err, figures->errors.items[0].sqlstate);
	}
	look->runs = (size_t)figures->done;
	look->p95_us = histogram_percentile(&figures->latency, 0.95);
	return OK;
}

enum status canary_look(struct session *session, struct arena *arena, const struct canary *canary,
                        const struct canary_measure *measure, struct canary_look *ret_look, struct error *err)
{
	struct canary_look look = {.p95_us = -1, .sqlstate = ""};

	enum status status = explain(session, arena, canary, measure, &look, err);
	if (status == OK && measure->timed && !canary->generic)
		status = time_runs(session, arena, canary, measure, &look, err);
	if (status != OK && keep(session, arena, measure->timeout_ms, &look, err) != OK)
		return err->status;
	*ret_look = look;
	return OK;
}
