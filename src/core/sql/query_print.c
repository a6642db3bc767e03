#include "core/sql/query_print.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <pg_query.h>

#include "base/digest.h"
#include "base/strbuf.h"
#include "core/sql/cut.h"
#include "core/sql/lexer.h"
#include "core/sql/statement.h"

/* Bounds of the only statement in the text. */
static bool find_only(const char *sql, struct piece *ret_piece)
{
	struct cutter cutter;
	struct piece other;
	bool found = false, more = false;
	_cleanup_error_ struct error err = {0};

	cutter_init(&cutter, NULL, sql, strlen(sql), 0);
	return cut_next(&cutter, ret_piece, &found, &err) == OK && found && !ret_piece->copy_in &&
	       cut_next(&cutter, &other, &more, &err) == OK && !more;
}

static bool is_parameter(const char *text, struct token token)
{
	return token.kind == TOKEN_LITERAL && text[token.start] == '$' && text[token.end - 1] != '$';
}

/* B'1', X'1F' and N'...' are a word with a string at its heels; U&'...' has its operator between. */
static bool marks_string(const char *text, struct token token)
{
	return token.kind == TOKEN_WORD && token.end - token.start == 1 && text[token.end] == '\'' &&
	       strchr("bBxXnN", text[token.start]);
}

/* ---- the fingerprint of a statement that the parser does not take ---- */

static void add_folded(struct digest_stream *digest, const char *text, struct token token)
{
	_cleanup_strbuf_ struct strbuf folded = {0};
	for (size_t i = token.start; i < token.end; i++)
		strbuf_putc(&folded, text[i] >= 'A' && text[i] <= 'Z' && token.kind == TOKEN_WORD ? (char)(text[i] - 'A' + 'a')
		                                                                                  : text[i]);
	digest_add_field(digest, strbuf_text(&folded));
}

static struct digest digest_tokens(const char *sql)
{
	struct lexer lexer = {.text = sql, .length = strlen(sql)};
	struct digest_stream *digest = digest_open();

	for (struct token token; (token = lexer_next(&lexer)).kind != TOKEN_END;) {
		if (token.kind == TOKEN_COMMENT || marks_string(sql, token))
			continue;
		if (token.kind == TOKEN_LITERAL)
			digest_add_field(digest, NULL);
		else
			add_folded(digest, sql, token);
	}
	return digest_close(digest);
}

bool query_fingerprint(const char *sql, struct query_print *ret_print)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct piece piece;
	if (!find_only(sql, &piece))
		return false;

	const char *statement = arena_strndup(scratch, sql + piece.start, piece.end - piece.start);
	const char *hex = statement_fingerprint(scratch, statement);
	struct digest digest;
	if (!hex) {
		digest = digest_tokens(statement);
		hex = digest.hex;
	}
	memcpy(ret_print->hex, hex, sizeof(ret_print->hex) - 1);
	ret_print->hex[sizeof(ret_print->hex) - 1] = '\0';
	return true;
}

/* ---- the text ---- */

static const char *normalize_by_parser(struct arena *arena, const char *sql)
{
	PgQueryNormalizeResult result = pg_query_normalize(sql);
	const char *text = result.error ? NULL : arena_strdup(arena, result.normalized_query);
	pg_query_free_normalize_result(result);
	return text;
}

static long highest_parameter(const char *sql)
{
	struct lexer lexer = {.text = sql, .length = strlen(sql)};
	long highest = 0;

	for (struct token token; (token = lexer_next(&lexer)).kind != TOKEN_END;) {
		long number = is_parameter(sql, token) ? strtol(sql + token.start + 1, NULL, 10) : 0;
		highest = number > highest ? number : highest;
	}
	return highest;
}

/* Of the constants the parser has left the numbers that are none, as in varchar(10). */
static bool is_hidden(const char *text, struct token token, bool parsed)
{
	bool quoted = text[token.end - 1] == '\'' || text[token.end - 1] == '$';
	return token.kind == TOKEN_LITERAL && !is_parameter(text, token) && (quoted || !parsed);
}

static void put_token(struct strbuf *out, const char *sql, struct token token, bool hidden, bool parsed,
                      long *parameters)
{
	if (!hidden)
		strbuf_add(out, sql + token.start, token.end - token.start);
	else if (parsed)
		strbuf_puts(out, "'...'");
	else
		strbuf_printf(out, "$%ld", ++*parameters);
}

/* Whether the last of so many bytes could be one of a name or a parameter. */
static bool sticks(const char *text, size_t length)
{
	unsigned char last = length > 0 ? (unsigned char)text[length - 1] : ' ';
	return isalnum(last) || last == '_' || last == '$' || last >= 0x80;
}

static const char *put_tokens(struct arena *arena, const char *sql, bool parsed)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct lexer lexer = {.text = sql, .length = strlen(sql)};
	long parameters = parsed ? 0 : highest_parameter(sql);
	size_t last_end = 0;
	bool was_hidden = false;

	for (struct token token; (token = lexer_next(&lexer)).kind != TOKEN_END;) {
		if (token.kind == TOKEN_COMMENT || marks_string(sql, token))
			continue;
		/* What stands for a constant must not grow into what touched that: date'2026-01-01' is no date$1. */
		bool hidden = is_hidden(sql, token, parsed);
		bool grows = !parsed &&
		             ((hidden && sticks(out.data, out.length)) || (was_hidden && sticks(sql, token.start + 1)));
		if (out.length > 0 && (token.start > last_end || grows))
			strbuf_putc(&out, ' ');
		put_token(&out, sql, token, hidden, parsed, &parameters);
		last_end = token.end;
		was_hidden = hidden;
	}
	return arena_strdup(arena, strbuf_text(&out));
}

const char *query_normalize(struct arena *arena, const char *sql)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct piece piece;
	if (!find_only(sql, &piece))
		return NULL;

	const char *statement = arena_strndup(scratch, sql + piece.start, piece.end - piece.start);
	const char *parsed = piece.deep ? NULL : normalize_by_parser(scratch, statement);
	return put_tokens(arena, parsed ? parsed : statement, parsed != NULL);
}
