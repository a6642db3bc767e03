/*
 * What both readers build a query plan with: nodes and properties, one after the other. Knows no form; owns nothing
 * that is not in the arena.
 */
#ifndef CORE_EXPLAIN_BUILD_H
#define CORE_EXPLAIN_BUILD_H

#include "core/explain/reading/keys.h"

enum { PLAN_DEPTH_LIMIT = 1000, PLAN_NODE_LIMIT = 100000, PLAN_WORKER_LIMIT = 10000 };

struct plan_builder {
	struct arena *arena;
	struct plan_keys *keys;
	struct query_plan *plan;
};

/* Where a property stands: a node, or one of its workers. */
struct plan_place {
	size_t node;
	size_t worker; /* index; SIZE_MAX = the node itself */
};

struct plan_builder plan_builder_new(struct arena *arena);

/* Behind the last one; the parent is SIZE_MAX for the root. FAIL_USAGE when it is too deep or one too many. */
enum status plan_builder_add(struct plan_builder *builder, size_t parent, struct plan_place *ret_place,
                             struct error *err) MUST_CHECK;

/* "InitPlan 1 (returns $0)" or "CTE x": name, link and what it sets. */
void plan_builder_subplan(struct plan_builder *builder, struct plan_place place, const char *heading);

/* The place of a node's worker, which is there afterwards. */
struct plan_place plan_builder_worker(struct plan_builder *builder, struct plan_place place, int number);

/* A property as EXPLAIN's JSON names it; texts are copied. */
void plan_builder_text(struct plan_builder *builder, struct plan_place place, const char *name, const char *text);
void plan_builder_number(struct plan_builder *builder, struct plan_place place, const char *name, double number);
void plan_builder_flag(struct plan_builder *builder, struct plan_place place, const char *name, bool flag);

/* "Full-sort Groups" of an Incremental Sort: "2  Sort Method: quicksort  Average Memory: 27kB  Peak Memory: 27kB". */
void plan_builder_sort_groups(struct plan_builder *builder, struct plan_place place, const char *name,
                              const char *line);

/* The same of blocks outside the tree; false when it is no name of a block counter. */
bool plan_builder_blocks(struct plan_builder *builder, struct plan_buffers *buffers, const char *name, double number);

/* A detail of the plan beside the tree. */
void plan_builder_detail(struct plan_builder *builder, const char *name, const char *text);

/* "3", "0.25": at most fifteen digits. */
const char *plan_number_text(struct arena *arena, double number);

/* Within what is kept: not below 0, and products of a few of them are still numbers. */
double plan_number_kept(double number);

/* A number without sign at the beginning of the text; *ret_end is the text when there is none. */
double plan_number_read(const char *text, char **ret_end);

/* What follows from the whole: links by kind of parent, groups that were printed, figures. */
void plan_builder_finish(struct plan_builder *builder);

#endif
