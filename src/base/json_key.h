/* The names of JSON members, each kept once: documents have thousands of objects of one form. Knows no values. */
#ifndef BASE_JSON_KEY_H
#define BASE_JSON_KEY_H

#include <stddef.h>

/*
 * The one copy of this text, so that equal names have equal addresses. Every json_key_take needs its json_key_release,
 * which takes what the first one returned.
 */
const char *json_key_take(const char *text);
void json_key_release(const char *key);

/* The copy when somebody has taken it, else NULL. */
const char *json_key_find(const char *text);

#endif
