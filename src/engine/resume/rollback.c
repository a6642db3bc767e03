#include "engine/resume/rollback.h"

#include <string.h>

#include "engine/flow.h"

static bool is_nothing(const char *version)
{
	return version_compare(version, "0") == 0;
}

static enum status check_goal(const struct run *run, const char *version, struct error *err)
{
	const struct history *history = &run->history;

	if (is_nothing(version))
		return OK;
	for (size_t i = 0; i < history->rows.count; i++)
		if (version_compare(history->rows.items[i].version, version) == 0)
			return OK;
	error_set(err, FAIL_REFUSED, "version %s is not applied: there is nothing to go back to", version);
	return error_hint(err,
	                  "Name an applied version of `pgsluice status`; it stays. 0 goes back to an empty schema.");
}

/* The plan's migrations, the newest first: what is applied above the goal. */
static enum status choose(struct run *run, const char *version, struct error *err)
{
	struct plan *plan = &run->plan;

	plan->pending.count = 0;
	for (size_t i = plan->items.count; i-- > 0;) {
		const struct plan_item *item = &plan->items.items[i];
		if (!item->applied || version_compare(item->applied->version, version) <= 0)
			continue;
		if (!item->migration->down.path) {
			error_set(err, FAIL_REFUSED, "migration %s has no down file", item->migration->version);
			error_where(err, item->migration->up.path, 0, 0);
			return error_hint(err,
			                  "Go back to a version above it, write the down, or restore the backup.");
		}
		if (run_parse(run, item->migration->version, err) != OK)
			return err->status;
		list_push(run->arena, &plan->pending, item->migration);
	}
	return OK;
}

/* A rollback has an id of its own: consent to the way forward is none to the way back. */
static void seal(struct run *run, const char *version)
{
	struct digest_stream *stream = digest_open();
	digest_add_field(stream, "pgsluice rollback 1");
	digest_add_field(stream, run->plan.id.hex);
	digest_add_field(stream, version);
	for (size_t i = 0; i < run->plan.pending.count; i++)
		digest_add_field(stream, run->plan.pending.items[i]->down.canonical->hex);
	run->plan.id = digest_close(stream);
}

enum status rollback_run(struct run *run, const char *version, struct error *err)
{
	run->direction = DIRECTION_DOWN;
	if (flow_read(run, err) != OK || check_goal(run, version, err) != OK || choose(run, version, err) != OK)
		return err->status;
	seal(run, version);
	return flow_gates(run, err);
}
