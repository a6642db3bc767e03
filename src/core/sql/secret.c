#include "core/sql/secret.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/list.h"
#include "base/strbuf.h"
#include "core/sql/lexer.h"

/* What a name ends or goes on with when it names a password: sslpassword, password_hash, jwt_secret. */
static const char *const NAMES[] = {"password", "passwd", "passphrase", "secret"};

/* Functions that take keys and passwords: crypt(), pgp_sym_encrypt(), decrypt(). */
static const char CRYPT[] = "crypt(";

static const char SCHEME[] = "://";

struct span {
	size_t start, end;
};

static bool is_word(char byte)
{
	return isalnum((unsigned char)byte) || byte == '_' || (byte & 0x80);
}

static size_t skip_blanks(const char *text, size_t at)
{
	while (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r')
		at++;
	return at;
}

static size_t name_length(const char *at)
{
	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
		if (strncasecmp(at, NAMES[i], strlen(NAMES[i])) == 0)
			return strlen(NAMES[i]);
	return 0;
}

/* ---- where a password stands ---- */

/* user:PASSWORD@ behind the scheme. An unescaped / or @ in it does not end it: better too much than a part shown. */
static bool uri_password(const char *text, size_t from, struct span *ret_span)
{
	size_t end = from + strcspn(text + from, " \t\r\n'\"<>"), at = end;
	while (at > from && text[at - 1] != '@')
		at--;
	const char *colon = at > from ? memchr(text + from, ':', at - from) : NULL;
	if (!colon || (size_t)(colon - text) + 2 > at)
		return false;
	*ret_span = (struct span){(size_t)(colon - text) + 1, at - 1};
	return true;
}

bool secret_mentioned(const char *sql)
{
	struct span span;
	for (const char *at = sql; *at; at++) {
		char byte = (char)tolower((unsigned char)*at);
		if ((byte == 'p' || byte == 's') && name_length(at))
			return true;
		if (byte == 'c' && strncasecmp(at, CRYPT, strlen(CRYPT)) == 0)
			return true;
		if (byte == ':' && strncmp(at, SCHEME, strlen(SCHEME)) == 0 && uri_password(at, strlen(SCHEME), &span))
			return true;
	}
	return false;
}

/* Inside another literal a quote is written twice, or more often: as many end the value as began it. */
static bool quoted_value(const char *text, size_t at, struct span *ret_span)
{
	char quote = text[at];
	size_t run = 0;
	while (text[at + run] == quote)
		run++;
	/* An even run can be an empty literal; what follows then is no value. */
	if (run % 2 == 0 && strchr(" \t\r\n,;)", text[at + run]))
		return false;
	size_t end = at + run;
	for (size_t found = 0; text[end]; end++) {
		found = text[end] == quote ? found + 1 : 0;
		if (found < run)
			continue;
		/* Twice as many are one of the value's own. */
		if (strspn(text + end + 1, (char[]){quote, '\0'}) >= run) {
			end += run;
			found = 0;
			continue;
		}
		*ret_span = (struct span){at + run, end + 1 - run};
		return true;
	}
	*ret_span = (struct span){at + run, end};
	return true;
}

static bool dollar_value(const char *text, size_t at, struct span *ret_span)
{
	size_t tag = 1;
	while (is_word(text[at + tag]))
		tag++;
	if (text[at + tag] != '$' || isdigit((unsigned char)text[at + 1]))
		return false;
	tag++;
	for (size_t end = at + tag; text[end]; end++) {
		if (strncmp(text + end, text + at, tag) != 0)
			continue;
		*ret_span = (struct span){at + tag, end};
		return true;
	}
	return false;
}

/* A value without quotes; a name with ( behind it is a function's. */
static bool bare_value(const char *text, size_t at, struct span *ret_span)
{
	size_t end = at + strcspn(text + at, " \t\r\n'\",;)(&}");
	if (end == at || text[end] == '(' || strncasecmp(text + at, "null", end - at) == 0)
		return false;
	*ret_span = (struct span){at, end};
	return true;
}

struct separator {
	bool there;
	bool tight; /* nothing around it, as in a connection string */
	size_t end; /* the value starts here */
};

static struct separator read_separator(const char *text, size_t at, bool after_literal)
{
	static const char *const SIGNS[] = {":=", "=>", "=", ":"};
	size_t sign = skip_blanks(text, at);
	for (size_t i = 0; i < sizeof(SIGNS) / sizeof(SIGNS[0]); i++) {
		size_t length = strlen(SIGNS[i]);
		if (strncmp(text + sign, SIGNS[i], length) != 0)
			continue;
		size_t end = skip_blanks(text, sign + length);
		return (struct separator){
			.there = true, .tight = SIGNS[i][0] == '=' && sign == at && end == sign + length, .end = end};
	}
	if (after_literal && text[sign] == ',')
		return (struct separator){.there = true, .end = skip_blanks(text, sign + 1)};
	if (sign > at && strncasecmp(text + sign, "to", 2) == 0 && isspace((unsigned char)text[sign + 2]))
		return (struct separator){.there = true, .end = skip_blanks(text, sign + 3)};
	return (struct separator){.end = sign};
}

/* CREATE ROLE me PASSWORD forgotten_quotes: the parser would quote it. */
static bool is_about_roles(const char *text, size_t before)
{
	static const char *const WORDS[] = {"role", "user", "group"};
	enum { NEAR = 200 };
	for (size_t at = before > NEAR ? before - NEAR : 0; at < before; at++)
		for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
			size_t length = strlen(WORDS[i]);
			if (strncasecmp(text + at, WORDS[i], length) == 0 && (at == 0 || !is_word(text[at - 1])) &&
			    !is_word(text[at + length]))
				return true;
		}
	return false;
}

/* The value that belongs to a name of NAMES, which ends at `at`. */
static bool named_password(const char *text, size_t name, size_t at, bool statement, struct span *ret_span)
{
	while (is_word(text[at]))
		at++;
	bool after_literal = text[at] == '\'' || text[at] == '"';
	while (after_literal && (text[at] == '\'' || text[at] == '"'))
		at++;
	struct separator separator = read_separator(text, at, after_literal);
	size_t value = separator.end;
	if ((text[value] == 'E' || text[value] == 'e' || text[value] == 'N' || text[value] == 'n') &&
	    text[value + 1] == '\'')
		value++;
	if (text[value] == '\'' && (separator.there || !after_literal))
		return quoted_value(text, value, ret_span);
	if (text[value] == '"' && separator.there)
		return quoted_value(text, value, ret_span);
	if (text[value] == '$')
		return dollar_value(text, value, ret_span);
	if (separator.tight || (statement && separator.there))
		return bare_value(text, value, ret_span);
	if (!statement || separator.there || after_literal || !is_about_roles(text, name))
		return false;
	return text[value] == '"' ? quoted_value(text, value, ret_span) : bare_value(text, value, ret_span);
}

/* The next password at or behind *at, which moves behind it. In a statement even what is written wrongly counts. */
static bool next_password(const char *text, size_t *at, bool statement, struct span *ret_span)
{
	for (; text[*at]; (*at)++) {
		size_t length = 0;
		bool found = false;
		if (strncmp(text + *at, SCHEME, strlen(SCHEME)) == 0) {
			length = strlen(SCHEME);
			found = uri_password(text, *at + length, ret_span);
		} else if ((length = name_length(text + *at)) > 0) {
			found = named_password(text, *at, *at + length, statement, ret_span);
		}
		if (!found || ret_span->end == ret_span->start)
			continue;
		*at = ret_span->end;
		return true;
	}
	return false;
}

/* ---- words of a statement, in what was said about it ---- */

struct concealing {
	struct arena *arena; /* of this call */
	const char *said;
	struct text_list words; /* that stand in it */
};

static void add_word(struct concealing *concealing, const char *start, size_t length)
{
	while (length && isspace((unsigned char)*start)) {
		start++;
		length--;
	}
	while (length && isspace((unsigned char)start[length - 1]))
		length--;
	if (length && memmem(concealing->said, strlen(concealing->said), start, length))
		text_list_add_once(concealing->arena, &concealing->words,
		                   arena_strndup(concealing->arena, start, length));
}

/* The value as written and as meant: without the doubling of quotes, without backslashes. */
static void add_value(struct concealing *concealing, const char *start, size_t length)
{
	_cleanup_strbuf_ struct strbuf undoubled = {0}, unescaped = {0};
	for (size_t i = 0; i < length; i++) {
		if (start[i] == '\'' && i + 1 < length && start[i + 1] == '\'')
			i++;
		strbuf_putc(&undoubled, start[i]);
	}
	for (size_t i = 0; i < length; i++) {
		if (start[i] == '\\' && i + 1 < length)
			i++;
		strbuf_putc(&unescaped, start[i]);
	}
	add_word(concealing, start, length);
	add_word(concealing, strbuf_text(&undoubled), undoubled.length);
	add_word(concealing, strbuf_text(&unescaped), unescaped.length);
}

/* Of what stands there without quotes the parser names a part. */
static void add_parts(struct concealing *concealing, const char *start, size_t length)
{
	for (size_t at = 0, end; at < length; at = end + 1) {
		for (end = at; end < length && is_word(start[end]);)
			end++;
		add_word(concealing, start + at, end - at);
	}
}

static bool is_connection_string(const char *text)
{
	struct span span;
	size_t at = 0;
	return next_password(text, &at, true, &span) && strchr(text, '=') && !strchr(text, ';');
}

/* The server quotes the piece of a connection string that it dislikes. */
static void add_pieces(struct concealing *concealing, const char *text)
{
	if (!is_connection_string(text))
		return;
	for (size_t length; *text; text += length) {
		text += strspn(text, " \t\r\n'\"");
		length = strcspn(text, " \t\r\n'\"");
		if (!memchr(text, '=', length))
			add_word(concealing, text, length);
	}
}

static void add_literals(struct concealing *concealing, const char *sql, size_t size, int depth)
{
	struct lexer lexer = {.text = sql, .length = size};
	struct token token;
	while ((token = lexer_next(&lexer)).kind != TOKEN_END) {
		const char *start = sql + token.start;
		size_t length = token.end - token.start;
		const char *quote = memchr(start, '\'', length), *dollar = memchr(start + 1, '$', length - 1);
		if (token.kind != TOKEN_LITERAL || !(*start == '$' ? dollar : quote))
			continue;
		size_t mark = (size_t)((*start == '$' ? dollar : quote) - start) + 1, end = *start == '$' ? mark : 1;
		if (length < mark + end)
			continue;
		start += mark;
		length -= mark + end;
		add_value(concealing, start, length);
		_cleanup_arena_ struct arena *scratch = arena_open();
		add_pieces(concealing, arena_strndup(scratch, start, length));
		if (depth > 0)
			add_literals(concealing, start, length, depth - 1);
	}
}

static bool stands_alone(const char *text, const char *at, size_t length)
{
	bool starts_inside = at > text && is_word(at[-1]) && is_word(at[0]);
	return !starts_inside && !(is_word(at[length - 1]) && is_word(at[length]));
}

/* Of several that begin here the longest. */
static size_t word_here(const struct concealing *concealing, const char *at)
{
	size_t longest = 0;
	for (size_t i = 0; i < concealing->words.count; i++) {
		const char *word = concealing->words.items[i];
		size_t length = strlen(word);
		if (length > longest && strncmp(at, word, length) == 0 && stands_alone(concealing->said, at, length))
			longest = length;
	}
	return longest;
}

const char *secret_conceal(struct arena *arena, const char *said, const char *sql, bool literals)
{
	enum { DEPTH = 3 };
	_cleanup_arena_ struct arena *scratch = arena_open();
	_cleanup_strbuf_ struct strbuf out = {0};
	struct concealing concealing = {.arena = scratch, .said = said};
	struct span span;

	if (!said || !secret_mentioned(sql))
		return said;
	for (size_t at = 0; next_password(sql, &at, true, &span);) {
		add_value(&concealing, sql + span.start, span.end - span.start);
		if (!strchr("'\"$", sql[span.start - 1]))
			add_parts(&concealing, sql + span.start, span.end - span.start);
	}
	if (literals)
		add_literals(&concealing, sql, strlen(sql), DEPTH);
	for (const char *at = said; *at;) {
		size_t length = word_here(&concealing, at);
		if (length)
			strbuf_puts(&out, SECRET_MARK);
		else
			strbuf_putc(&out, *at);
		at += length ? length : 1;
	}
	return arena_strdup(arena, strbuf_text(&out));
}

const char *secret_strip(struct arena *arena, const char *text)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	size_t at = 0, done = 0;
	struct span span;
	if (!text || !secret_mentioned(text))
		return text;
	while (next_password(text, &at, false, &span)) {
		strbuf_add(&out, text + done, span.start - done);
		strbuf_puts(&out, SECRET_MARK);
		done = span.end;
	}
	if (!done)
		return text;
	strbuf_puts(&out, text + done);
	return arena_strdup(arena, strbuf_text(&out));
}
