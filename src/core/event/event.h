/*
 * The event lines: one table of types and their fields; encode, decode and check. Pure.
 * The console, replay, --format json and the run's record all speak these lines.
 */
#ifndef CORE_EVENT_EVENT_H
#define CORE_EVENT_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"
#include "base/strbuf.h"

enum event_type {
	EVENT_RUN,
	EVENT_PLAN,
	EVENT_GATE,
	EVENT_EVIDENCE,
	EVENT_STEP,
	EVENT_SAMPLE,
	EVENT_LOG,
	EVENT_ERROR,
	EVENT_REQUEST,
	EVENT_END,
	EVENT_ENGINE,
	EVENT_EXPLAIN,
	EVENT_GUARD,
	EVENT_TYPE_COUNT,
};

enum field_kind { FIELD_TEXT, FIELD_INT, FIELD_BOOL, FIELD_ARRAY, FIELD_OBJECT };

struct field_row {
	const char *name;
	enum field_kind kind;
	bool required;
	const char *const *words; /* NULL-ended list of allowed texts, or NULL for any */
	const struct field_row *members; /* of an object, or of each object in an array; closed; NULL = anything */
	size_t member_count;
};

struct event_row {
	const char *name;
	const struct field_row *fields;
	size_t field_count;
	bool beside; /* may have the sequence number 0: told to a viewer, and no part of the run's story and record */
};

const struct event_row *event_get(enum event_type type);

bool event_find(const char *name, enum event_type *ret_type);

/*
 * One line without its newline: v, seq, ts, run, type, then the fields in table order. `fields` is an object with
 * exactly the type's fields (optional ones that are missing or null are left out); a wrong one is a bug (assert).
 * Every text goes through safe_text. A document's own "v" gives way to the line's.
 */
void event_encode(struct strbuf *out, enum event_type type, int64_t seq, const char *timestamp, const char *run,
                  const struct json *fields);

/* What every line begins with, read back from one that event_encode made; false when it is none. */
struct event_head {
	int64_t seq;
	char ts[sizeof("2026-01-01T00:00:00.000Z")];
	char run[sizeof("01234567-89ab-cdef-0123-456789abcdef")];
};
bool event_head_read(const char *line, struct event_head *ret_head);

/* Whether these fields can be encoded: for those that another version may have written. */
bool event_fits(enum event_type type, const struct json *fields);

/*
 * Reads and checks one line: closed (no additional fields), kinds and words right. FAIL_REFUSED naming the field.
 * The caller owns *ret_event.
 */
enum status event_decode(const char *line, size_t length, enum event_type *ret_type, struct json **ret_event,
                         struct error *err) MUST_CHECK;

/* The JSON schema document (draft 2020-12) made from the table: what share/event.schema.json must equal. */
struct json *event_schema(void);

#endif
