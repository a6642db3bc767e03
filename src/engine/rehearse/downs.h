/* Rehearses the way back: the downs in reverse on the migrated clone, judged by the schema they leave. */
#ifndef ENGINE_DOWNS_H
#define ENGINE_DOWNS_H

#include "engine/copy/copy.h"
#include "engine/rehearse/checkpoints.h"
#include "engine/run.h"

enum down_state { DOWN_MISSING, DOWN_EXACT, DOWN_INEXACT, DOWN_FAILED, DOWN_NOT_REACHED };
const char *down_state_name(enum down_state state);

/*
 * Runs the downs of the plan in reverse on the clone where its ups ran, and holds what each changes against what its up
 * changed; where several ups ran between two checkpoints, their downs are judged together. Adds a warning, or with
 * `rollback = require` a failed check, for those that are missing, fail, or do not restore the schema; those below are
 * not reached. *ret_downs: [{"version","state","reason"}] for the evidence; the caller owns it.
 */
enum status downs_rehearse(struct run *run, struct clone *clone, const struct checkpoint_list *checkpoints,
                           struct evidence *evidence, struct json **ret_downs, struct error *err) MUST_CHECK;

#endif
