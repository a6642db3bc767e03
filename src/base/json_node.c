#include "base/json_scan.h"

#include <stdlib.h>
#include <string.h>

/* ---- of a parsed value ---- */

struct converting {
	struct arena *arena;
	struct json_node *container, *last;
};

static struct json_node *convert(struct arena *arena, const struct json *value);

static void convert_one(struct converting *converting, const char *key, const struct json *value)
{
	struct json_node *node = convert(converting->arena, value);
	node->key = key;
	if (converting->last)
		converting->last->next = node;
	else
		converting->container->first = node;
	converting->last = node;
	converting->container->count++;
}

static bool convert_member(const char *key, const struct json *value, void *converting)
{
	convert_one(converting, key, value);
	return true;
}

/* The parser that made it went as deep. */
static struct json_node *convert(struct arena *arena, const struct json *value)
{
	struct json_node *node = arena_alloc(arena, sizeof(*node));
	struct converting converting = {.arena = arena, .container = node};
	node->kind = json_kind(value);
	node->flag = json_bool(value);
	node->number = (double)json_int(value);
	if (node->kind == JSON_KIND_TEXT)
		node->text = json_text(value);
	else if (node->kind == JSON_KIND_INT)
		node->text = arena_printf(arena, "%lld", (long long)json_int(value));
	else if (node->kind == JSON_KIND_REAL)
		node->number = strtod(node->text = json_digits(value), NULL);
	node->length = node->text ? strlen(node->text) : 0;
	for (size_t i = 0; node->kind == JSON_KIND_ARRAY && i < json_count(value); i++)
		convert_one(&converting, NULL, json_at(value, i));
	if (node->kind == JSON_KIND_OBJECT)
		json_each(value, convert_member, &converting);
	return node;
}

const struct json_node *json_scan_value(struct arena *arena, const struct json *value)
{
	return convert(arena, value);
}

/* ---- reading ---- */

const struct json_node *json_node_get(const struct json_node *object, const char *key)
{
	if (!object || object->kind != JSON_KIND_OBJECT)
		return NULL;
	for (const struct json_node *member = object->first; member; member = member->next)
		if (strcmp(member->key, key) == 0)
			return member;
	return NULL;
}

const char *json_node_text(const struct json_node *node)
{
	return node && node->kind == JSON_KIND_TEXT ? node->text : NULL;
}

double json_node_number(const struct json_node *node)
{
	return node && (node->kind == JSON_KIND_INT || node->kind == JSON_KIND_REAL) ? node->number : 0;
}
