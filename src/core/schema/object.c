#include "core/schema/object.h"

#include <stdlib.h>
#include <string.h>

static int compare_identity(const struct schema_object *a, const struct schema_object *b)
{
	int order = strcmp(a->kind, b->kind);
	return order ? order : strcmp(a->name, b->name);
}

static int compare_objects(const void *left, const void *right)
{
	const struct schema_object *a = left, *b = right;
	int order = compare_identity(a, b);
	return order ? order : strcmp(a->definition, b->definition);
}

void schema_sort(struct schema *schema)
{
	if (schema->count > 1)
		qsort(schema->items, schema->count, sizeof(schema->items[0]), compare_objects);
}

static struct schema_object copy_object(struct arena *texts, const char *last_kind, const struct schema_object *object)
{
	return (struct schema_object){
		.kind = strcmp(last_kind, object->kind) == 0 ? last_kind : arena_strdup(texts, object->kind),
		.name = arena_strdup(texts, object->name),
		.definition = arena_strdup(texts, object->definition),
	};
}

void schema_keep(struct arena *arena, struct arena *texts, const struct schema *before, const struct schema *schema,
                 struct schema *ret_kept)
{
	struct schema kept = {0};
	list_reserve(arena, &kept, schema->count);
	for (size_t i = 0, j = 0; j < schema->count; j++) {
		const struct schema_object *object = &schema->items[j];
		while (i < before->count && compare_objects(&before->items[i], object) < 0)
			i++;
		bool stays = i < before->count && compare_objects(&before->items[i], object) == 0;
		const char *last_kind = j ? kept.items[j - 1].kind : "";
		*list_add(arena, &kept) = stays ? before->items[i++] : copy_object(texts, last_kind, object);
	}
	*ret_kept = kept;
}

struct digest schema_digest(const struct schema *schema)
{
	struct digest_stream *stream = digest_open();
	for (size_t i = 0; i < schema->count; i++) {
		digest_add_field(stream, schema->items[i].kind);
		digest_add_field(stream, schema->items[i].name);
		digest_add_field(stream, schema->items[i].definition);
	}
	return digest_close(stream);
}

/* The rows of one identity, and those of them that have no equal on the other side. */
struct group {
	const struct schema_object *items;
	size_t count;
	LIST(const struct schema_object *) left;
};

/* From `start` on; empty unless the first row is of that identity. */
static void take_group(struct group *group, const struct schema *schema, size_t start,
                       const struct schema_object *identity)
{
	group->items = schema->items + start;
	group->count = group->left.count = 0;
	while (start + group->count < schema->count &&
	       compare_identity(&schema->items[start + group->count], identity) == 0)
		group->count++;
}

static void strike_out_equal(struct arena *arena, struct group *before, struct group *after)
{
	size_t i = 0, j = 0;
	while (i < before->count || j < after->count) {
		int order = i == before->count  ? 1
		            : j == after->count ? -1
		                                : strcmp(before->items[i].definition, after->items[j].definition);
		if (order < 0) {
			list_push(arena, &before->left, &before->items[i++]);
		} else if (order > 0) {
			list_push(arena, &after->left, &after->items[j++]);
		} else {
			i++;
			j++;
		}
	}
}

static void add_difference(struct arena *arena, struct schema_difference_list *list,
                           const struct schema_object *before, const struct schema_object *after)
{
	struct schema_difference *difference = list_add(arena, list);
	difference->before = before;
	difference->after = after;
	difference->kind = !after ? DIFFERENCE_MISSING : !before ? DIFFERENCE_ADDED : DIFFERENCE_CHANGED;
}

void schema_compare(struct arena *arena, const struct schema *before, const struct schema *after,
                    struct schema_difference_list *ret_list)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	size_t i = 0, j = 0;
	struct group old = {0}, new = {0};
	*ret_list = (struct schema_difference_list){0};
	list_reserve(arena, ret_list, before->count + after->count);
	while (i < before->count || j < after->count) {
		const struct schema_object *first = i < before->count ? &before->items[i] : &after->items[j];
		if (j < after->count && compare_identity(&after->items[j], first) < 0)
			first = &after->items[j];

		take_group(&old, before, i, first);
		take_group(&new, after, j, first);
		strike_out_equal(scratch, &old, &new);
		for (size_t k = 0; k < old.left.count || k < new.left.count; k++)
			add_difference(arena, ret_list, k < old.left.count ? old.left.items[k] : NULL,
			               k < new.left.count ? new.left.items[k] : NULL);
		i += old.count;
		j += new.count;
	}
}

/* The first row of the sorted schema whose identity is not below that of `wanted`. */
static size_t lower_bound(const struct schema *schema, const struct schema_object *wanted)
{
	size_t low = 0, high = schema->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare_identity(&schema->items[middle], wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool has_identity(const struct schema *schema, const struct schema_object *wanted)
{
	size_t at = lower_bound(schema, wanted);
	return at < schema->count && compare_identity(&schema->items[at], wanted) == 0;
}

/* The row of the base that stands for `wanted`, by definition where there is one; NULL = none is left untouched. */
static const struct schema_object **find_row(const struct schema *base, const struct schema_object **now,
                                             const struct schema_object *wanted)
{
	const struct schema_object **found = NULL;
	for (size_t i = lower_bound(base, wanted); i < base->count; i++) {
		if (compare_identity(&base->items[i], wanted) != 0)
			break;
		if (now[i] != &base->items[i])
			continue;
		if (strcmp(now[i]->definition, wanted->definition) == 0)
			return &now[i];
		found = found ? found : &now[i];
	}
	return found;
}

void schema_promise(struct arena *arena, const struct schema *base, const struct schema *before,
                    const struct schema *after, struct schema *ret_promise)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	/* What became of each row of the base; NULL = it is gone. */
	const struct schema_object **now = arena_alloc(scratch, (base->count + 1) * sizeof(struct schema_object *));
	struct schema_difference_list differences;
	struct schema promise = {0};

	for (size_t i = 0; i < base->count; i++)
		now[i] = &base->items[i];
	schema_compare(scratch, before, after, &differences);
	list_reserve(arena, &promise, base->count + differences.count);
	for (size_t i = 0; i < differences.count; i++) {
		const struct schema_difference *difference = &differences.items[i];
		const struct schema_object **row = NULL;
		if (difference->before)
			row = find_row(base, now, difference->before);
		else if (!has_identity(before, difference->after))
			row = find_row(base, now, difference->after); /* the base has it already, of its own */
		if (row)
			*row = difference->after;
		else if (difference->after)
			list_push(arena, &promise, *difference->after);
	}
	for (size_t i = 0; i < base->count; i++)
		if (now[i])
			list_push(arena, &promise, *now[i]);
	schema_sort(&promise);
	*ret_promise = promise;
}
