/*
 * Keys for readline, as whole commands and one at a time, so that it is never in the middle of one where another
 * begins. Knows no prompt, no terminal and no line; one per process, as readline is.
 */
#ifndef CONSOLE_FEED_H
#define CONSOLE_FEED_H

#include <stdbool.h>

enum { FEED_LINE_BYTES_MAX = 4096 };

/* Readline reads from here, not from a terminal; to be called when it has read the user's inputrc. */
void feed_open(void);

/* A key of the line that readline's handler was installed for; the handler may have been called when this returns. */
void feed_key(int key);

/* Ends a search, a count, a motion or a sequence of keys in the making; false when there was none. */
bool feed_cancel(void);

#endif
