/*
 * The console: shows an engine's run, or a recording, on a terminal, and hands on what the person at the keys asks.
 * Never talks to PostgreSQL.
 */
#ifndef CONSOLE_CONSOLE_H
#define CONSOLE_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/list.h"

struct console_options {
	int socket_fd;           /* of an engine; -1 = a recording. Taken: the console closes it */
	const char *recording;   /* a file of event lines */
	int64_t speed;           /* of the recording, in hundredths; 0 = all at once */
	const char *view;        /* the first to show, or NULL */
	const char *leave_warning; /* what leaving or logging out would do to the engine: must be seen first. Or NULL */
	bool plain;              /* the view as lines on standard output, once, and no terminal */
	bool ascii, colour, mouse;

	/* Keys as configured: an action's name and its keys, side by side. */
	struct text_list key_actions, key_values;

	/* Connects to the engine of that run or name (of `end`), NULL = the only one. NULL = there is no way. */
	enum status (*reconnect)(void *context, const char *name, int *ret_fd, struct error *err);
	void *context;
};

/*
 * Returns when the person left or the terminal vanished. *ret_exit is the exit code of the run when it has ended,
 * else 0. FAIL_USAGE: no terminal, an unknown view, a wrong key. FAIL_TERMINATED after a SIGTERM.
 */
enum status console_run(const struct console_options *options, int *ret_exit, struct error *err) MUST_CHECK;

#endif
