/* Runs verify scripts: reading only, one statement at a time, and judged by what they return. */
#ifndef ENGINE_VERIFY_SCRIPTS_H
#define ENGINE_VERIFY_SCRIPTS_H

#include "engine/run.h"
#include "pg/session.h"

/*
 * Runs the verify scripts of the plan's migrations on a plain session, each in a transaction of its own that is READ
 * ONLY and rolled back. A script passes when every statement runs and none returns a row whose first column is false
 * or null. Adds one check named `name` per script to the evidence. Errors are only those of the connection.
 */
enum status verify_scripts_run(struct run *run, struct evidence *evidence, const char *name,
                               const struct text_list *versions, struct session *session,
                               struct error *err) MUST_CHECK;

#endif
