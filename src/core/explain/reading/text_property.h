/*
 * Property lines of the text form, which packs several of JSON's into one: "Sort Method: quicksort  Memory: 25kB".
 * Knows no tree.
 */
#ifndef CORE_EXPLAIN_TEXT_PROPERTY_H
#define CORE_EXPLAIN_TEXT_PROPERTY_H

#include "core/explain/reading/build.h"

/* Whose property it is: a node's or a worker's, or blocks beside the tree. */
struct text_owner {
	struct plan_builder *builder;
	struct plan_place place;
	struct plan_buffers *blocks; /* NULL for a node */
};

/* False when only blocks are taken and these are none. */
bool text_property_read(const struct text_owner *owner, const char *key, const char *value);

#endif
