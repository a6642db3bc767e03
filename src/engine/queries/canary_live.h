/* The canaries on live, after the apply: the plans they have now, and whether they keep their budgets. Reads only. */
#ifndef ENGINE_CANARY_LIVE_H
#define ENGINE_CANARY_LIVE_H

#include "engine/run.h"

/*
 * Makes the checks verify.canaries. A canary over its budget, or that does not run, fails, unless the plans gate had
 * found it so already and was waived: then it is a note, as is a plan unlike the one looked at on the copy.
 */
enum status canary_check_live(struct run *run, struct evidence *evidence, struct error *err) MUST_CHECK;

#endif
