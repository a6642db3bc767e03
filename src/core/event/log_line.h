/*
 * An event as a line of the log: a level, a sentence for people, and the event's own fields for those who filter, as
 * JSON or as logfmt. Pure: knows no file and no clock.
 *
 * Names are those of the event lines; a member of an object is joined to the object's name by "_". Left out is what is
 * no figure and no short text: lists, the text of statements, query plans, whole documents.
 */
#ifndef CORE_EVENT_LOG_LINE_H
#define CORE_EVENT_LOG_LINE_H

#include <stdbool.h>

#include "base/strbuf.h"
#include "core/event/event.h"

/* From what matters least to what matters most. */
enum log_level { LOG_DEBUG, LOG_INFO, LOG_NOTICE, LOG_WARNING, LOG_ERROR, LOG_LEVEL_COUNT };

const char *log_level_name(enum log_level level);
bool log_level_find(const char *name, enum log_level *ret_level);

enum log_form { LOG_FORM_JSON, LOG_FORM_LOGFMT };

/* How much an event matters: what keeps the run from going on is an error, samples and statements are for debugging. */
enum log_level log_line_level(enum event_type type, const struct json *fields);

/* Appends what the event says, in a sentence without full stop. */
void log_line_say(struct strbuf *out, enum event_type type, const struct json *fields);

/*
 * Appends one line without its newline: ts, level, run, seq, event, message, then the fields. Every text is safe, as
 * in the event lines, and in logfmt a value that is no bare word stands in quotes.
 */
void log_line_write(struct strbuf *out, enum log_form form, enum event_type type, const struct event_head *head,
                    const struct json *fields);

#endif
