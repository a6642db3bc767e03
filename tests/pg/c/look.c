/*
 * Shows what our layers read of a server, as one line of JSON, for tests that arrange the server: its schema, roles,
 * fingerprints, sequences, or a scratch cluster like it that stands until the standard input ends.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/strbuf.h"
#include "pg/catalog.h"
#include "pg/fingerprint.h"
#include "pg/scratch.h"
#include "pg/sequence.h"

struct look {
	struct loop *loop;
	struct arena *arena;
	struct session *session;
	struct session_options options;
	struct json *report;
	int count;
	char **words; /* what follows the connection string */
};

static const char *word(const struct look *look, int i)
{
	return i < look->count ? look->words[i] : NULL;
}

/* schema [PATTERN...]: history is public.schema_migrations. */
static enum status do_schema(struct look *look, struct error *err)
{
	struct schema schema;
	struct text_list ignore = {0};
	for (int i = 0; i < look->count; i++)
		list_push(look->arena, &ignore, look->words[i]);
	struct catalog_options options = {
		.history_schema = "public", .history_table = "schema_migrations", .ignore = &ignore};
	if (catalog_schema(look->session, look->arena, &options, &schema, err) != OK)
		return err->status;
	json_set_text(look->report, "digest", schema_digest(&schema).hex);
	json_set(look->report, "objects", schema_json(&schema));
	return OK;
}

static enum status do_roles(struct look *look, struct error *err)
{
	struct schema roles;
	if (catalog_roles(look->session, look->arena, &roles, err) != OK)
		return err->status;
	json_set(look->report, "objects", schema_json(&roles));
	return OK;
}

static enum status export_snapshot(struct look *look, const char **ret_snapshot, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	if (session_exec(look->session, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err) != OK ||
	    session_query(look->session, "SELECT pg_export_snapshot()", 0, NULL, &rows, err) != OK)
		return err->status;
	*ret_snapshot = arena_strdup(look->arena, rows_get(rows, 0, 0));
	return OK;
}

static enum status do_fingerprint(struct look *look, struct error *err)
{
	_cleanup_fingerprint_ struct fingerprint_reader *reader = NULL;
	struct relation_list relations;
	const char *snapshot = NULL;
	if (export_snapshot(look, &snapshot, err) != OK ||
	    fingerprint_open(look->loop, &look->options, snapshot, 3, &reader, err) != OK ||
	    fingerprint_relations(reader, look->arena, &relations, err) != OK ||
	    fingerprint_take(reader, look->arena, &relations, NULL, err) != OK)
		return err->status;
	json_set(look->report, "tables", relations_json(&relations));
	return OK;
}

/* living CONNINFO: what lives through the change from the first database to that one, which is a clone of it. */
static enum status do_living(struct look *look, struct error *err)
{
	_cleanup_fingerprint_ struct fingerprint_reader *before_reader = NULL, *after_reader = NULL;
	struct relation_list before, after;
	struct text_list gone = {0}, new = {0}, differences = {0};
	struct session_options other = look->options;
	other.conninfo = word(look, 0);
	if (fingerprint_open(look->loop, &look->options, NULL, 1, &before_reader, err) != OK ||
	    fingerprint_open(look->loop, &other, NULL, 1, &after_reader, err) != OK ||
	    fingerprint_relations(before_reader, look->arena, &before, err) != OK ||
	    fingerprint_relations(after_reader, look->arena, &after, err) != OK)
		return err->status;
	relations_living_through(look->arena, &before, &after, &gone, &new);
	if (fingerprint_take(before_reader, look->arena, &before, NULL, err) != OK ||
	    fingerprint_take(after_reader, look->arena, &after, NULL, err) != OK)
		return err->status;
	relations_compare(look->arena, &before, &after, &differences);
	const struct {
		const char *name;
		const struct text_list *list;
	} lists[] = {{"gone", &gone}, {"new", &new}, {"differences", &differences}};
	for (size_t i = 0; i < 3; i++) {
		struct json *array = json_new_array();
		for (size_t j = 0; j < lists[i].list->count; j++)
			json_push_text(array, lists[i].list->items[j]);
		json_set(look->report, lists[i].name, array);
	}
	return OK;
}

static enum status do_sequences(struct look *look, struct error *err)
{
	struct sequence_list sequences;
	if (sequences_read(look->session, look->arena, &sequences, err) != OK)
		return err->status;
	for (size_t i = 0; i < sequences.count; i++) {
		const struct sequence *sequence = &sequences.items[i];
		json_set_text(look->report, sequence->name,
		              arena_printf(look->arena, "%lld%s", (long long)sequence->last, sequence->called ? "" : " next"));
	}
	return OK;
}

static void say(const struct json *report)
{
	_cleanup_strbuf_ struct strbuf line = {0};
	json_write(&line, report);
	printf("%s\n", strbuf_text(&line));
	fflush(stdout);
}

/* scratch FOLDER [BINDIR]: prints its connection string, then waits for the end of the standard input. */
static enum status do_scratch(struct look *look, struct error *err)
{
	struct database_facts facts;
	struct binaries binaries;
	struct setting_list settings;
	struct scratch *scratch;
	const char *folder;
	_cleanup_session_ struct session *plain = NULL;
	struct session_options options = look->options;
	options.plain = true;

	if (session_open(look->loop, &options, &plain, err) != OK ||
	    catalog_settings(plain, look->arena, &settings, err) != OK ||
	    catalog_facts(look->session, look->arena, &facts, err) != OK ||
	    binaries_find(look->loop, look->arena, word(look, 1), facts.server_version, &binaries, err) != OK ||
	    scratch_folder(look->arena, word(look, 0), &folder, err) != OK)
		return err->status;
	struct scratch_options how = {
		.folder = folder, .binaries = &binaries, .superuser = facts.superuser, .run_id = "test", .like = &facts,
		.settings = &settings, .live_socket = session_socket_folder(look->session),
	};
	if (scratch_open(look->loop, &how, &scratch, err) != OK)
		return err->status;
	json_set_text(look->report, "conninfo", scratch_conninfo(scratch));
	json_set_text(look->report, "place", scratch_place(scratch));
	json_set_bool(look->report, "isolated", scratch_isolated(scratch));
	json_set_bool(look->report, "read_only", scratch_read_only(scratch));
	json_set_text(look->report, "status", "up");
	say(look->report);
	struct loop_fd input = {.fd = 0, .events = POLLIN};
	enum loop_outcome outcome = loop_wait(look->loop, &input, 1, INT64_MAX);
	scratch_close(scratch);
	return outcome == LOOP_STOPPED ? loop_stop_error(look->loop, err) : OK;
}

static const struct {
	const char *name;
	enum status (*work)(struct look *look, struct error *err);
} actions[] = {
	{"schema", do_schema}, {"roles", do_roles}, {"fingerprint", do_fingerprint}, {"living", do_living},
	{"sequences", do_sequences}, {"scratch", do_scratch},
};

static enum status work(struct look *look, const char *action, struct error *err)
{
	if (session_open(look->loop, &look->options, &look->session, err) != OK)
		return err->status;
	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++)
		if (strcmp(actions[i].name, action) == 0)
			return actions[i].work(look, err);
	return error_set(err, FAIL_USAGE, "look cannot %s", action);
}

int main(int argc, char **argv)
{
	_cleanup_error_ struct error err = {0};
	struct look look = {.arena = arena_open(), .report = json_new_object(), .count = argc - 3, .words = argv + 3};
	if (argc < 3 || loop_open(&look.loop, &err) != OK)
		return 2;
	look.options = (struct session_options){.conninfo = argv[2], .role_word = "look", .direct = true};
	enum status status = work(&look, argv[1], &err);
	json_set_text(look.report, "status", status_get(status)->name);
	if (status != OK) {
		json_set_text(look.report, "message", err.message);
		json_set_text(look.report, "detail", err.detail);
		json_set_text(look.report, "hint", error_hint_text(&err));
		json_set_text(look.report, "sqlstate", err.sqlstate);
	}
	say(look.report);
	session_close(look.session);
	json_close(look.report);
	loop_close(look.loop);
	arena_close(look.arena);
	return 0;
}
