/* The dependency graph for people and programs: a tree, DOT, JSON. Pure; names come out safe for a terminal. */
#ifndef CORE_MIGRATION_GRAPH_PRINT_H
#define CORE_MIGRATION_GRAPH_PRINT_H

#include <stdbool.h>

#include "base/json.h"
#include "base/strbuf.h"
#include "core/migration/graph.h"

/*
 * A tree for each migration that needs none, with those that need it below it, each with the reason. A part that was
 * shown already is marked (*) and not repeated; what an inferred edge says is left out where a longer way says it
 * too. `glyphs`: lines in UTF-8 instead of ASCII.
 */
void graph_print_tree(struct strbuf *out, const struct graph *graph, bool glyphs);

/* Graphviz: arrows from the one that needs to the one that is needed; inferred ones are dashed. */
void graph_print_dot(struct strbuf *out, const struct graph *graph);

/* {"v":1,"migrations":[{"version","name","requires":[{"version","reason"}]}]}; the caller owns it. */
struct json *graph_json(const struct graph *graph);

#endif
