#include "core/explain/compare/plan_diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/text.h"
#include "core/explain/compare/measure.h"
#include "core/explain/compare/relations.h"
#include "core/explain/figure.h"
#include "core/explain/node.h"

/* A change that may be one of many partitions'. */
struct draft {
	struct plan_change change;
	const char *figures;  /* behind the text of one that is alone */
	size_t members;       /* partitions of which the same is told; 0 = it is about no family */
};

struct comparison {
	struct arena *arena;
	struct plan_relations relations;
	const struct plan_side *before, *after;
	const struct plan_match *match;
	enum plan_measure measure;
	double before_total, after_total;
	LIST(struct draft) drafts;
};

static const char *const KIND_NAMES[] = {
	[PLAN_CHANGE_ACCESS] = "access",     [PLAN_CHANGE_JOIN] = "join",
	[PLAN_CHANGE_ORDER] = "order",       [PLAN_CHANGE_STRATEGY] = "strategy",
	[PLAN_CHANGE_ADDED] = "added",       [PLAN_CHANGE_REMOVED] = "removed",
	[PLAN_CHANGE_SPILL] = "spill",       [PLAN_CHANGE_ESTIMATE] = "estimate",
	[PLAN_CHANGE_WORK] = "work",
};

const char *plan_change_kind_name(enum plan_change_kind kind)
{
	return KIND_NAMES[kind];
}

static const struct plan_node *node_at(const struct plan_side *side, size_t at)
{
	return &side->plan->nodes.items[at];
}

/* ---- drafts ---- */

static struct draft *find_twin(struct comparison *all, enum plan_change_kind kind, const char *text)
{
	for (size_t i = 0; i < all->drafts.count; i++) {
		struct draft *draft = &all->drafts.items[i];
		if (draft->members && draft->change.kind == kind && strcmp(draft->change.text, text) == 0)
			return draft;
	}
	return NULL;
}

static void tell(struct comparison *all, struct plan_change change, const char *figures, bool family)
{
	struct draft *twin = family ? find_twin(all, change.kind, change.text) : NULL;

	if (twin) {
		twin->members++;
		twin->change.worse |= change.worse;
	} else {
		list_push(all->arena, &all->drafts, ((struct draft){change, figures, family}));
	}
}

/* "1,204 pages instead of 4", of two nodes with all below them. */
static const char *figures_of(struct comparison *all, size_t before, size_t after)
{
	return arena_printf(all->arena, ": %s",
	                    plan_measure_text(all->arena, all->measure,
	                                      plan_measure_of(all->measure, node_at(all->before, before)),
	                                      plan_measure_of(all->measure, node_at(all->after, after))));
}

/* Over 10 %, and over what is noise. */
static bool differs(const struct comparison *all, double least, double most)
{
	return most - least >= plan_measure_floor(all->measure) && most > least * 1.1;
}

static bool is_worse(const struct comparison *all, size_t before, size_t after)
{
	return differs(all, plan_measure_of(all->measure, node_at(all->before, before)),
	               plan_measure_of(all->measure, node_at(all->after, after)));
}

static void tell_pair(struct comparison *all, enum plan_change_kind kind, size_t before, size_t after,
                      const char *text)
{
	bool family = all->after->names[after].family && all->before->names[before].family;
	tell(all, (struct plan_change){kind, before, after, text, is_worse(all, before, after)},
	     figures_of(all, before, after), family);
}

/* ---- names ---- */

/* What a scan reads; the alias where it says more. */
static const char *name_of_scan(struct comparison *all, const struct plan_side *side, size_t at)
{
	const struct plan_node *node = node_at(side, at);
	const char *name = node->relation ? node->relation : node->cte ? node->cte : node->function;

	if (side->names[at].family)
		return arena_printf(all->arena, "each partition of %s", side->names[at].parent);
	if (!name)
		return node->alias ? node->alias : node->type;
	if (node->alias && strcmp(node->alias, name) != 0)
		return arena_printf(all->arena, "%s %s", name, node->alias);
	return name;
}

/* "Sort over orders and customers" */
static const char *name_of_node(struct comparison *all, const struct plan_side *side, size_t at)
{
	struct plan_node bare = *node_at(side, at);

	bare.relation = bare.schema = bare.alias = bare.cte = bare.function = NULL;
	return arena_printf(all->arena, "%s over %s", plan_node_title(all->arena, &bare),
	                    plan_set_text(all->arena, &all->relations, plan_set(&all->relations, side, at)));
}

static const char *name_of(struct comparison *all, const struct plan_side *side, size_t at)
{
	const struct plan_node *node = node_at(side, at);

	if (!node_is_scan(node))
		return name_of_node(all, side, at);
	return arena_printf(all->arena, "%s on %s", node->type, name_of_scan(all, side, at));
}

/* "Index Scan using orders_pkey", "Bitmap Heap Scan using a and b"; with folded names it is what is compared. */
static const char *access_of(struct comparison *all, const struct plan_side *side, size_t at, bool folded)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const struct plan_node *node = node_at(side, at);
	size_t end = node_is(node, "Bitmap Heap Scan") ? plan_subtree_end(side->plan, at) : at + 1;
	const char *glue = " using ";

	strbuf_puts(&text, node->type);
	for (size_t i = at; i < end; i++) {
		const char *index = folded ? side->names[i].index : node_at(side, i)->index;
		if (!index || (i > at && !node_is_bitmap(node_at(side, i))))
			continue;
		strbuf_printf(&text, "%s%s%s", glue, *index == '%' && folded ? "..." : "", index + (folded && *index == '%'));
		glue = " and ";
	}
	return arena_strdup(all->arena, strbuf_text(&text));
}

/* ---- what changed of two nodes that are one ---- */

static bool compare_access(struct comparison *all, size_t before, size_t after)
{
	bool family = all->before->names[before].family || all->after->names[after].family;

	if (strcmp(access_of(all, all->before, before, true), access_of(all, all->after, after, true)) == 0)
		return false;
	const char *was = access_of(all, all->before, before, family), *is = access_of(all, all->after, after, family);
	tell_pair(all, PLAN_CHANGE_ACCESS, before, after,
	          arena_printf(all->arena, "%s is read by %s instead of %s", name_of_scan(all, all->after, after), is,
	                       was));
	return true;
}

static const char *or_none(const char *value, const char *usual)
{
	return value && strcmp(value, usual) != 0 ? value : "";
}

static bool compare_join(struct comparison *all, size_t before, size_t after)
{
	const struct plan_node *was = node_at(all->before, before), *is = node_at(all->after, after);

	if (strcmp(was->type, is->type) == 0 &&
	    strcmp(or_none(was->join_type, "Inner"), or_none(is->join_type, "Inner")) == 0)
		return false;
	tell_pair(all, PLAN_CHANGE_JOIN, before, after,
	          arena_printf(all->arena, "%s are joined by %s instead of %s",
	                       plan_set_text(all->arena, &all->relations, plan_set(&all->relations, all->after, after)),
	                       plan_node_title(all->arena, is), plan_node_title(all->arena, was)));
	return true;
}

static bool compare_strategy(struct comparison *all, size_t before, size_t after)
{
	const struct plan_node *was = node_at(all->before, before), *is = node_at(all->after, after);
	bool same_type = strcmp(was->type, is->type) == 0;

	if (same_type && strcmp(or_none(was->strategy, "Plain"), or_none(is->strategy, "Plain")) == 0 &&
	    strcmp(or_none(was->partial_mode, "Simple"), or_none(is->partial_mode, "Simple")) == 0 &&
	    strcmp(or_none(was->direction, "Forward"), or_none(is->direction, "Forward")) == 0)
		return false;
	if (node_is_scan(is))
		tell_pair(all, PLAN_CHANGE_STRATEGY, before, after,
		          arena_printf(all->arena, "%s is read %s", name_of_scan(all, all->after, after),
		                       *or_none(is->direction, "Forward") ? "backward now" : "forward now"));
	else
		tell_pair(all, PLAN_CHANGE_STRATEGY, before, after,
		          arena_printf(all->arena, "%s instead of %s", name_of_node(all, all->after, after),
		                       plan_node_title(all->arena, was)));
	return true;
}

static void compare_spill(struct comparison *all, size_t before, size_t after)
{
	const struct plan_node *was = node_at(all->before, before), *is = node_at(all->after, after);

	if (!node_ran(was) || !node_ran(is) || node_spilled(was) == node_spilled(is))
		return;
	bool worse = node_spilled(is);
	tell(all,
	     (struct plan_change){PLAN_CHANGE_SPILL, before, after,
	                          arena_printf(all->arena, "%s %s", name_of(all, all->after, after),
	                                       worse ? "goes to disk" : "stays in memory"),
	                          worse},
	     "", all->after->names[after].family);
}

static bool is_wrong(const struct plan_node *node)
{
	double factor = node->figures.estimate_factor;
	return node->figures.estimate_starts && (factor >= 10 || (factor > 0 && factor * 10 <= 1));
}

static const char *wrong_text(struct arena *arena, const struct plan_node *node)
{
	double factor = node->figures.estimate_factor;
	return arena_printf(arena, "%s too %s", figure_times(arena, factor > 1 ? factor : 1 / factor),
	                    factor > 1 ? "low" : "high");
}

static void compare_estimate(struct comparison *all, size_t before, size_t after)
{
	const struct plan_node *was = node_at(all->before, before), *is = node_at(all->after, after);
	const char *name = name_of(all, all->after, after);
	bool worse = is_wrong(is);

	if (!node_ran(was) || !node_ran(is) || is_wrong(was) == worse)
		return;
	const char *text = worse ? arena_printf(all->arena, "the estimate of rows for %s is %s now", name,
	                                        wrong_text(all->arena, is))
	                         : arena_printf(all->arena, "the estimate of rows for %s is no longer %s", name,
	                                        wrong_text(all->arena, was));
	tell(all, (struct plan_change){PLAN_CHANGE_ESTIMATE, before, after, text, worse}, "",
	     all->after->names[after].family);
}

static void compare_work(struct comparison *all, size_t before, size_t after)
{
	const struct plan_node *was = node_at(all->before, before), *is = node_at(all->after, after);
	double old = plan_measure_of_self(all->measure, was), new = plan_measure_of_self(all->measure, is);
	double least = old < new ? old : new, most = old < new ? new : old;
	double total = all->before_total > all->after_total ? all->before_total : all->after_total;

	if (!differs(all, least, most) || (most - least) * 20 <= total)
		return;
	tell(all,
	     (struct plan_change){PLAN_CHANGE_WORK, before, after,
	                          arena_printf(all->arena, "%s %s", name_of(all, all->after, after),
	                                       new > old ? "does more" : "does less"),
	                          new > old},
	     arena_printf(all->arena, ": %s", plan_measure_text(all->arena, all->measure, old, new)),
	     all->after->names[after].family);
}

static void compare_pair(struct comparison *all, size_t before, size_t after)
{
	const struct plan_node *node = node_at(all->after, after);
	bool told = node_is_scan(node) ? compare_access(all, before, after)
	            : node_is_join(node) ? compare_join(all, before, after)
	                                 : false;

	if (!told && !node_is_join(node))
		told = compare_strategy(all, before, after);
	compare_spill(all, before, after);
	compare_estimate(all, before, after);
	if (!told)
		compare_work(all, before, after);
}

/* ---- the order of joins ---- */

/* The first join at or below a node, through nodes with one input; SIZE_MAX = none. */
static size_t join_below(const struct plan_side *side, size_t at)
{
	while (at != SIZE_MAX && !node_is_join(node_at(side, at))) {
		size_t next = plan_input(side->plan, node_at(side, at), 0);
		at = plan_input(side->plan, node_at(side, at), 1) == SIZE_MAX ? next : SIZE_MAX;
	}
	return at;
}

/* "(orders, customers), nations": depth is bounded by the readers. */
static void put_order(struct comparison *all, const struct plan_side *side, size_t at, bool nested, struct strbuf *out)
{
	enum { LONGEST = 300 };
	size_t join = join_below(side, at);

	if (out->length > LONGEST)
		return;
	if (join == SIZE_MAX) {
		strbuf_puts(out, plan_set_text(all->arena, &all->relations, plan_set(&all->relations, side, at)));
		return;
	}
	strbuf_puts(out, nested ? "(" : "");
	put_order(all, side, plan_input(side->plan, node_at(side, join), 0), true, out);
	strbuf_puts(out, ", ");
	put_order(all, side, plan_input(side->plan, node_at(side, join), 1), true, out);
	strbuf_puts(out, nested ? ")" : "");
}

static const char *order_of(struct comparison *all, const struct plan_side *side, size_t join)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	put_order(all, side, join, false, &text);
	return arena_strdup(all->arena, strbuf_text(&text));
}

static const unsigned char *outer_set(const struct comparison *all, const struct plan_side *side, size_t join)
{
	return plan_set(&all->relations, side, plan_input(side->plan, node_at(side, join), 0));
}

/* Whether other relations stand on the outer side. A join with one input is none of ours to compare. */
static bool is_reordered(const struct comparison *all, size_t before, size_t after)
{
	return plan_input(all->before->plan, node_at(all->before, before), 1) != SIZE_MAX &&
	       plan_input(all->after->plan, node_at(all->after, after), 1) != SIZE_MAX &&
	       plan_set_compare(&all->relations, outer_set(all, all->before, before),
	                        outer_set(all, all->after, after)) != 0;
}

/* Whether a join above has told its whole order, with this one in it. */
static bool is_order_told(const struct comparison *all, size_t after)
{
	for (size_t at = node_at(all->after, after)->parent; at != SIZE_MAX; at = node_at(all->after, at)->parent)
		if (node_is_join(node_at(all->after, at)) && all->match->before_of[at] != SIZE_MAX &&
		    is_reordered(all, all->match->before_of[at], at))
			return true;
	return false;
}

static void compare_order(struct comparison *all, size_t before, size_t after)
{
	if (!is_reordered(all, before, after) || is_order_told(all, after))
		return;
	tell_pair(all, PLAN_CHANGE_ORDER, before, after,
	          arena_printf(all->arena, "relations are joined as %s instead of %s", order_of(all, all->after, after),
	                       order_of(all, all->before, before)));
}

/* ---- nodes that are on one side only ---- */

/* What comes and goes with another node, and is told of there. */
static bool is_part(const struct plan_node *node)
{
	return node_is(node, "Hash") || node_is_bitmap(node) || node_is_append(node);
}

/* Another partition of a family that both have; or a join, where the order above tells what happened. */
static bool is_told(const struct comparison *all, const struct plan_side *side, const size_t *matches, size_t at)
{
	size_t parent = node_at(side, at)->parent;

	if (is_part(node_at(side, at)) || side->names[at].family)
		return true;
	if (!node_is_join(node_at(side, at)))
		return false;
	for (; parent != SIZE_MAX; parent = node_at(side, parent)->parent)
		if (node_is_join(node_at(side, parent)))
			return matches[parent] != SIZE_MAX || is_told(all, side, matches, parent);
	return false;
}

static void tell_single(struct comparison *all, enum plan_change_kind kind, const struct plan_side *side, size_t at)
{
	enum { WORSE_PERCENT = 5 };
	bool added = kind == PLAN_CHANGE_ADDED;
	const char *name = name_of_node(all, side, at);
	double total = added ? all->after_total : all->before_total;
	double own = plan_measure_of_self(all->measure, node_at(side, at));

	if (node_is_scan(node_at(side, at)))
		name = arena_printf(all->arena, "%s on %s", access_of(all, side, at, false), name_of_scan(all, side, at));
	tell(all,
	     (struct plan_change){kind, added ? SIZE_MAX : at, added ? at : SIZE_MAX,
	                          arena_printf(all->arena, "%s is %s", name, added ? "new" : "gone"),
	                          added && own * 100 > total * WORSE_PERCENT},
	     "", false);
}

/* ---- the whole ---- */

static void compare_all(struct comparison *all)
{
	for (size_t after = 0; after < all->after->plan->nodes.count; after++) {
		size_t before = all->match->before_of[after];
		if (before == SIZE_MAX) {
			if (!is_told(all, all->after, all->match->before_of, after))
				tell_single(all, PLAN_CHANGE_ADDED, all->after, after);
			continue;
		}
		compare_pair(all, before, after);
		if (node_is_join(node_at(all->after, after)))
			compare_order(all, before, after);
	}
	for (size_t before = 0; before < all->before->plan->nodes.count; before++)
		if (all->match->after_of[before] == SIZE_MAX &&
		    !is_told(all, all->before, all->match->after_of, before))
			tell_single(all, PLAN_CHANGE_REMOVED, all->before, before);
}

static void finish(struct comparison *all, struct plan_change_list *changes)
{
	for (enum plan_change_kind kind = PLAN_CHANGE_ACCESS; kind <= PLAN_CHANGE_WORK; kind++)
		for (size_t i = 0; i < all->drafts.count; i++) {
			struct draft *draft = &all->drafts.items[i];
			if (draft->change.kind != kind)
				continue;
			const char *tail = draft->members > 1 ? arena_printf(all->arena, " (%zu partitions)", draft->members)
			                                      : draft->figures;
			draft->change.text = safe_text(all->arena, arena_printf(all->arena, "%s%s", draft->change.text, tail));
			list_push(all->arena, changes, draft->change);
		}
}

void plan_diff(struct arena *arena, const struct query_plan *before, const struct query_plan *after,
               const struct plan_match *match, struct plan_change_list *ret_changes)
{
	struct comparison all = {
		.arena = arena, .before = &all.relations.before, .after = &all.relations.after, .match = match};
	struct plan_change_list changes = {0};

	if (before->nodes.count && after->nodes.count) {
		plan_relations_find(arena, before, after, &all.relations);
		all.measure = plan_measure_choose(before, after);
		all.before_total = plan_measure_of(all.measure, &before->nodes.items[0]);
		all.after_total = plan_measure_of(all.measure, &after->nodes.items[0]);
		compare_all(&all);
		finish(&all, &changes);
	}
	*ret_changes = changes;
}
