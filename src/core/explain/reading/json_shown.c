#include "core/explain/reading/json_shown.h"

#include "base/strbuf.h"
#include "core/explain/reading/build.h"

static void write_value(struct arena *arena, struct strbuf *out, const struct json_node *value);

static void write_members(struct arena *arena, struct strbuf *out, const struct json_node *object)
{
	bool nested = out->length > 0;
	strbuf_puts(out, nested ? "(" : "");
	for (const struct json_node *member = object->first; member; member = member->next) {
		strbuf_printf(out, "%s: ", member->key);
		write_value(arena, out, member);
		strbuf_puts(out, member->next ? ", " : "");
	}
	strbuf_puts(out, nested ? ")" : "");
}

/* The scanner lets nothing through that is too deep for this. */
static void write_value(struct arena *arena, struct strbuf *out, const struct json_node *value)
{
	switch (value->kind) {
	case JSON_KIND_TEXT:
		strbuf_puts(out, value->text);
		break;
	case JSON_KIND_INT:
		strbuf_add(out, value->text, value->length);
		break;
	case JSON_KIND_REAL:
		strbuf_puts(out, plan_number_text(arena, value->number));
		break;
	case JSON_KIND_BOOL:
		strbuf_puts(out, value->flag ? "true" : "false");
		break;
	case JSON_KIND_ARRAY:
		for (const struct json_node *item = value->first; item; item = item->next) {
			write_value(arena, out, item);
			strbuf_puts(out, item->next ? ", " : "");
		}
		break;
	case JSON_KIND_OBJECT:
		write_members(arena, out, value);
		break;
	case JSON_KIND_NULL:
	default:
		break;
	}
}

const char *json_shown(struct arena *arena, const struct json_node *value)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	if (value)
		write_value(arena, &out, value);
	return arena_strndup(arena, strbuf_text(&out), out.length);
}
