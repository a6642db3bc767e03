/* Which migration needs which, and why: declared and inferred edges. Pure. */
#ifndef CORE_MIGRATION_GRAPH_H
#define CORE_MIGRATION_GRAPH_H

#include "base/arena.h"
#include "base/error.h"
#include "base/list.h"
#include "core/migration/migration.h"

struct edge {
	size_t from;        /* index in the set: the one that needs */
	size_t to;          /* index in the set: the one that is needed */
	const char *reason; /* "declared", or "uses table documents, created here" */
	bool declared;
};

struct graph {
	const struct migration_set *set;
	LIST(struct edge) edges; /* by from, then to; one per pair, declared first */
};

/*
 * Builds the graph. Declared edges are known of all migrations; inferred ones of those that were parsed: an object is
 * needed from the last lower version that created it. FAIL_REFUSED with the directive's place for a declared
 * requirement that is not there, a cycle (naming its members), and an edge that points forward (the needed version is
 * higher).
 */
enum status graph_build(struct arena *arena, const struct migration_set *set, struct graph *ret_graph,
                        struct error *err) MUST_CHECK;

/* Where a migration's edges start in graph->edges; they are followed by those of the next one. */
size_t graph_first_edge(const struct graph *graph, size_t from);

#endif
