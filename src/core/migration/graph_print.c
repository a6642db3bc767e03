#include "core/migration/graph_print.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"

/* ---- which edges the tree shows ---- */

enum { WORD_BITS = 64 };

/* For each migration the set of those that it needs, directly or not: one row of bits each. */
struct reach {
	uint64_t *bits;
	size_t words;
};

static bool reaches(const struct reach *reach, size_t from, size_t to)
{
	return reach->bits[from * reach->words + to / WORD_BITS] >> (to % WORD_BITS) & 1;
}

/* Edges point backwards and are sorted by their start, so every row that is needed is complete. */
static struct reach reach_of(struct arena *arena, const struct graph *graph)
{
	size_t count = graph->set->count;
	struct reach reach = {.words = count / WORD_BITS + 1};
	reach.bits = arena_alloc(arena, (count + 1) * reach.words * sizeof(*reach.bits));

	for (size_t i = 0; i < graph->edges.count; i++) {
		const struct edge *edge = &graph->edges.items[i];
		uint64_t *row = &reach.bits[edge->from * reach.words];
		const uint64_t *other = &reach.bits[edge->to * reach.words];
		row[edge->to / WORD_BITS] |= UINT64_C(1) << (edge->to % WORD_BITS);
		for (size_t word = 0; word < reach.words; word++)
			row[word] |= other[word];
	}
	return reach;
}

/* An inferred edge says nothing new when another migration that `from` needs leads there too. */
static bool is_implied(const struct graph *graph, const struct reach *reach, size_t first, size_t index)
{
	const struct edge *edge = &graph->edges.items[index];

	if (edge->declared)
		return false;
	for (size_t i = first; i < graph->edges.count && graph->edges.items[i].from == edge->from; i++)
		if (i != index && reaches(reach, graph->edges.items[i].to, edge->to))
			return true;
	return false;
}

/* ---- the tree ---- */

struct tree {
	struct strbuf *out;
	const struct graph *graph;
	struct arena *arena;
	bool glyphs;
	LIST(const struct edge *) *needed_by; /* of each migration: the edges that come to it */
	bool *shown;
	bool any_repeated;
	struct strbuf prefix;
};

static void put_name(struct strbuf *out, const struct migration *migration)
{
	strbuf_printf(out, "%s_", migration->version);
	text_safe(out, migration->name, strlen(migration->name), false);
}

static void collect_edges(struct tree *tree)
{
	const struct graph *graph = tree->graph;
	struct reach reach = reach_of(tree->arena, graph);
	size_t first = 0;

	for (size_t i = 0; i < graph->edges.count; i++) {
		if (graph->edges.items[first].from != graph->edges.items[i].from)
			first = i;
		if (!is_implied(graph, &reach, first, i))
			list_push(tree->arena, &tree->needed_by[graph->edges.items[i].to], &graph->edges.items[i]);
	}
}

static void put_part(struct tree *tree, size_t index);

static void put_children(struct tree *tree, size_t index)
{
	size_t length = tree->prefix.length;

	for (size_t i = 0; i < tree->needed_by[index].count; i++) {
		const struct edge *edge = tree->needed_by[index].items[i];
		bool last = i + 1 == tree->needed_by[index].count;
		const char *branch = last ? "`-- " : "|-- ", *below = last ? "    " : "|   ";
		if (tree->glyphs) {
			branch = last ? "\xE2\x94\x94\xE2\x94\x80\xE2\x94\x80 "
			              : "\xE2\x94\x9C\xE2\x94\x80\xE2\x94\x80 ";
			below = last ? "    " : "\xE2\x94\x82   ";
		}
		strbuf_printf(tree->out, "%s%s", strbuf_text(&tree->prefix), branch);
		put_name(tree->out, &tree->graph->set->items[edge->from]);
		strbuf_puts(tree->out, " (");
		text_safe(tree->out, edge->reason, strlen(edge->reason), false);
		strbuf_putc(tree->out, ')');
		strbuf_puts(&tree->prefix, below);
		put_part(tree, edge->from);
		tree->prefix.length = length;
		tree->prefix.data[length] = '\0';
	}
}

/* What follows the name on its line, and the lines below it. */
static void put_part(struct tree *tree, size_t index)
{
	bool repeated = tree->shown[index] && tree->needed_by[index].count > 0;

	strbuf_puts(tree->out, repeated ? " (*)\n" : "\n");
	tree->any_repeated = tree->any_repeated || repeated;
	tree->shown[index] = true;
	if (!repeated)
		put_children(tree, index);
}

void graph_print_tree(struct strbuf *out, const struct graph *graph, bool glyphs)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	size_t count = graph->set->count, edge = 0;
	struct tree tree = {.out = out, .graph = graph, .arena = arena, .glyphs = glyphs};

	tree.needed_by = arena_alloc(arena, (count + 1) * sizeof(*tree.needed_by));
	tree.shown = arena_alloc(arena, count + 1);
	collect_edges(&tree);
	for (size_t i = 0; i < count; i++) {
		while (edge < graph->edges.count && graph->edges.items[edge].from < i)
			edge++;
		if (edge < graph->edges.count && graph->edges.items[edge].from == i)
			continue;
		put_name(out, &graph->set->items[i]);
		put_part(&tree, i);
	}
	if (tree.any_repeated)
		strbuf_puts(out, "\n(*) what needs it is shown above\n");
	strbuf_clear(&tree.prefix);
}

/* ---- DOT and JSON ---- */

static void put_quoted(struct strbuf *out, const char *text)
{
	_cleanup_strbuf_ struct strbuf safe = {0};

	text_safe(&safe, text, strlen(text), false);
	strbuf_putc(out, '"');
	for (const char *at = strbuf_text(&safe); *at; at++) {
		if (*at == '"' || *at == '\\')
			strbuf_putc(out, '\\');
		strbuf_putc(out, *at);
	}
	strbuf_putc(out, '"');
}

void graph_print_dot(struct strbuf *out, const struct graph *graph)
{
	const struct migration *items = graph->set->items;
	_cleanup_strbuf_ struct strbuf name = {0};

	strbuf_puts(out, "digraph migrations {\n\trankdir=RL;\n\tnode [shape=box];\n");
	for (size_t i = 0; i < graph->set->count; i++) {
		strbuf_reset(&name);
		put_name(&name, &items[i]);
		strbuf_printf(out, "\t\"%s\" [label=", items[i].version);
		put_quoted(out, strbuf_text(&name));
		strbuf_puts(out, "];\n");
	}
	for (size_t i = 0; i < graph->edges.count; i++) {
		const struct edge *edge = &graph->edges.items[i];
		strbuf_printf(out, "\t\"%s\" -> \"%s\" [%slabel=", items[edge->from].version, items[edge->to].version,
		              edge->declared ? "" : "style=dashed, ");
		put_quoted(out, edge->reason);
		strbuf_puts(out, "];\n");
	}
	strbuf_puts(out, "}\n");
}

struct json *graph_json(const struct graph *graph)
{
	struct json *document = json_new_object(), *migrations = json_new_array();
	size_t edge = 0;

	json_set_int(document, "v", 1);
	for (size_t i = 0; i < graph->set->count; i++) {
		struct json *migration = json_new_object(), *requires = json_new_array();
		json_set_text(migration, "version", graph->set->items[i].version);
		json_set_text(migration, "name", graph->set->items[i].name);
		for (; edge < graph->edges.count && graph->edges.items[edge].from == i; edge++) {
			struct json *need = json_new_object();
			json_set_text(need, "version", graph->set->items[graph->edges.items[edge].to].version);
			json_set_text(need, "reason", graph->edges.items[edge].reason);
			json_push(requires, need);
		}
		json_set(migration, "requires", requires);
		json_push(migrations, migration);
	}
	json_set(document, "migrations", migrations);
	return document;
}
