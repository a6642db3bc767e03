#include "core/explain/reading/build.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct value {
	enum { IS_TEXT, IS_NUMBER, IS_FLAG } kind;
	const char *text;
	double number;
	bool flag;
};

struct plan_builder plan_builder_new(struct arena *arena)
{
	return (struct plan_builder){
		.arena = arena, .keys = plan_keys_new(arena), .plan = arena_alloc(arena, sizeof(struct query_plan))};
}

static struct plan_node *node_of(const struct plan_builder *builder, struct plan_place place)
{
	return &builder->plan->nodes.items[place.node];
}

enum status plan_builder_add(struct plan_builder *builder, size_t parent, struct plan_place *ret_place,
                             struct error *err)
{
	struct query_plan *plan = builder->plan;
	size_t depth = parent == SIZE_MAX ? 0 : plan->nodes.items[parent].depth + 1;
	if (depth >= PLAN_DEPTH_LIMIT || plan->nodes.count >= PLAN_NODE_LIMIT) {
		error_set(err, FAIL_USAGE, "the query plan is too %s to be read",
		          depth >= PLAN_DEPTH_LIMIT ? "deep" : "big");
		return error_hint(err, "At most %d levels and %d nodes are read.", PLAN_DEPTH_LIMIT, PLAN_NODE_LIMIT);
	}
	size_t index = plan->nodes.count;
	struct plan_node *node = list_add(builder->arena, &plan->nodes);
	*node = (struct plan_node){.parent = parent, .depth = depth};
	if (parent != SIZE_MAX)
		list_push(builder->arena, &plan->nodes.items[parent].children, index);
	*ret_place = (struct plan_place){.node = index, .worker = SIZE_MAX};
	return OK;
}

void plan_builder_subplan(struct plan_builder *builder, struct plan_place place, const char *heading)
{
	static const char returns[] = " (returns ";
	struct plan_node *node = node_of(builder, place);
	const char *behind = strncmp(heading, "CTE ", 4) == 0 ? NULL : strstr(heading, returns);
	size_t length = behind ? (size_t)(behind - heading) : strlen(heading);
	node->subplan = arena_strndup(builder->arena, heading, length);
	if (behind) {
		behind += sizeof(returns) - 1;
		node->returns = arena_strndup(builder->arena, behind, strcspn(behind, ")"));
	}
	node->link = strncmp(heading, "CTE ", 4) == 0        ? PLAN_CTE
	             : strncmp(heading, "InitPlan", 8) == 0 ? PLAN_INITPLAN
	                                                    : PLAN_SUBPLAN;
}

struct plan_place plan_builder_worker(struct plan_builder *builder, struct plan_place place, int number)
{
	struct plan_node *node = node_of(builder, place);
	for (size_t i = 0; i < node->workers.count; i++)
		if (node->workers.items[i].number == number)
			return (struct plan_place){.node = place.node, .worker = i};
	list_add(builder->arena, &node->workers)->number = number;
	return (struct plan_place){.node = place.node, .worker = node->workers.count - 1};
}

/* ---- values and fields ---- */

const char *plan_number_text(struct arena *arena, double number)
{
	return arena_printf(arena, "%.15g", number);
}

double plan_number_kept(double number)
{
	return fmin(fmax(number, 0), 1e100);
}

double plan_number_read(const char *text, char **ret_end)
{
	*ret_end = (char *)(uintptr_t)text;
	return isdigit((unsigned char)*text) ? plan_number_kept(strtod(text, ret_end)) : 0;
}

static const char *shown_text(struct arena *arena, const struct value *value, bool kilobytes)
{
	if (value->kind == IS_TEXT)
		return arena_strdup(arena, value->text);
	if (value->kind == IS_FLAG)
		return value->flag ? "true" : "false";
	return arena_printf(arena, kilobytes ? "%.15gkB" : "%.15g", value->number);
}

static bool is_zero(const struct value *value)
{
	if (value->kind == IS_NUMBER)
		return !(value->number > 0 || value->number < 0);
	return value->kind == IS_FLAG && !value->flag;
}

static void set_text(struct arena *arena, const char **field, const struct value *value)
{
	const char *text = shown_text(arena, value, false);
	*field = *field ? arena_printf(arena, "%s; %s", *field, text) : text;
}

static void set_number(double *field, const struct plan_key *key, const struct value *value)
{
	double number = plan_number_kept(value->number) * (key->kind == KEY_KILOBYTES ? 1024 : 1);
	switch (key->again) {
	case KEY_SUM:
		*field += number;
		break;
	case KEY_MAX:
		*field = fmax(*field, number);
		break;
	case KEY_LAST:
	default:
		*field = number;
	}
}

static void *home_of(const struct plan_key *key, struct plan_node *node, struct plan_worker *worker)
{
	switch (key->home) {
	case KEY_OF_BUFFERS:
		return worker ? &worker->buffers : &node->buffers;
	case KEY_OF_WAL:
		return &node->wal;
	case KEY_OF_WORKER:
		return worker;
	case KEY_OF_NODE:
	default:
		return node;
	}
}

/* What a worker tells of itself is its node's only where that adds up, or where the node itself told nothing. */
static bool is_for_node(const struct plan_key *key, const char *field)
{
	if (key->kind == KEY_TEXT)
		return !*(const char *const *)(const void *)field;
	return key->again != KEY_LAST;
}

static void set_field(struct plan_builder *builder, const struct plan_key *key, struct plan_node *node,
                      struct plan_worker *worker, const struct value *value)
{
	char *field = (char *)home_of(key, node, worker) + key->offset;
	if (worker && key->home != KEY_OF_WORKER && !is_for_node(key, field))
		return;
	if (key->kind == KEY_TEXT)
		set_text(builder->arena, (const char **)(void *)field, value);
	else if ((key->kind == KEY_NUMBER || key->kind == KEY_KILOBYTES) && value->kind == IS_NUMBER)
		set_number((double *)(void *)field, key, value);
	else if (key->kind == KEY_FLAG && value->kind == IS_FLAG)
		*(bool *)field = value->flag;
	if (key->has && !worker)
		*((bool *)((char *)node + key->has)) = true;
}

/* Words that say where the figure beside them was. */
static void note_disk(struct plan_node *node, const char *name, const struct value *value)
{
	if (value->kind == IS_TEXT && strcmp(value->text, "Disk") == 0) {
		if (strcmp(name, "Sort Space Type") == 0)
			node->sort_on_disk = true;
		return;
	}
	if (value->kind != IS_NUMBER || strcmp(name, "Maximum Storage") != 0 || !node->details.count)
		return;
	const struct plan_detail *last = &node->details.items[node->details.count - 1];
	if (strcmp(last->name, "Storage") == 0 && strcmp(last->value, "Disk") == 0)
		node->disk_bytes = value->number * 1024;
}

static void take(struct plan_builder *builder, struct plan_place place, const char *name, const struct value *value)
{
	struct plan_node *node = node_of(builder, place);
	struct plan_worker *worker = place.worker == SIZE_MAX ? NULL : &node->workers.items[place.worker];
	const struct plan_key *key = plan_key_find(builder->keys, name, worker != NULL);
	if (key && key->kind < KEY_ANY)
		set_field(builder, key, node, worker, value);
	note_disk(node, name, value);
	if (key && (key->shown == KEY_HIDDEN || (key->shown == KEY_SHOWN_UNLESS_ZERO && is_zero(value))))
		return;
	bool kilobytes = key && (key->kind == KEY_KILOBYTES || key->kind == KEY_ANY_KILOBYTES);
	const char *text = shown_text(builder->arena, value, kilobytes);
	if (worker)
		name = arena_printf(builder->arena, "Worker %d: %s", worker->number, name);
	else
		name = key ? key->name : arena_strdup(builder->arena, name);
	list_push(builder->arena, &node->details, ((struct plan_detail){.name = name, .value = text}));
}

void plan_builder_text(struct plan_builder *builder, struct plan_place place, const char *name, const char *text)
{
	take(builder, place, name, &(struct value){.kind = IS_TEXT, .text = text});
}

void plan_builder_number(struct plan_builder *builder, struct plan_place place, const char *name, double number)
{
	take(builder, place, name, &(struct value){.kind = IS_NUMBER, .number = number});
}

void plan_builder_flag(struct plan_builder *builder, struct plan_place place, const char *name, bool flag)
{
	take(builder, place, name, &(struct value){.kind = IS_FLAG, .flag = flag});
}

/* The number behind a word of the text form, in kB; 0 when it is not there. */
static double kilobytes_behind(const char *text, const char *word)
{
	const char *found = strstr(text, word);
	return found ? strtod(found + strlen(word), NULL) : 0;
}

void plan_builder_sort_groups(struct plan_builder *builder, struct plan_place place, const char *name,
                              const char *line)
{
	static const char method[] = "Sort Method", peak_disk[] = "Peak Disk: ";
	struct plan_node *node = node_of(builder, place);
	const char *found = strstr(line, method);
	if (found && !node->sort_method) {
		found += sizeof(method) - 1;
		found += strspn(found, "s: ");
		const char *end = strstr(found, "  ");
		node->sort_method = end ? arena_strndup(builder->arena, found, (size_t)(end - found))
		                        : arena_strdup(builder->arena, found);
	}
	double disk = kilobytes_behind(line, peak_disk), memory = kilobytes_behind(line, "Peak Memory: ");
	node->sort_on_disk |= disk > 0;
	node->sort_space_bytes = fmax(node->sort_space_bytes, fmax(disk, memory) * 1024);
	plan_builder_text(builder, place, name, line);
}

bool plan_builder_blocks(struct plan_builder *builder, struct plan_buffers *buffers, const char *name, double number)
{
	const struct plan_key *key = plan_key_find(builder->keys, name, false);
	if (!key || key->home != KEY_OF_BUFFERS)
		return false;
	set_number((double *)(void *)((char *)buffers + key->offset), key,
	           &(struct value){.kind = IS_NUMBER, .number = number});
	return true;
}

void plan_builder_detail(struct plan_builder *builder, const char *name, const char *text)
{
	list_push(builder->arena, &builder->plan->details,
	          ((struct plan_detail){.name = name, .value = arena_strdup(builder->arena, text)}));
}

/* ---- the end ---- */

static bool is_one_of(const char *type, const char *const *types)
{
	while (*types && strcmp(type, *types) != 0)
		types++;
	return *types != NULL;
}

/* By the kind of parent, since servers before 14 and the text form do not say. */
static enum plan_link link_of(const struct query_plan *plan, const struct plan_node *node, bool *has_outer)
{
	static const char *const collectors[] = {"Append",      "Merge Append", "BitmapAnd", "BitmapOr",
	                                         "ModifyTable", "Custom Scan",  NULL};
	if (node->link == PLAN_SUBPLAN || node->link == PLAN_INITPLAN || node->link == PLAN_CTE)
		return node->link;
	if (node->parent == SIZE_MAX)
		return PLAN_ROOT;
	const struct plan_node *parent = &plan->nodes.items[node->parent];
	if (is_one_of(parent->type, collectors))
		return PLAN_MEMBER;
	if (strcmp(parent->type, "Subquery Scan") == 0)
		return PLAN_SUBQUERY;
	if (has_outer[node->parent])
		return PLAN_INNER;
	has_outer[node->parent] = true;
	return PLAN_OUTER;
}

void plan_builder_finish(struct plan_builder *builder)
{
	struct query_plan *plan = builder->plan;
	bool *has_outer = arena_alloc(builder->arena, plan->nodes.count * sizeof(*has_outer));
	for (size_t i = 0; i < plan->nodes.count; i++) {
		struct plan_node *node = &plan->nodes.items[i];
		if (!node->type || !*node->type)
			node->type = "?";
		node->link = link_of(plan, node, has_outer);
		node->never = node->has_actual && node->loops <= 0;
		plan->analyzed |= node->has_actual;
		plan->has_timing |= node->has_timing;
		plan->has_buffers |= node->has_buffers;
		plan->has_wal |= node->has_wal;
	}
	/* The text form prints no line where all is zero. */
	for (size_t i = 0; i < plan->nodes.count; i++) {
		plan->nodes.items[i].has_buffers = plan->has_buffers;
		plan->nodes.items[i].has_wal = plan->has_wal;
		plan->nodes.items[i].has_timing |= plan->nodes.items[i].never && plan->has_timing;
	}
	query_plan_derive(builder->arena, plan);
}
