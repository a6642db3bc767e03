/*
 * A query plan's tree as rows, one below the other, with what is folded away and what each row stands for: for the
 * printer of `explain` and for the console. Knows no screen and no colour.
 */
#ifndef CORE_EXPLAIN_LAYOUT_H
#define CORE_EXPLAIN_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "core/explain/query_plan.h"

/* What share, bar and figure of a row are of. */
enum plan_measure {
	PLAN_MEASURE_TIME,  /* that passed on the clock */
	PLAN_MEASURE_CPU,   /* of all processes together */
	PLAN_MEASURE_PAGES, /* blocks hit and read, of temporary files too */
	PLAN_MEASURE_COST,  /* as planned */
	PLAN_MEASURE_COUNT,
};

/* A person's folds: one for each node. */
enum plan_fold {
	PLAN_FOLD_CLOSED = 1, /* what is below stands in the node's own row */
	PLAN_FOLD_SPREAD = 2, /* leaves below that are alike have a row each */
};

/* Of nodes that follow each other in the plan: one; with all below it; or leaves that are alike. */
struct plan_row {
	size_t node, until;  /* the first, and the one behind the last */
	size_t depth;        /* of the tree that is drawn */
	bool closed;         /* all below the first is in this row */
	bool alike;          /* leaves of one kind, partitions above all, one under the other */
	bool opens;          /* there is something below it, in this row or in others */
	bool last;           /* no sibling's row follows */
};

struct plan_layout {
	const struct query_plan *plan;
	LIST(struct plan_row) rows;
	const size_t *row_of; /* of each node: the row that it is in */
	enum plan_measure measure;
	bool inclusive;       /* a node's figure has what is below it in it */
	double total;         /* of the measure: what a share is of; 0 = nothing was measured */
};

enum { PLAN_ALIKE_LEAST = 4 };

/* Lays out the whole tree. `folds` has a byte of enum plan_fold for each node, or is NULL. In the arena. */
struct plan_layout plan_layout_new(struct arena *arena, const struct query_plan *plan, const unsigned char *folds,
                                   enum plan_measure measure, bool inclusive);

/* The best one that a plan has: time, else pages, else cost; and whether it has one. */
enum plan_measure plan_measure_best(const struct query_plan *plan);
bool plan_measure_is_of(enum plan_measure measure, const struct query_plan *plan);

/* "time", "CPU", "pages", "cost". */
const char *plan_measure_name(enum plan_measure measure);

/* A row's figure, its share of the whole (0..1), and the figure as people read it. */
double plan_row_value(const struct plan_layout *layout, const struct plan_row *row);
double plan_row_share(const struct plan_layout *layout, const struct plan_row *row);
const char *plan_row_value_text(struct arena *arena, const struct plan_layout *layout, const struct plan_row *row);

/* Rows that came out of it (planned ones where it was not run), "never" for what was not reached. */
const char *plan_row_rows_text(struct arena *arena, const struct plan_layout *layout, const struct plan_row *row);

/* How wrong the estimate was: of the one that is furthest off where a row stands for several. */
const char *plan_row_estimate_text(struct arena *arena, const struct plan_layout *layout, const struct plan_row *row);

/* Blocks of its own, "" where none were counted. */
const char *plan_row_pages_text(struct arena *arena, const struct plan_layout *layout, const struct plan_row *row);

/* "Seq Scan on orders o", "InitPlan 1: Result", "7 alike: Seq Scan on p1 ...", "Hash Join (4 below)". */
const char *plan_row_title(struct arena *arena, const struct plan_layout *layout, const struct plan_row *row);

/* Lines of a tree: UTF-8 or ASCII. Levels beyond `depth_max` are told as a number. */
void plan_row_branch(struct strbuf *out, const struct plan_layout *layout, size_t row, bool glyphs, size_t depth_max);

/* What stands below a row's branch, in lines that say more of it. */
void plan_row_stem(struct strbuf *out, const struct plan_layout *layout, size_t row, bool glyphs, size_t depth_max);

/* The node behind the last one below a node. */
size_t plan_node_end(const struct query_plan *plan, size_t node);

#endif
