#include "core/migration/steps.h"

#include <string.h>

#include "core/migration/blocks.h"
#include "core/migration/header.h"

/* ---- statements that the packaged parser does not take ---- */

/* What stands where SQL was expected tells what the file was written for. */
static const struct {
	const char *near; /* as the parser quotes it */
	const char *hint;
} FOREIGN_TEXT[] = {
	{"near \":", "psql variables are not filled in here: write the value itself."},
	{"near \"{", "pgsluice fills in no templates: write what the placeholder stands for."},
	{"near \"$", "pgsluice fills in no templates: write what the placeholder stands for."},
	{"near \"%", "pgsluice fills in no templates: write what the placeholder stands for."},
};

static bool is_allowed(const struct script *script, const char *rule)
{
	for (size_t i = 0; i < script->allowances.count; i++)
		if (strcmp(script->allowances.items[i].rule, rule) == 0)
			return true;
	return false;
}

static enum status refuse_unparsed(const struct script *script, const struct statement *statement, struct error *err)
{
	const struct parse_problem *problem = statement->problem;

	error_set(err, FAIL_REFUSED, "%s", problem->message);
	error_detail(err, "The packaged parser, PostgreSQL %d's, does not take this statement, so its rules and locks "
	                  "cannot be checked.", parser_version());
	error_hint(err, "Correct the statement. If a server newer than PostgreSQL %d takes it, say so in the header: "
	                "`-- pgsluice:allow unparsed because REASON`, and `-- pgsluice:requires-server >= N`.",
	           parser_version());
	for (size_t i = 0; i < sizeof(FOREIGN_TEXT) / sizeof(FOREIGN_TEXT[0]); i++)
		if (strstr(problem->message, FOREIGN_TEXT[i].near))
			error_hint(err, "%s", FOREIGN_TEXT[i].hint);
	return error_where(err, script->path, problem->line, problem->column);
}

static enum status check_parsed(const struct script *script, const struct statement_list *list, struct error *err)
{
	for (size_t i = 0; i < list->count && !is_allowed(script, "unparsed"); i++)
		if (!list->items[i].parsed)
			return refuse_unparsed(script, &list->items[i], err);
	return OK;
}

/* ---- verify scripts ---- */

static enum status check_verify(const struct script *script, const struct statement_list *list, struct error *err)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct statement *statement = &list->items[i];
		bool transaction = statement->class != CLASS_TRANSACTIONAL && statement->class != CLASS_OUTSIDE;
		if (statement->read_only || transaction)
			continue;
		error_set(err, FAIL_REFUSED, "%s in a verify file", statement->tag);
		error_detail(err, "Verify files run on live: only statements that read may stand in them.");
		error_hint(err, "Ask with SELECT: a row whose first column is false or null fails the check.");
		return error_where(err, script->path, statement->line, statement->column);
	}
	return OK;
}

/* ---- steps ---- */

/* The statements that stay move to the front of their list as steps are made of them. */
struct builder {
	struct arena *arena;
	const struct steps_request *request;
	struct script *script;
	struct statement *statements; /* all, as read: the number of one is its place here, from 1 */
	size_t kept;
	struct step *open;            /* the transactional step that takes more, or NULL */
	size_t open_first;            /* number of the first statement in it */
	const char *reason;           /* why the next step begins */
};

static void begin_step(struct builder *builder, bool transactional, size_t number)
{
	if (builder->script->steps.room == 0)
		list_reserve(builder->arena, &builder->script->steps, 1); /* most files have no more */
	struct step *step = list_add(builder->arena, &builder->script->steps);
	*step = (struct step){.transactional = transactional,
	                      .statements = &builder->statements[builder->kept],
	                      .reason = builder->script->steps.count > 1 ? builder->reason : NULL};
	builder->open = transactional && !builder->script->transaction_none ? step : NULL;
	builder->open_first = number;
}

static void keep_statement(struct builder *builder, struct statement statement)
{
	struct step *step = &builder->script->steps.items[builder->script->steps.count - 1];
	builder->statements[builder->kept++] = statement;
	step->count++;
}

static void end_step(struct builder *builder, const char *reason)
{
	builder->open = NULL;
	builder->reason = reason;
}

/*
 * PostgreSQL lets nobody use a new enum value before the transaction that added it has committed (manual, page ALTER
 * TYPE); before 17 not even where the type is new in it too.
 */
static const struct statement *unsafe_enum_use(const struct builder *builder, size_t adding_number)
{
	if (!builder->open || adding_number < builder->open_first)
		return NULL;
	for (size_t i = 0; i < builder->open->count; i++) {
		const struct statement *statement = &builder->open->statements[i];
		if (statement->adds)
			return statement;
	}
	return NULL;
}

static void place_transactional(struct builder *builder, struct statement statement, size_t number)
{
	const struct statement *adder =
		statement.uses_enum_of ? unsafe_enum_use(builder, statement.uses_enum_of) : NULL;
	if (adder)
		end_step(builder, arena_printf(builder->arena, "uses '%s', which the step before adds to %s",
		                               adder->adds->value, adder->adds->type));
	if (!builder->open)
		begin_step(builder, true, number);
	keep_statement(builder, statement);
	if (builder->script->transaction_none)
		end_step(builder, "transaction none");
}

static void place_outside(struct builder *builder, struct statement statement, size_t number)
{
	const char *name = arena_printf(builder->arena, "%s%s", statement.tag,
	                                statement.concurrent_index ? " CONCURRENTLY" : "");
	end_step(builder, arena_printf(builder->arena, "%s cannot run in a transaction", name));
	begin_step(builder, false, number);
	keep_statement(builder, statement);
	end_step(builder, arena_printf(builder->arena, "%s before it cannot run in a transaction", name));
}

/* The history table's own name, and whether an object is that table; a schema counts when both name one. */
static bool is_history(const char *history_table, const char *name)
{
	const char *own_dot = strrchr(history_table, '.'), *dot = strrchr(name, '.');
	if (own_dot && dot)
		return strcmp(history_table, name) == 0;
	return strcmp(own_dot ? own_dot + 1 : history_table, dot ? dot + 1 : name) == 0;
}

/* Whether the history table is what the statement creates or writes, and nothing else is. */
static bool concerns_history(const struct statement *statement, const char *history_table)
{
	bool found = false;
	for (size_t i = 0; i < statement->objects.count; i++) {
		const struct object_use *use = &statement->objects.items[i];
		if (strcmp(use->kind, "table") != 0 || !(use->creates || use->writes))
			continue;
		if (!is_history(history_table, use->name))
			return false;
		found = true;
	}
	return found;
}

/* CREATE TABLE of the history, INSERT into it, and in down files DELETE from it: that is our work. */
static bool is_absorbed(const struct steps_request *request, const struct statement *statement)
{
	static const struct {
		const char *tag;
		bool down_only;
	} ABSORBED[] = {{"CREATE TABLE", false}, {"INSERT", false}, {"DELETE", true}};

	for (size_t i = 0; i < sizeof(ABSORBED) / sizeof(ABSORBED[0]); i++)
		if (strcmp(statement->tag, ABSORBED[i].tag) == 0)
			return (!ABSORBED[i].down_only || request->kind == FILE_DOWN) &&
			       concerns_history(statement, request->history_table);
	return false;
}

static void place_statement(struct builder *builder, struct statement statement, size_t number)
{
	if (is_absorbed(builder->request, &statement))
		return;
	if (statement.class == CLASS_OUTSIDE)
		place_outside(builder, statement, number);
	else
		place_transactional(builder, statement, number);
}

static enum status build_steps(struct builder *builder, const struct statement_list *list, struct error *err)
{
	struct blocks blocks = {.file = builder->script->path,
	                        .rollback_ends = builder->request->kind == FILE_VERIFY};
	for (size_t i = 0; i < list->count; i++) {
		struct statement statement = list->items[i];
		enum block_event event;
		if (blocks_follow(&blocks, &statement, &event, err) != OK)
			return err->status;
		if (event == BLOCK_INSIDE) {
			statement.in_block = blocks.state == BLOCKS_OWN;
			place_statement(builder, statement, i + 1);
		} else if (event == BLOCK_ENDS_STEP) {
			end_step(builder, "the file commits before it");
		}
	}
	return blocks_finish(&blocks, err);
}

enum status steps_read(struct arena *arena, const struct steps_request *request, struct error *err)
{
	struct script *script = request->script;
	struct statement_source source = {.file = script->path,
	                                  .text = script->text,
	                                  .length = script->length,
	                                  .from = script->body,
	                                  .marker = DIRECTIVE_MARKER};
	struct statement_list list = {0};

	if (statements_read(arena, &source, &list, err) != OK || check_parsed(script, &list, err) != OK)
		return err->status;
	if (request->kind == FILE_VERIFY && check_verify(script, &list, err) != OK)
		return err->status;
	struct builder builder = {
		.arena = arena, .request = request, .script = script, .statements = list.items};
	return build_steps(&builder, &list, err);
}
