/*
 * The terminal: shows a canvas and reads keys. The only file that knows curses; knows no view and no event. One per
 * process. However the process ends, the terminal is as it was before.
 */
#ifndef CONSOLE_TERM_H
#define CONSOLE_TERM_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "console/keymap.h"
#include "console/terminal/canvas.h"

struct terminal;

struct term_options {
	bool colour; /* where the terminal has some */
	bool mouse;
};

/* Standard input and output must be a terminal: FAIL_USAGE when not, or when it is one that cannot move its cursor. */
enum status term_open(const struct term_options *options, struct terminal **ret_term, struct error *err) MUST_CHECK;
void term_close(struct terminal *term);

void term_size(const struct terminal *term, int *ret_rows, int *ret_columns);

/* Brings the canvas to the screen; only what differs from what is there is sent. */
void term_paint(struct terminal *term, const struct canvas *canvas);

/* The next paint sends everything. */
void term_redraw(struct terminal *term);

/*
 * Waits for a key, a signal, or one of the others' descriptors until deadline_ms (clock_ms(); INT64_MAX = for ever);
 * their revents are set. Returns whether term_key may have something.
 */
bool term_wait(struct terminal *term, struct pollfd *others, size_t count, int64_t deadline_ms);

/*
 * The next key without waiting: a code point or enum key; KEY_NONE when there is none. KEY_RESIZED once after a change
 * of size, KEY_GONE for ever once the terminal has vanished or the process was asked to end. The place is that of a
 * click.
 */
int term_key(struct terminal *term, int *ret_row, int *ret_column);

/* Whether KEY_GONE came from a SIGTERM, not from a terminal that is no more. */
bool term_was_terminated(const struct terminal *term);

/* Stops the process as C-z does, with the terminal given back, and takes it again when the shell continues us. */
void term_suspend(struct terminal *term);

void term_set_mouse(struct terminal *term, bool on);

/* Where the terminal has colours; whether it shows them then. */
bool term_set_colour(struct terminal *term, bool on);

/* Puts text on the clipboard of the machine the terminal runs on (OSC 52); false when it is too long for that. */
enum { TERM_COPY_MAX = 74994 }; /* bytes on the wire, which terminals agree on */
bool term_copy(struct terminal *term, const char *text, size_t length);

#endif
