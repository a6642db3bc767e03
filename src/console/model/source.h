/* The text of a migration's file, read where the engine read it and shown only if it is the one that was planned. */
#ifndef CONSOLE_SOURCE_H
#define CONSOLE_SOURCE_H

#include <stddef.h>

#include "base/arena.h"
#include "console/model/model.h"

/* Keeps the file that was shown last. Zeroed at the start; clear releases it. */
struct source {
	struct arena *arena;
	const char *version;
	const char *text;    /* NULL = it can't be shown */
	size_t length;
	const char *why_not; /* a sentence, when there is no text */
};

/* Reads the migration's file unless it is the one that is kept. */
void source_read(struct source *source, const struct model_migration *migration);
void source_clear(struct source *source);

#endif
