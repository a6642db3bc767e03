/* `check`: every migration on an empty server, forward, twice, back, and a fresh install beside them. */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/screen.h"
#include "engine/trial/trial.h"
#include "sys/clock.h"
#include "sys/file.h"

static const char *const OUTCOMES[] = {
	[TRIAL_GOOD] = "good", [TRIAL_FOUND] = "findings", [TRIAL_HELD] = "held", [TRIAL_NOT_REACHED] = "not_reached"};

static const enum tone TONES[] = {
	[TRIAL_GOOD] = TONE_GOOD, [TRIAL_FOUND] = TONE_BAD, [TRIAL_HELD] = TONE_CAUTION, [TRIAL_NOT_REACHED] = TONE_BAD};

/* The file for fresh installs, where a project keeps one: beside the migrations' folder. */
static const char *find_init(struct arena *arena, const char *folder)
{
	static const char *const PLACES[] = {"../share/init.sql", "../init.sql"};
	for (size_t i = 0; i < sizeof(PLACES) / sizeof(*PLACES); i++) {
		const char *path = path_join(arena, folder, PLACES[i]);
		if (file_exists(path))
			return path;
	}
	return NULL;
}

static void print_row(void *context, const struct trial_row *row)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct screen *screen = context;

	screen_line(screen, screen->out, TONES[row->outcome], OUTCOMES[row->outcome], " %s_%s%s%s", row->migration->version,
	            row->migration->name, row->reason ? ": " : ", ",
	            row->reason ? row->reason : text_duration(scratch, row->duration_ms));
}

static void print_findings(struct screen *screen, const struct trial *trial)
{
	for (size_t i = 0; i < trial->findings.count; i++) {
		const struct trial_finding *finding = &trial->findings.items[i];
		_cleanup_strbuf_ struct strbuf place = {0};
		if (finding->file)
			strbuf_printf(&place, "%s:", finding->file);
		if (finding->file && finding->line)
			strbuf_printf(&place, "%ld:", finding->line);
		const char *allowed = finding->allowed_because;
		screen_line(screen, screen->out, finding->warning ? TONE_CAUTION : TONE_BAD,
		            allowed ? "allowed" : finding->warning ? "warning" : "error", " %s: %s%s%s%s%s", finding->check,
		            strbuf_text(&place), place.length ? " " : "", finding->message, allowed ? ", because " : "",
		            allowed ? allowed : "");
		if (finding->hint && !allowed)
			screen_line(screen, screen->out, TONE_PLAIN, "  hint: ", "%s", finding->hint);
	}
}

static struct json *row_json(struct arena *arena, const struct trial_row *row)
{
	struct json *object = json_new_object();
	json_set_text(object, "version", row->migration->version);
	json_set_text(object, "name", safe_text(arena, row->migration->name));
	json_set_text(object, "outcome", OUTCOMES[row->outcome]);
	json_set_text(object, "reason", safe_text(arena, row->reason));
	json_set_int(object, "duration_ms", row->duration_ms);
	return object;
}

static struct json *finding_json(struct arena *arena, const struct trial_finding *finding)
{
	struct json *object = json_new_object();
	json_set_text(object, "check", finding->check);
	json_set_text(object, "severity", finding->warning ? "warning" : "error");
	json_set_text(object, "version", finding->version);
	json_set_text(object, "file", safe_text(arena, finding->file));
	json_set_int(object, "line", finding->line);
	json_set_text(object, "message", safe_text(arena, finding->message));
	json_set_text(object, "hint", safe_text(arena, finding->hint));
	json_set_text(object, "allowed_because", safe_text(arena, finding->allowed_because));
	return object;
}

static void print_json(struct arena *arena, const struct trial *trial, int64_t duration_ms)
{
	_cleanup_json_ struct json *document = json_new_object();
	_cleanup_strbuf_ struct strbuf text = {0};
	struct json *migrations = json_new_array(), *findings = json_new_array();

	json_set_int(document, "v", 1);
	json_set_text(document, "server_version", trial->server_version);
	json_set_text(document, "init", safe_text(arena, trial->init));
	json_set_int(document, "duration_ms", duration_ms);
	for (size_t i = 0; i < trial->rows.count; i++)
		json_push(migrations, row_json(arena, &trial->rows.items[i]));
	for (size_t i = 0; i < trial->findings.count; i++)
		json_push(findings, finding_json(arena, &trial->findings.items[i]));
	json_set(document, "migrations", migrations);
	json_set(document, "findings", findings);
	json_write(&text, document);
	puts(strbuf_text(&text));
}

static void print_end(struct screen *screen, struct arena *arena, const struct trial *trial, int64_t duration_ms)
{
	print_findings(screen, trial);
	if (!trial->init)
		screen_line(screen, screen->out, TONE_PLAIN, "",
		            "no init.sql beside the migrations: no fresh install to compare");
	screen_line(screen, screen->out, trial->error_count ? TONE_BAD : TONE_GOOD, trial->error_count ? "failed" : "good",
	            ": %zu migration(s) on %s, %zu error(s), %zu warning(s), %s", trial->rows.count, trial->place,
	            trial->error_count, trial->findings.count - trial->error_count, text_duration(arena, duration_ms));
}

static enum status carry_out(struct run *run, bool json, struct error *err)
{
	struct screen screen = screen_standard();
	struct trial trial = {.init = find_init(run->arena, run->settings->migrations),
	                      .tried = json ? NULL : print_row,
	                      .context = &screen};
	int64_t start_ms = clock_ms();

	if (trial_run(run, &trial, err) != OK)
		return err->status;
	if (json)
		print_json(run->arena, &trial, clock_ms() - start_ms);
	else
		print_end(&screen, run->arena, &trial, clock_ms() - start_ms);
	if (!trial.error_count)
		return OK;
	error_set(err, FAIL_REFUSED, "the migrations do not hold: %zu error(s) found", trial.error_count);
	return error_hint(err, "Correct what the findings name, then run `pgsluice check` again.");
}

static enum status run_check_command(struct invocation *invocation, struct error *err)
{
	_cleanup_loop_ struct loop *loop = NULL;

	if (loop_open(&loop, err) != OK)
		return err->status;
	struct run *run = run_open(loop, &invocation->settings, "check");
	enum status status = carry_out(run, strcmp(invocation->options->format, "json") == 0, err);
	run_close(run);
	return status;
}

const struct command command_check = {
	.name = "check",
	.summary = "try every migration on an empty server: forward, twice, back, and a fresh install",
	.options = OPTION_BIT(OPTION_MIGRATIONS) | OPTION_BIT(OPTION_CONFIG) | OPTION_BIT(OPTION_STAGING) |
                   OPTION_BIT(OPTION_FORMAT),
	.run = run_check_command,
};
