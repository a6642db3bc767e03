#include "core/explain/reading/read_text.h"

#include <stdint.h>
#include <string.h>

#include "base/strbuf.h"
#include "core/explain/reading/text_lines.h"
#include "core/explain/reading/text_node.h"
#include "core/explain/reading/text_property.h"
#include "core/explain/reading/text_summary.h"

/* A node whose children may still come; `level` is the column of its arrow, or of the heading above it. */
struct open_node {
	size_t level;
	struct plan_place place;
};

struct reader {
	struct plan_builder builder;
	LIST(struct open_node) open;
	const struct text_line *heading; /* of the next node, or NULL */
	struct plan_place place;         /* of the last node */
	struct plan_place worker;        /* of its worker whose lines these are */
	bool in_worker;
	size_t worker_indent;
	size_t worker_jit_indent;        /* 0 = not within a worker's JIT lines */
	struct text_summary summary;     /* what is told beside the tree */
};

static enum status take_node(struct reader *reader, const struct text_line *line, struct error *err)
{
	const struct text_line *heading = reader->heading;
	size_t level = heading && heading->indent < line->indent ? heading->indent : line->indent;
	while (reader->open.count > 1 && reader->open.items[reader->open.count - 1].level >= level)
		reader->open.count--;
	size_t parent = reader->open.count ? reader->open.items[reader->open.count - 1].place.node : SIZE_MAX;
	enum status status = plan_builder_add(&reader->builder, parent, &reader->place, err);
	if (status != OK)
		return status;
	text_node_read(&reader->builder, reader->place, line->text);
	if (heading && parent != SIZE_MAX)
		plan_builder_subplan(&reader->builder, reader->place, heading->text);
	list_push(reader->builder.arena, &reader->open,
	          ((struct open_node){.level = level, .place = reader->place}));
	reader->heading = NULL;
	reader->in_worker = false;
	return OK;
}

static void read_property(const struct text_owner *owner, const struct text_line *line)
{
	const char *key = arena_strndup(owner->builder->arena, line->text, line->key_length);
	text_property_read(owner, key, line->value);
}

static void take_worker(struct reader *reader, const struct text_line *line)
{
	struct text_line rest = {.text = line->text, .kind = LINE_OTHER};
	reader->worker = plan_builder_worker(&reader->builder, reader->place, line->worker);
	reader->in_worker = true;
	reader->worker_indent = line->indent;
	reader->worker_jit_indent = 0;
	if (strncmp(rest.text, "actual ", 7) == 0) {
		text_node_actual(&reader->builder, reader->worker, rest.text + 7);
		return;
	}
	text_line_cut_key(&rest);
	if (rest.key_length)
		read_property(&(struct text_owner){.builder = &reader->builder, .place = reader->worker}, &rest);
}

/* What a worker compiled is in the sum beside the tree, too; only the number of functions is kept. */
static bool take_worker_jit(struct reader *reader, const struct text_line *line)
{
	if (line->key_length == 3 && strncmp(line->text, "JIT", 3) == 0) {
		reader->worker_jit_indent = line->indent;
		return true;
	}
	if (!reader->worker_jit_indent || line->indent <= reader->worker_jit_indent)
		return false;
	if (strncmp(line->text, "Functions:", 10) == 0)
		plan_builder_text(&reader->builder, reader->worker, "JIT Functions", line->value);
	return true;
}

static void take_property(struct reader *reader, const struct text_line *line)
{
	struct text_owner owner = {.builder = &reader->builder, .place = reader->place};
	if (reader->in_worker && line->indent > reader->worker_indent) {
		if (take_worker_jit(reader, line))
			return;
		owner.place = reader->worker;
	} else {
		reader->in_worker = false;
	}
	read_property(&owner, line);
}

/* "Update on orders_1 o" becomes one more of "Target Tables". */
static void take_target(struct reader *reader, const char *text)
{
	struct plan_node *node = &reader->builder.plan->nodes.items[reader->place.node];
	struct arena *arena = reader->builder.arena;
	const char *target = strstr(text, " on ");
	struct plan_detail *last = node->details.count ? &node->details.items[node->details.count - 1] : NULL;
	if (!target)
		return;
	if (last && strcmp(last->name, "Target Tables") == 0)
		last->value = arena_printf(arena, "%s, %s", last->value, target + 4);
	else
		plan_builder_text(&reader->builder, reader->place, "Target Tables", target + 4);
}

static enum status take_line(struct reader *reader, const struct text_line *line, struct error *err)
{
	bool has_root = reader->open.count > 0;
	if (line->kind == LINE_NODE || (!has_root && line->kind != LINE_PROPERTY))
		return take_node(reader, line, err);
	if (!has_root || (line->indent <= reader->open.items[0].level && line->kind != LINE_HEADING) ||
	    (text_summary_is_open(&reader->summary) && line->kind != LINE_HEADING)) {
		text_summary_take(&reader->builder, &reader->summary, line);
		return OK;
	}
	if (line->kind == LINE_HEADING)
		reader->heading = line;
	else if (line->kind == LINE_WORKER)
		take_worker(reader, line);
	else if (line->kind == LINE_PROPERTY)
		take_property(reader, line);
	else if (text_node_is_target(line->text))
		take_target(reader, line->text);
	else
		plan_builder_text(&reader->builder, reader->place, "", line->text);
	return OK;
}

/* A rule can make two queries of one: then there is another root below the first plan's times. */
static bool is_further_root(const struct reader *reader, const struct text_line *line)
{
	return reader->open.count && line->kind == LINE_OTHER && line->indent <= reader->open.items[0].level &&
	       text_node_is_root(line->text);
}

enum status query_plan_read_text(struct arena *arena, const char *text, size_t length, struct query_plan **ret_plan,
                                 struct error *err)
{
	struct reader reader = {.builder = plan_builder_new(arena)};
	struct text_lines lines;
	size_t further = 0;
	text_lines_read(arena, text, length, &lines);
	for (size_t i = 0; i < lines.count; i++) {
		further += is_further_root(&reader, &lines.items[i]);
		enum status status = further ? OK : take_line(&reader, &lines.items[i], err);
		if (status != OK)
			return status;
	}
	if (!reader.open.count) {
		error_set(err, FAIL_USAGE, "there is no query plan in this text");
		return error_hint(err, "Give what EXPLAIN prints, in the text form or as JSON: the first line names the "
		                       "first node, as in \"Seq Scan on orders  (cost=0.00..4561.00 rows=200000 width=66)\".");
	}
	if (further)
		plan_builder_detail(&reader.builder, "Further Query Plans", arena_printf(arena, "%zu", further));
	plan_builder_finish(&reader.builder);
	*ret_plan = reader.builder.plan;
	return OK;
}
