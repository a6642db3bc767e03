/*
 * Who has to wait while a plan runs, and for how long: the locks of a trace that keep others from reading or writing
 * what live has already. Knows no gate.
 */
#ifndef ENGINE_BLOCKING_H
#define ENGINE_BLOCKING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/list.h"
#include "core/schema/object.h"
#include "engine/execute/trace.h"

struct blocking {
	const char *relation;
	enum lock_mode mode;
	int64_t held_ms;     /* the longest time, from the statement that takes the lock to the end of its step */
	const char *version; /* the migration that holds it so long */
	bool readers;        /* also those who only read wait */
};

struct blocking_list {
	struct blocking *items;
	size_t count;
	size_t room;
};

/*
 * By relation: at most one that stops readers and writers, and one that stops only writers where it is held longer.
 * Those that stop readers come last, of each kind the longest last. `live` has the objects that others can be waiting
 * for; what the plan makes itself blocks nobody.
 */
void blocking_find(struct arena *arena, const struct trace *trace, const struct schema *live,
                   struct blocking_list *ret_list);

/*
 * From `first` on all that are alike but for the relation, which are told last; *ret_next is the first that is not.
 * "ACCESS EXCLUSIVE for 86 ms in 009, no reads, no writes: public.orders, public.lines"
 */
const char *blocking_text(struct arena *arena, const struct blocking_list *list, size_t first, size_t *ret_next);

/* The names of all that live has, for blocking_is_live: whether it has an object of this name. */
struct text_index *blocking_live_names(struct arena *arena, const struct schema *live);
bool blocking_is_live(const struct text_index *live, const char *relation);

#endif
