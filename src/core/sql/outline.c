#include "core/sql/outline.h"

#include <stdbool.h>
#include <string.h>

#include "core/sql/lexer.h"

#define CUT "..."

/* Numbers and parameters tell nothing about anybody; texts, also dollar-quoted bodies, may. */
static const char *stand_in(const char *text, struct token token)
{
	if (token.kind != TOKEN_LITERAL)
		return NULL;
	if (text[token.end - 1] == '\'')
		return "'...'";
	return text[token.start] == '$' && text[token.end - 1] == '$' ? "$$...$$" : NULL;
}

void outline_write(struct strbuf *out, const char *sql, size_t limit)
{
	struct lexer lexer = {.text = sql, .length = strlen(sql)};
	size_t start = out->length, last_end = 0;

	for (;;) {
		struct token token = lexer_next(&lexer);
		if (token.kind == TOKEN_COMMENT)
			continue;
		if (token.kind == TOKEN_END || token.kind == TOKEN_UNTERMINATED)
			return;
		const char *instead = stand_in(sql, token);
		size_t length = instead ? strlen(instead) : token.end - token.start;
		bool apart = out->length > start && token.start > last_end;
		if (out->length - start + length + apart + strlen(CUT) > limit) {
			strbuf_puts(out, CUT);
			return;
		}
		if (apart)
			strbuf_putc(out, ' ');
		strbuf_add(out, instead ? instead : sql + token.start, length);
		last_end = token.end;
	}
}
