#include "core/event/fields.h"

#include <string.h>

#include "base/text.h"

/* "migrations[2]" */
static void put_place(struct strbuf *out, const struct fields_place *place)
{
	if (place->outer->outer) {
		put_place(out, place->outer);
		strbuf_putc(out, '.');
	}
	strbuf_puts(out, place->field->name);
	if (place->field->kind == FIELD_ARRAY)
		strbuf_printf(out, "[%zu]", place->index);
}

/* The field of that name in it; NULL = the object itself. */
static enum status refuse(const struct fields_place *place, const char *field, const char *what)
{
	_cleanup_strbuf_ struct strbuf path = {0};
	if (place->outer)
		put_place(&path, place);
	if (place->outer && field)
		strbuf_putc(&path, '.');
	if (field)
		strbuf_puts(&path, safe_text(place->arena, field));
	error_set(place->err, FAIL_REFUSED, "%s \"%s\": field \"%s\" %s", place->noun, place->type, strbuf_text(&path),
	          what);
	return error_hint(place->err, "The line was altered, or another version of pgsluice wrote it.");
}

enum status fields_wrong(const struct fields_place *place, const char *field, const char *what)
{
	return refuse(place, field, what);
}

static const struct field_row *find_field(const struct field_row *fields, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

static bool is_kind(const struct json *value, enum field_kind kind)
{
	static const enum json_kind KINDS[] = {
		[FIELD_TEXT] = JSON_KIND_TEXT,   [FIELD_INT] = JSON_KIND_INT,       [FIELD_BOOL] = JSON_KIND_BOOL,
		[FIELD_ARRAY] = JSON_KIND_ARRAY, [FIELD_OBJECT] = JSON_KIND_OBJECT,
	};
	return json_kind(value) == KINDS[kind];
}

static const char *must_be(enum field_kind kind)
{
	static const char *const TEXTS[] = {
		[FIELD_TEXT] = "must be a text",       [FIELD_INT] = "must be an integer",
		[FIELD_BOOL] = "must be true or false", [FIELD_ARRAY] = "must be an array",
		[FIELD_OBJECT] = "must be an object",
	};
	return TEXTS[kind];
}

static bool is_word(const char *const *words, const char *text)
{
	for (; *words; words++)
		if (strcmp(*words, text) == 0)
			return true;
	return false;
}

static const char *one_of(struct arena *arena, const char *const *words)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	strbuf_puts(&text, "must be one of ");
	for (size_t i = 0; words[i]; i++)
		strbuf_printf(&text, "%s%s", i ? ", " : "", words[i]);
	return arena_strdup(arena, strbuf_text(&text));
}

struct closed_check {
	const struct field_row *fields, *head;
	size_t count, head_count;
	const char *unknown;
};

static bool is_known(const char *key, const struct json *value, void *context)
{
	struct closed_check *check = context;
	(void)value;
	if (!find_field(check->fields, check->count, key) && !find_field(check->head, check->head_count, key))
		check->unknown = key;
	return check->unknown == NULL;
}

const char *fields_unknown(const struct json *object, const struct field_row *fields, size_t count,
                           const struct field_row *head, size_t head_count)
{
	struct closed_check check = {.fields = fields, .count = count, .head = head, .head_count = head_count};
	json_each(object, is_known, &check);
	return check.unknown;
}

/* An object that the table describes. */
static enum status check_object(const struct fields_place *outer, const struct field_row *field, size_t index,
                                const struct json *object, bool nulls)
{
	struct fields_place inside = *outer;

	inside.outer = outer;
	inside.field = field;
	inside.index = index;
	if (!is_kind(object, FIELD_OBJECT))
		return refuse(&inside, NULL, must_be(FIELD_OBJECT));
	const char *unknown = fields_unknown(object, field->members, field->member_count, NULL, 0);
	if (unknown)
		return fields_wrong(&inside, unknown, "is unknown");
	return fields_check(&inside, field->members, field->member_count, object, nulls);
}

static enum status check_members(const struct fields_place *place, const struct field_row *field,
                                 const struct json *value, bool nulls)
{
	enum status status = OK;
	if (field->kind == FIELD_OBJECT)
		return check_object(place, field, 0, value, nulls);
	for (size_t i = 0; i < json_count(value) && !status; i++)
		status = check_object(place, field, i, json_at(value, i), nulls);
	return status;
}

enum status fields_check(const struct fields_place *place, const struct field_row *fields, size_t count,
                                const struct json *object, bool nulls)
{
	for (size_t i = 0; i < count; i++) {
		const struct field_row *field = &fields[i];
		const struct json *value = json_get(object, field->name);
		bool missing = !value || (nulls && json_kind(value) == JSON_KIND_NULL);
		if (missing && field->required)
			return fields_wrong(place, field->name, "is missing");
		if (missing)
			continue;
		if (!is_kind(value, field->kind))
			return fields_wrong(place, field->name, must_be(field->kind));
		if (field->words && !is_word(field->words, json_text(value)))
			return fields_wrong(place, field->name, one_of(place->arena, field->words));
		if (field->members) {
			enum status status = check_members(place, field, value, nulls);
			if (status)
				return status;
		}
	}
	return OK;
}
