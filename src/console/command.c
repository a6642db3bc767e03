/* The commands of the prompt: one table row each, and every action by its name. */
#include "console/desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sys/clock.h"
#include "sys/file.h"

/* What an operand is, for completion. */
enum operand {
	OPERAND_NONE,
	OPERAND_GATE,
	OPERAND_VIEW,
	OPERAND_VERSION,
	OPERAND_CHECK,
	OPERAND_OPTION,
	OPERAND_SWITCH,
	OPERAND_SIGNAL,
	OPERAND_OTHER,
};

enum { WORDS_MAX = 3, VERSIONS_OFFERED_MAX = 1000 };

/* The words after the name; the last holds the rest of the line. "" where there is none. */
struct given_words {
	const char *words[WORDS_MAX];
	size_t count;
};

struct command_row {
	const char *name;
	const char *operands; /* as help shows them, or NULL */
	size_t least, most;   /* words after the name; the last takes the rest of the line */
	enum operand first, second;
	void (*run)(struct console *console, const struct given_words *given);
};

static void wrong(struct console *console, const char *text)
{
	console_say(console, STYLE_BAD, "%s", text);
}

static void run_gates(struct console *console, const struct given_words *given)
{
	const char *why = act_why_not(console, ACTION_RUN_GATE);
	struct json *fields = NULL;
	enum gate gate;

	if (why) {
		wrong(console, why);
		return;
	}
	if (given->count) {
		if (!gate_find(given->words[0], &gate)) {
			console_say(console, STYLE_BAD, "there is no gate \"%s\"", given->words[0]);
			return;
		}
		fields = json_new_object();
		json_set_text(fields, "gate", given->words[0]);
	}
	act_ask(console, REQUEST_RUN, fields);
}

static void show_view(struct console *console, const struct given_words *given)
{
	console_open_view(console, given->words[0]);
}

static void approve(struct console *console, const struct given_words *given)
{
	(void)given;
	act(console, ACTION_APPLY);
}

static void waive(struct console *console, const struct given_words *given)
{
	struct json *fields = json_new_object();
	const char *why;

	if (!waiver_allowed(given->words[0], &why)) {
		wrong(console, why);
		json_close(fields);
		return;
	}
	json_set_text(fields, "check", given->words[0]);
	json_set_text(fields, "reason", given->words[1]);
	act_ask(console, REQUEST_WAIVE, fields);
}

static void roll_back(struct console *console, const struct given_words *given)
{
	struct json *fields = json_new_object();
	json_set_text(fields, "to", given->words[0]);
	act_ask(console, REQUEST_ROLLBACK, fields);
}

static void continue_run(struct console *console, const struct given_words *given)
{
	(void)given;
	if (act_ask(console, REQUEST_CONTINUE, NULL))
		console_say(console, STYLE_BUSY, "going on");
}

static void go_to(struct console *console, const struct given_words *given)
{
	const struct model_migration *migration = model_find(console->model, given->words[0]);
	struct scene scene = desk_scene(console);
	size_t index = console->view;

	if (!migration) {
		console_say(console, STYLE_BAD, "there is no migration %s in this plan", given->words[0]);
		return;
	}
	for (size_t i = 0; !console->views[index]->focus && i < console->view_count; i++)
		index = i;
	struct place place = {.version = migration->version, .gate = GATE_COUNT};
	desk_show_view(console, index);
	if (desk_view(console)->focus)
		desk_view(console)->focus(desk_state(console), &scene, &place);
}

static void set_mouse(struct console *console, bool on)
{
	if (console->mouse != on)
		act(console, ACTION_MOUSE);
}

/* Where the locale is not UTF-8, the terminal would not understand anything else. */
static void set_ascii(struct console *console, bool on)
{
	if (!on && console->options->ascii)
		wrong(console, "this terminal is drawn on with ASCII: its locale is not UTF-8, or it was started so");
	else
		canvas_set_ascii(console->canvas, on);
}

static void set_color(struct console *console, bool on)
{
	if (console->terminal && term_set_colour(console->terminal, on) != on)
		wrong(console, "this terminal has no colours");
}

static const struct {
	const char *name;
	void (*set)(struct console *console, bool on);
} SETTINGS[] = {
	{"ascii", set_ascii},
	{"color", set_color},
	{"mouse", set_mouse},
};
enum { SETTING_COUNT = sizeof(SETTINGS) / sizeof(SETTINGS[0]) };

/* "mouse on", "mouse off", and as others write it: "mouse", "nomouse". */
static void set_option(struct console *console, const struct given_words *given)
{
	const char *name = given->words[0], *value = given->count > 1 ? given->words[1] : "on";
	bool no = strncmp(name, "no", 2) == 0, on = strcmp(value, "on") == 0 && !no;

	for (size_t i = 0; i < SETTING_COUNT; i++) {
		bool named = strcmp(name + (no ? 2 : 0), SETTINGS[i].name) == 0;
		if (named && (on || no || strcmp(value, "off") == 0) && !(no && given->count > 1)) {
			SETTINGS[i].set(console, on);
			return;
		}
	}
	wrong(console, "what can be set, each on or off: ascii, color, mouse");
}

static void write_view(struct console *console, const struct given_words *given)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error err = {0};
	struct scene scene = desk_scene(console);

	desk_view(console)->plain(desk_state(console), &scene, &text);
	if (file_add(given->words[0], strbuf_text(&text), text.length, &err) == OK)
		console_say(console, STYLE_GOOD, "written to %s", given->words[0]);
	else
		wrong(console, err.message);
}

static void set_speed(struct console *console, const struct given_words *given)
{
	char *end;
	long speed = strtol(given->words[0], &end, 10);

	if (!console->story || !story_is_recording(console->story))
		wrong(console, "Only a recording has a speed.");
	else if (*end || speed < 1 || speed > STORY_SPEED_MAX / STORY_SPEED_ONE)
		wrong(console, "a speed is a number from 1 to 1024");
	else
		story_set_speed(console->story, speed * STORY_SPEED_ONE, clock_ms());
}

/* `explain [copy|live] [analyze] [confirm=DATABASE] QUERY`: words before the query say where and how. */
static void explain(struct console *console, const struct given_words *given)
{
	struct json *fields = json_new_object();
	const char *rest = given->words[0];

	for (;;) {
		size_t size = strcspn(rest, " ");
		const char *word = arena_strndup(console->tick, rest, size);
		if (strcmp(word, "copy") == 0 || strcmp(word, "live") == 0)
			json_set_text(fields, "on", word);
		else if (strcmp(word, "analyze") == 0)
			json_set_bool(fields, "analyze", true);
		else if (strncmp(word, "confirm=", strlen("confirm=")) == 0)
			json_set_text(fields, "confirm", word + strlen("confirm="));
		else
			break;
		rest += size + strspn(rest + size, " ");
	}
	if (!*rest) {
		wrong(console, "write it so: explain [copy|live] [analyze] [confirm=DATABASE] QUERY");
		json_close(fields);
		return;
	}
	json_set_text(fields, "sql", rest);
	console_open_view(console, "plans");
	if (act_ask(console, REQUEST_EXPLAIN, fields))
		console_say(console, STYLE_BUSY, "asking for the plan");
}

/* As the last looks have it: who was seen there is who is meant. */
static const struct json *seen_session(const struct console *console, int64_t pid)
{
	static const char *const SAMPLERS[] = {"locks", "transactions"};

	for (size_t at = 0; at < sizeof(SAMPLERS) / sizeof(SAMPLERS[0]); at++) {
		const struct model_sample *sample = model_sample(console->model, SAMPLERS[at]);
		const struct json *sessions = sample ? json_get(sample->values, "sessions") : NULL;
		for (size_t i = 0; i < json_count(sessions); i++)
			if (json_get_int(json_at(sessions, i), "pid") == pid)
				return json_at(sessions, i);
	}
	return NULL;
}

/* The name is the confirmation: it is compared by the engine, with what the server says at that moment. */
static void signal_session(struct console *console, const struct given_words *given)
{
	const char *action = given->words[0];
	char *end;
	long long pid = strtoll(given->words[1], &end, 10);
	const struct json *session = *end ? NULL : seen_session(console, pid);

	if (strcmp(action, "cancel") != 0 && strcmp(action, "terminate") != 0) {
		wrong(console, "a session is either cancelled or terminated");
		return;
	}
	if (!session) {
		console_say(console, STYLE_BAD, "no session %s is in the last samples: view Live shows them",
		            given->words[1]);
		return;
	}
	if (!json_get_text(session, "backend_start")) {
		wrong(console, "this role may not see when that session began: it needs pg_monitor");
		return;
	}
	struct json *fields = json_new_object();
	json_set_text(fields, "action", action);
	json_set_int(fields, "backend_pid", pid);
	json_set_text(fields, "backend_start", json_get_text(session, "backend_start"));
	json_set_text(fields, "name", given->words[2]);
	if (act_ask(console, REQUEST_SIGNAL, fields))
		console_say(console, STYLE_BUSY, "asking live to %s process %lld", action, pid);
}

static void pull_back(struct console *console, const struct given_words *given)
{
	(void)given;
	if (act_ask(console, REQUEST_PULL_BACK, NULL))
		console_say(console, STYLE_BUSY, "asking the guard to pull the step back");
}

static void open_manual(struct console *console, const struct given_words *given)
{
	console_open_manual(console, given->words[0], given->count > 1 ? given->words[1] : NULL);
}

static const struct command_row ROWS[] = {
	{.name = "approve", .run = approve},
	{.name = "continue", .run = continue_run},
	{.name = "explain", .operands = "[copy|live] [analyze] QUERY", .least = 1, .most = 1, .first = OPERAND_OTHER,
	 .run = explain},
	{.name = "goto", .operands = "VERSION", .least = 1, .most = 1, .first = OPERAND_VERSION, .run = go_to},
	{.name = "manual", .operands = "PAGE [SECTION]", .least = 1, .most = 2, .first = OPERAND_OTHER,
	 .run = open_manual},
	{.name = "pull-back", .run = pull_back},
	{.name = "rollback", .operands = "VERSION", .least = 1, .most = 1, .first = OPERAND_VERSION, .run = roll_back},
	{.name = "run", .operands = "[GATE]", .most = 1, .first = OPERAND_GATE, .run = run_gates},
	{.name = "set", .operands = "ascii|color|mouse on|off", .least = 1, .most = 2, .first = OPERAND_OPTION,
	 .second = OPERAND_SWITCH, .run = set_option},
	{.name = "signal", .operands = "cancel|terminate PID NAME", .least = 3, .most = 3, .first = OPERAND_SIGNAL,
	 .run = signal_session},
	{.name = "speed", .operands = "N", .least = 1, .most = 1, .first = OPERAND_OTHER, .run = set_speed},
	{.name = "view", .operands = "NAME", .least = 1, .most = 1, .first = OPERAND_VIEW, .run = show_view},
	{.name = "waive", .operands = "CHECK REASON", .least = 2, .most = 2, .first = OPERAND_CHECK, .run = waive},
	{.name = "write", .operands = "FILE", .least = 1, .most = 1, .first = OPERAND_OTHER, .run = write_view},
};
enum { ROW_COUNT = sizeof(ROWS) / sizeof(ROWS[0]) };

static const struct command_row *find_row(const char *name)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (strcmp(ROWS[i].name, name) == 0)
			return &ROWS[i];
	return NULL;
}

static void unknown(struct console *console, const char *name)
{
	const char *names[ROW_COUNT + ACTION_COUNT];
	size_t count = 0;
	for (size_t i = 0; i < ROW_COUNT; i++)
		names[count++] = ROWS[i].name;
	for (enum action action = ACTION_NONE + 1; action < ACTION_COUNT; action++)
		names[count++] = action_get(action)->name;
	const char *nearest = text_nearest(name, names, count);
	console_say(console, STYLE_BAD, "there is no command \"%s\"%s%s%s", name, nearest ? "; did you mean \"" : "",
	            nearest ? nearest : ": Tab lists them", nearest ? "\"?" : "");
}

static struct given_words split(struct arena *arena, const char *text, size_t most)
{
	struct given_words given = {0};
	while (*(text += strspn(text, " ")) && given.count < WORDS_MAX) {
		bool rest = given.count + 1 == most;
		size_t size = rest ? strlen(text) : strcspn(text, " ");
		while (rest && size > 0 && text[size - 1] == ' ')
			size--;
		given.words[given.count++] = arena_strndup(arena, text, size);
		text += rest ? strlen(text) : size;
	}
	return given;
}

void command_run(struct console *console, const char *line)
{
	struct given_words given = split(console->tick, line, 2);
	enum action action;

	if (given.count == 0)
		return;
	const char *name = given.words[0];
	const struct command_row *row = find_row(name);
	if (!row && action_find(name, &action)) {
		if (given.count > 1)
			console_say(console, STYLE_BAD, "%s takes nothing behind it", name);
		else
			act(console, action);
		return;
	}
	if (!row) {
		unknown(console, name);
		return;
	}
	given = split(console->tick, given.count > 1 ? given.words[1] : "", row->most ? row->most : 1);
	if (given.count < row->least || given.count > row->most)
		console_say(console, STYLE_BAD, "write it so: %s %s", name, row->operands ? row->operands : "");
	else
		row->run(console, &given);
}

/* ---- completion ---- */

static void offer_names(struct arena *arena, struct text_list *candidates)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		text_list_add_once(arena, candidates, ROWS[i].name);
	for (enum action action = ACTION_NONE + 1; action < ACTION_COUNT; action++)
		text_list_add_once(arena, candidates, action_get(action)->name);
}

static void offer_checks(const struct model *model, struct arena *arena, struct text_list *candidates)
{
	for (enum gate gate = 0; gate < GATE_COUNT; gate++)
		for (size_t i = 0; i < model->gates[gate].checks.count; i++) {
			const struct model_check *check = &model->gates[gate].checks.items[i];
			if (!check->ok)
				text_list_add_once(arena, candidates, check->name);
		}
}

static void offer_versions(const struct model *model, struct arena *arena, struct text_list *candidates)
{
	for (size_t i = 0; i < model->migrations.count && i < VERSIONS_OFFERED_MAX; i++)
		text_list_add_once(arena, candidates, model->migrations.items[i].version);
}

void command_complete(void *context, struct arena *arena, const char *line, size_t start, struct text_list *candidates)
{
	const struct console *console = context;
	size_t lead = strspn(line, " ");

	if (start <= lead) {
		offer_names(arena, candidates);
		return;
	}
	struct given_words given = split(arena, arena_strndup(arena, line, start), WORDS_MAX);
	const struct command_row *row = given.count ? find_row(given.words[0]) : NULL;
	switch (!row ? OPERAND_NONE : given.count == 1 ? row->first : row->second) {
	case OPERAND_GATE:
		for (enum gate gate = 0; gate < GATE_COUNT; gate++)
			text_list_add_once(arena, candidates, gate_get(gate)->name);
		break;
	case OPERAND_VIEW:
		for (size_t i = 0; i < console->view_count; i++)
			text_list_add_once(arena, candidates, console->views[i]->name);
		break;
	case OPERAND_VERSION: offer_versions(console->model, arena, candidates); break;
	case OPERAND_CHECK: offer_checks(console->model, arena, candidates); break;
	case OPERAND_OPTION:
		for (size_t i = 0; i < SETTING_COUNT; i++)
			text_list_add_once(arena, candidates, SETTINGS[i].name);
		break;
	case OPERAND_SWITCH:
		text_list_add_once(arena, candidates, "on");
		text_list_add_once(arena, candidates, "off");
		break;
	case OPERAND_SIGNAL:
		text_list_add_once(arena, candidates, "cancel");
		text_list_add_once(arena, candidates, "terminate");
		break;
	case OPERAND_NONE:
	case OPERAND_OTHER: break;
	}
}
