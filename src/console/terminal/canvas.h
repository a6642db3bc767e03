/*
 * A grid of cells to draw on. Knows the width of characters and what a cell means; knows no terminal, no key and no
 * event, so that a test reads from it what a person would see.
 */
#ifndef CONSOLE_CANVAS_H
#define CONSOLE_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/strbuf.h"
#include "console/terminal/style.h"

enum { CELL_BYTES = 16 }; /* a character with what combines with it */

struct cell {
	char text[CELL_BYTES]; /* UTF-8, NUL-ended; "" is the second half of a wide character */
	uint8_t style;         /* enum style */
};

/* Pictures that have a letter or sign of their own where the terminal shows ASCII only. */
enum glyph {
	GLYPH_APPLIED,
	GLYPH_PENDING,
	GLYPH_HELD,
	GLYPH_ATTENTION,
	GLYPH_WAITING,
	GLYPH_RUNNING,
	GLYPH_PASSED,
	GLYPH_FAILED,
	GLYPH_STALE,
	GLYPH_WAIVED,
	GLYPH_CURSOR,
	GLYPH_FOLDED,
	GLYPH_OPEN,
	GLYPH_ARROW,
	GLYPH_BAR_FULL,
	GLYPH_BAR_EMPTY,
	GLYPH_HORIZONTAL,
	GLYPH_VERTICAL,
	GLYPH_DOWN_RIGHT, /* corners and crossings, named by where their arms go */
	GLYPH_DOWN_LEFT,
	GLYPH_UP_RIGHT,
	GLYPH_UP_LEFT,
	GLYPH_VERTICAL_RIGHT,
	GLYPH_VERTICAL_LEFT,
	GLYPH_HORIZONTAL_DOWN,
	GLYPH_HORIZONTAL_UP,
	GLYPH_CROSSING,
	GLYPH_ELLIPSIS,
	GLYPH_COUNT,
};

struct canvas;

/* All blank. The caller closes it. Sizes from 1x1 up. */
struct canvas *canvas_open(int rows, int columns, bool ascii);
void canvas_close(struct canvas *canvas);

/* What is drawn from now on is ASCII alone, or not. */
void canvas_set_ascii(struct canvas *canvas, bool ascii);
bool canvas_is_ascii(const struct canvas *canvas);

/* A new size, all blank again. */
void canvas_resize(struct canvas *canvas, int rows, int columns);
void canvas_clear(struct canvas *canvas);

int canvas_rows(const struct canvas *canvas);
int canvas_columns(const struct canvas *canvas);
const struct cell *canvas_cell(const struct canvas *canvas, int row, int column);
const char *canvas_glyph(const struct canvas *canvas, enum glyph glyph);

/* Where the terminal's cursor is to stand (a prompt); row -1 hides it. */
void canvas_set_cursor(struct canvas *canvas, int row, int column);
void canvas_get_cursor(const struct canvas *canvas, int *ret_row, int *ret_column);

/* The rows as text, blanks at their ends cut off, a newline after each: for tests, --plain and copies. */
void canvas_text(const struct canvas *canvas, struct strbuf *out);

/*
 * A rectangle of a canvas. Everything is drawn through one, by rows and columns of its own, and what lies outside of
 * it is not drawn; so a view never asks for sizes twice. Sizes may be 0.
 */
struct area {
	struct canvas *canvas;
	int top, left, rows, columns;
};

struct area area_whole(struct canvas *canvas);

/* A part of it; what reaches out is cut off. rows or columns -1: as far as it goes. */
struct area area_part(const struct area *area, int top, int left, int rows, int columns);

/*
 * Draws text in one row, cut at the area's right edge, and returns the column after it. All text is made safe on the
 * way (text_safe); characters take the columns that a terminal gives them.
 */
int area_put(const struct area *area, int row, int column, enum style style, const char *text);
int area_print(const struct area *area, int row, int column, enum style style, const char *format, ...)
	PRINTF_LIKE(5, 6);

/* The same within `width` columns: cut with an ellipsis where it is too long, filled with blanks where it is short. */
int area_put_width(const struct area *area, int row, int column, int width, enum style style, const char *text);

int area_put_glyph(const struct area *area, int row, int column, enum style style, enum glyph glyph);

/* Wraps text at blanks from a row on, within the columns from `column`; returns the row after it. */
int area_put_wrapped(const struct area *area, int row, int column, enum style style, const char *text);

/* Gives what is drawn already another style: a cursor's row, a match. width -1: to the edge. */
void area_set_style(const struct area *area, int row, int column, int width, enum style style);

/* A rule across the area, with a title in it; NULL = none. */
void area_rule(const struct area *area, int row, enum style style, const char *title);

/* A frame along the area's edge. */
void area_frame(const struct area *area, enum style style, const char *title);

/* A bar of `width` columns for part of whole; nothing known (whole <= 0) is drawn empty. */
int area_bar(const struct area *area, int row, int column, int width, enum style style, int64_t part, int64_t whole);

/* Columns that text takes after it was made safe. */
int text_columns(const char *text);

#endif
