#include "cli/explain_source.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/sql/statement.h"
#include "sys/file.h"

enum { CEILING_BYTES = 64 << 20, CHUNK_BYTES = 1 << 16, QUERY_BYTES_MAX = 1 << 20 };

static enum status read_standard_input(struct strbuf *out, struct error *err)
{
	char chunk[CHUNK_BYTES];
	size_t length;

	while ((length = fread(chunk, 1, sizeof(chunk), stdin)) > 0) {
		strbuf_add(out, chunk, length);
		if (out->length > CEILING_BYTES) {
			error_set(err, FAIL_REFUSED, "standard input is over 64 MiB");
			return error_hint(err, "Give the plan alone.");
		}
	}
	if (!ferror(stdin))
		return OK;
	error_set(err, FAIL_USAGE, "could not read standard input");
	return error_hint(err, "Name a file with -f instead.");
}

enum status explain_source_read(struct arena *arena, const char *path, const char **ret_text, struct error *err)
{
	_cleanup_strbuf_ struct strbuf content = {0};
	enum status status = strcmp(path, "-") == 0 ? read_standard_input(&content, err)
	                                            : file_read(path, CEILING_BYTES, &content, err);
	if (status)
		return status;
	if (memchr(strbuf_text(&content), '\0', content.length)) {
		error_set(err, FAIL_USAGE, "%s holds NUL bytes: it is no text", strcmp(path, "-") == 0 ? "it" : path);
		return error_hint(err, "Give what EXPLAIN printed, or a query, as text in UTF-8.");
	}
	*ret_text = arena_strdup(arena, strbuf_text(&content));
	return OK;
}

/* ---- a plan or a query ---- */

/* The first statement's tag when the packaged parser takes it as SQL; NULL = it is no SQL that it knows. */
static const char *tag_of(struct arena *arena, const char *text)
{
	_cleanup_error_ struct error ignored = {0};
	struct statement_source source = {.file = "query", .text = arena_strdup(arena, text), .length = strlen(text)};
	struct statement_list statements = {0};

	if (source.length > QUERY_BYTES_MAX || statements_read(arena, &source, &statements, &ignored) != OK)
		return NULL;
	return statements.count && statements.items[0].parsed ? statements.items[0].tag : NULL;
}

/* Begins as a query does: what the packaged parser is too old for the server may know. */
static bool begins_as_query(const char *text)
{
	static const char *const WORDS[] = {"SELECT", "WITH", "INSERT INTO", "UPDATE", "DELETE FROM", "MERGE INTO",
	                                    "VALUES", "TABLE", "EXECUTE", "DECLARE", "CREATE", "REFRESH"};
	text += strspn(text, " \t\r\n(");
	for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++)
		if (strncasecmp(text, WORDS[i], strlen(WORDS[i])) == 0)
			return true;
	return false;
}

static enum status refuse_explain(struct error *err)
{
	error_set(err, FAIL_USAGE, "the query begins with EXPLAIN");
	return error_hint(err, "Give the query alone; --analyze runs it, too.");
}

enum status explain_source_judge(struct arena *arena, const char *text, struct explain_source *ret_source,
                                 struct error *err)
{
	const char *start = text + strspn(text, " \t\r\n");
	const char *tag = *start == '[' || *start == '{' ? NULL : tag_of(arena, text);
	struct query_plan *plan = NULL;

	if (tag && strcmp(tag, "EXPLAIN") == 0)
		return refuse_explain(err);
	if (!tag && query_plan_read(arena, text, strlen(text), &plan, err) != OK) {
		if (!begins_as_query(text))
			return err->status;
		error_clear(err);
	}
	*ret_source = (struct explain_source){.text = text, .plan = plan};
	return OK;
}

enum status explain_source_find(struct arena *arena, const struct options *options,
                                struct explain_source *ret_source, struct error *err)
{
	const char *operand = options->operands.count ? options->operands.items[0] : NULL, *text = operand;
	const char *path = options->file ? options->file : operand && strcmp(operand, "-") == 0 ? "-" : NULL;

	if (options->operands.count > (options->file ? 0 : 1)) {
		error_set(err, FAIL_USAGE, "one plan or query at a time");
		return error_hint(err, "Quote a query as one argument; two plans are compared with --diff.");
	}
	if (!path && !operand && isatty(STDIN_FILENO)) {
		error_set(err, FAIL_USAGE, "there is nothing to explain");
		return error_hint(err, "Give a query, a file with -f FILE, or a plan on standard input.");
	}
	if (!operand || path) {
		enum status status = explain_source_read(arena, path ? path : "-", &text, err);
		if (status)
			return status;
	}
	return explain_source_judge(arena, text, ret_source, err);
}
