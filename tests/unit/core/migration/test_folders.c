#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>

#include <cmocka.h>

#include "core/migration/graph.h"
#include "core/rules/rule.h"
#include "sets.h"

/*
 * The folders of tests/pg/folders as far as files alone decide: each of the twelve traps of real migration sets works,
 * or is refused at the place that its README names. The tests on clusters carry them on.
 */

#define FOLDERS SOURCE_FOLDER "/tests/pg/folders"

static char *read_file(struct arena *arena, const char *path, size_t *ret_length)
{
	FILE *file = fopen(path, "rb");
	_cleanup_strbuf_ struct strbuf content = {0};
	char piece[4096];
	assert_non_null(file);
	for (size_t size; (size = fread(piece, 1, sizeof(piece), file)) > 0;)
		strbuf_add(&content, piece, size);
	fclose(file);
	*ret_length = content.length;
	return arena_strndup(arena, strbuf_text(&content), content.length);
}

/* The value of a key in a README, or "". */
static const char *note(struct arena *arena, const char *folder, const char *key)
{
	size_t length;
	const char *text = read_file(arena, arena_printf(arena, "%s/%s/README", FOLDERS, folder), &length);
	const char *head = arena_printf(arena, "\n%s: ", key);
	const char *found = strstr(arena_printf(arena, "\n%s", text), head);
	return found ? arena_strndup(arena, found + strlen(head), strcspn(found + strlen(head), "\n")) : "";
}

static enum status read_folder(struct arena *arena, const char *folder, struct migration_set *set, struct graph *graph,
                               struct error *err)
{
	LIST(struct source_file) files = {0};
	struct dirent **entries;
	int count = scandir(arena_printf(arena, "%s/%s", FOLDERS, folder), &entries, NULL, alphasort);
	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		const char *name = arena_strdup(arena, entries[i]->d_name);
		free(entries[i]);
		if (file_kind_of(name) == FILE_IGNORED)
			continue;
		struct source_file *file = list_add(arena, &files);
		file->name = file->path = name;
		file->bytes = read_file(arena, arena_printf(arena, "%s/%s/%s", FOLDERS, folder, name), &file->length);
	}
	free(entries);
	if (migrations_read(arena, folder, "schema_migrations", files.items, files.count, set, err) != OK ||
	    migrations_parse(arena, set, NULL, err) != OK)
		return err->status;
	return graph_build(arena, set, graph, err);
}

/* An error finding of the rules, over everything pending, as the error that the inspect gate makes of it. */
static enum status judge_rules(struct arena *arena, const struct migration_set *set, struct error *err)
{
	struct plan plan = {.set = set};
	struct rule_facts facts = {0};
	struct finding_list findings = {0};
	for (size_t i = 0; i < set->count; i++) {
		const struct migration *migration = &set->items[i];
		list_push(arena, &plan.pending, migration);
	}
	rules_check(arena, &plan, &facts, &findings);
	for (size_t i = 0; i < findings.count; i++)
		if (findings.items[i].severity == SEVERITY_ERROR && !findings.items[i].allowed_because) {
			error_set(err, FAIL_REFUSED, "%s", findings.items[i].message);
			return error_where(err, findings.items[i].file, findings.items[i].line, findings.items[i].column);
		}
	return OK;
}

static const char *order_of(struct arena *arena, const struct migration_set *set)
{
	const char *order = "";
	for (size_t i = 0; i < set->count; i++)
		order = arena_printf(arena, "%s%s%s", order, i ? " " : "", set->items[i].version);
	return order;
}

static const char *place_of(struct arena *arena, const struct error *err, bool column)
{
	if (column)
		return arena_printf(arena, "%s:%ld:%ld", err->file, err->line, err->column);
	return arena_printf(arena, "%s:%ld", err->file, err->line);
}

static size_t count_of(const char *text, char byte)
{
	size_t count = 0;
	for (; *text; text++)
		count += *text == byte;
	return count;
}

/* Syntax of PostgreSQL 16: where the packaged parser knows it, the folder works. */
static bool is_refused(const char *folder, const char *expect)
{
	if (strcmp(folder, "12_newer_syntax") == 0 && parser_version() >= 16)
		return false;
	return strcmp(expect, "refused 10") == 0;
}

static void check_folder(const char *folder)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_error_ struct error err = {0};
	struct migration_set set = {0};
	struct graph graph;
	const char *where = note(arena, folder, "Where"), *order = note(arena, folder, "Order");
	bool refused = is_refused(folder, note(arena, folder, "Expect"));

	if (read_folder(arena, folder, &set, &graph, &err) == OK && judge_rules(arena, &set, &err) == OK) {
		if (refused)
			fail_msg("%s was taken", folder);
		if (strncmp(order, "1 2", 3) == 0)
			assert_string_equal(order_of(arena, &set), order);
		return;
	}
	if (!refused)
		fail_msg("%s: %s: %s", folder, place_of(arena, &err, true), err.message);
	assert_int_equal(err.status, FAIL_REFUSED);
	if (*where && strcmp(place_of(arena, &err, count_of(where, ':') == 2), where) != 0)
		fail_msg("%s: %s instead of %s: %s", folder, place_of(arena, &err, true), where, err.message);
}

static void folders_work_or_are_refused_where_they_say(void **state)
{
	(void)state;
	struct dirent **entries;
	int count = scandir(FOLDERS, &entries, NULL, alphasort), checked = 0;
	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] >= '0' && entries[i]->d_name[0] <= '9') {
			check_folder(entries[i]->d_name);
			checked++;
		}
		free(entries[i]);
	}
	free(entries);
	assert_true(checked >= 40);
}

/* What the READMEs say of steps in words, in the form of write_steps. */
static void folders_have_the_steps_that_they_say(void **state)
{
	(void)state;
	static const struct {
		const char *folder, *version, *steps;
	} ROWS[] = {
		{"02_own_transaction", "003", "[INSERT, SAVEPOINT, INSERT, ROLLBACK TO SAVEPOINT, RELEASE]"},
		{"02_own_blocks", "002", "[INSERT] CREATE INDEX CONCURRENTLY [INSERT]"},
		{"02_own_escape", "002", "[INSERT] CREATE INDEX CONCURRENTLY [INSERT]"},
		{"04_enum", "003", NULL},
	};
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		_cleanup_error_ struct error err = {0};
		_cleanup_strbuf_ struct strbuf out = {0};
		struct migration_set set;
		struct graph graph;
		assert_int_equal(read_folder(arena, ROWS[i].folder, &set, &graph, &err), OK);
		const struct migration *migration = migration_find(&set, ROWS[i].version);
		assert_non_null(migration);
		write_steps(&out, &migration->up);
		if (ROWS[i].steps)
			assert_string_equal(strbuf_text(&out), ROWS[i].steps);
		else
			assert_true(migration->up.steps.count > 1 &&
			            strncmp(migration->up.steps.items[1].reason, "uses '", 6) == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folders_work_or_are_refused_where_they_say),
		cmocka_unit_test(folders_have_the_steps_that_they_say),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
