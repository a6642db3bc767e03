/* The machine that the program runs on. */
#ifndef SYS_MACHINE_H
#define SYS_MACHINE_H

#include <stdint.h>

/* Cores that are on line; 0 = the system does not say. */
int64_t machine_cores(void);

#endif
