#include "base/json.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* ---- a large document, read in pieces: the library's tree of all of it is several times as large as ours ---- */

enum { LARGE_BYTES = 64 * 1024, PIECES_DEPTH = 3 };
enum { PARSE_FLAGS = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY };

struct pieces {
	const char *at, *end;
};

static struct json *read_piece(struct pieces *pieces, int depth);

static void skip_blanks(struct pieces *pieces)
{
	while (pieces->at < pieces->end && memchr(" \t\r\n", *pieces->at, 4))
		pieces->at++;
}

static bool stands(struct pieces *pieces, char sign)
{
	skip_blanks(pieces);
	return pieces->at < pieces->end && *pieces->at == sign;
}

static bool take(struct pieces *pieces, char sign)
{
	bool there = stands(pieces, sign);
	pieces->at += there;
	return there;
}

static json_t *load_piece(struct pieces *pieces)
{
	json_error_t after;
	size_t left = (size_t)(pieces->end - pieces->at);
	json_t *loaded = json_loadb(pieces->at, left, PARSE_FLAGS | JSON_DISABLE_EOF_CHECK, &after);
	if (loaded)
		pieces->at += after.position;
	return loaded;
}

static bool read_member(struct pieces *pieces, struct json *object, int depth)
{
	json_t *key = stands(pieces, '"') ? load_piece(pieces) : NULL;
	const char *name = json_string_value(key);
	bool fresh = name && take(pieces, ':') && !json_get(object, name);
	struct json *value = fresh ? read_piece(pieces, depth) : NULL;
	if (value)
		json_set(object, name, value);
	json_decref(key);
	return value != NULL;
}

static bool read_item(struct pieces *pieces, struct json *array, int depth)
{
	struct json *value = read_piece(pieces, depth);
	if (value)
		json_push(array, value);
	return value != NULL;
}

static struct json *read_container(struct pieces *pieces, int depth)
{
	bool is_object = take(pieces, '{');
	pieces->at += !is_object;
	struct json *container = is_object ? json_new_object() : json_new_array();
	char closes = is_object ? '}' : ']';
	bool good = true, empty = stands(pieces, closes);
	while (!empty && good) {
		good = is_object ? read_member(pieces, container, depth + 1) : read_item(pieces, container, depth + 1);
		if (!take(pieces, ','))
			break;
	}
	if (good && take(pieces, closes))
		return container;
	json_close(container);
	return NULL;
}

/* NULL where this is no value; why, the library says of the whole document. */
static struct json *read_piece(struct pieces *pieces, int depth)
{
	if (depth < PIECES_DEPTH && (stands(pieces, '{') || stands(pieces, '[')))
		return read_container(pieces, depth);
	skip_blanks(pieces);
	json_t *loaded = load_piece(pieces);
	struct json *value = loaded ? value_of(loaded) : NULL;
	json_decref(loaded);
	return value;
}

static struct json *read_pieces(const char *text, size_t length)
{
	struct pieces pieces = {.at = text, .end = text + length};
	struct json *value = read_piece(&pieces, 0);
	skip_blanks(&pieces);
	if (value && pieces.at == pieces.end)
		return value;
	json_close(value);
	return NULL;
}

enum status json_parse(const char *text, size_t length, struct json **ret_value, struct error *err)
{
	json_error_t problem;
	struct json *value = length >= LARGE_BYTES && length <= INT_MAX ? read_pieces(text, length) : NULL;
	if (value) {
		*ret_value = value;
		return OK;
	}
	json_t *parsed = json_loadb(text, length, PARSE_FLAGS, &problem);
	if (!parsed) {
		error_set(err, FAIL_REFUSED, "invalid JSON: %s", problem.text);
		return error_where(err, NULL, problem.line, problem.column);
	}
	*ret_value = value_of(parsed);
	json_decref(parsed);
	return OK;
}
