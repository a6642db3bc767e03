/* A JSON value as one line of text, as the text form would print it. Knows no keys. */
#ifndef CORE_EXPLAIN_JSON_SHOWN_H
#define CORE_EXPLAIN_JSON_SHOWN_H

#include "base/json_scan.h"

/* Lists are joined with ", ", objects are "key: value, ..."; in arena. Empty for NULL. */
const char *json_shown(struct arena *arena, const struct json_node *value);

#endif
