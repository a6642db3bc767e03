/*
 * A statement in one line, to be recognised by and safe to be shown: comments are left out, and so is what stands in
 * quotes, for it is other people's data.
 */
#ifndef CORE_SQL_OUTLINE_H
#define CORE_SQL_OUTLINE_H

#include <stddef.h>

#include "base/strbuf.h"

/* Appends about `limit` bytes at most, an ellipsis included, cut between tokens. */
void outline_write(struct strbuf *out, const char *sql, size_t limit);

#endif
