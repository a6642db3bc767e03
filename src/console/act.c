/* What actions do that are the console's own and no view's. */
#include "console/desk.h"

#include <stdio.h>
#include <inttypes.h>
#include <string.h>

#include "core/event/request.h"
#include "sys/clock.h"
#include "sys/file.h"

static bool engine_is(const struct console *console, const char *state)
{
	return strcmp(console->model->engine.state, state) == 0;
}

static bool passed(const struct model *model, enum gate gate)
{
	return model->gates[gate].state == GATE_PASSED || model->gates[gate].state == GATE_WAIVED;
}

/* Why nothing at all can be asked. */
static const char *why_mute(const struct console *console)
{
	if (!console->story || story_is_recording(console->story))
		return "This is a recording: nothing can be asked of an engine.";
	if (console->lost)
		return console->options->reconnect ? "The connection to the engine is lost; C-r connects again."
		                                   : "The connection to the engine is lost.";
	if (console->model->engine.pid == 0)
		return "The engine has not answered yet.";
	return NULL;
}

/* Why the flow can't be led on: the engine works, or goes its way by itself. */
static const char *why_not_lead(struct console *console)
{
	const struct model_engine *engine = &console->model->engine;
	if (!engine->attended)
		return "This run goes on by itself: it can be watched, approved, paused and cancelled.";
	if (engine_is(console, "working"))
		return engine->gate == GATE_COUNT
			? "The engine is reading files and target."
			: arena_printf(console->tick, "Gate %s is at work.", gate_get(engine->gate)->name);
	return NULL;
}

static const char *why_not_run(struct console *console)
{
	const struct model *model = console->model;
	const char *why = why_not_lead(console);
	if (why)
		return why;
	if (engine_is(console, "asking") || (engine_is(console, "waiting") && model->engine.gate == GATE_APPROVAL))
		return "The next gate is the approval: A asks for the name of the database.";
	if (engine_is(console, "paused"))
		return "The run is paused: p goes on.";
	if (model->ended && model->exit_code == 0 && model_next_gate(model) == GATE_COUNT)
		return "All gates have passed; S reads files and target anew.";
	return NULL;
}

static const char *why_not_apply(struct console *console)
{
	const struct model *model = console->model;
	if (!model->run_id || !model->plan_id || !model->database)
		return "There is no plan yet.";
	if (model->ended)
		return arena_printf(console->tick, "The run has ended: %s. S begins a new one.", model->end_reason);
	for (enum gate gate = 0; gate < GATE_APPROVAL; gate++)
		if (!passed(model, gate))
			return arena_printf(console->tick, "Gate %s is %s: it must pass before the approval.",
			                    gate_get(gate)->name, gate_state_name(model->gates[gate].state));
	if (model->pending_count == 0 && strcmp(model->command, "rollback") != 0)
		return "Nothing is pending.";
	if (engine_is(console, "working"))
		return arena_printf(console->tick, "Gate %s is at work.",
		                    gate_get(model->engine.gate < GATE_COUNT ? model->engine.gate : GATE_INSPECT)->name);
	if (!model->engine.attended && !engine_is(console, "asking"))
		return passed(model, GATE_APPROVAL) ? "The plan is approved already." : "The approval is not asked for yet.";
	return NULL;
}

static const char *why_not_cancel(struct console *console)
{
	return console->model->at_work == GATE_COUNT && !engine_is(console, "working") && !engine_is(console, "asking")
		? "Nothing is at work."
		: NULL;
}

static const char *why_not_pause(const struct console *console)
{
	if (console->story && story_is_recording(console->story))
		return console->over ? "The recording is at its end." : NULL;
	const char *why = why_mute(console);
	if (why)
		return why;
	return console->model->ended ? "The run has ended." : NULL;
}

static const char *why_not_own(struct console *console, enum action action)
{
	bool recording = console->story && story_is_recording(console->story);
	const struct view_row *view = desk_view(console);

	switch (action) {
	case ACTION_RUN_GATE:
	case ACTION_RUN_ALL: return why_not_run(console);
	case ACTION_APPLY: return why_not_apply(console);
	case ACTION_CANCEL: return why_not_cancel(console);
	case ACTION_PULL_BACK:
		return console->model->at_work == GATE_APPLY ? NULL : "No step is at work on live.";
	case ACTION_PAUSE: return why_not_pause(console);
	case ACTION_RESTART:
	case ACTION_ROLLBACK: return why_not_lead(console);
	case ACTION_FASTER:
	case ACTION_SLOWER: return recording ? NULL : "Only a recording has a speed.";
	case ACTION_RECONNECT:
		return !console->lost ? "The engine is connected."
		       : console->options->reconnect ? NULL : "There is no way back to this engine.";
	case ACTION_SEARCH:
	case ACTION_FILTER: return view->find ? NULL : "This view has nothing to search in.";
	case ACTION_COPY: return view->copy ? NULL : "This view has nothing to copy.";
	default: return NULL;
	}
}

const char *act_why_not(struct console *console, enum action action)
{
	const struct view_row *view = desk_view(console);
	struct scene scene = desk_scene(console);
	const char *why = action_get(action)->acts ? why_mute(console) : NULL;

	if (!why)
		why = why_not_own(console, action);
	if (!why && view->why_not && action_is_of(action, view->name))
		why = view->why_not(desk_state(console), &scene, action);
	return why;
}

bool act_ask(struct console *console, enum request_type request, struct json *fields)
{
	const char *why = why_mute(console);
	if (why)
		console_say(console, STYLE_CAUTION, "%s", why);
	else
		story_ask(console->story, request, fields);
	json_close(fields);
	return !why;
}

void console_ask(struct console *console, const char *request, const struct json *fields)
{
	enum request_type type;
	if (request_find(request, &type))
		act_ask(console, type, fields ? json_clone(fields) : NULL);
}

static void ask_run(struct console *console, enum gate up_to)
{
	struct json *fields = json_new_object();
	json_set_text(fields, "gate", gate_get(up_to)->name);
	act_ask(console, REQUEST_RUN, fields);
}

static void send_consent(struct console *console, const char *plan_id)
{
	struct json *fields = json_new_object();
	json_set_text(fields, "plan_id", plan_id);
	json_set_text(fields, "database", console->model->database);
	act_ask(console, REQUEST_APPROVE, fields);
}

/* Up to the approval first: with the engine's question comes all that there is to consent to. */
static void approve(struct console *console)
{
	if (passed(console->model, GATE_APPROVAL)) {
		ask_run(console, GATE_VERIFY);
	} else if (engine_is(console, "asking")) {
		dialogue_open(console, DIALOGUE_APPROVE);
	} else {
		ask_run(console, GATE_APPROVAL);
		console->wants_question = true;
	}
}

void act_consent(struct console *console, const char *plan_id)
{
	if (!engine_is(console, "asking")) {
		console_say(console, STYLE_BAD, "the engine no longer asks: nothing was approved");
		return;
	}
	send_consent(console, plan_id);
	console->consented = true;
}

/* The apply is asked for when the consent was granted, and not in the same breath: by then it may be another run. */
static void go_on_to_apply(struct console *console, const struct json *event)
{
	bool granted = console->consented && json_get_bool(event, "accepted");

	console->consented = false;
	if (granted && console->model->engine.attended)
		ask_run(console, GATE_VERIFY);
}

static void tell_state(struct console *console)
{
	bool asks = engine_is(console, "asking") && console->model->engine.gate == GATE_APPROVAL;

	/* Who comes back to a gate at work needs no word about how to begin. */
	if (console->toast_until_ms == INT64_MAX && console->model->engine.gate > GATE_INSPECT &&
	    console->model->engine.gate < GATE_COUNT)
		console->toast[0] = '\0';
	if (asks && console->wants_question)
		dialogue_open(console, DIALOGUE_APPROVE);
	else if (asks && console->dialogue.kind == DIALOGUE_NONE)
		console_say(console, STYLE_CAUTION, "the approval is asked for: A shows what there is to consent to");
	if (asks || strcmp(console->model->engine.state, "idle") == 0)
		console->wants_question = false;
	if (!asks && console->dialogue.kind == DIALOGUE_APPROVE) {
		dialogue_close(console);
		console_say(console, STYLE_CAUTION, "the approval is no longer asked for");
	}
}

/* What was refused is said to the one who asked; others see it in the log. */
static void tell_refusal(struct console *console, const struct json *event)
{
	const char *request = json_get_text(event, "request"), *refused = json_get_text(event, "refused");
	const char *unknown = json_get_text(event, "unknown");

	if (strcmp(request, "approve") == 0)
		go_on_to_apply(console, event);
	if (strcmp(request, "pause") == 0 || strcmp(request, "continue") == 0)
		console->hold_asked = refused ? console->hold_asked : strcmp(request, "pause") == 0;
	if (refused)
		console_say(console, STYLE_CAUTION, "%s: %s", request, refused);
	else if (unknown)
		console_say(console, STYLE_CAUTION, "%s: %s", request, unknown);
	else if (strcmp(request, "signal") == 0 && json_get_text(event, "session"))
		console_say(console, STYLE_GOOD, "asked to %s: %s", json_get_text(event, "action"),
		            json_get_text(event, "session"));
}

/* The plan that this viewer asked for is there, or not: the view has it in full. */
static void tell_plan(struct console *console, const struct json *event)
{
	const char *error = json_get_text(event, "error"), *verdict = json_get_text(event, "verdict");

	if (error)
		console_say(console, STYLE_BAD, "%s", error);
	else if (verdict)
		console_say(console, STYLE_GOOD, "%s", verdict);
}

/* What became of a run that one watches, and what to do about it. */
static void tell_end(struct console *console)
{
	const struct model *model = console->model;
	const struct keymap *keymap = console->keymap;
	enum gate failed = 0;

	while (failed < GATE_COUNT && model->gates[failed].state != GATE_FAILED)
		failed++;
	if (console->story && story_is_recording(console->story))
		return;
	if (failed < GATE_COUNT && failed < GATE_APPLY)
		console_say(console, STYLE_BAD, "gate %s failed, live is untouched: %s shows why; then mend it, and %s",
		            gate_get(failed)->name, keymap_keys(keymap, console->tick, ACTION_VIEW_GATES, true),
		            keymap_keys(keymap, console->tick, ACTION_RESTART, true));
	else if (model->exit_code != 0)
		console_say(console, STYLE_BAD, "ended with %" PRId64 ": %s", model->exit_code, model->end_reason);
	else if (model->gates[GATE_VERIFY].state == GATE_PASSED)
		console_say(console, STYLE_GOOD, "done: applied, and live is what the rehearsal promised");
}

void desk_take_event(struct console *console, enum event_type type, const struct json *event)
{
	int64_t told_ms = console->model->now_ms;
	model_apply(console->model, type, event);
	console->dirty = true;
	if (type == EVENT_RUN || json_get_int(event, "seq") == 1)
		console->hold_asked = console->consented = false;
	if (type == EVENT_ENGINE)
		tell_state(console);
	else if (type == EVENT_REQUEST && console->model->now_ms >= told_ms)
		tell_refusal(console, event);
	if (type == EVENT_EXPLAIN && json_get_int(event, "seq") == 0)
		tell_plan(console, event);
	if (type == EVENT_END) {
		const char *other = json_get_text(event, "attach");
		console->wants_question = false;
		tell_end(console);
		console->other = other && console->options->reconnect ? arena_strdup(console->arena, other) : NULL;
	}
}

static void pause_or_go_on(struct console *console)
{
	if (story_is_recording(console->story)) {
		story_hold(console->story, !story_is_held(console->story), clock_ms());
		return;
	}
	bool held = console->hold_asked || engine_is(console, "paused");
	if (act_ask(console, held ? REQUEST_CONTINUE : REQUEST_PAUSE, NULL))
		console_say(console, STYLE_BUSY, held ? "going on" : "it holds before the next gate or step; p goes on");
}

static void change_speed(struct console *console, bool faster)
{
	int64_t speed = story_speed(console->story);
	if (speed == 0)
		return;
	story_set_speed(console->story, faster ? speed * 2 : speed / 2, clock_ms());
}

void act_reconnect(struct console *console, const char *name)
{
	_cleanup_error_ struct error err = {0};
	int fd = -1;
	if (console->options->reconnect(console->options->context, name ? name : console->model->run_id, &fd, &err)) {
		console_say(console, STYLE_BAD, "%s", err.message);
		return;
	}
	story_reconnect(console->story, fd);
	console->lost = false;
	console->model->engine = (struct model_engine){.gate = GATE_COUNT, .goal = GATE_COUNT};
	console_say(console, STYLE_GOOD, "connected %s", name ? "to the engine that is at this target already" : "again");
}

static void copy_to_file(struct console *console, const char *text)
{
	_cleanup_error_ struct error err = {0};
	const char *state = NULL, *path = NULL;
	if (state_folder(console->tick, &state, &err) == OK) {
		path = path_join(console->tick, state, "copied");
		if (file_write(path, text, strlen(text), &err) == OK) {
			console_say(console, STYLE_CAUTION, "too long for the clipboard: it is in %s", path);
			return;
		}
	}
	console_say(console, STYLE_BAD, "%s", err.message);
}

void act_copy(struct console *console, const char *text)
{
	if (!text || !*text)
		console_say(console, STYLE_CAUTION, "there is nothing to copy here");
	else if (!console->terminal || term_copy(console->terminal, text, strlen(text)))
		console_say(console, STYLE_GOOD, "copied: %.60s%s", text, strlen(text) > 60 ? "..." : "");
	else
		copy_to_file(console, text);
}

static void copy_here(struct console *console)
{
	struct scene scene = desk_scene(console);
	act_copy(console, desk_view(console)->copy(desk_state(console), &scene));
}

static void set_mouse(struct console *console, bool on)
{
	console->mouse = on;
	if (console->terminal)
		term_set_mouse(console->terminal, on);
	console_say(console, STYLE_TEXT, on ? "mouse on: Shift-drag selects text" : "mouse off");
}

bool act_run_is_on(const struct console *console)
{
	const struct model *model = console->model;
	return console->story && !story_is_recording(console->story) && !console->lost && model->run_id && !model->ended;
}

/* An engine that waits for nobody is sent home; others may still watch it. */
static void quit(struct console *console)
{
	if (act_run_is_on(console) && console->leaving == STAYING) {
		dialogue_open(console, DIALOGUE_QUIT);
		return;
	}
	if (console->model->engine.attended && console->model->engine.viewers <= 1 && !why_mute(console))
		story_ask(console->story, REQUEST_QUIT, NULL);
	console->leaving = LEAVING;
}

static void turn_view(struct console *console, size_t by)
{
	desk_show_view(console, (console->view + by) % console->view_count);
}

/* The view of a digit's action; NULL for other actions. */
static const char *view_of(enum action action)
{
	static const char PREFIX[] = "view-";
	const char *name = action_get(action)->name;
	return strncmp(name, PREFIX, strlen(PREFIX)) == 0 ? name + strlen(PREFIX) : NULL;
}

static void carry_out(struct console *console, enum action action)
{
	switch (action) {
	case ACTION_NEXT_VIEW: turn_view(console, 1); break;
	case ACTION_PREVIOUS_VIEW: turn_view(console, console->view_count - 1); break;
	case ACTION_RUN_GATE: act_ask(console, REQUEST_RUN, NULL); break;
	case ACTION_RUN_ALL: ask_run(console, GATE_VERIFY); break;
	case ACTION_APPLY: approve(console); break;
	case ACTION_CANCEL: dialogue_open(console, DIALOGUE_CANCEL); break;
	case ACTION_PULL_BACK: dialogue_open(console, DIALOGUE_PULL_BACK); break;
	case ACTION_PAUSE: pause_or_go_on(console); break;
	case ACTION_RESTART: act_ask(console, REQUEST_START, NULL); break;
	case ACTION_WAIVE: prompt_begin(console->prompt, PROMPT_COMMAND, "waive "); break;
	case ACTION_EXPLAIN: prompt_begin(console->prompt, PROMPT_COMMAND, "explain "); break;
	case ACTION_ROLLBACK: prompt_begin(console->prompt, PROMPT_COMMAND, "rollback "); break;
	case ACTION_PROMPT: prompt_begin(console->prompt, PROMPT_COMMAND, NULL); break;
	case ACTION_SEARCH: prompt_begin(console->prompt, PROMPT_SEARCH, NULL); break;
	case ACTION_FILTER: prompt_begin(console->prompt, PROMPT_FILTER, NULL); break;
	case ACTION_HELP: console->help = true; console->help_top = 0; break;
	case ACTION_COPY: copy_here(console); break;
	case ACTION_MOUSE: set_mouse(console, !console->mouse); break;
	case ACTION_FASTER: change_speed(console, true); break;
	case ACTION_SLOWER: change_speed(console, false); break;
	case ACTION_RECONNECT: act_reconnect(console, NULL); break;
	case ACTION_REDRAW: term_redraw(console->terminal); break;
	case ACTION_SUSPEND: term_suspend(console->terminal); break;
	case ACTION_DETACH:
		if (console->options->leave_warning && act_run_is_on(console))
			dialogue_open(console, DIALOGUE_QUIT);
		else
			console->leaving = LEAVING;
		break;
	case ACTION_QUIT: quit(console); break;
	case ACTION_BACK:
		if (console->last_view != console->view)
			desk_show_view(console, console->last_view);
		break;
	default:
		if (view_of(action))
			console_open_view(console, view_of(action));
		break;
	}
}

static bool needs_terminal(enum action action)
{
	return action == ACTION_REDRAW || action == ACTION_SUSPEND;
}

static bool needs_prompt(enum action action)
{
	return action == ACTION_WAIVE || action == ACTION_ROLLBACK || action == ACTION_PROMPT ||
	       action == ACTION_EXPLAIN ||
	       action == ACTION_SEARCH || action == ACTION_FILTER;
}

void act(struct console *console, enum action action)
{
	struct scene scene = desk_scene(console);
	const char *why = act_why_not(console, action);

	if (why)
		console_say(console, STYLE_CAUTION, "%s", why);
	else if (desk_view(console)->act && desk_view(console)->act(desk_state(console), &scene, action))
		console->dirty = true;
	else if ((!needs_terminal(action) || console->terminal) && (!needs_prompt(action) || console->prompt))
		carry_out(console, action);
}
