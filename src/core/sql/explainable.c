#include "core/sql/explainable.h"

#include <stdlib.h>
#include <string.h>

#include "core/sql/lexer.h"
#include "core/sql/statement.h"

/* The server takes no more: they are counted in 16 bits. */
enum { MOST_PARAMETERS = 65535 };

static size_t highest_parameter(const char *sql)
{
	struct lexer lexer = {.text = sql, .length = strlen(sql)};
	long highest = 0;

	for (struct token token = lexer_next(&lexer); token.kind != TOKEN_END; token = lexer_next(&lexer)) {
		if (token.kind != TOKEN_LITERAL || sql[token.start] != '$' || token.end - token.start < 2 ||
		    !strchr("0123456789", sql[token.start + 1]))
			continue;
		long number = strtol(sql + token.start + 1, NULL, 10);
		highest = number > highest ? number : highest;
	}
	return (size_t)(highest > MOST_PARAMETERS ? MOST_PARAMETERS : highest);
}

static bool is_explainable(const char *tag)
{
	static const char *const TAGS[] = {"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"};
	for (size_t i = 0; i < sizeof(TAGS) / sizeof(TAGS[0]); i++)
		if (strcmp(tag, TAGS[i]) == 0)
			return true;
	return false;
}

static enum status judge(const char *file, const struct statement_list *list, struct error *err)
{
	const struct statement *first = list->count ? &list->items[0] : NULL;

	if (!first) {
		error_set(err, FAIL_REFUSED, "there is no query here");
		error_hint(err, "Write one SELECT, INSERT, UPDATE, DELETE or MERGE.");
		return error_where(err, file, 0, 0);
	}
	if (list->count > 1) {
		const struct statement *second = &list->items[1];
		error_set(err, FAIL_REFUSED, "there are %zu statements here, and one query is wanted", list->count);
		error_hint(err, "Keep one of them; each query stands alone.");
		return error_where(err, file, second->line, second->column);
	}
	if (!first->parsed) {
		error_set(err, FAIL_REFUSED, "the query cannot be read: %s",
		          first->problem ? first->problem->message : "the parser does not take it");
		error_hint(err, "Correct it; it must be one that PostgreSQL %d's parser takes.", parser_version());
		return first->problem ? error_where(err, file, first->problem->line, first->problem->column)
		                      : error_where(err, file, first->line, first->column);
	}
	if (is_explainable(first->tag))
		return OK;
	error_set(err, FAIL_REFUSED, "%s is no query that can be explained", first->tag);
	error_hint(err, strcmp(first->tag, "EXPLAIN") == 0
	                        ? "Give the query alone: EXPLAIN is put before it."
	                        : "Write one SELECT, INSERT, UPDATE, DELETE or MERGE.");
	return error_where(err, file, first->line, first->column);
}

enum status explainable_read(struct arena *arena, const char *file, const char *text, size_t length, size_t from,
                             struct explainable *ret_query, struct error *err)
{
	struct statement_list list = {0};
	/* Cutting changes the text. */
	const struct statement_source source = {
		.file = file ? file : "query", .text = arena_strndup(arena, text, length), .length = length, .from = from};

	if (statements_read(arena, &source, &list, err) != OK || judge(file, &list, err) != OK)
		return err->status;
	const struct statement *statement = &list.items[0];
	*ret_query = (struct explainable){
		.sql = statement->sql,
		.tag = statement->tag,
		.line = statement->line,
		.reads = statement->read_only,
		.configures = statement->session_state,
		.opaque = statement->opaque_writes || statement->foreign,
		.parameters = highest_parameter(statement->sql),
	};
	return OK;
}
