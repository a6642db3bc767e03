#include "engine/rehearse/data_changes.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/rehearse/losses.h"
#include "pg/fingerprint.h"
#include "pg/query.h"

/* One name that the plan declares: a table, or one column of it. */
struct declaration {
	const char *table;  /* as the file has it */
	const char *column; /* NULL = the whole table */
	bool by_statement;  /* the table is known when the statement has run: data_changes_written */
	bool ours;          /* the history table: changes with every migration, and nobody declares it */
	LIST(unsigned) oids; /* the table with its partitions and children, before and after */
};

struct data_changes {
	struct arena *arena;
	LIST(struct declaration) items;
	struct text_index *known; /* of them, by what they say */
	struct oid_list written; /* tables that statements wrote when they ran */
	struct relation_list before, after; /* all relations before the plan, and what became of them after it */
	struct relation_list old, new;      /* of them what lives through it and is not declared; `new` has been read */
};

/* Its place in the list, where it stands once. */
static size_t declare(struct data_changes *changes, const char *table, const char *column, bool by_statement)
{
	struct arena *arena = changes->arena;
	_cleanup_strbuf_ struct strbuf key = {0};
	size_t at = changes->items.count;

	strbuf_printf(&key, "%c%s%s%s", by_statement ? 's' : 'd', table, column ? "\n" : "", column ? column : "");
	if (text_index_find(changes->known, strbuf_text(&key), &at))
		return at;
	text_index_put(changes->known, arena_strdup(arena, strbuf_text(&key)), at);
	struct declaration *item = list_add(arena, &changes->items);
	item->table = arena_strdup(arena, table);
	item->column = arena_strdup(arena, column);
	item->by_statement = by_statement;
	return at;
}

static enum status resolve_as(struct arena *arena, struct session *session, const char *name,
                              struct declaration *item, bool *ret_found, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;

	if (session_query(session, query_resolve_tables, 1, &name, &rows, err) != OK)
		return error_wrap(err, "cannot look up table %s", item->table);
	for (size_t i = 0; i < rows_count(rows); i++)
		list_push(arena, &item->oids, (unsigned)strtoul(rows_get(rows, i, 0), NULL, 10));
	*ret_found = rows_count(rows) > 0;
	return OK;
}

/* A name in a directive is SQL's; one with capitals that needs quotes and has none is meant as it is written. */
static enum status resolve(struct arena *arena, struct session *session, struct declaration *item, bool *ret_found,
                           struct error *err)
{
	if (resolve_as(arena, session, item->table, item, ret_found, err) != OK || *ret_found)
		return err->status;
	return resolve_as(arena, session, quote_qualified(arena, item->table), item, ret_found, err);
}

/* `changes-data orders.status` is a column when table orders is there, else table status of schema orders. */
static enum status declare_written(struct session *session, struct data_changes *changes, const char *name,
                                   struct error *err)
{
	const char *dot = strrchr(name, '.');
	if (dot) {
		struct declaration probe = {.table = arena_strndup(changes->arena, name, (size_t)(dot - name))};
		bool found = false;
		if (resolve(changes->arena, session, &probe, &found, err) != OK)
			return err->status;
		if (found) {
			declare(changes, probe.table, dot + 1, false);
			return OK;
		}
	}
	declare(changes, name, NULL, false);
	return OK;
}

static void declare_statements(struct data_changes *changes, const struct script *script)
{
	for (size_t i = 0; i < script->steps.count; i++)
		for (size_t j = 0; j < script->steps.items[i].count; j++) {
			const struct statement *statement = &script->steps.items[i].statements[j];
			for (size_t k = 0; k < statement->objects.count; k++)
				if (statement->objects.items[k].writes)
					declare(changes, statement->objects.items[k].name, NULL, true);
		}
}

static enum status resolve_all(struct session *session, struct data_changes *changes, struct error *err)
{
	bool found;
	for (size_t i = 0; i < changes->items.count; i++)
		if (!changes->items.items[i].by_statement &&
		    resolve(changes->arena, session, &changes->items.items[i], &found, err) != OK)
			return err->status;
	return OK;
}

static const char *history_identity(struct arena *arena, const struct history *history)
{
	return arena_printf(arena, "%s.%s", quote_ident(arena, history->schema), quote_ident(arena, history->table));
}

static enum status read_relations(struct run *run, struct arena *arena, const struct session_options *options,
                                  struct fingerprint_reader **ret_reader, struct relation_list *ret_relations,
                                  struct error *err)
{
	size_t workers = run->settings->jobs > 0 ? (size_t)run->settings->jobs : 1;
	if (fingerprint_open(run->loop, options, NULL, workers, ret_reader, err) != OK)
		return err->status;
	return fingerprint_relations(*ret_reader, arena, ret_relations, err);
}

static enum status list_relations(struct run *run, struct arena *arena, struct clone *clone,
                                  struct relation_list *ret_relations, struct error *err)
{
	_cleanup_fingerprint_ struct fingerprint_reader *reader = NULL;
	struct session_options options = clone_options(clone, "proof");
	if (fingerprint_open(run->loop, &options, NULL, 1, &reader, err) != OK)
		return err->status;
	return fingerprint_relations(reader, arena, ret_relations, err);
}

enum status data_changes_declare(struct run *run, struct arena *arena, struct session *session, struct clone *clone,
                                 struct data_changes **ret_changes, struct error *err)
{
	struct data_changes *changes = arena_alloc(arena, sizeof(*changes));
	*changes = (struct data_changes){.arena = arena, .known = text_index_new(arena)};
	list_reserve(arena, &changes->items, run->plan.pending.count + 1); /* most write one table */

	for (size_t m = 0; m < run->plan.pending.count; m++) {
		const struct migration *migration = run->plan.pending.items[m];
		declare_statements(changes, run->direction == DIRECTION_UP ? &migration->up : &migration->down);
		for (size_t i = 0; i < migration->changes_data.count; i++)
			if (declare_written(session, changes, migration->changes_data.items[i], err) != OK)
				return err->status;
	}
	size_t ours = declare(changes, history_identity(changes->arena, &run->history), NULL, false);
	changes->items.items[ours].ours = true;
	if (resolve_all(session, changes, err) != OK || list_relations(run, arena, clone, &changes->before, err) != OK)
		return err->status;
	*ret_changes = changes;
	return OK;
}

struct oid_list *data_changes_written(struct data_changes *changes)
{
	return &changes->written;
}

static bool has_oid(const struct declaration *item, unsigned oid)
{
	for (size_t i = 0; i < item->oids.count; i++)
		if (item->oids.items[i] == oid)
			return true;
	return false;
}

static bool declared_whole(const struct data_changes *changes, unsigned oid)
{
	for (size_t i = 0; i < changes->written.count; i++)
		if (changes->written.items[i] == oid)
			return true;
	for (size_t i = 0; i < changes->items.count; i++)
		if (!changes->items.items[i].column && has_oid(&changes->items.items[i], oid))
			return true;
	return false;
}

static bool declared_column(const struct data_changes *changes, unsigned oid, const char *column)
{
	for (size_t i = 0; i < changes->items.count; i++) {
		const struct declaration *item = &changes->items.items[i];
		if (item->column && strcmp(item->column, column) == 0 && has_oid(item, oid))
			return true;
	}
	return false;
}

/* Takes out what is allowed to change: declared tables, declared columns, the history table, the ledger. */
static void leave_out(const struct data_changes *changes, struct relation_list *relations)
{
	size_t kept = 0;

	for (size_t i = 0; i < relations->count; i++) {
		struct relation *relation = &relations->items[i];
		if (declared_whole(changes, relation->oid) || strncmp(relation->name, "pgsluice.", 9) == 0)
			continue;
		size_t columns = 0;
		for (size_t c = 0; c < relation->columns.count; c++)
			if (!declared_column(changes, relation->oid, relation->columns.items[c].name))
				relation->columns.items[columns++] = relation->columns.items[c];
		relation->columns.count = columns;
		relations->items[kept++] = *relation;
	}
	relations->count = kept;
}

static void report_differences(struct run *run, struct evidence *evidence, const struct text_list *differences,
                               size_t compared)
{
	const char *limit = "declared data changes are the only data changes";
	for (size_t i = 0; i < differences->count; i++)
		run_check(run, evidence, "rehearsal.data", false,
		          "If it is meant, declare it in the migration: -- pgsluice:changes-data TABLE",
		          	differences->items[i],
		          limit);
	if (differences->count == 0)
		run_check(run, evidence, "rehearsal.data", true, NULL,
		          arena_printf(run->arena, "%zu table(s) that the plan does not declare kept every row",
												compared), limit);
}

/* With lists of its own, so that taking things out of it leaves the other whole. */
static void duplicate(struct arena *arena, const struct relation_list *relations, struct relation_list *ret_relations)
{
	struct relation_list all = {0};
	for (size_t i = 0; i < relations->count; i++) {
		struct relation *relation = list_add(arena, &all);
		*relation = relations->items[i];
		memset(&relation->columns, 0, sizeof(relation->columns));
		for (size_t c = 0; c < relations->items[i].columns.count; c++)
			list_push(arena, &relation->columns, relations->items[i].columns.items[c]);
	}
	*ret_relations = all;
}

enum status data_changes_look(struct run *run, struct data_changes *changes, struct session *session,
                              struct clone *clone, struct error *err)
{
	struct session_options options = clone_options(clone, "proof");
	_cleanup_fingerprint_ struct fingerprint_reader *reader = NULL;
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct relation_list all = {0};
	struct text_list gone = {0}, born = {0};

	if (resolve_all(session, changes, err) != OK ||
	    read_relations(run, scratch, &options, &reader, &all, err) != OK)
		return err->status;
	relations_keep(changes->arena, &all, &changes->before, &changes->after);
	duplicate(changes->arena, &changes->before, &changes->old);
	duplicate(changes->arena, &changes->after, &changes->new);
	relations_living_through(changes->arena, &changes->old, &changes->new, &gone, &born);
	leave_out(changes, &changes->old);
	leave_out(changes, &changes->new);
	return fingerprint_take(reader, changes->arena, &changes->new, NULL, err);
}

enum status data_changes_compare(struct run *run, struct data_changes *changes, struct copy *copy,
                                 struct evidence *evidence, struct error *err)
{
	struct session_options options = copy_options(copy, "proof");
	size_t workers = run->settings->jobs > 0 ? (size_t)run->settings->jobs : 1, tables = 0;
	_cleanup_fingerprint_ struct fingerprint_reader *reader = NULL;
	struct text_list differences = {0};

	if (copy_content(copy))
		relations_take_known(&changes->old, copy_content(copy));
	if (losses_report(run, copy, evidence, &changes->before, &changes->after, err) != OK ||
	    fingerprint_open(run->loop, &options, NULL, workers, &reader, err) != OK ||
	    fingerprint_take(reader, changes->arena, &changes->old, NULL, err) != OK)
		return err->status;
	relations_compare(changes->arena, &changes->old, &changes->new, &differences);
	for (size_t i = 0; i < changes->old.count; i++)
		tables += changes->old.items[i].treatment == FINGERPRINT_COMPARED && changes->old.items[i].kind == 'r';
	report_differences(run, evidence, &differences, tables);
	return OK;
}

struct json *data_changes_json(const struct data_changes *changes)
{
	struct json *array = json_new_array();
	for (size_t i = 0; i < changes->items.count; i++) {
		_cleanup_strbuf_ struct strbuf name = {0};
		if (changes->items.items[i].ours)
			continue;
		strbuf_puts(&name, changes->items.items[i].table);
		if (changes->items.items[i].column)
			strbuf_printf(&name, ".%s", changes->items.items[i].column);
		json_push_text(array, strbuf_text(&name));
	}
	return array;
}
