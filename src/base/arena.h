/* Memory by lifetime: what is allocated in an arena lives until the arena is closed. Knows nothing of what it holds. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/status.h"

struct arena;

/* An empty arena; the caller closes it. */
struct arena *arena_open(void);

/* Releases everything in it; NULL does nothing. */
void arena_close(struct arena *arena);

/* Zeroed, aligned for any type; never NULL. */
void *arena_alloc(struct arena *arena, size_t size_bytes);

/* Copies of text; NULL stays NULL. The second takes the first `length` bytes and ends them with NUL. */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t length);

/* Formatted text of any length. */
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
char *arena_vprintf(struct arena *arena, const char *format, va_list args) PRINTF_LIKE(2, 0);

/* For locals: `_cleanup_arena_ struct arena *scratch = arena_open();` */
void arena_cleanup(struct arena **arena);
#define _cleanup_arena_ __attribute__((cleanup(arena_cleanup)))

#endif
