/* Allocation that cannot fail: every call returns memory or ends the process with a message. Knows no lifetimes. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

/*
 * For the start of a program: large blocks go back to the system as soon as they are freed. The C library of Debian
 * learns otherwise from the first one that is freed, and keeps tens of MiB.
 */
void memory_setup(void);

/* What was freed in between goes back to the system too: for after a piece of work that took much. */
void memory_give_back(void);

/* Zeroed memory; the caller frees it with memory_free. */
void *memory_new(size_t size_bytes);

/* Grows or shrinks a block; the caller owns the result, the old pointer is void. */
void *memory_resize(void *block, size_t size_bytes);

/* A copy of text; NULL stays NULL. */
char *memory_strdup(const char *text);

void memory_free(void *block);

#endif
