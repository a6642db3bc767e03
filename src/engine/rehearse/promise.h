/* What the rehearsal promised, as figures for those who watch the apply: a sample event from the rehearsal's trace. */
#ifndef ENGINE_PROMISE_H
#define ENGINE_PROMISE_H

#include "engine/run.h"

/* Emits the sample "promise" from the evidence of gate rehearsal; nothing when that carries no trace. */
void promise_tell(struct run *run);

#endif
