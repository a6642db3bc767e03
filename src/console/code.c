#include "console/code.h"

#include <ctype.h>
#include <string.h>

#include "core/sql/lexer.h"

/* Enough to see the shape of a statement; what is not here is a name to the reader. Sorted. */
static const char *const KEYWORDS[] = {
	"ADD", "ALL", "ALTER", "ANALYZE", "AND", "ANY", "AS", "ASC", "ATTACH", "BEGIN", "BETWEEN", "BY", "CASCADE", "CASE",
	"CAST", "CHECK", "CLUSTER", "COLUMN", "COMMENT", "COMMIT", "CONCURRENTLY", "CONFLICT", "CONSTRAINT", "COPY",
	"CREATE", "CROSS", "DATABASE", "DEFAULT", "DEFERRABLE", "DELETE", "DESC", "DETACH", "DISTINCT", "DO", "DOMAIN",
	"DROP", "ELSE", "END", "ENUM", "EXCLUDE", "EXECUTE", "EXISTS", "EXTENSION", "FALSE", "FOR", "FOREIGN", "FROM",
	"FULL", "FUNCTION", "GENERATED", "GRANT", "GROUP", "HAVING", "IDENTITY", "IF", "IN", "INCLUDE", "INDEX",
	"INHERITS", "INNER", "INSERT", "INTO", "IS", "JOIN", "KEY", "LANGUAGE", "LATERAL", "LEFT", "LIKE", "LIMIT", "LOCK",
	"MATERIALIZED", "MERGE", "NOT", "NOTHING", "NULL", "OF", "ON", "ONLY", "OR", "ORDER", "OUTER", "OWNER",
	"PARTITION", "PERFORM", "POLICY", "PRIMARY", "PROCEDURE", "RAISE", "REFERENCES", "REFRESH", "REINDEX", "RENAME",
	"REPLACE", "RESET", "RETURN", "RETURNING", "RETURNS", "REVOKE", "RIGHT", "ROLLBACK", "ROW", "SCHEMA", "SELECT",
	"SEQUENCE", "SET", "STATISTICS", "TABLE", "TABLESPACE", "THEN", "TO", "TRIGGER", "TRUE", "TRUNCATE", "TYPE",
	"UNION", "UNIQUE", "UPDATE", "USING", "VACUUM", "VALID", "VALIDATE", "VALUES", "VIEW", "WHEN", "WHERE", "WITH",
};

static bool is_keyword(const char *word, size_t length)
{
	size_t low = 0, high = sizeof(KEYWORDS) / sizeof(KEYWORDS[0]);

	while (low < high) {
		size_t middle = (low + high) / 2, i = 0;
		const char *key = KEYWORDS[middle];
		while (i < length && key[i] && toupper((unsigned char)word[i]) == key[i])
			i++;
		int order = (i < length ? toupper((unsigned char)word[i]) : 0) - (unsigned char)key[i];
		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

static enum style style_of(const char *text, struct token token)
{
	switch (token.kind) {
	case TOKEN_COMMENT:
		return STYLE_CODE_COMMENT;
	case TOKEN_LITERAL:
		return isdigit((unsigned char)text[token.start]) ? STYLE_CODE_NUMBER : STYLE_CODE_TEXT;
	case TOKEN_WORD:
		return is_keyword(text + token.start, token.end - token.start) ? STYLE_CODE_KEYWORD : STYLE_TEXT;
	default:
		return STYLE_TEXT;
	}
}

enum { NUMBER_COLUMNS = 6, TAB_COLUMNS = 4 };

static void begin_line(struct paper *paper, long *number)
{
	paper_line(paper);
	if (*number > 0) {
		paper_span(paper, STYLE_DIM, "%4ld", (*number)++);
		paper_tab(paper, NUMBER_COLUMNS);
	}
}

/* A piece in one style; its line ends begin new lines, its tabs stand for blanks. */
static void write_piece(struct paper *paper, enum style style, const char *text, size_t length, long *number)
{
	while (length > 0) {
		size_t part = 0;
		while (part < length && text[part] != '\n' && text[part] != '\t')
			part++;
		if (part > 0)
			paper_span(paper, style, "%.*s", (int)part, text);
		if (part < length && text[part] == '\n')
			begin_line(paper, number);
		else if (part < length)
			paper_span(paper, style, "%*s", TAB_COLUMNS, "");
		part += part < length;
		text += part;
		length -= part;
	}
}

void code_write(struct paper *paper, const char *text, size_t length, long number)
{
	struct lexer lexer = {.text = text, .length = length};
	size_t at = 0;

	while (length > 0 && text[length - 1] == '\n')
		length--;
	lexer.length = length;
	begin_line(paper, &number);
	for (;;) {
		struct token token = lexer_next(&lexer);
		size_t end = token.kind == TOKEN_END || token.kind == TOKEN_UNTERMINATED ? length : token.end;
		size_t start = token.kind == TOKEN_END ? length : token.start;
		write_piece(paper, STYLE_TEXT, text + at, start - at, &number);
		write_piece(paper, style_of(text, token), text + start, end - start, &number);
		at = end;
		if (end >= length)
			return;
	}
}
