/* `pool`: how PgBouncer's pools are used, and how large they should be: a ramp of the canaries on copy or live. */
#include "cli/commands.h"

#include <string.h>

#include "base/text.h"
#include "cli/pool_print.h"
#include "cli/query_mix.h"
#include "engine/watch/pool_ramp.h"
#include "pg/bouncer.h"
#include "sys/clock.h"

enum { LOOK_MS = 10000, STEP_MS = 3000, DURATION_LEAST_MS = 100, SESSIONS_MOST = 64, TICK_MS = 1000 };

static const int64_t LONGEST_MS = INT64_C(86400000);

static enum status check_options(const struct options *options, struct error *err)
{
	bool asks = options->operands.count || options->file || options->confirm || options->concurrency ||
	            options->timeout_ms || options->budget_ms;

	if (!options->bouncer && !options->on) {
		error_set(err, FAIL_USAGE, "there is nothing to measure");
		return error_hint(err, "Give --bouncer CONNINFO to judge PgBouncer's pools, --on copy to find how large they "
		                       "should be, or both.");
	}
	if (asks && !options->on) {
		error_set(err, FAIL_USAGE, "queries are asked in a ramp, which needs --on");
		return error_hint(err, "Add --on copy, or leave out what belongs to a ramp.");
	}
	if (!options->duration_ms || (options->duration_ms >= DURATION_LEAST_MS && options->duration_ms <= LONGEST_MS))
		return OK;
	error_set(err, FAIL_USAGE, "--duration: not between 100ms and 1d");
	return error_hint(err, "Give the time between the two looks, and of each step, as in --duration 30s.");
}

/* ---- PgBouncer ---- */

/* Between the looks. */
static enum status pass(struct loop *loop, struct screen *screen, int64_t until_ms, struct error *err)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	int64_t now_ms;

	while ((now_ms = clock_ms()) < until_ms) {
		int64_t left_ms = until_ms - now_ms;
		screen_progress(screen, "counting; %s left", text_duration(scratch, left_ms));
		if (loop_sleep(loop, left_ms < TICK_MS ? left_ms : TICK_MS) == LOOP_STOPPED)
			return loop_stop_error(loop, err);
	}
	return OK;
}

static enum status look_twice(struct invocation *invocation, struct loop *loop, struct screen *screen,
                              struct pool_report *report, struct error *err)
{
	const struct options *options = invocation->options;
	struct arena *arena = invocation->arena;
	int64_t duration_ms = options->duration_ms ? options->duration_ms : LOOK_MS;
	_cleanup_bouncer_ struct bouncer *bouncer = NULL;
	struct bouncer_look before;

	if (bouncer_open(loop, options->bouncer, &bouncer, err) != OK ||
	    bouncer_take(bouncer, arena, &before, err) != OK ||
	    pass(loop, screen, clock_ms() + duration_ms, err) != OK ||
	    bouncer_take(bouncer, arena, &report->look, err) != OK)
		return err->status;
	report->looked = true;
	report->seconds = (double)(report->look.taken_us - before.taken_us) / 1e6;
	bouncer_judge(arena, &before, &report->look, &report->loads);
	return OK;
}

/* ---- the ramp ---- */

static void tell_step(void *context, const struct ramp_step *step)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct screen *screen = context;

	screen_progress(screen, "%zu session(s): %.0f queries a second, p95 %s", step->sessions, step->throughput,
	                text_latency(scratch, step->p95_us));
}

/* What PgBouncer says of itself enters the advice. */
static struct ramp_facts facts_of(const struct invocation *invocation, const struct pool_place *place,
                                  const struct pool_report *report)
{
	struct ramp_facts facts = {
		.budget_ms = invocation->options->budget_ms ? invocation->options->budget_ms : CANARY_BUDGET_MS,
		.lock_timeout_ms = invocation->settings.lock_timeout_ms,
		.clients = -1,
		.busy = -1,
		.connections_left = place->connections_left,
		.cores = place->cores,
	};

	for (size_t i = 0; i < report->loads.count; i++) {
		const struct bouncer_load *load = &report->loads.items[i];
		facts.pools += (int64_t)load->pools;
		facts.clients = (facts.clients < 0 ? 0 : facts.clients) + load->clients;
		if (load->counted)
			facts.busy = (facts.busy < 0 ? 0 : facts.busy) + load->busy;
		/* They become the new pools'. */
		if (facts.connections_left >= 0)
			facts.connections_left += load->servers;
	}
	return facts;
}

static enum status climb(struct invocation *invocation, struct loop *loop, struct screen *screen,
                         const struct pool_place *place, const struct smoke_query_list *queries,
                         struct pool_report *report, struct error *err)
{
	const struct options *options = invocation->options;
	struct arena *arena = invocation->arena;
	const struct pool_ramp_options ramp = {
		.most = options->concurrency ? (size_t)options->concurrency : SESSIONS_MOST,
		.step_ms = options->duration_ms ? options->duration_ms : STEP_MS,
		.timeout_ms = options->timeout_ms,
		.told = tell_step,
		.context = screen,
	};
	enum status status = pool_ramp_run(loop, arena, place, &ramp, queries, &report->steps, &report->ended, err);

	if (status != OK)
		return status;
	struct ramp_facts facts = facts_of(invocation, place, report);
	report->place = place->place;
	report->on = options->on;
	report->knee = ramp_find(arena, &report->steps);
	ramp_advise(arena, &report->steps, &report->knee, &facts, &report->settings);
	ramp_hints(arena, &report->steps, &report->knee, &facts, &report->hints);
	return OK;
}

static enum status check_queries(struct arena *arena, const struct smoke_query_list *queries, struct error *err)
{
	const char *sql;

	for (size_t i = 0; i < queries->count; i++)
		if (smoke_check(arena, &queries->items[i], false, &sql, err) != OK)
			return err->status;
	return OK;
}

static enum status ramp(struct invocation *invocation, struct loop *loop, struct screen *screen,
                        struct pool_report *report, struct error *err)
{
	const struct options *options = invocation->options;
	struct arena *arena = invocation->arena;
	struct smoke_query_list queries = {0};
	struct pool_place place;

	/* Before a copy is restored for it. */
	if (query_mix_read(invocation, screen, &queries, err) != OK || check_queries(arena, &queries, err) != OK)
		return err->status;
	if (strcmp(options->on, "live") == 0) {
		if (pool_place_live(loop, arena, &invocation->settings, options->confirm, &place, err) != OK)
			return err->status;
		return climb(invocation, loop, screen, &place, &queries, report, err);
	}
	struct run *run = run_open(loop, &invocation->settings, "pool");
	enum status status = pool_place_copy(run, arena, &queries, &place, err);
	if (status == OK) {
		status = climb(invocation, loop, screen, &place, &queries, report, err);
		pool_place_close(&place);
	}
	run_close(run);
	return status;
}

/* ---- the command ---- */

/* The first thing that is bad, as the error that the program ends with. */
static enum status judge(struct arena *arena, const struct pool_report *report, struct error *err)
{
	for (size_t i = 0; i < report->loads.count; i++) {
		const struct bouncer_load *load = &report->loads.items[i];
		if (load->level != BOUNCER_BAD)
			continue;
		error_set(err, FAIL_GATE, "database \"%s\": %s", safe_text(arena, load->database), load->verdict);
		return error_hint(err, "%s", load->advice);
	}
	if (!report->on || report->knee.known)
		return OK;
	error_set(err, FAIL_GATE, "the ramp says nothing: %s", report->knee.text);
	return error_hint(err, "Run the same queries with `pgsluice smoke`, which tells the errors.");
}

static enum status measure(struct invocation *invocation, struct loop *loop, struct screen *screen,
                           struct pool_report *report, struct error *err)
{
	const struct options *options = invocation->options;

	if (options->bouncer && look_twice(invocation, loop, screen, report, err) != OK)
		return err->status;
	return options->on ? ramp(invocation, loop, screen, report, err) : OK;
}

static enum status run_pool(struct invocation *invocation, struct error *err)
{
	_cleanup_loop_ struct loop *loop = NULL;
	struct screen screen = screen_standard();
	bool json = strcmp(invocation->options->format, "json") == 0;
	struct pool_report report = {0};

	screen.terminal = screen.terminal && !json;
	if (check_options(invocation->options, err) != OK || loop_open(&loop, err) != OK)
		return err->status;
	enum status status = measure(invocation, loop, &screen, &report, err);
	screen_settle(&screen);
	if (status != OK)
		return status;
	if (json)
		pool_print_json(&report);
	else
		pool_print_text(&screen, &report);
	return judge(invocation->arena, &report, err);
}

const struct command command_pool = {
	.name = "pool",
	.summary = "judge how PgBouncer's pools are used, and measure how large they should be",
	.operands = "[canaries | QUERY ...]",
	.operands_max = 1000,
	.options = OPTION_BIT(OPTION_BOUNCER) | OPTION_BIT(OPTION_ON) | OPTION_BIT(OPTION_CONFIRM) |
	           OPTION_BIT(OPTION_DATABASE) | OPTION_BIT(OPTION_MIGRATIONS) | OPTION_BIT(OPTION_CONFIG) |
	           OPTION_BIT(OPTION_EVIDENCE) | OPTION_BIT(OPTION_FORMAT) | OPTION_BIT(OPTION_FILE) |
	           OPTION_BIT(OPTION_CONCURRENCY) | OPTION_BIT(OPTION_DURATION) | OPTION_BIT(OPTION_TIMEOUT) |
	           OPTION_BIT(OPTION_BUDGET),
	.run = run_pool,
};
