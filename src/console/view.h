/*
 * A view: one file, one row of the table, its own cursor and folds. It draws the model on an area and carries out
 * the actions of its keys; what it wants done elsewhere it asks of the console.
 */
#ifndef CONSOLE_VIEW_H
#define CONSOLE_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "console/keymap.h"
#include "console/model/model.h"
#include "console/terminal/canvas.h"

struct console; /* console/console.h */

/* What a view is given when it draws or acts. */
struct scene {
	const struct model *model;
	struct console *console; /* NULL in tests of drawing alone */
	struct arena *tick;      /* lives until the frame is drawn, the action carried out */
	int64_t now_ms;          /* wall clock: for ages and the time a statement has taken */
	bool replaying;          /* nothing can be asked of an engine */
};

/* Where a cursor stands: what one view hands to the next. */
struct place {
	const char *version; /* of a migration, or NULL */
	enum gate gate;      /* GATE_COUNT = none */
	const char *page, *section; /* of the manual, or NULL */
};

struct view_row {
	const char *name;        /* "migrations": for the prompt, --plain and configuration */
	const char *title;       /* "Migrations" */
	char digit;              /* '1'..'8', its own for ever */
	size_t state_bytes;      /* of what it keeps between frames: zeroed at the start */

	void (*draw)(void *state, const struct scene *scene, const struct area *area);

	/* false: not this view's, and the console looks further. */
	bool (*act)(void *state, const struct scene *scene, enum action action);

	/* Why the action can't be had now: a sentence for the one who pressed the key; NULL = it can. May be NULL. */
	const char *(*why_not)(void *state, const struct scene *scene, enum action action);

	/* The filter or search text changed: "" ends it. NULL = the view has neither. */
	void (*find)(void *state, const struct scene *scene, const char *text, bool only_matches);

	/* The cursor put on a place of another view, as far as this one has it; and where it stands. May be NULL. */
	void (*focus)(void *state, const struct scene *scene, const struct place *place);
	struct place (*focused)(void *state, const struct scene *scene);

	/* A mouse click on its area, a row and a column of its own. May be NULL. */
	void (*click)(void *state, const struct scene *scene, int row, int column);

	/* All of it as plain lines, without a screen's limits: for --plain and pipes. */
	void (*plain)(void *state, const struct scene *scene, struct strbuf *out);

	/* What `y` copies: the cursor's thing in its most useful form; NULL = nothing. Lives in the tick. May be NULL. */
	const char *(*copy)(void *state, const struct scene *scene);

	/* Releases what the state holds beside itself, at the end. NULL = nothing. */
	void (*let_go)(void *state);
};

/* The table in the order of digits, NULL-ended. */
const struct view_row *const *views_list(void);
const struct view_row *view_find(const char *name);

/*
 * What views ask of the console. Each is carried out after the action that asked; a request goes to the engine, which
 * answers with events.
 */
void console_ask(struct console *console, const char *request, const struct json *fields);
void console_open_view(struct console *console, const char *view);
void console_say(struct console *console, enum style style, const char *format, ...) PRINTF_LIKE(3, 4);
void console_open_manual(struct console *console, const char *page, const char *section);
void console_approve(struct console *console); /* the dialogue that asks for the database's name */

/* The dialogue that asks for the name of a session, before it is sent a signal: "cancel" or "terminate". */
void console_signal(struct console *console, const char *action, const struct json *session);

#endif
