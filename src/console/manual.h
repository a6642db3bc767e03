/* The manual pages, in the program itself: a maintenance window is no time to look for a package. */
#ifndef CONSOLE_MANUAL_H
#define CONSOLE_MANUAL_H

#include <stdbool.h>
#include <stddef.h>

#include "console/terminal/paper.h"

struct manual_page {
	const char *name;         /* "pgsluice-runbook" */
	const char *const *lines; /* as mandoc prints them, bold and underlined by overstriking; NULL-ended */
};

/* All pages, the runbook first, ended by a row without a name. Made from man/ when the program is built. */
extern const struct manual_page MANUAL[];

/* The page of that name, or NULL. */
const struct manual_page *manual_find(const char *name);

/* Its lines on paper, one each. */
void manual_write(struct paper *paper, const struct manual_page *page);

/* Index of the line with the first heading that has the text, in any case of letters; SIZE_MAX = there is none. */
size_t manual_heading(const struct manual_page *page, const char *text);

/* Index of the heading after a line, or before it; SIZE_MAX = there is none. */
size_t manual_next_heading(const struct manual_page *page, size_t line, bool forward);

#endif
