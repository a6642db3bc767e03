/*
 * Whether tables that the plan does not touch lost rows while it was applied, by the server's own counters. Our own
 * statements cannot have done it (they are held to the rehearsal before COMMIT), so a fall is others' work, and said.
 */
#ifndef ENGINE_ROW_COUNTERS_H
#define ENGINE_ROW_COUNTERS_H

#include "engine/run.h"

/* The counters now: an object by oid, of name and rows, owned by the caller. */
enum status row_counters_read(struct run *run, struct json **ret_counters, struct error *err) MUST_CHECK;

/* Adds a note `verify.rows` for each untouched table that fell since `before`, else a passed check. */
enum status row_counters_compare(struct run *run, struct evidence *evidence, const struct json *before,
                                 const struct json *trace, struct error *err) MUST_CHECK;

#endif
