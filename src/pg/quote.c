#include <string.h>

#include "base/strbuf.h"
#include "pg/session.h"

/* Doubles every `quote` (and backslash, where asked) and puts the text between two of them. */
static const char *enclose(struct arena *arena, const char *prefix, const char *text, char quote,
                           bool double_backslash)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	strbuf_puts(&out, prefix);
	strbuf_putc(&out, quote);
	for (const char *at = text; *at; at++) {
		if (*at == quote || (double_backslash && *at == '\\'))
			strbuf_putc(&out, *at);
		strbuf_putc(&out, *at);
	}
	strbuf_putc(&out, quote);
	return arena_strdup(arena, strbuf_text(&out));
}

const char *quote_literal(struct arena *arena, const char *text)
{
	/* The E form means the same whatever standard_conforming_strings says; the blank keeps it off a word before. */
	bool backslash = strchr(text, '\\') != NULL;
	return enclose(arena, backslash ? " E" : "", text, '\'', backslash);
}

const char *quote_ident(struct arena *arena, const char *name)
{
	return enclose(arena, "", name, '"', false);
}

const char *quote_qualified(struct arena *arena, const char *name)
{
	const char *dot = strchr(name, '.');
	if (!dot || dot == name || !dot[1])
		return quote_ident(arena, name);
	return arena_printf(arena, "%s.%s", quote_ident(arena, arena_strndup(arena, name, (size_t)(dot - name))),
	                    quote_ident(arena, dot + 1));
}

const char *quote_array(struct arena *arena, const struct text_list *texts)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	for (size_t i = 0; i < texts->count; i++) {
		strbuf_puts(&out, i ? ",\"" : "\"");
		for (const char *at = texts->items[i]; *at; at++) {
			if (*at == '"' || *at == '\\')
				strbuf_putc(&out, '\\');
			strbuf_putc(&out, *at);
		}
		strbuf_putc(&out, '"');
	}
	return arena_printf(arena, "{%s}", strbuf_text(&out));
}
