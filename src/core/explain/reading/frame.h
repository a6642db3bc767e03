/*
 * Takes a query plan out of what people paste: psql's frames, quoted rows of other clients, entries of the server's
 * log. Knows nothing of what a plan says.
 */
#ifndef CORE_EXPLAIN_FRAME_H
#define CORE_EXPLAIN_FRAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct framed {
	const char *text; /* lines without their frame; in the arena */
	size_t length;
	bool is_json;     /* one JSON value and nothing else */
	long first_line;  /* where it begins in what was given, from 1 */
};

void plan_unframe(struct arena *arena, const char *text, size_t length, struct framed *ret_framed);

#endif
