/*
 * What the console's own files share: its state, and the parts that draw it and act on it. Not for views, which have
 * view.h, and not for other folders, which have console.h. Works without a terminal, on a canvas, as tests do.
 */
#ifndef CONSOLE_DESK_H
#define CONSOLE_DESK_H

#include "console/console.h"
#include "console/keymap.h"
#include "console/model/model.h"
#include "console/model/story.h"
#include "console/prompt.h"
#include "console/terminal/canvas.h"
#include "console/terminal/term.h"
#include "console/view.h"

enum dialogue_kind {
	DIALOGUE_NONE,
	DIALOGUE_APPROVE,
	DIALOGUE_SIGNAL,
	DIALOGUE_QUIT,
	DIALOGUE_CANCEL,
	DIALOGUE_PULL_BACK,
};

enum { TYPED_MAX = 255, QUERY_SHOWN_MAX = 300 };

/* A session of somebody else's on live, as it was when the dialogue was opened. */
struct addressee {
	const char *action;        /* "cancel" or "terminate" */
	int64_t pid;
	char started[64], name[TYPED_MAX + 1], query[QUERY_SHOWN_MAX];
};

struct dialogue {
	enum dialogue_kind kind;
	char typed[TYPED_MAX + 1]; /* UTF-8 */
	char plan_id[80];          /* that was shown: what the consent is for */
	struct addressee addressee;
	const char *complaint;     /* about what was typed, or NULL */
	size_t top;                /* first line shown of what there is to consent to */
};

enum leaving { STAYING, LEAVING, LEAVING_WHEN_LOST };

struct console {
	const struct console_options *options;
	struct arena *arena, *tick; /* the console's life; one frame or key */
	struct terminal *terminal;  /* NULL in tests */
	struct canvas *canvas;
	struct keymap *keymap;
	struct prompt *prompt;      /* NULL in tests that need none */
	struct story *story;        /* NULL in tests */
	struct model *model;

	const struct view_row *const *views;
	size_t view_count, view, last_view;
	void **states;              /* of the views, in their order */
	size_t wanted_view;         /* asked for while a view acts */

	struct dialogue dialogue;
	bool help;
	size_t help_top;
	int help_rows;

	char toast[400];
	enum style toast_style;
	int64_t toast_until_ms;     /* clock_ms() */

	bool mouse, lost, over;     /* over: the recording is at its end */
	int64_t lost_ms;            /* wall clock when it was lost: a run that had not ended is shown as it was then */
	bool hold_asked;            /* a pause was granted */
	bool consented;             /* an approve was sent, and the engine has not said what became of it */
	bool wants_question;        /* the dialogue is to open as soon as the engine asks for consent */
	const char *other;          /* the engine that has the target and shall be watched instead, or NULL */
	enum leaving leaving;
	bool gone, terminated;      /* the terminal; by a SIGTERM */
	bool dirty;                 /* something changed since the last frame */
};

/* A console on a canvas, with the first view. FAIL_USAGE as console_run. */
enum status desk_open(const struct console_options *options, struct console **ret_console,
                      struct error *err) MUST_CHECK;
void desk_close(struct console *console);

struct scene desk_scene(struct console *console);
const struct view_row *desk_view(const struct console *console);
void *desk_state(const struct console *console);
void desk_show_view(struct console *console, size_t index);

/* A key in whatever is open: a dialogue, the prompt, help, the view. */
void desk_press(struct console *console, int key, int row, int column);

/* An event arrived: the model's, and what the person should be told at once. */
void desk_take_event(struct console *console, enum event_type type, const struct json *event);

/* ---- frame.c ---- */

/* The whole canvas anew. */
void frame_draw(struct console *console);

/* Where the view is drawn on a canvas of that size. */
struct area frame_view_area(const struct console *console);

/* The view whose tab is at that place of the canvas; the count of views where there is none. */
size_t frame_tab_at(struct console *console, int row, int column);

/* "[PROD] shop  read-only  waits before backup  plan 3f2a9c001122": the state in one line, in the tick. */
const char *frame_title(struct console *console, bool with_environment);

/* ---- act.c ---- */

/* A sentence why an action can't be had now, in the tick or lasting; NULL = it can. */
const char *act_why_not(struct console *console, enum action action);

/* Carries it out, or says why not. */
void act(struct console *console, enum action action);

/* Sends a request, or says why it can't be sent; takes the fields. */
bool act_ask(struct console *console, enum request_type request, struct json *fields);

/* Connects to the engine of that name, NULL = that of the run; says what came of it. */
void act_reconnect(struct console *console, const char *name);

/* A run that somebody could want to see the end of. */
bool act_run_is_on(const struct console *console);

/* The person typed the database's name: consents to that plan. */
void act_consent(struct console *console, const char *plan_id);

/* Copies text to the clipboard, or to a file when it is too long. */
void act_copy(struct console *console, const char *text);

/* ---- dialogue.c ---- */

void dialogue_open(struct console *console, enum dialogue_kind kind);
void dialogue_open_signal(struct console *console, const struct addressee *addressee);
void dialogue_close(struct console *console);
void dialogue_press(struct console *console, int key);
void dialogue_draw(struct console *console, const struct area *area);

/* ---- help.c ---- */

void help_press(struct console *console, int key);
void help_draw(struct console *console, const struct area *area);

/* ---- command.c ---- */

/* Carries out a line of the prompt, or says what is wrong with it. */
void command_run(struct console *console, const char *line);
prompt_complete command_complete;

#endif
