#include "console/graph/arms.h"

struct arms arms_new(struct arena *arena, int rows, int columns)
{
	struct arms arms = {.rows = rows > 0 ? rows : 1, .columns = columns > 0 ? columns : 1};

	arms.cells = arena_alloc(arena, (size_t)arms.rows * (size_t)arms.columns);
	return arms;
}

void arms_add(struct arms *arms, int row, int column, unsigned which)
{
	if (row >= 0 && row < arms->rows && column >= 0 && column < arms->columns)
		arms->cells[row * arms->columns + column] |= (uint8_t)which;
}

void arms_across(struct arms *arms, int row, int from, int to)
{
	int left = from < to ? from : to, right = from < to ? to : from;

	for (int column = left; column <= right; column++)
		arms_add(arms, row, column, (column > left ? ARM_LEFT : 0U) | (column < right ? ARM_RIGHT : 0U));
}

void arms_down(struct arms *arms, int column, int from, int to)
{
	int top = from < to ? from : to, bottom = from < to ? to : from;

	for (int row = top; row <= bottom; row++)
		arms_add(arms, row, column, (row > top ? ARM_UP : 0U) | (row < bottom ? ARM_DOWN : 0U));
}

static const enum glyph GLYPH_OF[16] = {
	[ARM_UP] = GLYPH_VERTICAL,
	[ARM_DOWN] = GLYPH_VERTICAL,
	[ARM_UP | ARM_DOWN] = GLYPH_VERTICAL,
	[ARM_LEFT] = GLYPH_HORIZONTAL,
	[ARM_RIGHT] = GLYPH_HORIZONTAL,
	[ARM_LEFT | ARM_RIGHT] = GLYPH_HORIZONTAL,
	[ARM_DOWN | ARM_RIGHT] = GLYPH_DOWN_RIGHT,
	[ARM_DOWN | ARM_LEFT] = GLYPH_DOWN_LEFT,
	[ARM_UP | ARM_RIGHT] = GLYPH_UP_RIGHT,
	[ARM_UP | ARM_LEFT] = GLYPH_UP_LEFT,
	[ARM_UP | ARM_DOWN | ARM_RIGHT] = GLYPH_VERTICAL_RIGHT,
	[ARM_UP | ARM_DOWN | ARM_LEFT] = GLYPH_VERTICAL_LEFT,
	[ARM_DOWN | ARM_LEFT | ARM_RIGHT] = GLYPH_HORIZONTAL_DOWN,
	[ARM_UP | ARM_LEFT | ARM_RIGHT] = GLYPH_HORIZONTAL_UP,
	[ARM_UP | ARM_DOWN | ARM_LEFT | ARM_RIGHT] = GLYPH_CROSSING,
};

void arms_draw(const struct area *area, const struct arms *arms, int top, int left, enum style style)
{
	for (int row = 0; row < area->rows && top + row < arms->rows; row++) {
		for (int column = 0; column < area->columns && left + column < arms->columns; column++) {
			if (top + row < 0 || left + column < 0)
				continue;
			uint8_t which = arms->cells[(top + row) * arms->columns + left + column];
			if (which)
				area_put_glyph(area, row, column, style, GLYPH_OF[which]);
		}
	}
}
