/* What live does while it is changed: panels of what was sampled, each with its age, and the sessions in them. */
#include "console/views/live.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "console/cursor.h"
#include "console/terminal/signs.h"
#include "console/views/views.h"

enum { STACKED_ROWS = 7 };

static const char NOTHING_YET[] =
	"Live was not sampled yet: it is while a run changes it (A approves and applies), and `pgsluice monitor` shows "
	"the same figures at any time.";
static const char PREPARED[] = "a prepared transaction has no session: COMMIT PREPARED or ROLLBACK PREPARED ends it";

/* For how many seconds figures stay; 0 = until there are newer ones. */
static const int RATES_S[] = {0, 2, 5, 10, 30};
enum { RATE_COUNT = sizeof(RATES_S) / sizeof(RATES_S[0]) };

struct live_state {
	enum live_form form;
	enum live_panel_id panel;    /* that keys act on */
	bool touched;                /* it was chosen by a person */
	bool opened;                 /* it has the whole view */
	struct live_session session; /* that has the whole view; pid 0 = none has */
	struct cursor scroll;        /* of what keys act on */
	int64_t at_pid;              /* the cursor's session, where sessions are listed */
	bool moved;                  /* the cursor has: it is brought into view */

	size_t rate;                 /* of RATES_S */
	bool frozen;                 /* by a person */
	struct arena *arena;         /* what was held: NULL = nothing is */
	struct live_figures held;

	struct area whole, body;     /* as last drawn: where a click is */
	struct live_layout layout;
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
	for (size_t i = 0; view->arena && i < view->held.count; i++)
		json_close(view->held.samples[i].values);
	if (view->arena && view->held.live)
		json_close(view->held.live->queue);
	arena_close(view->arena);
	view->arena = NULL;
	view->held = (struct live_figures){0};
}

static void hold(struct live_state *view, const struct scene *scene)
{
	go_on(view);
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
		live->queue = json_share(now.live->queue);
	}
	view->held = (struct live_figures){.samples = samples, .count = now.count, .live = live, .now_ms = now.now_ms};
	view->arena = arena;
}

/* With a rate, what is shown is held for that long. */
static void keep_rate(struct live_state *view, const struct scene *scene)
{
	int64_t age_ms = scene->now_ms - view->held.now_ms;

	if (view->frozen || (view->rate == 0 && !view->arena))
		return;
	if (view->rate == 0)
		go_on(view);
	else if (!view->arena || age_ms < 0 || age_ms >= (int64_t)RATES_S[view->rate] * 1000)
		hold(view, scene);
}

/* ---- drawing ---- */

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

/* The mark of the cursor's session, else the first one; SIZE_MAX where no session is listed. */
static size_t mark_at(const struct live_state *view, const struct live_page *page)
{
	for (size_t i = 0; i < page->marks.count; i++)
		if (page->marks.items[i].pid == view->at_pid)
			return i;
	return page->marks.count ? 0 : SIZE_MAX;
}

static void draw_scrolled(struct live_state *view, const struct area *body, const struct live_page *page)
{
	size_t count = page->paper.lines.count, room = body->rows > 0 ? (size_t)body->rows : 0;
	size_t mark = view->opened || view->session.pid ? mark_at(view, page) : SIZE_MAX;
	size_t line = mark == SIZE_MAX ? 0 : page->marks.items[mark].line;

	if (view->moved && mark != SIZE_MAX && room > 0) {
		view->scroll.top = line < view->scroll.top ? line : view->scroll.top;
		view->scroll.top = line >= view->scroll.top + room ? line - room + 1 : view->scroll.top;
	}
	view->moved = false;
	if (view->scroll.top + room > count)
		view->scroll.top = count > room ? count - room : 0;
	view->scroll.rows = body->rows;
	view->scroll.at = count;
	paper_draw(body, &page->paper, view->scroll.top);
	if (mark != SIZE_MAX && line >= view->scroll.top && line - view->scroll.top < room)
		area_set_style(body, (int)(line - view->scroll.top), 0, -1, STYLE_CURSOR);
	view->body = *body;
}

static void draw_head(const struct area *area, enum style style, struct live_page *page, enum live_panel_id id)
{
	const struct live_panel *panel = &LIVE_PANELS[id];
	const char *age = live_age(page->arena, page->figures, panel->sampler), *spark = NULL;
	int left = text_columns(panel->title) + 5, at = area->columns - text_columns(age) - 3;

	area_rule(area, 0, style, panel->title);
	if (!live_is_tall(page) && panel->series < SERIES_COUNT)
		spark = live_short_spark(page, panel->series);
	if (spark && left + LIVE_SHORT_SPARK + 2 < at)
		left = area_print(area, 0, left, STYLE_TEXT, " %s ", spark);
	if (*age && at > left)
		area_print(area, 0, at, STYLE_DIM, " %s ", age);
}

static void draw_panel(struct live_state *view, const struct scene *scene, const struct live_figures *figures,
                       enum live_panel_id id, const struct live_place *place)
{
	const struct area *area = &place->area;
	bool chosen = id == view->panel && (view->touched || view->opened);
	int name = place->in_line ? text_columns(LIVE_PANELS[id].title) + 1 : 0;
	struct area body = place->in_line ? area_part(area, 0, name, -1, -1) : area_part(area, 1, 0, -1, -1);
	struct live_page page = page_of(scene, figures, area->canvas, body.columns, body.rows > 0 ? body.rows : 1);

	if (place->in_line)
		area_put(area, 0, 1, chosen ? STYLE_STRONG : STYLE_DIM, LIVE_PANELS[id].title);
	else
		draw_head(area, chosen ? STYLE_STRONG : STYLE_DIM, &page, id);
	live_write(&page, id);
	if (chosen)
		draw_scrolled(view, &body, &page);
	else
		paper_draw(&body, &page.paper, 0);
}

static void write_title(struct live_page *page, enum live_panel_id id)
{
	const char *age = live_age(page->arena, page->figures, LIVE_PANELS[id].sampler);

	paper_line(&page->paper);
	paper_span(&page->paper, STYLE_HEADING, "%s", LIVE_PANELS[id].title);
	if (*age)
		paper_span(&page->paper, STYLE_DIM, " (%s)", age);
}

static void draw_stacked(struct live_state *view, const struct scene *scene, const struct live_figures *figures,
                         const struct area *area)
{
	struct live_page page = page_of(scene, figures, area->canvas, area->columns, STACKED_ROWS);

	for (size_t i = 0; i < PANEL_COUNT; i++) {
		write_title(&page, LIVE_ORDER[i]);
		live_write(&page, LIVE_ORDER[i]);
	}
	draw_scrolled(view, area, &page);
}

static void draw_session(struct live_state *view, const struct scene *scene, const struct live_figures *figures,
                         const struct area *area)
{
	struct live_page page = page_of(scene, figures, area->canvas, area->columns, 0);

	live_session_update(&view->session, figures);
	live_session_write(&page, &view->session);
	draw_scrolled(view, area, &page);
}

/* A chosen panel is seen: its form comes with it. */
static void lay_out(struct live_state *view, const struct area *area, const struct live_figures *figures)
{
	view->layout = live_layout_of(area, view->form, figures);
	if (!view->touched || view->opened || view->layout.stacked || view->layout.places[view->panel].shown)
		return;
	view->form = (view->form + 1) % LIVE_FORMS;
	view->layout = live_layout_of(area, view->form, figures);
}

static struct area draw_held(const struct live_state *view, const struct scene *scene, const struct area *area)
{
	if (!view->frozen)
		return *area;
	area_print(area, 0, 1, STYLE_CAUTION, "Held as it was %s: z goes on.",
	           age_text(scene->tick, view->held.now_ms, scene->now_ms));
	return area_part(area, 1, 0, -1, -1);
}

static void draw_rate(const struct live_state *view, const struct scene *scene, const struct area *area)
{
	const char *text = arena_printf(scene->tick, " every %d s ", RATES_S[view->rate]);

	if (view->rate && !view->frozen)
		area_put(area, area->rows - 1, area->columns - text_columns(text), STYLE_KEY, text);
}

static void draw(void *state, const struct scene *scene, const struct area *area)
{
	struct live_state *view = state;

	keep_rate(view, scene);
	struct live_figures figures = figures_of(view, scene);
	struct area rest = draw_held(view, scene, area);
	view->whole = *area;
	if (!live_is_sampled(&figures)) {
		struct area body = area_part(&rest, 1, 2, -1, rest.columns - 4);
		area_put_wrapped(&body, 0, 0, STYLE_DIM, NOTHING_YET);
		return;
	}
	lay_out(view, &rest, &figures);
	if (view->session.pid)
		draw_session(view, scene, &figures, &rest);
	else if (view->opened)
		draw_panel(view, scene, &figures, view->panel, &(struct live_place){.area = rest});
	else if (view->layout.stacked)
		draw_stacked(view, scene, &figures, &rest);
	else
		for (enum live_panel_id id = 0; id < PANEL_COUNT; id++)
			if (view->layout.places[id].shown)
				draw_panel(view, scene, &figures, id, &view->layout.places[id]);
	draw_rate(view, scene, &rest);
}

/* ---- keys ---- */

/* Without a choice, keys are about the locks: who is in whose way is what one looks for. */
static void choose(struct live_state *view, enum live_panel_id panel)
{
	view->panel = panel;
	view->touched = true;
	view->scroll = (struct cursor){.rows = view->scroll.rows};
}

static void step(struct live_state *view, enum live_panel_id by)
{
	live_session_forget(&view->session);
	choose(view, view->touched ? (view->panel + by) % PANEL_COUNT : PANEL_LOCKS);
}

/* What has the whole view, written as it is drawn. */
static struct live_page open_page(struct live_state *view, const struct scene *scene,
                                  const struct live_figures *figures, const struct canvas *signs)
{
	struct live_page page = page_of(scene, figures, signs, 0, 0);

	if (view->session.pid)
		live_session_write(&page, &view->session);
	else
		live_write(&page, view->panel);
	return page;
}

static void open_session(struct live_state *view, const struct scene *scene, int64_t pid)
{
	struct live_figures figures = figures_of(view, scene);

	if (pid == 0 && scene->console)
		console_say(scene->console, STYLE_TEXT, "%s", PREPARED);
	if (pid == 0)
		return;
	live_session_forget(&view->session);
	view->session.pid = pid;
	live_session_update(&view->session, &figures);
	view->scroll = (struct cursor){.rows = view->scroll.rows};
	view->at_pid = 0;
}

static void open_next(struct live_state *view, const struct scene *scene, const struct live_page *page)
{
	size_t mark = mark_at(view, page);

	if (!view->opened && !view->session.pid) {
		choose(view, view->touched ? view->panel : PANEL_LOCKS);
		view->opened = true;
		view->moved = true;
	} else if (mark != SIZE_MAX) {
		open_session(view, scene, page->marks.items[mark].pid);
	}
}

static bool go_back(struct live_state *view)
{
	if (view->session.pid) {
		view->at_pid = view->session.pid;
		view->moved = true;
		live_session_forget(&view->session);
		return true;
	}
	if (!view->opened && !view->touched)
		return false;
	view->touched = view->opened;
	view->opened = false;
	view->scroll.top = 0;
	return true;
}

static bool move(struct live_state *view, const struct live_page *page, enum action action)
{
	struct cursor cursor = {.at = mark_at(view, page), .rows = view->scroll.rows};
	bool listed = (view->opened || view->session.pid) && cursor.at != SIZE_MAX;
	bool pages = action == ACTION_PAGE_UP || action == ACTION_PAGE_DOWN || action == ACTION_HALF_UP ||
	             action == ACTION_HALF_DOWN;

	if (!listed || pages)
		return cursor_scroll(&view->scroll, view->scroll.at, action);
	if (!cursor_move(&cursor, page->marks.count, action))
		return false;
	view->at_pid = page->marks.items[cursor.at].pid;
	view->moved = true;
	return true;
}

static void freeze(struct live_state *view, const struct scene *scene)
{
	view->frozen = !view->frozen;
	if (view->frozen)
		hold(view, scene);
	else
		go_on(view);
}

static void change_rate(struct live_state *view, const struct scene *scene)
{
	view->rate = (view->rate + 1) % RATE_COUNT;
	if (!scene->console)
		return;
	if (view->rate)
		console_say(scene->console, STYLE_TEXT, "what is shown of live changes every %d s", RATES_S[view->rate]);
	else
		console_say(scene->console, STYLE_TEXT, "what is shown of live is the newest");
}

static void change_form(struct live_state *view, const struct scene *scene)
{
	if (view->layout.form_count > 1 || !scene->console)
		view->form = (view->form + 1) % LIVE_FORMS;
	else
		console_say(scene->console, STYLE_TEXT, "this screen shows all panels at once");
	view->touched = view->opened = false;
	live_session_forget(&view->session);
}

/* The session that keys act on, as it was last seen; its pid is 0 where there is none. Forgotten by the caller. */
static struct live_session chosen_session(struct live_state *view, const struct scene *scene)
{
	struct live_figures figures = figures_of(view, scene);
	struct canvas *signs = canvas_open(1, 1, true);
	struct live_page page = page_of(scene, &figures, signs, 0, 0);
	struct live_session session = {.pid = view->session.pid};

	if (!session.pid && view->opened) {
		live_write(&page, view->panel);
		size_t mark = mark_at(view, &page);
		session.pid = mark == SIZE_MAX ? 0 : page.marks.items[mark].pid;
	}
	for (size_t i = 0; view->session.pid && i < SESSION_SOURCES; i++)
		session.values[i] = json_share(view->session.values[i]);
	live_session_update(&session, &figures);
	canvas_close(signs);
	return session;
}

static const char *why_not(void *state, const struct scene *scene, enum action action)
{
	const char *why = NULL;

	if (action != ACTION_CANCEL_SESSION && action != ACTION_TERMINATE_SESSION)
		return NULL;
	struct live_session session = chosen_session(state, scene);
	const struct json *values = live_session_addressee(&session);
	if (!values)
		why = "Open the locks or the transactions (Enter), and put the cursor on a session.";
	else if (json_get_bool(values, "ours"))
		why = "This session is our own: P pulls its step back, C cancels the run.";
	live_session_forget(&session);
	return why;
}

static void signal_session(struct live_state *view, const struct scene *scene, const char *action)
{
	struct live_session session = chosen_session(view, scene);

	if (live_session_addressee(&session))
		console_signal(scene->console, action, live_session_addressee(&session));
	live_session_forget(&session);
}

static bool act_on(struct live_state *view, const struct scene *scene, enum action action, const struct live_page *page)
{
	switch ((int)action) {
	case ACTION_FREEZE: freeze(view, scene); return true;
	case ACTION_RATE: change_rate(view, scene); return true;
	case ACTION_MODE: change_form(view, scene); return true;
	case ACTION_NEXT_PART: step(view, 1); return true;
	case ACTION_PREVIOUS_PART: step(view, PANEL_COUNT - 1); return true;
	case ACTION_OPEN: open_next(view, scene, page); return true;
	case ACTION_CANCEL_SESSION: signal_session(view, scene, "cancel"); return true;
	case ACTION_TERMINATE_SESSION: signal_session(view, scene, "terminate"); return true;
	case ACTION_BACK: return go_back(view);
	default: return move(view, page, action);
	}
}

static bool act(void *state, const struct scene *scene, enum action action)
{
	struct live_state *view = state;
	struct live_figures figures = figures_of(view, scene);
	struct canvas *signs = canvas_open(1, 1, true);
	struct live_page page = open_page(view, scene, &figures, signs);
	bool acted = act_on(view, scene, action, &page);

	canvas_close(signs);
	return acted;
}

/* ---- mouse ---- */

/* On signs of its own: the canvas that was drawn on last may be gone by now. */
static void click_line(struct live_state *view, const struct scene *scene, int row)
{
	struct live_figures figures = figures_of(view, scene);
	struct canvas *signs = canvas_open(1, 1, true);
	struct live_page page = page_of(scene, &figures, signs, view->body.columns, view->body.rows);
	int at = row + view->whole.top - view->body.top;
	size_t line = view->scroll.top + (size_t)(at > 0 ? at : 0);

	if (view->session.pid)
		live_session_write(&page, &view->session);
	else
		live_write(&page, view->panel);
	canvas_close(signs);
	for (size_t i = 0; at >= 0 && i < page.marks.count; i++) {
		if (page.marks.items[i].line != line)
			continue;
		if (view->at_pid == page.marks.items[i].pid || view->session.pid)
			open_session(view, scene, page.marks.items[i].pid);
		else
			view->at_pid = page.marks.items[i].pid;
		return;
	}
}

static bool holds(const struct area *area, int row, int column)
{
	return row >= area->top && row < area->top + area->rows && column >= area->left &&
	       column < area->left + area->columns;
}

/* The first click chooses, the second one opens: a panel, and in it a session. */
static void click(void *state, const struct scene *scene, int row, int column)
{
	struct live_state *view = state;

	if (view->session.pid || view->opened) {
		click_line(view, scene, row);
		return;
	}
	for (enum live_panel_id id = 0; id < PANEL_COUNT && !view->layout.stacked; id++) {
		const struct live_place *place = &view->layout.places[id];
		if (!place->shown || !holds(&place->area, row + view->whole.top, column + view->whole.left))
			continue;
		view->opened = view->touched && view->panel == id;
		choose(view, id);
		return;
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
	for (size_t i = 0; i < PANEL_COUNT; i++) {
		struct live_page page = page_of(scene, &figures, signs, 0, 0);
		write_title(&page, LIVE_ORDER[i]);
		live_write(&page, LIVE_ORDER[i]);
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

	if (view->session.pid) {
		live_session_write(&page, &view->session);
	} else {
		write_title(&page, view->touched ? view->panel : PANEL_LOCKS);
		live_write(&page, view->touched ? view->panel : PANEL_LOCKS);
	}
	paper_plain(&page.paper, &text);
	canvas_close(signs);
	return arena_strdup(scene->tick, strbuf_text(&text));
}

static void let_go(void *state)
{
	struct live_state *view = state;

	go_on(view);
	live_session_forget(&view->session);
}

const struct view_row view_live = {
	.name = "live",
	.title = "Live",
	.digit = '4',
	.state_bytes = sizeof(struct live_state),
	.draw = draw,
	.act = act,
	.why_not = why_not,
	.click = click,
	.plain = plain,
	.copy = copy,
	.let_go = let_go,
};
