/* Where each panel of live is: one form for screens that have room for all, two where they have not. */
#include "console/views/live.h"

enum { TWO_FROM_COLUMNS = 78, TWO_FROM_ROWS = 20, THREE_FROM_COLUMNS = 140, THREE_FROM_ROWS = 40 };

/* What hurts others comes first: on small screens, and where there are no screens. */
const enum live_panel_id LIVE_ORDER[PANEL_COUNT] = {
	PANEL_LOCKS,    PANEL_PROGRESS,     PANEL_LATENCY,     PANEL_INCIDENTS, PANEL_CONNECTIONS, PANEL_WAITS,
	PANEL_WORKLOAD, PANEL_TRANSACTIONS, PANEL_REPLICATION, PANEL_POOLS,     PANEL_VACUUM,      PANEL_SIZES,
	PANEL_COST,
};

static void set_place(struct live_layout *layout, enum live_panel_id id, const struct area *area, int top, int left,
                      int rows, int columns)
{
	layout->places[id].area = area_part(area, top, left, rows, columns);
	layout->places[id].shown = true;
}

static void set_line(struct live_layout *layout, enum live_panel_id id, const struct area *area, int top)
{
	set_place(layout, id, area, top, 0, 1, -1);
	layout->places[id].in_line = true;
}

static size_t list_length(const struct live_figures *figures, const char *sampler, const char *list)
{
	const struct model_sample *sample = live_sample(figures, sampler);
	return sample ? json_count(json_get(sample->values, list)) : 0;
}

/* Load and harm. What there is none of leaves its room to the locks. */
static void lay_out_first(struct live_layout *layout, const struct area *area, const struct live_figures *figures)
{
	int extra = area->rows - 22, more = extra > 0 ? extra / 4 : 0;
	int left = (area->columns - 1) / 2, right = left + 1, tree = area->columns * 65 / 100;
	bool working = list_length(figures, "progress", "commands") > 0;
	bool replicated = list_length(figures, "replicas", "replicas") + list_length(figures, "slots", "slots") > 0;
	int top = 5 + more, middle = (extra < 0 ? 5 : 6) + more, progress = working ? 3 + more : 1;
	int last = area->rows - top - middle - progress - 1 - replicated;

	set_place(layout, PANEL_CONNECTIONS, area, 0, 0, top, left);
	set_place(layout, PANEL_WORKLOAD, area, 0, right, top, -1);
	set_place(layout, PANEL_TRANSACTIONS, area, top, 0, middle, left);
	set_place(layout, PANEL_LATENCY, area, top, right, middle, -1);
	set_place(layout, PANEL_LOCKS, area, top + middle, 0, last, tree);
	set_place(layout, PANEL_WAITS, area, top + middle, tree + 1, last, -1);
	if (working)
		set_place(layout, PANEL_PROGRESS, area, top + middle + last, 0, progress, -1);
	else
		set_line(layout, PANEL_PROGRESS, area, top + middle + last);
	if (replicated)
		set_line(layout, PANEL_REPLICATION, area, area->rows - 2);
	set_line(layout, PANEL_INCIDENTS, area, area->rows - 1);
}

/* What goes on beside it. */
static void lay_out_second(struct live_layout *layout, const struct area *area)
{
	int left = (area->columns - 1) / 2, right = left + 1;
	int top = area->rows / 3, middle = area->rows * 2 / 5;

	set_place(layout, PANEL_REPLICATION, area, 0, 0, top, left);
	set_place(layout, PANEL_POOLS, area, 0, right, top, -1);
	set_place(layout, PANEL_VACUUM, area, top, 0, middle, left);
	set_place(layout, PANEL_SIZES, area, top, right, middle, -1);
	set_place(layout, PANEL_INCIDENTS, area, top + middle, 0, area->rows - top - middle - 2, -1);
	set_place(layout, PANEL_COST, area, area->rows - 2, 0, 2, -1);
}

static void lay_out_all(struct live_layout *layout, const struct area *area)
{
	int third = (area->columns - 2) / 3, second = third + 1, last = 2 * (third + 1);
	int top = area->rows * 10 / 48, middle = area->rows * 12 / 48, tree = area->rows * 13 / 48;
	int below = top + middle + tree;

	set_place(layout, PANEL_CONNECTIONS, area, 0, 0, top, third);
	set_place(layout, PANEL_WORKLOAD, area, 0, second, top, third);
	set_place(layout, PANEL_REPLICATION, area, 0, last, top, -1);
	set_place(layout, PANEL_TRANSACTIONS, area, top, 0, middle, third);
	set_place(layout, PANEL_LATENCY, area, top, second, middle, third);
	set_place(layout, PANEL_WAITS, area, top, last, middle, -1);
	set_place(layout, PANEL_LOCKS, area, top + middle, 0, tree, last - 1);
	set_place(layout, PANEL_PROGRESS, area, top + middle, last, tree / 2, -1);
	set_place(layout, PANEL_POOLS, area, top + middle + tree / 2, last, tree - tree / 2, -1);
	set_place(layout, PANEL_VACUUM, area, below, 0, -1, third);
	set_place(layout, PANEL_SIZES, area, below, second, -1, third);
	set_place(layout, PANEL_INCIDENTS, area, below, last, area->rows - below - 3, -1);
	set_place(layout, PANEL_COST, area, area->rows - 3, last, -1, -1);
}

struct live_layout live_layout_of(const struct area *area, enum live_form form, const struct live_figures *figures)
{
	struct live_layout layout = {.form_count = 1};

	if (area->columns >= THREE_FROM_COLUMNS && area->rows >= THREE_FROM_ROWS) {
		lay_out_all(&layout, area);
	} else if (area->columns < TWO_FROM_COLUMNS || area->rows < TWO_FROM_ROWS) {
		layout.stacked = true;
	} else {
		layout.form_count = LIVE_FORMS;
		if (form == LIVE_LOAD)
			lay_out_first(&layout, area, figures);
		else
			lay_out_second(&layout, area);
	}
	return layout;
}
