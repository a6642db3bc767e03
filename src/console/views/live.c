/* What live does while it is changed: panels of what was sampled, each with its age, held still with a key. */
#include "console/views/live.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "console/cursor.h"
#include "console/signs.h"
#include "console/views/views.h"

enum { TWO_FROM_COLUMNS = 78, TWO_FROM_ROWS = 20, THREE_FROM_COLUMNS = 140, THREE_FROM_ROWS = 34 };
enum { STALE_MS = 30 * 1000 };

static const char NOTHING_YET[] =
	"Live was not sampled yet: it is while a run changes it (A approves and applies), and `pgsluice monitor` shows "
	"the same figures at any time.";

struct live_state {
	enum live_panel_id panel; /* that keys act on */
	bool opened;              /* it has the whole view */
	bool touched;             /* a panel was chosen by a person */
	struct cursor scroll;

	/* what was held: NULL = nothing is */
	struct arena *arena;
	struct live_figures held;
};

/* ---- what is shown, held or not ---- */

static struct live_figures figures_of(const struct live_state *view, const struct scene *scene)
{
	if (view->arena)
		return view->held;
	return (struct live_figures){
		.samples = scene->model->samples.items,
		.count = scene->model->samples.count,
		.live = scene->model->live,
		.now_ms = scene->now_ms,
	};
}

static void go_on(struct live_state *view)
{
	for (size_t i = 0; i < view->held.count; i++)
		json_close(view->held.samples[i].values);
	arena_close(view->arena);
	view->arena = NULL;
	view->held = (struct live_figures){0};
}

static void hold(struct live_state *view, const struct scene *scene)
{
	struct live_figures now = figures_of(view, scene);
	struct arena *arena = arena_open();
	struct model_sample *samples = arena_alloc(arena, (now.count + 1) * sizeof(*samples));
	struct model_live *live = NULL;

	for (size_t i = 0; i < now.count; i++)
		samples[i] = (struct model_sample){
			.sampler = arena_strdup(arena, now.samples[i].sampler),
			.at_ms = now.samples[i].at_ms,
			.values = json_share(now.samples[i].values),
		};
	if (now.live) {
		live = arena_alloc(arena, sizeof(*live));
		*live = *now.live;
	}
	view->held = (struct live_figures){.samples = samples, .count = now.count, .live = live, .now_ms = now.now_ms};
	view->arena = arena;
}

/* ---- where each panel is ---- */

struct place_of_panel {
	struct area area;
	bool in_line; /* one row, its name in it */
};

struct layout {
	struct place_of_panel places[PANEL_COUNT];
	bool stacked;
};

static void set_place(struct layout *layout, enum live_panel_id id, const struct area *area, int top, int left,
                      int rows, int columns)
{
	layout->places[id].area = area_part(area, top, left, rows, columns);
}

static void lay_out_two(struct layout *layout, const struct area *area)
{
	int extra = area->rows - 3 * 6 - 4, left = (area->columns - 1) / 2;
	int band = 6 + (extra > 0 ? extra / 4 : 0), last = 6 + (extra > 0 ? extra - 3 * (extra / 4) : extra);
	int progress = 3 + (extra > 0 ? extra / 4 : 0), right = left + 1, tree = area->columns * 65 / 100;

	set_place(layout, PANEL_CONNECTIONS, area, 0, 0, band, left);
	set_place(layout, PANEL_WORKLOAD, area, 0, right, band, -1);
	set_place(layout, PANEL_TRANSACTIONS, area, band, 0, band, left);
	set_place(layout, PANEL_LATENCY, area, band, right, band, -1);
	set_place(layout, PANEL_LOCKS, area, 2 * band, 0, last, tree);
	set_place(layout, PANEL_WAITS, area, 2 * band, tree + 1, last, -1);
	set_place(layout, PANEL_PROGRESS, area, 2 * band + last, 0, progress, -1);
	set_place(layout, PANEL_REPLICATION, area, 2 * band + last + progress, 0, 1, -1);
	layout->places[PANEL_REPLICATION].in_line = true;
}

static void lay_out_three(struct layout *layout, const struct area *area)
{
	int third = (area->columns - 2) / 3, second = third + 1, last = 2 * (third + 1);
	int top = area->rows / 4, middle = area->rows * 14 / 48;

	set_place(layout, PANEL_CONNECTIONS, area, 0, 0, top, third);
	set_place(layout, PANEL_WORKLOAD, area, 0, second, top, third);
	set_place(layout, PANEL_REPLICATION, area, 0, last, top, -1);
	set_place(layout, PANEL_TRANSACTIONS, area, top, 0, middle, third);
	set_place(layout, PANEL_LATENCY, area, top, second, middle, third);
	set_place(layout, PANEL_WAITS, area, top, last, middle, -1);
	set_place(layout, PANEL_LOCKS, area, top + middle, 0, -1, last - 1);
	set_place(layout, PANEL_PROGRESS, area, top + middle, last, -1, -1);
}

static struct layout layout_of(const struct area *area)
{
	struct layout layout = {0};

	if (area->columns >= THREE_FROM_COLUMNS && area->rows >= THREE_FROM_ROWS)
		lay_out_three(&layout, area);
	else if (area->columns >= TWO_FROM_COLUMNS && area->rows >= TWO_FROM_ROWS)
		lay_out_two(&layout, area);
	else
		layout.stacked = true;
	return layout;
}

/* ---- drawing ---- */

static const char *age_of(struct arena *arena, const struct live_figures *figures, enum live_panel_id id)
{
	const struct model_sample *sample = live_sample(figures, LIVE_PANELS[id].sampler);
	const char *age = sample ? age_text(arena, sample->at_ms, figures->now_ms) : "";
	bool stale = sample && figures->now_ms - sample->at_ms > STALE_MS;

	return stale ? arena_printf(arena, "stale, %s", age) : age;
}

static struct live_page page_of(const struct scene *scene, const struct live_figures *figures,
                                const struct canvas *signs, int width, int rows)
{
	return (struct live_page){
		.paper = paper_on(scene->tick, width),
		.arena = scene->tick,
		.figures = figures,
		.signs = signs,
		.width = width,
		.rows = rows,
	};
}

static void draw_page(struct live_state *view, const struct area *body, const struct live_page *page, bool chosen)
{
	size_t count = page->paper.lines.count, room = body->rows > 0 ? (size_t)body->rows : 0;

	if (!chosen) {
		paper_draw(body, &page->paper, 0);
		return;
	}
	if (view->scroll.top + room > count)
		view->scroll.top = count > room ? count - room : 0;
	view->scroll.rows = body->rows;
	view->scroll.at = count;
	paper_draw(body, &page->paper, view->scroll.top);
}

static void draw_head(const struct area *area, enum style style, const char *title, const char *age)
{
	int at = area->columns - text_columns(age) - 3;

	area_rule(area, 0, style, title);
	if (*age && at > text_columns(title) + 4)
		area_print(area, 0, at, STYLE_DIM, " %s ", age);
}

static void draw_panel(struct live_state *view, const struct scene *scene, const struct live_figures *figures,
                       enum live_panel_id id, const struct place_of_panel *place)
{
	const struct area *area = &place->area;
	bool chosen = id == view->panel && (view->touched || view->opened);
	int name = place->in_line ? text_columns(LIVE_PANELS[id].title) + 1 : 0;
	struct area body = place->in_line ? area_part(area, 0, name, -1, -1) : area_part(area, 1, 0, -1, -1);
	struct live_page page = page_of(scene, figures, area->canvas, body.columns, body.rows > 0 ? body.rows : 1);

	if (place->in_line)
		area_put(area, 0, 1, chosen ? STYLE_STRONG : STYLE_DIM, LIVE_PANELS[id].title);
	else
		draw_head(area, chosen ? STYLE_STRONG : STYLE_DIM, LIVE_PANELS[id].title,
		          age_of(scene->tick, figures, id));
	live_write(&page, id);
	draw_page(view, &body, &page, chosen);
}

static void write_title(struct live_page *page, enum live_panel_id id)
{
	const char *age = age_of(page->arena, page->figures, id);

	paper_line(&page->paper);
	paper_span(&page->paper, STYLE_HEADING, "%s", LIVE_PANELS[id].title);
	if (*age)
		paper_span(&page->paper, STYLE_DIM, " (%s)", age);
}

/* On a small screen what hurts others comes first. */
static void write_stacked(struct live_page *page)
{
	static const enum live_panel_id ORDER[PANEL_COUNT] = {
		PANEL_LOCKS, PANEL_PROGRESS, PANEL_LATENCY,      PANEL_CONNECTIONS,
		PANEL_WAITS, PANEL_WORKLOAD, PANEL_TRANSACTIONS, PANEL_REPLICATION,
	};
	for (size_t i = 0; i < PANEL_COUNT; i++) {
		write_title(page, ORDER[i]);
		live_write(page, ORDER[i]);
	}
}

static void draw_stacked(struct live_state *view, const struct scene *scene, const struct live_figures *figures,
                         const struct area *area)
{
	struct live_page page = page_of(scene, figures, area->canvas, area->columns, 7);

	write_stacked(&page);
	draw_page(view, area, &page, true);
}

static struct area draw_held(const struct live_state *view, const struct scene *scene, const struct area *area)
{
	if (!view->arena)
		return *area;
	area_print(area, 0, 1, STYLE_CAUTION, "Held as it was %s: z goes on.",
	           age_text(scene->tick, view->held.now_ms, scene->now_ms));
	return area_part(area, 1, 0, -1, -1);
}

static void draw(void *state, const struct scene *scene, const struct area *area)
{
	struct live_state *view = state;
	struct live_figures figures = figures_of(view, scene);
	struct area rest = draw_held(view, scene, area);

	if (!live_is_sampled(&figures)) {
		struct area body = area_part(&rest, 1, 2, -1, rest.columns - 4);
		area_put_wrapped(&body, 0, 0, STYLE_DIM, NOTHING_YET);
		return;
	}
	struct layout layout = layout_of(&rest);
	if (view->opened)
		draw_panel(view, scene, &figures, view->panel, &(struct place_of_panel){.area = rest});
	else if (layout.stacked)
		draw_stacked(view, scene, &figures, &rest);
	else
		for (enum live_panel_id id = 0; id < PANEL_COUNT; id++)
			draw_panel(view, scene, &figures, id, &layout.places[id]);
}

/* ---- keys ---- */

static void choose(struct live_state *view, enum live_panel_id panel)
{
	view->panel = panel;
	view->touched = true;
	view->scroll = (struct cursor){.rows = view->scroll.rows};
}

static bool act(void *state, const struct scene *scene, enum action action)
{
	struct live_state *view = state;

	switch ((int)action) {
	case ACTION_FREEZE:
		if (view->arena)
			go_on(view);
		else
			hold(view, scene);
		return true;
	case ACTION_NEXT_PART:
		choose(view, view->touched ? (view->panel + 1) % PANEL_COUNT : view->panel);
		return true;
	case ACTION_PREVIOUS_PART:
		choose(view, (view->panel + PANEL_COUNT - 1) % PANEL_COUNT);
		return true;
	case ACTION_OPEN:
		choose(view, view->panel);
		view->opened = !view->opened;
		return true;
	case ACTION_BACK:
		if (!view->opened && !view->touched)
			return false;
		if (!view->opened)
			view->touched = false;
		view->opened = false;
		return true;
	default:
		return cursor_scroll(&view->scroll, view->scroll.at, action);
	}
}

/* ---- without a screen ---- */

static void plain(void *state, const struct scene *scene, struct strbuf *out)
{
	struct live_figures figures = figures_of(state, scene);

	if (!live_is_sampled(&figures)) {
		strbuf_printf(out, "%s\n", NOTHING_YET);
		return;
	}
	struct canvas *signs = canvas_open(1, 1, true);
	for (enum live_panel_id id = 0; id < PANEL_COUNT; id++) {
		struct live_page page = page_of(scene, &figures, signs, 0, 0);
		write_title(&page, id);
		live_write(&page, id);
		paper_plain(&page.paper, out);
		strbuf_putc(out, '\n');
	}
	canvas_close(signs);
}

static const char *copy(void *state, const struct scene *scene)
{
	struct live_state *view = state;
	struct live_figures figures = figures_of(view, scene);
	_cleanup_strbuf_ struct strbuf text = {0};
	struct canvas *signs = canvas_open(1, 1, true);
	struct live_page page = page_of(scene, &figures, signs, 0, 0);

	write_title(&page, view->panel);
	live_write(&page, view->panel);
	paper_plain(&page.paper, &text);
	canvas_close(signs);
	return arena_strdup(scene->tick, strbuf_text(&text));
}

static void let_go(void *state)
{
	struct live_state *view = state;

	if (view->arena)
		go_on(view);
}

const struct view_row view_live = {
	.name = "live",
	.title = "Live",
	.digit = '4',
	.state_bytes = sizeof(struct live_state),
	.draw = draw,
	.act = act,
	.plain = plain,
	.copy = copy,
	.let_go = let_go,
};
