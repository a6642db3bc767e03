/* From texts to numbers, found in a moment however many there are. Knows nothing of what the texts name. */
#ifndef BASE_TEXT_INDEX_H
#define BASE_TEXT_INDEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct text_index;

struct text_index *text_index_new(struct arena *arena);

/* A text that is in it already gets the new number. The text must live as long as the index. */
void text_index_put(struct text_index *index, const char *text, size_t number);

/* False when no text like this was put; ret_number may be NULL. */
bool text_index_find(const struct text_index *index, const char *text, size_t *ret_number);

#endif
