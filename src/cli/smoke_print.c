#include "cli/smoke_print.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

enum { NAME_COLUMNS = 20, BAR_COLUMNS = 30 };

static const double SHARES[] = {0.5, 0.9, 0.95, 0.99, 1};

enum { SHARE_COUNT = sizeof(SHARES) / sizeof(*SHARES) };

/* The first characters that fit into a column, and blanks up to its end. */
static const char *column(struct arena *arena, const char *text, size_t columns)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	const char *safe = safe_text(arena, text);
	size_t used = 0;
	uint32_t code;

	for (size_t length = strlen(safe); used < columns && length; used++) {
		size_t bytes = text_decode(safe, length, &code);
		bytes = bytes ? bytes : 1;
		strbuf_add(&out, safe, bytes);
		safe += bytes;
		length -= bytes;
	}
	for (; used < columns; used++)
		strbuf_putc(&out, ' ');
	return arena_strdup(arena, strbuf_text(&out));
}

static void print_figures(struct screen *screen, const char *name, const struct smoke_figures *figures)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	_cleanup_strbuf_ struct strbuf line = {0};

	for (size_t i = 0; i < SHARE_COUNT; i++)
		strbuf_printf(&line, " %8s",
		              figures->latency.count
		                      ? text_latency(scratch, histogram_percentile(&figures->latency, SHARES[i]))
		                      : "-");
	screen_line(screen, screen->out, smoke_in_budget(figures) && !figures->failed ? TONE_PLAIN : TONE_BAD,
	            column(scratch, name, NAME_COLUMNS), " %10" PRId64 "%s", figures->done, strbuf_text(&line));
}

static void print_problems(struct screen *screen, const struct smoke_figures *figures)
{
	_cleanup_arena_ struct arena *scratch = arena_open();

	for (size_t i = 0; i < figures->errors.count; i++) {
		const struct smoke_errors *errors = &figures->errors.items[i];
		screen_line(screen, screen->out, TONE_BAD, "failed", " %s: %" PRId64 " time(s)%s%s: %s", figures->name,
		            errors->count, *errors->sqlstate ? ", SQLSTATE " : "", errors->sqlstate, errors->message);
	}
	if (!smoke_in_budget(figures))
		screen_line(screen, screen->out, TONE_BAD, "over budget", " %s: p95 is %s, and its budget is %s",
		            figures->name, text_latency(scratch, histogram_percentile(&figures->latency, 0.95)),
		            text_duration(scratch, figures->budget_ms));
}

static void print_row(struct screen *screen, const struct histogram_row *row, int64_t most, int64_t all)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	int marks = (int)((double)row->count * BAR_COLUMNS / (double)most);

	/* What is there is seen, however little of the whole it is. */
	if (row->count && !marks)
		marks = 1;
	screen_line(screen, screen->out, TONE_PLAIN, "", "%8s to %8s |%-*.*s| %5.1f %% %10" PRId64,
	            text_latency(scratch, row->low_us), text_latency(scratch, row->high_us), BAR_COLUMNS, marks,
	            "##############################", (double)row->count * 100 / (double)all, row->count);
}

static void print_histogram(struct screen *screen, const struct histogram *histogram)
{
	struct histogram_row rows[HISTOGRAM_ROWS];
	size_t count = histogram_rows(histogram, rows);
	int64_t most = 1;

	for (size_t i = 0; i < count; i++)
		most = rows[i].count > most ? rows[i].count : most;
	for (size_t i = 0; i < count; i++)
		print_row(screen, &rows[i], most, histogram->count);
}

static void print_how(struct screen *screen, const struct smoke_result *result)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	const char *how = result->rate > 0 ? arena_printf(scratch, "%g queries a second were due", result->rate)
	                                   : "each asks again when it is answered";

	screen_line(screen, screen->out, TONE_PLAIN, "", "%s: %zu session(s), %s", result->place ? result->place : "-",
	            result->sessions, how);
	screen_line(screen, screen->out, TONE_HEADING, "query                      done      p50      p90      p95"
	                                               "      p99      max", "%s", "");
}

void smoke_print_text(struct screen *screen, const struct smoke_result *result)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	const struct smoke_figures *total = &result->total;

	print_how(screen, result);
	for (size_t i = 0; i < result->count; i++)
		print_figures(screen, result->queries[i].name, &result->queries[i]);
	if (result->count > 1)
		print_figures(screen, "all", total);
	print_histogram(screen, &total->latency);
	screen_line(screen, screen->out, TONE_PLAIN, "", "%.1f queries a second for %s, mean %s", result->throughput,
	            text_duration(scratch, result->elapsed_us / 1000),
	            text_latency(scratch, (int64_t)histogram_mean(&total->latency)));
	if (total->service.count)
		screen_line(screen, screen->out, TONE_PLAIN, "", "p99 is %s from when a query was due, %s from when a "
		            "session was free to send it",
		            text_latency(scratch, histogram_percentile(&total->latency, 0.99)),
		            text_latency(scratch, histogram_percentile(&total->service, 0.99)));
	for (size_t i = 0; i < result->count; i++)
		print_problems(screen, &result->queries[i]);
	if (total->omitted)
		screen_line(screen, screen->out, TONE_BAD, "omitted", " %" PRId64 " queries were due and not sent before "
		            "the end; they count with the time that they waited", total->omitted);
	if (result->lost || result->refused)
		screen_line(screen, screen->out, TONE_BAD, "lost", " %" PRId64 " session(s) on the way; %" PRId64
		            " attempt(s) to open one anew were refused; the last word was: %s", result->lost,
		            result->refused, result->refusal);
}

void smoke_print_json(const struct smoke_result *result)
{
	_cleanup_json_ struct json *document = json_new_object();
	_cleanup_strbuf_ struct strbuf text = {0}, rate = {0}, throughput = {0};
	struct json *queries = json_new_array();

	strbuf_printf(&rate, "%.3f", result->rate);
	strbuf_printf(&throughput, "%.3f", result->throughput);
	json_set_int(document, "v", 1);
	json_set_text(document, "place", result->place);
	json_set_int(document, "sessions", (int64_t)result->sessions);
	json_set(document, "rate", result->rate > 0 ? json_new_real(strbuf_text(&rate)) : json_new_text(NULL));
	json_set_int(document, "elapsed_ms", result->elapsed_us / 1000);
	json_set(document, "throughput", json_new_real(strbuf_text(&throughput)));
	json_set_int(document, "lost", result->lost);
	json_set_int(document, "refused", result->refused);
	json_set_text(document, "refusal", result->refusal);
	for (size_t i = 0; i < result->count; i++)
		json_push(queries, smoke_figures_json(&result->queries[i]));
	json_set(document, "queries", queries);
	json_set(document, "total", smoke_figures_json(&result->total));
	json_write_safe(&text, document);
	fwrite(strbuf_text(&text), 1, text.length, stdout);
	putchar('\n');
}
