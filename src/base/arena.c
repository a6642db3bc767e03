#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

enum { BLOCK_BYTES = 8192 };

/* Texts need no alignment, so they are laid from the end of a block downwards, without a gap between them. */
struct block {
	struct block *next;
	size_t used, end; /* what lies between is free */
	alignas(max_align_t) unsigned char data[];
};

struct arena {
	struct block *blocks; /* the first is the one being filled */
};

struct arena *arena_open(void)
{
	return memory_new(sizeof(struct arena));
}

void arena_close(struct arena *arena)
{
	if (!arena)
		return;
	for (struct block *block = arena->blocks, *next; block; block = next) {
		next = block->next;
		memory_free(block);
	}
	memory_free(arena);
}

void arena_cleanup(struct arena **arena)
{
	arena_close(*arena);
}

static struct block *block_new(size_t size)
{
	struct block *block = memory_new(sizeof(*block) + size);
	block->end = size;
	return block;
}

/* A large piece gets a block of its own behind the current one, so that the rest of the current one is not lost. */
static void *alloc_large(struct arena *arena, size_t size)
{
	struct block *block = block_new(size);
	block->used = size;
	if (arena->blocks) {
		block->next = arena->blocks->next;
		arena->blocks->next = block;
	} else {
		arena->blocks = block;
	}
	return block->data;
}

/* The block being filled, with room for so many bytes. */
static struct block *block_for(struct arena *arena, size_t size)
{
	struct block *block = arena->blocks;
	if (!block || block->end - block->used < size) {
		block = block_new(BLOCK_BYTES);
		block->next = arena->blocks;
		arena->blocks = block;
	}
	return block;
}

void *arena_alloc(struct arena *arena, size_t size_bytes)
{
	const size_t unit = alignof(max_align_t);
	size_t size = (size_bytes + unit - 1) / unit * unit;

	if (size > BLOCK_BYTES / 4)
		return alloc_large(arena, size);
	struct block *block = block_for(arena, size);
	void *piece = block->data + block->used;
	block->used += size;
	return piece;
}

/* Of zeroes, as all pieces are: a text that is shorter than it has its end. */
static char *alloc_text(struct arena *arena, size_t size)
{
	if (size > BLOCK_BYTES / 4)
		return alloc_large(arena, size);
	struct block *block = block_for(arena, size);
	block->end -= size;
	return (char *)block->data + block->end;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return text ? arena_strndup(arena, text, strlen(text)) : NULL;
}

char *arena_strndup(struct arena *arena, const char *text, size_t length)
{
	char *copy = alloc_text(arena, length + 1);
	memcpy(copy, text, length);
	return copy;
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
	va_list again;
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, args);
	char *text = alloc_text(arena, (size_t)length + 1);
	vsnprintf(text, (size_t)length + 1, format, again);
	va_end(again);
	return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *text = arena_vprintf(arena, format, args);
	va_end(args);
	return text;
}
