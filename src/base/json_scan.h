/*
 * JSON read in one pass into a light tree in an arena: for large documents that are read once and thrown away, where
 * the library's parser, with a hash table for each object, takes several times as long. A fuzz target holds it to
 * the library's opinion of what is JSON. Knows no files.
 */
#ifndef BASE_JSON_SCAN_H
#define BASE_JSON_SCAN_H

#include "base/arena.h"
#include "base/json.h"

enum { JSON_SCAN_DEPTH = 4096 };

struct json_node {
	enum json_kind kind;
	bool flag;               /* of a bool */
	const char *key;         /* of an object's member, else NULL */
	const char *text;        /* of a text; the digits of a number, which go on for `length` and have no end mark */
	size_t length;
	double number;           /* of an int or a real: any number has one, that of a too large one is infinite */
	size_t count;            /* of an array or an object */
	struct json_node *first; /* of their values, in order */
	struct json_node *next;  /* beside it */
};

/*
 * The value at the beginning of the text; *ret_used tells how many bytes it took, and what stands behind is not looked
 * at. Members may come twice. All is in the arena. FAIL_REFUSED with line and column when it is no JSON, or too deep.
 */
enum status json_scan(struct arena *arena, const char *text, size_t length, const struct json_node **ret_root,
                      size_t *ret_used, struct error *err) MUST_CHECK;

/* The same tree of a parsed value, whose texts it shares. */
const struct json_node *json_scan_value(struct arena *arena, const struct json *value);

/* The first member of that name; NULL when there is none or it is no object. */
const struct json_node *json_node_get(const struct json_node *object, const char *key);

/* NULL unless there is one and it is a text; 0 unless it is a number. */
const char *json_node_text(const struct json_node *node);
double json_node_number(const struct json_node *node);

#endif
