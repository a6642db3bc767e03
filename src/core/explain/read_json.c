#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/explain/build.h"
#include "core/explain/title.h"

/* The children of one node, as far as they have been read. */
struct level {
	const struct json *plans;
	size_t next;
	size_t parent;
};

struct reader {
	struct plan_builder builder;
	struct plan_place place;
	const struct json *plans, *workers; /* of the node that is being read */
	const char *heading;
	LIST(struct level) levels;          /* a stack, since plans are deep and the C stack is not */
};

static bool is_number(const struct json *value)
{
	return json_kind(value) == JSON_KIND_INT || json_kind(value) == JSON_KIND_REAL;
}

static double number_of(const struct json *value)
{
	return json_kind(value) == JSON_KIND_REAL ? strtod(json_digits(value), NULL) : (double)json_int(value);
}

/* ---- values that are shown as they are ---- */

static void write_value(struct arena *arena, struct strbuf *out, const struct json *value);

struct writing {
	struct arena *arena;
	struct strbuf *out;
};

static bool write_member(const char *key, const struct json *value, void *context)
{
	struct writing *writing = context;
	if (writing->out->length && writing->out->data[writing->out->length - 1] != '(')
		strbuf_puts(writing->out, ", ");
	strbuf_printf(writing->out, "%s: ", key);
	write_value(writing->arena, writing->out, value);
	return true;
}

/* What the parser lets through is no deeper than a plan may be, and it went down itself. */
static void write_value(struct arena *arena, struct strbuf *out, const struct json *value)
{
	bool nested = json_kind(value) == JSON_KIND_OBJECT && out->length;
	switch (json_kind(value)) {
	case JSON_KIND_TEXT:
		strbuf_puts(out, json_text(value));
		break;
	case JSON_KIND_INT:
		strbuf_printf(out, "%" PRId64, json_int(value));
		break;
	case JSON_KIND_REAL:
		strbuf_puts(out, plan_number_text(arena, number_of(value)));
		break;
	case JSON_KIND_BOOL:
		strbuf_puts(out, json_bool(value) ? "true" : "false");
		break;
	case JSON_KIND_ARRAY:
		for (size_t i = 0; i < json_count(value); i++) {
			strbuf_puts(out, i ? ", " : "");
			write_value(arena, out, json_at(value, i));
		}
		break;
	case JSON_KIND_OBJECT:
		strbuf_puts(out, nested ? "(" : "");
		json_each(value, write_member, &(struct writing){.arena = arena, .out = out});
		strbuf_puts(out, nested ? ")" : "");
		break;
	case JSON_KIND_NULL:
	default:
		break;
	}
}

static const char *shown(struct arena *arena, const struct json *value)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	write_value(arena, &out, value);
	return arena_strndup(arena, strbuf_text(&out), out.length);
}

/* ---- groups that the text form prints as lines of the node ---- */

/* Each key of the sets of one grouping: "a, b", or "()" for none. */
static void take_key_sets(struct reader *reader, const char *name, const struct json *sets)
{
	for (size_t i = 0; i < json_count(sets); i++) {
		const struct json *set = json_at(sets, i);
		plan_builder_text(&reader->builder, reader->place, name,
		                  json_count(set) ? shown(reader->builder.arena, set) : "()");
	}
}

static void take_grouping_sets(struct reader *reader, const struct json *groups)
{
	for (size_t i = 0; i < json_count(groups); i++) {
		const struct json *group = json_at(groups, i);
		const struct json *sort_key = json_get(group, "Sort Key");
		if (sort_key)
			plan_builder_text(&reader->builder, reader->place, "Sort Key",
			                  shown(reader->builder.arena, sort_key));
		take_key_sets(reader, "Group Key", json_get(group, "Group Keys"));
		take_key_sets(reader, "Hash Key", json_get(group, "Hash Keys"));
	}
}

static void take_target_tables(struct reader *reader, const struct json *tables)
{
	struct arena *arena = reader->builder.arena;
	_cleanup_strbuf_ struct strbuf out = {0};
	for (size_t i = 0; i < json_count(tables); i++) {
		struct plan_node target = {.relation = json_get_text(json_at(tables, i), "Relation Name"),
		                           .schema = json_get_text(json_at(tables, i), "Schema"),
		                           .alias = json_get_text(json_at(tables, i), "Alias")};
		strbuf_puts(&out, i ? ", " : "");
		strbuf_puts(&out, plan_target_text(arena, &target));
	}
	plan_builder_text(&reader->builder, reader->place, "Target Tables", strbuf_text(&out));
}

static void add_space(struct strbuf *out, const struct json *group, const char *member, const char *kind)
{
	const struct json *space = json_get(group, member);
	if (space)
		strbuf_printf(out, "  Average %s: %" PRId64 "kB  Peak %s: %" PRId64 "kB", kind,
		              json_get_int(space, "Average Sort Space Used"), kind,
		              json_get_int(space, "Peak Sort Space Used"));
}

/* Of an Incremental Sort: the text form's line, which sort_groups reads, whichever form it came in. */
static void take_sort_groups(struct reader *reader, const char *name, const struct json *group)
{
	struct arena *arena = reader->builder.arena;
	const struct json *methods = json_get(group, "Sort Methods Used");
	_cleanup_strbuf_ struct strbuf out = {0};
	strbuf_printf(&out, "%" PRId64 "  Sort Method%s: %s", json_get_int(group, "Group Count"),
	              json_count(methods) > 1 ? "s" : "", methods ? shown(arena, methods) : "");
	add_space(&out, group, "Sort Space Memory", "Memory");
	add_space(&out, group, "Sort Space Disk", "Disk");
	plan_builder_sort_groups(&reader->builder, reader->place, name, strbuf_text(&out));
}

/* ---- a node ---- */

static void take_scalar(struct reader *reader, const char *key, const struct json *value)
{
	struct plan_builder *builder = &reader->builder;
	if (is_number(value))
		plan_builder_number(builder, reader->place, key, number_of(value));
	else if (json_kind(value) == JSON_KIND_BOOL)
		plan_builder_flag(builder, reader->place, key, json_bool(value));
	else if (json_kind(value) == JSON_KIND_TEXT)
		plan_builder_text(builder, reader->place, key, json_text(value));
	else if (json_kind(value) != JSON_KIND_NULL)
		plan_builder_text(builder, reader->place, key, shown(builder->arena, value));
}

static bool take_property(const char *key, const struct json *value, void *context)
{
	struct reader *reader = context;
	if (strcmp(key, "Plans") == 0)
		reader->plans = value;
	else if (strcmp(key, "Workers") == 0 && json_kind(value) == JSON_KIND_ARRAY)
		reader->workers = value;
	else if (strcmp(key, "Subplan Name") == 0 && json_text(value))
		reader->heading = json_text(value);
	else if (strcmp(key, "Parent Relationship") == 0 || strcmp(key, "Worker Number") == 0)
		return true;
	else if (strcmp(key, "Grouping Sets") == 0)
		take_grouping_sets(reader, value);
	else if (strcmp(key, "Target Tables") == 0)
		take_target_tables(reader, value);
	else if (strcmp(key, "Full-sort Groups") == 0 || strcmp(key, "Pre-sorted Groups") == 0)
		take_sort_groups(reader, key[0] == 'F' ? "Full-sort Groups" : "Pre-sorted Groups", value);
	else if (strcmp(key, "JIT") == 0)
		plan_builder_text(&reader->builder, reader->place, "JIT Functions",
		                  arena_printf(reader->builder.arena, "%" PRId64, json_get_int(value, "Functions")));
	else
		take_scalar(reader, key, value);
	return true;
}

static void take_workers(struct reader *reader)
{
	struct plan_place node = reader->place;
	for (size_t i = 0; i < json_count(reader->workers); i++) {
		const struct json *worker = json_at(reader->workers, i);
		int64_t number = json_get_int(worker, "Worker Number");
		if (number < -1 || number > INT16_MAX)
			continue;
		reader->place = plan_builder_worker(&reader->builder, node, (int)number);
		json_each(worker, take_property, reader);
	}
	reader->place = node;
}

/* InitPlan, SubPlan: by their name; the relationship alone says it where a name is missing. */
static void take_link(struct reader *reader, const struct json *value)
{
	const char *relationship = json_get_text(value, "Parent Relationship");
	bool is_initplan = relationship && strcmp(relationship, "InitPlan") == 0;
	bool is_subplan = relationship && strcmp(relationship, "SubPlan") == 0;
	if (!is_initplan && !is_subplan)
		return;
	plan_builder_subplan(&reader->builder, reader->place, reader->heading ? reader->heading : relationship);
	struct plan_node *node = &reader->builder.plan->nodes.items[reader->place.node];
	if (node->link != PLAN_CTE)
		node->link = is_initplan ? PLAN_INITPLAN : PLAN_SUBPLAN;
}

static enum status read_node(struct reader *reader, const struct json *value, size_t parent, struct error *err)
{
	if (json_kind(value) != JSON_KIND_OBJECT || !json_get_text(value, "Node Type"))
		return error_set(err, FAIL_USAGE, "node %zu of the query plan is no object with a \"Node Type\"",
		                 reader->builder.plan->nodes.count + 1);
	enum status status = plan_builder_add(&reader->builder, parent, &reader->place, err);
	if (status != OK)
		return status;
	reader->plans = reader->workers = NULL;
	reader->heading = NULL;
	json_each(value, take_property, reader);
	take_workers(reader);
	take_link(reader, value);
	if (json_count(reader->plans))
		list_push(reader->builder.arena, &reader->levels,
		          ((struct level){.plans = reader->plans, .parent = reader->place.node}));
	return OK;
}

static enum status read_tree(struct reader *reader, const struct json *root, struct error *err)
{
	enum status status = read_node(reader, root, SIZE_MAX, err);
	while (status == OK && reader->levels.count) {
		struct level *level = &reader->levels.items[reader->levels.count - 1];
		if (level->next == json_count(level->plans))
			reader->levels.count--;
		else
			status = read_node(reader, json_at(level->plans, level->next++), level->parent, err);
	}
	return status;
}

/* ---- beside the tree ---- */

static bool write_option(const char *key, const struct json *value, void *out)
{
	struct strbuf *text = out;
	strbuf_printf(text, "%s%s %s", text->length ? ", " : "", key, json_bool(value) ? "true" : "false");
	return true;
}

/* Generation is an object since 17. */
static bool write_time(const char *key, const struct json *value, void *out)
{
	struct strbuf *text = out;
	const struct json *total = json_get(value, "Total"), *deform = json_get(value, "Deform");
	strbuf_printf(text, "%s%s %.3f ms", text->length ? ", " : "", key, number_of(total ? total : value));
	if (deform)
		strbuf_printf(text, " (Deform %.3f ms)", number_of(deform));
	return true;
}

static void take_jit(struct reader *reader, const struct json *jit)
{
	struct query_plan *plan = reader->builder.plan;
	_cleanup_strbuf_ struct strbuf options = {0}, times = {0};
	plan->has_jit = true;
	plan->jit_functions = number_of(json_get(jit, "Functions"));
	plan->jit_ms = number_of(json_get(json_get(jit, "Timing"), "Total"));
	json_each(json_get(jit, "Options"), write_option, &options);
	json_each(json_get(jit, "Timing"), write_time, &times);
	if (options.length)
		plan_builder_detail(&reader->builder, "JIT Options", strbuf_text(&options));
	if (times.length)
		plan_builder_detail(&reader->builder, "JIT Timing", strbuf_text(&times));
}

static void take_triggers(struct reader *reader, const struct json *triggers)
{
	struct arena *arena = reader->builder.arena;
	for (size_t i = 0; i < json_count(triggers); i++) {
		const struct json *value = json_at(triggers, i);
		const char *name = json_get_text(value, "Trigger Name"), *relation = json_get_text(value, "Relation");
		*list_add(arena, &reader->builder.plan->triggers) = (struct plan_trigger){
			.name = arena_strdup(arena, name ? name : ""),
			.relation = arena_strdup(arena, relation ? relation : ""),
			.constraint = arena_strdup(arena, json_get_text(value, "Constraint Name")),
			.time_ms = number_of(json_get(value, "Time")),
			.calls = number_of(json_get(value, "Calls")),
		};
	}
}

static bool take_setting(const char *key, const struct json *value, void *context)
{
	struct reader *reader = context;
	struct arena *arena = reader->builder.arena;
	list_push(arena, &reader->builder.plan->settings,
	          ((struct plan_detail){.name = arena_strdup(arena, key), .value = shown(arena, value)}));
	return true;
}

static bool take_planning(const char *key, const struct json *value, void *context)
{
	struct reader *reader = context;
	struct plan_builder *builder = &reader->builder;
	if (is_number(value) &&
	    plan_builder_blocks(builder, &builder->plan->planning_buffers, key, number_of(value)))
		return true;
	bool memory = strncmp(key, "Memory ", 7) == 0;
	plan_builder_detail(builder, arena_printf(builder->arena, "Planning %s", key),
	                    arena_printf(builder->arena, "%s%s", shown(builder->arena, value), memory ? "kB" : ""));
	return true;
}

static bool take_serialization(const char *key, const struct json *value, void *context)
{
	struct reader *reader = context;
	struct plan_builder *builder = &reader->builder;
	struct query_plan *plan = builder->plan;
	if (strcmp(key, "Time") == 0)
		plan->serialization_ms = number_of(value);
	else if (strcmp(key, "Output Volume") == 0)
		plan->serialization_bytes = number_of(value) * 1024;
	else if (!is_number(value) ||
	         !plan_builder_blocks(builder, &plan->serialization_buffers, key, number_of(value)))
		plan_builder_detail(builder, arena_printf(builder->arena, "Serialization %s", key),
		                    shown(builder->arena, value));
	return true;
}

static bool take_member(const char *key, const struct json *value, void *context)
{
	struct reader *reader = context;
	struct arena *arena = reader->builder.arena;
	struct query_plan *plan = reader->builder.plan;
	bool is_object = json_kind(value) == JSON_KIND_OBJECT;
	if (strcmp(key, "Plan") == 0)
		return true;
	if (strcmp(key, "Planning Time") == 0)
		plan->planning_ms = number_of(value);
	else if (strcmp(key, "Execution Time") == 0)
		plan->execution_ms = number_of(value);
	else if (strcmp(key, "Query Text") == 0 && json_text(value))
		plan->query = arena_strdup(arena, json_text(value));
	else if (strcmp(key, "Query Identifier") == 0)
		plan->query_id = shown(arena, value);
	else if (strcmp(key, "Settings") == 0 && is_object)
		json_each(value, take_setting, reader);
	else if (strcmp(key, "Planning") == 0 && is_object)
		json_each(value, take_planning, reader);
	else if (strcmp(key, "Serialization") == 0 && is_object)
		json_each(value, take_serialization, reader);
	else if (strcmp(key, "Triggers") == 0)
		take_triggers(reader, value);
	else if (strcmp(key, "JIT") == 0 && is_object)
		take_jit(reader, value);
	else
		plan_builder_detail(&reader->builder, arena_strdup(arena, key), shown(arena, value));
	return true;
}

/* EXPLAIN's object, whether it stands alone, as auto_explain logs it, or in EXPLAIN's array. */
static const struct json *find_plan(const struct json *value, size_t *ret_further)
{
	*ret_further = json_kind(value) == JSON_KIND_ARRAY && json_count(value) ? json_count(value) - 1 : 0;
	const struct json *object = json_kind(value) == JSON_KIND_ARRAY ? json_at(value, 0) : value;
	return json_kind(json_get(object, "Plan")) == JSON_KIND_OBJECT ? object : NULL;
}

enum status query_plan_read_json(struct arena *arena, const struct json *value, struct query_plan **ret_plan,
                                 struct error *err)
{
	size_t further;
	const struct json *object = find_plan(value, &further);
	if (!object) {
		error_set(err, FAIL_USAGE, "this JSON is no query plan");
		return error_hint(err, "What EXPLAIN (FORMAT JSON) prints is an array with one object, whose member "
		                       "\"Plan\" is the tree.");
	}
	struct reader reader = {.builder = plan_builder_new(arena)};
	enum status status = read_tree(&reader, json_get(object, "Plan"), err);
	if (status != OK)
		return status;
	json_each(object, take_member, &reader);
	if (further)
		plan_builder_detail(&reader.builder, "Further Query Plans", arena_printf(arena, "%zu", further));
	plan_builder_finish(&reader.builder);
	*ret_plan = reader.builder.plan;
	return OK;
}
