#include "cli/status_document.h"

#include "base/stamp.h"
#include "base/text.h"
#include "engine/evidence_store.h"
#include "engine/flow.h"

static enum status view_gate(struct run *run, enum gate gate, struct gate_view *ret_view, struct error *err)
{
	struct stored stored;
	struct gate_view view = {.state = GATE_WAITING};

	if (flow_stored(run, gate, &stored, err) != OK)
		return err->status;
	json_close(stored.evidence.data);
	if (stored.bound && stored.evidence.state != GATE_FAILED && gate_get(gate)->validity_ms == 0) {
		view.reason = "It passed, and is always asked anew.";
	} else if (stored.holds) {
		view.state = stored.evidence.state;
		view.reason = stored.evidence.reason;
		view.valid_until = stamp_text(run->arena, stored.evidence.valid_until_ms);
	} else if (stored.there && stored.bound && stored.evidence.state == GATE_FAILED) {
		view.state = GATE_FAILED;
		view.reason = stored.evidence.reason;
	} else if (stored.there) {
		view.state = GATE_STALE;
		view.reason = stored.evidence.state == GATE_FAILED ? "It failed for another plan." : stored.why;
	}
	*ret_view = view;
	return OK;
}

enum status gates_view(struct run *run, struct gate_view *ret_views, struct error *err)
{
	enum status status = OK;

	if (!run->store)
		status = evidence_store_look(run, &run->store, err);
	for (enum gate gate = 0; status == OK && gate < GATE_COUNT; gate++)
		status = view_gate(run, gate, &ret_views[gate], err);
	for (enum gate gate = 0; status != OK && gate < GATE_COUNT; gate++)
		ret_views[gate] = (struct gate_view){.state = GATE_FAILED,
		                                     .reason = arena_strdup(run->arena, err->message)};
	return status;
}

struct status_counts status_count(const struct plan *plan)
{
	struct status_counts counts = {.applied = plan->applied_count, .held = plan->held_count};
	for (size_t i = 0; i < plan->items.count; i++)
		counts.pending += plan->items.items[i].state == STATE_PENDING ||
		                  plan->items.items[i].state == STATE_PARTIAL;
	return counts;
}

const char *item_version(const struct plan_item *item)
{
	return item->migration ? item->migration->version : item->applied->version;
}

const char *item_name(const struct plan_item *item)
{
	return item->migration ? item->migration->name : item->applied->name;
}

static struct json *item_json(struct arena *arena, const struct plan_item *item)
{
	struct json *object = json_new_object();
	json_set_text(object, "version", safe_text(arena, item_version(item)));
	json_set_text(object, "name", safe_text(arena, item_name(item)));
	json_set_text(object, "state", migration_state_name(item->state));
	json_set_text(object, "reason", safe_text(arena, item->reason));
	json_set_text(object, "checksum", item->applied ? safe_text(arena, item->applied->checksum)
	                                                : item->migration->up.canonical->hex);
	return object;
}

static struct json *gate_json(struct arena *arena, enum gate gate, const struct gate_view *view)
{
	struct json *object = json_new_object();
	json_set_text(object, "gate", gate_get(gate)->name);
	json_set_text(object, "state", gate_state_name(view->state));
	json_set_text(object, "valid_until", view->valid_until);
	json_set_text(object, "reason", safe_text(arena, view->reason));
	return object;
}

struct json *status_document(const struct look *look, const struct gate_view *views)
{
	struct arena *arena = look->run->arena;
	const struct plan *plan = &look->run->plan;
	struct status_counts counts = status_count(plan);
	struct json *document = json_new_object(), *gates = json_new_array(), *migrations = json_new_array();

	json_set_int(document, "v", 1);
	json_set_int(document, "applied", (int64_t)counts.applied);
	json_set_int(document, "pending", (int64_t)counts.pending);
	json_set_int(document, "held", (int64_t)counts.held);
	for (enum gate gate = 0; gate < GATE_COUNT; gate++)
		json_push(gates, gate_json(arena, gate, &views[gate]));
	for (size_t i = 0; i < plan->items.count; i++)
		json_push(migrations, item_json(arena, &plan->items.items[i]));
	json_set(document, "gates", gates);
	json_set(document, "migrations", migrations);
	return document;
}
