#include "core/migration/name_index.h"

#include <string.h>

#include "base/list.h"
#include "base/text_index.h"

struct name_space {
	const char *name;
	struct text_index *names;
};

struct name_index {
	struct arena *arena;
	LIST(struct name_space) spaces; /* a handful */
};

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

static struct text_index *find_space(const struct name_index *index, const char *space)
{
	for (size_t i = 0; i < index->spaces.count; i++)
		if (strcmp(index->spaces.items[i].name, space) == 0)
			return index->spaces.items[i].names;
	return NULL;
}

struct name_index *name_index_new(struct arena *arena)
{
	struct name_index *index = arena_alloc(arena, sizeof(*index));
	*index = (struct name_index){.arena = arena};
	return index;
}

void name_index_put(struct name_index *index, const char *kind, const char *name, size_t migration)
{
	const char *space = space_of(kind);
	struct text_index *names = find_space(index, space);

	if (!names) {
		names = text_index_new(index->arena);
		list_push(index->arena, &index->spaces, ((struct name_space){space, names}));
	}
	text_index_put(names, without_public(name), migration);
}

bool name_index_find(const struct name_index *index, const char *kind, const char *name, size_t *ret_migration)
{
	const struct text_index *names = find_space(index, space_of(kind));
	return names && text_index_find(names, without_public(name), ret_migration);
}
