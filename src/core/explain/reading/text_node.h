/* The line of a node in the text form: its kind, what it reads, costs and what was measured. Knows no other line. */
#ifndef CORE_EXPLAIN_TEXT_NODE_H
#define CORE_EXPLAIN_TEXT_NODE_H

#include "core/explain/reading/build.h"

/* A line without arrow that is a node, by its costs or a name that is known. */
bool text_node_is_root(const char *text);

bool text_node_has_costs(const char *text);

/* "Update on orders_1 o": a target of a ModifyTable, under it. */
bool text_node_is_target(const char *text);

/* The line without its arrow. What cannot be understood is the node's type, as it stands. */
void text_node_read(struct plan_builder *builder, struct plan_place place, const char *text);

/* "time=0.010..0.020 rows=3 loops=1": of a node or a worker. */
void text_node_actual(struct plan_builder *builder, struct plan_place place, const char *text);

#endif
