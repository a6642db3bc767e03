/* The end of a scratch cluster's folder: its processes, its socket folder, its files. Inside pg only. */
#ifndef PG_SCRATCH_SWEEP_H
#define PG_SCRATCH_SWEEP_H

#include "sys/loop.h"

#define SCRATCH_PREFIX "scratch-"
#define SCRATCH_LOCK   "lock"   /* held as long as its owner lives */
#define SCRATCH_SOCKET "socket" /* names a socket folder elsewhere, where the own path is too long */

/* Ends every process that works in the folder and removes it. What cannot be removed stays for the next sweep. */
void scratch_wipe(struct loop *loop, const char *folder);

#endif
