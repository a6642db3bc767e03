/*
 * JSON values: build, write, parse, read. The tree is our own, since documents have hundreds of thousands of values;
 * the parser is a library's, and this the only place that knows it.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

struct json;

/*
 * Ownership: a container owns what is put into it. json_close releases a root with all in it (NULL does nothing);
 * never close a value that was put into another. Texts are copied; invalid UTF-8 in them is replaced by U+FFFD.
 */
struct json *json_new_object(void);
struct json *json_new_array(void);
void json_close(struct json *root);
void json_cleanup(struct json **root);
#define _cleanup_json_ __attribute__((cleanup(json_cleanup)))

/* One value with two owners, each of which closes it: nobody may change it while there are two. NULL stays NULL. */
struct json *json_share(const struct json *value);

/* A deep copy, owned by the caller. */
struct json *json_clone(const struct json *value);

/* Values that stand alone. A NULL text is null; a real is written with these digits. */
struct json *json_new_text(const char *text);
struct json *json_new_int(int64_t number);
struct json *json_new_bool(bool flag);
struct json *json_new_real(const char *digits);

/* Object members; a key that is there is replaced. A NULL text is written as null. */
void json_set(struct json *object, const char *key, struct json *value);
void json_set_text(struct json *object, const char *key, const char *text);
void json_set_int(struct json *object, const char *key, int64_t number);
void json_set_bool(struct json *object, const char *key, bool flag);

/* An array without elements, to which none may be added: there are as many of them as of others. */
struct json *json_empty_array(void);

/* Array elements. */
void json_push(struct json *array, struct json *value);
void json_push_text(struct json *array, const char *text);

/*
 * Compact form on one line, members in the order they were set; json_write_canonical sorts the members by key. What is
 * not seen, or makes other text be seen otherwise (DEL, C1, bidirectional, zero-width), is written as an escape, but
 * for the canonical form, which is for hashes.
 */
void json_write(struct strbuf *out, const struct json *value);
void json_write_canonical(struct strbuf *out, const struct json *value);

/* Indented form for people. */
void json_write_pretty(struct strbuf *out, const struct json *value);

/* As json_write, with every text through text_safe, and without the members that are null. */
void json_write_safe(struct strbuf *out, const struct json *value);

/* The same in pieces, for what is too large to stand in memory once more. */
enum json_form { JSON_LINE, JSON_CANONICAL, JSON_PRETTY, JSON_SAFE };
typedef void json_put(void *context, const char *bytes, size_t length);
void json_stream(const struct json *value, enum json_form form, json_put *put, void *context);

/* Parses one value that fills the text; the caller owns it. FAIL_REFUSED with line and column when it is none. */
enum status json_parse(const char *text, size_t length, struct json **ret_value, struct error *err) MUST_CHECK;

/* Readers: NULL, 0 or false when the member is missing or of another kind. Results belong to the root. */
const struct json *json_get(const struct json *object, const char *key);
const char *json_get_text(const struct json *object, const char *key);
int64_t json_get_int(const struct json *object, const char *key);
bool json_get_bool(const struct json *object, const char *key);
bool json_has(const struct json *object, const char *key);

size_t json_count(const struct json *array);
const struct json *json_at(const struct json *array, size_t index);
const char *json_text(const struct json *value); /* NULL unless a text */
int64_t json_int(const struct json *value);      /* 0 unless an integer */
bool json_bool(const struct json *value);        /* false unless true */
const char *json_digits(const struct json *value); /* its digits; NULL unless a real */

/* Kinds, for those who validate. */
enum json_kind {
	JSON_KIND_NULL,
	JSON_KIND_BOOL,
	JSON_KIND_INT,
	JSON_KIND_REAL,
	JSON_KIND_TEXT,
	JSON_KIND_ARRAY,
	JSON_KIND_OBJECT,
};
enum json_kind json_kind(const struct json *value);

/* Calls visit for each member in order until it returns false; returns false when it did. */
bool json_each(const struct json *object, bool (*visit)(const char *key, const struct json *value, void *context),
               void *context);

#endif
