/*
 * Lines for people on a stream: on a terminal with one updating line at the bottom and a little colour, elsewhere
 * plain. Knows no event.
 */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include <stdbool.h>
#include <stdio.h>

#include "base/status.h"

enum tone { TONE_PLAIN, TONE_GOOD, TONE_BAD, TONE_CAUTION };

struct screen {
	FILE *out;      /* lines and progress */
	FILE *log;      /* log and errors; may be the same terminal */
	bool terminal;  /* progress is shown */
	bool colour;
	bool glyphs;    /* the locale can show them */
	int width;      /* columns; 0 = ask the terminal */
	bool has_progress;
};

/*
 * Standard output and standard error, as they are: progress only where standard output is a terminal that is not
 * dumb, no colour with NO_COLOR set.
 */
struct screen screen_standard(void);

/* A line made of a toned word and a text; the progress line makes room. Control characters are made visible. */
void screen_line(struct screen *screen, FILE *stream, enum tone tone, const char *word, const char *format, ...)
	PRINTF_LIKE(5, 6);

/* Replaces the progress line; nothing elsewhere than on a terminal. Cut to the width. */
void screen_progress(struct screen *screen, const char *format, ...) PRINTF_LIKE(2, 3);

/* Removes the progress line. */
void screen_settle(struct screen *screen);

#endif
