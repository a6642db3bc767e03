/* Time: a monotonic clock for durations and the wall clock for stamps. The only place that reads a clock. */
#ifndef SYS_CLOCK_H
#define SYS_CLOCK_H

#include <stdint.h>

/* Milliseconds and microseconds since an arbitrary start; never goes back. */
int64_t clock_ms(void);
int64_t clock_us(void);

/* Seconds and milliseconds since 1970, UTC. */
int64_t clock_wall_ms(void);

/* "2026-01-01T00:00:00.000Z" for a wall clock value. */
struct timestamp {
	char text[32];
};
struct timestamp clock_stamp(int64_t wall_ms);

/* A random (version 4) UUID in its text form; ends the process when the system has no randomness. */
struct uuid {
	char text[37];
};
struct uuid uuid_new(void);

#endif
