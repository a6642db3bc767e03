#include "console/graph/layers.h"

#include <assert.h>
#include <stdint.h>

enum { SWEEPS = 6, ROWS_A_SLOT = 2, LANES = GUTTER_COLUMNS - 2 };

struct line {
	size_t from, to; /* nodes in neighbouring layers, left and right */
};

struct plan {
	struct arena *arena;
	struct layers layers;
	LIST(struct line) lines;
	double *weight; /* of each node: the mean place of its neighbours */
};

static size_t node_of(const struct layers *layers, size_t migration)
{
	for (size_t i = 0; i < layers->nodes.count; i++)
		if (layers->nodes.items[i].migration == migration)
			return i;
	return SIZE_MAX;
}

/* The layer of a migration is one more than the highest of those it needs; the needed ones come first in the list. */
static void add_node(struct plan *plan, const struct model *model, size_t migration)
{
	const struct model_migration *at = &model->migrations.items[migration];
	int layer = 0;

	for (size_t i = 0; i < at->needs.count; i++) {
		size_t needed = node_of(&plan->layers, at->needs.items[i].migration);
		if (at->needs.items[i].migration != SIZE_MAX && needed != SIZE_MAX &&
		    plan->layers.nodes.items[needed].layer >= layer)
			layer = plan->layers.nodes.items[needed].layer + 1;
	}
	*list_add(plan->arena, &plan->layers.nodes) = (struct layer_node){.migration = migration, .layer = layer};
	if (layer + 1 > plan->layers.count)
		plan->layers.count = layer + 1;
}

static size_t add_passage(struct plan *plan, int layer)
{
	*list_add(plan->arena, &plan->layers.nodes) = (struct layer_node){.migration = SIZE_MAX, .layer = layer};
	return plan->layers.nodes.count - 1;
}

/* A line over several layers passes through a place of its own in each of them. */
static void add_lines(struct plan *plan, const struct model *model, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct model_migration *at = &model->migrations.items[plan->layers.nodes.items[i].migration];
		for (size_t j = 0; j < at->needs.count; j++) {
			size_t needed = at->needs.items[j].migration;
			size_t from = needed == SIZE_MAX ? SIZE_MAX : node_of(&plan->layers, needed);
			if (from == SIZE_MAX)
				continue;
			int first = plan->layers.nodes.items[from].layer + 1, last = plan->layers.nodes.items[i].layer - 1;
			for (int layer = first; layer <= last; layer++) {
				size_t passage = add_passage(plan, layer);
				*list_add(plan->arena, &plan->lines) = (struct line){from, passage};
				from = passage;
			}
			*list_add(plan->arena, &plan->lines) = (struct line){from, i};
		}
	}
}

static void place_in_layers(struct plan *plan)
{
	int *used = arena_alloc(plan->arena, (size_t)(plan->layers.count + 1) * sizeof(*used));

	for (size_t i = 0; i < plan->layers.nodes.count; i++) {
		struct layer_node *node = &plan->layers.nodes.items[i];
		node->slot = used[node->layer]++;
	}
}

static void weigh(struct plan *plan, bool by_left)
{
	size_t count = plan->layers.nodes.count;
	int *neighbours = arena_alloc(plan->arena, count * sizeof(*neighbours));

	for (size_t i = 0; i < count; i++)
		plan->weight[i] = 0;
	for (size_t i = 0; i < plan->lines.count; i++) {
		size_t one = by_left ? plan->lines.items[i].to : plan->lines.items[i].from;
		size_t other = by_left ? plan->lines.items[i].from : plan->lines.items[i].to;
		plan->weight[one] += plan->layers.nodes.items[other].slot;
		neighbours[one]++;
	}
	for (size_t i = 0; i < count; i++)
		plan->weight[i] = neighbours[i] ? plan->weight[i] / neighbours[i] : plan->layers.nodes.items[i].slot;
}

/* The slots of a layer are given again in the order of weights; equal ones keep theirs. */
static void order_layer(struct plan *plan, int layer)
{
	struct layer_node *nodes = plan->layers.nodes.items;
	size_t count = plan->layers.nodes.count;
	int *slots = arena_alloc(plan->arena, count * sizeof(*slots));

	for (size_t i = 0; i < count; i++) {
		if (nodes[i].layer != layer)
			continue;
		for (size_t j = 0; j < count; j++)
			if (nodes[j].layer == layer &&
			    (plan->weight[j] < plan->weight[i] ||
			     (!(plan->weight[j] > plan->weight[i]) && nodes[j].slot < nodes[i].slot)))
				slots[i]++;
	}
	for (size_t i = 0; i < count; i++)
		if (nodes[i].layer == layer)
			nodes[i].slot = slots[i];
}

static void sweep(struct plan *plan)
{
	for (int i = 0; i < SWEEPS; i++) {
		bool by_left = i % 2 == 0;
		for (int at = 0; at < plan->layers.count; at++) {
			weigh(plan, by_left);
			order_layer(plan, by_left ? at : plan->layers.count - 1 - at);
		}
	}
}

struct span {
	int first, last; /* rows; first > last = none */
};

static struct span rows_of(const struct plan *plan, size_t node)
{
	int row = plan->layers.nodes.items[node].row;
	struct span span = {row + 1, row};

	for (size_t i = 0; i < plan->lines.count; i++) {
		if (plan->lines.items[i].from != node)
			continue;
		int to = plan->layers.nodes.items[plan->lines.items[i].to].row;
		span.first = span.first > row ? row : span.first;
		span.first = to < span.first ? to : span.first;
		span.last = to > span.last ? to : span.last;
	}
	return span;
}

/* Lines of two nodes share a lane of a gutter only where they do not touch, as long as there are lanes. */
static void choose_lane(struct plan *plan, const struct span *spans, size_t node)
{
	struct layer_node *nodes = plan->layers.nodes.items;
	bool taken[LANES] = {false};

	for (size_t i = 0; i < plan->layers.nodes.count; i++)
		if (i != node && nodes[i].layer == nodes[node].layer && nodes[i].lane >= 0 &&
		    spans[i].first <= spans[node].last && spans[node].first <= spans[i].last)
			taken[nodes[i].lane] = true;
	nodes[node].lane = nodes[node].slot % LANES;
	for (int lane = LANES; lane-- > 0;)
		if (!taken[lane])
			nodes[node].lane = lane;
}

static void choose_lanes(struct plan *plan)
{
	size_t count = plan->layers.nodes.count;
	struct span *spans = arena_alloc(plan->arena, (count + 1) * sizeof(*spans));

	for (size_t i = 0; i < count; i++) {
		spans[i] = rows_of(plan, i);
		plan->layers.nodes.items[i].lane = -1;
	}
	for (size_t i = 0; i < count; i++)
		if (spans[i].first <= spans[i].last)
			choose_lane(plan, spans, i);
}

/* Out of the right end, down the gutter in a lane of the one who is needed, into the left end. */
static void draw_line(struct plan *plan, const struct line *line)
{
	const struct layer_node *from = &plan->layers.nodes.items[line->from], *to = &plan->layers.nodes.items[line->to];
	int right = from->column + (from->migration == SIZE_MAX ? 0 : BOX_COLUMNS);
	int lane = from->layer * LAYER_COLUMNS + BOX_COLUMNS + 1 + from->lane;
	int left = to->column - (to->migration == SIZE_MAX ? 0 : 1);
	struct arms *arms = &plan->layers.arms;

	arms_across(arms, from->row, right, lane);
	arms_down(arms, lane, from->row, to->row);
	arms_across(arms, to->row, lane, left);
	if (to->migration == SIZE_MAX)
		arms_across(arms, to->row, left, to->layer * LAYER_COLUMNS + BOX_COLUMNS);
}

struct layers layers_new(struct arena *arena, const struct model *model, const size_t *migrations, size_t count)
{
	struct plan plan = {.arena = arena};
	int rows = 1;

	assert(count <= LAYERS_NODES_MAX);
	for (size_t i = 0; i < count; i++)
		add_node(&plan, model, migrations[i]);
	add_lines(&plan, model, count);
	place_in_layers(&plan);
	plan.weight = arena_alloc(arena, (plan.layers.nodes.count + 1) * sizeof(*plan.weight));
	sweep(&plan);
	for (size_t i = 0; i < plan.layers.nodes.count; i++) {
		struct layer_node *node = &plan.layers.nodes.items[i];
		/* Neighbouring layers lie between each other's rows: what leaves a box never runs into what enters one. */
		node->row = node->slot * ROWS_A_SLOT + node->layer % 2;
		node->column = node->layer * LAYER_COLUMNS;
		rows = node->row + 1 > rows ? node->row + 1 : rows;
	}
	choose_lanes(&plan);
	plan.layers.arms = arms_new(arena, rows, plan.layers.count * LAYER_COLUMNS + 1);
	for (size_t i = 0; i < plan.lines.count; i++)
		draw_line(&plan, &plan.lines.items[i]);
	return plan.layers;
}
