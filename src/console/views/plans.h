/* The parts of the view Plans: the list of queries, the tree of a plan, what is said of it. Not for other views. */
#ifndef CONSOLE_VIEWS_PLANS_H
#define CONSOLE_VIEWS_PLANS_H

#include "console/cursor.h"
#include "console/terminal/paper.h"
#include "console/view.h"
#include "core/explain/explained.h"
#include "core/explain/layout.h"

/* Of a comparison; a plan that is looked at alone is the one after. */
enum side { SIDE_BEFORE, SIDE_AFTER, SIDE_COUNT };

enum plans_part { PART_NODE, PART_FINDINGS, PART_OUTSIDE, PART_QUERY, PART_CHANGES, PART_COUNT };

enum { PLANS_FIND_BYTES = 128 };

/* A plan's tree as a person looks at it. */
struct pane {
	struct explained explained; /* .plan NULL = there is none */
	unsigned char *folds;       /* of each node */
	struct cursor cursor;       /* in the rows */
	size_t node;                /* under the cursor */
};

struct plans_state {
	struct cursor list;
	bool was_moved;             /* in the list, by a person: until then the cursor is on what matters most */
	bool opened;                /* the tree, not the list */
	bool comparing;
	bool in_panel;              /* movement goes to the inspector */
	size_t query, told;         /* what is open */
	enum side side;             /* that keys act on */
	enum plan_measure measure;
	bool inclusive;
	enum plans_part part;       /* of the inspector */
	struct cursor panel;
	char find[PLANS_FIND_BYTES];

	/* what was made of the plans that are open; again when they are others */
	struct arena *arena;
	uint64_t story;
	const struct query_plan *plans[SIDE_COUNT];
	struct pane panes[SIDE_COUNT];
	struct plan_comparison comparison;
};

/* ---- plans_list.c ---- */

void plans_draw_list(struct plans_state *view, const struct scene *scene, const struct area *area);

/* What a query is called: its canary's name, else the beginning of its text. */
const char *plans_name(struct arena *arena, const struct model_query *query);

/* The one that counts: the last with a plan, else the last. NULL = none was told. */
const struct model_explain *plans_newest(const struct model_query *query);

/* What was told before the last plan that the newest one can be held against; SIZE_MAX = none. */
size_t plans_before(const struct model_query *query, size_t told);

/* "better", "WORSE", "over budget", "FAILED": with a glyph, so that it needs no colour. */
void plans_write_query(struct paper *paper, const struct scene *scene, const struct model_query *query);

/* ---- plans_tree.c ---- */

struct plan_layout pane_layout(const struct plans_state *view, enum side side, struct arena *arena);

/* The tree of a side with its heading, the cursor in view. */
void plans_draw_tree(struct plans_state *view, const struct scene *scene, enum side side, const struct area *area);

/* Moves, folds and finds in the tree; false when the action is none of these. */
bool plans_act_tree(struct plans_state *view, const struct scene *scene, enum action action);

/* The first row from the cursor on, itself not counted unless `here`, that matches what is looked for. */
void plans_find(struct plans_state *view, const struct scene *scene, bool backwards, bool here);

/* ---- plans_panel.c ---- */

void plans_draw_panel(struct plans_state *view, const struct scene *scene, const struct area *area);
void plans_write_part(struct paper *paper, const struct plans_state *view, const struct scene *scene,
                      enum plans_part part);

/* What was told of the plan that is open. */
const struct model_explain *plans_told(const struct plans_state *view, const struct scene *scene);
const struct model_query *plans_query(const struct plans_state *view, const struct scene *scene);

#endif
