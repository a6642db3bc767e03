#include "engine/rehearse/checkpoints.h"

#include "base/memory.h"

/* Looking is free for so long, and may take this part of the time after that. */
enum { FREE_MS = 5000, SHARE = 10 };

struct checkpoints {
	struct run *run;
	struct session *session;
	const struct schema *clone_schema;
	struct arena *arena;           /* of the list `last`; NULL while that is the clone's first */
	struct schema last;            /* at the newest checkpoint */
	struct arena *keep;            /* the caller's: texts of all that was seen, digests and what changed */
	struct checkpoint_list *items; /* in it */
	int64_t began_ms, spent_ms;
};

struct checkpoints *checkpoints_open(struct run *run, struct arena *arena, struct session *session,
                                     const struct schema *clone_schema)
{
	struct checkpoints *checkpoints = memory_new(sizeof(*checkpoints));
	*checkpoints = (struct checkpoints){.run = run,
	                                    .session = session,
	                                    .clone_schema = clone_schema,
	                                    .last = *clone_schema,
	                                    .keep = arena,
	                                    .items = arena_alloc(arena, sizeof(*checkpoints->items)),
	                                    .began_ms = clock_ms()};
	return checkpoints;
}

void checkpoints_close(struct checkpoints *checkpoints)
{
	if (!checkpoints)
		return;
	arena_close(checkpoints->arena);
	memory_free(checkpoints);
}

const struct schema *checkpoints_last(const struct checkpoints *checkpoints)
{
	return &checkpoints->last;
}

const struct checkpoint_list *checkpoints_list(const struct checkpoints *checkpoints)
{
	return checkpoints->items;
}

static bool is_time(const struct checkpoints *checkpoints, size_t done, bool inside)
{
	bool end = !inside && done == checkpoints->run->plan.pending.count;
	int64_t elapsed_ms = clock_ms() - checkpoints->began_ms;
	return end || checkpoints->spent_ms < FREE_MS || checkpoints->spent_ms * SHARE < elapsed_ms;
}

static const struct schema_object *keep_object(struct arena *arena, const struct schema_object *object)
{
	if (!object)
		return NULL;
	struct schema_object *kept = arena_alloc(arena, sizeof(*kept));
	*kept = *object;
	return kept;
}

/* The schema as it is now becomes the last; what changed since outlives both. */
static void add_checkpoint(struct checkpoints *checkpoints, size_t done, const struct schema *now)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct arena *keep = checkpoints->keep, *arena = arena_open();
	struct checkpoint *checkpoint = list_add(keep, checkpoints->items);
	struct schema_difference_list differences = {0};
	struct schema kept;

	checkpoint->done = done;
	schema_keep(arena, keep, &checkpoints->last, now, &kept);
	schema_compare(scratch, &checkpoints->last, &kept, &differences);
	list_reserve(keep, &checkpoint->delta, differences.count);
	for (size_t i = 0; i < differences.count; i++) {
		const struct schema_difference *difference = &differences.items[i];
		*list_add(keep, &checkpoint->delta) =
			(struct schema_difference){.kind = difference->kind,
		                                   .before = keep_object(keep, difference->before),
		                                   .after = keep_object(keep, difference->after)};
	}
	arena_close(checkpoints->arena);
	checkpoints->arena = arena;
	checkpoints->last = kept;
}

enum status checkpoints_note(struct checkpoints *checkpoints, size_t done, bool inside, const char **ret_digest,
                             struct error *err)
{
	struct run *run = checkpoints->run;
	struct schema now = {0}, promise = {0};

	*ret_digest = NULL;
	if (!is_time(checkpoints, done, inside))
		return OK;
	_cleanup_arena_ struct arena *scratch = arena_open();
	int64_t start_ms = clock_ms();
	if (run_schema_of(run, checkpoints->session, scratch, &now, err) != OK)
		return error_wrap(err, "cannot read the clone's schema");
	schema_promise(scratch, &run->live_schema, checkpoints->clone_schema, &now, &promise);
	*ret_digest = arena_strdup(checkpoints->keep, schema_digest(&promise).hex);
	if (!inside)
		add_checkpoint(checkpoints, done, &now);
	checkpoints->spent_ms += clock_ms() - start_ms;
	return OK;
}
