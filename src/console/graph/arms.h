/* Lines drawn cell by cell: each cell knows where its arms go, so that lines that meet become the right crossing. */
#ifndef CONSOLE_ARMS_H
#define CONSOLE_ARMS_H

#include <stdint.h>

#include "base/arena.h"
#include "console/terminal/canvas.h"

enum arm { ARM_UP = 1, ARM_DOWN = 2, ARM_LEFT = 4, ARM_RIGHT = 8 };

/* A grid of arms, rows x columns, all without. In the arena. */
struct arms {
	int rows, columns;
	uint8_t *cells;
};
struct arms arms_new(struct arena *arena, int rows, int columns);

/* Adds arms to a cell; outside of the grid nothing happens. */
void arms_add(struct arms *arms, int row, int column, unsigned which);

/* A line between two cells of one row, or of one column, both ends included with half an arm. */
void arms_across(struct arms *arms, int row, int from, int to);
void arms_down(struct arms *arms, int column, int from, int to);

/* Draws the part of the grid that begins at (top, left) over an area; cells without arms stay as they are. */
void arms_draw(const struct area *area, const struct arms *arms, int top, int left, enum style style);

#endif
