#include "core/explain/reading/text_node.h"

#include <stdlib.h>
#include <string.h>

#include "core/explain/reading/text_target.h"

/* How the text form calls what JSON tells with properties. */
struct kind {
	const char *name; /* with what it is followed by, when that is not the end or a target */
	const char *type;
	const char *key, *value; /* or NULL */
};

static const struct kind kinds[] = {
	{"Insert", "ModifyTable", "Operation", "Insert"},
	{"Update", "ModifyTable", "Operation", "Update"},
	{"Delete", "ModifyTable", "Operation", "Delete"},
	{"Merge", "ModifyTable", "Operation", "Merge"},
	{"Foreign Scan", "Foreign Scan", "Operation", "Select"},
	{"Foreign Insert", "Foreign Scan", "Operation", "Insert"},
	{"Foreign Update", "Foreign Scan", "Operation", "Update"},
	{"Foreign Delete", "Foreign Scan", "Operation", "Delete"},
	{"Aggregate", "Aggregate", "Strategy", "Plain"},
	{"GroupAggregate", "Aggregate", "Strategy", "Sorted"},
	{"HashAggregate", "Aggregate", "Strategy", "Hashed"},
	{"MixedAggregate", "Aggregate", "Strategy", "Mixed"},
	{"Nested Loop", "Nested Loop", "Join Type", "Inner"},
	{"Hash Join", "Hash Join", "Join Type", "Inner"},
	{"Merge Join", "Merge Join", "Join Type", "Inner"},
	{"Index Scan", "Index Scan", "Scan Direction", "Forward"},
	{"Index Only Scan", "Index Only Scan", "Scan Direction", "Forward"},
};

/* Those that can be the root and have no other name in JSON. */
static const char *const plain_kinds[] = {
	"Append",          "Bitmap Heap Scan", "Bitmap Index Scan", "BitmapAnd",           "BitmapOr",
	"CTE Scan",        "Function Scan",    "Gather",            "Gather Merge",        "Group",
	"Hash",            "Incremental Sort", "Limit",             "LockRows",            "Materialize",
	"Memoize",         "Merge Append",     "Named Tuplestore Scan", "ProjectSet",      "Recursive Union",
	"Result",          "Sample Scan",      "Seq Scan",          "Sort",                "Subquery Scan",
	"Table Function Scan", "Tid Range Scan", "Tid Scan",        "Unique",              "Values Scan",
	"WindowAgg",       "WorkTable Scan",
};

static const char *const joins[][2] = {
	{"Nested Loop ", "Nested Loop"}, {"Hash ", "Hash Join"}, {"Merge ", "Merge Join"}};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* A type's name, cut out of the line. */
struct name {
	const char *text;
	size_t length;
};

static bool is(struct name name, const char *word)
{
	return strlen(word) == name.length && memcmp(name.text, word, name.length) == 0;
}

static bool skip(struct name *name, const char *word)
{
	size_t length = strlen(word);
	if (name->length < length || memcmp(name->text, word, length) != 0)
		return false;
	name->text += length;
	name->length -= length;
	return true;
}

static bool cut_end(struct name *name, const char *word)
{
	size_t length = strlen(word);
	if (name->length < length || memcmp(name->text + name->length - length, word, length) != 0)
		return false;
	name->length -= length;
	return true;
}

static const struct kind *find_kind(struct name name)
{
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (is(name, kinds[i].name))
			return &kinds[i];
	return NULL;
}

/* The last of it, since names can hold anything. */
static const char *find_last(const char *text, const char *word)
{
	const char *found = NULL;
	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
		found = at;
	return found;
}

/* Where costs or measurements begin; the end of the text when there are none. */
static const char *find_figures(const char *text)
{
	static const char *const words[] = {"  (cost=", " (actual ", " (never executed)"};
	for (size_t i = 0; i < COUNT(words); i++) {
		const char *found = find_last(text, words[i]);
		if (found)
			return found;
	}
	return text + strlen(text);
}

/* The type ends before what it reads. */
static struct name cut_type(const char *text, const char *end)
{
	const char *on = strstr(text, " on "), *using = strstr(text, " using ");
	if (on && on < end)
		end = on;
	if (using && using < end)
		end = using;
	return (struct name){.text = text, .length = (size_t)(end - text)};
}

/* ---- what a line is ---- */

bool text_node_has_costs(const char *text)
{
	return strstr(text, "  (cost=") != NULL;
}

static bool is_join(struct name name)
{
	return cut_end(&name, " Join") && (skip(&name, "Hash") || skip(&name, "Merge") || skip(&name, "Nested Loop"));
}

bool text_node_is_root(const char *text)
{
	struct name name = cut_type(text, find_figures(text));
	if (text_node_has_costs(text) || strstr(text, " (actual ") || strncmp(text, "->  ", 4) == 0)
		return true;
	skip(&name, "Parallel ");
	skip(&name, "Async ");
	if (!skip(&name, "Partial "))
		skip(&name, "Finalize ");
	cut_end(&name, " Backward");
	for (size_t i = 0; i < COUNT(plain_kinds); i++)
		if (is(name, plain_kinds[i]))
			return true;
	return find_kind(name) || is_join(name) || skip(&name, "SetOp ") || skip(&name, "HashSetOp ") ||
	       skip(&name, "Custom Scan (");
}

bool text_node_is_target(const char *text)
{
	static const char *const words[] = {"Insert on ", "Update on ", "Delete on ", "Merge on "};
	struct name name = {.text = text, .length = strlen(text)};
	skip(&name, "Foreign ");
	for (size_t i = 0; i < COUNT(words); i++)
		if (skip(&name, words[i]))
			return !text_node_has_costs(text) && !strstr(text, " (actual ");
	return false;
}

/* ---- the type ---- */

static const char *set_type(struct plan_builder *builder, struct plan_place place, const char *type)
{
	plan_builder_text(builder, place, "Node Type", type);
	return type;
}

static const char *copy(struct plan_builder *builder, struct name name)
{
	return arena_strndup(builder->arena, name.text, name.length);
}

/* "Hash Left Join" */
static const char *read_join(struct plan_builder *builder, struct plan_place place, struct name name)
{
	if (!cut_end(&name, " Join"))
		return NULL;
	for (size_t i = 0; i < COUNT(joins); i++)
		if (skip(&name, joins[i][0])) {
			plan_builder_text(builder, place, "Join Type", copy(builder, name));
			return set_type(builder, place, joins[i][1]);
		}
	return NULL;
}

static const char *read_set_operation(struct plan_builder *builder, struct plan_place place, struct name name)
{
	bool hashed = skip(&name, "Hash");
	if (!skip(&name, "SetOp ") && !is(name, "SetOp"))
		return NULL;
	plan_builder_text(builder, place, "Strategy", hashed ? "Hashed" : "Sorted");
	if (!is(name, "SetOp"))
		plan_builder_text(builder, place, "Command", copy(builder, name));
	return set_type(builder, place, "SetOp");
}

static const char *read_custom(struct plan_builder *builder, struct plan_place place, struct name name)
{
	if (!skip(&name, "Custom Scan (") || !cut_end(&name, ")"))
		return NULL;
	plan_builder_text(builder, place, "Custom Plan Provider", copy(builder, name));
	return set_type(builder, place, "Custom Scan");
}

/* Partial, Finalize, or neither: a mode of aggregates alone. */
static void read_mode(struct plan_builder *builder, struct plan_place place, struct name *name)
{
	struct name inner = *name;
	const char *mode = skip(&inner, "Partial ") ? "Partial" : skip(&inner, "Finalize ") ? "Finalize" : "Simple";
	const struct kind *kind = find_kind(inner);
	if (!kind || strcmp(kind->type, "Aggregate") != 0)
		return;
	plan_builder_text(builder, place, "Partial Mode", mode);
	*name = inner;
}

static const char *read_type(struct plan_builder *builder, struct plan_place place, struct name name)
{
	if (skip(&name, "Parallel "))
		plan_builder_flag(builder, place, "Parallel Aware", true);
	if (skip(&name, "Async "))
		plan_builder_flag(builder, place, "Async Capable", true);
	read_mode(builder, place, &name);
	struct name forward = name;
	bool backward = cut_end(&forward, " Backward");
	const struct kind *kind = find_kind(backward ? forward : name);
	if (kind) {
		if (kind->key)
			plan_builder_text(builder, place, kind->key, backward ? "Backward" : kind->value);
		return set_type(builder, place, kind->type);
	}
	const char *type = read_join(builder, place, name);
	if (!type)
		type = read_set_operation(builder, place, name);
	if (!type)
		type = read_custom(builder, place, name);
	return type ? type : set_type(builder, place, copy(builder, name));
}

/* ---- figures ---- */

/* The number behind a word; moves on behind it. */
static bool read_number(const char **at, const char *word, double *ret_number)
{
	const char *found = strstr(*at, word);
	char *end;
	if (!found)
		return false;
	found += strlen(word);
	*ret_number = plan_number_read(found, &end);
	if (end == found)
		return false;
	*at = end;
	return true;
}

static void put(struct plan_builder *builder, struct plan_place place, const char **at, const char *word,
                const char *key)
{
	double number;
	if (read_number(at, word, &number))
		plan_builder_number(builder, place, key, number);
}

void text_node_actual(struct plan_builder *builder, struct plan_place place, const char *text)
{
	const char *at = text;
	if (strncmp(text, "time=", 5) == 0) {
		put(builder, place, &at, "time=", "Actual Startup Time");
		put(builder, place, &at, "..", "Actual Total Time");
	}
	put(builder, place, &at, "rows=", "Actual Rows");
	put(builder, place, &at, "loops=", "Actual Loops");
}

static void read_figures(struct plan_builder *builder, struct plan_place place, const char *text)
{
	const char *at = text, *actual = strstr(text, "(actual ");
	if (strncmp(text, "  (cost=", 8) == 0) {
		put(builder, place, &at, "(cost=", "Startup Cost");
		put(builder, place, &at, "..", "Total Cost");
		put(builder, place, &at, "rows=", "Plan Rows");
		put(builder, place, &at, "width=", "Plan Width");
	}
	if (actual)
		text_node_actual(builder, place, actual + 8);
	else if (strstr(text, "(never executed)"))
		plan_builder_number(builder, place, "Actual Loops", 0);
}

void text_node_read(struct plan_builder *builder, struct plan_place place, const char *text)
{
	const char *end = find_figures(text);
	struct name name = cut_type(text, end);
	const char *type = read_type(builder, place, name);
	text_target_read(builder, place, type, name.text + name.length, end);
	read_figures(builder, place, end);
}
