/*
 * Objects held against a table of fields: closed, kinds and words right. What event lines and requests share. Pure.
 */
#ifndef CORE_EVENT_FIELDS_H
#define CORE_EVENT_FIELDS_H

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "core/event/event.h"

/* Where in the line a check stands: its words are made when something is wrong there. */
struct fields_place {
	struct arena *arena; /* for what a message is made of */
	const char *noun;    /* "event", "request" */
	const char *type;    /* its name, "?" while unknown */
	struct error *err;
	const struct fields_place *outer; /* the object around this one, or NULL for the line itself */
	const struct field_row *field;    /* which of its fields this one is in */
	size_t index;                     /* and at which place, where that is an array */
};

/* FAIL_REFUSED: noun "type": field "migrations[2].field" what. */
enum status fields_wrong(const struct fields_place *place, const char *field, const char *what);

/* The first member that is neither a field nor one of the head's; NULL = none. */
const char *fields_unknown(const struct json *object, const struct field_row *fields, size_t count,
                           const struct field_row *head, size_t head_count);

/* Whether all required fields are there and every field is as its row says; with nulls, null counts as missing. */
enum status fields_check(const struct fields_place *place, const struct field_row *fields, size_t count,
                         const struct json *object, bool nulls) MUST_CHECK;

#endif
