/* `canaries`: the queries that are watched, and what was last seen of them; and files made of live's own statements. */
#include "cli/commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/screen.h"
#include "core/explain/figure.h"
#include "core/sql/query_print.h"
#include "engine/evidence_store.h"
#include "engine/queries/canaries.h"
#include "engine/queries/canary_verdict.h"
#include "engine/queries/statement_source.h"
#include "sys/clock.h"
#include "sys/file.h"

enum { DATE_LENGTH = sizeof("YYYY-MM-DD") - 1, NAME_PREFIX = sizeof("statement ") - 1 };

struct listing {
	struct invocation *invocation;
	struct run *run;
	struct screen screen;
	struct canary_list canaries; /* of the folder, then of live */
	bool asked;                  /* live answered: the evidence about it was looked for */
	struct evidence plans;       /* of the last look; no data where there is none */
};

static const struct json *last_look(const struct listing *listing, const struct canary *canary)
{
	const struct json *kept = canary_kept(listing->plans.data, canary->name, "after");
	const char *sql = json_get_text(kept, "sql");
	return sql && strcmp(sql, canary->sql) == 0 ? kept : NULL;
}

/* ---- as text ---- */

static const char *origin_text(struct arena *arena, const struct canary *canary)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	if (canary->origin == CANARY_STATEMENTS) {
		strbuf_printf(&text, "of live: %" PRId64 " call(s), %s in all", canary->calls,
		              text_duration(arena, canary->total_ms));
	} else {
		strbuf_printf(&text, "budget %s", text_duration(arena, canary->budget_ms));
		if (canary->frequency > 0)
			strbuf_printf(&text, ", %s a second", figure_count(arena, canary->frequency));
		strbuf_printf(&text, ", %s:%ld", canary->file, canary->line);
	}
	if (canary->generic)
		strbuf_puts(&text, canary->origin == CANARY_FILE ? ", planned and not run: it has no values" : "");
	return arena_strdup(arena, strbuf_text(&text));
}

static const char *look_text(struct arena *arena, const struct listing *listing, const struct canary *canary)
{
	const struct json *look = last_look(listing, canary);
	const char *outcome = json_get_text(look, "outcome"), *reason = json_get_text(look, "reason");

	if (!outcome)
		return canary_kept(listing->plans.data, canary->name, "after") ? "not looked at since it was changed"
		                                                              : "not looked at yet";
	const char *times = json_has(look, "p95_us")
	                            ? arena_printf(arena, "; p95 %s",
	                                           figure_ms(arena, (double)json_get_int(look, "p95_us") / 1000))
	                            : "";
	return arena_printf(arena, "%s %s ago: %s%s", outcome,
	                    text_duration(arena, clock_wall_ms() - listing->plans.taken_ms), reason ? reason : "-", times);
}

static enum tone tone_of(const struct json *look)
{
	const char *outcome = json_get_text(look, "outcome");

	if (!outcome)
		return TONE_PLAIN;
	return strcmp(outcome, "same") == 0 || strcmp(outcome, "better") == 0 || strcmp(outcome, "new") == 0 ? TONE_GOOD
	                                                                                                   : TONE_BAD;
}

static void print_text(struct listing *listing)
{
	struct arena *arena = listing->invocation->arena;
	struct screen *screen = &listing->screen;

	for (size_t i = 0; i < listing->canaries.count; i++) {
		const struct canary *canary = &listing->canaries.items[i];
		screen_line(screen, screen->out, TONE_HEADING, canary->name, ": %s", origin_text(arena, canary));
		if (canary->origin == CANARY_STATEMENTS)
			screen_line(screen, screen->out, TONE_PLAIN, "  query: ", "%s", canary->sql);
		if (listing->asked)
			screen_line(screen, screen->out, tone_of(last_look(listing, canary)), "  last: ", "%s",
			            look_text(arena, listing, canary));
	}
	if (listing->canaries.count == 0)
		screen_line(screen, screen->out, TONE_PLAIN, "", "%s in \"%s\"", CANARY_NONE_TEXT,
		            canaries_folder(arena, listing->invocation->settings.migrations));
}

/* ---- as JSON ---- */

static struct json *last_json(const struct listing *listing, const struct json *look)
{
	static const char *const COPIED[] = {"outcome", "reason", "p95_us", "shape", "verdict", "error"};
	struct json *object = json_new_object();

	for (size_t i = 0; i < sizeof(COPIED) / sizeof(COPIED[0]); i++)
		if (json_has(look, COPIED[i]))
			json_set(object, COPIED[i], json_clone(json_get(look, COPIED[i])));
	json_set_text(object, "taken_at", clock_stamp(listing->plans.taken_ms).text);
	return object;
}

static struct json *canary_json(struct arena *arena, const struct listing *listing, const struct canary *canary)
{
	struct json *object = json_new_object();
	const struct json *look = last_look(listing, canary);
	struct query_print print;

	json_set_text(object, "name", safe_text(arena, canary->name));
	json_set_text(object, "origin", canary->origin == CANARY_FILE ? "file" : "statements");
	if (canary->file) {
		json_set_text(object, "file", safe_text(arena, canary->file));
		json_set_int(object, "line", canary->line);
		json_set_int(object, "budget_ms", canary->budget_ms);
	} else {
		json_set_int(object, "calls", canary->calls);
		json_set_int(object, "total_ms", canary->total_ms);
	}
	if (canary->frequency > 0)
		json_set(object, "per_second", json_new_real(arena_printf(arena, "%.6f", canary->frequency)));
	json_set_bool(object, "runs", canary->origin == CANARY_FILE && !canary->generic);
	json_set_text(object, "sql", safe_text(arena, canary->sql));
	if (query_fingerprint(canary->sql, &print))
		json_set_text(object, "fingerprint", print.hex);
	if (look)
		json_set(object, "last", last_json(listing, look));
	return object;
}

static void print_json(const struct listing *listing)
{
	_cleanup_json_ struct json *document = json_new_object();
	_cleanup_strbuf_ struct strbuf text = {0};
	struct json *array = json_new_array();

	json_set_int(document, "v", 1);
	for (size_t i = 0; i < listing->canaries.count; i++)
		json_push(array, canary_json(listing->invocation->arena, listing, &listing->canaries.items[i]));
	json_set(document, "canaries", array);
	json_write(&text, document);
	puts(strbuf_text(&text));
}

/* ---- files made of live's statements ---- */

static enum status write_one(struct listing *listing, const char *folder, const struct canary *canary,
                             struct error *err)
{
	struct arena *arena = listing->invocation->arena;
	const char *today = clock_stamp(clock_wall_ms()).text;
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *path =
		path_join(arena, folder, arena_printf(arena, "statement_%s.sql", canary->name + NAME_PREFIX));

	strbuf_printf(&text, "-- name: %s\n-- From pg_stat_statements on %.*s: %" PRId64 " call(s), %s in all.\n",
	              canary->name, DATE_LENGTH, today, canary->calls, text_duration(arena, canary->total_ms));
	if (canary->generic)
		strbuf_puts(&text, "-- It is planned only. With values for $1 and so on in a parameters line it is run.\n");
	strbuf_printf(&text, "%s;\n", canary->sql);
	if (file_add(path, strbuf_text(&text), text.length, err) != OK)
		return err->status;
	printf("%s\n", path);
	return OK;
}

static enum status refresh(struct listing *listing, struct error *err)
{
	const char *folder = canaries_folder(listing->invocation->arena, listing->invocation->settings.migrations);
	size_t written = 0;

	for (size_t i = 0; i < listing->canaries.count; i++) {
		if (listing->canaries.items[i].origin != CANARY_STATEMENTS)
			continue;
		if (folder_add(folder, err) != OK || write_one(listing, folder, &listing->canaries.items[i], err) != OK)
			return err->status;
		written++;
	}
	if (!written)
		screen_line(&listing->screen, listing->screen.out, TONE_PLAIN, "", "nothing new among live's statements");
	return OK;
}

/* ---- what there is ---- */

/* Evidence is kept by target, so live must say who it is. */
static enum status ask_live(struct listing *listing, struct error *err)
{
	struct run *run = listing->run;
	const char *why_none = "canary-statements is 0";
	int most = run->settings->canary_statements;
	bool there;

	if (run_read_target(run, err) != OK || evidence_store_look(run, &run->store, err) != OK ||
	    evidence_store_load(run->store, run->arena, GATE_PLANS, &listing->plans, &there, err) != OK ||
	    (most > 0 && statements_add(run->live, listing->invocation->arena, (size_t)most, &listing->canaries, &why_none,
	                                err) != OK))
		return err->status;
	listing->asked = true;
	if (!why_none || !listing->invocation->options->refresh)
		return OK;
	error_set(err, FAIL_USAGE, "live's statements cannot be listed: %s", why_none);
	return error_hint(err, "Load pg_stat_statements on live, create its extension in this database, and grant"
	                       " pg_read_all_stats to the role.");
}

static enum status list(struct listing *listing, struct error *err)
{
	struct run *run = listing->run;
	const struct options *options = listing->invocation->options;

	if (run_read_files(run, err) != OK)
		return err->status;
	for (size_t i = 0; i < run->canaries.count; i++)
		list_push(listing->invocation->arena, &listing->canaries, run->canaries.items[i]);
	if (ask_live(listing, err) != OK) {
		if (options->refresh || err->status != FAIL_UNREACHABLE)
			return err->status;
		screen_line(&listing->screen, listing->screen.log, TONE_CAUTION, "files alone",
		            ": live does not answer, so what was last seen of them is not known");
		error_clear(err);
	}
	if (options->refresh)
		return refresh(listing, err);
	if (strcmp(options->format, "json") == 0)
		print_json(listing);
	else
		print_text(listing);
	return OK;
}

static enum status run_canaries(struct invocation *invocation, struct error *err)
{
	_cleanup_loop_ struct loop *loop = NULL;
	struct listing listing = {.invocation = invocation, .screen = screen_standard()};

	if (loop_open(&loop, err) != OK)
		return err->status;
	listing.run = run_open(loop, &invocation->settings, "batch");
	listing.run->only_looks = true;
	enum status status = list(&listing, err);
	json_close(listing.plans.data);
	run_close(listing.run);
	return status;
}

const struct command command_canaries = {
	.name = "canaries",
	.summary = "show the queries that are watched, or make files of those that take most of live's time",
	.options = OPTION_BIT(OPTION_DATABASE) | OPTION_BIT(OPTION_MIGRATIONS) | OPTION_BIT(OPTION_CONFIG) |
                   OPTION_BIT(OPTION_EVIDENCE) | OPTION_BIT(OPTION_REFRESH) | OPTION_BIT(OPTION_FORMAT),
	.run = run_canaries,
};
