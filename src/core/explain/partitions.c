#include "core/explain/partitions.h"

#include <stdlib.h>
#include <string.h>

#include "core/explain/family.h"
#include "core/explain/figure.h"
#include "core/explain/node.h"

/* What partitions have in common when they are read in the same way. */
struct group_key {
	const struct plan_name *name;
	const struct plan_node *node;
	size_t at;
};

static int compare_key(const void *left, const void *right)
{
	const struct group_key *a = left, *b = right;
	int order = strcmp(a->name->relation, b->name->relation);

	if (!order)
		order = strcmp(a->name->parent, b->name->parent);
	if (!order)
		order = strcmp(a->node->type, b->node->type);
	if (!order)
		order = (int)a->node->parallel_aware - (int)b->node->parallel_aware;
	if (!order)
		order = (int)node_ran(a->node) - (int)node_ran(b->node);
	return order;
}

static int compare_place(const void *left, const void *right)
{
	const struct group_key *a = left, *b = right;
	int order = compare_key(left, right);
	return order ? order : (a->at > b->at) - (a->at < b->at);
}

static void add_buffers(struct plan_buffers *sum, const struct plan_buffers *more)
{
	sum->shared_hit += more->shared_hit;
	sum->shared_read += more->shared_read;
	sum->local_hit += more->local_hit;
	sum->local_read += more->local_read;
	sum->temp_read += more->temp_read;
	sum->temp_written += more->temp_written;
}

static void add_figures(struct plan_figures *sum, const struct plan_figures *more)
{
	sum->rows += more->rows;
	sum->cpu_ms += more->cpu_ms;
	sum->wall_ms += more->wall_ms;
	sum->self_cpu_ms += more->self_cpu_ms;
	sum->self_wall_ms += more->self_wall_ms;
	sum->self_share += more->self_share;
	sum->self_cost += more->self_cost;
	sum->self_pages += more->self_pages;
	sum->estimate_starts |= more->estimate_starts;
	add_buffers(&sum->self_buffers, &more->self_buffers);
}

/* What is printed per loop becomes the sum of all loops, as of one. */
static void add_node(struct plan_node *sum, const struct plan_node *more)
{
	double loops = more->loops > 0 ? more->loops : 1;

	sum->total_cost += more->total_cost;
	sum->plan_rows += more->plan_rows * loops;
	sum->actual_rows += more->actual_rows * loops;
	sum->removed_by_filter += more->removed_by_filter * loops;
	sum->removed_by_recheck += more->removed_by_recheck * loops;
	sum->total_ms += more->total_ms * loops;
	sum->heap_fetches += more->heap_fetches;
	sum->index_searches += more->index_searches;
	sum->exact_blocks += more->exact_blocks;
	sum->lossy_blocks += more->lossy_blocks;
	add_buffers(&sum->buffers, &more->buffers);
	add_figures(&sum->figures, &more->figures);
}

static const struct plan_node *sum_of(struct arena *arena, const struct group_key *members, size_t count)
{
	enum { WRONG = 10 };
	struct plan_node *sum = arena_alloc(arena, sizeof(*sum));
	const struct plan_node *first = members[0].node;

	*sum = (struct plan_node){
		.parent = first->parent, .children = first->children, .depth = first->depth, .link = first->link,
		.type = first->type, .parallel_aware = first->parallel_aware, .disabled = first->disabled,
		.has_actual = first->has_actual, .never = first->never, .has_timing = first->has_timing,
		.has_buffers = first->has_buffers, .loops = node_ran(first), .width = first->width,
		.filter = first->filter, .index_condition = first->index_condition,
		.recheck_condition = first->recheck_condition, .operation = first->operation,
		.figures = {.processes = first->figures.processes},
	};
	for (size_t i = 0; i < count; i++)
		add_node(sum, members[i].node);
	double actual = sum->actual_rows > 1 ? sum->actual_rows : 1, planned = sum->plan_rows > 1 ? sum->plan_rows : 1;
	sum->figures.estimate_factor = node_ran(first) ? actual / planned : 0;
	sum->figures.estimate_starts &= actual >= WRONG * planned || planned >= WRONG * actual;
	return sum;
}

static void fold_group(struct arena *arena, struct plan_fold *folds, const struct group_key *members, size_t count)
{
	if (count < 2)
		return;
	for (size_t i = 1; i < count; i++)
		folds[members[i].at].node = NULL;
	folds[members[0].at] = (struct plan_fold){sum_of(arena, members, count), count, members[0].name->parent};
}

struct plan_fold *plan_fold_partitions(struct arena *arena, const struct query_plan *plan)
{
	size_t count = plan->nodes.count, found = 0;
	const struct plan_name *names = plan_names(arena, plan);
	struct plan_fold *folds = arena_alloc(arena, (count + 1) * sizeof(*folds));
	struct group_key *keys = arena_alloc(arena, (count + 1) * sizeof(*keys));

	for (size_t i = 0; i < count; i++) {
		const struct plan_node *node = &plan->nodes.items[i];
		folds[i] = (struct plan_fold){node, 1, NULL};
		if (names[i].family && names[i].parent && node_is_scan(node))
			keys[found++] = (struct group_key){&names[i], node, i};
	}
	if (found)
		qsort(keys, found, sizeof(*keys), compare_place);
	for (size_t start = 0, end; start < found; start = end) {
		for (end = start + 1; end < found; end++)
			if (compare_key(&keys[start], &keys[end]) != 0)
				break;
		fold_group(arena, folds, &keys[start], end - start);
	}
	return folds;
}

const char *plan_fold_title(struct arena *arena, const struct plan_fold *fold)
{
	const char *title = plan_node_title(arena, fold->node);
	if (fold->partitions < 2)
		return title;
	return arena_printf(arena, "%s on %s partitions of %s", title, figure_count(arena, (double)fold->partitions),
	                    fold->parent);
}
