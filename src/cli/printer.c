#include "cli/printer.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "sys/clock.h"

/* How often a line of progress is printed where no line can be updated. */
enum { SAMPLE_EVERY_MS = 30000, APPROVE_DIGITS = 12 };

static const char *text_at(const struct json *fields, const char *key)
{
	const char *text = json_get_text(fields, key);
	return text ? text : "";
}

static bool has_text(const struct json *fields, const char *key)
{
	return *text_at(fields, key) != '\0';
}

static size_t count_state(const struct json *migrations, const char *state)
{
	size_t count = 0;
	for (size_t i = 0; i < json_count(migrations); i++)
		count += strcmp(text_at(json_at(migrations, i), "state"), state) == 0;
	return count;
}

/* What the plan will do: what is pending, but for what --until leaves out, and what is half-way. */
static size_t count_planned(const struct json *migrations)
{
	size_t count = count_state(migrations, "partial");
	for (size_t i = 0; i < json_count(migrations); i++) {
		const struct json *migration = json_at(migrations, i);
		count += strcmp(text_at(migration, "state"), "pending") == 0 && !has_text(migration, "reason");
	}
	return count;
}

/* What the last line needs: which plan it is, and whether it has anything to do. */
static void keep_plan(struct printer *printer, const struct json *fields)
{
	const char *id = text_at(fields, "plan_id");
	if (*id && strlen(id) < sizeof(printer->plan_id))
		memcpy(printer->plan_id, id, strlen(id) + 1);
	if (json_has(fields, "migrations"))
		printer->pending = count_planned(json_get(fields, "migrations"));
}

static void print_run(struct printer *printer, const struct json *fields)
{
	const struct json *target = json_get(fields, "target");
	struct screen *screen = &printer->screen;
	screen_line(screen, screen->out, TONE_PLAIN, "", "pgsluice %s: %s on database %s%s%s%s",
	            text_at(fields, "tool_version"), text_at(fields, "command"), text_at(target, "database"),
	            has_text(fields, "environment") ? " (" : "", text_at(fields, "environment"),
	            has_text(fields, "environment") ? ")" : "");
	screen_line(screen, screen->out, TONE_PLAIN, "", "target: system %s, timeline %s, database oid %s%s%s",
	            text_at(target, "system_identifier"), text_at(target, "timeline"), text_at(target, "database_oid"),
	            has_text(target, "server_version") ? ", server " : "", text_at(target, "server_version"));
}

static void print_migration(struct printer *printer, const struct json *migration)
{
	struct screen *screen = &printer->screen;
	const char *state = text_at(migration, "state");
	size_t steps = json_count(json_get(migration, "steps"));
	if (strcmp(state, "applied") == 0)
		return;
	if (strcmp(state, "pending") != 0 || has_text(migration, "reason"))
		screen_line(screen, screen->out, TONE_CAUTION, state, " %s %s", text_at(migration, "version"),
		            text_at(migration, "name"));
	else
		screen_line(screen, screen->out, TONE_PLAIN, state, " %s %s (%s, %zu step%s)",
		            text_at(migration, "version"), text_at(migration, "name"),
		            text_at(migration, "transaction"), steps, steps == 1 ? "" : "s");
}

static void print_plan(struct printer *printer, const struct json *fields)
{
	const struct json *migrations = json_get(fields, "migrations");
	size_t pending = count_planned(migrations), held = count_state(migrations, "held");
	screen_line(&printer->screen, printer->screen.out, TONE_PLAIN, "", "plan %s: %zu pending, %zu held",
	            text_at(fields, "plan_id"), pending, held);
	for (size_t i = 0; i < json_count(migrations); i++)
		print_migration(printer, json_at(migrations, i));
}

static enum tone tone_of(const char *state)
{
	static const struct {
		const char *state;
		enum tone tone;
	} TONES[] = {{"passed", TONE_GOOD}, {"failed", TONE_BAD}, {"waived", TONE_BAD}, {"stale", TONE_CAUTION}};
	for (size_t i = 0; i < sizeof(TONES) / sizeof(TONES[0]); i++)
		if (strcmp(TONES[i].state, state) == 0)
			return TONES[i].tone;
	return TONE_PLAIN;
}

static void print_gate(struct printer *printer, const struct json *fields)
{
	struct screen *screen = &printer->screen;
	const char *state = text_at(fields, "state");
	if (screen->terminal && strcmp(state, "running") == 0) {
		screen_progress(screen, "%s: running", text_at(fields, "gate"));
		return;
	}
	screen_line(screen, screen->out, tone_of(state), state, " %s%s%s%s%s", text_at(fields, "gate"),
	            has_text(fields, "valid_until") ? ", valid until " : "", text_at(fields, "valid_until"),
	            has_text(fields, "reason") ? ": " : "", text_at(fields, "reason"));
	if (has_text(fields, "hint"))
		screen_line(screen, screen->out, TONE_PLAIN, "  hint: ", "%s", text_at(fields, "hint"));
}

static void print_evidence(struct printer *printer, const struct json *fields)
{
	struct screen *screen = &printer->screen;
	const char *check = text_at(fields, "check"), *measured = text_at(fields, "measured");

	if (json_get_bool(fields, "ok"))
		screen_line(screen, screen->out, TONE_PLAIN, "  ok", " %s: %s", check, measured);
	else if (json_get_bool(fields, "warning"))
		screen_line(screen, screen->out, TONE_CAUTION, "  note", " %s: %s", check, measured);
	else if (has_text(fields, "waived"))
		screen_line(screen, screen->out, TONE_BAD, "  waived", " %s: %s (%s)", check, measured,
		            text_at(fields, "waived"));
	else
		screen_line(screen, screen->out, TONE_BAD, "  not ok", " %s: %s (limit: %s)", check, measured,
		            text_at(fields, "limit"));
}

static void put_place(struct strbuf *out, const struct json *fields)
{
	strbuf_printf(out, "%s step %" PRId64, text_at(fields, "version"), json_get_int(fields, "step"));
	if (json_has(fields, "statement"))
		strbuf_printf(out, " statement %" PRId64, json_get_int(fields, "statement"));
	if (has_text(fields, "file"))
		strbuf_printf(out, " (%s", text_at(fields, "file"));
	if (has_text(fields, "file") && json_has(fields, "line"))
		strbuf_printf(out, ":%" PRId64, json_get_int(fields, "line"));
	if (has_text(fields, "file"))
		strbuf_putc(out, ')');
}

static void print_step(struct printer *printer, const struct json *fields)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	_cleanup_strbuf_ struct strbuf text = {0};
	struct screen *screen = &printer->screen;
	const struct json *locks = json_get(fields, "locks");

	put_place(&text, fields);
	if (strcmp(text_at(fields, "phase"), "end") != 0 && !has_text(fields, "error")) {
		screen_progress(screen, "%s", strbuf_text(&text));
		return;
	}
	if (json_has(fields, "duration_ms"))
		strbuf_printf(&text, ": %s", text_duration(scratch, json_get_int(fields, "duration_ms")));
	for (size_t i = 0; i < json_count(locks); i++)
		strbuf_printf(&text, ", %s on %s", text_at(json_at(locks, i), "mode"),
		              text_at(json_at(locks, i), "relation"));
	if (has_text(fields, "error"))
		screen_line(screen, screen->out, TONE_BAD, "  failed", " %s: %s", strbuf_text(&text),
		            text_at(fields, "error"));
	else
		screen_line(screen, screen->out, TONE_PLAIN, "  done", " %s", strbuf_text(&text));
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);
	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* "done_bytes" and "left_ms" are shown with units of their own. */
static bool put_value(const char *key, const struct json *value, void *out)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct strbuf *text = out;
	bool bytes = ends_with(key, "_bytes"), duration = ends_with(key, "_ms");
	size_t suffix = bytes ? strlen("_bytes") : duration ? strlen("_ms") : 0;
	_cleanup_strbuf_ struct strbuf raw = {0};

	strbuf_puts(text, text->length ? ", " : "");
	for (size_t i = 0; i < strlen(key) - suffix; i++)
		strbuf_putc(text, key[i] == '_' ? ' ' : key[i]);
	strbuf_putc(text, ' ');
	if (json_kind(value) == JSON_KIND_INT && suffix) {
		int64_t number = json_int(value);
		strbuf_puts(text, bytes ? text_bytes(scratch, number) : text_duration(scratch, number));
	} else if (json_kind(value) == JSON_KIND_TEXT) {
		strbuf_puts(text, json_text(value));
	} else {
		json_write(&raw, value);
		strbuf_puts(text, strbuf_text(&raw));
	}
	return true;
}

static void print_sample(struct printer *printer, const struct json *fields)
{
	_cleanup_strbuf_ struct strbuf values = {0};
	struct screen *screen = &printer->screen;
	int64_t now_ms = printer->clock_ms();

	if (!screen->terminal && printer->sampled_ms && now_ms - printer->sampled_ms < SAMPLE_EVERY_MS)
		return;
	json_each(json_get(fields, "values"), put_value, &values);
	if (screen->terminal) {
		screen_progress(screen, "%s: %s", text_at(fields, "sampler"), strbuf_text(&values));
		return;
	}
	printer->sampled_ms = now_ms;
	screen_line(screen, screen->out, TONE_PLAIN, "  ", "%s: %s", text_at(fields, "sampler"), strbuf_text(&values));
}

static void print_log(struct printer *printer, const struct json *fields)
{
	struct screen *screen = &printer->screen;
	if (strcmp(text_at(fields, "level"), "debug") == 0)
		return;
	screen_line(screen, screen->log, TONE_PLAIN, "pgsluice: ", "%s: %s", text_at(fields, "level"),
	            text_at(fields, "message"));
}

/* What one error says, from its event or from the error itself: the same lines. */
struct saying {
	const char *file, *message, *sqlstate, *detail, *hint;
	int64_t line, column;
};

static void say_error(struct screen *screen, const struct saying *saying)
{
	_cleanup_strbuf_ struct strbuf place = {0};
	if (saying->file && *saying->file) {
		strbuf_puts(&place, saying->file);
		if (saying->line)
			strbuf_printf(&place, ":%" PRId64, saying->line);
		if (saying->line && saying->column)
			strbuf_printf(&place, ":%" PRId64, saying->column);
		strbuf_puts(&place, ": ");
	}
	bool has_state = saying->sqlstate && *saying->sqlstate;
	screen_line(screen, screen->log, TONE_PLAIN, "pgsluice: error: ", "%s%s%s%s%s", strbuf_text(&place),
	            saying->message, has_state ? " [" : "", has_state ? saying->sqlstate : "", has_state ? "]" : "");
	if (saying->detail && *saying->detail)
		screen_line(screen, screen->log, TONE_PLAIN, "detail: ", "%s", saying->detail);
	if (saying->hint && *saying->hint)
		screen_line(screen, screen->log, TONE_PLAIN, "hint: ", "%s", saying->hint);
}

static void print_failure(struct printer *printer, const struct json *fields)
{
	struct saying saying = {
		.file = json_get_text(fields, "file"),
		.message = text_at(fields, "message"),
		.sqlstate = json_get_text(fields, "sqlstate"),
		.detail = json_get_text(fields, "detail"),
		.hint = json_get_text(fields, "hint"),
		.line = json_get_int(fields, "line"),
		.column = json_get_int(fields, "column"),
	};
	say_error(&printer->screen, &saying);
}

void printer_error(FILE *stream, const struct error *err)
{
	struct screen screen = {.out = stream, .log = stream};
	struct saying saying = {
		.file = err->file,
		.message = err->message ? err->message : "unknown error",
		.sqlstate = err->sqlstate,
		.detail = err->detail,
		.hint = error_hint_text(err),
		.line = err->line,
		.column = err->column,
	};
	say_error(&screen, &saying);
}

static bool helps_to_run_again(int64_t exit_code)
{
	static const enum status AGAIN[] = {FAIL_NOT_READY,   FAIL_BUSY,        FAIL_LOCK_BUDGET, FAIL_UNREACHABLE,
	                                    FAIL_WINDOW,      FAIL_IN_DOUBT,    FAIL_INTERRUPTED, FAIL_TERMINATED};
	for (size_t i = 0; i < sizeof(AGAIN) / sizeof(AGAIN[0]); i++)
		if (status_get(AGAIN[i])->exit_code == exit_code)
			return true;
	return false;
}

static void print_next(struct printer *printer, FILE *stream, int64_t exit_code)
{
	_cleanup_strbuf_ struct strbuf line = {0};
	const struct options *options = printer->options;
	bool approve = exit_code == status_get(FAIL_NOT_APPROVED)->exit_code && printer->plan_id[0];
	bool stopped = exit_code == 0 && options && options->stop_before && printer->pending;

	if (!options || !(approve || stopped || helps_to_run_again(exit_code)))
		return;
	char digits[APPROVE_DIGITS + 1] = {0};
	memcpy(digits, printer->plan_id, APPROVE_DIGITS);
	options_again(&line, options, approve ? digits : NULL);
	screen_line(&printer->screen, stream, TONE_PLAIN, "next: ", "%s", strbuf_text(&line));
}

/* The error itself was shown when it happened: the end says what the exit code means. */
static const char *meaning_of(int64_t exit_code)
{
	for (enum status status = OK; status < STATUS_COUNT; status++)
		if (status_get(status)->exit_code == exit_code)
			return status_get(status)->meaning;
	return "";
}

static void print_end(struct printer *printer, const struct json *fields)
{
	struct screen *screen = &printer->screen;
	int64_t exit_code = json_get_int(fields, "exit");
	if (printer->json) {
		print_next(printer, screen->log, exit_code);
		return;
	}
	if (exit_code)
		screen_line(screen, screen->out, TONE_BAD, "stopped", " with exit %" PRId64 ": %s", exit_code,
		            meaning_of(exit_code));
	else
		screen_line(screen, screen->out, TONE_GOOD, "done", "%s", "");
	if (has_text(fields, "report"))
		screen_line(screen, screen->out, TONE_PLAIN, "report: ", "%s", text_at(fields, "report"));
	print_next(printer, screen->out, exit_code);
}

static void (*const PRINTERS[EVENT_TYPE_COUNT])(struct printer *printer, const struct json *fields) = {
	[EVENT_RUN] = print_run,       [EVENT_PLAN] = print_plan,   [EVENT_GATE] = print_gate,
	[EVENT_EVIDENCE] = print_evidence, [EVENT_STEP] = print_step, [EVENT_SAMPLE] = print_sample,
	[EVENT_LOG] = print_log,       [EVENT_ERROR] = print_failure, [EVENT_END] = print_end,
};

static void take_event(void *context, enum event_type type, const char *line, const struct json *fields)
{
	struct printer *printer = context;
	keep_plan(printer, fields);
	if (printer->json) {
		fprintf(printer->screen.out, "%s\n", line);
		fflush(printer->screen.out);
		if (type != EVENT_LOG && type != EVENT_ERROR && type != EVENT_END)
			return;
	}
	PRINTERS[type](printer, fields);
}

void printer_init(struct printer *printer, const struct screen *screen, bool json, const struct options *options)
{
	*printer = (struct printer){.screen = *screen, .json = json, .options = options, .clock_ms = clock_ms};
	printer->screen.terminal = screen->terminal && !json;
	printer->sink = (struct sink){.event = take_event, .context = printer};
}
