/*
 * SQL text as tokens, drawn where PostgreSQL's scanners (scan.l, psqlscan.l) draw them with
 * standard_conforming_strings on. Knows no statements and no grammar.
 *
 * It is our own, and not libpg_query's scanner, because a migration file is not only SQL: inline COPY rows and psql
 * commands stand between the statements, an unterminated quote must be reported where it opens, and the tokens of a
 * file of 20 MB do not fit into memory at once.
 */
#ifndef CORE_SQL_LEXER_H
#define CORE_SQL_LEXER_H

#include <stdbool.h>
#include <stddef.h>

enum token_kind {
	TOKEN_END,
	TOKEN_COMMENT,      /* either form, with its marks */
	TOKEN_WORD,         /* key word or unquoted identifier */
	TOKEN_QUOTED,       /* "identifier" */
	TOKEN_LITERAL,      /* string in quotes or dollar quotes, number, parameter */
	TOKEN_OPEN,         /* ( or [ */
	TOKEN_CLOSE,        /* ) or ] */
	TOKEN_COMMA,
	TOKEN_SEMICOLON,
	TOKEN_DOT,
	TOKEN_OPERATOR,     /* a run of operator characters */
	TOKEN_BACKSLASH,    /* outside quotes: a psql command starts here */
	TOKEN_OTHER,        /* a byte that is none of these */
	TOKEN_UNTERMINATED, /* see unterminated_name */
};

struct token {
	enum token_kind kind;
	size_t start, end;        /* offsets of the first byte and behind the last one */
	const char *unterminated; /* what never ends: "quoted string", ...; NULL unless TOKEN_UNTERMINATED */
};

struct lexer {
	const char *text; /* the caller's; need not end with NUL */
	size_t length;
	size_t at;        /* the next token starts here or behind */
};

/* The next token; white space is skipped. After the last one TOKEN_END, again and again. */
struct token lexer_next(struct lexer *lexer);

/* Whether the token is this key word, in any case; `word` in capitals. */
bool token_is(const struct lexer *lexer, struct token token, const char *word);

#endif
