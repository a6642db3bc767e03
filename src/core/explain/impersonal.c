#include "core/explain/impersonal.h"

#include <string.h>

#include "core/sql/lexer.h"
#include "core/sql/query_print.h"

#define CONSTANT "?"

/* Members whose texts are names or words of the server's own. */
static const char *const NAMES[] = {"Alias",   "Command", "Node Type",           "Operation",
                                    "Parent Relationship", "Schema",  "Strategy", "Relation"};
static const char NAME_END[] = " Name";
static const char SETTINGS[] = "Settings", QUERY_TEXT[] = "Query Text";

static bool is_name(const char *key)
{
	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
		if (strcmp(key, NAMES[i]) == 0)
			return true;
	size_t length = strlen(key), end = strlen(NAME_END);
	return length > end && strcmp(key + length - end, NAME_END) == 0;
}

/* ---- an expression ---- */

static bool names_subplan(const struct lexer *lexer, struct token token)
{
	return token_is(lexer, token, "SUBPLAN") || token_is(lexer, token, "INITPLAN");
}

static bool is_parameter(const char *text, struct token token)
{
	return text[token.start] == '$' && text[token.end - 1] != '$';
}

/* B'1' and X'1F' are a word with a string at its heels. */
static bool marks_string(const char *text, struct token token)
{
	return token.kind == TOKEN_WORD && token.end - token.start == 1 && text[token.end] == '\'' &&
	       strchr("bBxXnN", text[token.start]);
}

void expression_impersonal(struct strbuf *out, const char *expression)
{
	struct lexer lexer = {.text = expression, .length = strlen(expression)};
	bool numbered = false; /* the word before was SubPlan or InitPlan */

	for (size_t last_end = 0;;) {
		struct token token = lexer_next(&lexer);
		if (token.kind == TOKEN_END)
			return;
		bool constant = token.kind == TOKEN_UNTERMINATED ||
		                (token.kind == TOKEN_LITERAL && !numbered && !is_parameter(expression, token));
		numbered = names_subplan(&lexer, token);
		if (token.kind == TOKEN_COMMENT || marks_string(expression, token))
			continue;
		if (last_end && token.start > last_end)
			strbuf_putc(out, ' ');
		strbuf_add(out, constant ? CONSTANT : expression + token.start,
		           constant ? strlen(CONSTANT) : token.end - token.start);
		last_end = token.end;
	}
}

/* ---- the document ---- */

static struct json *copy_value(const char *key, const struct json *value);

static struct json *impersonal_text(const char *key, const char *text)
{
	if (key && strcmp(key, QUERY_TEXT) == 0) {
		_cleanup_arena_ struct arena *scratch = arena_open();
		const char *normalized = query_normalize(scratch, text);
		if (normalized)
			return json_new_text(normalized);
	}
	_cleanup_strbuf_ struct strbuf out = {0};
	expression_impersonal(&out, text);
	return json_new_text(strbuf_text(&out));
}

static bool copy_member(const char *key, const struct json *value, void *context)
{
	json_set(context, key, copy_value(key, value));
	return true;
}

static struct json *copy_array(const char *key, const struct json *array)
{
	struct json *copy = json_new_array();
	for (size_t i = 0; i < json_count(array); i++)
		json_push(copy, copy_value(key, json_at(array, i)));
	return copy;
}

/* The elements of a list are of the list's kind. */
static struct json *copy_value(const char *key, const struct json *value)
{
	switch (json_kind(value)) {
	case JSON_KIND_TEXT:
		return key && is_name(key) ? json_clone(value) : impersonal_text(key, json_text(value));
	case JSON_KIND_ARRAY:
		return copy_array(key, value);
	case JSON_KIND_OBJECT: {
		if (key && strcmp(key, SETTINGS) == 0)
			return json_clone(value);
		struct json *copy = json_new_object();
		json_each(value, copy_member, copy);
		return copy;
	}
	default:
		return json_clone(value);
	}
}

struct json *query_plan_impersonal(const struct json *printed)
{
	return copy_value(NULL, printed);
}
