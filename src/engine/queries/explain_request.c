#include "engine/queries/explain_request.h"

#include <string.h>

#include "core/explain/explained.h"
#include "core/sql/query_print.h"
#include "engine/copy/copy.h"
#include "engine/queries/explain_history.h"

static bool has_copy(const struct run *run)
{
	return run && copy_is_there(run);
}

const char *explain_request_take(const struct run *run, const struct json *fields,
                                 struct explain_request **ret_request)
{
	const char *on = json_get_text(fields, "on");
	bool on_copy = on ? strcmp(on, "copy") == 0 : has_copy(run), analyze = json_get_bool(fields, "analyze");

	if (on_copy && !has_copy(run))
		return "There is no restored copy now: gate backup makes one. Ask live without ANALYZE, or "
		       "`pgsluice explain --on copy`.";
	if (!on_copy && analyze && !json_get_text(fields, "confirm"))
		return "ANALYZE runs the query on live: that needs the database's name, `:explain analyze live "
		       "confirm=DATABASE QUERY`.";
	struct arena *arena = arena_open();
	struct explain_request *request = arena_alloc(arena, sizeof(*request));
	*request = (struct explain_request){
		.arena = arena,
		.sql = arena_strdup(arena, json_get_text(fields, "sql")),
		.on_copy = on_copy,
		.analyze = analyze,
		.confirm = arena_strdup(arena, json_get_text(fields, "confirm")),
	};
	*ret_request = request;
	return NULL;
}

void explain_request_close(struct explain_request *request)
{
	if (request)
		arena_close(request->arena);
}

static enum status refuse_name(const struct explain_request *request, struct session *session, struct error *err)
{
	if (request->on_copy || !request->analyze || strcmp(request->confirm, session_database(session)) == 0)
		return OK;
	error_set(err, FAIL_REFUSED, "\"%s\" is not the name of this database", request->confirm);
	return error_hint(err, "Write the live database's name to run the query there.");
}

static void set_error(struct json *event, const struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	strbuf_puts(&text, err->message);
	if (err->detail)
		strbuf_printf(&text, ". %s", err->detail);
	if (err->hint)
		strbuf_printf(&text, "%s %s", err->detail ? "" : ".", err->hint);
	json_set_text(event, "error", strbuf_text(&text));
}

/* The plan, what is said of it, and when this query had another one. */
static enum status set_plan(struct json *event, struct session *session, const struct run *run,
                            const struct explain_request *request, const char *text, struct error *err)
{
	_cleanup_json_ struct json *document = NULL;
	struct json *parsed;
	struct query_plan *plan;
	struct text_list history = {0};

	if (json_parse(text, strlen(text), &parsed, err) != OK)
		return err->status;
	document = parsed;
	if (query_plan_read_json(request->arena, document, &plan, err) != OK)
		return err->status;
	struct explained explained = explained_new(request->arena, plan, request->sql);
	struct asked_plan asked = {
		.sql = request->sql,
		.on = request->on_copy ? "copy" : "live",
		.text = text,
		.plan = plan,
		.target = run && run->target.system_identifier ? &run->target : NULL,
		.run_id = run ? run->id.text : NULL,
	};
	explain_history(session, request->arena, &asked, &history);
	struct json *changes = json_new_array();
	for (size_t i = 0; i < history.count; i++)
		json_push_text(changes, history.items[i]);
	json_set(event, "plan", json_clone(json_at(document, 0)));
	json_set_text(event, "shape", explained.shape.hex);
	json_set_text(event, "verdict", explained.verdict);
	json_set(event, "changes", changes);
	return OK;
}

static enum status answer(struct json *event, struct loop *loop, const struct settings *settings, struct run *run,
                          const struct explain_request *request, struct error *err)
{
	_cleanup_session_ struct session *session = NULL;
	struct explain_options options = {
		.sql = request->sql,
		.analyze = request->analyze,
		.writes = request->on_copy,
	};
	const char *text;
	enum status status = request->on_copy
		? explain_session_on_copy(run, &session, err)
		: explain_session_on_live(loop, settings, run ? run->id.text : NULL, &session, err);

	if (status == OK)
		status = refuse_name(request, session, err);
	if (status == OK)
		status = explain_query_of(session, request->arena, &options, &text, err);
	return status ? status : set_plan(event, session, run, request, text, err);
}

struct json *explain_request_answer(struct loop *loop, const struct settings *settings, struct run *run,
                                    const struct explain_request *request)
{
	_cleanup_error_ struct error err = {0};
	struct json *event = json_new_object();
	struct query_print print;

	json_set_text(event, "sql", request->sql);
	if (query_fingerprint(request->sql, &print))
		json_set_text(event, "fingerprint", print.hex);
	json_set_text(event, "on", request->on_copy ? "copy" : "live");
	json_set_text(event, "phase", "asked");
	if (answer(event, loop, settings, run, request, &err) != OK)
		set_error(event, &err);
	return event;
}
