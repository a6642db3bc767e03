/* A cursor in a list, and which part of the list is in view. Knows no list. */
#ifndef CONSOLE_CURSOR_H
#define CONSOLE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>

#include "console/keymap.h"

struct cursor {
	size_t at, top;
	int rows; /* in view when it was last drawn: what a page is */
};

/* Moves by a movement action (up, half a page, last, ...) within `count`; false when the action is none. */
bool cursor_move(struct cursor *cursor, size_t count, enum action action);

/* Before drawing: the cursor is within the list, and the part in view holds it. */
void cursor_keep(struct cursor *cursor, size_t count, int rows);

/* The same for text, which has no cursor: `top` moves. */
bool cursor_scroll(struct cursor *cursor, size_t count, enum action action);

#endif
