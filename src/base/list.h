/* Growable arrays in an arena. `LIST(struct step) steps;` then steps.items, steps.count. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stddef.h>

#include "base/arena.h"

#define LIST(type)            \
	struct {              \
		type *items;  \
		size_t count; \
		size_t room;  \
	}

/* Appends a zeroed element and returns its address; addresses of elements move when the list grows. */
#define list_add(arena, list)                                                                          \
	((list)->items = list_grow((arena), (list)->items, (list)->count, &(list)->room,               \
	                           sizeof(*(list)->items)),                                            \
	 &(list)->items[(list)->count++])

/* Appends a value. */
#define list_push(arena, list, value) (*list_add((arena), (list)) = (value))

/* Room for so many elements of a list that has none yet: no more is taken than it will need. */
#define list_reserve(arena, list, wanted)                                                              \
	((list)->items = arena_alloc((arena), (wanted) * sizeof(*(list)->items)), (list)->room = (wanted))

/* Room for one more element; used by the macros. */
void *list_grow(struct arena *arena, void *items, size_t count, size_t *room, size_t item_bytes);

/* A list of texts is the one that many modules pass around. */
struct text_list {
	const char **items;
	size_t count;
	size_t room;
};

/* 1 when a text equal to `text` is in the list. */
int text_list_has(const struct text_list *list, const char *text);

/* Appends a copy unless an equal one is there. */
void text_list_add_once(struct arena *arena, struct text_list *list, const char *text);

#endif
