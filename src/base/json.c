#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/text.h"

static json_t *inner(const struct json *value)
{
	return (json_t *)(uintptr_t)value;
}

static struct json *outer(const json_t *value)
{
	return (struct json *)(uintptr_t)value;
}

static json_t *or_die(json_t *value)
{
	if (!value) {
		fputs("pgsluice: out of memory in a JSON value\n", stderr);
		abort();
	}
	return value;
}

static json_t *text_value(const char *text)
{
	if (!text)
		return json_null();
	size_t length = strlen(text);
	if (text_valid_prefix(text, length) == length)
		return or_die(json_stringn_nocheck(text, length));

	_cleanup_strbuf_ struct strbuf clean = {0};
	for (size_t at = 0; at < length;) {
		size_t good = text_valid_prefix(text + at, length - at);
		strbuf_add(&clean, text + at, good);
		at += good;
		if (at < length) {
			strbuf_puts(&clean, "\xEF\xBF\xBD");
			at++;
		}
	}
	return or_die(json_stringn_nocheck(strbuf_text(&clean), clean.length));
}

struct json *json_new_object(void)
{
	return outer(or_die(json_object()));
}

struct json *json_new_array(void)
{
	return outer(or_die(json_array()));
}

void json_close(struct json *root)
{
	json_decref(inner(root));
}

void json_cleanup(struct json **root)
{
	json_close(*root);
}

struct json *json_clone(const struct json *value)
{
	return outer(or_die(json_deep_copy(inner(value))));
}

static void put(struct json *object, const char *key, json_t *value)
{
	or_die(json_object_set_new_nocheck(inner(object), key, value) == 0 ? value : NULL);
}

void json_set(struct json *object, const char *key, struct json *value)
{
	put(object, key, inner(value));
}

void json_set_text(struct json *object, const char *key, const char *text)
{
	put(object, key, text_value(text));
}

void json_set_int(struct json *object, const char *key, int64_t number)
{
	put(object, key, or_die(json_integer(number)));
}

void json_set_bool(struct json *object, const char *key, bool flag)
{
	put(object, key, json_boolean(flag));
}

void json_push(struct json *array, struct json *value)
{
	or_die(json_array_append_new(inner(array), inner(value)) == 0 ? inner(value) : NULL);
}

void json_push_text(struct json *array, const char *text)
{
	json_push(array, outer(text_value(text)));
}

static int append(const char *bytes, size_t length, void *out)
{
	strbuf_add(out, bytes, length);
	return 0;
}

static void dump(struct strbuf *out, const struct json *value, size_t flags)
{
	if (json_dump_callback(inner(value), append, out, flags | JSON_ENCODE_ANY) != 0)
		or_die(NULL);
}

static void put_escape(struct strbuf *out, uint32_t code)
{
	if (code > 0xFFFF) {
		strbuf_printf(out, "\\u%04X", (unsigned)(0xD800 + ((code - 0x10000) >> 10)));
		code = 0xDC00 + ((code - 0x10000) & 0x3FF);
	}
	strbuf_printf(out, "\\u%04X", (unsigned)code);
}

/* Outside strings JSON is ASCII, so that what is hidden can be escaped wherever it stands; the value stays the same. */
static void dump_visibly(struct strbuf *out, const struct json *value, size_t flags)
{
	_cleanup_strbuf_ struct strbuf raw = {0};
	dump(&raw, value, flags);
	const char *text = strbuf_text(&raw);
	size_t done = 0, size;
	for (size_t at = 0; at < raw.length; at += size) {
		uint32_t code = (unsigned char)text[at];
		size = 1;
		if (code < 0x7F || (size = text_decode(text + at, raw.length - at, &code)) == 0 || !text_is_hidden(code)) {
			size += size == 0;
			continue;
		}
		strbuf_add(out, text + done, at - done);
		put_escape(out, code);
		done = at + size;
	}
	strbuf_add(out, text + done, raw.length - done);
}

void json_write(struct strbuf *out, const struct json *value)
{
	dump_visibly(out, value, JSON_COMPACT);
}

void json_write_canonical(struct strbuf *out, const struct json *value)
{
	dump(out, value, JSON_COMPACT | JSON_SORT_KEYS);
}

void json_write_pretty(struct strbuf *out, const struct json *value)
{
	dump_visibly(out, value, JSON_INDENT(2));
}

enum status json_parse(const char *text, size_t length, struct json **ret_value, struct error *err)
{
	json_error_t problem;
	json_t *value = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &problem);
	if (!value) {
		error_set(err, FAIL_REFUSED, "invalid JSON: %s", problem.text);
		return error_where(err, NULL, problem.line, problem.column);
	}
	*ret_value = outer(value);
	return OK;
}

const struct json *json_get(const struct json *object, const char *key)
{
	return outer(json_object_get(inner(object), key));
}

const char *json_get_text(const struct json *object, const char *key)
{
	return json_string_value(json_object_get(inner(object), key));
}

int64_t json_get_int(const struct json *object, const char *key)
{
	return json_integer_value(json_object_get(inner(object), key));
}

bool json_get_bool(const struct json *object, const char *key)
{
	return json_is_true(json_object_get(inner(object), key));
}

bool json_has(const struct json *object, const char *key)
{
	return json_object_get(inner(object), key) != NULL;
}

size_t json_count(const struct json *array)
{
	return json_array_size(inner(array));
}

const struct json *json_at(const struct json *array, size_t index)
{
	return outer(json_array_get(inner(array), index));
}

const char *json_text(const struct json *value)
{
	return json_string_value(inner(value));
}

int64_t json_int(const struct json *value)
{
	return json_integer_value(inner(value));
}

enum json_kind json_kind(const struct json *value)
{
	switch (json_typeof(inner(value))) {
	case JSON_OBJECT:
		return JSON_KIND_OBJECT;
	case JSON_ARRAY:
		return JSON_KIND_ARRAY;
	case JSON_STRING:
		return JSON_KIND_TEXT;
	case JSON_INTEGER:
		return JSON_KIND_INT;
	case JSON_REAL:
		return JSON_KIND_REAL;
	case JSON_TRUE:
	case JSON_FALSE:
		return JSON_KIND_BOOL;
	case JSON_NULL:
	default:
		return JSON_KIND_NULL;
	}
}

bool json_each(const struct json *object, bool (*visit)(const char *key, const struct json *value, void *context),
               void *context)
{
	json_t *map = inner(object);
	for (void *at = json_object_iter(map); at; at = json_object_iter_next(map, at))
		if (!visit(json_object_iter_key(at), outer(json_object_iter_value(at)), context))
			return false;
	return true;
}
