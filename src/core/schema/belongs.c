#include "core/schema/object.h"

#include <string.h>

/* What `text` has behind `prefix`, or NULL where it does not begin so. */
static const char *behind(const char *text, const char *prefix)
{
	size_t length = strlen(prefix);
	return strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

static const char *behind_identifier(const char *text)
{
	if (*text != '"')
		return text + strcspn(text, " ");
	for (text++; *text; text++) {
		if (*text != '"')
			continue;
		if (text[1] != '"')
			return text + 1;
		text++;
	}
	return text;
}

/* Named below its relation: public.orders.total. */
static bool is_below(const char *name, const char *relation)
{
	const char *rest = behind(name, relation);
	return rest && *rest == '.';
}

/* CREATE UNIQUE INDEX orders_total ON ONLY public.orders USING btree (total) */
static bool indexes(const char *definition, const char *relation)
{
	const char *at = behind(definition, "CREATE UNIQUE INDEX ");
	if (!at && !(at = behind(definition, "CREATE INDEX ")))
		return false;
	if (!(at = behind(behind_identifier(at), " ON ")))
		return false;
	const char *only = behind(at, "ONLY ");
	at = behind(only ? only : at, relation);
	return at && behind(at, " USING ");
}

/* The words with the relation's name right behind them, up to the next blank. */
static bool says(const char *definition, const char *words, const char *relation)
{
	for (const char *at = definition; (at = strstr(at, words)) != NULL; at++) {
		const char *rest = behind(at + strlen(words), relation);
		if (rest && (*rest == ' ' || *rest == '\0'))
			return true;
	}
	return false;
}

/* "table public.orders", "table column public.orders.total", "trigger checked on public.orders" */
static bool comments_on(const char *name, const char *relation)
{
	size_t length = strlen(name), own = strlen(relation);
	const char *column = strstr(name, " column ");
	if (column && is_below(column + strlen(" column "), relation))
		return true;
	return length > own && name[length - own - 1] == ' ' && strcmp(name + length - own, relation) == 0;
}

bool schema_belongs(const struct schema_object *object, const char *relation)
{
	static const char *const below[] = {"column", "constraint", "trigger", "policy", "rule"};
	for (size_t i = 0; i < sizeof(below) / sizeof(*below); i++)
		if (strcmp(object->kind, below[i]) == 0)
			return is_below(object->name, relation);
	if (strcmp(object->kind, "index") == 0)
		return indexes(object->definition, relation);
	if (strcmp(object->kind, "sequence") == 0)
		return says(object->definition, " owned by ", relation) ||
		       says(object->definition, " identity of ", relation);
	if (strcmp(object->kind, "statistics") == 0)
		return says(object->definition, " FROM ", relation);
	if (strcmp(object->kind, "comment") == 0)
		return comments_on(object->name, relation);
	return false;
}
