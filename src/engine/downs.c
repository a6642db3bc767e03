#include "engine/downs.h"

#include "engine/place.h"
#include "pg/catalog.h"

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
	struct schema before; /* the schema before its up */
};

static enum status read_schema(struct executor *executor, struct schema *ret_schema, struct error *err)
{
	struct run *run = executor->run;
	struct catalog_options options = {.history_schema = run->history.schema,
	                                  .history_table = run->history.table,
	                                  .ignore = &run->settings->digest_ignore};
	return catalog_schema(executor->watch, run->arena, &options, ret_schema, err);
}

/* The lowest of the newest migrations that have a down file without a gap: what is below is not reached. */
static size_t chain_start(const struct plan *plan)
{
	size_t start = plan->pending.count;
	while (start > 0 && plan->pending.items[start - 1]->down.path)
		start--;
	return start;
}

static void emit_progress(struct run *run, const char *phase, size_t done)
{
	struct json *values = json_new_object();
	json_set_text(values, "phase", phase);
	json_set_int(values, "migrations_done", (int64_t)done);
	json_set_int(values, "migrations_total", (int64_t)run->plan.pending.count);
	emit_sample(run->emitter, "rehearsal", values);
}

static enum status run_ups(struct executor *executor, struct way_back *ways, struct error *err)
{
	size_t start = chain_start(&executor->run->plan);
	const struct plan *plan = &executor->run->plan;
	struct migration_trace ignored;

	for (size_t i = 0; i < plan->pending.count; i++) {
		emit_progress(executor->run, "once more for the way back", i);
		if ((i >= start && read_schema(executor, &ways[i].before, err) != OK) ||
		    execute_migration(executor, plan->pending.items[i],
		                      resume_first_step(executor->run, plan->pending.items[i]->version),
		                      	&ignored,
		                      err) != OK)
			return error_wrap(err, "on the clone for the downs");
	}
	return OK;
}

static enum status judge_down(struct executor *executor, const struct migration *migration, struct way_back *way,
                              struct error *err)
{
	struct run *run = executor->run;
	struct schema after = {0};
	struct schema_difference_list differences = {0};
	struct migration_trace ignored;

	if (!migration->down.path) {
		way->state = DOWN_MISSING;
		way->reason = "there is no down file";
		return OK;
	}
	if (execute_migration(executor, migration, 0, &ignored, err) != OK) {
		if (loop_stop_signal(run->loop))
			return err->status;
		way->state = DOWN_FAILED;
		way->reason = arena_strdup(run->arena, err->message);
		error_clear(err);
		return OK;
	}
	if (read_schema(executor, &after, err) != OK)
		return err->status;
	schema_compare(run->arena, &way->before, &after, &differences);
	way->state = differences.count ? DOWN_INEXACT : DOWN_EXACT;
	if (differences.count)
		way->reason = arena_printf(run->arena, "%zu object(s) differ afterwards: %s", differences.count,
		                           schema_difference_text(run->arena, &differences.items[0]));
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

enum status downs_rehearse(struct run *run, struct clone *clone, struct evidence *evidence, struct json **ret_downs,
                           struct error *err)
{
	struct executor executor = {0};
	size_t count = run->plan.pending.count;
	struct way_back *ways = arena_alloc(run->arena, count * sizeof(*ways));

	for (size_t i = 0; i < count; i++) {
		ways[i].state = DOWN_NOT_REACHED;
		ways[i].reason = "a down above it did not restore the schema";
	}
	enum status status = place_on_clone(run, clone, false, &executor, err);
	if (status == OK)
		status = run_ups(&executor, ways, err);
	executor.direction = DIRECTION_DOWN;
	for (size_t i = count; status == OK && i-- > 0;) {
		ways[i].reason = NULL;
		emit_progress(run, "the way back", count - 1 - i);
		status = judge_down(&executor, run->plan.pending.items[i], &ways[i], err);
		if (ways[i].state != DOWN_EXACT)
			break;
	}
	place_close(&executor);
	if (status != OK)
		return status;
	*ret_downs = json_new_array();
	report(run, evidence, ways, *ret_downs);
	return OK;
}
