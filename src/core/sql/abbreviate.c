#include "core/sql/abbreviate.h"

#include "core/sql/lexer.h"

enum { ROWS_KEPT = 100, LITERAL_KEPT_BYTES = 256 };

struct shortener {
	struct lexer lexer;
	struct strbuf *out;
	size_t last_end; /* of the token written last, in the text */
};

static struct token next_token(struct lexer *lexer)
{
	struct token token;
	do
		token = lexer_next(lexer);
	while (token.kind == TOKEN_COMMENT);
	return token;
}

static bool is_end(struct token token)
{
	return token.kind == TOKEN_END || token.kind == TOKEN_UNTERMINATED;
}

/* Tokens that touch stay together: U&'...' is three of them. */
static void write_token(struct shortener *shortener, struct token token)
{
	bool quoted = token.kind == TOKEN_LITERAL && shortener->lexer.text[token.end - 1] == '\'';
	if (token.start > shortener->last_end)
		strbuf_putc(shortener->out, '\n');
	if (quoted && token.end - token.start > LITERAL_KEPT_BYTES)
		strbuf_puts(shortener->out, "''");
	else
		strbuf_add(shortener->out, shortener->lexer.text + token.start, token.end - token.start);
	shortener->last_end = token.end;
}

static bool is_value(const struct lexer *lexer, struct token token)
{
	return token.kind == TOKEN_LITERAL || token_is(lexer, token, "NULL") || token_is(lexer, token, "TRUE") ||
	       token_is(lexer, token, "FALSE") || token_is(lexer, token, "DEFAULT");
}

static bool is_sign(const struct lexer *lexer, struct token token)
{
	return token.kind == TOKEN_OPERATOR && token.end - token.start == 1 &&
	       (lexer->text[token.start] == '-' || lexer->text[token.start] == '+');
}

/* Reads one row behind its opening parenthesis; true when it is constants with commas between them. */
static bool skip_row(struct lexer *lexer)
{
	bool constant = true, value = false; /* whether a value stands before the token */
	for (size_t level = 1; level > 0;) {
		struct token token = next_token(lexer);
		if (is_end(token))
			return false;
		level += token.kind == TOKEN_OPEN;
		level -= token.kind == TOKEN_CLOSE;
		bool fits = value ? token.kind == TOKEN_COMMA || level == 0
		                  : is_value(lexer, token) || is_sign(lexer, token);
		constant = constant && fits;
		value = is_value(lexer, token);
	}
	return constant;
}

/* Writes all tokens up to that offset. */
static void write_until(struct shortener *shortener, size_t from, size_t until)
{
	shortener->lexer.at = from;
	while (shortener->lexer.at < until)
		write_token(shortener, next_token(&shortener->lexer));
}

/* Behind VALUES: rows with commas between them; returns the token behind the last one. */
static struct token write_rows(struct shortener *shortener)
{
	struct lexer *lexer = &shortener->lexer;
	size_t kept = 0;
	for (;;) {
		struct token open = next_token(lexer);
		if (open.kind != TOKEN_OPEN)
			return open;
		bool constant = skip_row(lexer);
		size_t behind = lexer->at;
		if (!constant || kept < ROWS_KEPT) {
			if (kept++ > 0)
				strbuf_putc(shortener->out, ',');
			write_until(shortener, open.start, behind);
		}
		lexer->at = behind;
		struct token comma = next_token(lexer);
		if (comma.kind != TOKEN_COMMA)
			return comma;
	}
}

bool abbreviate(struct strbuf *out, const char *sql, size_t length)
{
	struct shortener shortener = {.lexer = {.text = sql, .length = length}, .out = out};
	struct token token = next_token(&shortener.lexer);
	size_t level = 0;

	if (length < ABBREVIATE_FROM_BYTES || !token_is(&shortener.lexer, token, "INSERT"))
		return false;
	while (!is_end(token)) {
		write_token(&shortener, token);
		level += token.kind == TOKEN_OPEN;
		level -= token.kind == TOKEN_CLOSE && level > 0;
		if (level == 0 && token_is(&shortener.lexer, token, "VALUES"))
			token = write_rows(&shortener);
		else
			token = next_token(&shortener.lexer);
	}
	return true;
}
