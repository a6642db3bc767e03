/*
 * The graph as layered boxes, left to right: what is needed stands left of what needs it, and lines cross as little as
 * a few sweeps can make them (Sugiyama, Tagawa and Toda, 1981). Draws nothing.
 */
#ifndef CONSOLE_LAYERS_H
#define CONSOLE_LAYERS_H

#include "console/graph/arms.h"
#include "console/model/model.h"

enum { LAYERS_NODES_MAX = 200, BOX_COLUMNS = 22, GUTTER_COLUMNS = 6, LAYER_COLUMNS = BOX_COLUMNS + GUTTER_COLUMNS };

struct layer_node {
	size_t migration; /* index; SIZE_MAX = a line passes here */
	int layer, slot;  /* column of boxes, place in it from the top */
	int row, column;  /* of its left end in the grid */
	int lane;         /* of the gutter to its right, where its lines go up and down */
};

struct layers {
	struct arms arms;
	LIST(struct layer_node) nodes;
	int count; /* of layers */
};

/* Lays out the given migrations (indexes, ascending, at most LAYERS_NODES_MAX) and the edges between them. */
struct layers layers_new(struct arena *arena, const struct model *model, const size_t *migrations, size_t count);

#endif
