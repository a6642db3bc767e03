#include "console/terminal/canvas.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/memory.h"
#include "base/text.h"

struct canvas {
	int rows, columns;
	bool ascii;
	int cursor_row, cursor_column;
	struct cell *cells;
};

static const struct {
	const char *picture, *ascii;
} GLYPHS[GLYPH_COUNT] = {
	[GLYPH_APPLIED] = {"✔", "+"},
	[GLYPH_PENDING] = {"○", "."},
	[GLYPH_HELD] = {"◇", "h"},
	[GLYPH_ATTENTION] = {"▲", "!"},
	[GLYPH_WAITING] = {"·", "."},
	[GLYPH_RUNNING] = {"▶", "*"},
	[GLYPH_PASSED] = {"✔", "o"},
	[GLYPH_FAILED] = {"✖", "x"},
	[GLYPH_STALE] = {"◌", "~"},
	[GLYPH_WAIVED] = {"◆", "w"},
	[GLYPH_CURSOR] = {"❯", ">"},
	[GLYPH_FOLDED] = {"▸", "+"},
	[GLYPH_OPEN] = {"▾", "-"},
	[GLYPH_ARROW] = {"→", ">"},
	[GLYPH_BAR_FULL] = {"█", "#"},
	[GLYPH_BAR_EMPTY] = {"░", "."},
	[GLYPH_HORIZONTAL] = {"─", "-"},
	[GLYPH_VERTICAL] = {"│", "|"},
	[GLYPH_DOWN_RIGHT] = {"┌", "+"},
	[GLYPH_DOWN_LEFT] = {"┐", "+"},
	[GLYPH_UP_RIGHT] = {"└", "`"},
	[GLYPH_UP_LEFT] = {"┘", "'"},
	[GLYPH_VERTICAL_RIGHT] = {"├", "|"},
	[GLYPH_VERTICAL_LEFT] = {"┤", "|"},
	[GLYPH_HORIZONTAL_DOWN] = {"┬", "+"},
	[GLYPH_HORIZONTAL_UP] = {"┴", "+"},
	[GLYPH_CROSSING] = {"┼", "+"},
	[GLYPH_ELLIPSIS] = {"…", "~"},
};

struct canvas *canvas_open(int rows, int columns, bool ascii)
{
	struct canvas *canvas = memory_new(sizeof(*canvas));
	canvas->ascii = ascii;
	canvas_resize(canvas, rows, columns);
	return canvas;
}

void canvas_set_ascii(struct canvas *canvas, bool ascii)
{
	canvas->ascii = ascii;
}

bool canvas_is_ascii(const struct canvas *canvas)
{
	return canvas->ascii;
}

void canvas_close(struct canvas *canvas)
{
	if (!canvas)
		return;
	memory_free(canvas->cells);
	memory_free(canvas);
}

void canvas_resize(struct canvas *canvas, int rows, int columns)
{
	canvas->rows = rows > 0 ? rows : 1;
	canvas->columns = columns > 0 ? columns : 1;
	memory_free(canvas->cells);
	canvas->cells = memory_new((size_t)canvas->rows * (size_t)canvas->columns * sizeof(*canvas->cells));
	canvas_clear(canvas);
}

static const struct cell BLANK = {.text = " ", .style = STYLE_TEXT};

void canvas_clear(struct canvas *canvas)
{
	for (size_t i = 0; i < (size_t)canvas->rows * (size_t)canvas->columns; i++)
		canvas->cells[i] = BLANK;
	canvas->cursor_row = -1;
	canvas->cursor_column = 0;
}

int canvas_rows(const struct canvas *canvas)
{
	return canvas->rows;
}

int canvas_columns(const struct canvas *canvas)
{
	return canvas->columns;
}

static struct cell *cell_at(const struct canvas *canvas, int row, int column)
{
	assert(row >= 0 && row < canvas->rows && column >= 0 && column < canvas->columns);
	return &canvas->cells[(size_t)row * (size_t)canvas->columns + (size_t)column];
}

const struct cell *canvas_cell(const struct canvas *canvas, int row, int column)
{
	return cell_at(canvas, row, column);
}

const char *canvas_glyph(const struct canvas *canvas, enum glyph glyph)
{
	assert((unsigned)glyph < GLYPH_COUNT);
	return canvas->ascii ? GLYPHS[glyph].ascii : GLYPHS[glyph].picture;
}

void canvas_set_cursor(struct canvas *canvas, int row, int column)
{
	bool inside = row >= 0 && row < canvas->rows && column >= 0 && column < canvas->columns;
	canvas->cursor_row = inside ? row : -1;
	canvas->cursor_column = inside ? column : 0;
}

void canvas_get_cursor(const struct canvas *canvas, int *ret_row, int *ret_column)
{
	*ret_row = canvas->cursor_row;
	*ret_column = canvas->cursor_column;
}

void canvas_text(const struct canvas *canvas, struct strbuf *out)
{
	for (int row = 0; row < canvas->rows; row++) {
		int last = canvas->columns;
		while (last > 0 && strcmp(cell_at(canvas, row, last - 1)->text, " ") == 0)
			last--;
		for (int column = 0; column < last; column++)
			strbuf_puts(out, cell_at(canvas, row, column)->text);
		strbuf_putc(out, '\n');
	}
}

/* Half of a wide character can't stay when the other half is drawn over. */
static void part_wide(struct canvas *canvas, int row, int column)
{
	struct cell *cell = cell_at(canvas, row, column);

	if (!cell->text[0] && column > 0)
		*cell_at(canvas, row, column - 1) = BLANK;
	if (column + 1 < canvas->columns && !cell_at(canvas, row, column + 1)->text[0])
		*cell_at(canvas, row, column + 1) = BLANK;
}

static void set_cell(struct canvas *canvas, int row, int column, enum style style, const char *text, size_t length)
{
	struct cell *cell = cell_at(canvas, row, column);

	part_wide(canvas, row, column);
	assert(length < CELL_BYTES);
	memcpy(cell->text, text, length);
	cell->text[length] = '\0';
	cell->style = (uint8_t)style;
}

/* A character that combines goes into the cell before it while there is room, and is left out otherwise. */
static void combine(struct canvas *canvas, int row, int column, const char *text, size_t length)
{
	struct cell *cell = cell_at(canvas, row, column);

	if (!cell->text[0] && column > 0)
		cell = cell_at(canvas, row, column - 1);
	size_t had = strlen(cell->text);
	if (had + length >= CELL_BYTES)
		return;
	memcpy(cell->text + had, text, length);
	cell->text[had + length] = '\0';
}

/* A character the locale knows no width of is shown as what it is: unknown. */
static int width_of(uint32_t code)
{
	if (code < 0x7f)
		return code >= ' ';
	return wcwidth((wchar_t)code);
}

/* An unknown character, and in ASCII every other than ASCII, becomes one that all terminals have. */
static const char *presentable(bool ascii, uint32_t code, const char *text, size_t *length, int *width)
{
	*width = width_of(code);
	if (*width >= 0 && (!ascii || code < 0x80))
		return text;
	*length = 1;
	if (*width != 0)
		*width = 1;
	return *width == 0 ? "" : "?";
}

struct area area_whole(struct canvas *canvas)
{
	return (struct area){.canvas = canvas, .rows = canvas->rows, .columns = canvas->columns};
}

static int clamp(int value, int low, int high)
{
	return value < low ? low : value > high ? high : value;
}

struct area area_part(const struct area *area, int top, int left, int rows, int columns)
{
	int from_row = clamp(top, 0, area->rows), from_column = clamp(left, 0, area->columns);
	int to_row = rows < 0 ? area->rows : clamp(top + rows, from_row, area->rows);
	int to_column = columns < 0 ? area->columns : clamp(left + columns, from_column, area->columns);

	return (struct area){
		.canvas = area->canvas,
		.top = area->top + from_row,
		.left = area->left + from_column,
		.rows = to_row - from_row,
		.columns = to_column - from_column,
	};
}

/* Draws safe text from a column on, up to `edge`; returns the column after it. Columns left of the area are skipped. */
static int put_safe(const struct area *area, int row, int column, int edge, enum style style, const char *text)
{
	struct canvas *canvas = area->canvas;
	size_t left = strlen(text);
	int drawn = -1;

	while (left > 0) {
		uint32_t code = 0;
		size_t length = text_decode(text, left, &code), step = length;
		int width = 0;
		assert(length > 0);
		const char *shown = presentable(canvas->ascii, code, text, &length, &width);
		if (width > 0 && column + width > edge)
			break;
		if (width == 0 && drawn >= 0 && shown == text)
			combine(canvas, area->top + row, area->left + drawn, text, length);
		if (width > 0 && column >= 0) {
			set_cell(canvas, area->top + row, area->left + column, style, shown, length);
			if (width == 2)
				set_cell(canvas, area->top + row, area->left + column + 1, style, "", 0);
			drawn = column;
		}
		column += width;
		text += step;
		left -= step;
	}
	return column;
}

static int put(const struct area *area, int row, int column, int edge, enum style style, const char *text)
{
	_cleanup_strbuf_ struct strbuf safe = {0};

	if (row < 0 || row >= area->rows)
		return column;
	text_safe(&safe, text, strlen(text), false);
	return put_safe(area, row, column, edge < area->columns ? edge : area->columns, style, strbuf_text(&safe));
}

int area_put(const struct area *area, int row, int column, enum style style, const char *text)
{
	return put(area, row, column, area->columns, style, text);
}

int area_print(const struct area *area, int row, int column, enum style style, const char *format, ...)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	va_list args;

	va_start(args, format);
	strbuf_vprintf(&text, format, args);
	va_end(args);
	return area_put(area, row, column, style, strbuf_text(&text));
}

int area_put_width(const struct area *area, int row, int column, int width, enum style style, const char *text)
{
	int edge = column + width, last = edge < area->columns ? edge : area->columns;
	bool cut = text_columns(text) > width;

	if (width <= 0)
		return column;
	int at = put(area, row, column, cut ? edge - 1 : edge, style, text);
	for (; cut && at < edge - 1 && at < last; at++)
		area_put(area, row, at, style, " ");
	if (cut)
		at = area_put(area, row, at, style, canvas_glyph(area->canvas, GLYPH_ELLIPSIS));
	for (; at < last; at++)
		area_put(area, row, at, style, " ");
	return edge;
}

int area_put_glyph(const struct area *area, int row, int column, enum style style, enum glyph glyph)
{
	return area_put(area, row, column, style, canvas_glyph(area->canvas, glyph));
}

int area_put_wrapped(const struct area *area, int row, int column, enum style style, const char *text)
{
	_cleanup_strbuf_ struct strbuf wrapped = {0};
	int width = area->columns - column;

	if (width <= 0)
		return row;
	text_wrap(&wrapped, text, 0, 0, (size_t)width);
	char *line = (char *)strbuf_text(&wrapped);
	while (*line) {
		size_t length = strcspn(line, "\n");
		bool more = line[length] == '\n';
		line[length] = '\0';
		area_put(area, row++, column, style, line);
		line += length + (more ? 1 : 0);
	}
	return row;
}

void area_set_style(const struct area *area, int row, int column, int width, enum style style)
{
	int from = column > 0 ? column : 0;
	int to = width < 0 || column + width > area->columns ? area->columns : column + width;

	if (row < 0 || row >= area->rows)
		return;
	for (int i = from; i < to; i++)
		cell_at(area->canvas, area->top + row, area->left + i)->style = (uint8_t)style;
}

void area_rule(const struct area *area, int row, enum style style, const char *title)
{
	for (int column = 0; column < area->columns; column++)
		area_put_glyph(area, row, column, style, GLYPH_HORIZONTAL);
	if (title && *title && area->columns > 6)
		area_print(&(struct area){area->canvas, area->top, area->left, area->rows, area->columns - 2}, row, 2,
		           style, " %s ", title);
}

void area_frame(const struct area *area, enum style style, const char *title)
{
	int bottom = area->rows - 1, right = area->columns - 1;

	if (area->rows < 2 || area->columns < 2)
		return;
	area_rule(area, 0, style, title);
	area_rule(area, bottom, style, NULL);
	for (int row = 1; row < bottom; row++) {
		area_put_glyph(area, row, 0, style, GLYPH_VERTICAL);
		area_put_glyph(area, row, right, style, GLYPH_VERTICAL);
	}
	area_put_glyph(area, 0, 0, style, GLYPH_DOWN_RIGHT);
	area_put_glyph(area, 0, right, style, GLYPH_DOWN_LEFT);
	area_put_glyph(area, bottom, 0, style, GLYPH_UP_RIGHT);
	area_put_glyph(area, bottom, right, style, GLYPH_UP_LEFT);
}

int area_bar(const struct area *area, int row, int column, int width, enum style style, int64_t part, int64_t whole)
{
	int64_t full = 0;

	if (whole > 0 && part > 0)
		full = part >= whole ? width : (int64_t)((double)part / (double)whole * width);
	for (int i = 0; i < width; i++)
		area_put_glyph(area, row, column + i, style, i < full ? GLYPH_BAR_FULL : GLYPH_BAR_EMPTY);
	return column + width;
}

int text_columns(const char *text)
{
	_cleanup_strbuf_ struct strbuf safe = {0};
	int columns = 0;

	text_safe(&safe, text, strlen(text), false);
	const char *at = strbuf_text(&safe);
	for (size_t left = strlen(at); left > 0;) {
		uint32_t code = 0;
		size_t length = text_decode(at, left, &code);
		int width = width_of(code);
		columns += width < 0 ? 1 : width;
		at += length;
		left -= length;
	}
	return columns;
}
