/* `explain`: a query plan read, judged and drawn; pasted from anywhere, or asked of live or of its restored copy. */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#include "cli/explain_print.h"
#include "cli/explain_source.h"
#include "cli/screen.h"
#include "engine/explain_place.h"

static void print(const struct options *options, const struct explained *explained)
{
	struct screen screen = screen_standard();
	struct explain_look look = {.glyphs = screen.glyphs, .colour = screen.colour,
	                            .width = screen.terminal ? screen_width(&screen) : 0};
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_json_ struct json *document = NULL;

	if (strcmp(options->format, "json") == 0) {
		document = explain_json(explained);
		json_write(&text, document);
		strbuf_putc(&text, '\n');
	} else if (strcmp(options->format, "dot") == 0) {
		explain_print_dot(&text, explained);
	} else if (strcmp(options->format, "html") == 0) {
		explain_print_html(&text, explained);
	} else {
		explain_print_text(&text, explained, &look);
	}
	fwrite(strbuf_text(&text), 1, text.length, stdout);
}

static void print_diff(const struct options *options, const struct plan_comparison *comparison)
{
	struct screen screen = screen_standard();
	struct explain_look look = {.glyphs = screen.glyphs, .colour = screen.colour,
	                            .width = screen.terminal ? screen_width(&screen) : 0};
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_json_ struct json *document = NULL;

	if (strcmp(options->format, "json") == 0) {
		document = explain_diff_json(comparison);
		json_write(&text, document);
		strbuf_putc(&text, '\n');
	} else if (strcmp(options->format, "dot") == 0) {
		explain_print_dot_diff(&text, comparison);
	} else if (strcmp(options->format, "html") == 0) {
		explain_print_html_diff(&text, comparison);
	} else {
		explain_print_text_diff(&text, comparison, &look);
	}
	fwrite(strbuf_text(&text), 1, text.length, stdout);
}

/* ---- two plans ---- */

static enum status read_plan(struct invocation *invocation, const char *path, const char **ret_text,
                             struct query_plan **ret_plan, struct error *err)
{
	enum status status = explain_source_read(invocation->arena, path, ret_text, err);
	if (status == OK)
		status = query_plan_read(invocation->arena, *ret_text, strlen(*ret_text), ret_plan, err);
	return status ? error_wrap(err, "%s", strcmp(path, "-") == 0 ? "standard input" : path) : OK;
}

static enum status run_diff(struct invocation *invocation, struct error *err)
{
	const struct text_list *files = &invocation->options->operands;
	const char *before_text, *after_text;
	struct query_plan *before, *after;

	if (files->count != 2 || invocation->options->file || invocation->options->analyze || invocation->options->on) {
		error_set(err, FAIL_USAGE, "--diff takes two files with a plan each, and no query");
		return error_hint(err, "Write `pgsluice explain --diff BEFORE AFTER`; - is standard input.");
	}
	if (read_plan(invocation, files->items[0], &before_text, &before, err) != OK ||
	    read_plan(invocation, files->items[1], &after_text, &after, err) != OK)
		return err->status;
	struct plan_comparison comparison = plan_comparison_new(invocation->arena, before, after, &PLAN_LIMITS);
	comparison.before.source = before_text;
	comparison.after.source = after_text;
	print_diff(invocation->options, &comparison);
	return OK;
}

/* ---- a query ---- */

static enum status refuse_unconfirmed(const char *database, const char *confirmed, struct error *err)
{
	if (confirmed && strcmp(confirmed, database) == 0)
		return OK;
	if (confirmed)
		error_set(err, FAIL_USAGE, "--confirm names \"%s\", and the database is \"%s\"", confirmed, database);
	else
		error_set(err, FAIL_USAGE, "--analyze runs the query on live, which needs --confirm DATABASE");
	return error_hint(err, "Add --confirm %s to run it there, read-only; or run it on the restored copy with "
	                       "--on copy.", database);
}

static enum status ask_live(struct invocation *invocation, struct run *run, const struct explain_options *query,
                            const char **ret_text, struct error *err)
{
	_cleanup_session_ struct session *session = NULL;

	if (explain_session_on_live(run->loop, run->settings, run->id.text, &session, err) != OK)
		return err->status;
	if (query->analyze &&
	    refuse_unconfirmed(session_database(session), invocation->options->confirm, err) != OK)
		return err->status;
	return explain_query_of(session, invocation->arena, query, ret_text, err);
}

static enum status ask_copy(struct invocation *invocation, struct run *run, struct explain_options *query,
                            const char **ret_text, struct error *err)
{
	_cleanup_session_ struct session *session = NULL;

	if (explain_session_on_copy(run, &session, err) != OK)
		return err->status;
	query->writes = true;
	return explain_query_of(session, invocation->arena, query, ret_text, err);
}

static enum status run_query(struct invocation *invocation, const char *sql, struct error *err)
{
	const struct options *options = invocation->options;
	bool on_copy = options->on ? strcmp(options->on, "copy") == 0 : options->analyze;
	struct explain_options query = {
		.sql = sql,
		.analyze = options->analyze,
		.timeout_ms = options->timeout_ms,
	};
	_cleanup_loop_ struct loop *loop = NULL;
	struct query_plan *plan;
	const char *text = NULL;

	if (loop_open(&loop, err) != OK)
		return err->status;
	struct run *run = run_open(loop, &invocation->settings, "explain");
	enum status status = on_copy ? ask_copy(invocation, run, &query, &text, err)
	                             : ask_live(invocation, run, &query, &text, err);
	run_close(run);
	if (status == OK)
		status = query_plan_read(invocation->arena, text, strlen(text), &plan, err);
	if (status != OK)
		return status;
	struct explained explained = explained_new(invocation->arena, plan, sql);
	explained.source = text;
	print(options, &explained);
	return OK;
}

/* ---- a plan that was pasted ---- */

static enum status run_plan(struct invocation *invocation, struct query_plan *plan, const char *text, struct error *err)
{
	const struct options *options = invocation->options;

	if (options->analyze || options->on) {
		error_set(err, FAIL_USAGE, "this is a plan already, not a query");
		return error_hint(err, "Leave --analyze and --on out, or give the query.");
	}
	struct explained explained = explained_new(invocation->arena, plan, NULL);
	explained.source = text;
	print(options, &explained);
	return OK;
}

static enum status run_explain(struct invocation *invocation, struct error *err)
{
	const struct options *options = invocation->options;
	struct explain_source source;

	if (options->diff)
		return run_diff(invocation, err);
	if (explain_source_find(invocation->arena, options, &source, err) != OK)
		return err->status;
	return source.plan ? run_plan(invocation, source.plan, source.text, err)
	                   : run_query(invocation, source.text, err);
}

const struct command command_explain = {
	.name = "explain",
	.summary = "show a query's plan, and what is wrong with it",
	.operands = "[QUERY | BEFORE AFTER]",
	.operands_max = 2,
	.options = OPTIONS_TARGET | OPTION_BIT(OPTION_STAGING) | OPTION_BIT(OPTION_FORMAT) | OPTION_BIT(OPTION_FILE) |
	           OPTION_BIT(OPTION_ANALYZE) | OPTION_BIT(OPTION_ON) | OPTION_BIT(OPTION_CONFIRM) |
	           OPTION_BIT(OPTION_DIFF) | OPTION_BIT(OPTION_TIMEOUT),
	.formats = (const char *const[]){"text", "json", "dot", "html", NULL},
	.run = run_explain,
};
