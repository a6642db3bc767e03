/* Questions that stand before everything else: consent, leaving, cancelling. The default never does anything. */
#include "console/desk.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { BOX_COLUMNS = 76, LISTED_MAX = 6 };

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

static const struct choice *choices_of(enum dialogue_kind kind)
{
	return kind == DIALOGUE_QUIT ? QUIT_CHOICES : kind == DIALOGUE_CANCEL ? CANCEL_CHOICES : NULL;
}

void dialogue_open(struct console *console, enum dialogue_kind kind)
{
	console->dialogue = (struct dialogue){.kind = kind};
	if (kind == DIALOGUE_APPROVE)
		snprintf(console->dialogue.plan_id, sizeof(console->dialogue.plan_id), "%s", console->model->plan_id);
	console->dirty = true;
}

static void close_dialogue(struct console *console)
{
	console->dialogue = (struct dialogue){.kind = DIALOGUE_NONE};
}

static void take_name(struct console *console)
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
		close_dialogue(console);
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

static void type_name(struct console *console, int key)
{
	struct dialogue *dialogue = &console->dialogue;
	char text[KEY_TEXT_BYTES];
	size_t length = strlen(dialogue->typed);

	if (key == KEY_ENTER_KEY) {
		take_name(console);
		return;
	}
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
		if (kind == DIALOGUE_APPROVE)
			console_say(console, STYLE_TEXT, "cancelled: nothing was approved");
		close_dialogue(console);
		return;
	}
	if (kind == DIALOGUE_APPROVE) {
		type_name(console, key);
		return;
	}
	for (const struct choice *choice = choices_of(kind); choice->key; choice++) {
		bool first = choice == choices_of(kind);
		if (key != choice->key && !(first && (key == KEY_ENTER_KEY || key == 'q')))
			continue;
		close_dialogue(console);
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

static void line(struct sheet *sheet, enum style style, const char *text)
{
	area_put_width(&sheet->area, sheet->row++, 0, sheet->area.columns, style, text);
}

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

static void list_migrations(struct sheet *sheet, const struct console *console)
{
	const struct model *model = console->model;
	size_t shown = 0;
	int64_t promised_ms = 0;

	for (size_t i = 0; i < model->migrations.count; i++) {
		const struct model_migration *migration = &model->migrations.items[i];
		if (strcmp(migration->state, "pending") != 0)
			continue;
		promised_ms += migration->promised_ms > 0 ? migration->promised_ms : 0;
		if (shown++ < LISTED_MAX)
			line(sheet, STYLE_TEXT,
			     arena_printf(console->tick, "  %s %s%s%s%s", migration->version, migration->name,
			                  migration->strongest_lock ? "  " : "",
			                  migration->strongest_lock ? migration->strongest_lock : "",
			                  migration->rewrites.count ? "  REWRITES a table" : ""));
	}
	if (shown > LISTED_MAX)
		line(sheet, STYLE_DIM, arena_printf(console->tick, "  and %zu more (view 1)", shown - LISTED_MAX));
	if (promised_ms > 0)
		line(sheet, STYLE_TEXT, arena_printf(console->tick, "In the rehearsal this took %s.",
		                                     text_duration(console->tick, promised_ms)));
}

static void list_waived(struct sheet *sheet, const struct console *console)
{
	for (enum gate gate = 0; gate < GATE_COUNT; gate++)
		for (size_t i = 0; i < console->model->gates[gate].checks.count; i++) {
			const struct model_check *check = &console->model->gates[gate].checks.items[i];
			if (check->waived)
				line(sheet, STYLE_BAD, arena_printf(console->tick, "WAIVED %s: %s", check->name,
				                                    check->waived));
		}
}

static void draw_typed(const struct console *console, struct sheet *sheet)
{
	const struct dialogue *dialogue = &console->dialogue;
	int last = sheet->area.rows - 1;

	/* The question is seen however small the box: it takes the place of what is above it. */
	sheet->row = sheet->row + 3 > sheet->area.rows ? sheet->area.rows - 3 : sheet->row;
	sheet->row = sheet->row < 0 ? 0 : sheet->row;
	line(sheet, dialogue->complaint ? STYLE_BAD : STYLE_STRONG,
	     dialogue->complaint ? dialogue->complaint : "To approve, type the name of the database:");
	int row = sheet->row;
	line(sheet, STYLE_TEXT, "");
	int column = area_put(&sheet->area, row, 0, STYLE_STRONG, "> ");
	column = area_put(&sheet->area, row, column, STYLE_TEXT, dialogue->typed);
	if (row <= last && column < sheet->area.columns)
		canvas_set_cursor(sheet->area.canvas, sheet->area.top + row, sheet->area.left + column);
	line(sheet, STYLE_DIM, "Enter approves this plan. Esc cancels, and nothing happens.");
}

static void draw_approval(struct console *console, const struct area *area)
{
	const struct model *model = console->model;
	size_t pending = model->pending_count, waived = 0, listed = pending < LISTED_MAX ? pending : LISTED_MAX + 1;
	bool rollback = model->command && strcmp(model->command, "rollback") == 0;

	for (enum gate gate = 0; gate < GATE_COUNT; gate++)
		for (size_t i = 0; i < model->gates[gate].checks.count; i++)
			waived += model->gates[gate].checks.items[i].waived ? 1 : 0;
	struct sheet sheet = box(console, area, 11 + (int)listed + (int)waived, "Approve and apply");
	const char *environment = model->environment && *model->environment ? model->environment : "live";
	int column = area_print(&sheet.area, 0, 0, style_of_environment(model->environment), " %s ", environment);
	area_print(&sheet.area, 0, column + 1, STYLE_STRONG, "database %s, PostgreSQL %s", model->database,
	           model->server_version ? model->server_version : "?");
	sheet.row = 1;
	line(&sheet, STYLE_DIM, "plan");
	line(&sheet, STYLE_TEXT, console->dialogue.plan_id);
	line(&sheet, STYLE_STRONG,
	     rollback ? "This changes live: it rolls back what the plan lists."
	              : arena_printf(console->tick, "This changes live. %zu migration%s will be applied:", pending,
	                             pending == 1 ? "" : "s"));
	if (!rollback)
		list_migrations(&sheet, console);
	list_waived(&sheet, console);
	draw_typed(console, &sheet);
}

static void draw_choices(struct console *console, const struct area *area)
{
	const struct model *model = console->model;
	enum dialogue_kind kind = console->dialogue.kind;
	const char *warning = kind == DIALOGUE_QUIT ? console->options->leave_warning : NULL;
	const struct choice *choices = choices_of(kind);
	const char *question = kind == DIALOGUE_QUIT ? "A run is on. What shall become of it?" : "Cancel what is at work?";

	if (model->at_work < GATE_COUNT)
		question = arena_printf(console->tick, "Gate %s is at work. %s", gate_get(model->at_work)->name,
		                        kind == DIALOGUE_QUIT ? "What shall become of it?" : "Cancel it?");
	struct sheet sheet = box(console, area, warning ? 9 : 6, kind == DIALOGUE_QUIT ? "Leave" : "Cancel");
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
	else if (console->dialogue.kind != DIALOGUE_NONE)
		draw_choices(console, area);
}
