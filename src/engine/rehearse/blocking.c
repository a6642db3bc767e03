#include "engine/rehearse/blocking.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* What was found, and where it is found by relation: one list of those that stop readers, one of the others. */
struct finding_blocks {
	struct arena *arena;
	const struct text_index *live;
	struct blocking_list all;
	struct text_index *with_readers, *without_readers;
};

struct text_index *blocking_live_names(struct arena *arena, const struct schema *live)
{
	struct text_index *names = text_index_new(arena);
	for (size_t i = 0; i < live->count; i++)
		text_index_put(names, live->items[i].name, i);
	return names;
}

bool blocking_is_live(const struct text_index *live, const char *relation)
{
	return text_index_find(live, relation, NULL);
}

static struct blocking *find(struct finding_blocks *finding, const char *relation, bool readers)
{
	size_t at;
	bool known = text_index_find(readers ? finding->with_readers : finding->without_readers, relation, &at);
	return known ? &finding->all.items[at] : NULL;
}

static void note(struct finding_blocks *finding, const struct blocking *now)
{
	struct blocking *known = find(finding, now->relation, now->readers);
	if (!known) {
		text_index_put(now->readers ? finding->with_readers : finding->without_readers, now->relation,
		               finding->all.count);
		list_push(finding->arena, &finding->all, *now);
	} else if (now->held_ms >= known->held_ms) {
		*known = *now;
	}
}

/* A lock is held until the step ends: COMMIT, or the end of a statement outside transactions. */
static void take_step(struct finding_blocks *finding, const char *version, const struct step_trace *step)
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
			if (lock->mode > LOCK_SHARE_UPDATE_EXCLUSIVE && blocking_is_live(finding->live, lock->relation))
				note(finding, &now);
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
	struct finding_blocks finding = {.arena = arena,
	                                 .live = blocking_live_names(arena, live),
	                                 .with_readers = text_index_new(arena),
	                                 .without_readers = text_index_new(arena)};
	const struct blocking_list *all = &finding.all;
	struct blocking_list list = {0};

	for (size_t m = 0; m < trace->migrations.count; m++) {
		const struct migration_trace *migration = &trace->migrations.items[m];
		for (size_t s = 0; s < migration->steps.count; s++)
			take_step(&finding, migration->version, &migration->steps.items[s]);
	}
	for (size_t i = 0; i < all->count; i++) {
		const struct blocking *stronger = find(&finding, all->items[i].relation, true);
		if (all->items[i].readers || !stronger || stronger->held_ms < all->items[i].held_ms)
			list_push(arena, &list, all->items[i]);
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
