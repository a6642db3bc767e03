#include "console/graph/lanes.h"

#include <stdint.h>

/* What a lane leads up to while we go from the newest migration to the oldest. */
struct row {
	size_t before[LANES_MAX], after[LANES_MAX]; /* SIZE_MAX = free; below and above the row */
	int node;
};

static int lane_of(const size_t *lanes, size_t migration)
{
	for (int lane = 0; lane < LANES_MAX; lane++)
		if (lanes[lane] == migration)
			return lane;
	return -1;
}

/* All lanes that lead to the migration end in its row; those that it needs itself go on from there. */
static void pass_migration(struct row *row, const struct model_migration *migration, size_t self, size_t *left_out)
{
	row->node = lane_of(row->before, self);
	for (int lane = 0; lane < LANES_MAX; lane++)
		row->after[lane] = row->before[lane] == self ? SIZE_MAX : row->before[lane];
	if (row->node < 0)
		row->node = lane_of(row->after, SIZE_MAX);
	if (row->node < 0)
		row->node = LANES_MAX - 1;
	for (size_t i = 0; i < migration->needs.count; i++) {
		size_t needed = migration->needs.items[i].migration;
		if (needed == SIZE_MAX || lane_of(row->after, needed) >= 0)
			continue;
		int lane = row->after[row->node] == SIZE_MAX ? row->node : lane_of(row->after, SIZE_MAX);
		if (lane < 0)
			(*left_out)++;
		else
			row->after[lane] = needed;
	}
}

static bool is_needed(const struct model_migration *migration, size_t other)
{
	for (size_t i = 0; i < migration->needs.count; i++)
		if (migration->needs.items[i].migration == other)
			return true;
	return false;
}

static void draw_lines(struct lanes *lanes, const struct row *row, const struct model_migration *migration, size_t self,
                       int at)
{
	for (int lane = 0; lane < LANES_MAX; lane++) {
		int column = lane * LANE_COLUMNS;
		bool up = row->after[lane] != SIZE_MAX, down = row->before[lane] != SIZE_MAX;
		bool ends_here = row->before[lane] == self;
		bool meets = ends_here || (up && is_needed(migration, row->after[lane]));
		if (up || down)
			lanes->columns = column + 1 > lanes->columns ? column + 1 : lanes->columns;
		arms_add(&lanes->arms, at, column, (up ? ARM_UP : 0U) | (down ? ARM_DOWN : 0U));
		if (meets && lane != row->node)
			arms_across(&lanes->arms, at, column, row->node * LANE_COLUMNS);
	}
	lanes->node_column[at] = row->node * LANE_COLUMNS;
	if (lanes->node_column[at] + 1 > lanes->columns)
		lanes->columns = lanes->node_column[at] + 1;
}

struct lanes lanes_new(struct arena *arena, const struct model *model, size_t top, int rows)
{
	struct row row;
	struct lanes lanes = {
		.arms = arms_new(arena, rows, LANES_MAX * LANE_COLUMNS),
		.node_column = arena_alloc(arena, (size_t)(rows > 0 ? rows : 1) * sizeof(int)),
	};

	for (int lane = 0; lane < LANES_MAX; lane++)
		row.before[lane] = SIZE_MAX;
	for (size_t i = model->migrations.count; i-- > top;) {
		const struct model_migration *migration = &model->migrations.items[i];
		pass_migration(&row, migration, i, &lanes.left_out);
		if (i - top < (size_t)(rows > 0 ? rows : 0))
			draw_lines(&lanes, &row, migration, i, (int)(i - top));
		for (int lane = 0; lane < LANES_MAX; lane++)
			row.before[lane] = row.after[lane];
	}
	return lanes;
}
