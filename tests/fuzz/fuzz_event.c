#include <string.h>

#include "core/event/event.h"
#include "fuzz.h"

static bool is_field(const struct event_row *row, const char *name)
{
	for (size_t i = 0; i < row->field_count; i++)
		if (strcmp(row->fields[i].name, name) == 0)
			return true;
	return false;
}

struct fields {
	const struct event_row *row;
	struct json *object;
};

static bool take_field(const char *key, const struct json *value, void *context)
{
	struct fields *fields = context;
	if (is_field(fields->row, key))
		json_set(fields->object, key, json_clone(value));
	return true;
}

/* event_decode: what it takes can be encoded, and that line decodes to the same line; a refusal says why. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	_cleanup_json_ struct json *event = NULL, *again = NULL, *object = json_new_object();
	_cleanup_strbuf_ struct strbuf once = {0}, twice = {0};
	_cleanup_error_ struct error err = {0};
	enum event_type type, second;

	if (event_decode((const char *)bytes, size, &type, &event, &err) != OK) {
		MUST(err.status == FAIL_REFUSED && err.message && !event);
		return 0;
	}
	struct fields fields = {.row = event_get(type), .object = object};
	json_each(event, take_field, &fields);
	event_encode(&once, type, json_get_int(event, "seq"), json_get_text(event, "ts"), "run", object);
	MUST(event_decode(strbuf_text(&once), once.length, &second, &again, &err) == OK && second == type);

	event_encode(&twice, type, json_get_int(event, "seq"), json_get_text(event, "ts"), "run", object);
	MUST(strcmp(strbuf_text(&once), strbuf_text(&twice)) == 0);
	return 0;
}
