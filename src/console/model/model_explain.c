#include "console/model/model_explain.h"

#include <string.h>

#include "core/explain/query_plan.h"

static const char *keep(struct model *model, const struct json *event, const char *name)
{
	return arena_strdup(model->arena, json_get_text(event, name));
}

static bool same(const char *one, const char *other)
{
	return one && other ? strcmp(one, other) == 0 : one == other;
}

/* A canary is known by its name; what somebody asked, by its fingerprint or else its text. */
static struct model_query *query_of(struct model *model, const struct json *event)
{
	const char *name = json_get_text(event, "name"), *sql = json_get_text(event, "sql");
	const char *fingerprint = json_get_text(event, "fingerprint");

	for (size_t i = 0; i < model->queries.count; i++) {
		struct model_query *query = &model->queries.items[i];
		if (name || query->name ? same(query->name, name)
		                        : fingerprint && query->fingerprint ? same(query->fingerprint, fingerprint)
		                                                            : same(query->sql, sql))
			return query;
	}
	struct model_query *query = list_add(model->arena, &model->queries);
	query->name = keep(model, event, "name");
	query->fingerprint = keep(model, event, "fingerprint");
	return query;
}

static void read_plan(struct model *model, struct model_explain *told, const struct json *plan)
{
	_cleanup_error_ struct error err = {0};
	struct query_plan *read;

	if (!plan)
		return;
	if (query_plan_read_json(model->arena, plan, &read, &err) == OK)
		told->plan = read;
	else if (!told->error)
		told->error = arena_printf(model->arena, "its plan can't be read: %s", err.message);
}

void model_add_explain(struct model *model, const struct json *event)
{
	struct model_query *query = query_of(model, event);
	const struct json *changes = json_get(event, "changes");
	struct model_explain told = {
		.at_ms = model->now_ms,
		.on = keep(model, event, "on"),
		.phase = keep(model, event, "phase"),
		.shape = keep(model, event, "shape"),
		.verdict = keep(model, event, "verdict"),
		.outcome = keep(model, event, "outcome"),
		.reason = keep(model, event, "reason"),
		.error = keep(model, event, "error"),
		.p95_us = json_has(event, "p95_us") ? json_get_int(event, "p95_us") : -1,
		.budget_ms = json_has(event, "budget_ms") ? json_get_int(event, "budget_ms") : -1,
	};

	if (json_has(event, "sql"))
		query->sql = keep(model, event, "sql");
	for (size_t i = 0; i < json_count(changes); i++)
		list_push(model->arena, &told.changes, arena_strdup(model->arena, json_text(json_at(changes, i))));
	read_plan(model, &told, json_get(event, "plan"));
	list_push(model->arena, &query->told, told);
	query->newest = ++model->explains;
}
