/* Cuts a text and writes what came of it as one line, for the tests of core/sql. */
#ifndef TESTS_UNIT_CORE_SQL_CUTS_H
#define TESTS_UNIT_CORE_SQL_CUTS_H

#include <string.h>

#include "base/strbuf.h"
#include "core/sql/cut.h"

/* The pieces with " | " between them, COPY rows in <>; or "line:column: message". */
static inline void write_cuts(struct strbuf *out, const char *text, const char *marker)
{
	_cleanup_error_ struct error err = {0};
	struct cutter cutter;
	struct piece piece;
	bool found = true;

	cutter_init(&cutter, "f.sql", text, strlen(text), 0);
	cutter.marker = marker;
	while (cut_next(&cutter, &piece, &found, &err) == OK && found) {
		strbuf_puts(out, out->length ? " | " : "");
		strbuf_add(out, text + piece.start, piece.end - piece.start);
		if (piece.copy_in) {
			strbuf_putc(out, '<');
			strbuf_add(out, text + piece.data, piece.data_end - piece.data);
			strbuf_putc(out, '>');
		}
	}
	if (err.status != OK) {
		strbuf_reset(out);
		strbuf_printf(out, "%s:%ld:%ld: %s", err.file, err.line, err.column, err.message);
	}
}

#endif
