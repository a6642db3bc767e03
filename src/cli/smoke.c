/* `smoke`: how long queries take, asked by many sessions at once; the canaries unless told otherwise. */
#include "cli/commands.h"

#include <string.h>

#include "base/text.h"
#include "cli/query_mix.h"
#include "cli/smoke_print.h"
#include "engine/watch/smoke.h"

enum { DURATION_MS = 10000 };

static const int64_t LONGEST_MS = INT64_C(7) * 86400000;

static void tell(void *context, int64_t elapsed_ms, int64_t done, int64_t failed)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct screen *screen = context;

	screen_progress(screen, "%s: %lld done, %lld failed", text_duration(scratch, elapsed_ms), (long long)done,
	                (long long)failed);
}

/* The first thing that is wrong, as the error that the program ends with. */
static enum status judge(struct arena *arena, const struct smoke_result *result, struct error *err)
{
	const struct smoke_figures *total = &result->total;
	size_t over = 0;

	for (size_t i = 0; i < result->count; i++)
		over += !smoke_in_budget(&result->queries[i]);
	if (total->failed) {
		error_set(err, FAIL_GATE, "%lld of %lld queries failed", (long long)total->failed,
		          (long long)(total->failed + total->done));
		error_detail(err, "The first: %s", total->errors.items[0].message);
		return error_hint(err, "Look for them in the server's log.");
	}
	if (result->lost) {
		error_set(err, FAIL_GATE, "%lld session(s) were lost on the way", (long long)result->lost);
		return error_hint(err, "Look into the server's log for who ended them.");
	}
	if (!over)
		return OK;
	for (size_t i = 0; i < result->count; i++) {
		const struct smoke_figures *figures = &result->queries[i];
		if (smoke_in_budget(figures))
			continue;
		error_set(err, FAIL_GATE, "%zu of %zu queries over budget: p95 of \"%s\" is %s, and may be %s", over,
		          result->count, safe_text(arena, figures->name),
		          text_latency(arena, histogram_percentile(&figures->latency, 0.95)),
		          text_duration(arena, figures->budget_ms));
		break;
	}
	return error_hint(err, "Look at the query's plan, and at what else the server does.");
}

static enum status measure(struct invocation *invocation, struct loop *loop, struct error *err)
{
	const struct options *options = invocation->options;
	bool json = strcmp(options->format, "json") == 0;
	struct screen screen = screen_standard();
	struct smoke_query_list queries = {0};
	struct smoke_result result;

	if (options->timeout_ms > LONGEST_MS || options->duration_ms > LONGEST_MS) {
		error_set(err, FAIL_USAGE, "--%s: more than 7d", options->timeout_ms > LONGEST_MS ? "timeout" : "duration");
		return error_hint(err, "Give a shorter time.");
	}
	if (query_mix_read(invocation, &screen, &queries, err) != OK)
		return err->status;
	struct smoke_options smoke = {
		.session = {.conninfo = invocation->settings.conninfo,
		            .role_word = "smoke",
		            .set_role = invocation->settings.role},
		.concurrency = (size_t)options->concurrency,
		.duration_ms = options->duration_ms || options->count ? options->duration_ms : DURATION_MS,
		.count = options->count,
		.rate = options->rate,
		.timeout_ms = options->timeout_ms,
		.progress = json ? NULL : tell,
		.context = &screen,
	};
	enum status status = smoke_run(loop, invocation->arena, &smoke, &queries, &result, err);
	screen_settle(&screen);
	/* What was measured up to a stop, or to the end of the server, is told. */
	if (status != OK && !result.total.latency.count && !result.total.failed)
		return status;
	if (json)
		smoke_print_json(&result);
	else
		smoke_print_text(&screen, &result);
	if (status == FAIL_INTERRUPTED || status == FAIL_TERMINATED)
		error_hint(err, "What was measured up to then is shown.");
	return status != OK ? status : judge(invocation->arena, &result, err);
}

static enum status run_smoke(struct invocation *invocation, struct error *err)
{
	_cleanup_loop_ struct loop *loop = NULL;

	if (loop_open(&loop, err) != OK)
		return err->status;
	return measure(invocation, loop, err);
}

const struct command command_smoke = {
	.name = "smoke",
	.summary = "measure how long queries take, asked by many sessions at once",
	.operands = "[canaries | QUERY ...]",
	.operands_max = 1000,
	.options = OPTION_BIT(OPTION_DATABASE) | OPTION_BIT(OPTION_MIGRATIONS) | OPTION_BIT(OPTION_CONFIG) |
                   OPTION_BIT(OPTION_FORMAT) | OPTION_BIT(OPTION_FILE) | OPTION_BIT(OPTION_CONCURRENCY) |
                   OPTION_BIT(OPTION_DURATION) | OPTION_BIT(OPTION_COUNT) | OPTION_BIT(OPTION_RATE) |
                   OPTION_BIT(OPTION_TIMEOUT) | OPTION_BIT(OPTION_BUDGET),
	.run = run_smoke,
};
