/*
 * What a viewer may ask an engine for: one table of requests and their fields; encode, decode and check. Pure: whether
 * a request is granted is the engine's to say.
 */
#ifndef CORE_EVENT_REQUEST_H
#define CORE_EVENT_REQUEST_H

#include "core/event/event.h"

enum request_type {
	REQUEST_START,
	REQUEST_RUN,
	REQUEST_APPROVE,
	REQUEST_WAIVE,
	REQUEST_CANCEL,
	REQUEST_PAUSE,
	REQUEST_CONTINUE,
	REQUEST_ROLLBACK,
	REQUEST_EXPLAIN,
	REQUEST_PULL_BACK,
	REQUEST_SIGNAL,
	REQUEST_QUIT,
	REQUEST_TYPE_COUNT,
};

struct request_row {
	const char *name;
	const char *meaning; /* one line, lower case, without full stop: for help and the manual */
	const struct field_row *fields;
	size_t field_count;
};

const struct request_row *request_get(enum request_type type);

bool request_find(const char *name, enum request_type *ret_type);

/*
 * One line without its newline: v, request, then the fields in table order. `fields` is an object with exactly the
 * request's fields, or NULL for none; a wrong one is a bug (assert).
 */
void request_encode(struct strbuf *out, enum request_type type, const struct json *fields);

/* Reads and checks one line, closed as event lines are. FAIL_REFUSED naming the field. The caller owns *ret_request. */
enum status request_decode(const char *line, size_t length, enum request_type *ret_type, struct json **ret_request,
                           struct error *err) MUST_CHECK;

#endif
