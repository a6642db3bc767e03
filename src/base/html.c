#include "base/html.h"

#include <string.h>

#include "base/text.h"

void html_text(struct strbuf *out, const char *text, bool keep_lines)
{
	_cleanup_strbuf_ struct strbuf safe = {0};

	text_safe(&safe, text, strlen(text), keep_lines);
	for (const char *at = strbuf_text(&safe); *at; at++) {
		switch (*at) {
		case '&': strbuf_puts(out, "&amp;"); break;
		case '<': strbuf_puts(out, "&lt;"); break;
		case '>': strbuf_puts(out, "&gt;"); break;
		case '"': strbuf_puts(out, "&quot;"); break;
		case '\'': strbuf_puts(out, "&#39;"); break;
		default: strbuf_putc(out, *at); break;
		}
	}
}
