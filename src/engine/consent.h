/*
 * What an operator consents to: the plan as it was rehearsed, in lines that hold all one needs to decide. Judges
 * nothing.
 */
#ifndef ENGINE_CONSENT_H
#define ENGINE_CONSENT_H

#include "engine/run.h"

/*
 * Adds the lines to the evidence (of gate approval) and emits them, the weightiest last: migrations, way back, backup,
 * held ones, notes, rows, rewrites, locks, losses, waivers. Needs the rehearsal's evidence. FAIL_REFUSED when that
 * carries no trace.
 */
enum status consent_show(struct run *run, struct evidence *evidence, struct error *err) MUST_CHECK;

/* Whether consent was given to a plan, and it is not this one. */
bool consent_is_for_another(const struct run *run);

/* Whether an apply of this very plan has finished since the consent of that time: it was for that one. */
enum status consent_is_spent(const struct run *run, int64_t given_ms, bool *ret_spent, struct error *err) MUST_CHECK;

#endif
