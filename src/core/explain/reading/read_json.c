#include "core/explain/reading/read_json.h"

#include <stdint.h>
#include <string.h>

#include "base/strbuf.h"
#include "core/explain/reading/json_shown.h"
#include "core/explain/title.h"

/* The children of one node that are still to be read. */
struct level {
	const struct json_node *next;
	size_t parent;
};

struct reader {
	struct plan_builder builder;
	struct plan_place place;
	const struct json_node *plans, *workers; /* of the node that is being read */
	const char *heading;
	LIST(struct level) levels;               /* a stack, since plans are deep and the C stack is not */
};

/* ---- groups that the text form prints as lines of the node ---- */

/* Each key of the sets of one grouping: "a, b", or "()" for none. */
static void take_key_sets(struct reader *reader, const char *name, const struct json_node *sets)
{
	for (const struct json_node *set = sets ? sets->first : NULL; set; set = set->next)
		plan_builder_text(&reader->builder, reader->place, name,
		                  set->count ? json_shown(reader->builder.arena, set) : "()");
}

static void take_grouping_sets(struct reader *reader, const struct json_node *groups)
{
	for (const struct json_node *group = groups->first; group; group = group->next) {
		const struct json_node *sort_key = json_node_get(group, "Sort Key");
		if (sort_key)
			plan_builder_text(&reader->builder, reader->place, "Sort Key",
			                  json_shown(reader->builder.arena, sort_key));
		take_key_sets(reader, "Group Key", json_node_get(group, "Group Keys"));
		take_key_sets(reader, "Hash Key", json_node_get(group, "Hash Keys"));
	}
}

static void take_target_tables(struct reader *reader, const struct json_node *tables)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	for (const struct json_node *table = tables->first; table; table = table->next) {
		struct plan_node target = {.relation = json_node_text(json_node_get(table, "Relation Name")),
		                           .schema = json_node_text(json_node_get(table, "Schema")),
		                           .alias = json_node_text(json_node_get(table, "Alias"))};
		strbuf_puts(&out, table == tables->first ? "" : ", ");
		strbuf_puts(&out, plan_target_text(reader->builder.arena, &target));
	}
	plan_builder_text(&reader->builder, reader->place, "Target Tables", strbuf_text(&out));
}

static void add_space(struct strbuf *out, const struct json_node *group, const char *member, const char *kind)
{
	const struct json_node *space = json_node_get(group, member);
	if (space)
		strbuf_printf(out, "  Average %s: %.15gkB  Peak %s: %.15gkB", kind,
		              json_node_number(json_node_get(space, "Average Sort Space Used")), kind,
		              json_node_number(json_node_get(space, "Peak Sort Space Used")));
}

/* Of an Incremental Sort: the text form's line, which is taken apart whichever form it came in. */
static void take_sort_groups(struct reader *reader, const char *name, const struct json_node *group)
{
	const struct json_node *methods = json_node_get(group, "Sort Methods Used");
	_cleanup_strbuf_ struct strbuf out = {0};
	strbuf_printf(&out, "%.15g  Sort Method%s: %s", json_node_number(json_node_get(group, "Group Count")),
	              methods && methods->count > 1 ? "s" : "", json_shown(reader->builder.arena, methods));
	add_space(&out, group, "Sort Space Memory", "Memory");
	add_space(&out, group, "Sort Space Disk", "Disk");
	plan_builder_sort_groups(&reader->builder, reader->place, name, strbuf_text(&out));
}

/* ---- a node ---- */

static void take_scalar(struct reader *reader, const struct json_node *value)
{
	struct plan_builder *builder = &reader->builder;
	switch (value->kind) {
	case JSON_KIND_INT:
	case JSON_KIND_REAL:
		plan_builder_number(builder, reader->place, value->key, value->number);
		break;
	case JSON_KIND_BOOL:
		plan_builder_flag(builder, reader->place, value->key, value->flag);
		break;
	case JSON_KIND_TEXT:
		plan_builder_text(builder, reader->place, value->key, value->text);
		break;
	case JSON_KIND_ARRAY:
	case JSON_KIND_OBJECT:
		plan_builder_text(builder, reader->place, value->key, json_shown(builder->arena, value));
		break;
	case JSON_KIND_NULL:
	default:
		break;
	}
}

static void take_container(struct reader *reader, const struct json_node *value)
{
	const char *key = value->key;
	if (strcmp(key, "Plans") == 0)
		reader->plans = value;
	else if (strcmp(key, "Workers") == 0)
		reader->workers = value;
	else if (strcmp(key, "Grouping Sets") == 0)
		take_grouping_sets(reader, value);
	else if (strcmp(key, "Target Tables") == 0)
		take_target_tables(reader, value);
	else if (strcmp(key, "Full-sort Groups") == 0 || strcmp(key, "Pre-sorted Groups") == 0)
		take_sort_groups(reader, key, value);
	else if (strcmp(key, "JIT") == 0)
		plan_builder_text(&reader->builder, reader->place, "JIT Functions",
		                  json_shown(reader->builder.arena, json_node_get(value, "Functions")));
	else
		take_scalar(reader, value);
}

static void take_properties(struct reader *reader, const struct json_node *object)
{
	for (const struct json_node *member = object->first; member; member = member->next) {
		if (member->kind == JSON_KIND_ARRAY || member->kind == JSON_KIND_OBJECT)
			take_container(reader, member);
		else if (strcmp(member->key, "Subplan Name") == 0)
			reader->heading = json_node_text(member);
		else if (strcmp(member->key, "Parent Relationship") != 0 && strcmp(member->key, "Worker Number") != 0)
			take_scalar(reader, member);
	}
}

static void take_workers(struct reader *reader)
{
	struct plan_place node = reader->place;
	const struct json_node *worker = reader->workers ? reader->workers->first : NULL;
	for (; worker; worker = worker->next) {
		double number = json_node_number(json_node_get(worker, "Worker Number"));
		if (worker->kind != JSON_KIND_OBJECT || number < -1 || number > PLAN_WORKER_LIMIT)
			continue;
		reader->place = plan_builder_worker(&reader->builder, node, (int)number);
		take_properties(reader, worker);
	}
	reader->place = node;
}

/* InitPlan, SubPlan: by their name; the relationship alone says it where a name is missing. */
static void take_link(struct reader *reader, const struct json_node *value)
{
	const char *relationship = json_node_text(json_node_get(value, "Parent Relationship"));
	bool is_initplan = relationship && strcmp(relationship, "InitPlan") == 0;
	bool is_subplan = relationship && strcmp(relationship, "SubPlan") == 0;
	if (!is_initplan && !is_subplan)
		return;
	plan_builder_subplan(&reader->builder, reader->place, reader->heading ? reader->heading : relationship);
	struct plan_node *node = &reader->builder.plan->nodes.items[reader->place.node];
	if (node->link != PLAN_CTE)
		node->link = is_initplan ? PLAN_INITPLAN : PLAN_SUBPLAN;
}

static enum status read_node(struct reader *reader, const struct json_node *value, size_t parent, struct error *err)
{
	if (!json_node_text(json_node_get(value, "Node Type")))
		return error_set(err, FAIL_USAGE, "node %zu of the query plan is no object with a \"Node Type\"",
		                 reader->builder.plan->nodes.count + 1);
	enum status status = plan_builder_add(&reader->builder, parent, &reader->place, err);
	if (status != OK)
		return status;
	reader->plans = reader->workers = NULL;
	reader->heading = NULL;
	take_properties(reader, value);
	const struct json_node *plans = reader->plans;
	take_workers(reader);
	take_link(reader, value);
	if (plans && plans->count)
		list_push(reader->builder.arena, &reader->levels,
		          ((struct level){.next = plans->first, .parent = reader->place.node}));
	return OK;
}

static enum status read_tree(struct reader *reader, const struct json_node *root, struct error *err)
{
	enum status status = read_node(reader, root, SIZE_MAX, err);
	while (status == OK && reader->levels.count) {
		struct level *level = &reader->levels.items[reader->levels.count - 1];
		const struct json_node *next = level->next;
		if (!next) {
			reader->levels.count--;
			continue;
		}
		level->next = next->next;
		status = read_node(reader, next, level->parent, err);
	}
	return status;
}

/* EXPLAIN's object, whether it stands alone, as auto_explain logs it, or in EXPLAIN's array. */
static const struct json_node *find_plan(const struct json_node *value)
{
	const struct json_node *object = value->kind == JSON_KIND_ARRAY ? value->first : value;
	const struct json_node *plan = json_node_get(object, "Plan");
	return plan && plan->kind == JSON_KIND_OBJECT ? object : NULL;
}

enum status query_plan_read_scanned(struct arena *arena, const struct json_node *value, struct query_plan **ret_plan,
                                    struct error *err)
{
	const struct json_node *object = find_plan(value);
	if (!object) {
		error_set(err, FAIL_USAGE, "this JSON is no query plan");
		return error_hint(err, "What EXPLAIN (FORMAT JSON) prints is an array with one object, whose member "
		                       "\"Plan\" is the tree.");
	}
	struct reader reader = {.builder = plan_builder_new(arena)};
	enum status status = read_tree(&reader, json_node_get(object, "Plan"), err);
	if (status != OK)
		return status;
	for (const struct json_node *member = object->first; member; member = member->next)
		plan_json_take_member(&reader.builder, member);
	if (value->kind == JSON_KIND_ARRAY && value->count > 1)
		plan_builder_detail(&reader.builder, "Further Query Plans", arena_printf(arena, "%zu", value->count - 1));
	plan_builder_finish(&reader.builder);
	*ret_plan = reader.builder.plan;
	return OK;
}

enum status query_plan_read_json(struct arena *arena, const struct json *value, struct query_plan **ret_plan,
                                 struct error *err)
{
	return query_plan_read_scanned(arena, json_scan_value(arena, value), ret_plan, err);
}
