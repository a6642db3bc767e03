/*
 * Lines of styled text longer than the screen: what inspectors, the log and the manual are written on. Knows how wide
 * it is shown, and nothing of what it says.
 */
#ifndef CONSOLE_PAPER_H
#define CONSOLE_PAPER_H

#include "base/arena.h"
#include "base/list.h"
#include "base/strbuf.h"
#include "console/terminal/canvas.h"

struct paper_span {
	enum style style;
	const char *text;
};

struct paper_line {
	LIST(struct paper_span) spans;
	int columns;
};

struct paper {
	struct arena *arena;
	int width; /* lines are wrapped to it; 0 = never */
	LIST(struct paper_line) lines;
};

/* Nothing on it; what is written lives in the arena. */
struct paper paper_on(struct arena *arena, int width);

/* Ends the line before; the next span begins a new one. */
void paper_line(struct paper *paper);

/* Goes on in the line; a line is begun where there is none. Not wrapped. */
void paper_span(struct paper *paper, enum style style, const char *format, ...) PRINTF_LIKE(3, 4);

/* Blanks up to a column. */
void paper_tab(struct paper *paper, int column);

/* Goes on in the line and wraps at blanks; lines after the first begin at `indent`, as do those behind a LF. */
void paper_text(struct paper *paper, enum style style, int indent, const char *text);

/* A line of its own: a heading, with an empty line before it unless it is the first. */
void paper_heading(struct paper *paper, const char *text);

/* "name   text" in a line of its own, the text wrapped from `indent` on; nothing for a text that is NULL. */
void paper_field(struct paper *paper, int indent, const char *name, enum style style, const char *text);

/* The lines from `top` on; an arrow at the edges says that there are more, an ellipsis that one is cut. */
void paper_draw(const struct area *area, const struct paper *paper, size_t top);

/* Each line as text with a newline. */
void paper_plain(const struct paper *paper, struct strbuf *out);

#endif
