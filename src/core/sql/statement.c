#include "core/sql/statement.h"

#include <assert.h>
#include <string.h>

#include <pg_query.h>

#include "core/sql/abbreviate.h"
#include "core/sql/analysis.h"
#include "core/sql/cut.h"
#include "core/sql/secret.h"
#include "core/sql/tree.h"

/* ---- objects, shared by equal statements: of 100,000 INSERTs into one table each has the same ---- */

enum { SHARED_SLOTS = 64 };

struct object_list {
	struct object_use *items;
	size_t count;
};

struct reader {
	struct arena *arena;
	struct tree_parser *parser;
	struct object_list shared[SHARED_SLOTS];
	struct text_list enum_values;          /* added so far */
	LIST(uint32_t) enum_statements;         /* 1-based numbers of the statements that add them */
};

static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return hash;
}

static unsigned use_bits(const struct object_use *use)
{
	return (unsigned)use->creates | (unsigned)use->drops << 1 | (unsigned)use->writes << 2 | (unsigned)use->lock << 3;
}

static size_t slot_of(const struct object_use *items, size_t count)
{
	uint64_t hash = UINT64_C(14695981039346656037) + count;
	for (size_t i = 0; i < count; i++)
		hash = hash_text(hash_text(hash, items[i].kind), items[i].name) ^ use_bits(&items[i]);
	return (size_t)((hash ^ hash >> 32) % SHARED_SLOTS);
}

static bool same_objects(const struct object_list *list, const struct object_use *items, size_t count)
{
	if (list->count != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (use_bits(&list->items[i]) != use_bits(&items[i]) || strcmp(list->items[i].kind, items[i].kind) != 0 ||
		    strcmp(list->items[i].name, items[i].name) != 0)
			return false;
	return true;
}

static void copy_objects(struct reader *reader, struct object_list *list, const struct object_use *items, size_t count)
{
	list->items = arena_alloc(reader->arena, count * sizeof(*items));
	list->count = count;
	for (size_t i = 0; i < count; i++) {
		list->items[i] = items[i];
		list->items[i].name = arena_strdup(reader->arena, items[i].name);
	}
}

static void keep_objects(struct reader *reader, struct statement *statement, const struct object_use *items,
                         size_t count)
{
	if (count == 0)
		return;
	struct object_list *list = &reader->shared[slot_of(items, count)];
	if (!same_objects(list, items, count))
		copy_objects(reader, list, items, count);
	statement->objects.items = list->items;
	statement->objects.count = list->count;
}

/* ---- one statement ---- */

/* The parser's position counts characters of the statement. */
static struct place place_in(const struct statement *statement, long position)
{
	struct place place = {.line = statement->line, .column = statement->column};
	const char *at = statement->sql;
	for (long left = position - 1; *at && left > 0; left -= (*at & 0xC0) != 0x80) {
		place.column = *at == '\n' ? 1 : place.column + ((at[1] & 0xC0) != 0x80);
		place.line += *at == '\n';
		at++;
	}
	return place;
}

static void keep_problem(struct reader *reader, struct statement *statement, const struct tree_problem *problem)
{
	struct place place = place_in(statement, problem->position);
	struct parse_problem *kept = arena_alloc(reader->arena, sizeof(*kept));
	*kept = (struct parse_problem){
		.message = secret_conceal(reader->arena, arena_strdup(reader->arena, problem->message), statement->sql, true),
		.line = place.line,
		.column = place.column};
	statement->problem = kept;
	statement->tag = "UNKNOWN";
}

static void keep_enum(struct reader *reader, const struct analysis *analysis, struct statement *statement,
                      size_t number)
{
	if (analysis->watched_use)
		statement->uses_enum_of = reader->enum_statements.items[analysis->watched_use - 1];
	if (!statement->adds)
		return;
	struct enum_value *kept = arena_alloc(reader->arena, sizeof(*kept));
	kept->value = arena_strdup(reader->arena, statement->adds->value);
	kept->type = arena_strdup(reader->arena, statement->adds->type);
	statement->adds = kept;
	list_push(reader->arena, &reader->enum_values, kept->value);
	list_push(reader->arena, &reader->enum_statements, (uint32_t)number);
}

static void study(struct reader *reader, struct statement *statement, const PgQuery__Node *node, size_t number)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct analysis analysis = {.arena = scratch, .statement = statement, .watched = &reader->enum_values};
	analyse(&analysis, node);
	keep_objects(reader, statement, analysis.objects.items, analysis.objects.count);
	statement->index_name = arena_strdup(reader->arena, statement->index_name);
	keep_enum(reader, &analysis, statement, number);
}

/* What was left out of a short form can still use a new enum value. */
static void search_enum_values(const struct reader *reader, struct arena *scratch, struct statement *statement)
{
	for (size_t i = 0; i < reader->enum_values.count; i++) {
		const char *quoted = arena_printf(scratch, "'%s'", reader->enum_values.items[i]);
		if (strstr(statement->sql, quoted) && reader->enum_statements.items[i] > statement->uses_enum_of)
			statement->uses_enum_of = reader->enum_statements.items[i];
	}
}

static bool parse_short_form(struct reader *reader, struct statement *statement, size_t number)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct tree_problem problem;
	if (!abbreviate(&text, statement->sql, strlen(statement->sql)))
		return false;
	const PgQuery__Node *node = tree_parse(reader->parser, strbuf_text(&text), &problem);
	if (!node)
		return false; /* then the whole says where it is wrong */
	_cleanup_arena_ struct arena *scratch = arena_open();
	study(reader, statement, node, number);
	search_enum_values(reader, scratch, statement);
	statement->parsed = true;
	return true;
}

static void parse_statement(struct reader *reader, struct statement *statement, size_t number)
{
	struct tree_problem problem = {.message = "nested too deeply for the parser"};
	if (!statement->deep && parse_short_form(reader, statement, number))
		return;
	const PgQuery__Node *node = statement->deep ? NULL : tree_parse(reader->parser, statement->sql, &problem);
	statement->parsed = node != NULL;
	if (node)
		study(reader, statement, node, number);
	else
		keep_problem(reader, statement, &problem);
}

/* ---- all of a text ---- */

static enum status count_pieces(const struct statement_source *source, size_t *ret_count, struct error *err)
{
	struct cutter cutter;
	size_t count = 0;
	cutter_init(&cutter, source->file, source->text, source->length, source->from);
	cutter.marker = source->marker;
	for (;;) {
		struct piece piece;
		bool found = false;
		if (cut_next(&cutter, &piece, &found, err) != OK)
			return err->status;
		if (!found)
			break;
		count++;
	}
	*ret_count = count;
	return OK;
}

static struct statement statement_at(const struct piece *piece, const char *text, struct place place)
{
	return (struct statement){
		.sql = text + piece->start,
		.line = place.line,
		.column = place.column,
		.deep = piece->deep,
		.copy_in = piece->copy_in,
		.copy_data = piece->copy_in ? text + piece->data : NULL,
		.copy_length = piece->data_end - piece->data,
	};
}

/*
 * The text was cut once, so that this cannot fail. Each statement is ended after the place of the next one was found:
 * that can cost a newline.
 */
static void fill_statements(const struct statement_source *source, struct statement *statements, size_t count)
{
	_cleanup_error_ struct error err = {0};
	struct cutter cutter;
	struct locator locator;
	char *end = NULL;
	cutter_init(&cutter, source->file, source->text, source->length, source->from);
	locator_init(&locator, source->text);
	for (size_t i = 0; i < count; i++) {
		struct piece piece;
		bool found = false;
		enum status status = cut_next(&cutter, &piece, &found, &err);
		assert(status == OK && found);
		(void)status;
		statements[i] = statement_at(&piece, source->text, locator_find(&locator, piece.start));
		if (end)
			*end = '\0';
		end = source->text + piece.end;
	}
	if (end)
		*end = '\0';
}

/* Cut twice, first to count them: a list of pieces beside 300,000 statements would take half as much again. */
static enum status cut_statements(struct arena *arena, const struct statement_source *source,
                                  struct statement_list *ret_list, struct error *err)
{
	size_t count = 0;
	if (count_pieces(source, &count, err) != OK)
		return err->status;
	ret_list->items = arena_alloc(arena, count * sizeof(*ret_list->items));
	ret_list->count = ret_list->room = count;
	fill_statements(source, ret_list->items, count);
	return OK;
}

enum status statements_read(struct arena *arena, const struct statement_source *source,
                            struct statement_list *ret_list, struct error *err)
{
	struct statement_list list;
	enum status status = cut_statements(arena, source, &list, err);
	if (status != OK)
		return status;
	_cleanup_tree_parser_ struct tree_parser *parser = tree_parser_open();
	struct reader reader = {.arena = arena, .parser = parser};
	for (size_t i = 0; i < list.count; i++)
		parse_statement(&reader, &list.items[i], i + 1);
	*ret_list = list;
	return OK;
}

int parser_version(void)
{
	return tree_parser_version();
}

const char *statement_fingerprint(struct arena *arena, const char *sql)
{
	struct cutter cutter;
	struct piece piece;
	bool found = false;
	_cleanup_error_ struct error err = {0};
	cutter_init(&cutter, NULL, sql, strlen(sql), 0);
	if (cut_next(&cutter, &piece, &found, &err) != OK || !found || piece.deep)
		return NULL;

	PgQueryFingerprintResult result = pg_query_fingerprint(sql);
	char *text = result.error ? NULL : arena_strdup(arena, result.fingerprint_str);
	pg_query_free_fingerprint_result(result);
	return text;
}
