#include "console/terminal/style.h"

#include <assert.h>
#include <stddef.h>
#include <strings.h>

/* Never red beside green, never blue on black: good is cyan, bad is bold red, both have glyph and word. */
static const struct style_row ROWS[STYLE_COUNT] = {
	[STYLE_TEXT] = {.name = "text"},
	[STYLE_DIM] = {.name = "dim", .dim = true},
	[STYLE_STRONG] = {.name = "strong", .bold = true},
	[STYLE_HEADING] = {.name = "heading", .bold = true, .underline = true},
	[STYLE_CURSOR] = {.name = "cursor", .reverse = true},
	[STYLE_MATCH] = {.name = "match", .foreground = COLOUR_YELLOW, .bold = true, .underline = true},
	[STYLE_KEY] = {.name = "key", .bold = true},
	[STYLE_DISABLED] = {.name = "disabled", .dim = true},
	[STYLE_GOOD] = {.name = "good", .foreground = COLOUR_CYAN},
	[STYLE_BAD] = {.name = "bad", .foreground = COLOUR_RED, .bold = true},
	[STYLE_CAUTION] = {.name = "caution", .foreground = COLOUR_YELLOW, .bold = true},
	[STYLE_BUSY] = {.name = "busy", .foreground = COLOUR_MAGENTA, .bold = true},
	[STYLE_CODE_KEYWORD] = {.name = "code-keyword", .bold = true},
	[STYLE_CODE_TEXT] = {.name = "code-text", .foreground = COLOUR_CYAN},
	[STYLE_CODE_NUMBER] = {.name = "code-number", .foreground = COLOUR_MAGENTA},
	[STYLE_CODE_COMMENT] = {.name = "code-comment", .dim = true},
	[STYLE_PRODUCTION] = {.name = "production", .foreground = COLOUR_WHITE, .background = COLOUR_RED,
	                      .bold = true},
	[STYLE_STAGING] = {.name = "staging", .foreground = COLOUR_BLACK, .background = COLOUR_YELLOW},
	[STYLE_OTHER_ENVIRONMENT] = {.name = "other-environment", .foreground = COLOUR_BLACK,
	                             .background = COLOUR_CYAN},
};

const struct style_row *style_get(enum style style)
{
	assert((unsigned)style < STYLE_COUNT);
	return &ROWS[style];
}

enum style style_of_environment(const char *environment)
{
	static const char *const PRODUCTION[] = {"prod", "production", "live"};
	static const char *const STAGING[] = {"stage", "staging"};

	for (size_t i = 0; environment && i < sizeof(PRODUCTION) / sizeof(PRODUCTION[0]); i++)
		if (strcasecmp(environment, PRODUCTION[i]) == 0)
			return STYLE_PRODUCTION;
	for (size_t i = 0; environment && i < sizeof(STAGING) / sizeof(STAGING[0]); i++)
		if (strcasecmp(environment, STAGING[i]) == 0)
			return STYLE_STAGING;
	return STYLE_OTHER_ENVIRONMENT;
}
