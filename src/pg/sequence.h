/* Sequences, which no snapshot holds: their positions, and whether a restored one lies where it must. */
#ifndef PG_SEQUENCE_H
#define PG_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/list.h"
#include "pg/session.h"

/* A sequence's position. */
struct sequence {
	const char *name;
	int64_t increment;
	bool cycles;
	int64_t last;   /* last_value */
	bool called;    /* else `last` is the next value */
};

struct sequence_list {
	struct sequence *items; /* by name */
	size_t count;
	size_t room;
};

/* All sequences now. FAIL_USAGE, naming them, when this role may not read some. */
enum status sequences_read(struct session *session, struct arena *arena, struct sequence_list *ret_sequences,
                           struct error *err) MUST_CHECK;

/*
 * Whether each restored sequence lies between what was read before the snapshot and after the dump, in the direction
 * of its increment. Each that does not is one sentence.
 */
void sequences_compare(struct arena *arena, const struct sequence_list *before, const struct sequence_list *after,
                       const struct sequence_list *restored, struct text_list *ret_differences);

#endif
