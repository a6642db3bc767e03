#include "core/sql/lexer.h"

#include <string.h>

static bool is_space(char byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* Any byte of a non-ASCII character may stand in an identifier. */
static bool starts_word(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' || (byte & 0x80);
}

static bool continues_tag(char byte)
{
	return starts_word(byte) || is_digit(byte);
}

static bool continues_word(char byte)
{
	return continues_tag(byte) || byte == '$';
}

static bool is_operator(char byte)
{
	return byte && strchr("+-*/<>=~!@#%^&|`?:", byte);
}

/* The byte at an offset, NUL behind the end. */
static char peek(const struct lexer *lexer, size_t at)
{
	return at < lexer->length ? lexer->text[at] : '\0';
}

static bool comment_starts(const struct lexer *lexer, size_t at)
{
	char next = peek(lexer, at + 1);
	return (peek(lexer, at) == '-' && next == '-') || (peek(lexer, at) == '/' && next == '*');
}

static struct token finish(struct lexer *lexer, enum token_kind kind, size_t start, size_t end)
{
	lexer->at = end;
	return (struct token){.kind = kind, .start = start, .end = end};
}

static struct token unterminated(struct lexer *lexer, size_t start, const char *what)
{
	struct token token = finish(lexer, TOKEN_UNTERMINATED, start, lexer->length);
	token.unterminated = what;
	return token;
}

static size_t line_end(const struct lexer *lexer, size_t at)
{
	const char *newline = memchr(lexer->text + at, '\n', lexer->length - at);
	return newline ? (size_t)(newline - lexer->text) : lexer->length;
}

/* Comments nest, as in the SQL standard. */
static struct token block_comment(struct lexer *lexer, size_t start)
{
	size_t depth = 1, at = start + 2;
	while (at + 1 < lexer->length && depth) {
		if (lexer->text[at] == '*' && lexer->text[at + 1] == '/') {
			depth--;
			at += 2;
		} else if (lexer->text[at] == '/' && lexer->text[at + 1] == '*') {
			depth++;
			at += 2;
		} else {
			at++;
		}
	}
	return depth ? unterminated(lexer, start, "comment") : finish(lexer, TOKEN_COMMENT, start, at);
}

/* Behind the closing quote, or 0 when there is none. A doubled quote is two quoted pieces side by side. */
static size_t quote_end(const struct lexer *lexer, size_t at, char quote)
{
	const char *close = at < lexer->length ? memchr(lexer->text + at, quote, lexer->length - at) : NULL;
	return close ? (size_t)(close - lexer->text) + 1 : 0;
}

/* The same where backslashes escape. */
static size_t escaped_end(const struct lexer *lexer, size_t at)
{
	for (; at < lexer->length; at++) {
		if (lexer->text[at] == '\\')
			at++;
		else if (lexer->text[at] == '\'')
			return at + 1;
	}
	return 0;
}

/*
 * SQL joins two strings with only white space and a newline between them (manual, section 4.1.2.1), and the second
 * one is read like the first: this finds its opening quote, or returns 0.
 */
static size_t continuation(const struct lexer *lexer, size_t at)
{
	bool newline = false;
	while (at < lexer->length) {
		if (is_space(lexer->text[at])) {
			newline |= lexer->text[at] == '\n' || lexer->text[at] == '\r';
			at++;
		} else if (lexer->text[at] == '-' && peek(lexer, at + 1) == '-') {
			at = line_end(lexer, at);
		} else {
			break;
		}
	}
	return newline && peek(lexer, at) == '\'' ? at : 0;
}

/* E'...': `open` is the quote. */
static struct token escape_string(struct lexer *lexer, size_t start, size_t open)
{
	size_t end = escaped_end(lexer, open + 1);
	while (end) {
		size_t next = peek(lexer, end) == '\'' ? end : continuation(lexer, end);
		if (!next)
			return finish(lexer, TOKEN_LITERAL, start, end);
		end = escaped_end(lexer, next + 1);
	}
	return unterminated(lexer, start, "quoted string");
}

static struct token quoted(struct lexer *lexer, size_t start, enum token_kind kind)
{
	size_t end = quote_end(lexer, start + 1, lexer->text[start]);
	while (end && peek(lexer, end) == lexer->text[start])
		end = quote_end(lexer, end + 1, lexer->text[start]);
	if (end)
		return finish(lexer, kind, start, end);
	return unterminated(lexer, start, kind == TOKEN_QUOTED ? "quoted identifier" : "quoted string");
}

/* Length of a dollar quote's opening mark ($$ or $tag$), or 0. */
static size_t dollar_mark(const struct lexer *lexer, size_t at)
{
	size_t end = at + 1;
	if (starts_word(peek(lexer, end)))
		while (continues_tag(peek(lexer, end)))
			end++;
	return peek(lexer, end) == '$' ? end + 1 - at : 0;
}

static struct token dollar_string(struct lexer *lexer, size_t start, size_t mark)
{
	const char *body = lexer->text + start + mark;
	const char *close = memmem(body, lexer->length - start - mark, lexer->text + start, mark);
	if (!close)
		return unterminated(lexer, start, "dollar-quoted string");
	return finish(lexer, TOKEN_LITERAL, start, (size_t)(close - lexer->text) + mark);
}

static struct token dollar(struct lexer *lexer, size_t start)
{
	size_t mark = dollar_mark(lexer, start);
	if (mark)
		return dollar_string(lexer, start, mark);
	size_t end = start + 1;
	while (is_digit(peek(lexer, end)))
		end++;
	return finish(lexer, end > start + 1 ? TOKEN_LITERAL : TOKEN_OTHER, start, end);
}

static struct token word(struct lexer *lexer, size_t start)
{
	size_t end = start + 1;
	while (continues_word(peek(lexer, end)))
		end++;
	if (end == start + 1 && (lexer->text[start] == 'e' || lexer->text[start] == 'E') && peek(lexer, end) == '\'')
		return escape_string(lexer, start, end);
	return finish(lexer, TOKEN_WORD, start, end);
}

static struct token number(struct lexer *lexer, size_t start)
{
	size_t end = start + 1;
	while (continues_tag(peek(lexer, end)) || peek(lexer, end) == '.')
		end++;
	return finish(lexer, TOKEN_LITERAL, start, end);
}

/* A comment ends an operator, even without white space before it. */
static struct token operator_run(struct lexer *lexer, size_t start)
{
	size_t end = start + 1;
	while (is_operator(peek(lexer, end)) && !comment_starts(lexer, end))
		end++;
	return finish(lexer, TOKEN_OPERATOR, start, end);
}

static enum token_kind mark_kind(char byte)
{
	switch (byte) {
	case '(':
	case '[':
		return TOKEN_OPEN;
	case ')':
	case ']':
		return TOKEN_CLOSE;
	case ',':
		return TOKEN_COMMA;
	case ';':
		return TOKEN_SEMICOLON;
	case '.':
		return TOKEN_DOT;
	case '\\':
		return TOKEN_BACKSLASH;
	default:
		return TOKEN_OTHER;
	}
}

struct token lexer_next(struct lexer *lexer)
{
	size_t start = lexer->at;
	while (start < lexer->length && is_space(lexer->text[start]))
		start++;
	if (start >= lexer->length)
		return finish(lexer, TOKEN_END, lexer->length, lexer->length);

	char byte = lexer->text[start];
	if (comment_starts(lexer, start))
		return byte == '/' ? block_comment(lexer, start)
		                   : finish(lexer, TOKEN_COMMENT, start, line_end(lexer, start));
	if (starts_word(byte))
		return word(lexer, start);
	if (byte == '\'')
		return quoted(lexer, start, TOKEN_LITERAL);
	if (byte == '"')
		return quoted(lexer, start, TOKEN_QUOTED);
	if (byte == '$')
		return dollar(lexer, start);
	if (is_digit(byte))
		return number(lexer, start);
	if (is_operator(byte))
		return operator_run(lexer, start);
	return finish(lexer, mark_kind(byte), start, start + 1);
}

bool token_is(const struct lexer *lexer, struct token token, const char *expected)
{
	if (token.kind != TOKEN_WORD || token.end - token.start != strlen(expected))
		return false;
	for (size_t i = 0; expected[i]; i++) {
		char byte = lexer->text[token.start + i];
		if ((byte >= 'a' && byte <= 'z' ? (char)(byte - 'a' + 'A') : byte) != expected[i])
			return false;
	}
	return true;
}
