/* Check inspect.rights: what the run's roles may not do is told before anything is carried out, not at the apply. */
#ifndef ENGINE_RIGHTS_CHECK_H
#define ENGINE_RIGHTS_CHECK_H

#include "base/error.h"
#include "engine/run.h"

/*
 * Adds the check: it fails with FAIL_USAGE and the statements that give the rights. Reading is not asked for when the
 * backup will not read here: its evidence is fresh, it comes from --source, or the gate is waived.
 */
enum status rights_check(struct run *run, struct evidence *evidence, struct error *err) MUST_CHECK;

#endif
