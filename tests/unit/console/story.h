/* A run told line by line, for tests of the model and of what is drawn of it. */
#ifndef TESTS_CONSOLE_STORY_H
#define TESTS_CONSOLE_STORY_H

#include "console/model/model.h"

/*
 * Lines without their head: `"type":"gate","gate":"backup",...`. Numbered from 1, a second apart from
 * 2026-01-01T00:00:00Z on. Fails the test when a line is not an event.
 */
void tell(struct model *model, const char *const *lines, size_t count);
#define TELL(model, ...)                                                              \
	do {                                                                          \
		static const char *const told[] = {__VA_ARGS__};                      \
		tell((model), told, sizeof(told) / sizeof(told[0]));                  \
	} while (0)

/* A run on PROD with 006 applied, 007 and 008 pending, 009 held; all gates wait. */
void tell_beginning(struct model *model);

#endif
