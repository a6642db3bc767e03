/*
 * A database's schema as a sorted list of objects, its digest, and the difference of two lists. Pure: the rows come
 * from the catalog queries of pg/catalog.
 */
#ifndef CORE_SCHEMA_OBJECT_H
#define CORE_SCHEMA_OBJECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "base/list.h"

struct schema_object {
	const char *kind;       /* "table", "column", "index", ... */
	const char *name;       /* identity within its kind */
	const char *definition; /* with owner and grants */
};

struct schema {
	struct schema_object *items; /* sorted by kind, name, definition, bytewise */
	size_t count;
	size_t room;
};

enum difference_kind { DIFFERENCE_MISSING, DIFFERENCE_ADDED, DIFFERENCE_CHANGED };

struct schema_difference {
	enum difference_kind kind;
	const struct schema_object *before, *after; /* NULL where there is none */
};

struct schema_difference_list {
	struct schema_difference *items;
	size_t count;
	size_t room;
};

/* Sorts and takes the hash over all rows. */
void schema_sort(struct schema *schema);
struct digest schema_digest(const struct schema *schema);

/* Objects that differ, in the order of the lists; both must be sorted. */
void schema_compare(struct arena *arena, const struct schema *before, const struct schema *after,
                    struct schema_difference_list *ret_list);

/*
 * The same rows in a list of its own, in `arena`, whose texts are those of `before` where that has the row too, and
 * copies in `texts` else: of a schema that is looked at many times, what stays stands in memory once. Both must be
 * sorted.
 */
void schema_keep(struct arena *arena, struct arena *texts, const struct schema *before, const struct schema *schema,
                 struct schema *ret_kept);

/*
 * Whether the object is a part of that relation (qualified and quoted, as it is named here): its column, index,
 * constraint, trigger, policy, rule, owned sequence or statistics, or a comment on it or one of those on it by name.
 */
bool schema_belongs(const struct schema_object *object, const char *relation);

/* "index public.documents_idx: missing", with the old and the new definition shortened around their difference. */
const char *schema_difference_text(struct arena *arena, const struct schema_difference *difference);

/*
 * What `base` would become if the change from `before` to `after` were made to it: gate 8's promise when live had
 * changed beside the plan's objects. All must be sorted; the result is, and shares their texts.
 */
void schema_promise(struct arena *arena, const struct schema *base, const struct schema *before,
                    const struct schema *after, struct schema *ret_promise);

/* For evidence: an array of [kind, name, definition]; and back (FAIL_REFUSED when it is of another form). */
struct json *schema_json(const struct schema *schema);
enum status schema_read(struct arena *arena, const struct json *value, struct schema *ret_schema,
                        struct error *err) MUST_CHECK;

#endif
