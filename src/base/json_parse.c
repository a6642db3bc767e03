#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

static struct json *value_of(const json_t *parsed);

/* The shortest digits that lead to the same number are not known to C: seventeen always do. */
static struct json *real_of(const json_t *parsed)
{
	char digits[64];
	size_t length = json_dumpb(parsed, digits, sizeof(digits) - 1, JSON_ENCODE_ANY);
	digits[length < sizeof(digits) ? length : 0] = '\0';
	return json_new_real(digits);
}

static struct json *object_of(json_t *parsed)
{
	struct json *object = json_new_object();
	for (void *at = json_object_iter(parsed); at; at = json_object_iter_next(parsed, at))
		json_set(object, json_object_iter_key(at), value_of(json_object_iter_value(at)));
	return object;
}

static struct json *array_of(const json_t *parsed)
{
	struct json *array = json_new_array();
	for (size_t i = 0; i < json_array_size(parsed); i++)
		json_push(array, value_of(json_array_get(parsed, i)));
	return array;
}

static struct json *value_of(const json_t *parsed)
{
	switch (json_typeof(parsed)) {
	case JSON_OBJECT:
		return object_of((json_t *)(uintptr_t)parsed);
	case JSON_ARRAY:
		return array_of(parsed);
	case JSON_STRING:
		return json_new_text(json_string_value(parsed));
	case JSON_INTEGER:
		return json_new_int(json_integer_value(parsed));
	case JSON_REAL:
		return real_of(parsed);
	case JSON_TRUE:
	case JSON_FALSE:
		return json_new_bool(json_is_true(parsed));
	case JSON_NULL:
	default:
		return json_new_text(NULL);
	}
}

enum status json_parse(const char *text, size_t length, struct json **ret_value, struct error *err)
{
	json_error_t problem;
	json_t *parsed = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &problem);
	if (!parsed) {
		error_set(err, FAIL_REFUSED, "invalid JSON: %s", problem.text);
		return error_where(err, NULL, problem.line, problem.column);
	}
	*ret_value = value_of(parsed);
	json_decref(parsed);
	return OK;
}
