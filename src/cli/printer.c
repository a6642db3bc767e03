#include "cli/printer.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "cli/local_time.h"
#include "core/flow/gate.h"
#include "sys/clock.h"

/* How often a line of progress is printed where no line can be updated. */
enum { SAMPLE_EVERY_MS = 30000, APPROVE_DIGITS = 12, PENDING_SHOWN = 20 };

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
static bool is_planned(const struct json *migration)
{
	const char *state = text_at(migration, "state");
	return strcmp(state, "partial") == 0 || (strcmp(state, "pending") == 0 && !has_text(migration, "reason"));
}

static size_t count_planned(const struct json *migrations)
{
	size_t count = 0;
	for (size_t i = 0; i < json_count(migrations); i++)
		count += is_planned(json_at(migrations, i));
	return count;
}

/* The document is that of the way forward: what a rollback undoes is what is applied above its goal. */
static size_t count_above(const struct json *migrations, const char *goal)
{
	size_t count = 0;
	for (size_t i = 0; i < json_count(migrations); i++)
		count += strcmp(text_at(json_at(migrations, i), "state"), "applied") == 0 &&
		         version_compare(text_at(json_at(migrations, i), "version"), goal) > 0;
	return count;
}

/* What later lines need: which plan it is, what its migrations are called. */
static void keep_plan(struct printer *printer, const struct json *fields)
{
	const struct json *migrations = json_get(fields, "migrations");
	const char *id = text_at(fields, "plan_id");

	if (strcmp(text_at(fields, "command"), "rollback") == 0 && printer->options)
		printer->goal = printer->options->to;
	if (*id && strlen(id) < sizeof(printer->plan_id))
		memcpy(printer->plan_id, id, strlen(id) + 1);
	if (!migrations)
		return;
	printer->pending = printer->goal ? count_above(migrations, printer->goal) : count_planned(migrations);
	for (size_t i = 0; i < json_count(migrations); i++) {
		const struct json *migration = json_at(migrations, i);
		*list_add(printer->arena, &printer->migrations) = (struct printed_migration){
			.version = arena_strdup(printer->arena, text_at(migration, "version")),
			.name = arena_strdup(printer->arena, text_at(migration, "name"))};
	}
}

/* Steps come in order: the search goes on where the last one ended. */
static const char *name_of(struct printer *printer, const char *version)
{
	size_t count = printer->migrations.count;
	for (size_t i = 0; i < count; i++) {
		const struct printed_migration *migration = &printer->migrations.items[(printer->at + i) % count];
		if (strcmp(migration->version, version) != 0)
			continue;
		printer->at = (printer->at + i) % count;
		return migration->name;
	}
	return "";
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

/* "005 document_indexes: 5 steps, not atomic" */
static void print_migration(struct printer *printer, const struct json *migration, bool reasons)
{
	struct screen *screen = &printer->screen;
	const char *state = text_at(migration, "state");
	size_t steps = json_count(json_get(migration, "steps"));
	bool planned = is_planned(migration);
	const char *more = "";

	if (reasons && has_text(migration, "reason"))
		more = arena_printf(printer->arena, ": %s", text_at(migration, "reason"));
	else if (planned && steps > 1)
		more = arena_printf(printer->arena, ": %zu steps, not atomic", steps);
	else if (planned && strcmp(text_at(migration, "transaction"), "none") == 0)
		more = ": not in a transaction";
	screen_line(screen, screen->out, planned ? TONE_PLAIN : TONE_CAUTION, state, " %s %s%s",
	            text_at(migration, "version"), text_at(migration, "name"), more);
}

/* Why one is held is said by the gate that looks, and where nothing is pending no gate does. */
static void print_plan(struct printer *printer, const struct json *fields)
{
	const struct json *migrations = json_get(fields, "migrations");
	size_t pending = count_planned(migrations), shown = 0;

	screen_line(&printer->screen, printer->screen.out, TONE_PLAIN, "", "plan id %s", text_at(fields, "plan_id"));
	if (printer->goal) {
		screen_line(&printer->screen, printer->screen.out, TONE_PLAIN, "",
		            "a rollback to %s: %zu to undo, the newest first", printer->goal, printer->pending);
		return;
	}
	screen_line(&printer->screen, printer->screen.out, TONE_PLAIN, "", "%zu pending, %zu held", pending,
	            count_state(migrations, "held"));
	for (size_t i = 0; i < json_count(migrations); i++) {
		const struct json *migration = json_at(migrations, i);
		if (strcmp(text_at(migration, "state"), "applied") == 0)
			continue;
		if (is_planned(migration) && shown++ >= PENDING_SHOWN)
			continue;
		print_migration(printer, migration, pending == 0 || !is_planned(migration));
	}
	if (shown > PENDING_SHOWN)
		screen_line(&printer->screen, printer->screen.out, TONE_PLAIN, "",
		            "and %zu more pending: `pgsluice plan` lists them", shown - PENDING_SHOWN);
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

static void draw(struct printer *printer)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	if (!printer->screen.terminal)
		return;
	activity_text(&text, &printer->activity, printer->clock_ms());
	if (text.length)
		screen_progress(&printer->screen, "%s", strbuf_text(&text));
}

static void begin_gate(struct printer *printer, const char *name)
{
	struct screen *screen = &printer->screen;
	enum gate gate;

	printer->gate = gate_find(name, &gate) ? (int)gate : -1;
	printer->refused = printer->failed = false;
	printer->last_check = printer->last_hint = printer->refusal = NULL;
	printer->migrations_done = printer->statements_done = 0;
	printer->told_ms = printer->clock_ms();
	activity_begin(&printer->activity, name, printer->told_ms);
	if (screen->terminal)
		screen_line(screen, screen->out, TONE_HEADING, name, "%s", "");
	else
		screen_line(screen, screen->out, TONE_PLAIN, "running", " %s", name);
	draw(printer);
}

/* What a failed check said is not said again. */
static void print_gate(struct printer *printer, const struct json *fields)
{
	struct screen *screen = &printer->screen;
	const char *state = text_at(fields, "state"), *until = text_at(fields, "valid_until");
	bool told = printer->refused && strcmp(state, "failed") == 0;

	if (strcmp(state, "running") == 0) {
		begin_gate(printer, text_at(fields, "gate"));
		return;
	}
	screen_line(screen, screen->out, tone_of(state), state, " %s%s%s%s%s", text_at(fields, "gate"),
	            *until ? ", valid until " : "", *until ? local_time_text(printer->arena, until) : "",
	            has_text(fields, "reason") && !told ? ": " : "", told ? "" : text_at(fields, "reason"));
	if (has_text(fields, "hint") && !told)
		screen_line(screen, screen->out, TONE_PLAIN, "  hint: ", "%s", text_at(fields, "hint"));
	printer->failed = told;
	printer->gate = -1;
	activity_clear(&printer->activity);
}

/* On a terminal the gate's name stands above, and a check with several lines is named once. */
static const char *check_name(struct printer *printer, const char *check, bool refused)
{
	const char *dot = strchr(check, '.');
	bool again = printer->last_check && strcmp(printer->last_check, check) == 0;

	printer->last_check = arena_strdup(printer->arena, check);
	if (!printer->screen.terminal || refused)
		return check;
	return again ? NULL : dot ? dot + 1 : check;
}

static void print_refusal_hint(struct printer *printer, const char *hint)
{
	struct screen *screen = &printer->screen;
	if (!*hint || (printer->last_hint && strcmp(printer->last_hint, hint) == 0))
		return;
	printer->last_hint = arena_strdup(printer->arena, hint);
	if (screen->terminal)
		screen_entry(screen, TONE_PLAIN, "", "", "%s", hint);
	else
		screen_line(screen, screen->out, TONE_PLAIN, "    hint: ", "%s", hint);
}

/* What is asked again under leadership belongs to another gate: told only when it does not hold. */
static void print_evidence(struct printer *printer, const struct json *fields)
{
	struct screen *screen = &printer->screen;
	const char *check = text_at(fields, "check"), *measured = text_at(fields, "measured");
	const char *limit = text_at(fields, "limit");
	bool waived = has_text(fields, "waived"), ok = json_get_bool(fields, "ok") && !waived;
	bool warning = json_get_bool(fields, "warning") && !waived;
	enum gate gate;

	if (ok && gate_find(text_at(fields, "gate"), &gate) && printer->gate != (int)gate)
		return;
	const char *name = check_name(printer, check, !ok && !warning);
	if (ok) {
		screen_entry(screen, TONE_GOOD, name ? "ok" : "", name ? name : "", "%s", measured);
	} else if (warning) {
		screen_entry(screen, TONE_CAUTION, name ? "note" : "", name ? name : "", "%s", measured);
	} else if (waived) {
		screen_entry(screen, TONE_BAD, "waived", name, "%s (%s)", measured, text_at(fields, "waived"));
	} else {
		bool limited = *limit && strcmp(limit, "-") != 0;
		screen_entry(screen, TONE_BAD, "not ok", name, "%s%s%s%s", measured, limited ? " (limit: " : "",
		             limited ? limit : "", limited ? ")" : "");
		print_refusal_hint(printer, text_at(fields, "hint"));
		printer->refused = true;
		printer->refusal = arena_strdup(printer->arena, measured);
	}
	draw(printer);
}

static void put_place(struct strbuf *out, const struct json *fields)
{
	const char *file = text_at(fields, "file");

	strbuf_printf(out, "%s step %" PRId64, text_at(fields, "version"), json_get_int(fields, "step"));
	if (json_has(fields, "statement"))
		strbuf_printf(out, " statement %" PRId64, json_get_int(fields, "statement"));
	if (*file && json_has(fields, "line"))
		strbuf_printf(out, " (%s:%" PRId64 ")", file, json_get_int(fields, "line"));
	else if (*file)
		strbuf_printf(out, " (%s)", file);
}

/* "3 of 8, 007 constraints_validate step 1, line 12" */
static void show_step(struct printer *printer, const struct json *fields)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *version = text_at(fields, "version");

	strbuf_printf(&text, "%zu of %zu: %s %s", printer->migrations_done + 1, printer->pending, version,
	              name_of(printer, version));
	if (json_get_int(fields, "step") > 1)
		strbuf_printf(&text, " step %" PRId64, json_get_int(fields, "step"));
	if (json_has(fields, "line"))
		strbuf_printf(&text, ", line %" PRId64, json_get_int(fields, "line"));
	activity_step(&printer->activity, strbuf_text(&text));
	draw(printer);
}

/* The whole migration is done. */
static void print_done(struct printer *printer, const struct json *fields)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct screen *screen = &printer->screen;
	const char *version = text_at(fields, "version");
	bool live = printer->gate >= 0 && gate_get((enum gate)printer->gate)->writes_to_live;

	strbuf_printf(&text, "%s: %s%s", name_of(printer, version), live ? "committed, " : "ran, ",
	              text_duration(printer->arena, json_get_int(fields, "duration_ms")));
	if (printer->statements_done != 1)
		strbuf_printf(&text, ", %zu statements", printer->statements_done);
	screen_entry(screen, TONE_GOOD, "ok", version, "%s", strbuf_text(&text));
	printer->migrations_done++;
	printer->statements_done = 0;
	printer->last_check = NULL;
}

static void print_step(struct printer *printer, const struct json *fields)
{
	_cleanup_strbuf_ struct strbuf place = {0};
	struct screen *screen = &printer->screen;

	if (has_text(fields, "error")) {
		put_place(&place, fields);
		screen_line(screen, screen->out, TONE_BAD, "  failed", " %s: %s", strbuf_text(&place),
		            text_at(fields, "error"));
	} else if (strcmp(text_at(fields, "phase"), "end") != 0) {
		show_step(printer, fields);
	} else if (json_has(fields, "statement")) {
		printer->statements_done++;
	} else {
		print_done(printer, fields);
	}
}

void printer_tick(struct printer *printer)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct screen *screen = &printer->screen;
	int64_t now_ms = printer->clock_ms();

	if (screen->terminal) {
		draw(printer);
		return;
	}
	if (printer->json || now_ms - printer->told_ms < SAMPLE_EVERY_MS)
		return;
	activity_text(&text, &printer->activity, now_ms);
	printer->told_ms = now_ms;
	if (text.length)
		screen_line(screen, screen->out, TONE_PLAIN, "  ", "%s", strbuf_text(&text));
}

static void print_sample(struct printer *printer, const struct json *fields)
{
	activity_sample(&printer->activity, text_at(fields, "sampler"), json_get(fields, "values"), printer->clock_ms());
	printer_tick(printer);
}

static void print_log(struct printer *printer, const struct json *fields)
{
	struct screen *screen = &printer->screen;
	const char *level = text_at(fields, "level");
	bool warning = strcmp(level, "warning") == 0;

	if (strcmp(level, "debug") == 0)
		return;
	if (screen->one_terminal && screen->terminal && printer->gate >= 0 && !printer->json) {
		screen_entry(screen, warning ? TONE_CAUTION : TONE_PLAIN, warning ? "note" : "", level, "%s",
		             text_at(fields, "message"));
		printer->last_check = NULL;
		return;
	}
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

/* The error only repeats what made the gate fail. */
static bool is_told(const struct printer *printer, const struct json *fields)
{
	const char *message = text_at(fields, "message");
	bool names_gate = strncmp(message, "gate ", strlen("gate ")) == 0;
	bool repeats = printer->refusal && strcmp(message, printer->refusal) == 0;
	return printer->failed && !has_text(fields, "detail") && (names_gate || repeats);
}

/* Where log and output are one terminal, the failed check that is the reason stands just above. */
static void print_failure(struct printer *printer, const struct json *fields)
{
	if (printer->screen.one_terminal && !printer->json && is_told(printer, fields))
		return;
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
	bool terminal = stream == stderr && screen_standard().log_terminal;
	struct screen screen = {.out = stream, .log = stream, .terminal = terminal, .log_terminal = terminal};
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
	/* Of a plan that another id was given for nothing is known yet: it is not the next thing to consent to it. */
	if (!options->approve || strncasecmp(options->approve, printer->plan_id, strlen(options->approve)) == 0)
		memcpy(digits, printer->plan_id, APPROVE_DIGITS);
	options_again(&line, options, approve ? digits : NULL);
	screen_command(&printer->screen, stream, "next: ", strbuf_text(&line));
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
		screen_command(screen, screen->out, "report: ", text_at(fields, "report"));
	print_next(printer, screen->out, exit_code);
}

/* " signal terminate process 34 (reader, ...)": what it was that was asked for, but for its name. */
static void put_asked(const struct json *fields, struct strbuf *out)
{
	if (has_text(fields, "gate"))
		strbuf_printf(out, " %s", text_at(fields, "gate"));
	if (has_text(fields, "action"))
		strbuf_printf(out, " %s", text_at(fields, "action"));
	if (has_text(fields, "session"))
		strbuf_printf(out, " %s", text_at(fields, "session"));
	else if (has_text(fields, "action"))
		strbuf_printf(out, " process %" PRId64, json_get_int(fields, "backend_pid"));
}

/* "asked: approve by alice (process 12): refused: ..." */
static void print_request(struct printer *printer, const struct json *fields)
{
	struct screen *screen = &printer->screen;
	bool refused = has_text(fields, "refused"), unknown = has_text(fields, "unknown");
	_cleanup_strbuf_ struct strbuf asked = {0};

	put_asked(fields, &asked);
	screen_line(screen, screen->log, refused || unknown ? TONE_CAUTION : TONE_PLAIN, "asked",
	            ": %s%s by %s (process %" PRId64 ")%s%s", text_at(fields, "request"), strbuf_text(&asked),
	            text_at(fields, "user"), json_get_int(fields, "pid"),
	            refused ? "; refused: " : unknown ? "; unknown: " : "",
	            text_at(fields, unknown ? "unknown" : "refused"));
}

static void (*const PRINTERS[EVENT_TYPE_COUNT])(struct printer *printer, const struct json *fields) = {
	[EVENT_RUN] = print_run,       [EVENT_PLAN] = print_plan,   [EVENT_GATE] = print_gate,
	[EVENT_EVIDENCE] = print_evidence, [EVENT_STEP] = print_step, [EVENT_SAMPLE] = print_sample,
	[EVENT_LOG] = print_log,       [EVENT_ERROR] = print_failure, [EVENT_END] = print_end,
	[EVENT_REQUEST] = print_request,
};

static void take_event(void *context, enum event_type type, const char *line, const struct json *fields)
{
	struct printer *printer = context;
	if (type == EVENT_RUN || type == EVENT_PLAN)
		keep_plan(printer, fields);
	if (printer->json) {
		fprintf(printer->screen.out, "%s\n", line);
		fflush(printer->screen.out);
		if (type != EVENT_LOG && type != EVENT_ERROR && type != EVENT_END)
			return;
	}
	if (printer->mute)
		return;
	if (PRINTERS[type])
		PRINTERS[type](printer, fields);
}

void printer_init(struct printer *printer, const struct screen *screen, bool json, const struct options *options)
{
	*printer = (struct printer){
		.screen = *screen, .json = json, .options = options, .clock_ms = clock_ms, .arena = arena_open(), .gate = -1};
	printer->screen.terminal = screen->terminal && !json;
	printer->sink = (struct sink){.event = take_event, .context = printer};
}

void printer_clear(struct printer *printer)
{
	if (printer->arena)
		screen_settle(&printer->screen);
	activity_clear(&printer->activity);
	arena_close(printer->arena);
	printer->arena = NULL;
}
