#include "base/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

/* libcrypto only refuses SHA-256 when it is broken or out of memory; both end the process, never a wrong hash. */
static void require(int ok)
{
	if (!ok) {
		fputs("pgsluice: SHA-256 is not available from libcrypto\n", stderr);
		abort();
	}
}

static EVP_MD_CTX *context(struct digest_stream *stream)
{
	return (EVP_MD_CTX *)stream;
}

struct digest_stream *digest_open(void)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	require(ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1);
	return (struct digest_stream *)ctx;
}

void digest_add(struct digest_stream *stream, const void *bytes, size_t length)
{
	require(EVP_DigestUpdate(context(stream), bytes, length) == 1);
}

void digest_add_field(struct digest_stream *stream, const char *text)
{
	char head[32];
	int length = text ? snprintf(head, sizeof(head), "%zu:", strlen(text)) : snprintf(head, sizeof(head), "-:");
	digest_add(stream, head, (size_t)length);
	if (text)
		digest_add(stream, text, strlen(text));
}

struct digest digest_close(struct digest_stream *stream)
{
	static const char HEX[] = "0123456789abcdef";
	unsigned char raw[DIGEST_BYTES];
	struct digest digest = {{0}};

	require(EVP_DigestFinal_ex(context(stream), raw, NULL) == 1);
	EVP_MD_CTX_free(context(stream));
	for (size_t i = 0; i < DIGEST_BYTES; i++) {
		digest.hex[2 * i] = HEX[raw[i] >> 4];
		digest.hex[2 * i + 1] = HEX[raw[i] & 15];
	}
	return digest;
}

struct digest digest_of(const void *bytes, size_t length)
{
	struct digest_stream *stream = digest_open();
	digest_add(stream, bytes, length);
	return digest_close(stream);
}
