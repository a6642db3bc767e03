#include "console/desk.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "sys/clock.h"
#include "sys/file.h"

enum { TOAST_FOR_MS = 12000, DEFAULT_ROWS = 24, DEFAULT_COLUMNS = 80 };

static enum status no_view(struct console *console, const char *name, struct error *err)
{
	const char **names = arena_alloc(console->arena, console->view_count * sizeof(*names));
	_cleanup_strbuf_ struct strbuf all = {0};
	for (size_t i = 0; i < console->view_count; i++) {
		names[i] = console->views[i]->name;
		strbuf_printf(&all, "%s%s", i ? ", " : "", names[i]);
	}
	const char *nearest = text_nearest(name, names, console->view_count);
	error_set(err, FAIL_USAGE, "there is no view \"%s\"", name);
	if (nearest)
		return error_hint(err, "Did you mean \"%s\"?", nearest);
	return error_hint(err, "The views are %s.", strbuf_text(&all));
}

static bool find_view(const struct console *console, const char *name, size_t *ret_index)
{
	for (size_t i = 0; i < console->view_count; i++) {
		if (strcmp(console->views[i]->name, name) == 0) {
			*ret_index = i;
			return true;
		}
	}
	return false;
}

static enum status set_up(struct console *console, struct error *err)
{
	const struct console_options *options = console->options;
	for (size_t i = 0; i < options->key_actions.count; i++)
		if (keymap_bind(console->keymap, options->key_actions.items[i], options->key_values.items[i], err) != OK)
			return error_wrap(err, "key.%s", options->key_actions.items[i]);
	if (options->view && !find_view(console, options->view, &console->view))
		return no_view(console, options->view, err);
	console->last_view = console->view;
	return OK;
}

enum status desk_open(const struct console_options *options, struct console **ret_console, struct error *err)
{
	struct arena *arena = arena_open();
	struct console *console = arena_alloc(arena, sizeof(*console));

	console->options = options;
	console->arena = arena;
	console->tick = arena_open();
	console->keymap = keymap_new(arena);
	console->model = model_open();
	console->canvas = canvas_open(DEFAULT_ROWS, DEFAULT_COLUMNS, options->ascii);
	console->mouse = options->mouse;
	console->dirty = true;
	console->views = views_list();
	while (console->views[console->view_count])
		console->view_count++;
	console->states = arena_alloc(arena, console->view_count * sizeof(*console->states));
	for (size_t i = 0; i < console->view_count; i++)
		console->states[i] = arena_alloc(arena, console->views[i]->state_bytes + 1);
	console->wanted_view = console->view_count;
	if (set_up(console, err) != OK) {
		desk_close(console);
		return err->status;
	}
	*ret_console = console;
	return OK;
}

static void let_go_views(struct console *console)
{
	for (size_t i = 0; i < console->view_count; i++)
		if (console->views[i]->let_go)
			console->views[i]->let_go(console->states[i]);
}

void desk_close(struct console *console)
{
	if (!console)
		return;
	let_go_views(console);
	canvas_close(console->canvas);
	model_close(console->model);
	arena_close(console->tick);
	arena_close(console->arena);
}

struct scene desk_scene(struct console *console)
{
	bool replaying = console->story && story_is_recording(console->story);
	bool stopped = console->lost && !console->model->ended;
	return (struct scene){
		.model = console->model,
		.console = console,
		.tick = console->tick,
		.now_ms = replaying ? console->model->now_ms : stopped ? console->lost_ms : clock_wall_ms(),
		.replaying = replaying,
	};
}

const struct view_row *desk_view(const struct console *console)
{
	return console->views[console->view];
}

void *desk_state(const struct console *console)
{
	return console->states[console->view];
}

/* The new view's cursor goes to where the old one's was. */
void desk_show_view(struct console *console, size_t index)
{
	struct scene scene = desk_scene(console);
	const struct view_row *from = desk_view(console), *to = console->views[index];

	if (index == console->view)
		return;
	struct place place = {.gate = GATE_COUNT};
	if (from->focused)
		place = from->focused(desk_state(console), &scene);
	console->last_view = console->view;
	console->view = index;
	if (to->focus && (place.version || place.gate < GATE_COUNT))
		to->focus(desk_state(console), &scene, &place);
	console->dirty = true;
}

void console_open_view(struct console *console, const char *view)
{
	size_t index;
	if (find_view(console, view, &index))
		console->wanted_view = index;
	else
		console_say(console, STYLE_CAUTION, "the view \"%s\" does not exist in this version", view);
}

void console_open_manual(struct console *console, const char *page, const char *section)
{
	size_t index;
	if (!find_view(console, "runbook", &index)) {
		console_say(console, STYLE_CAUTION, "man %s, section %s", page, section ? section : "");
		return;
	}
	struct scene scene = desk_scene(console);
	struct place place = {.gate = GATE_COUNT, .page = page, .section = section};
	desk_show_view(console, index);
	if (console->views[index]->focus)
		console->views[index]->focus(console->states[index], &scene, &place);
}

void console_say(struct console *console, enum style style, const char *format, ...)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	va_list args;
	va_start(args, format);
	strbuf_vprintf(&text, format, args);
	va_end(args);
	snprintf(console->toast, sizeof(console->toast), "%s", strbuf_text(&text));
	console->toast_style = style;
	console->toast_until_ms = clock_ms() + TOAST_FOR_MS;
	console->dirty = true;
}

void console_approve(struct console *console)
{
	act(console, ACTION_APPLY);
}

void console_signal(struct console *console, const char *action, const struct json *session)
{
	struct addressee to = {.action = action, .pid = json_get_int(session, "pid")};
	const char *started = json_get_text(session, "backend_start"), *name = json_get_text(session, "application");
	const char *query = json_get_text(session, "query");

	if (!started) {
		console_say(console, STYLE_CAUTION, "this role may not see when that session began: it needs pg_monitor");
		return;
	}
	snprintf(to.started, sizeof(to.started), "%s", started);
	snprintf(to.name, sizeof(to.name), "%s", name ? name : "");
	snprintf(to.query, sizeof(to.query), "%s", query ? query : "");
	dialogue_open_signal(console, &to);
}

/* What is typed to find is found at once; what was there comes back when it is given up. */
static void find_typed(struct console *console, const char *text, bool only_matches)
{
	struct scene scene = desk_scene(console);
	if (desk_view(console)->find)
		desk_view(console)->find(desk_state(console), &scene, text, only_matches);
}

static void press_prompt(struct console *console, int key)
{
	enum prompt_kind kind = prompt_kind(console->prompt);
	enum prompt_outcome outcome = prompt_key(console->prompt, key);

	if (kind != PROMPT_COMMAND)
		find_typed(console, outcome == PROMPT_LEFT ? "" : prompt_text(console->prompt), kind == PROMPT_FILTER);
	else if (outcome == PROMPT_DONE)
		command_run(console, prompt_text(console->prompt));
}

static void press_mouse(struct console *console, int key, int row, int column)
{
	struct scene scene = desk_scene(console);
	struct area area = frame_view_area(console);
	const struct view_row *view = desk_view(console);

	if (key == KEY_WHEEL_UP || key == KEY_WHEEL_DOWN) {
		for (int i = 0; i < 3; i++)
			act(console, key == KEY_WHEEL_UP ? ACTION_UP : ACTION_DOWN);
		return;
	}
	size_t tab = frame_tab_at(console, row, column);
	if (tab < console->view_count)
		desk_show_view(console, tab);
	else if (view->click && row >= area.top && row < area.top + area.rows && column >= area.left &&
	    column < area.left + area.columns)
		view->click(desk_state(console), &scene, row - area.top, column - area.left);
}

static void press_view(struct console *console, int key)
{
	enum action action = keymap_look(console->keymap, desk_view(console)->name, key);
	if (action != ACTION_NONE)
		act(console, action);
	else
		console_say(console, STYLE_DIM, "%s does nothing here; %s lists the keys", key_label(console->tick, key),
		            keymap_keys(console->keymap, console->tick, ACTION_HELP, true));
}

void desk_press(struct console *console, int key, int row, int column)
{
	console->dirty = true;
	if (key == KEY_RESIZED || key == KEY_NONE)
		return;
	console->toast[0] = '\0';
	if (console->dialogue.kind != DIALOGUE_NONE)
		dialogue_press(console, key);
	else if (prompt_is_open(console->prompt))
		press_prompt(console, key);
	else if (console->help)
		help_press(console, key);
	else if (key == KEY_CLICK || key == KEY_WHEEL_UP || key == KEY_WHEEL_DOWN)
		press_mouse(console, key, row, column);
	else
		press_view(console, key);
	if (console->wanted_view < console->view_count)
		desk_show_view(console, console->wanted_view);
	console->wanted_view = console->view_count;
}
