/* What the files of this folder share: the fields before a type's own, and lists of words. Not for other modules. */
#ifndef CORE_EVENT_TABLE_H
#define CORE_EVENT_TABLE_H

#include "core/event/event.h"

enum { EVENT_VERSION = 1, HEAD_COUNT = 5 };

/* v, seq, ts, run, type: in every line, in this order. */
extern const struct field_row EVENT_HEAD[HEAD_COUNT];

/* Names of gates, and of requests; NULL-ended. */
extern const char *const EVENT_GATES[];
extern const char *const EVENT_REQUESTS[];
extern const char *const EVENT_SIGNALS[];

#endif
