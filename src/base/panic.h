/* The end of the process where going on would be worse: a broken invariant, a machine without randomness or clock. */
#ifndef BASE_PANIC_H
#define BASE_PANIC_H

/* Prints "pgsluice: WHAT: the system's error text" and aborts. */
__attribute__((noreturn)) void panic(const char *what);

#endif
