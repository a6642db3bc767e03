#include "console/console.h"

#include <inttypes.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "console/desk.h"
#include "sys/clock.h"
#include "sys/file.h"

enum { EVENTS_AT_ONCE = 500, TICK_MS = 1000, FRAME_MS = 100, PLAIN_WAIT_MS = 10000, PLAIN_QUIET_MS = 500 };

static void lose(struct console *console)
{
	if (!console->lost && console->model->ended)
		console_say(console, STYLE_TEXT, "the engine has ended");
	else if (!console->lost)
		console_say(console, STYLE_BAD, "the connection to the engine is lost%s",
		            console->options->reconnect ? "; C-r connects again" : "");
	if (!console->lost)
		console->lost_ms = clock_wall_ms();
	console->lost = true;
	if (console->leaving == LEAVING_WHEN_LOST)
		console->leaving = LEAVING;
}

/* Another engine has this target: that one is to be watched. */
static void go_over(struct console *console)
{
	const char *name = console->other;
	console->other = NULL;
	act_reconnect(console, name);
}

/* The story's next lines; false when there are none for now. */
static bool take_events(struct console *console)
{
	for (int i = 0; i < EVENTS_AT_ONCE; i++) {
		enum event_type type;
		struct json *event = NULL;
		switch (story_next(console->story, clock_ms(), &type, &event)) {
		case STORY_EVENT:
			desk_take_event(console, type, event);
			json_close(event);
			if (type == EVENT_PLAN)
				malloc_trim(0); /* the tree of a plan is far larger than what is kept of it */
			if (console->other)
				go_over(console);
			break;
		case STORY_NOTHING: return false;
		case STORY_OVER:
			console->dirty = console->dirty || !console->over;
			console->over = true;
			return false;
		case STORY_LOST: lose(console); return false;
		}
	}
	return true;
}

/* Drawn once a second while there is something whose time goes by. */
static bool time_matters(const struct console *console)
{
	return !console->lost &&
	       (console->model->at_work != GATE_COUNT || strcmp(console->model->engine.state, "working") == 0);
}

static int64_t wake_ms(const struct console *console)
{
	int64_t wake = story_due_ms(console->story), now = clock_ms();
	if (time_matters(console) && now + TICK_MS < wake)
		wake = now + TICK_MS - clock_wall_ms() % TICK_MS;
	else if (now + 60 * TICK_MS < wake) /* the clock in the title */
		wake = now + 60 * TICK_MS - clock_wall_ms() % (60 * (int64_t)TICK_MS);
	if (console->toast[0] && console->toast_until_ms < wake)
		wake = console->toast_until_ms;
	return wake;
}

static void draw(struct console *console)
{
	int rows, columns;
	term_size(console->terminal, &rows, &columns);
	if (rows != canvas_rows(console->canvas) || columns != canvas_columns(console->canvas))
		canvas_resize(console->canvas, rows, columns);
	frame_draw(console);
	term_paint(console->terminal, console->canvas);
	console->dirty = false;
	arena_close(console->tick);
	console->tick = arena_open();
}

static void take_keys(struct console *console)
{
	int row, column, key;
	while (console->leaving != LEAVING && (key = term_key(console->terminal, &row, &column)) != KEY_NONE) {
		if (key == KEY_GONE) {
			console->leaving = LEAVING;
			console->gone = true;
			console->terminated = term_was_terminated(console->terminal);
			return;
		}
		desk_press(console, key, row, column);
	}
}

static void wait_until(struct console *console, int64_t wake)
{
	struct pollfd engine = {.fd = -1};
	engine.fd = story_fd(console->story, &engine.events);
	term_wait(console->terminal, &engine, 1, wake);
	int64_t now = clock_ms();
	if (console->toast[0] && now >= console->toast_until_ms) {
		console->toast[0] = '\0';
		console->dirty = true;
	}
	if (now >= wake)
		console->dirty = true;
}

/* Keys are looked at between the lines of a long story, and it is drawn now and then while it is told. */
static void watch(struct console *console)
{
	int64_t drawn_ms = 0;
	bool more = true;

	while (console->leaving != LEAVING) {
		if (console->dirty && (!more || clock_ms() - drawn_ms >= FRAME_MS)) {
			draw(console);
			drawn_ms = clock_ms();
		}
		wait_until(console, more ? 0 : wake_ms(console));
		take_keys(console);
		if (console->leaving != LEAVING)
			more = take_events(console);
	}
}

static void read_aloud(struct console *console)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct scene scene = desk_scene(console);
	const char *why;

	strbuf_printf(&text, "%s\n%s\n\n", frame_title(console, true), desk_view(console)->title);
	desk_view(console)->plain(desk_state(console), &scene, &text);
	if (story_refused(console->story, &why) > 0)
		strbuf_printf(&text, "\n%" PRId64 " lines were not understood; the last: %s\n",
		              story_refused(console->story, &why), why);
	fputs(strbuf_text(&text), stdout);
}

/* An engine tells its story at once and then falls silent, or goes on with what it does. */
static void tell_plainly(struct console *console)
{
	int64_t until_ms = clock_ms() + PLAIN_WAIT_MS;
	while (!console->over && !console->lost && clock_ms() < until_ms) {
		if (take_events(console) || console->over || console->lost)
			continue;
		struct pollfd engine = {.fd = -1};
		engine.fd = story_fd(console->story, &engine.events);
		bool begun = console->model->run_id || console->model->engine.pid;
		if (poll(&engine, 1, begun ? PLAIN_QUIET_MS : PLAIN_WAIT_MS) == 0)
			break;
	}
	read_aloud(console);
}

static enum status open_story(const struct console_options *options, struct story **ret_story, struct error *err)
{
	if (options->socket_fd < 0)
		return story_of_file(options->recording, options->plain ? 0 : options->speed, ret_story, err);
	*ret_story = story_of_socket(options->socket_fd);
	return OK;
}

/* Without a state folder there is no history, which nobody has to know. */
static const char *history_path(struct arena *arena)
{
	_cleanup_error_ struct error ignored = {0};
	const char *state;
	return state_folder(arena, &state, &ignored) == OK ? path_join(arena, state, "console_history") : NULL;
}

/* What the shell shows when the console is gone: how it stands, and how to come back. */
static void say_farewell(const struct console *console)
{
	const struct model *model = console->model;
	if (story_is_recording(console->story) || console->gone)
		return;
	if (model->ended)
		printf("The run ended with %" PRId64 ": %s.%s%s\n", model->exit_code, model->end_reason,
		       model->report ? " Report: " : "", model->report ? model->report : "");
	else if (act_run_is_on(console))
		printf("The engine goes on. To come back: pgsluice attach %.8s\n", model->run_id);
}

/* What one who has never seen it needs first. */
static void greet(struct console *console)
{
	const struct keymap *keymap = console->keymap;
	console_say(console, STYLE_STRONG, "%s runs the next gate, %s every gate up to your approval; %s lists the keys",
	            keymap_keys(keymap, console->tick, ACTION_RUN_GATE, true),
	            keymap_keys(keymap, console->tick, ACTION_RUN_ALL, true),
	            keymap_keys(keymap, console->tick, ACTION_HELP, true));
	console->toast_until_ms = INT64_MAX; /* until the first key */
}

static enum status show(struct console *console, struct error *err)
{
	struct term_options options = {.colour = console->options->colour, .mouse = console->options->mouse};

	if (console->options->leave_warning)
		console_say(console, STYLE_CAUTION, "%s", console->options->leave_warning);
	else if (!story_is_recording(console->story))
		greet(console);
	console->prompt = prompt_open(history_path(console->arena), command_complete, console);
	enum status status = term_open(&options, &console->terminal, err);
	if (status == OK) {
		watch(console);
		term_close(console->terminal);
		say_farewell(console);
	}
	prompt_close(console->prompt);
	if (status == OK && console->terminated) {
		error_set(err, FAIL_TERMINATED, "the console was told to end");
		return error_hint(err, "The engine goes on: `pgsluice attach` comes back to it.");
	}
	return status;
}

enum status console_run(const struct console_options *options, int *ret_exit, struct error *err)
{
	struct console *console = NULL;
	struct story *story = NULL;

	if (open_story(options, &story, err) != OK)
		return err->status;
	if (desk_open(options, &console, err) != OK) {
		story_close(story);
		return err->status;
	}
	console->story = story;
	enum status status = OK;
	if (options->plain)
		tell_plainly(console);
	else
		status = show(console, err);
	*ret_exit = console->model->ended && !story_is_recording(story) ? (int)console->model->exit_code : 0;
	desk_close(console);
	story_close(story);
	return status;
}
