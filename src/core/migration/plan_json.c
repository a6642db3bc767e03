#include <string.h>

#include "core/migration/plan.h"
#include "core/migration/target.h"

/* A file of 100,000 INSERTs is one line of the plan: equal statements share their list of objects. */
static bool says_the_same(const struct statement *a, const struct statement *b)
{
	return strcmp(a->tag, b->tag) == 0 && a->objects.items == b->objects.items &&
	       a->objects.count == b->objects.count;
}

/* `count` equal statements in a row. */
static struct json *statement_json(const struct statement *statement, size_t count)
{
	struct json *object = json_new_object(), *locks = json_empty_array();

	json_set_text(object, "tag", statement->tag);
	json_set_int(object, "line", statement->line);
	for (size_t i = 0; i < statement->objects.count; i++) {
		const struct object_use *use = &statement->objects.items[i];
		if (use->lock == LOCK_NONE)
			continue;
		if (json_count(locks) == 0)
			locks = json_new_array();
		struct json *lock = json_new_object();
		json_set_text(lock, "relation", use->name);
		json_set_text(lock, "mode", lock_mode_name(use->lock));
		json_push(locks, lock);
	}
	json_set(object, "locks", locks);
	if (count > 1)
		json_set_int(object, "count", (int64_t)count);
	return object;
}

/* Statements that lock nothing look alike in thousands of files: of those that came lately there is one value. */
enum { ALIKE = 8 };

static struct json *shared_statement(struct json **alike, const struct statement *statement, size_t count)
{
	struct json *object = statement_json(statement, count);
	struct json **slot = &alike[(size_t)statement->line % ALIKE];
	bool plain = json_count(json_get(object, "locks")) == 0 && count == 1;

	if (!plain)
		return object;
	if (*slot && json_get_int(*slot, "line") == statement->line &&
	    strcmp(json_get_text(*slot, "tag"), statement->tag) == 0) {
		json_close(object);
		return json_share(*slot);
	}
	json_close(*slot);
	*slot = json_share(object);
	return object;
}

static struct json *steps_json(const struct script *script, struct json **alike)
{
	struct json *steps = json_new_array();

	for (size_t i = 0; i < script->steps.count; i++) {
		const struct step *step = &script->steps.items[i];
		struct json *object = json_new_object(), *statements = json_new_array();
		json_set_bool(object, "transactional", step->transactional);
		if (step->reason)
			json_set_text(object, "reason", step->reason);
		for (size_t j = 0, count; j < step->count; j += count) {
			for (count = 1; j + count < step->count; count++)
				if (!says_the_same(&step->statements[j], &step->statements[j + count]))
					break;
			json_push(statements, shared_statement(alike, &step->statements[j], count));
		}
		json_set(object, "statements", statements);
		json_push(steps, object);
	}
	return steps;
}

/* Edges are sorted by their start: *next_edge moves along with the migrations. */
static struct json *requires_json(const struct plan *plan, size_t index, size_t *next_edge)
{
	struct json *requires = json_empty_array();
	const struct graph *graph = plan->graph;

	while (*next_edge < graph->edges.count && graph->edges.items[*next_edge].from < index)
		(*next_edge)++;
	for (; *next_edge < graph->edges.count && graph->edges.items[*next_edge].from == index; (*next_edge)++) {
		const struct edge *edge = &graph->edges.items[*next_edge];
		struct json *object = json_new_object();
		if (json_count(requires) == 0)
			requires = json_new_array();
		json_set_text(object, "version", plan->set->items[edge->to].version);
		json_set_text(object, "reason", edge->reason);
		json_push(requires, object);
	}
	return requires;
}

static void describe(struct json *object, const struct migration *migration)
{
	static const char *const PHASES[] = {
		[PHASE_EXPAND] = "expand", [PHASE_BACKFILL] = "backfill", [PHASE_CONTRACT] = "contract"};

	if (migration->description)
		json_set_text(object, "description", migration->description);
	json_set_text(object, "file", migration->up.path);
	json_set_text(object, "checksum", migration->up.canonical->hex);
	if (migration->phase != PHASE_NONE)
		json_set_text(object, "phase", PHASES[migration->phase]);
	json_set_bool(object, "has_down", migration->down.path != NULL);
	json_set_bool(object, "has_verify", migration->verify.path != NULL);
}

struct json *plan_json(const struct plan *plan)
{
	struct json *document = json_new_object(), *migrations = json_new_array();
	struct json *alike[ALIKE] = {NULL};
	size_t next_edge = 0;

	json_set_int(document, "v", 1);
	json_set_text(document, "plan_id", plan->id.hex);
	json_set(document, "target", target_json(plan->target));
	for (size_t i = 0; i < plan->items.count; i++) {
		const struct plan_item *item = &plan->items.items[i];
		const struct migration *migration = item->migration;
		struct json *object = json_new_object();
		json_set_text(object, "version", migration ? migration->version : item->applied->version);
		json_set_text(object, "name", migration ? migration->name : item->applied->name);
		json_set_text(object, "state", migration_state_name(item->state));
		if (item->reason)
			json_set_text(object, "reason", item->reason);
		if (migration) {
			json_set_text(object, "transaction", migration_transaction(migration));
			json_set(object, "requires",
			         requires_json(plan, (size_t)(migration - plan->set->items), &next_edge));
			json_set(object, "steps", steps_json(&migration->up, alike));
			describe(object, migration);
		}
		if (item->applied && item->applied->applied_at)
			json_set_text(object, "applied_at", item->applied->applied_at);
		json_push(migrations, object);
	}
	json_set(document, "migrations", migrations);
	for (size_t i = 0; i < ALIKE; i++)
		json_close(alike[i]);
	return document;
}
