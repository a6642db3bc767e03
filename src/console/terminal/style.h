/*
 * What a cell means, never which colour it has: one table turns meanings into attributes and colours. Every state is
 * told by a word and a glyph too, so a terminal without colour loses nothing.
 */
#ifndef CONSOLE_STYLE_H
#define CONSOLE_STYLE_H

#include <stdbool.h>

enum style {
	STYLE_TEXT,
	STYLE_DIM,
	STYLE_STRONG,
	STYLE_HEADING, /* of a column, a panel */
	STYLE_CURSOR,  /* the row that keys act on */
	STYLE_MATCH,   /* what the search found */
	STYLE_KEY,     /* a key in a footer or a hint */
	STYLE_DISABLED,
	STYLE_GOOD,    /* applied, passed */
	STYLE_BAD,     /* failed, edited, conflict */
	STYLE_CAUTION, /* stale, waived, warning */
	STYLE_BUSY,    /* running */
	STYLE_CODE_KEYWORD,
	STYLE_CODE_TEXT,
	STYLE_CODE_NUMBER,
	STYLE_CODE_COMMENT,
	STYLE_PRODUCTION, /* the environment's word and border */
	STYLE_STAGING,
	STYLE_OTHER_ENVIRONMENT,
	STYLE_COUNT,
};

/* The eight colours of every terminal, and its own. */
enum colour {
	COLOUR_DEFAULT,
	COLOUR_BLACK,
	COLOUR_RED,
	COLOUR_GREEN,
	COLOUR_YELLOW,
	COLOUR_BLUE,
	COLOUR_MAGENTA,
	COLOUR_CYAN,
	COLOUR_WHITE,
};

struct style_row {
	const char *name; /* for tests and pictures of screens */
	enum colour foreground, background;
	bool bold, dim, reverse, underline; /* all that is left where there are no colours */
};

const struct style_row *style_get(enum style style);

/* The style of an environment's word: PROD and STAGE have their own, in any case of letters. */
enum style style_of_environment(const char *environment);

#endif
