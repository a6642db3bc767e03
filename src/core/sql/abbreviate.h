/*
 * A large INSERT made short for the parser: long constants become empty, rows of nothing but constants are left out
 * behind the first ones. What such a statement is, names and locks does not change, and its tree would take forty
 * times its size.
 */
#ifndef CORE_SQL_ABBREVIATE_H
#define CORE_SQL_ABBREVIATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

/* Statements below this are parsed as they stand. */
enum { ABBREVIATE_FROM_BYTES = 64 * 1024 };

/* Appends the short form; false, and nothing appended, when the statement is no INSERT of that size. */
bool abbreviate(struct strbuf *out, const char *sql, size_t length);

#endif
