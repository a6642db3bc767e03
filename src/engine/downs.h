/* Rehearses the way back: the downs in reverse on a clone of their own, each judged by the schema it leaves. */
#ifndef ENGINE_DOWNS_H
#define ENGINE_DOWNS_H

#include "engine/copy.h"
#include "engine/run.h"

enum down_state { DOWN_MISSING, DOWN_EXACT, DOWN_INEXACT, DOWN_FAILED, DOWN_NOT_REACHED };
const char *down_state_name(enum down_state state);

/*
 * Runs the plan's ups on the clone, then its downs in reverse. Adds a warning, or with `rollback = require` a failed
 * check, for the first that is missing, fails, or does not restore the schema; those below it are not reached.
 * *ret_downs: [{"version","state","reason"}] for the evidence; the caller owns it.
 */
enum status downs_rehearse(struct run *run, struct clone *clone, struct evidence *evidence, struct json **ret_downs,
                           struct error *err) MUST_CHECK;

#endif
