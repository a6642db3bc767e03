#include "core/schema/object.h"

struct json *schema_json(const struct schema *schema)
{
	struct json *rows = json_new_array();
	for (size_t i = 0; i < schema->count; i++) {
		struct json *row = json_new_array();
		json_push_text(row, schema->items[i].kind);
		json_push_text(row, schema->items[i].name);
		json_push_text(row, schema->items[i].definition);
		json_push(rows, row);
	}
	return rows;
}

static bool read_row(struct arena *arena, const struct json *row, struct schema_object *ret_object)
{
	if (json_kind(row) != JSON_KIND_ARRAY || json_count(row) != 3)
		return false;
	for (size_t i = 0; i < 3; i++)
		if (!json_text(json_at(row, i)))
			return false;
	ret_object->kind = arena_strdup(arena, json_text(json_at(row, 0)));
	ret_object->name = arena_strdup(arena, json_text(json_at(row, 1)));
	ret_object->definition = arena_strdup(arena, json_text(json_at(row, 2)));
	return true;
}

enum status schema_read(struct arena *arena, const struct json *value, struct schema *ret_schema, struct error *err)
{
	struct schema schema = {0};
	if (!value || json_kind(value) != JSON_KIND_ARRAY)
		return error_set(err, FAIL_REFUSED, "a recorded schema must be an array of objects");
	for (size_t i = 0; i < json_count(value); i++)
		if (!read_row(arena, json_at(value, i), list_add(arena, &schema)))
			return error_set(err, FAIL_REFUSED,
			                 "object %zu of a recorded schema must be kind, name and definition", i + 1);
	schema_sort(&schema);
	*ret_schema = schema;
	return OK;
}
