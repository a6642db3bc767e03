#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "core/sql/statement.h"
#include "pg/query.h"
#include "pg/samplers/sampler.h"

/* All are counted; of a queue that is longer the first ones are listed. */
enum { MOST_LISTED = 100 };

enum column {
	COLUMN_PID,
	COLUMN_APPLICATION,
	COLUMN_LOCK_TYPE = 8,
	COLUMN_LOCK_MODE,
	COLUMN_LOCK_RELATION,
	COLUMN_WAIT_MS,
	COLUMN_IN_ITS_WAY,
	COLUMN_BACKEND_START,
};

static const struct sample_column SESSION[] = {
	{"pid", COLUMN_INT}, /* 0 = a prepared transaction */
	{"application", COLUMN_TEXT},
	{"role", COLUMN_TEXT},
	{"database", COLUMN_TEXT},
	{"client", COLUMN_TEXT},
	{"state", COLUMN_TEXT},
	{"transaction_ms", COLUMN_AGE},
	{"query", COLUMN_SQL},
};

/* With the number it is one session for ever: numbers come again. */
static const struct sample_column START[] = {{"backend_start", COLUMN_TEXT}};

static const struct sample_column WAIT[] = {
	{"lock", COLUMN_TEXT},
	{NULL, COLUMN_SKIP},
	{"relation", COLUMN_TEXT},
	{"wait_ms", COLUMN_AGE},
};

/* Somebody in the way: with a lock that conflicts, or only further ahead in the queue. */
struct edge {
	int64_t pid;
	struct node *other;
	bool hard;
};

struct node {
	int64_t pid, wait_ms;
	bool ours, waits, placed, listed;
	bool behind_us; /* one of ours is somewhere ahead of it */
	size_t row;
	struct edge *edges;
	size_t edge_count;
	const struct node *parent; /* that it is shown below, or NULL */
};

struct forest {
	struct arena *arena;
	struct node *nodes;
	size_t count;
	struct json *order; /* nodes with their depth, each behind the one that it waits for */
};

static struct node *find(struct forest *forest, int64_t pid)
{
	for (size_t i = 0; i < forest->count; i++)
		if (forest->nodes[i].pid == pid)
			return &forest->nodes[i];
	return NULL;
}

/* Whether one of the modes that somebody holds, "AccessShareLock,RowShareLock", keeps the wanted one from its lock. */
static bool in_conflict(struct arena *arena, const char *held, const char *wanted)
{
	enum lock_mode mode = wanted ? lock_mode_read(wanted) : LOCK_NONE;

	while (*held) {
		size_t length = strcspn(held, ",");
		if (lock_modes_conflict(lock_mode_read(arena_strndup(arena, held, length)), mode))
			return true;
		held += length + (held[length] == ',');
	}
	return false;
}

/* "12:AccessShareLock;34:" */
static void read_edges(struct forest *forest, struct node *node, const char *text, const char *wanted)
{
	LIST(struct edge) edges = {0};

	while (text && *text) {
		size_t length = strcspn(text, ";");
		char *words = arena_strndup(forest->arena, text, length), *held;
		struct edge *edge = list_add(forest->arena, &edges);
		edge->pid = strtoll(words, &held, 10);
		edge->hard = in_conflict(forest->arena, held + (*held == ':'), wanted);
		text += length + (text[length] == ';');
	}
	node->edges = edges.items;
	node->edge_count = edges.count;
}

static void read_nodes(struct forest *forest, const struct rows *rows)
{
	forest->count = rows_count(rows);
	forest->nodes = arena_alloc(forest->arena, (forest->count + 1) * sizeof(*forest->nodes));
	for (size_t i = 0; i < forest->count; i++) {
		struct node *node = &forest->nodes[i];
		node->row = i;
		node->pid = rows_int(rows, i, COLUMN_PID);
		node->ours = sample_is_ours(rows_get(rows, i, COLUMN_APPLICATION));
		node->wait_ms = rows_int(rows, i, COLUMN_WAIT_MS);
		node->waits = rows_get(rows, i, COLUMN_IN_ITS_WAY) != NULL;
		read_edges(forest, node, rows_get(rows, i, COLUMN_IN_ITS_WAY), rows_get(rows, i, COLUMN_LOCK_MODE));
	}
}

/* Whom a node is shown below: who holds what it needs, else who is next in the queue ahead of it. */
static const struct node *choose_parent(const struct node *node)
{
	const struct node *parent = NULL;

	for (size_t i = 0; i < node->edge_count; i++) {
		const struct node *other = node->edges[i].other;
		if (other && node->edges[i].hard)
			return other;
		if (other && (!parent || other->wait_ms < parent->wait_ms))
			parent = other;
	}
	return parent;
}

static void connect_nodes(struct forest *forest)
{
	for (size_t i = 0; i < forest->count; i++) {
		struct node *node = &forest->nodes[i];
		for (size_t k = 0; k < node->edge_count; k++)
			node->edges[k].other = find(forest, node->edges[k].pid);
		node->parent = choose_parent(node);
	}
}

static void place(struct forest *forest, struct node *node, int64_t depth)
{
	if (node->placed)
		return;
	node->placed = true;
	if (json_count(forest->order) == MOST_LISTED)
		return;
	node->listed = true;
	struct json *line = json_new_object();
	json_set_int(line, "pid", node->pid);
	json_set_int(line, "depth", depth);
	json_push(forest->order, line);
	for (size_t i = 0; i < forest->count; i++)
		if (forest->nodes[i].parent == node)
			place(forest, &forest->nodes[i], depth + 1);
}

/* A circle, until the server breaks it, has no root: any of it is taken for one. */
static void plant(struct forest *forest)
{
	forest->order = json_new_array();
	for (size_t i = 0; i < forest->count; i++)
		if (!forest->nodes[i].parent)
			place(forest, &forest->nodes[i], 0);
	for (size_t i = 0; i < forest->count; i++)
		place(forest, &forest->nodes[i], 0);
}

static bool learns_of_us(const struct node *node)
{
	for (size_t i = 0; i < node->edge_count; i++) {
		const struct node *other = node->edges[i].other;
		if (other && (other->ours || other->behind_us))
			return true;
	}
	return false;
}

/* Over and over until nobody learns anything: there can be circles. */
static void mark_behind_us(struct forest *forest)
{
	for (bool learned = true; learned;) {
		learned = false;
		for (size_t i = 0; i < forest->count; i++) {
			struct node *node = &forest->nodes[i];
			if (!node->behind_us && learns_of_us(node))
				node->behind_us = learned = true;
		}
	}
}

static struct json *session_json(struct sampling *sampling, const struct rows *rows, const struct node *node)
{
	struct json *object = json_new_object(), *blockers = json_new_array();

	sample_set(sampling, object, rows, node->row, COLUMN_PID, SAMPLE_COLUMNS(SESSION));
	sample_set(sampling, object, rows, node->row, COLUMN_BACKEND_START, SAMPLE_COLUMNS(START));
	json_set_bool(object, "ours", node->ours);
	json_set_bool(object, "waiting", node->waits);
	if (node->waits) {
		enum lock_mode mode = LOCK_NONE;
		if (rows_get(rows, node->row, COLUMN_LOCK_MODE))
			mode = lock_mode_read(rows_get(rows, node->row, COLUMN_LOCK_MODE));
		sample_set(sampling, object, rows, node->row, COLUMN_LOCK_TYPE, SAMPLE_COLUMNS(WAIT));
		json_set_text(object, "mode", mode == LOCK_NONE ? NULL : lock_mode_name(mode));
	}
	for (size_t i = 0; i < node->edge_count; i++) {
		struct json *blocker = json_new_object();
		json_set_int(blocker, "pid", node->edges[i].pid);
		json_set_text(blocker, "edge", node->edges[i].hard ? "hard" : "soft");
		json_push(blockers, blocker);
	}
	json_set(object, "blocked_by", blockers);
	return object;
}

static void read(struct sampling *sampling, const struct rows *rows, struct json *values)
{
	struct forest forest = {.arena = sampling->arena};
	struct json *sessions = json_new_array();
	int64_t waiting = 0, longest_ms = 0, behind_us = 0, behind_us_ms = 0;

	read_nodes(&forest, rows);
	connect_nodes(&forest);
	mark_behind_us(&forest);
	plant(&forest);
	for (size_t i = 0; i < forest.count; i++) {
		const struct node *node = &forest.nodes[i];
		if (node->listed)
			json_push(sessions, session_json(sampling, rows, node));
		if (!node->waits)
			continue;
		waiting++;
		longest_ms = node->wait_ms > longest_ms ? node->wait_ms : longest_ms;
		if (node->ours || !node->behind_us)
			continue;
		behind_us++;
		behind_us_ms = node->wait_ms > behind_us_ms ? node->wait_ms : behind_us_ms;
	}
	json_set_int(values, "waiting", waiting);
	json_set_int(values, "longest_wait_ms", longest_ms);
	json_set_int(values, "behind_us", behind_us);
	json_set_int(values, "behind_us_ms", behind_us_ms);
	json_set(values, "forest", forest.order);
	json_set(values, "sessions", sessions);
}

/* The query's limit is short: it asks the lock manager, which everybody needs. */
const struct sampler sampler_locks = {
	.name = "locks",
	.title = "Locks",
	.about = "who waits for a lock and who is in his way, also only further ahead in the queue",
	.needs = NEEDS_STATISTICS,
	.interval_ms = 1000,
	.timeout_ms = 100,
	.queries = {{.since = 14, .sql = query_sample_locks}, {.sql = query_sample_locks_13}},
	.read = read,
};
