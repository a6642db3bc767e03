/*
 * Does one thing with a session and prints how it ended as one line of JSON, for tests that arrange servers, poolers
 * and networks around it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "pg/session.h"

struct probe {
	struct loop *loop;
	struct arena *arena;
	struct session_options options;
	struct json *report;
	int count;
	char **words; /* what follows the connection string */
};

static bool has_word(const struct probe *probe, const char *word)
{
	for (int i = 0; i < probe->count; i++)
		if (strcmp(probe->words[i], word) == 0)
			return true;
	return false;
}

static enum status do_open(struct probe *probe, struct error *err)
{
	_cleanup_session_ struct session *session = NULL;
	if (session_open(probe->loop, &probe->options, &session, err) != OK)
		return err->status;
	json_set_text(probe->report, "user", session_user(session));
	json_set_text(probe->report, "database", session_database(session));
	json_set_text(probe->report, "search_path", session_search_path(session));
	json_set_int(probe->report, "server_version", session_server_version(session));
	return OK;
}

static enum status do_child(struct probe *probe, struct error *err)
{
	_cleanup_session_ struct session *session = NULL;
	const char *const *environment = NULL;
	if (session_open(probe->loop, &probe->options, &session, err) != OK ||
	    session_child_environment(session, probe->arena, probe->words[0], NULL, &environment, err) != OK)
		return err->status;
	struct json *list = json_new_array();
	for (; *environment; environment++)
		json_push_text(list, *environment);
	json_set(probe->report, "environment", list);
	return OK;
}

static enum status do_public(struct probe *probe, struct error *err)
{
	(void)err;
	json_set_text(probe->report, "public", conninfo_public(probe->arena, probe->options.conninfo));
	return OK;
}

static const struct action {
	const char *name;
	enum status (*run)(struct probe *probe, struct error *err);
} ACTIONS[] = {
	{.name = "open", .run = do_open},
	{.name = "child", .run = do_child},
	{.name = "public", .run = do_public},
};

static void report(struct probe *probe, enum status status, const struct error *err)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	json_set_text(probe->report, "status", status_get(status)->name);
	json_set_text(probe->report, "message", err->message);
	json_set_text(probe->report, "detail", err->detail);
	json_set_text(probe->report, "hint", status == OK ? NULL : error_hint_text(err));
	json_set_text(probe->report, "sqlstate", err->sqlstate);
	json_write(&out, probe->report);
	puts(strbuf_text(&out));
}

int main(int argc, char **argv)
{
	_cleanup_error_ struct error err = {0};
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_json_ struct json *object = json_new_object();
	if (argc < 3)
		return 2;
	struct probe probe = {.arena = arena, .report = object, .count = argc - 3, .words = argv + 3};
	probe.options = (struct session_options){.conninfo = argv[2],
	                                         .role_word = "probe",
	                                         .access = has_word(&probe, "write") ? SESSION_READ_WRITE
	                                                                             : SESSION_READ_ONLY,
	                                         .set_role = getenv("PROBE_ROLE"),
	                                         .direct = has_word(&probe, "direct")};
	if (loop_open(&probe.loop, &err) != OK)
		return 1;
	for (size_t i = 0; i < sizeof(ACTIONS) / sizeof(ACTIONS[0]); i++)
		if (strcmp(ACTIONS[i].name, argv[1]) == 0)
			report(&probe, ACTIONS[i].run(&probe, &err), &err);
	loop_close(probe.loop);
	return 0;
}
