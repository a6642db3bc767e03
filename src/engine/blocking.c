#include "engine/blocking.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

bool blocking_is_live(const struct schema *live, const char *relation)
{
	for (size_t i = 0; i < live->count; i++)
		if (strcmp(live->items[i].name, relation) == 0)
			return true;
	return false;
}

static struct blocking *find(const struct blocking_list *list, const char *relation, bool readers)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].readers == readers && strcmp(list->items[i].relation, relation) == 0)
			return &list->items[i];
	return NULL;
}

static void note(struct arena *arena, struct blocking_list *list, const struct blocking *now)
{
	struct blocking *known = find(list, now->relation, now->readers);
	if (!known)
		list_push(arena, list, *now);
	else if (now->held_ms >= known->held_ms)
		*known = *now;
}

/* A lock is held until the step ends: COMMIT, or the end of a statement outside transactions. */
static void take_step(struct arena *arena, const char *version, const struct step_trace *step,
                      const struct schema *live, struct blocking_list *list)
{
	int64_t left_ms = 0;

	for (size_t t = step->statements.count; t-- > 0;) {
		const struct statement_trace *statement = &step->statements.items[t];
		left_ms += statement->duration_ms;
		const struct relation_lock_list *locks = &statement_effects_get(statement)->locks;
		for (size_t l = 0; l < locks->count; l++) {
			const struct relation_lock *lock = &locks->items[l];
			struct blocking now = {.relation = lock->relation,
			                       .mode = lock->mode,
			                       .held_ms = left_ms,
			                       .version = version,
			                       .readers = lock->mode == LOCK_ACCESS_EXCLUSIVE};
			if (lock->mode > LOCK_SHARE_UPDATE_EXCLUSIVE && blocking_is_live(live, lock->relation))
				note(arena, list, &now);
		}
	}
}

static int by_weight(const void *a, const void *b)
{
	const struct blocking *first = a, *second = b;
	if (first->readers != second->readers)
		return first->readers ? 1 : -1;
	if (first->held_ms != second->held_ms)
		return first->held_ms > second->held_ms ? 1 : -1;
	return strcmp(first->relation, second->relation);
}

void blocking_find(struct arena *arena, const struct trace *trace, const struct schema *live,
                   struct blocking_list *ret_list)
{
	struct blocking_list all = {0}, list = {0};

	for (size_t m = 0; m < trace->migrations.count; m++) {
		const struct migration_trace *migration = &trace->migrations.items[m];
		for (size_t s = 0; s < migration->steps.count; s++)
			take_step(arena, migration->version, &migration->steps.items[s], live, &all);
	}
	for (size_t i = 0; i < all.count; i++) {
		const struct blocking *stronger = find(&all, all.items[i].relation, true);
		if (all.items[i].readers || !stronger || stronger->held_ms < all.items[i].held_ms)
			list_push(arena, &list, all.items[i]);
	}
	if (list.count)
		qsort(list.items, list.count, sizeof(*list.items), by_weight);
	*ret_list = list;
}

static bool is_alike(const struct blocking *a, const struct blocking *b)
{
	return a->mode == b->mode && a->held_ms == b->held_ms && strcmp(a->version, b->version) == 0;
}

static const char *effect(const struct blocking *blocking)
{
	return blocking->readers ? "no reads, no writes" : "no writes";
}

const char *blocking_text(struct arena *arena, const struct blocking_list *list, size_t first, size_t *ret_next)
{
	const struct blocking *leader = &list->items[first];
	_cleanup_strbuf_ struct strbuf text = {0};

	strbuf_printf(&text, "%s for %s in %s, %s: %s", lock_mode_name(leader->mode),
	              text_duration(arena, leader->held_ms), leader->version, effect(leader), leader->relation);
	for (first++; first < list->count && is_alike(leader, &list->items[first]); first++)
		strbuf_printf(&text, ", %s", list->items[first].relation);
	*ret_next = first;
	return arena_strdup(arena, strbuf_text(&text));
}
