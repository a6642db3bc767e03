/* `pool`: how PgBouncer's pools are used, from two looks at its console. */
#include "cli/commands.h"

#include <string.h>

#include "base/text.h"
#include "cli/pool_print.h"
#include "pg/bouncer.h"
#include "sys/clock.h"

enum { DURATION_MS = 10000, DURATION_LEAST_MS = 100, TICK_MS = 1000 };

static const int64_t LONGEST_MS = INT64_C(86400000);

static enum status check_options(const struct options *options, struct error *err)
{
	if (!options->bouncer) {
		error_set(err, FAIL_USAGE, "--bouncer is needed: it says where PgBouncer is");
		return error_hint(err, "Write for example --bouncer 'host=localhost port=6432 user=stats'.");
	}
	if (!options->duration_ms || (options->duration_ms >= DURATION_LEAST_MS && options->duration_ms <= LONGEST_MS))
		return OK;
	error_set(err, FAIL_USAGE, "--duration: not between 100ms and 1d");
	return error_hint(err, "Give the time between the two looks, as in --duration 30s.");
}

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
	int64_t duration_ms = options->duration_ms ? options->duration_ms : DURATION_MS;
	_cleanup_bouncer_ struct bouncer *bouncer = NULL;
	struct bouncer_look before;

	if (bouncer_open(loop, options->bouncer, &bouncer, err) != OK ||
	    bouncer_take(bouncer, arena, &before, err) != OK ||
	    pass(loop, screen, clock_ms() + duration_ms, err) != OK ||
	    bouncer_take(bouncer, arena, &report->look, err) != OK)
		return err->status;
	report->seconds = (double)(report->look.taken_us - before.taken_us) / 1e6;
	bouncer_judge(arena, &before, &report->look, &report->loads);
	return OK;
}

/* The first pool that is bad, as the error that the program ends with. */
static enum status judge(struct arena *arena, const struct pool_report *report, struct error *err)
{
	for (size_t i = 0; i < report->loads.count; i++) {
		const struct bouncer_load *load = &report->loads.items[i];
		if (load->level != BOUNCER_BAD)
			continue;
		error_set(err, FAIL_GATE, "database \"%s\": %s", safe_text(arena, load->database), load->verdict);
		return error_hint(err, "%s", load->advice);
	}
	return OK;
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
	enum status status = look_twice(invocation, loop, &screen, &report, err);
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
	.summary = "judge how PgBouncer's pools are used",
	.options = OPTION_BIT(OPTION_BOUNCER) | OPTION_BIT(OPTION_FORMAT) | OPTION_BIT(OPTION_DURATION),
	.run = run_pool,
};
