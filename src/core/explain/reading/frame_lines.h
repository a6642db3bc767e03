/* Lines of a text that is not ours, and the questions that are asked of them. Knows no plan and no frame. */
#ifndef CORE_EXPLAIN_FRAME_LINES_H
#define CORE_EXPLAIN_FRAME_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/* Without its end; the bytes belong to the text. */
struct frame_line {
	const char *text;
	size_t length;
	long number; /* from 1 */
};

struct frame_lines {
	struct frame_line *items;
	size_t count, room;
};

/* Appends the lines; a CR at the end of one is no part of it. */
void frame_lines_split(struct arena *arena, const char *text, size_t length, struct frame_lines *lines);

struct frame_lines frame_lines_part(struct frame_lines lines, size_t from, size_t to);

struct frame_line frame_line_trim(struct frame_line line);
bool frame_line_begins(struct frame_line line, const char *word);
bool frame_line_ends(struct frame_line line, const char *word);
bool frame_line_contains(struct frame_line line, const char *word);

/* Of the first entry of a server's log with a plan, in whatever form the log is; all lines where there is none. */
struct frame_lines frame_lines_cut_log(struct arena *arena, struct frame_lines lines);

#endif
