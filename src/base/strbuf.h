/* A growable text buffer on the heap, always ended by NUL. Knows no encoding. */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

#include <stdarg.h>
#include <stddef.h>

#include "base/status.h"

struct strbuf {
	char *data;  /* NULL while empty and untouched: use strbuf_text */
	size_t length;
	size_t room;
};

/* For locals: `_cleanup_strbuf_ struct strbuf text = {0};` */
#define _cleanup_strbuf_ __attribute__((cleanup(strbuf_clear)))

/* Releases the memory; the buffer is empty and usable again. */
void strbuf_clear(struct strbuf *buffer);

/* Empties it and keeps the memory. */
void strbuf_reset(struct strbuf *buffer);

/* Room for exactly that many more bytes: for text whose length is known, and large. */
void strbuf_reserve(struct strbuf *buffer, size_t more);

void strbuf_add(struct strbuf *buffer, const void *bytes, size_t length);
void strbuf_puts(struct strbuf *buffer, const char *text);
void strbuf_putc(struct strbuf *buffer, char byte);
void strbuf_printf(struct strbuf *buffer, const char *format, ...) PRINTF_LIKE(2, 3);
void strbuf_vprintf(struct strbuf *buffer, const char *format, va_list args) PRINTF_LIKE(2, 0);

/* The text, never NULL; owned by the buffer and valid until its next change. */
const char *strbuf_text(const struct strbuf *buffer);

#endif
