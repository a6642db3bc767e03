/* `explain`: a query plan read, judged and drawn; pasted from anywhere, or asked of live or of its restored copy. */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/explain_print.h"
#include "cli/explain_source.h"
#include "cli/screen.h"
#include "cli/words.h"
#include "engine/queries/explain_history.h"
#include "engine/queries/explain_place.h"
#include "engine/queries/what_if.h"

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

static struct json *what_if_json(const struct what_if *answer)
{
	struct json *object = json_new_object();
	json_set_text(object, "index", answer->index.create);
	json_set_int(object, "size_bytes", answer->size_bytes);
	json_set_bool(object, "used", answer->used);
	return object;
}

/* What was supposed, before what it would lead to. */
static void put_what_if(struct strbuf *out, struct arena *arena, const struct what_if *answer)
{
	strbuf_printf(out, "what if: %s\n", safe_text(arena, answer->index.create));
	strbuf_printf(out, "about %s; nothing was built, and both plans are estimates\n",
	              text_bytes(arena, answer->size_bytes));
	strbuf_puts(out, answer->used ? "the planner would use it; to build it: pgsluice new --index "
	                              : "the planner would not use it\n\n");
	if (!answer->used)
		return;
	words_quote(out, safe_text(arena, answer->index.trial));
	strbuf_puts(out, "\n\n");
}

/* answer: what the second plan supposes, or NULL. */
static void print_diff(struct arena *arena, const struct options *options, const struct plan_comparison *comparison,
                       const struct what_if *answer)
{
	struct screen screen = screen_standard();
	struct explain_look look = {.glyphs = screen.glyphs, .colour = screen.colour,
	                            .width = screen.terminal ? screen_width(&screen) : 0};
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_json_ struct json *document = NULL;

	if (strcmp(options->format, "json") == 0) {
		document = explain_diff_json(comparison);
		if (answer)
			json_set(document, "what_if", what_if_json(answer));
		json_write(&text, document);
		strbuf_putc(&text, '\n');
	} else if (strcmp(options->format, "dot") == 0) {
		explain_print_dot_diff(&text, comparison);
	} else if (strcmp(options->format, "html") == 0) {
		explain_print_html_diff(&text, comparison);
	} else {
		if (answer)
			put_what_if(&text, arena, answer);
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

	if (files->count != 2 || invocation->options->file || invocation->options->analyze || invocation->options->on ||
	    invocation->options->what_if) {
		error_set(err, FAIL_USAGE, "--diff takes two files with a plan each, and no query");
		return error_hint(err, "Write `pgsluice explain --diff BEFORE AFTER`; - is standard input.");
	}
	if (read_plan(invocation, files->items[0], &before_text, &before, err) != OK ||
	    read_plan(invocation, files->items[1], &after_text, &after, err) != OK)
		return err->status;
	struct plan_comparison comparison = plan_comparison_new(invocation->arena, before, after, &PLAN_LIMITS);
	comparison.before.source = before_text;
	comparison.after.source = after_text;
	print_diff(invocation->arena, invocation->options, &comparison, NULL);
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

/* The plan, with what is remembered of the query. */
static enum status take(struct invocation *invocation, struct run *run, struct session *session,
                        const struct explain_options *query, struct explained *ret_explained, struct error *err)
{
	struct query_plan *plan;
	const char *text;

	if (explain_query_of(session, invocation->arena, query, &text, err) != OK ||
	    query_plan_read(invocation->arena, text, strlen(text), &plan, err) != OK)
		return err->status;
	struct asked_plan asked = {
		.sql = query->sql,
		.on = query->writes ? "copy" : "live",
		.text = text,
		.plan = plan,
		.target = query->writes ? &run->target : NULL,
	};
	*ret_explained = explained_new(invocation->arena, plan, query->sql);
	ret_explained->source = text;
	explain_history(session, invocation->arena, &asked, &ret_explained->history);
	return OK;
}

static enum status ask_live(struct invocation *invocation, struct run *run, const struct explain_options *query,
                            struct explained *ret_explained, struct error *err)
{
	_cleanup_session_ struct session *session = NULL;

	if (explain_session_on_live(run->loop, run->settings, run->id.text, &session, err) != OK)
		return err->status;
	if (query->analyze &&
	    refuse_unconfirmed(session_database(session), invocation->options->confirm, err) != OK)
		return err->status;
	return take(invocation, run, session, query, ret_explained, err);
}

static enum status ask_copy(struct invocation *invocation, struct run *run, struct explain_options *query,
                            struct explained *ret_explained, struct error *err)
{
	_cleanup_session_ struct session *session = NULL;

	if (explain_session_on_copy(run, &session, err) != OK)
		return err->status;
	query->writes = true;
	return take(invocation, run, session, query, ret_explained, err);
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
	struct explained explained = {0};

	if (loop_open(&loop, err) != OK)
		return err->status;
	struct run *run = run_open(loop, &invocation->settings, "explain");
	enum status status = on_copy ? ask_copy(invocation, run, &query, &explained, err)
	                             : ask_live(invocation, run, &query, &explained, err);
	run_close(run);
	if (status == OK)
		print(options, &explained);
	return status;
}

/* ---- an index that is not there ---- */

static enum status ask_what_if(struct invocation *invocation, const char *sql, struct what_if *ret_answer,
                               struct error *err)
{
	const struct explain_options query = {.sql = sql, .timeout_ms = invocation->options->timeout_ms};
	struct session *session = NULL;
	_cleanup_loop_ struct loop *loop = NULL;

	if (loop_open(&loop, err) != OK)
		return err->status;
	struct run *run = run_open(loop, &invocation->settings, "explain");
	enum status status = explain_session_on_copy(run, &session, err);
	if (status == OK)
		status = what_if_ask(session, invocation->arena, &query, invocation->options->what_if, ret_answer, err);
	session_close(session);
	run_close(run);
	return status;
}

static enum status run_what_if(struct invocation *invocation, const char *sql, struct error *err)
{
	const struct options *options = invocation->options;
	struct arena *arena = invocation->arena;
	struct index_proposal proposal;
	struct query_plan *before, *with;
	struct what_if answer;

	if (options->analyze || (options->on && strcmp(options->on, "copy") != 0)) {
		error_set(err, FAIL_USAGE, "--what-if plans on the copy, and runs nothing");
		return error_hint(err, "Leave --analyze and --on out.");
	}
	/* Before a copy is restored for it. */
	if (index_proposal_read(arena, options->what_if, &proposal, err) != OK ||
	    ask_what_if(invocation, sql, &answer, err) != OK ||
	    query_plan_read(arena, answer.before, strlen(answer.before), &before, err) != OK ||
	    query_plan_read(arena, answer.with, strlen(answer.with), &with, err) != OK)
		return err->status;
	struct plan_comparison comparison = plan_comparison_new(arena, before, with, &PLAN_LIMITS);
	comparison.before.source = answer.before;
	comparison.after.source = answer.with;
	print_diff(arena, options, &comparison, &answer);
	return OK;
}

/* ---- a plan that was pasted ---- */

static enum status run_plan(struct invocation *invocation, struct query_plan *plan, const char *text, struct error *err)
{
	const struct options *options = invocation->options;

	if (options->analyze || options->on || options->what_if) {
		error_set(err, FAIL_USAGE, "this is a plan already, not a query");
		return error_hint(err, "Leave --analyze, --on and --what-if out, or give the query.");
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
	if (source.plan)
		return run_plan(invocation, source.plan, source.text, err);
	return options->what_if ? run_what_if(invocation, source.text, err) : run_query(invocation, source.text, err);
}

const struct command command_explain = {
	.name = "explain",
	.summary = "show a query's plan, and what is wrong with it",
	.operands = "[QUERY | BEFORE AFTER]",
	.operands_max = 2,
	.options = OPTIONS_TARGET | OPTION_BIT(OPTION_STAGING) | OPTION_BIT(OPTION_FORMAT) | OPTION_BIT(OPTION_FILE) |
	           OPTION_BIT(OPTION_ANALYZE) | OPTION_BIT(OPTION_ON) | OPTION_BIT(OPTION_CONFIRM) |
	           OPTION_BIT(OPTION_DIFF) | OPTION_BIT(OPTION_WHAT_IF) | OPTION_BIT(OPTION_TIMEOUT),
	.formats = (const char *const[]){"text", "json", "dot", "html", NULL},
	.run = run_explain,
};
