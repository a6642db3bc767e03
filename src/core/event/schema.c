#include "core/event/event.h"

#include "base/arena.h"
#include "core/event/table.h"

static struct json *object_schema(const struct field_row *fields, size_t count);

static struct json *typed(const char *type)
{
	struct json *schema = json_new_object();
	json_set_text(schema, "type", type);
	return schema;
}

static void add_words(struct json *schema, const char *const *words)
{
	struct json *list = json_new_array();
	for (; *words; words++)
		json_push_text(list, *words);
	json_set(schema, "enum", list);
}

static struct json *field_schema(const struct field_row *field)
{
	static const char *const TYPES[] = {
		[FIELD_TEXT] = "string", [FIELD_INT] = "integer",   [FIELD_BOOL] = "boolean",
		[FIELD_ARRAY] = "array", [FIELD_OBJECT] = "object",
	};
	if (field->kind == FIELD_OBJECT && field->members)
		return object_schema(field->members, field->member_count);
	struct json *schema = typed(TYPES[field->kind]);
	if (field->words)
		add_words(schema, field->words);
	if (field->kind == FIELD_ARRAY && field->members)
		json_set(schema, "items", object_schema(field->members, field->member_count));
	return schema;
}

static void add_fields(struct json *properties, struct json *required, const struct field_row *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		json_set(properties, fields[i].name, field_schema(&fields[i]));
		if (fields[i].required)
			json_push_text(required, fields[i].name);
	}
}

static struct json *close_object(struct json *properties, struct json *required)
{
	struct json *schema = typed("object");
	json_set_bool(schema, "additionalProperties", false);
	json_set(schema, "properties", properties);
	json_set(schema, "required", required);
	return schema;
}

static struct json *object_schema(const struct field_row *fields, size_t count)
{
	struct json *properties = json_new_object(), *required = json_new_array();
	add_fields(properties, required, fields, count);
	return close_object(properties, required);
}

static struct json *line_schema(const struct event_row *row)
{
	struct json *properties = json_new_object(), *required = json_new_array();
	add_fields(properties, required, EVENT_HEAD, HEAD_COUNT);

	struct json *version = typed("integer"), *sequence = typed("integer"), *time = typed("string");
	struct json *type = typed("string");
	json_set_int(version, "const", EVENT_VERSION);
	json_set_int(sequence, "minimum", row->beside ? 0 : 1);
	json_set_text(time, "pattern", "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$");
	json_set_text(type, "const", row->name);
	json_set(properties, "v", version);
	json_set(properties, "seq", sequence);
	json_set(properties, "ts", time);
	json_set(properties, "type", type);

	add_fields(properties, required, row->fields, row->field_count);
	return close_object(properties, required);
}

struct json *event_schema(void)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct json *schema = json_new_object(), *choices = json_new_array(), *lines = json_new_object();

	for (enum event_type type = 0; type < EVENT_TYPE_COUNT; type++) {
		const struct event_row *row = event_get(type);
		struct json *reference = json_new_object();
		json_set_text(reference, "$ref", arena_printf(scratch, "#/$defs/%s", row->name));
		json_push(choices, reference);
		json_set(lines, row->name, line_schema(row));
	}
	json_set_text(schema, "$schema", "https://json-schema.org/draft/2020-12/schema");
	json_set_text(schema, "title", "pgsluice event line");
	json_set(schema, "oneOf", choices);
	json_set(schema, "$defs", lines);
	return schema;
}
