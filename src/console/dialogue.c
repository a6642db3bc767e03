/* Questions that stand before everything else: consent, leaving, cancelling. The default never does anything. */
#include "console/desk.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "console/terminal/paper.h"

enum { BOX_COLUMNS = 76 };

struct choice {
	char key;
	const char *label;
	void (*take)(struct console *console);
};

static void stay(struct console *console)
{
	(void)console;
}

static void detach(struct console *console)
{
	console->leaving = LEAVING;
}

/* An engine of a batch run goes with its run; an attended one is told to. */
static void abort_run(struct console *console)
{
	struct json *fields = json_new_object();
	bool attended = console->model->engine.attended, asked;

	if (attended)
		json_set_bool(fields, "force", true);
	asked = act_ask(console, attended ? REQUEST_QUIT : REQUEST_CANCEL, fields);
	if (!asked)
		return;
	console->leaving = attended ? LEAVING_WHEN_LOST : STAYING;
	console_say(console, STYLE_BUSY, "%s", attended ? "aborting; it rolls back what is at work, then this ends"
	                                              : "cancelling what is at work");
}

static void cancel(struct console *console)
{
	if (act_ask(console, REQUEST_CANCEL, NULL))
		console_say(console, STYLE_BUSY, "cancelling: what is at work is rolled back");
}

static void pull_back(struct console *console)
{
	if (act_ask(console, REQUEST_PULL_BACK, NULL))
		console_say(console, STYLE_BUSY, "asking the guard to pull the step back");
}

static const struct choice QUIT_CHOICES[] = {
	{'c', "continue watching", stay},
	{'d', "detach: the engine goes on, `pgsluice attach` comes back", detach},
	{'a', "abort: cancel what is at work, roll it back, end the engine", abort_run},
	{0},
};
static const struct choice CANCEL_CHOICES[] = {
	{'n', "no, let it work", stay},
	{'y', "yes, stop it and roll it back", cancel},
	{0},
};

static const struct choice PULL_BACK_CHOICES[] = {
	{'n', "no, let it work", stay},
	{'y', "yes, roll this step back now; it is tried again", pull_back},
	{0},
};

/* Those that are answered with a key. */
static const struct {
	const char *title, *question; /* to which what is at work is added */
	const struct choice *choices;
} QUESTIONS[] = {
	[DIALOGUE_QUIT] = {"Leave", "What shall become of it?", QUIT_CHOICES},
	[DIALOGUE_CANCEL] = {"Cancel", "Cancel it?", CANCEL_CHOICES},
	[DIALOGUE_PULL_BACK] = {"Pull back", "Pull its step back?", PULL_BACK_CHOICES},
};

static bool is_typed(enum dialogue_kind kind)
{
	return kind == DIALOGUE_APPROVE || kind == DIALOGUE_SIGNAL;
}

void dialogue_open(struct console *console, enum dialogue_kind kind)
{
	console->dialogue = (struct dialogue){.kind = kind};
	if (kind == DIALOGUE_APPROVE)
		snprintf(console->dialogue.plan_id, sizeof(console->dialogue.plan_id), "%s", console->model->plan_id);
	console->dirty = true;
}

void dialogue_close(struct console *console)
{
	console->dialogue = (struct dialogue){.kind = DIALOGUE_NONE};
}

void dialogue_open_signal(struct console *console, const struct addressee *addressee)
{
	dialogue_open(console, DIALOGUE_SIGNAL);
	console->dialogue.addressee = *addressee;
}

/* The engine compares it once more, with what the server says at that moment. */
static void send_signal(struct console *console)
{
	struct addressee *to = &console->dialogue.addressee;
	struct json *fields = json_new_object();

	json_set_text(fields, "action", to->action);
	json_set_int(fields, "backend_pid", to->pid);
	json_set_text(fields, "backend_start", to->started);
	json_set_text(fields, "name", console->dialogue.typed);
	if (act_ask(console, REQUEST_SIGNAL, fields))
		console_say(console, STYLE_BUSY, "asking live to %s process %" PRId64, to->action, to->pid);
	dialogue_close(console);
}

static void take_session_name(struct console *console)
{
	struct dialogue *dialogue = &console->dialogue;

	if (!dialogue->typed[0]) {
		dialogue->complaint = "Nothing was typed, so nothing was done.";
	} else if (strcmp(dialogue->typed, dialogue->addressee.name) != 0) {
		dialogue->complaint = "That is not the name of this session: nothing was done.";
		dialogue->typed[0] = '\0';
	} else {
		send_signal(console);
	}
}

static void take_database_name(struct console *console)
{
	struct dialogue *dialogue = &console->dialogue;
	const struct model *model = console->model;

	if (!dialogue->typed[0]) {
		dialogue->complaint = "Nothing was typed, so nothing was approved.";
	} else if (!model->database || strcmp(dialogue->typed, model->database) != 0) {
		dialogue->complaint = "That is not the name of this database: nothing was approved.";
		dialogue->typed[0] = '\0';
	} else if (!model->plan_id || strcmp(model->plan_id, dialogue->plan_id) != 0) {
		dialogue->complaint = "The plan has changed while this was open: close it and look again.";
	} else {
		char plan_id[sizeof(dialogue->plan_id)];
		snprintf(plan_id, sizeof(plan_id), "%s", dialogue->plan_id);
		dialogue_close(console);
		console_say(console, STYLE_BUSY, "consent given to plan %.12s", plan_id);
		act_consent(console, plan_id);
	}
}

static void erase_last(char *typed)
{
	size_t length = strlen(typed);
	while (length > 0 && ((unsigned char)typed[length - 1] & 0xc0) == 0x80)
		length--;
	typed[length > 0 ? length - 1 : 0] = '\0';
}

/* The draw keeps it within what there is. */
static bool scroll(struct dialogue *dialogue, int key)
{
	size_t page = 8, top = dialogue->top;
	switch (key) {
	case KEY_ARROW_DOWN: dialogue->top = top + 1; break;
	case KEY_ARROW_UP: dialogue->top = top > 0 ? top - 1 : 0; break;
	case KEY_PAGE_DOWN: dialogue->top = top + page; break;
	case KEY_PAGE_UP: dialogue->top = top > page ? top - page : 0; break;
	default: return false;
	}
	return true;
}

static void type_name(struct console *console, int key)
{
	struct dialogue *dialogue = &console->dialogue;
	char text[KEY_TEXT_BYTES];
	size_t length = strlen(dialogue->typed);

	if (key == KEY_ENTER_KEY) {
		if (dialogue->kind == DIALOGUE_SIGNAL)
			take_session_name(console);
		else
			take_database_name(console);
		return;
	}
	if (scroll(dialogue, key))
		return;
	dialogue->complaint = NULL;
	if (key == KEY_BACKSPACE_KEY)
		erase_last(dialogue->typed);
	else if (key == 'u' - 'a' + 1)
		dialogue->typed[0] = '\0';
	else if (key >= ' ' && length + key_text(key, text) <= TYPED_MAX)
		memcpy(dialogue->typed + length, text, strlen(text) + 1);
}

void dialogue_press(struct console *console, int key)
{
	enum dialogue_kind kind = console->dialogue.kind;

	if (key == KEY_ESCAPE || key == 3) {
		if (is_typed(kind))
			console_say(console, STYLE_TEXT, kind == DIALOGUE_APPROVE ? "cancelled: nothing was approved"
			                                                          : "cancelled: nothing was done");
		dialogue_close(console);
		return;
	}
	if (is_typed(kind)) {
		type_name(console, key);
		return;
	}
	for (const struct choice *choice = QUESTIONS[kind].choices; choice->key; choice++) {
		bool first = choice == QUESTIONS[kind].choices;
		if (key != choice->key && !(first && (key == KEY_ENTER_KEY || key == 'q')))
			continue;
		dialogue_close(console);
		choice->take(console);
		return;
	}
}

/* ---- drawing ---- */

/* Lines from a row on, in a box; what does not fit is cut, from the top kept. */
struct sheet {
	struct area area;
	int row;
};

static void wrapped(struct sheet *sheet, enum style style, const char *text)
{
	sheet->row = area_put_wrapped(&sheet->area, sheet->row, 0, style, text);
}

/* A box in the middle of the area, cleared; the frame has the colour of the environment. */
static struct sheet box(const struct console *console, const struct area *area, int rows, const char *title)
{
	enum style style = style_of_environment(console->model->environment);
	int width = area->columns < BOX_COLUMNS ? area->columns : BOX_COLUMNS;
	int height = rows + 2 < area->rows ? rows + 2 : area->rows;
	struct area outer = area_part(area, (area->rows - height) / 2, (area->columns - width) / 2, height, width);

	for (int row = 0; row < outer.rows; row++)
		area_put_width(&outer, row, 0, outer.columns, STYLE_TEXT, "");
	if (outer.rows < 5 || outer.columns < 20)
		return (struct sheet){.area = outer};
	area_frame(&outer, style, title);
	return (struct sheet){.area = area_part(&outer, 1, 2, outer.rows - 2, outer.columns - 4)};
}

/* The part of a check's name behind its gate. */
static const char *short_name(const struct model_check *check)
{
	const char *dot = strchr(check->name, '.');
	return dot ? dot + 1 : check->name;
}

/* What can't be taken back stands first. */
static const struct {
	const char *name, *label;
	enum style style;
} CONSENT[] = {
	{"losses", "LOST", STYLE_BAD},        {"rows", "rows", STYLE_CAUTION},    {"locks", "locks", STYLE_CAUTION},
	{"guard", "guard", STYLE_CAUTION},
	{"plan", "plan", STYLE_STRONG},       {"migration", "applies", STYLE_TEXT}, {"way_back", "way back", STYLE_TEXT},
	{"backup", "backup", STYLE_TEXT},     {"held", "held", STYLE_TEXT},
};
enum { CONSENT_COUNT = sizeof(CONSENT) / sizeof(CONSENT[0]), LABEL_COLUMNS = 9 };

static bool is_listed(const char *name)
{
	for (size_t i = 0; i < CONSENT_COUNT; i++)
		if (strcmp(CONSENT[i].name, name) == 0)
			return true;
	return strcmp(name, "consent") == 0;
}

static void list_checks(struct paper *paper, const struct model_gate *gate, const char *name, const char *label,
                        enum style style)
{
	for (size_t i = 0; i < gate->checks.count; i++) {
		const struct model_check *check = &gate->checks.items[i];
		if (name ? strcmp(short_name(check), name) == 0 : !is_listed(short_name(check)))
			paper_field(paper, LABEL_COLUMNS, name ? label : short_name(check), style, check->measured);
	}
}

static void list_waived(struct paper *paper, const struct model *model)
{
	for (enum gate gate = 0; gate < GATE_COUNT; gate++)
		for (size_t i = 0; i < model->gates[gate].checks.count; i++) {
			const struct model_check *check = &model->gates[gate].checks.items[i];
			if (!check->waived)
				continue;
			paper_field(paper, LABEL_COLUMNS, "WAIVED", STYLE_BAD, check->name);
			paper_field(paper, LABEL_COLUMNS, "", STYLE_BAD, check->waived);
		}
}

/* All that the gate has laid before the one who consents. */
static struct paper list_consent(const struct console *console, int width)
{
	const struct model *model = console->model;
	struct paper paper = paper_on(console->tick, width);

	list_waived(&paper, model);
	for (size_t i = 0; i < CONSENT_COUNT; i++)
		list_checks(&paper, &model->gates[GATE_APPROVAL], CONSENT[i].name, CONSENT[i].label, CONSENT[i].style);
	list_checks(&paper, &model->gates[GATE_APPROVAL], NULL, NULL, STYLE_TEXT);
	return paper;
}

static void draw_typed(const struct console *console, const struct area *area, const char *question)
{
	const struct dialogue *dialogue = &console->dialogue;
	area_put_width(area, 0, 0, area->columns, dialogue->complaint ? STYLE_BAD : STYLE_STRONG,
	               dialogue->complaint ? dialogue->complaint : question);
	area_put_width(area, 1, 0, area->columns, STYLE_TEXT, "");
	int column = area_put(area, 1, 0, STYLE_STRONG, "> ");
	column = area_put(area, 1, column, STYLE_TEXT, dialogue->typed);
	if (area->rows > 1 && column < area->columns)
		canvas_set_cursor(area->canvas, area->top + 1, area->left + column);
	area_put_width(area, 2, 0, area->columns, STYLE_DIM,
	               "Enter does it, if it is that name. Esc cancels, and nothing happens.");
}

enum { HEAD_ROWS = 4, QUESTION_ROWS = 3, FRAME_ROWS = 2, FRAME_COLUMNS = 4 };

static void draw_approval(struct console *console, const struct area *area)
{
	const struct model *model = console->model;
	int width = (area->columns < BOX_COLUMNS ? area->columns : BOX_COLUMNS) - FRAME_COLUMNS;
	struct paper paper = list_consent(console, width > 1 ? width : 1);
	int listed = (int)paper.lines.count, wanted = HEAD_ROWS + listed + 1 + QUESTION_ROWS;
	struct sheet sheet = box(console, area, wanted, "Approve and apply");
	const struct area *inside = &sheet.area;
	const char *environment = model->environment && *model->environment ? model->environment : "live";

	int column = area_print(inside, 0, 0, style_of_environment(model->environment), " %s ", environment);
	area_print(inside, 0, column + 1, STYLE_STRONG, "database %s, PostgreSQL %s", model->database,
	           model->server_version ? model->server_version : "?");
	area_put_width(inside, 1, 0, inside->columns, STYLE_TEXT, console->dialogue.plan_id);
	area_put(inside, 2, 0, STYLE_STRONG, "This plan changes live:");
	struct area list = area_part(inside, HEAD_ROWS - 1, 0, inside->rows - HEAD_ROWS - QUESTION_ROWS, -1);
	size_t last = listed > list.rows ? (size_t)(listed - list.rows) : 0;
	console->dialogue.top = console->dialogue.top > last ? last : console->dialogue.top;
	paper_draw(&list, &paper, console->dialogue.top);
	/* The question is seen however small the box: it takes the place of what is above it. */
	int question = inside->rows - QUESTION_ROWS > 0 ? inside->rows - QUESTION_ROWS : 0;
	struct area below = area_part(inside, question, 0, QUESTION_ROWS, -1);
	draw_typed(console, &below, "To approve, type the name of the database:");
}

static const char *signal_meaning(const char *action)
{
	return strcmp(action, "cancel") == 0
		? "What it runs is cancelled, as if its user had done so. A transaction that is idle is not ended by that."
		: "The session is ended, and its transaction is rolled back. Its application loses the connection.";
}

static void draw_signal(struct console *console, const struct area *area)
{
	const struct addressee *to = &console->dialogue.addressee;
	struct sheet sheet = box(console, area, 13, strcmp(to->action, "cancel") == 0 ? "Cancel a session's statement"
	                                                                             : "End a session");
	const struct area *inside = &sheet.area;

	wrapped(&sheet, STYLE_STRONG, arena_printf(console->tick, "process %" PRId64 " of %s, connected %s", to->pid,
	                                           to->name, to->started));
	struct area query = area_part(inside, sheet.row, 0, 3, -1);
	area_put_wrapped(&query, 0, 0, STYLE_DIM, to->query);
	sheet.row += 4;
	wrapped(&sheet, STYLE_CAUTION, signal_meaning(to->action));
	wrapped(&sheet, STYLE_DIM, "It is recorded who asked for it.");
	int question = inside->rows - QUESTION_ROWS > 0 ? inside->rows - QUESTION_ROWS : 0;
	struct area below = area_part(inside, question, 0, QUESTION_ROWS, -1);
	draw_typed(console, &below, "Type the name of its application:");
}

static void draw_choices(struct console *console, const struct area *area)
{
	const struct model *model = console->model;
	enum dialogue_kind kind = console->dialogue.kind;
	const char *warning = kind == DIALOGUE_QUIT ? console->options->leave_warning : NULL;
	const struct choice *choices = QUESTIONS[kind].choices;
	const char *question = kind == DIALOGUE_QUIT ? "A run is on. What shall become of it?" : "Cancel what is at work?";

	if (model->at_work < GATE_COUNT)
		question = arena_printf(console->tick, "Gate %s is at work. %s", gate_get(model->at_work)->name,
		                        QUESTIONS[kind].question);
	struct sheet sheet = box(console, area, warning ? 9 : 6, QUESTIONS[kind].title);
	wrapped(&sheet, STYLE_STRONG, question);
	if (warning)
		wrapped(&sheet, STYLE_BAD, warning);
	for (const struct choice *choice = choices; choice->key; choice++) {
		int column = area_print(&sheet.area, sheet.row, 0, STYLE_KEY, "  %c", choice->key);
		area_print(&sheet.area, sheet.row++, column + 2, STYLE_TEXT, "%s%s", choice->label,
		           choice == choices ? " (Enter)" : "");
	}
}

void dialogue_draw(struct console *console, const struct area *area)
{
	if (console->dialogue.kind == DIALOGUE_APPROVE)
		draw_approval(console, area);
	else if (console->dialogue.kind == DIALOGUE_SIGNAL)
		draw_signal(console, area);
	else if (console->dialogue.kind != DIALOGUE_NONE)
		draw_choices(console, area);
}
