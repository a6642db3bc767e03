#include "core/migration/name_index.h"

#include <stdint.h>
#include <string.h>

struct slot {
	const char *space; /* NULL: free */
	const char *name;
	size_t migration;
};

/* Open addressing; at most half of the slots are taken. */
struct name_index {
	struct arena *arena;
	struct slot *slots;
	size_t count, room;
};

enum { FIRST_ROOM = 256 };

static const struct {
	const char *kind, *space;
} SPACES[] = {
	{"table", "relation"},     {"view", "relation"},      {"materialized view", "relation"},
	{"index", "relation"},     {"sequence", "relation"},  {"foreign table", "relation"},
	{"type", "type"},          {"domain", "type"},        {"function", "function"},
	{"procedure", "function"}, {"aggregate", "function"}, {"routine", "function"},
};

static const char *space_of(const char *kind)
{
	for (size_t i = 0; i < sizeof(SPACES) / sizeof(SPACES[0]); i++)
		if (strcmp(SPACES[i].kind, kind) == 0)
			return SPACES[i].space;
	return kind;
}

static const char *without_public(const char *name)
{
	return strncmp(name, "public.", 7) == 0 ? name + 7 : name;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return hash;
}

static struct slot *find_slot(const struct name_index *index, const char *space, const char *name)
{
	uint64_t hash = hash_text(hash_text(UINT64_C(14695981039346656037), space), name);
	size_t at = (size_t)(hash ^ hash >> 32) & (index->room - 1);
	while (index->slots[at].space &&
	       (strcmp(index->slots[at].name, name) != 0 || strcmp(index->slots[at].space, space) != 0))
		at = (at + 1) & (index->room - 1);
	return &index->slots[at];
}

struct name_index *name_index_new(struct arena *arena)
{
	struct name_index *index = arena_alloc(arena, sizeof(*index));
	*index = (struct name_index){
		.arena = arena, .slots = arena_alloc(arena, FIRST_ROOM * sizeof(struct slot)), .room = FIRST_ROOM};
	return index;
}

static void grow(struct name_index *index)
{
	struct name_index larger = {.arena = index->arena, .room = index->room * 2, .count = index->count};
	larger.slots = arena_alloc(index->arena, larger.room * sizeof(struct slot));
	for (size_t i = 0; i < index->room; i++)
		if (index->slots[i].space)
			*find_slot(&larger, index->slots[i].space, index->slots[i].name) = index->slots[i];
	*index = larger;
}

void name_index_put(struct name_index *index, const char *kind, const char *name, size_t migration)
{
	const char *space = space_of(kind);
	name = without_public(name);
	if (index->count * 2 >= index->room)
		grow(index);
	struct slot *slot = find_slot(index, space, name);
	index->count += slot->space == NULL;
	*slot = (struct slot){.space = space, .name = name, .migration = migration};
}

bool name_index_find(const struct name_index *index, const char *kind, const char *name, size_t *ret_migration)
{
	const struct slot *slot = find_slot(index, space_of(kind), without_public(name));
	if (!slot->space)
		return false;
	*ret_migration = slot->migration;
	return true;
}
