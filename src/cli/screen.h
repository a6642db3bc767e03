/*
 * Lines for people on a stream: on a terminal wrapped, with one updating line at the bottom and a little colour;
 * elsewhere plain, one line each. Knows no event.
 */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include <stdbool.h>
#include <stdio.h>

#include "base/status.h"

enum tone { TONE_PLAIN, TONE_GOOD, TONE_BAD, TONE_CAUTION, TONE_HEADING };

struct screen {
	FILE *out;         /* lines and progress */
	FILE *log;         /* log and errors; may be the same terminal */
	bool terminal;     /* out is one that moves its cursor: lines are wrapped, progress is shown */
	bool log_terminal; /* so is log */
	bool one_terminal; /* both are the same one */
	bool colour;
	bool glyphs;       /* the locale can show them */
	int width;         /* columns; 0 = ask the terminal */
	bool has_progress;
};

/*
 * Standard output and standard error, as they are: progress and wrapped lines only on a terminal that is not dumb, no
 * colour with NO_COLOR set.
 */
struct screen screen_standard(void);

/* Columns of out. */
int screen_width(const struct screen *screen);

/*
 * A line made of a toned word and a text; the progress line makes room. Control characters are made visible. What does
 * not fit on the line goes on below it, indented.
 */
void screen_line(struct screen *screen, FILE *stream, enum tone tone, const char *word, const char *format, ...)
	PRINTF_LIKE(5, 6);

/* A line of a list, on out: a mark, a name and a text, in columns on a terminal. An empty name has no colon. */
void screen_entry(struct screen *screen, enum tone tone, const char *mark, const char *name, const char *format, ...)
	PRINTF_LIKE(5, 6);

/* A command to copy: it is never broken into lines. */
void screen_command(struct screen *screen, FILE *stream, const char *word, const char *command);

/* Replaces the progress line; nothing elsewhere than on a terminal. Cut so that an echoed ^C has room. */
void screen_progress(struct screen *screen, const char *format, ...) PRINTF_LIKE(2, 3);

/* Removes the progress line. */
void screen_settle(struct screen *screen);

#endif
