#include "pg/relation.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const char *const treatment_names[] = {
	[FINGERPRINT_COMPARED] = "compared",
	[FINGERPRINT_REPORTED] = "reported",
	[FINGERPRINT_NOT_READ] = "not read",
	[FINGERPRINT_UNPROVEN] = "not proven",
};

struct relation *relation_find(const struct relation_list *relations, const char *name)
{
	for (size_t i = 0; i < relations->count; i++)
		if (strcmp(relations->items[i].name, name) == 0)
			return &relations->items[i];
	return NULL;
}

/* ---- what lives through a change ---- */

static int by_oid(const void *a, const void *b)
{
	const struct relation *left = a, *right = b;
	return (left->oid > right->oid) - (left->oid < right->oid);
}

static int by_size(const void *a, const void *b)
{
	const struct relation *left = a, *right = b;
	int order = (left->size_bytes < right->size_bytes) - (left->size_bytes > right->size_bytes);
	return order ? order : by_oid(a, b);
}

static void sort(struct relation_list *list, int (*order)(const void *, const void *))
{
	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), order);
}

static struct relation *find_oid(const struct relation_list *relations, const struct relation *wanted)
{
	if (!relations->count)
		return NULL;
	return bsearch(wanted, relations->items, relations->count, sizeof(*wanted), by_oid);
}

static struct relation copy_relation(struct arena *arena, const struct relation *relation)
{
	struct relation copy = *relation;
	copy.name = arena_strdup(arena, relation->name);
	copy.later = arena_strdup(arena, relation->later);
	copy.where = arena_strdup(arena, relation->where);
	copy.hash = arena_strdup(arena, relation->hash);
	list_reserve(arena, &copy.columns, relation->columns.count);
	for (size_t i = 0; i < relation->columns.count; i++) {
		struct fingerprint_column *column = &copy.columns.items[i];
		*column = relation->columns.items[i];
		column->name = arena_strdup(arena, column->name);
		column->type = arena_strdup(arena, column->type);
		column->cast = arena_strdup(arena, column->cast);
	}
	return copy;
}

void relations_keep(struct arena *arena, const struct relation_list *relations, const struct relation_list *known,
                    struct relation_list *ret_kept)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct relation_list sorted = {0}, kept = {0};

	list_reserve(scratch, &sorted, known->count);
	for (size_t i = 0; i < known->count; i++)
		list_push(scratch, &sorted, known->items[i]);
	sort(&sorted, by_oid);
	for (size_t i = 0; i < relations->count; i++)
		if (find_oid(&sorted, &relations->items[i]))
			list_push(arena, &kept, copy_relation(arena, &relations->items[i]));
	*ret_kept = kept;
}

static struct fingerprint_column *find_column(const struct relation *relation, int number)
{
	for (size_t i = 0; i < relation->columns.count; i++)
		if (relation->columns.items[i].number == number)
			return &relation->columns.items[i];
	return NULL;
}

/* Renamed columns change the order by name, so both sides are read in the order of the old names. */
static void keep_common(struct arena *arena, struct relation *before, struct relation *after)
{
	struct fingerprint_column *twins = arena_alloc(arena, (before->columns.count + 1) * sizeof(*twins));
	size_t kept = 0;
	for (size_t i = 0; i < before->columns.count; i++) {
		struct fingerprint_column column = before->columns.items[i];
		const struct fingerprint_column *twin = find_column(after, column.number);
		if (!twin)
			continue;
		if (strcmp(column.type, twin->type) != 0) {
			column.cast = twin->type;
			column.cast_oid = twin->type_oid;
			column.cast_collatable = twin->collatable;
		}
		before->columns.items[kept] = column;
		twins[kept++] = *twin;
	}
	after->columns.items = twins;
	before->columns.count = after->columns.count = after->columns.room = kept;
}

static void drop_lonely(struct arena *arena, struct relation_list *list, const struct relation_list *other,
                        struct text_list *ret_lonely)
{
	size_t kept = 0;
	for (size_t i = 0; i < list->count; i++) {
		if (find_oid(other, &list->items[i]))
			list->items[kept++] = list->items[i];
		else
			list_push(arena, ret_lonely, list->items[i].name);
	}
	list->count = kept;
}

void relations_living_through(struct arena *arena, struct relation_list *before, struct relation_list *after,
                              struct text_list *ret_gone, struct text_list *ret_new)
{
	sort(before, by_oid);
	sort(after, by_oid);
	drop_lonely(arena, before, after, ret_gone);
	drop_lonely(arena, after, before, ret_new);
	for (size_t i = 0; i < before->count; i++) {
		struct relation *old = &before->items[i], *now = find_oid(after, old);
		old->later = now->name;
		keep_common(arena, old, now);
	}
	sort(before, by_size);
	sort(after, by_size);
}

/* ---- what was read before ---- */

static bool reads_the_same(const struct relation *a, const struct relation *b)
{
	bool same = a->treatment == b->treatment && a->columns.count == b->columns.count &&
	            strcmp(a->where ? a->where : "", b->where ? b->where : "") == 0;
	for (size_t i = 0; same && i < a->columns.count; i++) {
		const struct fingerprint_column *left = &a->columns.items[i], *right = &b->columns.items[i];
		same = left->number == right->number && strcmp(left->type, right->type) == 0 && !left->cast && !right->cast;
	}
	return same;
}

void relations_take_known(struct relation_list *relations, const struct relation_list *known)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct relation_list sorted = {0};
	for (size_t i = 0; i < known->count; i++)
		list_push(scratch, &sorted, known->items[i]);
	sort(&sorted, by_oid);
	for (size_t i = 0; i < relations->count; i++) {
		struct relation *relation = &relations->items[i];
		const struct relation *twin = find_oid(&sorted, relation);
		if (!twin || !reads_the_same(relation, twin))
			continue;
		relation->rows = twin->rows;
		relation->hash = twin->hash;
	}
}

/* ---- comparison ---- */

static const char *name_of(const struct relation *relation)
{
	return relation->later ? relation->later : relation->name;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(name_of(*(struct relation *const *)a), name_of(*(struct relation *const *)b));
}

static struct relation **sorted_by_name(struct arena *arena, const struct relation_list *list)
{
	struct relation **sorted = arena_alloc(arena, (list->count + 1) * sizeof(*sorted));
	for (size_t i = 0; i < list->count; i++)
		sorted[i] = &list->items[i];
	qsort(sorted, list->count, sizeof(*sorted), by_name);
	return sorted;
}

static const char *difference(struct arena *arena, const struct relation *before, const struct relation *after)
{
	if (before->treatment != FINGERPRINT_COMPARED)
		return NULL;
	if (!before->hash || !after->hash)
		return arena_printf(arena, "%s: was not read", before->name);
	if (before->rows != after->rows)
		return arena_printf(arena, "%s: %" PRId64 " rows became %" PRId64, before->name, before->rows, after->rows);
	if (strcmp(before->hash, after->hash) != 0)
		return arena_printf(arena, "%s: the content of its %" PRId64 " rows differs", before->name, before->rows);
	return NULL;
}

void relations_compare(struct arena *arena, const struct relation_list *before, const struct relation_list *after,
                       struct text_list *ret_differences)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct relation **old = sorted_by_name(scratch, before), **new = sorted_by_name(scratch, after);
	for (size_t i = 0, j = 0; i < before->count || j < after->count;) {
		int order = i == before->count ? 1 : j == after->count ? -1 : strcmp(name_of(old[i]), name_of(new[j]));
		const char *text = NULL;
		if (order < 0)
			text = arena_printf(arena, "%s: is missing", old[i]->name);
		else if (order > 0)
			text = arena_printf(arena, "%s: was not there", new[j]->name);
		else
			text = difference(arena, old[i], new[j]);
		if (text)
			list_push(arena, ret_differences, text);
		i += order <= 0;
		j += order >= 0;
	}
}

struct json *relations_json(const struct relation_list *relations)
{
	struct json *array = json_new_array();
	for (size_t i = 0; i < relations->count; i++) {
		const struct relation *relation = &relations->items[i];
		struct json *row = json_new_object();
		json_set_text(row, "table", relation->name);
		json_set_text(row, "treatment", treatment_names[relation->treatment]);
		if (relation->why)
			json_set_text(row, "why", relation->why);
		if (relation->hash) {
			json_set_int(row, "rows", relation->rows);
			json_set_text(row, "hash", relation->hash);
		}
		json_set_int(row, "size_bytes", relation->size_bytes);
		json_push(array, row);
	}
	return array;
}
