#include "core/event/event.h"

#include <assert.h>
#include <string.h>

#include "base/stamp.h"
#include "base/text.h"
#include "core/event/table.h"

/* Where in the line a check stands: "" for the line itself, "migrations[2]." inside. */
struct place {
	struct arena *arena;
	const char *type;
	const char *prefix;
	struct error *err;
};

static enum status wrong(const struct place *place, const char *field, const char *what)
{
	error_set(place->err, FAIL_REFUSED, "event \"%s\": field \"%s%s\" %s", place->type, place->prefix,
	          safe_text(place->arena, field), what);
	return error_hint(place->err, "The line was altered, or another version of pgsluice wrote it.");
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
	const struct field_row *fields;
	size_t count;
	const char *unknown;
	bool head;     /* the fields of the line's head are there too */
	bool document; /* a document carries its version, which is the line's too */
};

static bool is_known(const char *key, const struct json *value, void *context)
{
	struct closed_check *check = context;
	(void)value;
	if (!find_field(check->fields, check->count, key) &&
	    !(check->head && find_field(EVENT_HEAD, HEAD_COUNT, key)) && !(check->document && strcmp(key, "v") == 0))
		check->unknown = key;
	return check->unknown == NULL;
}

static enum status check_fields(const struct place *place, const struct field_row *fields, size_t count,
                                const struct json *object, bool nulls);

/* An object that the table describes: `name` is its place in the line. */
static enum status check_object(const struct place *outer, const char *name, const struct field_row *field,
                                const struct json *object, bool nulls)
{
	struct place inside = *outer;
	struct closed_check check = {.fields = field->members, .count = field->member_count};

	if (!is_kind(object, FIELD_OBJECT))
		return wrong(outer, name, must_be(FIELD_OBJECT));
	inside.prefix = arena_printf(outer->arena, "%s%s.", outer->prefix, name);
	if (!json_each(object, is_known, &check))
		return wrong(&inside, check.unknown, "is unknown");
	return check_fields(&inside, field->members, field->member_count, object, nulls);
}

static enum status check_members(const struct place *place, const struct field_row *field, const struct json *value,
                                 bool nulls)
{
	enum status status = OK;
	if (field->kind == FIELD_OBJECT)
		return check_object(place, field->name, field, value, nulls);
	for (size_t i = 0; i < json_count(value) && !status; i++) {
		const char *name = arena_printf(place->arena, "%s[%zu]", field->name, i);
		status = check_object(place, name, field, json_at(value, i), nulls);
	}
	return status;
}

static enum status check_fields(const struct place *place, const struct field_row *fields, size_t count,
                                const struct json *object, bool nulls)
{
	for (size_t i = 0; i < count; i++) {
		const struct field_row *field = &fields[i];
		const struct json *value = json_get(object, field->name);
		bool missing = !value || (nulls && json_kind(value) == JSON_KIND_NULL);
		if (missing && field->required)
			return wrong(place, field->name, "is missing");
		if (missing)
			continue;
		if (!is_kind(value, field->kind))
			return wrong(place, field->name, must_be(field->kind));
		if (field->words && !is_word(field->words, json_text(value)))
			return wrong(place, field->name, one_of(place->arena, field->words));
		if (field->members) {
			enum status status = check_members(place, field, value, nulls);
			if (status)
				return status;
		}
	}
	return OK;
}

struct copying {
	struct arena *arena;
	struct json *to;
};

static struct json *safe_copy(struct arena *arena, const struct json *value);

static bool copy_member(const char *key, const struct json *value, void *context)
{
	struct copying *copying = context;
	if (json_kind(value) == JSON_KIND_TEXT)
		json_set_text(copying->to, key, safe_text(copying->arena, json_text(value)));
	else if (json_kind(value) != JSON_KIND_NULL)
		json_set(copying->to, key, safe_copy(copying->arena, value));
	return true;
}

static struct json *safe_array(struct arena *arena, const struct json *value)
{
	struct json *array = json_new_array();
	for (size_t i = 0; i < json_count(value); i++) {
		const struct json *element = json_at(value, i);
		if (json_kind(element) == JSON_KIND_TEXT)
			json_push_text(array, safe_text(arena, json_text(element)));
		else
			json_push(array, safe_copy(arena, element));
	}
	return array;
}

/* Of any value but a text, which its container copies. */
static struct json *safe_copy(struct arena *arena, const struct json *value)
{
	if (json_kind(value) == JSON_KIND_ARRAY)
		return safe_array(arena, value);
	if (json_kind(value) != JSON_KIND_OBJECT)
		return json_clone(value);
	struct copying copying = {.arena = arena, .to = json_new_object()};
	json_each(value, copy_member, &copying);
	return copying.to;
}

void event_encode(struct strbuf *out, enum event_type type, int64_t seq, const char *timestamp, const char *run,
                  const struct json *fields)
{
	const struct event_row *row = event_get(type);
	_cleanup_arena_ struct arena *scratch = arena_open();
	_cleanup_error_ struct error err = {0};
	_cleanup_json_ struct json *line = json_new_object();
	struct place place = {.arena = scratch, .type = row->name, .prefix = "", .err = &err};
	struct closed_check check = {.fields = row->fields, .count = row->field_count, .document = true};

	json_each(fields, is_known, &check);
	assert(!check.unknown);
	enum status status = check_fields(&place, row->fields, row->field_count, fields, true);
	assert(status == OK);
	(void)status;

	json_set_int(line, "v", EVENT_VERSION);
	json_set_int(line, "seq", seq);
	json_set_text(line, "ts", timestamp);
	json_set_text(line, "run", run);
	json_set_text(line, "type", row->name);
	struct copying copying = {.arena = scratch, .to = line};
	for (size_t i = 0; i < row->field_count; i++) {
		const struct json *value = json_get(fields, row->fields[i].name);
		if (value)
			copy_member(row->fields[i].name, value, &copying);
	}
	json_write(out, line);
}

static enum status check_head(const struct place *place, const struct json *line)
{
	int64_t ignored;
	enum status status = check_fields(place, EVENT_HEAD, HEAD_COUNT, line, false);
	if (status)
		return status;
	if (json_get_int(line, "v") != EVENT_VERSION)
		return wrong(place, "v", "must be 1");
	if (json_get_int(line, "seq") < 1)
		return wrong(place, "seq", "must be 1 or more");
	if (!stamp_read(json_get_text(line, "ts"), &ignored))
		return wrong(place, "ts", "must be a time in UTC as in 2026-01-01T00:00:00.000Z");
	return OK;
}

static enum status check_line(struct arena *arena, const struct json *line, enum event_type *ret_type,
                              struct error *err)
{
	struct place place = {.arena = arena, .type = "?", .prefix = "", .err = err};
	enum event_type type;

	if (json_kind(line) != JSON_KIND_OBJECT) {
		error_set(err, FAIL_REFUSED, "an event line must be an object");
		return error_hint(err, "The line was altered, or another version of pgsluice wrote it.");
	}
	const char *name = json_get_text(line, "type");
	if (name && event_find(name, &type))
		place.type = name;
	enum status status = check_head(&place, line);
	if (status)
		return status;

	const struct event_row *row = event_get(type);
	struct closed_check check = {.fields = row->fields, .count = row->field_count, .head = true};
	if (!json_each(line, is_known, &check))
		return wrong(&place, check.unknown, "is unknown");
	status = check_fields(&place, row->fields, row->field_count, line, false);
	if (status)
		return status;
	*ret_type = type;
	return OK;
}

enum status event_decode(const char *line, size_t length, enum event_type *ret_type, struct json **ret_event,
                         struct error *err)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct json *event = NULL;
	enum status status = json_parse(line, length, &event, err);
	if (status)
		return status;
	status = check_line(scratch, event, ret_type, err);
	if (status) {
		json_close(event);
		return status;
	}
	*ret_event = event;
	return OK;
}
