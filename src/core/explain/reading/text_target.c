#include "core/explain/reading/text_target.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* A name, perhaps quoted; moves on behind it. NULL at the end. */
static const char *read_name(struct arena *arena, const char **at, const char *end)
{
	const char *from = *at;
	if (from >= end)
		return NULL;
	if (*from != '"') {
		while (*at < end && **at != ' ' && **at != '.')
			(*at)++;
		return arena_strndup(arena, from, (size_t)(*at - from));
	}
	char *name = arena_alloc(arena, (size_t)(end - from) + 1), *out = name;
	for (from++; from < end; from++) {
		if (*from == '"' && (from + 1 == end || from[1] != '"'))
			break;
		from += *from == '"';
		*out++ = *from;
	}
	*at = from < end ? from + 1 : end;
	return name;
}

static const char *target_key(const char *type)
{
	static const char *const keys[][2] = {
		{"CTE Scan", "CTE Name"},
		{"WorkTable Scan", "CTE Name"},
		{"Function Scan", "Function Name"},
		{"Table Function Scan", "Table Function Name"},
		{"Named Tuplestore Scan", "Tuplestore Name"},
		{"Values Scan", NULL},
		{"Subquery Scan", NULL},
	};
	for (size_t i = 0; i < COUNT(keys); i++)
		if (strcmp(keys[i][0], type) == 0)
			return keys[i][1];
	return "Relation Name";
}

/* "public.orders o" */
static void read_target(struct plan_builder *builder, struct plan_place place, const char *type, const char *at,
                        const char *end)
{
	const char *key = target_key(type);
	const char *schema = NULL, *object = read_name(builder->arena, &at, end);
	if (!object)
		return;
	if (at < end && *at == '.') {
		at++;
		schema = object;
		object = read_name(builder->arena, &at, end);
	}
	at += at < end && *at == ' ';
	const char *alias = read_name(builder->arena, &at, end);
	if (object && key)
		plan_builder_text(builder, place, key, object);
	if (schema)
		plan_builder_text(builder, place, "Schema", schema);
	if (alias || object)
		plan_builder_text(builder, place, "Alias", alias ? alias : object);
}

void text_target_read(struct plan_builder *builder, struct plan_place place, const char *type, const char *at,
                       const char *end)
{
	static const char using[] = " using ", on[] = " on ";
	bool names_index = strncmp(at, using, sizeof(using) - 1) == 0;
	if (names_index) {
		at += sizeof(using) - 1;
		const char *index = read_name(builder->arena, &at, end);
		if (index)
			plan_builder_text(builder, place, "Index Name", index);
	}
	if (at >= end || strncmp(at, on, sizeof(on) - 1) != 0)
		return;
	at += sizeof(on) - 1;
	if (strcmp(type, "Bitmap Index Scan") == 0) {
		const char *index = read_name(builder->arena, &at, end);
		if (index)
			plan_builder_text(builder, place, "Index Name", index);
		return;
	}
	read_target(builder, place, type, at, end);
}
