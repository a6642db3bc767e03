/*
 * The text of a migration file cut into pieces at its top-level semicolons, inline COPY rows and psql commands set
 * apart. Knows where statements end, not what they mean.
 */
#ifndef CORE_SQL_CUT_H
#define CORE_SQL_CUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "core/sql/lexer.h"

/* One statement. Offsets count bytes of the text. */
struct piece {
	size_t start, end;       /* its first byte, and behind its last one: without the semicolon */
	bool copy_in;            /* COPY ... FROM STDIN: its rows stand between data and data_end */
	size_t data, data_end;   /* without the line "\." */
	bool deep;               /* nested so deeply that a recursive parser could run out of stack */
};

struct place {
	long line, column; /* 1-based; column in characters */
};

/* Finds lines and columns of growing offsets without counting twice. */
struct locator {
	const char *text;
	size_t offset;     /* where the counting stands */
	size_t line_start;
	long line;
};

void locator_init(struct locator *locator, const char *text);
struct place locator_find(struct locator *locator, size_t offset);

struct cutter {
	struct lexer lexer;
	const char *file;   /* for errors */
	const char *marker; /* a line comment that begins with it is refused here; NULL = none */
	struct locator locator;
};

/* Text and file stay the caller's. `from` is where to start, behind a header that is not to be read again. */
void cutter_init(struct cutter *cutter, const char *file, const char *text, size_t length, size_t from);

/*
 * The next piece; *ret_found is false behind the last one. FAIL_REFUSED with file, line and column for an
 * unterminated quote, dollar quote or comment (where it opens), a psql command that is not one of those that ask for
 * what we do anyway, COPY rows without their end, and a comment that begins with the marker.
 */
enum status cut_next(struct cutter *cutter, struct piece *ret_piece, bool *ret_found,
                     struct error *err) MUST_CHECK;

#endif
