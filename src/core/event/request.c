#include "core/event/request.h"

#include <assert.h>
#include <string.h>

#include "core/event/fields.h"
#include "core/event/table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FIELDS(table) .fields = (table), .field_count = COUNT(table)

enum { REQUEST_VERSION = 1, REQUEST_HEAD_COUNT = 2 };

static const struct field_row HEAD[REQUEST_HEAD_COUNT] = {
	{.name = "v", .kind = FIELD_INT, .required = true},
	{.name = "request", .kind = FIELD_TEXT, .required = true, .words = EVENT_REQUESTS},
};

static const struct field_row RUN[] = {
	{.name = "gate", .kind = FIELD_TEXT, .words = EVENT_GATES},
};

static const struct field_row APPROVE[] = {
	{.name = "plan_id", .kind = FIELD_TEXT, .required = true},
	{.name = "database", .kind = FIELD_TEXT, .required = true},
	{.name = "reason", .kind = FIELD_TEXT},
};

static const struct field_row WAIVE[] = {
	{.name = "check", .kind = FIELD_TEXT, .required = true},
	{.name = "reason", .kind = FIELD_TEXT, .required = true},
};

static const struct field_row ROLLBACK[] = {
	{.name = "to", .kind = FIELD_TEXT, .required = true},
};

static const char *const PLACES[] = {"copy", "live", NULL};

static const struct field_row EXPLAIN[] = {
	{.name = "sql", .kind = FIELD_TEXT, .required = true},
	{.name = "on", .kind = FIELD_TEXT, .words = PLACES},
	{.name = "analyze", .kind = FIELD_BOOL},
	{.name = "confirm", .kind = FIELD_TEXT},
};

static const struct field_row SIGNAL[] = {
	{.name = "action", .kind = FIELD_TEXT, .required = true, .words = EVENT_SIGNALS},
	{.name = "backend_pid", .kind = FIELD_INT, .required = true},
	{.name = "backend_start", .kind = FIELD_TEXT, .required = true},
	{.name = "name", .kind = FIELD_TEXT, .required = true},
	{.name = "reason", .kind = FIELD_TEXT},
};

static const struct field_row QUIT[] = {
	{.name = "force", .kind = FIELD_BOOL},
};

static const struct request_row ROWS[REQUEST_TYPE_COUNT] = {
	[REQUEST_START] = {.name = "start", .meaning = "read files and target anew and begin a run"},
	[REQUEST_RUN] = {.name = "run", .meaning = "go on, up to and including a gate; without one, the next",
	                 FIELDS(RUN)},
	[REQUEST_APPROVE] = {.name = "approve", .meaning = "consent to exactly this plan on this database",
	                     FIELDS(APPROVE)},
	[REQUEST_WAIVE] = {.name = "waive", .meaning = "let a check pass, with a reason, in a new plan", FIELDS(WAIVE)},
	[REQUEST_CANCEL] = {.name = "cancel", .meaning = "stop what is at work, and roll its transaction back"},
	[REQUEST_PAUSE] = {.name = "pause", .meaning = "hold before the next gate or step"},
	[REQUEST_CONTINUE] = {.name = "continue", .meaning = "take a pause back"},
	[REQUEST_ROLLBACK] = {.name = "rollback", .meaning = "begin a run that goes back to a version",
	                      FIELDS(ROLLBACK)},
	[REQUEST_EXPLAIN] = {.name = "explain", .meaning = "tell the plan of one query, on the copy or on live",
	                     FIELDS(EXPLAIN)},
	[REQUEST_PULL_BACK] = {.name = "pull-back",
	                       .meaning = "have the guard cancel the step at work on live, which is tried again"},
	[REQUEST_SIGNAL] = {.name = "signal", .meaning = "cancel or terminate a session of somebody else on live, by name",
	                    FIELDS(SIGNAL)},
	[REQUEST_QUIT] = {.name = "quit", .meaning = "end the engine; with a gate at work by force only",
	                  FIELDS(QUIT)},
};

const struct request_row *request_get(enum request_type type)
{
	assert((unsigned)type < REQUEST_TYPE_COUNT);
	return &ROWS[type];
}

bool request_find(const char *name, enum request_type *ret_type)
{
	for (enum request_type type = 0; type < REQUEST_TYPE_COUNT; type++) {
		if (strcmp(ROWS[type].name, name) == 0) {
			*ret_type = type;
			return true;
		}
	}
	return false;
}

void request_encode(struct strbuf *out, enum request_type type, const struct json *fields)
{
	const struct request_row *row = request_get(type);
	_cleanup_json_ struct json *line = json_new_object();

	assert(!fields || !fields_unknown(fields, row->fields, row->field_count, NULL, 0));
	json_set_int(line, "v", REQUEST_VERSION);
	json_set_text(line, "request", row->name);
	for (size_t i = 0; i < row->field_count; i++) {
		const struct json *value = json_get(fields, row->fields[i].name);
		assert(value || !row->fields[i].required);
		if (value)
			json_set(line, row->fields[i].name, json_clone(value));
	}
	json_write(out, line);
}

static enum status check_line(struct arena *arena, const struct json *line, enum request_type *ret_type,
                              struct error *err)
{
	struct fields_place place = {.arena = arena, .noun = "request", .type = "?", .err = err};
	enum request_type type = REQUEST_TYPE_COUNT;

	if (json_kind(line) != JSON_KIND_OBJECT) {
		error_set(err, FAIL_REFUSED, "a request must be an object");
		return error_hint(err, "See pgsluice(1), section REQUESTS.");
	}
	const char *name = json_get_text(line, "request");
	if (name && request_find(name, &type))
		place.type = name;
	enum status status = fields_check(&place, HEAD, REQUEST_HEAD_COUNT, line, false);
	if (status)
		return status;
	if (json_get_int(line, "v") != REQUEST_VERSION)
		return fields_wrong(&place, "v", "must be 1");
	const struct request_row *row = request_get(type);
	const char *unknown = fields_unknown(line, row->fields, row->field_count, HEAD, REQUEST_HEAD_COUNT);
	if (unknown)
		return fields_wrong(&place, unknown, "is unknown");
	status = fields_check(&place, row->fields, row->field_count, line, false);
	if (status == OK)
		*ret_type = type;
	return status;
}

enum status request_decode(const char *line, size_t length, enum request_type *ret_type, struct json **ret_request,
                           struct error *err)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct json *request = NULL;
	enum status status = json_parse(line, length, &request, err);
	if (status)
		return status;
	status = check_line(scratch, request, ret_type, err);
	if (status) {
		json_close(request);
		return status;
	}
	*ret_request = request;
	return OK;
}
