/*
 * What EXPLAIN calls its properties, and which field of a node each one fills: one table for all forms and versions.
 * Knows no form; a name that is not in it is kept as a detail.
 */
#ifndef CORE_EXPLAIN_KEYS_H
#define CORE_EXPLAIN_KEYS_H

#include "base/text_index.h"
#include "core/explain/query_plan.h"

enum key_home {
	KEY_OF_NODE,    /* a field of struct plan_node */
	KEY_OF_BUFFERS, /* of struct plan_buffers: a node's, a worker's, the planner's */
	KEY_OF_WAL,     /* of struct plan_wal */
	KEY_OF_WORKER,  /* of struct plan_worker */
};

enum key_kind {
	KEY_TEXT,       /* const char *; what comes again is added behind "; " */
	KEY_NUMBER,     /* double */
	KEY_KILOBYTES,  /* double, in bytes */
	KEY_FLAG,       /* bool */
	KEY_ANY,        /* no field: only a detail */
	KEY_ANY_KILOBYTES,
};

/* What becomes of a number that comes again: a worker's, or that of another kind of block. */
enum key_again { KEY_LAST, KEY_SUM, KEY_MAX };

enum key_shown { KEY_HIDDEN, KEY_SHOWN, KEY_SHOWN_UNLESS_ZERO };

struct plan_key {
	const char *name;
	enum key_home home;
	enum key_kind kind;
	enum key_again again;
	enum key_shown shown;   /* whether it is a detail, too */
	size_t offset;          /* of the field in its home */
	size_t has;             /* of the flag of struct plan_node that it sets; 0 = none */
};

struct plan_keys;

struct plan_keys *plan_keys_new(struct arena *arena);

/* NULL when the name is unknown. Of a worker, other than of a node, times and rows are its own. */
const struct plan_key *plan_key_find(const struct plan_keys *keys, const char *name, bool of_worker);

#endif
