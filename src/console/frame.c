/* What stands around a view on every screen: title, tabs, what there is to say, the keys. */
#include "console/desk.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sys/clock.h"

enum {
	FULL_COLUMNS = 60, FULL_ROWS = 16, /* below: the view and one line */
	LINE_ROWS = 4, LINE_COLUMNS = 20,  /* below: one line */
	TITLE_ROW = 0, TAB_ROW = 1, TOP_ROWS = 2, BOTTOM_ROWS = 2, PLAN_DIGITS = 12,
};

enum size { SIZE_FULL, SIZE_SMALL, SIZE_LINE };

static enum size size_of(const struct canvas *canvas)
{
	int rows = canvas_rows(canvas), columns = canvas_columns(canvas);
	if (rows < LINE_ROWS || columns < LINE_COLUMNS)
		return SIZE_LINE;
	return rows < FULL_ROWS || columns < FULL_COLUMNS ? SIZE_SMALL : SIZE_FULL;
}

struct area frame_view_area(const struct console *console)
{
	struct area whole = area_whole(console->canvas);
	switch (size_of(console->canvas)) {
	case SIZE_FULL:
		return area_part(&whole, TOP_ROWS, 1, whole.rows - TOP_ROWS - BOTTOM_ROWS, whole.columns - 2);
	case SIZE_SMALL: return area_part(&whole, 0, 0, whole.rows - 1, -1);
	case SIZE_LINE: break;
	}
	return area_part(&whole, 0, 0, 0, 0);
}

/* ---- title ---- */

static const char *recording_state(struct console *console)
{
	const struct story *story = console->story;
	if (console->over)
		return "RECORDING, at its end";
	if (story_is_held(story))
		return "RECORDING, held: p goes on";
	int64_t speed = story_speed(story);
	if (speed % STORY_SPEED_ONE == 0)
		return arena_printf(console->tick, "RECORDING x%" PRId64, speed / STORY_SPEED_ONE);
	return arena_printf(console->tick, "RECORDING x%" PRId64 ".%02" PRId64, speed / STORY_SPEED_ONE,
	                    speed % STORY_SPEED_ONE);
}

/* What goes on, in a few words. */
static const char *state_text(struct console *console)
{
	const struct model *model = console->model;
	const struct model_engine *engine = &model->engine;
	const char *gate = engine->gate < GATE_COUNT ? gate_get(engine->gate)->name : NULL;

	if (console->story && story_is_recording(console->story))
		return recording_state(console);
	if (console->lost)
		return model->ended ? arena_printf(console->tick, "ended with %" PRId64, model->exit_code) : "NOT CONNECTED";
	if (engine->pid == 0)
		return "connecting";
	if (model->ended && strcmp(engine->state, "idle") == 0)
		return arena_printf(console->tick, "ended with %" PRId64, model->exit_code);
	if (strcmp(engine->state, "asking") == 0)
		return "ASKS YOU";
	if (strcmp(engine->state, "waiting") == 0)
		return gate ? arena_printf(console->tick, "waits before %s", gate) : "waits";
	if (strcmp(engine->state, "working") == 0)
		return gate ? arena_printf(console->tick, "%s at work", gate) : "reading";
	return engine->state;
}

static const char *environment_of(const struct console *console)
{
	const char *environment = console->model->environment;
	return environment && *environment ? environment : "no environment";
}

const char *frame_title(struct console *console, bool with_environment)
{
	const struct model *model = console->model;
	const char *locked = model_why_locked(console->tick, model);
	const char *plan = model->plan_id
		? arena_printf(console->tick, "plan %.*s", PLAN_DIGITS, model->plan_id) : "no plan yet";

	return arena_printf(console->tick, "%s%s%s%s  %s  %s  %s", with_environment ? "[" : "",
	                    with_environment ? environment_of(console) : "", with_environment ? "] " : "",
	                    model->database ? model->database : "no database yet",
	                    locked ? "read-only" : "WRITES UNLOCKED", state_text(console), plan);
}

static const char *clock_of(struct console *console)
{
	struct scene scene = desk_scene(console);
	bool seconds = scene.replaying || console->model->at_work != GATE_COUNT;
	time_t now = (time_t)(scene.now_ms / 1000);
	struct tm parts;
	char text[32] = "";

	if (scene.now_ms > 0 && localtime_r(&now, &parts))
		strftime(text, sizeof(text), seconds ? "%H:%M:%S" : "%H:%M", &parts);
	return arena_strdup(console->tick, text);
}

static void draw_title(struct console *console, const struct area *area)
{
	enum style style = style_of_environment(console->model->environment);
	const char *clock = clock_of(console);
	int right = area->columns - text_columns(clock) - 1;

	area_put_width(area, TITLE_ROW, 0, area->columns, style, "");
	struct area left = area_part(area, TITLE_ROW, 0, 1, right - 1);
	int column = area_print(&left, 0, 0, style, " [%s] ", environment_of(console));
	area_put_width(&left, 0, column, left.columns - column, style, frame_title(console, false));
	area_put(area, TITLE_ROW, right, style, clock);
}

/* ---- tabs ---- */

/* What is worth counting in a view; "" = nothing. */
static const char *count_of(struct console *console, const struct view_row *view)
{
	const struct model *model = console->model;
	if (strcmp(view->name, "migrations") == 0 && model->migrations.count)
		return arena_printf(console->tick, " %zu/%zu", model->applied_count, model->migrations.count);
	if (strcmp(view->name, "gates") == 0 && model->run_id) {
		int open = 0;
		for (enum gate gate = 0; gate < GATE_COUNT; gate++)
			open += model->gates[gate].state == GATE_PASSED || model->gates[gate].state == GATE_WAIVED;
		return arena_printf(console->tick, " %d/%d", open, GATE_COUNT);
	}
	return "";
}

/* What a tab takes beside its text: a digit and blanks; close together, the last of them is the next one's first. */
enum { TAB_APART = 4, TAB_CLOSE = 3 };

static int tabs_width(struct console *console, bool counts, int beside)
{
	int width = 0;
	for (size_t i = 0; i < console->view_count; i++)
		width += beside + text_columns(console->views[i]->title) +
		         (counts ? text_columns(count_of(console, console->views[i])) : 0);
	return width;
}

/* Draws the tabs, or looks which one has a column of the row: its index, else the count of views. */
static size_t go_through_tabs(struct console *console, const struct area *area, int wanted)
{
	struct area row = area_part(area, TAB_ROW, 1, 1, area->columns - 2);
	bool apart = tabs_width(console, true, TAB_APART) <= row.columns;
	bool counts = tabs_width(console, true, TAB_CLOSE) <= row.columns;
	bool titles = tabs_width(console, false, TAB_CLOSE) <= row.columns;
	int column = 0;

	for (size_t i = 0; i < console->view_count; i++) {
		const struct view_row *view = console->views[i];
		bool current = i == console->view;
		enum style style = current ? STYLE_CURSOR : STYLE_TEXT;
		column = area_print(&row, 0, column, current ? STYLE_CURSOR : STYLE_KEY, " %c", view->digit);
		if (titles || current)
			column = area_print(&row, 0, column, style, " %s%s", view->title,
			                    counts ? count_of(console, view) : "");
		if (apart || !titles)
			column = area_put(&row, 0, column, style, " ");
		if (wanted >= 0 && wanted < column + 1)
			return i;
	}
	return console->view_count;
}

size_t frame_tab_at(struct console *console, int row, int column)
{
	struct area area = area_whole(console->canvas);

	if (size_of(console->canvas) != SIZE_FULL || row != TAB_ROW || column < 1)
		return console->view_count;
	return go_through_tabs(console, &area, column);
}

/* ---- footer ---- */

struct footer {
	struct console *console;
	struct area area;
	int column;
};

static bool put_key(struct footer *footer, enum action action)
{
	struct console *console = footer->console;
	const char *key = keymap_keys(console->keymap, console->tick, action, true);
	const char *label = action_get(action)->label;
	int width = text_columns(key) + text_columns(label) + 3;

	if (!*key || footer->column + width > footer->area.columns)
		return false;
	bool disabled = act_why_not(console, action) != NULL;
	footer->column = area_put(&footer->area, 0, footer->column, disabled ? STYLE_DISABLED : STYLE_KEY, key);
	footer->column = area_put(&footer->area, 0, footer->column + 1, disabled ? STYLE_DISABLED : STYLE_TEXT, label) + 2;
	return true;
}

/*
 * The flow as far as it can be had, then what this view has of its own, then the rest; help and quit are never cut off.
 */
static void draw_keys(struct console *console, const struct area *row)
{
	static const enum action FLOW[] = {ACTION_RUN_GATE, ACTION_RUN_ALL, ACTION_APPLY};
	static const enum action REPLAY[] = {ACTION_PAUSE, ACTION_FASTER, ACTION_SLOWER};
	static const enum action ALWAYS[] = {ACTION_SEARCH, ACTION_OPEN, ACTION_COPY};
	static const enum action LAST[] = {ACTION_HELP, ACTION_QUIT};
	bool recording = console->story && story_is_recording(console->story);
	const char *view = desk_view(console)->name;
	struct footer last = {.console = console, .area = *row, .column = 0};
	int reserved = 0;

	for (size_t i = 0; i < 2; i++)
		reserved += text_columns(keymap_keys(console->keymap, console->tick, LAST[i], true)) +
		            text_columns(action_get(LAST[i])->label) + 3;
	struct footer footer = {.console = console, .area = area_part(row, 0, 0, 1, row->columns - reserved)};
	for (size_t i = 0; i < 3; i++)
		if (recording || !act_why_not(console, FLOW[i]))
			put_key(&footer, recording ? REPLAY[i] : FLOW[i]);
	if (!recording && console->model->at_work != GATE_COUNT)
		put_key(&footer, ACTION_CANCEL);
	put_key(&footer, ACTION_PROMPT);
	for (enum action action = ACTION_NONE + 1; action < ACTION_COUNT; action++)
		if (action != ACTION_PREVIOUS_PART && action_get(action)->views && action_is_of(action, view))
			put_key(&footer, action);
	for (size_t i = 0; i < 3; i++)
		if (!recording && act_why_not(console, FLOW[i]))
			put_key(&footer, FLOW[i]);
	for (size_t i = 0; i < sizeof(ALWAYS) / sizeof(ALWAYS[0]); i++)
		put_key(&footer, ALWAYS[i]);
	last.column = row->columns - reserved > 0 ? row->columns - reserved : 0;
	for (size_t i = 0; i < 2; i++)
		put_key(&last, LAST[i]);
}

static void draw_toast(struct console *console, const struct area *row)
{
	const char *why;
	int64_t refused = console->story ? story_refused(console->story, &why) : 0;

	area_put_width(row, 0, 0, row->columns, STYLE_TEXT, "");
	if (console->toast[0])
		area_put_width(row, 0, 0, row->columns, console->toast_style, console->toast);
	else if (refused > 0)
		area_put_width(row, 0, 0, row->columns, STYLE_BAD,
		               arena_printf(console->tick, "%" PRId64 " lines were not understood; the last: %s", refused,
		                            why));
}

/* The environment's colour down both sides: seen on every screen, whatever is on it. */
static void draw_border(const struct console *console, const struct area *area)
{
	enum style style = style_of_environment(console->model->environment);
	for (int row = TAB_ROW; row < area->rows; row++) {
		area_put_glyph(area, row, 0, style, GLYPH_VERTICAL);
		area_put_glyph(area, row, area->columns - 1, style, GLYPH_VERTICAL);
	}
}

static void draw_content(struct console *console, const struct area *area)
{
	struct scene scene = desk_scene(console);
	if (console->help)
		help_draw(console, area);
	else
		desk_view(console)->draw(desk_state(console), &scene, area);
}

static void draw_full(struct console *console, const struct area *area)
{
	struct area view = frame_view_area(console);
	struct area toast = area_part(area, area->rows - 2, 1, 1, area->columns - 2);
	struct area keys = area_part(area, area->rows - 1, 1, 1, area->columns - 2);

	draw_border(console, area);
	draw_title(console, area);
	go_through_tabs(console, area, -1);
	draw_content(console, &view);
	draw_toast(console, &toast);
	if (!prompt_is_open(console->prompt))
		draw_keys(console, &keys);
}

static void draw_line(struct console *console, const struct area *area, int row)
{
	enum style style = style_of_environment(console->model->environment);
	bool said = console->toast[0] && area->rows >= LINE_ROWS;
	area_put_width(area, row, 0, area->columns, said ? console->toast_style : style,
	               said ? console->toast : frame_title(console, true));
}

void frame_draw(struct console *console)
{
	struct area area = area_whole(console->canvas), view = frame_view_area(console);
	enum size size = size_of(console->canvas);

	canvas_clear(console->canvas);
	if (size == SIZE_FULL) {
		draw_full(console, &area);
	} else if (size == SIZE_SMALL) {
		draw_content(console, &view);
		draw_line(console, &area, area.rows - 1);
	} else {
		draw_line(console, &area, area.rows - 1);
	}
	canvas_set_cursor(console->canvas, -1, 0);
	if (prompt_is_open(console->prompt)) {
		struct area line = size == SIZE_FULL ? area_part(&area, 0, 1, -1, area.columns - 2) : area;
		prompt_draw(console->prompt, &line);
	}
	dialogue_draw(console, size == SIZE_LINE ? &area : &view);
}
