#include "base/text_index.h"

#include <stdint.h>
#include <string.h>

struct slot {
	const char *text; /* NULL: free */
	size_t number;
};

/* Open addressing; at most half of the slots are taken. */
struct text_index {
	struct arena *arena;
	struct slot *slots;
	size_t count, room;
};

enum { FIRST_ROOM = 64 };

static uint64_t hash_text(const char *text)
{
	uint64_t hash = UINT64_C(14695981039346656037);
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return hash;
}

static struct slot *find_slot(const struct text_index *index, const char *text)
{
	uint64_t hash = hash_text(text);
	size_t at = (size_t)(hash ^ hash >> 32) & (index->room - 1);
	while (index->slots[at].text && strcmp(index->slots[at].text, text) != 0)
		at = (at + 1) & (index->room - 1);
	return &index->slots[at];
}

struct text_index *text_index_new(struct arena *arena)
{
	struct text_index *index = arena_alloc(arena, sizeof(*index));
	*index = (struct text_index){
		.arena = arena, .slots = arena_alloc(arena, FIRST_ROOM * sizeof(struct slot)), .room = FIRST_ROOM};
	return index;
}

static void grow(struct text_index *index)
{
	struct text_index larger = {.arena = index->arena, .room = index->room * 2, .count = index->count};
	larger.slots = arena_alloc(index->arena, larger.room * sizeof(struct slot));
	for (size_t i = 0; i < index->room; i++)
		if (index->slots[i].text)
			*find_slot(&larger, index->slots[i].text) = index->slots[i];
	*index = larger;
}

void text_index_put(struct text_index *index, const char *text, size_t number)
{
	if (index->count * 2 >= index->room)
		grow(index);
	struct slot *slot = find_slot(index, text);
	index->count += slot->text == NULL;
	*slot = (struct slot){.text = text, .number = number};
}

bool text_index_find(const struct text_index *index, const char *text, size_t *ret_number)
{
	const struct slot *slot = find_slot(index, text);
	if (!slot->text)
		return false;
	if (ret_number)
		*ret_number = slot->number;
	return true;
}
