#include "console/keymap.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Upper case asks something of the live system or ends something; each of these asks again before it does. */
static const struct action_row ROWS[ACTION_COUNT] = {
	[ACTION_NONE] = {.name = "none", .summary = "do nothing", .label = "", .keys = ""},
	[ACTION_UP] = {.name = "up", .summary = "one line up", .label = "up", .keys = "k Up"},
	[ACTION_DOWN] = {.name = "down", .summary = "one line down", .label = "down", .keys = "j Down"},
	[ACTION_LEFT] = {.name = "left", .summary = "fold, or go to what this belongs to", .label = "fold",
	                 .keys = "h Left"},
	[ACTION_RIGHT] = {.name = "right", .summary = "unfold, or go to what belongs to this", .label = "unfold",
	                  .keys = "l Right"},
	[ACTION_PAGE_UP] = {.name = "page-up", .summary = "a page up", .label = "page up", .keys = "C-b PgUp"},
	[ACTION_PAGE_DOWN] = {.name = "page-down", .summary = "a page down", .label = "page down",
	                      .keys = "C-f PgDn Space"},
	[ACTION_HALF_UP] = {.name = "half-page-up", .summary = "half a page up", .label = "half up", .keys = "C-u"},
	[ACTION_HALF_DOWN] = {.name = "half-page-down", .summary = "half a page down", .label = "half down",
	                      .keys = "C-d"},
	[ACTION_FIRST] = {.name = "first", .summary = "to the first line", .label = "first", .keys = "g Home"},
	[ACTION_LAST] = {.name = "last", .summary = "to the last line", .label = "last", .keys = "G End"},
	[ACTION_OPEN] = {.name = "open", .summary = "open what the cursor is on", .label = "open", .keys = "Enter"},
	[ACTION_BACK] = {.name = "back", .summary = "close this, back to what was there before", .label = "back",
	                 .keys = "q Esc"},
	[ACTION_NEXT_PART] = {.name = "next-part", .summary = "the next part of the inspector", .label = "part",
	                      .keys = "]", .views = "migrations graph plans live gates apply"},
	[ACTION_PREVIOUS_PART] = {.name = "previous-part", .summary = "the part of the inspector before",
	                          .label = "part before", .keys = "[", .views = "migrations graph plans live gates apply"},
	[ACTION_MODE] = {.name = "mode", .summary = "the view's next form", .label = "form", .keys = "m"},
	[ACTION_INVERT] = {.name = "invert", .summary = "the graph the other way round", .label = "invert",
	                   .keys = "i", .views = "graph"},
	[ACTION_LEVEL] = {.name = "level", .summary = "show the next level of the log and above", .label = "level",
	                  .keys = "v", .views = "log"},
	[ACTION_FOLLOW] = {.name = "follow", .summary = "stay with what is at work", .label = "follow", .keys = "f"},
	[ACTION_COMPARE] = {.name = "compare", .summary = "this query plan against the one before; Tab switches sides",
	                    .label = "diff", .keys = "d", .views = "plans"},
	[ACTION_INCLUSIVE] = {.name = "inclusive", .summary = "each node's own figures, or with all below it",
	                      .label = "own/with", .keys = "x", .views = "plans"},
	[ACTION_CPU] = {.name = "cpu", .summary = "time on the clock, or of all processes together", .label = "clock/CPU",
	                .keys = "w", .views = "plans"},
	[ACTION_PAGES] = {.name = "pages", .summary = "pages in the place of time", .label = "pages", .keys = "b",
	                  .views = "plans"},
	[ACTION_EXPLAIN] = {.name = "explain-query", .summary = "ask for the plan of a query: `:explain QUERY`",
	                    .label = "explain", .keys = "e", .views = "plans", .acts = true},
	[ACTION_FREEZE] = {.name = "freeze", .summary = "hold what is shown of live, or go on", .label = "freeze",
	                   .keys = "z", .views = "live"},
	[ACTION_RATE] = {.name = "rate", .summary = "how often what is shown of live changes", .label = "rate",
	                 .keys = "s", .views = "live"},
	[ACTION_CANCEL_SESSION] = {.name = "cancel-session",
	                           .summary = "cancel what the session under the cursor runs; asks for its name",
	                           .label = "cancel it", .keys = "X", .views = "live", .acts = true},
	[ACTION_TERMINATE_SESSION] = {.name = "terminate-session",
	                              .summary = "end the session under the cursor; asks for its name",
	                              .label = "end it", .keys = "T", .views = "live", .acts = true},
	[ACTION_PULL_BACK] = {.name = "pull-back",
	                      .summary = "have the guard pull our step back, which is tried again; asks first",
	                      .label = "pull back", .keys = "P", .views = "live apply", .acts = true},
	[ACTION_SEARCH] = {.name = "search", .summary = "search; empty ends it", .label = "search", .keys = "/ F3"},
	[ACTION_FILTER] = {.name = "filter", .summary = "show only what matches; empty ends it", .label = "filter",
	                   .keys = "& F4"},
	[ACTION_NEXT_MATCH] = {.name = "next-match", .summary = "the next match", .label = "next", .keys = "n"},
	[ACTION_PREVIOUS_MATCH] = {.name = "previous-match", .summary = "the match before", .label = "previous",
	                           .keys = "N"},
	[ACTION_VIEW_MIGRATIONS] = {.name = "view-migrations", .summary = "the migrations", .label = "migrations",
	                            .keys = "1"},
	[ACTION_VIEW_GRAPH] = {.name = "view-graph", .summary = "what needs what", .label = "graph", .keys = "2"},
	[ACTION_VIEW_PLANS] = {.name = "view-plans", .summary = "query plans, before and after", .label = "plans",
	                       .keys = "3"},
	[ACTION_VIEW_LIVE] = {.name = "view-live", .summary = "what live does, and what is done to it", .label = "live",
	                      .keys = "4"},
	[ACTION_VIEW_GATES] = {.name = "view-gates", .summary = "the gates and their evidence", .label = "gates",
	                       .keys = "5"},
	[ACTION_VIEW_APPLY] = {.name = "view-apply", .summary = "the apply, statement by statement", .label = "apply",
	                       .keys = "6"},
	[ACTION_VIEW_LOG] = {.name = "view-log", .summary = "the log", .label = "log", .keys = "7"},
	[ACTION_VIEW_RUNBOOK] = {.name = "view-runbook", .summary = "the manual pages", .label = "runbook",
	                         .keys = "8"},
	[ACTION_NEXT_VIEW] = {.name = "next-view", .summary = "the next view", .label = "next view", .keys = "Tab"},
	[ACTION_PREVIOUS_VIEW] = {.name = "previous-view", .summary = "the view before", .label = "view before",
	                          .keys = "S-Tab"},
	[ACTION_RUN_GATE] = {.name = "run-gate", .summary = "run the next gate", .label = "run gate", .keys = "r",
	                     .acts = true},
	[ACTION_RUN_ALL] = {.name = "run-all", .summary = "run gate after gate until one asks or fails",
	                    .label = "run all", .keys = "R", .acts = true},
	[ACTION_APPLY] = {.name = "apply", .summary = "approve this plan and apply it; asks for the database's name",
	                  .label = "apply", .keys = "A", .acts = true},
	[ACTION_WAIVE] = {.name = "waive", .summary = "let a failed check pass; asks for the reason", .label = "waive",
	                  .keys = "W", .views = "gates", .acts = true},
	[ACTION_PAUSE] = {.name = "pause", .summary = "hold before the next gate or step, or go on; also a replay",
	                  .label = "pause", .keys = "p"},
	[ACTION_CANCEL] = {.name = "cancel", .summary = "stop what is at work and roll it back; asks first",
	                   .label = "cancel", .keys = "C", .acts = true},
	[ACTION_RESTART] = {.name = "restart", .summary = "read files and target anew", .label = "read anew",
	                    .keys = "S F5", .acts = true},
	[ACTION_ROLLBACK] = {.name = "rollback", .summary = "go back to a version: `:rollback VERSION`",
	                     .label = "rollback", .keys = "", .acts = true},
	[ACTION_PROMPT] = {.name = "prompt", .summary = "type a command", .label = "command", .keys = ":"},
	[ACTION_HELP] = {.name = "help", .summary = "all keys of this view", .label = "help", .keys = "? F1"},
	[ACTION_RUNBOOK_HERE] = {.name = "runbook-here", .summary = "the manual on what the cursor is on",
	                         .label = "manual", .keys = "K"},
	[ACTION_COPY] = {.name = "copy", .summary = "copy what the cursor is on to the clipboard", .label = "copy",
	                 .keys = "y"},
	[ACTION_MOUSE] = {.name = "mouse", .summary = "mouse on or off; while it is on, Shift-drag selects text",
	                  .label = "mouse", .keys = "M"},
	[ACTION_FASTER] = {.name = "faster", .summary = "play a recording twice as fast", .label = "faster",
	                   .keys = "+"},
	[ACTION_SLOWER] = {.name = "slower", .summary = "play a recording half as fast", .label = "slower",
	                   .keys = "-"},
	[ACTION_RECONNECT] = {.name = "reconnect", .summary = "connect to the engine again after it was lost",
	                      .label = "reconnect", .keys = "C-r"},
	[ACTION_REDRAW] = {.name = "redraw", .summary = "draw the screen anew", .label = "redraw", .keys = "C-l"},
	[ACTION_SUSPEND] = {.name = "suspend", .summary = "to the shell; `fg` comes back", .label = "suspend",
	                    .keys = "C-z"},
	[ACTION_DETACH] = {.name = "detach", .summary = "leave; the engine goes on", .label = "detach", .keys = "D"},
	[ACTION_QUIT] = {.name = "quit", .summary = "leave; asks first while a run is on", .label = "quit",
	                 .keys = "Q C-c F10"},
};

static const struct {
	const char *name;
	int key;
} NAMED[] = {
	{"Up", KEY_ARROW_UP},     {"Down", KEY_ARROW_DOWN}, {"Left", KEY_ARROW_LEFT}, {"Right", KEY_ARROW_RIGHT},
	{"PgUp", KEY_PAGE_UP},    {"PgDn", KEY_PAGE_DOWN},  {"Home", KEY_HOME_KEY},   {"End", KEY_END_KEY},
	{"Enter", KEY_ENTER_KEY}, {"Esc", KEY_ESCAPE},      {"Tab", KEY_TAB_KEY},     {"S-Tab", KEY_BACK_TAB},
	{"Space", ' '},           {"BS", KEY_BACKSPACE_KEY}, {"Del", KEY_DELETE_KEY},
};
enum { NAMED_COUNT = sizeof(NAMED) / sizeof(NAMED[0]), F_KEYS = 12 };

const struct action_row *action_get(enum action action)
{
	assert((unsigned)action < ACTION_COUNT);
	return &ROWS[action];
}

bool action_find(const char *name, enum action *ret_action)
{
	for (enum action action = ACTION_NONE + 1; action < ACTION_COUNT; action++) {
		if (strcmp(ROWS[action].name, name) == 0) {
			*ret_action = action;
			return true;
		}
	}
	return false;
}

static bool has_word(const char *words, const char *word, size_t length)
{
	for (const char *at = words; *at; at += strspn(at, " ")) {
		size_t size = strcspn(at, " ");
		if (size == length && strncmp(at, word, size) == 0)
			return true;
		at += size;
	}
	return false;
}

bool action_is_of(enum action action, const char *view)
{
	return !ROWS[action].views || has_word(ROWS[action].views, view, strlen(view));
}

/* Whether two actions can be meant in one view. */
static bool meet(enum action one, enum action other)
{
	const char *views = ROWS[one].views;
	if (!views || !ROWS[other].views)
		return true;
	for (const char *at = views; *at; at += strspn(at, " ")) {
		size_t size = strcspn(at, " ");
		if (has_word(ROWS[other].views, at, size))
			return true;
		at += size;
	}
	return false;
}

int key_read(const char *name)
{
	uint32_t code;
	size_t length = strlen(name), used = text_decode(name, length, &code);

	if (used > 0 && used == length)
		return code > ' ' && code != 0x7f ? (int)code : 0;
	for (size_t i = 0; i < NAMED_COUNT; i++)
		if (strcmp(NAMED[i].name, name) == 0)
			return NAMED[i].key;
	if (name[0] == 'C' && name[1] == '-' && length == 3 && name[2] >= 'a' && name[2] <= 'z')
		return name[2] == 'i' || name[2] == 'm' ? 0 : name[2] - 'a' + 1; /* these two are Tab and Enter */
	if (name[0] == 'M' && name[1] == '-' && length > 2) {
		int key = key_read(name + 2);
		return key ? key | KEY_ALT : 0;
	}
	if (name[0] == 'F' && length <= 3) {
		char *end;
		long number = strtol(name + 1, &end, 10);
		if (!*end && number >= 1 && number <= F_KEYS)
			return KEY_F1 + (int)number - 1;
	}
	return 0;
}

static size_t encode(int code, char *out)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

size_t key_text(int key, char ret_text[KEY_TEXT_BYTES])
{
	size_t length = key > 0 && key < KEY_NAMED ? encode(key, ret_text) : 0;
	ret_text[length] = '\0';
	return length;
}

const char *key_label(struct arena *arena, int key)
{
	char text[KEY_TEXT_BYTES];

	if (key & KEY_ALT)
		return arena_printf(arena, "M-%s", key_label(arena, key & ~KEY_ALT));
	for (size_t i = 0; i < NAMED_COUNT; i++)
		if (NAMED[i].key == key)
			return NAMED[i].name;
	if (key >= KEY_F1 && key <= KEY_F12)
		return arena_printf(arena, "F%d", key - KEY_F1 + 1);
	if (key >= 1 && key <= 26)
		return arena_printf(arena, "C-%c", 'a' + key - 1);
	return key_text(key, text) && key > ' ' ? arena_strdup(arena, text) : "";
}

struct keymap {
	int keys[ACTION_COUNT][ACTION_KEYS_MAX]; /* 0 = none */
};

/* The words of a list of keys; false when one is none, or there are too many. */
static bool read_keys(const char *keys, int ret_keys[ACTION_KEYS_MAX], char ret_bad[32])
{
	size_t count = 0;
	memset(ret_keys, 0, ACTION_KEYS_MAX * sizeof(*ret_keys));
	for (const char *at = keys + strspn(keys, " "); *at; at += strspn(at, " ")) {
		size_t size = strcspn(at, " ");
		snprintf(ret_bad, 32, "%.*s", (int)size, at);
		int key = size < 32 && count < ACTION_KEYS_MAX ? key_read(ret_bad) : 0;
		if (!key)
			return false;
		ret_keys[count++] = key;
		at += size;
	}
	return true;
}

struct keymap *keymap_new(struct arena *arena)
{
	struct keymap *keymap = arena_alloc(arena, sizeof(*keymap));
	char bad[32];
	for (enum action action = 0; action < ACTION_COUNT; action++) {
		bool read = read_keys(ROWS[action].keys, keymap->keys[action], bad);
		assert(read);
		(void)read;
	}
	return keymap;
}

static bool has_key(const struct keymap *keymap, enum action action, int key)
{
	for (size_t i = 0; i < ACTION_KEYS_MAX && keymap->keys[action][i]; i++)
		if (keymap->keys[action][i] == key)
			return true;
	return false;
}

static enum status no_action(const char *name, struct error *err)
{
	const char *names[ACTION_COUNT];
	for (enum action action = 0; action < ACTION_COUNT; action++)
		names[action] = ROWS[action].name;
	const char *nearest = text_nearest(name, names, ACTION_COUNT);
	error_set(err, FAIL_USAGE, "there is no action \"%s\" to give a key to", name);
	if (nearest)
		return error_hint(err, "Did you mean \"%s\"?", nearest);
	return error_hint(err, "pgsluice(1), section KEYS, lists the actions.");
}

enum status keymap_bind(struct keymap *keymap, const char *name, const char *keys, struct error *err)
{
	enum action action;
	int wanted[ACTION_KEYS_MAX];
	char bad[32];

	if (!action_find(name, &action))
		return no_action(name, err);
	if (!read_keys(keys, wanted, bad)) {
		error_set(err, FAIL_USAGE, "%s: \"%s\" is not a key, or one too many", name, bad);
		return error_hint(err, "Write up to %d keys as they are in the help: j C-d M-f F5 Space Enter PgDn.",
		                  ACTION_KEYS_MAX);
	}
	for (enum action other = ACTION_NONE + 1; other < ACTION_COUNT; other++)
		for (size_t i = 0; other != action && i < ACTION_KEYS_MAX && wanted[i]; i++)
			if (meet(action, other) && has_key(keymap, other, wanted[i])) {
				_cleanup_arena_ struct arena *scratch = arena_open();
				error_set(err, FAIL_USAGE, "%s: the key %s is that of \"%s\"", name,
				          key_label(scratch, wanted[i]), ROWS[other].name);
				return error_hint(err, "Give \"%s\" another key first, in a line above.",
				                  ROWS[other].name);
			}
	memcpy(keymap->keys[action], wanted, sizeof(wanted));
	return OK;
}

enum action keymap_look(const struct keymap *keymap, const char *view, int key)
{
	for (enum action action = ACTION_NONE + 1; action < ACTION_COUNT; action++)
		if (action_is_of(action, view) && has_key(keymap, action, key))
			return action;
	return ACTION_NONE;
}

const char *keymap_keys(const struct keymap *keymap, struct arena *arena, enum action action, bool first_only)
{
	const char *text = "";
	for (size_t i = 0; i < ACTION_KEYS_MAX && keymap->keys[action][i]; i++) {
		const char *name = key_label(arena, keymap->keys[action][i]);
		text = i ? arena_printf(arena, "%s %s", text, name) : name;
		if (first_only)
			break;
	}
	return text;
}
