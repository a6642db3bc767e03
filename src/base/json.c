#include "base/json.h"

#include <assert.h>
#include <string.h>

#include "base/json_key.h"
#include "base/memory.h"
#include "base/text.h"

/*
 * A tree of our own, since a plan of 10,000 migrations has 300,000 values: jansson's objects are hash tables of 200
 * bytes and more. Members stand in a row, and only an object with many has an index.
 */
struct json {
	uint32_t references;
	enum json_kind kind;
};

struct number {
	struct json head;
	int64_t value;
};

struct text {
	struct json head; /* JSON_KIND_TEXT, or the digits of a JSON_KIND_REAL */
	char bytes[];
};

struct array {
	struct json head;
	uint32_t count, room;
	union {
		struct json *only; /* of an array with room for one */
		struct json **items;
	};
};

struct member {
	const char *key; /* of json_key_take */
	struct json *value;
};

struct object {
	struct json head;
	uint32_t count, room;
	struct member *members; /* behind them, when there are many: the index */
};

/* They are nobody's, and nobody changes them: no references are counted. */
static struct json null_value = {.kind = JSON_KIND_NULL};
static struct json false_value = {.kind = JSON_KIND_BOOL};
static struct json true_value = {.kind = JSON_KIND_BOOL};
static struct array empty_array = {.head = {.kind = JSON_KIND_ARRAY}};

enum { LINEAR_MEMBERS = 16, SLOTS_PER_MEMBER = 2, GROWS_BY_ONE = 8, SMALL_NUMBERS = 256 };

static bool is_static(const struct json *value)
{
	return value->references == 0;
}

/* ---- making values ---- */

static void *value_new(enum json_kind kind, size_t size_bytes)
{
	struct json *value = memory_new(size_bytes);
	*value = (struct json){.references = 1, .kind = kind};
	return value;
}

static struct json *text_new(enum json_kind kind, const char *bytes, size_t length)
{
	struct text *text = value_new(kind, sizeof(*text) + length + 1);
	memcpy(text->bytes, bytes, length);
	return &text->head;
}

/*
 * Texts that came lately, each in the place its hash gives it: a schema's 60,000 rows say "column" 20,000 times, and
 * a text is never changed, so that all of them can be one value.
 */
enum { RECENT_TEXTS = 1024, RECENT_BYTES = 80 };
static struct json *recent[RECENT_TEXTS];

static struct json **recent_slot(const char *text, size_t length)
{
	uint32_t hash = UINT32_C(2166136261);
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)text[i]) * UINT32_C(16777619);
	return &recent[(hash ^ hash >> 16) % RECENT_TEXTS];
}

static struct json *valid_text_new(const char *text, size_t length)
{
	if (length > RECENT_BYTES)
		return text_new(JSON_KIND_TEXT, text, length);
	struct json **slot = recent_slot(text, length);
	if (*slot && strcmp(json_text(*slot), text) == 0)
		return json_share(*slot);
	json_close(*slot);
	*slot = text_new(JSON_KIND_TEXT, text, length);
	return json_share(*slot);
}

struct json *json_new_text(const char *text)
{
	if (!text)
		return &null_value;
	size_t length = strlen(text);
	if (text_valid_prefix(text, length) == length)
		return valid_text_new(text, length);

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
	return text_new(JSON_KIND_TEXT, strbuf_text(&clean), clean.length);
}

struct json *json_new_int(int64_t value)
{
	static struct number small[SMALL_NUMBERS];
	if (value >= 0 && value < SMALL_NUMBERS) {
		small[value] = (struct number){.head = {.kind = JSON_KIND_INT}, .value = value};
		return &small[value].head;
	}
	struct number *number = value_new(JSON_KIND_INT, sizeof(*number));
	number->value = value;
	return &number->head;
}

struct json *json_new_bool(bool flag)
{
	return flag ? &true_value : &false_value;
}

struct json *json_new_object(void)
{
	return value_new(JSON_KIND_OBJECT, sizeof(struct object));
}

struct json *json_new_array(void)
{
	return value_new(JSON_KIND_ARRAY, sizeof(struct array));
}

struct json *json_empty_array(void)
{
	return &empty_array.head;
}

struct json *json_new_real(const char *digits)
{
	return text_new(JSON_KIND_REAL, digits, strlen(digits));
}

static uint32_t more_room(uint32_t room)
{
	return room < GROWS_BY_ONE ? room + 1 : room + room / 2;
}

/* ---- kinds ---- */

static struct array *array_of(const struct json *value)
{
	return value && value->kind == JSON_KIND_ARRAY ? (struct array *)(uintptr_t)value : NULL;
}

static struct object *object_of(const struct json *value)
{
	return value && value->kind == JSON_KIND_OBJECT ? (struct object *)(uintptr_t)value : NULL;
}

enum json_kind json_kind(const struct json *value)
{
	return value ? value->kind : JSON_KIND_NULL;
}

static struct json **items_of(const struct array *array)
{
	return array->room > 1 ? array->items : (struct json **)(uintptr_t)&array->only;
}

/* ---- ownership ---- */

void json_close(struct json *root)
{
	if (!root || is_static(root) || --root->references > 0)
		return;
	struct object *object = object_of(root);
	struct array *array = array_of(root);
	for (uint32_t i = 0; object && i < object->count; i++) {
		json_key_release(object->members[i].key);
		json_close(object->members[i].value);
	}
	for (uint32_t i = 0; array && i < array->count; i++)
		json_close(items_of(array)[i]);
	if (object)
		memory_free(object->members);
	if (array && array->room > 1)
		memory_free(array->items);
	memory_free(root);
}

void json_cleanup(struct json **root)
{
	json_close(*root);
}

struct json *json_share(const struct json *value)
{
	struct json *shared = (struct json *)(uintptr_t)value;
	if (shared && !is_static(shared))
		shared->references++;
	return shared;
}

static bool clone_member(const char *key, const struct json *value, void *copy)
{
	json_set(copy, key, json_clone(value));
	return true;
}

struct json *json_clone(const struct json *value)
{
	if (value->kind == JSON_KIND_OBJECT) {
		struct json *copy = json_new_object();
		json_each(value, clone_member, copy);
		return copy;
	}
	if (value->kind == JSON_KIND_ARRAY) {
		struct json *copy = json_new_array();
		for (size_t i = 0; i < json_count(value); i++)
			json_push(copy, json_clone(json_at(value, i)));
		return copy;
	}
	return json_share(value); /* no more than read */
}

/* ---- objects ---- */

static uint32_t *index_of(const struct object *object)
{
	return (uint32_t *)(uintptr_t)(object->members + object->room);
}

static size_t slot_count(const struct object *object)
{
	return (size_t)object->room * SLOTS_PER_MEMBER;
}

/* The slot that leads to the key, or the free one where it belongs. Slots hold places from 1. */
static uint32_t *slot_of(const struct object *object, const char *key)
{
	uint32_t *slots = index_of(object);
	size_t count = slot_count(object);
	size_t at = (size_t)(((uint64_t)(uintptr_t)key >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 20) % count;
	while (slots[at] && object->members[slots[at] - 1].key != key)
		at = (at + 1) % count;
	return &slots[at];
}

static void grow_object(struct object *object)
{
	uint32_t room = more_room(object->room);
	if (room <= LINEAR_MEMBERS) {
		object->members = memory_resize(object->members, room * sizeof(*object->members));
		object->room = room;
		return;
	}
	room = object->room < LINEAR_MEMBERS ? 2 * LINEAR_MEMBERS : 2 * object->room;
	struct member *members = memory_new(room * (sizeof(*members) + SLOTS_PER_MEMBER * sizeof(uint32_t)));
	memcpy(members, object->members, object->count * sizeof(*members));
	memory_free(object->members);
	object->members = members;
	object->room = room;
	for (uint32_t i = 0; i < object->count; i++)
		*slot_of(object, members[i].key) = i + 1;
}

static struct member *find_member(const struct object *object, const char *name)
{
	if (object->room <= LINEAR_MEMBERS) {
		for (uint32_t i = 0; i < object->count; i++)
			if (strcmp(object->members[i].key, name) == 0)
				return &object->members[i];
		return NULL;
	}
	const char *key = json_key_find(name);
	uint32_t place = key ? *slot_of(object, key) : 0;
	return place ? &object->members[place - 1] : NULL;
}

void json_set(struct json *value, const char *name, struct json *new_value)
{
	struct object *object = object_of(value);
	assert(object && object->head.references == 1 && new_value);
	struct member *member = find_member(object, name);
	if (member) {
		json_close(member->value);
		member->value = new_value;
		return;
	}
	if (object->count == object->room)
		grow_object(object);
	member = &object->members[object->count++];
	*member = (struct member){.key = json_key_take(name), .value = new_value};
	if (object->room > LINEAR_MEMBERS)
		*slot_of(object, member->key) = object->count;
}

void json_set_text(struct json *object, const char *key, const char *text)
{
	json_set(object, key, json_new_text(text));
}

void json_set_int(struct json *object, const char *key, int64_t number)
{
	json_set(object, key, json_new_int(number));
}

void json_set_bool(struct json *object, const char *key, bool flag)
{
	json_set(object, key, json_new_bool(flag));
}

const struct json *json_get(const struct json *value, const char *key)
{
	const struct object *object = object_of(value);
	const struct member *member = object ? find_member(object, key) : NULL;
	return member ? member->value : NULL;
}

const char *json_get_text(const struct json *object, const char *key)
{
	return json_text(json_get(object, key));
}

int64_t json_get_int(const struct json *object, const char *key)
{
	return json_int(json_get(object, key));
}

bool json_get_bool(const struct json *object, const char *key)
{
	return json_get(object, key) == &true_value;
}

bool json_has(const struct json *object, const char *key)
{
	return json_get(object, key) != NULL;
}

bool json_each(const struct json *value, bool (*visit)(const char *key, const struct json *value, void *context),
               void *context)
{
	const struct object *object = object_of(value);
	for (uint32_t i = 0; object && i < object->count; i++)
		if (!visit(object->members[i].key, object->members[i].value, context))
			return false;
	return true;
}

/* ---- arrays ---- */

static void grow_array(struct array *array)
{
	struct json *only = array->only;
	uint32_t room = more_room(array->room);
	if (room > 1) {
		array->items = memory_resize(array->room > 1 ? array->items : NULL, room * sizeof(*array->items));
		if (array->room == 1)
			array->items[0] = only;
	}
	array->room = room;
}

void json_push(struct json *value, struct json *new_value)
{
	struct array *array = array_of(value);
	assert(array && array->head.references == 1 && new_value);
	if (array->count == array->room)
		grow_array(array);
	items_of(array)[array->count++] = new_value;
}

void json_push_text(struct json *array, const char *text)
{
	json_push(array, json_new_text(text));
}

size_t json_count(const struct json *value)
{
	const struct array *array = array_of(value);
	return array ? array->count : 0;
}

const struct json *json_at(const struct json *value, size_t index)
{
	const struct array *array = array_of(value);
	return array && index < array->count ? items_of(array)[index] : NULL;
}

/* ---- scalars ---- */

const char *json_text(const struct json *value)
{
	return value && value->kind == JSON_KIND_TEXT ? ((const struct text *)(const void *)value)->bytes : NULL;
}

int64_t json_int(const struct json *value)
{
	return value && value->kind == JSON_KIND_INT ? ((const struct number *)(const void *)value)->value : 0;
}

bool json_bool(const struct json *value)
{
	return value == &true_value;
}

const char *json_digits(const struct json *value)
{
	return value && value->kind == JSON_KIND_REAL ? ((const struct text *)(const void *)value)->bytes : NULL;
}
