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
 * Builds the graph. FAIL_REFUSED for a declared requirement that is not there, an edge that points forward (the
 * needed version is higher) and a cycle, whose members are named.
 */
enum status graph_build(struct arena *arena, const struct migration_set *set, struct graph *ret_graph,
                        struct error *err) MUST_CHECK;

#endif
