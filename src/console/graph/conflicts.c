#include "console/graph/conflicts.h"

#include <string.h>

#include "console/model/model_plan.h"

struct claims {
	LIST(struct model_lock) items;
};

static void claim(struct arena *arena, struct claims *claims, const struct model_lock *lock)
{
	for (size_t i = 0; i < claims->items.count; i++) {
		struct model_lock *at = &claims->items.items[i];
		if (strcmp(at->relation, lock->relation) != 0)
			continue;
		if (model_lock_mode(lock->mode) > model_lock_mode(at->mode))
			at->mode = lock->mode;
		return;
	}
	list_push(arena, &claims->items, *lock);
}

static struct claims claims_of(struct arena *arena, const struct model_migration *migration, bool rehearsed)
{
	struct claims claims = {0};

	for (size_t i = 0; rehearsed && i < migration->locks.count; i++)
		claim(arena, &claims, &migration->locks.items[i]);
	for (size_t i = 0; !rehearsed && i < migration->steps.count; i++)
		for (size_t j = 0; j < migration->steps.items[i].statements.count; j++) {
			const struct model_statement *statement = &migration->steps.items[i].statements.items[j];
			for (size_t k = 0; k < statement->locks.count; k++)
				claim(arena, &claims, &statement->locks.items[k]);
		}
	return claims;
}

const char *conflict_text(struct arena *arena, const struct model_migration *here, const struct model_migration *there)
{
	bool rehearsed = here->promised_ms >= 0 && there->promised_ms >= 0;
	struct claims ours = claims_of(arena, here, rehearsed), theirs = claims_of(arena, there, rehearsed);
	const struct model_lock *mine = NULL, *other = NULL;

	for (size_t i = 0; i < ours.items.count; i++)
		for (size_t j = 0; j < theirs.items.count; j++) {
			const struct model_lock *a = &ours.items.items[i], *b = &theirs.items.items[j];
			if (strcmp(a->relation, b->relation) != 0 ||
			    !lock_modes_conflict(model_lock_mode(a->mode), model_lock_mode(b->mode)))
				continue;
			if (mine && model_lock_mode(b->mode) <= model_lock_mode(other->mode))
				continue;
			mine = a;
			other = b;
		}
	return mine ? arena_printf(arena, "on %s (%s)", mine->relation, other->mode) : NULL;
}
