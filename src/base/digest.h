/* SHA-256 over pieces of data. Knows nothing of what is hashed. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stddef.h>

enum { DIGEST_BYTES = 32, DIGEST_HEX_LENGTH = 64 };

/* 64 lower-case hex digits and NUL. */
struct digest {
	char hex[DIGEST_HEX_LENGTH + 1];
};

struct digest_stream;

struct digest_stream *digest_open(void);
void digest_add(struct digest_stream *stream, const void *bytes, size_t length);

/* A field is hashed with its length before it, so that ("ab","c") and ("a","bc") differ; NULL differs from "". */
void digest_add_field(struct digest_stream *stream, const char *text);

/* Ends the stream and releases it. */
struct digest digest_close(struct digest_stream *stream);

/* All in one. */
struct digest digest_of(const void *bytes, size_t length);

#endif
