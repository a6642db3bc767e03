#include "engine/drift.h"

#include <string.h>

#include "engine/execute/trace.h"
#include "pg/ledger.h"

/* The relation that an accepted name stands for, without the kind that may stand before it; NULL = another object. */
static const char *relation_of(const char *name)
{
	static const char *const kinds[] = {"table ", "view ", "materialized view ", "foreign table ", "composite type "};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strncmp(name, kinds[i], strlen(kinds[i])) == 0)
			return name + strlen(kinds[i]);
	return name;
}

/* By its own name, with or without its kind, or as a part of a table that is accepted. */
static bool is_accepted(const struct run *run, const struct schema_difference *difference)
{
	const struct text_list *names = &run->settings->accept_drift;
	const struct schema_object *object = difference->after ? difference->after : difference->before;
	const char *name = arena_printf(run->arena, "%s %s", object->kind, object->name);

	if (text_list_has(names, name) || text_list_has(names, object->name))
		return true;
	for (size_t i = 0; i < names->count; i++)
		if (schema_belongs(object, relation_of(names->items[i])))
			return true;
	return false;
}

/* Puts the accepted differences aside and tells whether there were any. */
static bool drop_accepted(const struct run *run, struct drift *drift)
{
	struct schema_difference_list *differences = &drift->differences;
	size_t kept = 0;
	for (size_t i = 0; i < differences->count; i++)
		if (is_accepted(run, &differences->items[i]))
			list_push(run->arena, &drift->accepted, differences->items[i]);
		else
			differences->items[kept++] = differences->items[i];
	differences->count = kept;
	return drift->accepted.count > 0;
}

static enum status compare_with_baseline(struct run *run, struct drift *drift, struct error *err)
{
	_cleanup_json_ struct json *document = NULL;
	struct schema baseline = {0};
	const char *text = run->resume.baseline;

	drift->held_to = "no verified run before this one: nothing to compare";
	if (!text)
		return OK;
	if (json_parse(text, strlen(text), &document, err) != OK ||
	    schema_read(run->arena, json_get(document, "schema"), &baseline, err) != OK)
		return error_wrap(err, "the ledger's base line is not readable");
	schema_sort(&baseline);
	schema_compare(run->arena, &baseline, &run->live_schema, &drift->differences);
	drop_accepted(run, drift);
	drift->held_to = "no drift";
	return OK;
}

enum status drift_promise(struct run *run, struct json **ret_data, struct error *err)
{
	_cleanup_json_ struct json *evidence = NULL;
	const char *text = NULL;

	if (ledger_evidence(run->live, run->arena, gate_get(GATE_REHEARSAL)->name, &text, err) != OK)
		return err->status;
	*ret_data = NULL;
	if (!text)
		return OK;
	if (json_parse(text, strlen(text), &evidence, err) != OK)
		return error_wrap(err, "the rehearsal's evidence in the ledger is not readable");
	*ret_data = json_share(json_get(evidence, "data"));
	return OK;
}

static bool touches(const struct json *touched, const struct schema_difference *difference)
{
	const struct schema_object *object = difference->after ? difference->after : difference->before;
	for (size_t i = 0; i < json_count(touched); i++) {
		const struct json *pair = json_at(touched, i);
		const char *kind = json_text(json_at(pair, 0)), *name = json_text(json_at(pair, 1));
		if (kind && name && strcmp(kind, object->kind) == 0 && strcmp(name, object->name) == 0)
			return true;
	}
	return false;
}

/* Objects that the plan does not touch are the same at every point of it; of the others only the digest can tell. */
static void drop_touched(const struct json *touched, struct schema_difference_list *differences)
{
	size_t kept = 0;
	for (size_t i = 0; i < differences->count; i++)
		if (!touches(touched, &differences->items[i]))
			differences->items[kept++] = differences->items[i];
	differences->count = kept;
}

static const char *last_done(const struct run *run)
{
	const char *version = "";
	for (size_t i = 0; i < run->resume.planned.count; i++)
		if (resume_is_done(run, run->resume.planned.items[i]))
			version = run->resume.planned.items[i];
	return version;
}

static bool all_done(const struct run *run)
{
	for (size_t i = 0; i < run->resume.planned.count; i++)
		if (!resume_is_done(run, run->resume.planned.items[i]))
			return false;
	return true;
}

/* Live differs from the promise for this point, or no digest was promised for it: by which objects? */
static enum status name_objects(struct run *run, const struct json *data, const char *promised, struct drift *drift,
                                struct error *err)
{
	struct schema promise = {0};
	bool open = run->resume.half_way.intent_open || run->resume.resolved;

	if (schema_read(run->arena, json_get(data, "promise"), &promise, err) != OK)
		return err->status;
	schema_sort(&promise);
	schema_compare(run->arena, &promise, &run->live_schema, &drift->differences);
	if (!all_done(run))
		drop_touched(json_get(data, "touched"), &drift->differences);
	bool dropped = drop_accepted(run, drift);
	bool left = !promised && resume_as_left(run, promised);
	drift->held_to = left   ? "live is as the run that stopped left it"
	                 : open ? "what the plan does not touch is as before; the open step is looked at by the apply"
	                        : "all that differs is accepted";
	if (drift->differences.count || dropped || open || left)
		return OK;
	drift->unnamed = promised
	                         ? arena_printf(run->arena,
	                                        "an object that run %s was changing is not as its rehearsal left it "
	                                        "after migration %s",
	                                        run->resume.run_id, last_done(run))
	                         : arena_printf(run->arena,
	                                        "the rehearsal of run %s does not tell what live was to be after "
	                                        "migration %s, where it stopped",
	                                        run->resume.run_id, last_done(run));
	return OK;
}

static enum status compare_with_promise(struct run *run, struct drift *drift, struct error *err)
{
	_cleanup_json_ struct json *data = NULL;
	struct trace trace = {0};

	if (drift_promise(run, &data, err) != OK)
		return err->status;
	if (!data) {
		drift->unnamed = arena_printf(run->arena, "run %s stopped and the ledger has no evidence of its rehearsal",
		                              run->resume.run_id);
		return OK;
	}
	if (trace_read(run->arena, json_get(data, "trace"), &trace, err) != OK)
		return err->status;
	const char *promised = resume_promised(run, &trace);
	drift->held_to = "live is as the rehearsal of the run that stopped promised it for that point";
	if (promised && resume_as_left(run, promised))
		return OK;
	return name_objects(run, data, promised, drift, err);
}

enum status drift_find(struct run *run, struct drift *ret_drift, struct error *err)
{
	struct drift drift = {0};
	bool stopped = run->resume.unfinished && resume_committed(run);

	if ((stopped ? compare_with_promise(run, &drift, err) : compare_with_baseline(run, &drift, err)) != OK)
		return err->status;
	*ret_drift = drift;
	return OK;
}
