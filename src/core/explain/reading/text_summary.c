#include "core/explain/reading/text_summary.h"

#include <string.h>

#include "core/explain/reading/text_property.h"

bool text_summary_is_open(const struct text_summary *summary)
{
	return summary->section != SECTION_NONE;
}

static bool is_key(const struct text_line *line, const char *key)
{
	return line->key_length == strlen(key) && strncmp(line->text, key, line->key_length) == 0;
}

static double number_at(const char *text, const char *word)
{
	const char *found = strstr(text, word);
	char *end;
	return found ? plan_number_read(found + strlen(word), &end) : 0;
}

/* The last of it, since names can hold anything. */
static char *find_last(char *text, const char *word)
{
	char *found = NULL;
	for (char *at = strstr(text, word); at; at = strstr(at + 1, word))
		found = at;
	return found;
}

/* "Trigger NAME for constraint NAME on RELATION: time=0.100 calls=1", each name perhaps missing. */
static bool take_trigger(struct plan_builder *builder, const char *text)
{
	static const char trigger[] = "Trigger", constraint[] = " for constraint ", on[] = " on ";
	if (strncmp(text, trigger, sizeof(trigger) - 1) != 0)
		return false;
	char *name = arena_strdup(builder->arena, text + sizeof(trigger) - 1);
	char *figures = find_last(name, ": time=");
	if (!figures)
		figures = find_last(name, ": calls=");
	if (!figures || *name != ' ')
		return false;
	*figures = '\0';
	struct plan_trigger *row = list_add(builder->arena, &builder->plan->triggers);
	row->time_ms = number_at(figures + 1, "time=");
	row->calls = number_at(figures + 1, "calls=");
	row->relation = "";
	char *relation = find_last(name, on);
	if (relation) {
		*relation = '\0';
		row->relation = relation + sizeof(on) - 1;
	}
	char *of_constraint = strstr(name, constraint);
	if (of_constraint) {
		*of_constraint = '\0';
		row->constraint = of_constraint + sizeof(constraint) - 1;
	}
	row->name = *name ? name + 1 : "";
	return true;
}

/* The end of a setting's value: a quote before the next "name = ", or at the end. Quotes within are not doubled. */
static char *value_end(char *value)
{
	for (char *at = strstr(value, "', "); at; at = strstr(at + 1, "', ")) {
		size_t name = strspn(at + 3, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.");
		if (name && strncmp(at + 3 + name, " = ", 3) == 0)
			return at;
	}
	char *end = value + strlen(value);
	return end > value && end[-1] == '\'' ? end - 1 : end;
}

/* "work_mem = '64kB', enable_sort = 'off'" */
static void take_settings(struct plan_builder *builder, const char *text)
{
	char *at = arena_strdup(builder->arena, text);
	while (*at) {
		char *equals = strstr(at, " = ");
		if (!equals)
			return;
		*equals = '\0';
		char *value = equals + 3, *end;
		if (*value == '\'')
			end = value_end(++value);
		else
			end = value + strcspn(value, ",");
		bool more = *end != '\0';
		*end = '\0';
		list_push(builder->arena, &builder->plan->settings,
		          ((struct plan_detail){.name = at, .value = value}));
		at = more ? end + 1 : end;
		at += strspn(at, ", ");
	}
}

static void take_jit(struct plan_builder *builder, const struct text_line *line)
{
	struct query_plan *plan = builder->plan;
	plan->has_jit = true;
	if (is_key(line, "Functions")) {
		plan->jit_functions = number_at(line->value, "");
	} else if (is_key(line, "Options")) {
		plan_builder_detail(builder, "JIT Options", line->value);
	} else if (is_key(line, "Timing")) {
		plan->jit_ms = number_at(line->value, "Total ");
		plan_builder_detail(builder, "JIT Timing", line->value);
	}
}

static void take_detail(struct plan_builder *builder, const struct text_line *line)
{
	const char *name = arena_strndup(builder->arena, line->text, line->key_length);
	plan_builder_detail(builder, name, line->key_length ? line->value : line->text);
}

/* "used=10kB  allocated=16kB" */
static void take_memory(struct plan_builder *builder, const char *value)
{
	plan_builder_detail(builder, "Planning Memory Used",
	                    arena_printf(builder->arena, "%.15gkB", number_at(value, "used=")));
	plan_builder_detail(builder, "Planning Memory Allocated",
	                    arena_printf(builder->arena, "%.15gkB", number_at(value, "allocated=")));
}

static void take_blocks(struct plan_builder *builder, struct plan_buffers *blocks, const struct text_line *line)
{
	const char *key = arena_strndup(builder->arena, line->text, line->key_length);
	if (!text_property_read(&(struct text_owner){.builder = builder, .blocks = blocks}, key, line->value))
		take_detail(builder, line);
}

static void take_indented(struct plan_builder *builder, enum text_section section, const struct text_line *line)
{
	if (section == SECTION_JIT)
		take_jit(builder, line);
	else if (section == SECTION_PLANNING && is_key(line, "Memory"))
		take_memory(builder, line->value);
	else if (section == SECTION_PLANNING)
		take_blocks(builder, &builder->plan->planning_buffers, line);
	else if (section == SECTION_SERIALIZATION)
		take_blocks(builder, &builder->plan->serialization_buffers, line);
	else
		take_detail(builder, line);
}

/* "time=0.043 ms  output=1kB  format=text" */
static void take_serialization(struct plan_builder *builder, const char *value)
{
	const char *format = strstr(value, "format=");
	builder->plan->serialization_ms = number_at(value, "time=");
	builder->plan->serialization_bytes = number_at(value, "output=") * 1024;
	if (format)
		plan_builder_detail(builder, "Serialization Format", format + 7);
}

static enum text_section section_of(const struct text_line *line)
{
	if (is_key(line, "Planning"))
		return SECTION_PLANNING;
	if (is_key(line, "JIT"))
		return SECTION_JIT;
	return is_key(line, "Serialization") ? SECTION_SERIALIZATION : SECTION_OTHER;
}

static void take_line(struct plan_builder *builder, const struct text_line *line)
{
	struct query_plan *plan = builder->plan;
	if (is_key(line, "Planning Time"))
		plan->planning_ms = number_at(line->value, "");
	else if (is_key(line, "Execution Time"))
		plan->execution_ms = number_at(line->value, "");
	else if (is_key(line, "Query Text"))
		plan->query = line->value;
	else if (is_key(line, "Query Identifier"))
		plan->query_id = line->value;
	else if (is_key(line, "Settings"))
		take_settings(builder, line->value);
	else if (is_key(line, "Serialization"))
		take_serialization(builder, line->value);
	else if (!take_trigger(builder, line->text) && *line->text && (!line->key_length || *line->value))
		take_detail(builder, line);
}

void text_summary_take(struct plan_builder *builder, struct text_summary *summary, const struct text_line *line)
{
	/* In a section, what is indented deeper than its heading, which stands where the root does. */
	if (text_summary_is_open(summary) && line->indent > summary->indent) {
		take_indented(builder, summary->section, line);
		return;
	}
	if (builder->plan->nodes.count) {
		summary->section = section_of(line);
		summary->indent = line->indent;
	}
	take_line(builder, line);
}
