#include "base/memory.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGE_BYTES = 256 * 1024 };

static void *or_die(void *block, size_t size_bytes)
{
	if (!block && size_bytes) {
		fprintf(stderr, "pgsluice: out of memory (%zu bytes asked)\n", size_bytes);
		abort();
	}
	return block;
}

void memory_setup(void)
{
#ifdef M_MMAP_THRESHOLD
	mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
	mallopt(M_TRIM_THRESHOLD, 4 * LARGE_BYTES);
#endif
}

void memory_give_back(void)
{
#ifdef M_TRIM_THRESHOLD
	malloc_trim(0);
#endif
}

void *memory_new(size_t size_bytes)
{
	return or_die(calloc(1, size_bytes ? size_bytes : 1), size_bytes);
}

void *memory_resize(void *block, size_t size_bytes)
{
	return or_die(realloc(block, size_bytes ? size_bytes : 1), size_bytes);
}

char *memory_strdup(const char *text)
{
	if (!text)
		return NULL;
	size_t size = strlen(text) + 1;
	return memcpy(memory_new(size), text, size);
}

void memory_free(void *block)
{
	free(block);
}
