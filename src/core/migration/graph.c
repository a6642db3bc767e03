#include "core/migration/graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/text.h"
#include "core/migration/name_index.h"

struct builder {
	struct arena *arena;
	const struct migration_set *set;
	struct graph *graph;
	struct name_index *creators;
	size_t *linked; /* by migration: 1 + the last one that has an edge to it */
};

/* ---- edges of one migration ---- */

static void add_edge(struct builder *builder, size_t from, size_t to, const char *reason, bool declared)
{
	if (builder->linked[to] == from + 1)
		return;
	builder->linked[to] = from + 1;
	struct edge edge = {.from = from, .to = to, .reason = reason, .declared = declared};
	list_push(builder->arena, &builder->graph->edges, edge);
}

static enum status refuse_missing(const struct builder *builder, size_t from, size_t number, struct error *err)
{
	const struct migration *migration = &builder->set->items[from];
	const char *wanted = migration->requires.items[number];
	const char **versions = arena_alloc(builder->arena, builder->set->count * sizeof(*versions));
	for (size_t i = 0; i < builder->set->count; i++)
		versions[i] = builder->set->items[i].version;
	/* A digit wrong says something in 20240113, and nothing in 003. */
	const char *nearest = strlen(wanted) > 5 ? text_nearest(wanted, versions, builder->set->count) : NULL;

	error_set(err, FAIL_REFUSED, "%s requires %s, and there is no %s", migration->version, wanted, wanted);
	if (nearest)
		error_hint(err, "Did you mean %s? Else add the file of %s, or remove the requirement.", nearest, wanted);
	else
		error_hint(err, "Add the file of %s, or remove the requirement.", wanted);
	return error_where(err, migration->up.path, migration->requires_lines.items[number], 0);
}

static enum status add_declared(struct builder *builder, size_t from, struct error *err)
{
	const struct migration *migration = &builder->set->items[from];
	for (size_t i = 0; i < migration->requires.count; i++) {
		const struct migration *needed = migration_find(builder->set, migration->requires.items[i]);
		if (!needed)
			return refuse_missing(builder, from, i, err);
		add_edge(builder, from, (size_t)(needed - builder->set->items), "declared", true);
	}
	return OK;
}

/* Finds who created an object; the name of a type can also be a table's, for its rows. */
static bool find_creator(const struct builder *builder, const struct object_use *use, size_t *ret_creator)
{
	return name_index_find(builder->creators, use->kind, use->name, ret_creator) ||
	       (strcmp(use->kind, "type") == 0 && name_index_find(builder->creators, "table", use->name, ret_creator));
}

static void add_use(struct builder *builder, size_t from, const struct object_use *use)
{
	size_t creator;
	if (!find_creator(builder, use, &creator) || creator == from || builder->linked[creator] == from + 1)
		return;
	const char *verb = use->drops ? "drops" : "uses";
	const char *reason = arena_printf(builder->arena, "%s %s %s, created here", verb, use->kind, use->name);
	add_edge(builder, from, creator, reason, false);
}

/* Whoever names app.orders needs the schema app. */
static void add_schema_use(struct builder *builder, size_t from, const struct object_use *use)
{
	const char *dot = strchr(use->name, '.');
	if (!dot || strncmp(use->name, "public.", 7) == 0 || strncmp(use->name, "pg_", 3) == 0)
		return;
	char name[64]; /* PostgreSQL's names have at most 63 bytes */
	size_t length = (size_t)(dot - use->name), creator;
	if (length >= sizeof(name))
		return;
	memcpy(name, use->name, length);
	name[length] = '\0';
	if (!name_index_find(builder->creators, "schema", name, &creator) || creator == from)
		return;
	add_edge(builder, from, creator, arena_printf(builder->arena, "uses schema %s, created here", name), false);
}

static void add_statement(struct builder *builder, size_t from, const struct statement *statement)
{
	for (size_t i = 0; i < statement->objects.count; i++) {
		const struct object_use *use = &statement->objects.items[i];
		if (!use->creates)
			add_use(builder, from, use);
		add_schema_use(builder, from, use);
	}
	for (size_t i = 0; i < statement->objects.count; i++)
		if (statement->objects.items[i].creates)
			name_index_put(builder->creators, statement->objects.items[i].kind,
			               statement->objects.items[i].name, from);
}

static void add_inferred(struct builder *builder, size_t from)
{
	const struct script *up = &builder->set->items[from].up;
	for (size_t s = 0; s < up->steps.count; s++)
		for (size_t i = 0; i < up->steps.items[s].count; i++)
			add_statement(builder, from, &up->steps.items[s].statements[i]);
}

static int compare_edges(const void *a, const void *b)
{
	const struct edge *left = a, *right = b;
	return (left->to > right->to) - (left->to < right->to);
}

/* ---- the whole ---- */

size_t graph_first_edge(const struct graph *graph, size_t from)
{
	size_t low = 0, high = graph->edges.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (graph->edges.items[middle].from < from)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * The way back from `start` to `goal` along edges, by breadth: *came_from of each migration that is reached is the one
 * before it, plus 1.
 */
static bool find_way(const struct builder *builder, size_t start, size_t goal, size_t *came_from)
{
	const struct graph *graph = builder->graph;
	size_t *queue = arena_alloc(builder->arena, (builder->set->count + 1) * sizeof(*queue));
	size_t done = 0, waiting = 0;

	queue[waiting++] = start;
	while (done < waiting && start != goal) {
		size_t at = queue[done++];
		for (size_t e = graph_first_edge(graph, at); e < graph->edges.count; e++) {
			const struct edge *edge = &graph->edges.items[e];
			if (edge->from != at)
				break;
			if (came_from[edge->to] || edge->to == start)
				continue;
			came_from[edge->to] = at + 1;
			if (edge->to == goal)
				return true;
			queue[waiting++] = edge->to;
		}
	}
	return start == goal;
}

static enum status refuse_cycle(const struct builder *builder, const struct edge *edge, const size_t *came_from,
                                struct error *err)
{
	const struct migration *items = builder->set->items;
	_cleanup_strbuf_ struct strbuf members = {0};
	size_t *way = arena_alloc(builder->arena, (builder->set->count + 1) * sizeof(*way)), length = 0;

	for (size_t at = edge->from; at != edge->to; at = came_from[at] - 1)
		way[length++] = at;
	strbuf_printf(&members, "%s -> %s", items[edge->from].version, items[edge->to].version);
	while (length > 0)
		strbuf_printf(&members, " -> %s", items[way[--length]].version);
	error_set(err, FAIL_REFUSED, "cycle of requirements: %s", strbuf_text(&members));
	return error_hint(err, "Remove one of these requirements; a migration can only need what runs before it.");
}

static long declared_line(const struct builder *builder, const struct edge *edge)
{
	const struct migration *from = &builder->set->items[edge->from];
	for (size_t i = 0; i < from->requires.count; i++)
		if (version_compare(from->requires.items[i], builder->set->items[edge->to].version) == 0)
			return from->requires_lines.items[i];
	return 0;
}

static enum status refuse_forward(const struct builder *builder, const struct edge *edge, struct error *err)
{
	const struct migration *from = &builder->set->items[edge->from], *to = &builder->set->items[edge->to];
	size_t *came_from = arena_alloc(builder->arena, builder->set->count * sizeof(*came_from));

	if (find_way(builder, edge->to, edge->from, came_from)) {
		refuse_cycle(builder, edge, came_from, err);
	} else {
		error_set(err, FAIL_REFUSED, "%s requires %s, which is higher and runs after it", from->version,
		          to->version);
		error_hint(err, "Give %s a number above %s, or remove the requirement.", from->version, to->version);
	}
	return error_where(err, from->up.path, declared_line(builder, edge), 0);
}

enum status graph_build(struct arena *arena, const struct migration_set *set, struct graph *ret_graph,
                        struct error *err)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct graph graph = {.set = set};
	struct builder builder = {.arena = arena,
	                          .set = set,
	                          .graph = &graph,
	                          .creators = name_index_new(scratch),
	                          .linked = arena_alloc(scratch, set->count * sizeof(size_t))};

	for (size_t i = 0; i < set->count; i++) {
		size_t first = graph.edges.count;
		if (add_declared(&builder, i, err) != OK)
			return err->status;
		add_inferred(&builder, i);
		if (graph.edges.count > first)
			qsort(&graph.edges.items[first], graph.edges.count - first, sizeof(struct edge), compare_edges);
	}
	for (size_t i = 0; i < graph.edges.count; i++)
		if (graph.edges.items[i].to >= graph.edges.items[i].from)
			return refuse_forward(&builder, &graph.edges.items[i], err);
	*ret_graph = graph;
	return OK;
}
