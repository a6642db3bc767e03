/* psql's backslash commands as they stand in files written for psql: refused, but for a few. Executes none. */
#ifndef CORE_SQL_META_H
#define CORE_SQL_META_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct cutter;

/*
 * Reads the command whose backslash stands at the offset, and goes on behind its line. OK for those that ask for what
 * we do anyway, between statements; FAIL_REFUSED with its place for all others.
 */
enum status meta_read(struct cutter *cutter, size_t offset, bool inside_statement, struct error *err) MUST_CHECK;

#endif
