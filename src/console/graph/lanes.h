/*
 * The graph as lanes: a row for each migration, oldest first, and a lane for each line that goes from it to those
 * below that need it. Draws nothing.
 */
#ifndef CONSOLE_LANES_H
#define CONSOLE_LANES_H

#include "console/graph/arms.h"
#include "console/model/model.h"

enum { LANES_MAX = 40, LANE_COLUMNS = 2 };

struct lanes {
	struct arms arms;    /* a row for each migration from `top` on */
	int *node_column;    /* of each of these rows */
	int columns;         /* that are in use */
	size_t left_out;     /* edges for which there was no lane */
};

/* Lays out the rows `top` to `top + rows` of all migrations. In the arena. */
struct lanes lanes_new(struct arena *arena, const struct model *model, size_t top, int rows);

#endif
