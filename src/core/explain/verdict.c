#include "core/explain/finding.h"

#include <string.h>

#include "base/text.h"
#include "core/explain/figure.h"
#include "core/explain/findings/look.h"

/* Where most of a statement went: a node, or something beside the tree. */
struct hot_spot {
	const struct plan_fold *fold; /* NULL = beside the tree */
	const char *beside;           /* what is, with why */
	double share;
};

static struct hot_spot hottest_node(struct arena *arena, const struct query_plan *plan)
{
	const struct plan_fold *folds = plan_fold_partitions(arena, plan);
	struct hot_spot spot = {.fold = &folds[0]};
	double cost = plan->nodes.items[0].total_cost;

	for (size_t i = 0; i < plan->nodes.count; i++) {
		const struct plan_node *node = folds[i].node;
		if (!node)
			continue;
		double share = plan->analyzed ? node->figures.self_share : cost > 0 ? node->figures.self_cost / cost : 0;
		if (share > spot.share)
			spot = (struct hot_spot){.share = share, .fold = &folds[i]};
	}
	return spot;
}

static void outdo(struct hot_spot *spot, double share, const char *beside)
{
	if (share > spot->share)
		*spot = (struct hot_spot){.beside = beside, .share = share};
}

static struct hot_spot hottest(struct arena *arena, const struct query_plan *plan)
{
	enum { LEAST_UNATTRIBUTED_MS = 10 };
	struct hot_spot spot = hottest_node(arena, plan);
	double jit = plan->has_jit ? plan_time_share(plan, plan->jit_ms) : 0;

	if (!plan->analyzed || !(plan->wall_ms > 0))
		return spot;
	if (2 * jit > spot.share) /* it is in the time of the nodes that waited for it */
		spot.share = 0;
	outdo(&spot, jit, arena_printf(arena, "in compiling %s just in time",
	                               figure_of(arena, plan->jit_functions, "function")));
	for (size_t i = 0; i < plan->triggers.count; i++) {
		const struct plan_trigger *trigger = &plan->triggers.items[i];
		outdo(&spot, plan_time_share(plan, trigger->time_ms),
		      arena_printf(arena, "in the trigger %s, which is called %s",
		                   trigger->constraint ? trigger->constraint : trigger->name,
		                   figure_times(arena, trigger->calls)));
	}
	outdo(&spot, plan_time_share(plan, plan->serialization_ms), "in making rows into text for the client");
	if (plan->unattributed_ms >= LEAST_UNATTRIBUTED_MS)
		outdo(&spot, plan_time_share(plan, plan->unattributed_ms), "outside all nodes");
	return spot;
}

/* ---- why: what the node did that takes so long ---- */

static const char *why_removed(struct arena *arena, const struct plan_node *node)
{
	double all = node_rows_looked_at(node);

	if (node->removed_by_filter <= 0 || node->figures.rows * 2 > all)
		return NULL;
	return arena_printf(arena, "reads %s to keep %s", figure_of(arena, all, "row"),
	                    figure_count(arena, node->figures.rows));
}

static const char *why_removed_by_join(struct arena *arena, const struct plan_node *node)
{
	double removed = node->removed_by_join_filter * node->loops;

	if (removed <= node->figures.rows)
		return NULL;
	return arena_printf(arena, "compares %s to keep %s",
	                    figure_of(arena, removed + node->figures.rows, "pair"),
	                    figure_count(arena, node->figures.rows));
}

static const char *why_on_disk(struct arena *arena, const struct plan_node *node)
{
	if (node->sort_on_disk)
		return arena_printf(arena, "sorts %s on disk (%s)", figure_of(arena, node->figures.rows, "row"),
		                    figure_bytes(arena, node->sort_space_bytes));
	if (node->hash_batches > 1)
		return arena_printf(arena, "goes through temporary files in %s batches",
		                    figure_count(arena, node->hash_batches));
	if (node->disk_bytes > 0)
		return arena_printf(arena, "spills %s to disk", figure_bytes(arena, node->disk_bytes));
	return NULL;
}

static const char *why_again(struct arena *arena, const struct plan_node *node)
{
	if (node->heap_fetches > 0 && node->heap_fetches * 10 >= node->figures.rows)
		return arena_printf(arena, "goes to the table %s for %s", figure_times(arena, node->heap_fetches),
		                    figure_of(arena, node->figures.rows, "row"));
	if (node->lossy_blocks > node->exact_blocks)
		return arena_printf(arena, "knows only the page of most rows and throws %s away",
		                    figure_count(arena, node->removed_by_recheck * node->loops));
	if (node->loops > node->figures.processes && node->loops >= 10)
		return arena_printf(arena, "is run %s", figure_times(arena, node->loops));
	return NULL;
}

static const char *why(struct arena *arena, const struct query_plan *plan, const struct plan_node *node)
{
	const char *reason;

	if (!plan->analyzed)
		return arena_printf(arena, "is expected to give %s", figure_of(arena, node->plan_rows, "row"));
	(void)((reason = why_removed(arena, node)) || (reason = why_on_disk(arena, node)) ||
	       (reason = why_again(arena, node)) || (reason = why_removed_by_join(arena, node)));
	if (reason)
		return reason;
	if (node->operation && strcmp(node->operation, "Select") != 0)
		return NULL;
	return arena_printf(arena, "gives %s", figure_of(arena, node->figures.rows, "row"));
}

/* ---- the sentence ---- */

static const char *total(struct arena *arena, const struct query_plan *plan)
{
	const struct plan_node *root = &plan->nodes.items[0];

	if (!plan->analyzed)
		return arena_printf(arena, "not run, estimated cost %s", figure_count(arena, root->total_cost));
	if (plan->wall_ms > 0)
		return figure_ms(arena, plan->wall_ms);
	if (root->has_buffers)
		return figure_of(arena, plan_buffers_pages(&root->buffers), "page");
	return figure_of(arena, root->figures.rows, "row");
}

/* Shares are of pages where there was no timing. */
static const char *unit_of(const struct query_plan *plan, const struct plan_node *node)
{
	return plan->analyzed && plan->wall_ms > 0 && !node->has_timing ? " of the pages" : "";
}

/* The estimate that was most wrong, where the node in question does not say it all. */
static const char *wrong_estimate(struct arena *arena, const struct query_plan *plan,
                                  const struct plan_finding_list *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct plan_finding *finding = &findings->items[i];
		if (strcmp(finding->rule, "estimate") != 0 || finding->severity == PLAN_SEVERITY_LOW)
			continue;
		const struct plan_node *node = &plan->nodes.items[finding->node];
		return arena_printf(arena, "; %s was expected to give %s and gave %s", plan_node_title(arena, node),
		                    figure_of(arena, node->plan_rows, "row"), figure_count(arena, node->actual_rows));
	}
	return "";
}

const char *query_plan_verdict(struct arena *arena, const struct query_plan *plan,
                               const struct plan_finding_list *findings)
{
	if (!plan->nodes.count)
		return "an empty plan";
	struct hot_spot spot = hottest(arena, plan);
	const struct plan_node *node = spot.fold ? spot.fold->node : NULL;
	const char *head = total(arena, plan), *clause = node ? why(arena, plan, node) : NULL, *place = spot.beside;

	if (node && plan->analyzed && !node_ran(node))
		return safe_text(arena, head);
	if (node)
		place = arena_printf(arena, "in %s%s%s", plan_fold_title(arena, spot.fold), clause ? ", which " : "",
		                     clause ? clause : "");
	if (spot.share > 0)
		place = arena_printf(arena, "%s%s %s", figure_share(arena, spot.share), node ? unit_of(plan, node) : "",
		                     place);
	return safe_text(arena, arena_printf(arena, "%s; %s%s", head, place, wrong_estimate(arena, plan, findings)));
}
