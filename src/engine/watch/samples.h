/*
 * The samples of live while it is changed: taken from inside the run's waits, told as events. Decides nothing, and
 * nothing that goes wrong with them is a failure of the run.
 */
#ifndef ENGINE_SAMPLES_H
#define ENGINE_SAMPLES_H

#include "engine/run.h"

struct samples;

/* Begins a second from now: what is over by then needs none. Closed by run_release; NULL is none. */
struct samples *samples_open(struct run *run);
void samples_close(struct samples *samples);

#endif
