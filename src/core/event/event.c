#include "core/event/event.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/stamp.h"
#include "base/text.h"
#include "core/event/fields.h"
#include "core/event/table.h"

void event_encode(struct strbuf *out, enum event_type type, int64_t seq, const char *timestamp, const char *run,
                  const struct json *fields)
{
	const struct event_row *row = event_get(type);
	_cleanup_arena_ struct arena *scratch = arena_open();
	_cleanup_error_ struct error err = {0};
	_cleanup_json_ struct json *line = json_new_object();
	struct fields_place place = {.arena = scratch, .noun = "event", .type = row->name, .err = &err};

	/* A document carries its version, which is the line's too. */
	assert(!fields_unknown(fields, row->fields, row->field_count, EVENT_HEAD, 1));
	enum status status = fields_check(&place, row->fields, row->field_count, fields, true);
	assert(status == OK);
	(void)status;

	json_set_int(line, "v", EVENT_VERSION);
	json_set_int(line, "seq", seq);
	json_set_text(line, "ts", timestamp);
	json_set_text(line, "run", run);
	json_set_text(line, "type", row->name);
	json_write(out, line);
	out->length--; /* the brace comes behind the fields */
	for (size_t i = 0; i < row->field_count; i++) {
		const struct json *value = json_get(fields, row->fields[i].name);
		if (!value || json_kind(value) == JSON_KIND_NULL)
			continue;
		strbuf_printf(out, ",\"%s\":", row->fields[i].name);
		json_write_safe(out, value);
	}
	strbuf_putc(out, '}');
}

bool event_head_read(const char *line, struct event_head *ret_head)
{
	struct event_head head = {0};
	int found = sscanf(line, "{\"v\":1,\"seq\":%" SCNd64 ",\"ts\":\"%24[^\"]\",\"run\":\"%36[^\"]\",", &head.seq,
	                   head.ts, head.run);

	if (found == 3)
		*ret_head = head;
	return found == 3;
}

bool event_fits(enum event_type type, const struct json *fields)
{
	const struct event_row *row = event_get(type);
	_cleanup_arena_ struct arena *scratch = arena_open();
	_cleanup_error_ struct error ignored = {0};
	struct fields_place place = {.arena = scratch, .noun = "event", .type = row->name, .err = &ignored};

	return json_kind(fields) == JSON_KIND_OBJECT && !fields_unknown(fields, row->fields, row->field_count, NULL, 0) &&
	       fields_check(&place, row->fields, row->field_count, fields, true) == OK;
}

/* beside: such a line may stand beside the story of a run, which counts from 1. */
static enum status check_head(const struct fields_place *place, const struct json *line, bool beside)
{
	int64_t ignored;
	enum status status = fields_check(place, EVENT_HEAD, HEAD_COUNT, line, false);
	if (status)
		return status;
	if (json_get_int(line, "v") != EVENT_VERSION)
		return fields_wrong(place, "v", "must be 1");
	if (json_get_int(line, "seq") < (beside ? 0 : 1))
		return fields_wrong(place, "seq", beside ? "must be 0 or more" : "must be 1 or more");
	if (!stamp_read(json_get_text(line, "ts"), &ignored))
		return fields_wrong(place, "ts", "must be a time in UTC as in 2026-01-01T00:00:00.000Z");
	return OK;
}

static enum status check_line(struct arena *arena, const struct json *line, enum event_type *ret_type,
                              struct error *err)
{
	struct fields_place place = {.arena = arena, .noun = "event", .type = "?", .err = err};
	enum event_type type = EVENT_TYPE_COUNT;

	if (json_kind(line) != JSON_KIND_OBJECT) {
		error_set(err, FAIL_REFUSED, "an event line must be an object");
		return error_hint(err, "The line was altered, or another version of pgsluice wrote it.");
	}
	const char *name = json_get_text(line, "type");
	if (name && event_find(name, &type))
		place.type = name;
	enum status status = check_head(&place, line, type != EVENT_TYPE_COUNT && event_get(type)->beside);
	if (status)
		return status;

	const struct event_row *row = event_get(type);
	const char *unknown = fields_unknown(line, row->fields, row->field_count, EVENT_HEAD, HEAD_COUNT);
	if (unknown)
		return fields_wrong(&place, unknown, "is unknown");
	status = fields_check(&place, row->fields, row->field_count, line, false);
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
