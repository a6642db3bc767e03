/* Text inside HTML and SVG. Knows no page. */
#ifndef BASE_HTML_H
#define BASE_HTML_H

#include <stdbool.h>

#include "base/strbuf.h"

/* Appends text_safe's form of it without what would be markup; with keep_lines, LF and TAB stay as they are. */
void html_text(struct strbuf *out, const char *text, bool keep_lines);

#endif
