/* The help screen: made from the keymap, so that it cannot differ from what the keys do. */
#include "console/desk.h"

#include <string.h>

enum { KEYS_COLUMN = 2, TEXT_COLUMN = 18 };

struct help_line {
	enum style style;
	const char *keys, *text; /* keys NULL = a heading */
};

struct help_lines {
	struct arena *arena;
	const char *why; /* of the last lines, not yet said */
	LIST(struct help_line) lines;
};

static const struct {
	const char *title;
	enum action first, last;
} PARTS[] = {
	{"The flow", ACTION_RUN_GATE, ACTION_ROLLBACK},
	{"Moving", ACTION_UP, ACTION_BACK},
	{"This view", ACTION_NEXT_PART, ACTION_FREEZE},
	{"Finding", ACTION_SEARCH, ACTION_PREVIOUS_MATCH},
	{"Views", ACTION_VIEW_MIGRATIONS, ACTION_PREVIOUS_VIEW},
	{"The console", ACTION_PROMPT, ACTION_QUIT},
};

/* Views that this version has not are not offered. */
static bool is_there(const struct console *console, enum action action)
{
	const char *name = action_get(action)->name;
	if (strncmp(name, "view-", 5) == 0 && !view_find(name + 5))
		return false;
	return action_is_of(action, desk_view(console)->name);
}

/* Why the keys above are disabled: once for all that share the reason. */
static void add_reason(struct help_lines *help)
{
	if (help->why)
		*list_add(help->arena, &help->lines) = (struct help_line){
			.style = STYLE_CAUTION, .keys = "", .text = arena_printf(help->arena, "not now: %s", help->why)};
	help->why = NULL;
}

static void add_action(struct console *console, struct help_lines *help, enum action action)
{
	const char *keys = keymap_keys(console->keymap, console->tick, action, false);
	if (!is_there(console, action))
		return;
	const char *why = act_why_not(console, action);
	if (help->why && (!why || strcmp(help->why, why) != 0))
		add_reason(help);
	*list_add(help->arena, &help->lines) = (struct help_line){
		.style = why ? STYLE_DISABLED : STYLE_TEXT,
		.keys = *keys ? keys : arena_printf(console->tick, ":%s", action_get(action)->name),
		.text = action_get(action)->summary,
	};
	help->why = why;
}

static void collect(struct console *console, struct help_lines *help)
{
	help->arena = console->tick;
	*list_add(help->arena, &help->lines) = (struct help_line){
		.style = STYLE_STRONG,
		.text = arena_printf(help->arena, "Keys of the view %s. %s or %s closes this.", desk_view(console)->title,
		                     keymap_keys(console->keymap, console->tick, ACTION_HELP, true),
		                     keymap_keys(console->keymap, console->tick, ACTION_BACK, true)),
	};
	*list_add(help->arena, &help->lines) = (struct help_line){.style = STYLE_TEXT, .text = ""};
	for (size_t i = 0; i < sizeof(PARTS) / sizeof(PARTS[0]); i++) {
		size_t before = help->lines.count;
		if (i > 0)
			*list_add(help->arena, &help->lines) = (struct help_line){.style = STYLE_TEXT, .text = ""};
		*list_add(help->arena, &help->lines) = (struct help_line){.style = STYLE_HEADING, .text = PARTS[i].title};
		size_t heading = help->lines.count;
		for (enum action action = PARTS[i].first; action <= PARTS[i].last; action++)
			add_action(console, help, action);
		add_reason(help);
		if (help->lines.count == heading)
			help->lines.count = before;
	}
}

void help_press(struct console *console, int key)
{
	struct help_lines help = {0};
	int rows = console->help_rows > 1 ? console->help_rows : 1, top = (int)console->help_top;
	enum action action = keymap_look(console->keymap, desk_view(console)->name, key);

	collect(console, &help);
	int last = (int)help.lines.count - rows;
	switch (action) {
	case ACTION_UP: top--; break;
	case ACTION_DOWN: top++; break;
	case ACTION_HALF_UP: top -= rows / 2; break;
	case ACTION_HALF_DOWN: top += rows / 2; break;
	case ACTION_PAGE_UP: top -= rows - 1; break;
	case ACTION_PAGE_DOWN: top += rows - 1; break;
	case ACTION_FIRST: top = 0; break;
	case ACTION_LAST: top = last; break;
	case ACTION_BACK:
	case ACTION_HELP:
	case ACTION_OPEN: console->help = false; return;
	case ACTION_QUIT:
		console->help = false;
		act(console, action);
		return;
	case ACTION_REDRAW:
	case ACTION_SUSPEND: act(console, action); return;
	default: return;
	}
	top = top > last ? last : top;
	console->help_top = top > 0 ? (size_t)top : 0;
}

void help_draw(struct console *console, const struct area *area)
{
	struct help_lines help = {0};

	collect(console, &help);
	console->help_rows = area->rows;
	for (int row = 0; row < area->rows && console->help_top + (size_t)row < help.lines.count; row++) {
		const struct help_line *line = &help.lines.items[console->help_top + (size_t)row];
		if (!line->keys) {
			area_put(area, row, 0, line->style, line->text);
			continue;
		}
		area_put_width(area, row, KEYS_COLUMN, TEXT_COLUMN - KEYS_COLUMN - 1,
		               line->style == STYLE_TEXT ? STYLE_KEY : line->style, line->keys);
		area_put_width(area, row, TEXT_COLUMN, area->columns - TEXT_COLUMN, line->style, line->text);
	}
}
