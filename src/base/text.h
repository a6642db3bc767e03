/* Text from outside made safe and measurable. Knows no terminal and no event. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/strbuf.h"

/*
 * Appends `text` so that it can do no harm to a terminal, a log or a reader: control characters become their
 * visible pictures (U+2400...), bidirectional, zero-width and other invisible format characters become <U+202E>,
 * broken UTF-8 becomes U+FFFD. With keep_lines, LF and TAB stay as they are.
 */
void text_safe(struct strbuf *out, const char *text, size_t length, bool keep_lines);

/* The same for NUL-ended text into an arena; NULL stays NULL. */
const char *safe_text(struct arena *arena, const char *text);

/* Whether a character is not seen or makes others be seen otherwise: DEL, C1, bidirectional; C0 is not asked about. */
bool text_is_hidden(uint32_t code);

/*
 * Decodes the character at `text`; returns its length in bytes (1 to 4) and the code point, or 0 when the bytes
 * are no valid UTF-8 (overlong forms, surrogates and values over U+10FFFF are not).
 */
size_t text_decode(const char *text, size_t length, uint32_t *ret_code);

/* Offset of the first byte that is not valid UTF-8, or `length`. */
size_t text_valid_prefix(const char *text, size_t length);

/*
 * Appends text in lines of at most `width` columns, broken at blanks: the first line starts at `column`, the others
 * with `indent` blanks, as do those after a LF of the text. A word that is too long for a line is left whole. Width 0
 * breaks at LF only. Characters count as one column each.
 */
void text_wrap(struct strbuf *out, const char *text, size_t column, size_t indent, size_t width);

/* Sizes and times for people: "447 MiB", "1.2 s", "3 min 20 s", "26 h". */
const char *text_bytes(struct arena *arena, int64_t size_bytes);
const char *text_duration(struct arena *arena, int64_t duration_ms);

/* The same to three digits, for what is short: "85 us", "1.23 ms", "850 ms", "2.10 s". */
const char *text_latency(struct arena *arena, int64_t latency_us);

/*
 * Reads "250ms", "2s", "10min", "4h", "1d", or a bare number of milliseconds; false when it is none of these.
 * Units are PostgreSQL's for time settings.
 */
bool text_read_duration(const char *text, int64_t *ret_ms);

/* The nearest of the candidates by edit distance (at most a third of the word wrong), or NULL. */
const char *text_nearest(const char *word, const char *const *candidates, size_t count);

#endif
