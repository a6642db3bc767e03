#include "core/explain/title.h"

#include <string.h>

#include "base/strbuf.h"

/* Key words are not looked for: the text is for people. */
static bool is_plain(const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz_0123456789$";
	return *name && !strchr("0123456789$", *name) && name[strspn(name, plain)] == '\0';
}

static void put_name(struct strbuf *out, const char *name)
{
	if (is_plain(name)) {
		strbuf_puts(out, name);
		return;
	}
	strbuf_putc(out, '"');
	for (; *name; name++) {
		if (*name == '"')
			strbuf_putc(out, '"');
		strbuf_putc(out, *name);
	}
	strbuf_putc(out, '"');
}

static const char *object_of(const struct plan_node *node)
{
	return node->relation ? node->relation : node->cte ? node->cte : node->function;
}

static void put_target(struct strbuf *out, const struct plan_node *node)
{
	const char *object = object_of(node);
	if (object && node->schema) {
		put_name(out, node->schema);
		strbuf_putc(out, '.');
	}
	if (object)
		put_name(out, object);
	if (node->alias && (!object || strcmp(object, node->alias) != 0)) {
		strbuf_puts(out, object ? " " : "");
		put_name(out, node->alias);
	}
}

const char *plan_target_text(struct arena *arena, const struct plan_node *node)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	put_target(&out, node);
	return arena_strdup(arena, strbuf_text(&out));
}

/* ---- the kind of node: aggregates, joins and writes have other names in JSON ---- */

static const char *aggregate_name(const struct plan_node *node)
{
	static const char *const names[][2] = {
		{"Sorted", "GroupAggregate"}, {"Hashed", "HashAggregate"}, {"Mixed", "MixedAggregate"}};
	for (size_t i = 0; node->strategy && i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(node->strategy, names[i][0]) == 0)
			return names[i][1];
	return "Aggregate";
}

static void put_join(struct strbuf *out, const struct plan_node *node)
{
	bool is_loop = strcmp(node->type, "Nested Loop") == 0;
	const char *method = is_loop ? "Nested Loop" : strcmp(node->type, "Hash Join") == 0 ? "Hash" : "Merge";
	strbuf_puts(out, method);
	if (node->join_type && strcmp(node->join_type, "Inner") != 0)
		strbuf_printf(out, " %s Join", node->join_type);
	else if (!is_loop)
		strbuf_puts(out, " Join");
}

static void put_aggregate(struct strbuf *out, const struct plan_node *node)
{
	if (node->partial_mode && strcmp(node->partial_mode, "Simple") != 0)
		strbuf_printf(out, "%s ", node->partial_mode);
	strbuf_puts(out, aggregate_name(node));
}

static void put_kind(struct strbuf *out, const struct plan_node *node)
{
	const char *type = node->type;
	if (strcmp(type, "Aggregate") == 0)
		put_aggregate(out, node);
	else if (strcmp(type, "Nested Loop") == 0 || strcmp(type, "Hash Join") == 0 || strcmp(type, "Merge Join") == 0)
		put_join(out, node);
	else if (strcmp(type, "ModifyTable") == 0 && node->operation)
		strbuf_puts(out, node->operation);
	else if (strcmp(type, "Foreign Scan") == 0 && node->operation && strcmp(node->operation, "Select") != 0)
		strbuf_printf(out, "Foreign %s", node->operation);
	else if (strcmp(type, "SetOp") == 0)
		strbuf_printf(out, "%sSetOp%s%s", node->strategy && strcmp(node->strategy, "Hashed") == 0 ? "Hash" : "",
		              node->command ? " " : "", node->command ? node->command : "");
	else if (strcmp(type, "Custom Scan") == 0 && node->provider)
		strbuf_printf(out, "Custom Scan (%s)", node->provider);
	else
		strbuf_puts(out, type);
}

const char *plan_node_title(struct arena *arena, const struct plan_node *node)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	strbuf_puts(&out, node->parallel_aware ? "Parallel " : "");
	strbuf_puts(&out, node->async_capable ? "Async " : "");
	put_kind(&out, node);
	bool has_target = object_of(node) || node->alias;
	if (node->direction && strcmp(node->direction, "Backward") == 0)
		strbuf_puts(&out, " Backward");
	if (node->index) {
		strbuf_puts(&out, has_target ? " using " : " on ");
		put_name(&out, node->index);
	}
	if (has_target) {
		strbuf_puts(&out, " on ");
		put_target(&out, node);
	}
	return arena_strdup(arena, strbuf_text(&out));
}
