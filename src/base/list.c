#include "base/list.h"

#include <string.h>

void *list_grow(struct arena *arena, void *items, size_t count, size_t *room, size_t item_bytes)
{
	if (count < *room)
		return items;
	size_t wanted = *room ? *room * 2 : 4;
	void *grown = arena_alloc(arena, wanted * item_bytes);
	if (count)
		memcpy(grown, items, count * item_bytes);
	*room = wanted;
	return grown;
}

int text_list_has(const struct text_list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], text) == 0)
			return 1;
	return 0;
}

void text_list_add_once(struct arena *arena, struct text_list *list, const char *text)
{
	if (!text_list_has(list, text))
		list_push(arena, list, arena_strdup(arena, text));
}
