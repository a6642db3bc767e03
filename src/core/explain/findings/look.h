/* What one rule sees and says: a node with the plan around it. For core/explain only. */
#ifndef CORE_EXPLAIN_FINDINGS_LOOK_H
#define CORE_EXPLAIN_FINDINGS_LOOK_H

#include "core/explain/condition.h"
#include "core/explain/finding.h"
#include "core/explain/node.h"
#include "core/explain/partitions.h"

struct plan_look {
	struct arena *arena;
	const struct query_plan *plan;
	size_t at;                    /* SIZE_MAX and a NULL node for a rule about the statement */
	const struct plan_node *node; /* the plan's, or a sum over partitions */
	const struct plan_fold *fold;
	const struct plan_rule *rule;
	struct plan_finding_list *findings;
};

/* One rule: its row and how it looks. */
struct plan_rule_entry {
	struct plan_rule row;
	bool whole;     /* looks at the statement once, not at each node */
	bool estimated; /* looks at plans and nodes that were not run too */
	void (*look)(struct plan_look *look);
};

/* Adds a finding at the node; `sql` may be NULL. The message is a sentence without full stop. */
void look_find(struct plan_look *look, enum plan_severity severity, double share, const char *sql, const char *format,
               ...) PRINTF_LIKE(5, 6);

/* High from 50 % of the statement, medium from 20 %. */
enum plan_severity severity_of_share(double share);

/* "Seq Scan on orders o". */
const char *look_title(const struct plan_look *look);

/* What the node and all below it take of the statement: of its time, else of its pages, 0..1; 0 = not known. */
double plan_subtree_share(const struct query_plan *plan, const struct plan_node *node);

/* A time of the statement as a share of it, 0..1; 0 = not known. */
double plan_time_share(const struct query_plan *plan, double ms);

/* Rows that a node looked at: those that it gave and those that its filter threw away, of all loops. */
double node_rows_looked_at(const struct plan_node *node);

/* Blocks of temporary files that the node itself read and wrote. */
double node_temp_pages(const struct plan_node *node);

/* A detail as printed, or NULL. */
const char *node_detail(const struct plan_node *node, const char *name);

/*
 * "SET work_mem = '64MB'": a power of two that holds so many bytes and is more than the setting was, which is told when
 * it is not the default; NULL over 1 GiB, where that is no advice.
 */
const char *sql_work_mem(struct plan_look *look, double bytes);

/* "schema.relation" quoted where it must be; NULL for a node without relation. */
const char *sql_relation(struct arena *arena, const struct plan_node *node);

/*
 * "CREATE INDEX CONCURRENTLY ON t (a, b)" that serves all terms of both conditions of a node (each may be NULL), and
 * the order of which a Sort above wants only the first rows. NULL when a term is not known to be served by an index,
 * for a sum over partitions, and for a relation of the server's own.
 */
const char *sql_index(struct plan_look *look, const struct plan_node *node, const char *condition,
                      const char *filter);

#endif
