#include "engine/rehearse/downs.h"

#include "engine/execute/place.h"

static const char *const NAMES[] = {
	[DOWN_MISSING] = "missing",
	[DOWN_EXACT] = "exact",
	[DOWN_INEXACT] = "inexact",
	[DOWN_FAILED] = "failed",
	[DOWN_NOT_REACHED] = "not_reached",
};

const char *down_state_name(enum down_state state)
{
	return NAMES[state];
}

/* What is known of each pending migration's way back. */
struct way_back {
	enum down_state state;
	const char *reason;
};

/* The way back so far. Two schemas are kept, each in an arena of its own: before and after the downs being judged. */
struct descent {
	struct executor executor;
	struct way_back *ways;
	struct arena *arena;
	struct schema now;
};

static enum status read_schema(struct executor *executor, struct arena *arena, struct schema *ret_schema,
                               struct error *err)
{
	return run_schema_of(executor->run, executor->watch, arena, ret_schema, err);
}

/* `now` with the change taken back that the ups had made. */
static void expect(struct arena *arena, const struct schema *now, const struct checkpoint *checkpoint,
                   struct schema *ret_expected)
{
	struct schema before = {0}, after = {0};

	for (size_t i = 0; i < checkpoint->delta.count; i++) {
		const struct schema_difference *difference = &checkpoint->delta.items[i];
		if (difference->before)
			list_push(arena, &before, *difference->before);
		if (difference->after)
			list_push(arena, &after, *difference->after);
	}
	schema_sort(&before);
	schema_sort(&after);
	schema_promise(arena, now, &after, &before, ret_expected);
	schema_sort(ret_expected);
}

static void emit_progress(struct run *run, const char *phase, size_t done)
{
	struct json *values = json_new_object();
	json_set_text(values, "phase", phase);
	json_set_int(values, "migrations_done", (int64_t)done);
	json_set_int(values, "migrations_total", (int64_t)run->plan.pending.count);
	emit_sample(run->emitter, "rehearsal", values);
}

static void find_missing(struct way_back *way)
{
	way->state = DOWN_MISSING;
	way->reason = "there is no down file";
}

/* Runs one down; what happens to it is in `way`, and only what ends the whole rehearsal is an error. */
static enum status run_down(struct executor *executor, const struct migration *migration, struct way_back *way,
                            struct error *err)
{
	struct run *run = executor->run;
	struct migration_trace ignored;

	way->state = DOWN_INEXACT;
	way->reason = "it ran, and what it restored was not looked at";
	if (!migration->down.path) {
		find_missing(way);
		return OK;
	}
	if (execute_migration(executor, migration, 0, &ignored, err) == OK)
		return OK;
	if (loop_stop_signal(run->loop))
		return err->status;
	way->state = DOWN_FAILED;
	way->reason = arena_strdup(run->arena, err->message);
	error_clear(err);
	return OK;
}

static void judge(struct descent *descent, const struct schema *after, const struct checkpoint *checkpoint,
                  size_t first)
{
	struct arena *arena = descent->executor.run->arena;
	struct schema expected = {0};
	struct schema_difference_list differences = {0};
	bool alone = checkpoint->done == first + 1;

	expect(descent->arena, &descent->now, checkpoint, &expected);
	schema_compare(descent->arena, &expected, after, &differences);
	for (size_t i = first; i < checkpoint->done; i++) {
		struct way_back *way = &descent->ways[i];
		way->state = differences.count ? DOWN_INEXACT : DOWN_EXACT;
		way->reason = differences.count
		                      ? arena_printf(arena, "%zu object(s) differ afterwards%s: %s", differences.count,
		                                     alone ? "" : ", judged together with its neighbours",
		                                     schema_difference_text(arena, &differences.items[0]))
		                      : NULL;
	}
}

/* The downs from one checkpoint to the one before it, which was taken after `first` migrations. */
static enum status descend(struct descent *descent, const struct checkpoint *checkpoint, size_t first, bool *ret_exact,
                           struct error *err)
{
	struct executor *executor = &descent->executor;
	struct schema after = {0};

	*ret_exact = false;
	for (size_t i = checkpoint->done; i-- > first;) {
		emit_progress(executor->run, "the way back", executor->run->plan.pending.count - 1 - i);
		if (run_down(executor, executor->run->plan.pending.items[i], &descent->ways[i], err) != OK)
			return err->status;
		if (descent->ways[i].state != DOWN_INEXACT)
			return OK;
	}
	struct arena *arena = arena_open();
	if (read_schema(executor, arena, &after, err) != OK) {
		arena_close(arena);
		return err->status;
	}
	judge(descent, &after, checkpoint, first);
	*ret_exact = descent->ways[first].state == DOWN_EXACT;
	arena_close(descent->arena);
	descent->arena = arena;
	descent->now = after;
	return OK;
}

static void report(struct run *run, struct evidence *evidence, const struct way_back *ways, struct json *downs)
{
	const char *limit = "every down is there, runs, and restores the schema exactly";
	size_t exact = 0, unreached = 0, count = run->plan.pending.count;

	for (size_t i = 0; i < count; i++) {
		const char *version = run->plan.pending.items[i]->version;
		struct json *down = json_new_object();
		json_set_text(down, "version", version);
		json_set_text(down, "state", down_state_name(ways[i].state));
		if (ways[i].reason)
			json_set_text(down, "reason", ways[i].reason);
		json_push(downs, down);
		exact += ways[i].state == DOWN_EXACT;
		unreached += ways[i].state == DOWN_NOT_REACHED;
		if (ways[i].state == DOWN_EXACT || ways[i].state == DOWN_NOT_REACHED)
			continue;
		const char *measured = arena_printf(run->arena, "down of migration %s: %s", version, ways[i].reason);
		const char *hint = "Correct the down file; until then the way back from here is the backup.";
		if (run->settings->rollback == ROLLBACK_REQUIRE)
			run_check(run, evidence, "rehearsal.downs", false, hint, measured, limit);
		else
			run_warn(run, evidence, "rehearsal.downs", hint, measured, limit);
	}
	if (unreached)
		run_warn(run, evidence, "rehearsal.downs",
		         "They are rehearsed when the down above them restores the schema.",
		         arena_printf(run->arena, "%zu down(s) below it are not reached", unreached), limit);
	if (exact == count)
		run_check(run, evidence, "rehearsal.downs", true, NULL,
		          arena_printf(run->arena, "%zu down(s) ran in reverse and restored the schema exactly",
												exact), limit);
}

/* Down to the first that does not restore the schema. */
static enum status descend_all(struct run *run, struct clone *clone, const struct checkpoint_list *checkpoints,
                               struct way_back *ways, struct error *err)
{
	struct descent descent = {.ways = ways, .arena = arena_open()};
	bool exact = true;

	enum status status = place_on_clone(run, clone, false, &descent.executor, err);
	descent.executor.direction = DIRECTION_DOWN;
	if (status == OK)
		status = read_schema(&descent.executor, descent.arena, &descent.now, err);
	for (size_t i = checkpoints->count; status == OK && exact && i-- > 0;)
		status = descend(&descent, &checkpoints->items[i], i ? checkpoints->items[i - 1].done : 0, &exact, err);
	place_close(&descent.executor);
	arena_close(descent.arena);
	return status;
}

enum status downs_rehearse(struct run *run, struct clone *clone, const struct checkpoint_list *checkpoints,
                           struct evidence *evidence, struct json **ret_downs, struct error *err)
{
	size_t count = run->plan.pending.count;
	struct way_back *ways = arena_alloc(run->arena, (count ? count : 1) * sizeof(*ways));

	for (size_t i = 0; i < count; i++) {
		ways[i].state = DOWN_NOT_REACHED;
		ways[i].reason = "a down above it did not restore the schema";
	}
	if (count && !run->plan.pending.items[count - 1]->down.path)
		find_missing(&ways[count - 1]); /* the way back ends before it begins */
	else if (descend_all(run, clone, checkpoints, ways, err) != OK)
		return err->status;
	*ret_downs = json_new_array();
	report(run, evidence, ways, *ret_downs);
	return OK;
}
