#include <string.h>

#include "base/strbuf.h"
#include "core/explain/reading/json_shown.h"
#include "core/explain/reading/read_json.h"

static bool is_number(const struct json_node *value)
{
	return value->kind == JSON_KIND_INT || value->kind == JSON_KIND_REAL;
}

static bool is_key(const struct json_node *member, const char *key)
{
	return strcmp(member->key, key) == 0;
}

static const struct json_node *first_of(const struct json_node *container)
{
	return container ? container->first : NULL;
}

/* ---- JIT, in the words of the text form ---- */

static void take_jit_options(struct plan_builder *builder, const struct json_node *options)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	for (const struct json_node *option = first_of(options); option; option = option->next)
		strbuf_printf(&text, "%s%s %s", text.length ? ", " : "", option->key ? option->key : "",
		              option->flag ? "true" : "false");
	if (text.length)
		plan_builder_detail(builder, "JIT Options", strbuf_text(&text));
}

/* Generation is an object since 17. */
static void take_jit_times(struct plan_builder *builder, const struct json_node *timing)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	for (const struct json_node *time = first_of(timing); time; time = time->next) {
		const struct json_node *total = json_node_get(time, "Total"), *deform = json_node_get(time, "Deform");
		strbuf_printf(&text, "%s%s %.3f ms", text.length ? ", " : "", time->key ? time->key : "",
		              json_node_number(total ? total : time));
		if (deform)
			strbuf_printf(&text, " (Deform %.3f ms)", json_node_number(deform));
	}
	if (text.length)
		plan_builder_detail(builder, "JIT Timing", strbuf_text(&text));
}

static void take_jit(struct plan_builder *builder, const struct json_node *jit)
{
	struct query_plan *plan = builder->plan;
	const struct json_node *timing = json_node_get(jit, "Timing");
	plan->has_jit = true;
	plan->jit_functions = plan_number_kept(json_node_number(json_node_get(jit, "Functions")));
	plan->jit_ms = plan_number_kept(json_node_number(json_node_get(timing, "Total")));
	take_jit_options(builder, json_node_get(jit, "Options"));
	take_jit_times(builder, timing);
}

/* ---- the other groups ---- */

static void take_triggers(struct plan_builder *builder, const struct json_node *triggers)
{
	struct arena *arena = builder->arena;
	for (const struct json_node *value = triggers->first; value; value = value->next) {
		const char *name = json_node_text(json_node_get(value, "Trigger Name"));
		const char *relation = json_node_text(json_node_get(value, "Relation"));
		*list_add(arena, &builder->plan->triggers) = (struct plan_trigger){
			.name = arena_strdup(arena, name ? name : ""),
			.relation = arena_strdup(arena, relation ? relation : ""),
			.constraint = arena_strdup(arena, json_node_text(json_node_get(value, "Constraint Name"))),
			.time_ms = plan_number_kept(json_node_number(json_node_get(value, "Time"))),
			.calls = plan_number_kept(json_node_number(json_node_get(value, "Calls"))),
		};
	}
}

static void take_settings(struct plan_builder *builder, const struct json_node *settings)
{
	struct arena *arena = builder->arena;
	for (const struct json_node *setting = settings->first; setting; setting = setting->next)
		list_push(arena, &builder->plan->settings,
		          ((struct plan_detail){.name = arena_strdup(arena, setting->key),
		                                .value = json_shown(arena, setting)}));
}

static void take_planning(struct plan_builder *builder, const struct json_node *planning)
{
	struct arena *arena = builder->arena;
	for (const struct json_node *member = planning->first; member; member = member->next) {
		const char *unit = strncmp(member->key, "Memory ", 7) == 0 ? "kB" : "";
		if (!is_number(member) || !plan_builder_blocks(builder, &builder->plan->planning_buffers, member->key,
		                                               member->number))
			plan_builder_detail(builder, arena_printf(arena, "Planning %s", member->key),
			                    arena_printf(arena, "%s%s", json_shown(arena, member), unit));
	}
}

static void take_serialization(struct plan_builder *builder, const struct json_node *serialization)
{
	struct query_plan *plan = builder->plan;
	for (const struct json_node *member = serialization->first; member; member = member->next) {
		if (is_key(member, "Time"))
			plan->serialization_ms = plan_number_kept(json_node_number(member));
		else if (is_key(member, "Output Volume"))
			plan->serialization_bytes = plan_number_kept(json_node_number(member)) * 1024;
		else if (!is_number(member) ||
		         !plan_builder_blocks(builder, &plan->serialization_buffers, member->key, member->number))
			plan_builder_detail(builder, arena_printf(builder->arena, "Serialization %s", member->key),
			                    json_shown(builder->arena, member));
	}
}

static bool take_group(struct plan_builder *builder, const struct json_node *member)
{
	if (is_key(member, "Triggers") && member->kind == JSON_KIND_ARRAY)
		take_triggers(builder, member);
	else if (member->kind != JSON_KIND_OBJECT)
		return false;
	else if (is_key(member, "Settings"))
		take_settings(builder, member);
	else if (is_key(member, "Planning"))
		take_planning(builder, member);
	else if (is_key(member, "Serialization"))
		take_serialization(builder, member);
	else if (is_key(member, "JIT"))
		take_jit(builder, member);
	else
		return is_key(member, "Plan");
	return true;
}

void plan_json_take_member(struct plan_builder *builder, const struct json_node *member)
{
	struct query_plan *plan = builder->plan;
	const char *text = json_shown(builder->arena, member->kind == JSON_KIND_OBJECT ? NULL : member);
	if (take_group(builder, member))
		return;
	if (is_key(member, "Planning Time"))
		plan->planning_ms = plan_number_kept(json_node_number(member));
	else if (is_key(member, "Execution Time"))
		plan->execution_ms = plan_number_kept(json_node_number(member));
	else if (is_key(member, "Query Text"))
		plan->query = text;
	else if (is_key(member, "Query Identifier"))
		plan->query_id = text;
	else
		plan_builder_detail(builder, arena_strdup(builder->arena, member->key), json_shown(builder->arena, member));
}
