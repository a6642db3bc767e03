/* Going back: the downs of what is applied above a version, as an apply of its own with all its gates. */
#ifndef ENGINE_ROLLBACK_H
#define ENGINE_ROLLBACK_H

#include "engine/run.h"

/*
 * Carries a rollback through its gates: to `version`, which stays applied ("0" goes back to nothing). Every migration
 * above needs its down file. FAIL_REFUSED when a down is missing or the version is not applied.
 */
enum status rollback_run(struct run *run, const char *version, struct error *err) MUST_CHECK;

#endif
