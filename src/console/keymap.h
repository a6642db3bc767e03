/*
 * The keymap: one table of actions with their keys, which feeds dispatch, the footer, the help screen, the
 * configuration and the manual page. Knows no view and no terminal.
 */
#ifndef CONSOLE_KEYMAP_H
#define CONSOLE_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

enum action {
	ACTION_NONE,
	/* movement */
	ACTION_UP,
	ACTION_DOWN,
	ACTION_LEFT,
	ACTION_RIGHT,
	ACTION_PAGE_UP,
	ACTION_PAGE_DOWN,
	ACTION_HALF_UP,
	ACTION_HALF_DOWN,
	ACTION_FIRST,
	ACTION_LAST,
	ACTION_OPEN,
	ACTION_BACK,
	ACTION_NEXT_PART,  /* tab of an inspector, panel */
	ACTION_PREVIOUS_PART,
	ACTION_MODE,       /* another form of the same view */
	ACTION_INVERT,     /* the graph the other way round */
	ACTION_LEVEL,      /* of the log */
	ACTION_FOLLOW,     /* what is at work */
	ACTION_COMPARE,    /* a query plan with the one before */
	ACTION_INCLUSIVE,  /* of a node alone, or with all below */
	ACTION_CPU,
	ACTION_PAGES,
	ACTION_EXPLAIN,
	ACTION_FREEZE,     /* what is shown of live */
	ACTION_RATE,
	ACTION_CANCEL_SESSION,
	ACTION_TERMINATE_SESSION,
	ACTION_PULL_BACK,
	/* finding */
	ACTION_SEARCH,
	ACTION_FILTER,
	ACTION_NEXT_MATCH,
	ACTION_PREVIOUS_MATCH,
	/* views */
	ACTION_VIEW_MIGRATIONS,
	ACTION_VIEW_GRAPH,
	ACTION_VIEW_PLANS,
	ACTION_VIEW_LIVE,
	ACTION_VIEW_GATES,
	ACTION_VIEW_APPLY,
	ACTION_VIEW_LOG,
	ACTION_VIEW_RUNBOOK,
	ACTION_NEXT_VIEW,
	ACTION_PREVIOUS_VIEW,
	/* the flow */
	ACTION_RUN_GATE,
	ACTION_RUN_ALL,
	ACTION_APPLY,
	ACTION_WAIVE,
	ACTION_PAUSE,
	ACTION_CANCEL,
	ACTION_RESTART,
	ACTION_ROLLBACK,
	/* the console */
	ACTION_PROMPT,
	ACTION_HELP,
	ACTION_RUNBOOK_HERE,
	ACTION_COPY,
	ACTION_MOUSE,
	ACTION_FASTER, /* a replay */
	ACTION_SLOWER,
	ACTION_RECONNECT,
	ACTION_REDRAW,
	ACTION_SUSPEND,
	ACTION_DETACH,
	ACTION_QUIT,
	ACTION_COUNT,
};

/*
 * A key as a person names it: a character (control keys are 1 to 26), or one of the named keys below, with KEY_ALT
 * added when Alt was held.
 */
enum key {
	KEY_ALT = 0x200000,
	KEY_NAMED = 0x110000, /* code points end below */
	KEY_ARROW_UP,
	KEY_ARROW_DOWN,
	KEY_ARROW_LEFT,
	KEY_ARROW_RIGHT,
	KEY_PAGE_UP,
	KEY_PAGE_DOWN,
	KEY_HOME_KEY,
	KEY_END_KEY,
	KEY_ENTER_KEY,
	KEY_ESCAPE,
	KEY_TAB_KEY,
	KEY_BACK_TAB,
	KEY_BACKSPACE_KEY,
	KEY_DELETE_KEY,
	KEY_F1,
	KEY_F12 = KEY_F1 + 11,
	KEY_RESIZED, /* the terminal has another size */
	KEY_CLICK,   /* with its place beside */
	KEY_WHEEL_UP,
	KEY_WHEEL_DOWN,
	KEY_GONE,    /* the terminal has vanished */
	KEY_NONE,    /* none that has a name, or no key at all */
};

enum { ACTION_KEYS_MAX = 4 };

struct action_row {
	const char *name;    /* "run-gate": for rebinding and the prompt */
	const char *summary; /* "run the next gate": for footer, help and manual */
	const char *label;   /* "run": one or two words for the footer */
	const char *keys;    /* names, separated by blanks: "j down" */
	const char *views;   /* names of the views that have it, separated by blanks; NULL = everywhere */
	bool acts;           /* asks something of the engine: not in a replay */
};

const struct action_row *action_get(enum action action);

/* Whether a view has an action. */
bool action_is_of(enum action action, const char *view);
bool action_find(const char *name, enum action *ret_action);

/* Keys to actions, as configured. */
struct keymap;

/* The table's own keys, then the user's: "NAME" and "KEY ..." that replace an action's keys. In the arena. */
struct keymap *keymap_new(struct arena *arena);

/* FAIL_USAGE: no such action, no such key, or a key that another action of the same view has. */
enum status keymap_bind(struct keymap *keymap, const char *action, const char *keys, struct error *err) MUST_CHECK;

/* The action of a key in a view; ACTION_NONE = it has none. */
enum action keymap_look(const struct keymap *keymap, const char *view, int key);

/* The keys of an action as people read them ("j Down"), in the arena; the first only with first_only. "" = none. */
const char *keymap_keys(const struct keymap *keymap, struct arena *arena, enum action action, bool first_only);

/* "C-d", "M-f", "F5", "Space", "PgDn", "g" to a key; 0 = there is no such key. And back. */
int key_read(const char *name);
const char *key_label(struct arena *arena, int key);

/* The UTF-8 of a character key, "" for others; returns its length. */
enum { KEY_TEXT_BYTES = 5 };
size_t key_text(int key, char ret_text[KEY_TEXT_BYTES]);

#endif
