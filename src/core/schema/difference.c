#include "core/schema/object.h"

#include <string.h>

#include "base/text.h"

/* Characters kept before the first and after the last difference, and of the difference itself, in bytes. */
enum { CONTEXT_BYTES = 24, LONGEST_BYTES = 160 };

static bool inside_character(const char *text, size_t at)
{
	return ((unsigned char)text[at] & 0xC0) == 0x80;
}

static size_t common_prefix(const char *a, const char *b)
{
	size_t length = 0;
	while (a[length] && a[length] == b[length])
		length++;
	return length;
}

static size_t common_suffix(const char *a, size_t a_length, const char *b, size_t b_length)
{
	size_t length = 0;
	while (length < a_length && length < b_length && a[a_length - 1 - length] == b[b_length - 1 - length])
		length++;
	return length;
}

/* `text` between the common ends, with some of them around it, cut at characters. */
static const char *shorten(struct arena *arena, const char *text, size_t prefix, size_t suffix)
{
	size_t length = strlen(text);
	size_t from = prefix > CONTEXT_BYTES ? prefix - CONTEXT_BYTES : 0;
	size_t until = suffix > CONTEXT_BYTES ? length - suffix + CONTEXT_BYTES : length;

	if (until - from > LONGEST_BYTES)
		until = from + LONGEST_BYTES;
	while (from > 0 && inside_character(text, from))
		from--;
	while (until < length && inside_character(text, until))
		until++;
	return arena_printf(arena, "%s%s%s", from ? "..." : "",
	                    safe_text(arena, arena_strndup(arena, text + from, until - from)),
	                    until < length ? "..." : "");
}

const char *schema_difference_text(struct arena *arena, const struct schema_difference *difference)
{
	const struct schema_object *object = difference->before ? difference->before : difference->after;
	const char *name = safe_text(arena, object->name);
	const char *head = *name ? arena_printf(arena, "%s %s", safe_text(arena, object->kind), name)
	                         : safe_text(arena, object->kind);

	if (difference->kind == DIFFERENCE_MISSING)
		return arena_printf(arena, "%s: missing", head);
	if (difference->kind == DIFFERENCE_ADDED)
		return arena_printf(arena, "%s: added", head);

	const char *old = difference->before->definition, *new = difference->after->definition;
	size_t prefix = common_prefix(old, new);
	size_t suffix = common_suffix(old + prefix, strlen(old + prefix), new + prefix, strlen(new + prefix));
	return arena_printf(arena, "%s: changed from \"%s\" to \"%s\"", head, shorten(arena, old, prefix, suffix),
	                    shorten(arena, new, prefix, suffix));
}
