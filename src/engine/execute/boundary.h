/*
 * The points between two effects of an apply: where a crash must leave a state that the next run can go on from.
 * The crash tests stop the process at the n-th of them.
 */
#ifndef ENGINE_BOUNDARY_H
#define ENGINE_BOUNDARY_H

/*
 * Passes a boundary. When the environment variable PGSLUICE_CRASH_AT is a number and this is the boundary of that
 * number (from 1, counted over the process), the process ends as by kill -9.
 */
void boundary_pass(void);

#endif
