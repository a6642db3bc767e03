#include "core/migration/plan.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *const STATE_NAMES[] = {
	[STATE_APPLIED] = "applied", [STATE_PENDING] = "pending", [STATE_HELD] = "held",
	[STATE_PARTIAL] = "partial", [STATE_EDITED] = "edited",   [STATE_MISSING] = "missing",
	[STATE_OUT_OF_ORDER] = "out-of-order",
};

const char *migration_state_name(enum migration_state state)
{
	return STATE_NAMES[state];
}

/* What plan_build works on. */
struct builder {
	struct arena *arena;
	const struct migration_set *set;
	const struct history *history;
	const struct target *target;
	const struct plan_options *options;
	struct plan *plan;
	struct plan_item **by_index; /* item of each migration of the set */
	size_t next_edge;            /* edges are sorted by their start: read along with the set */
};

static bool names_version(const struct text_list *list, const char *version)
{
	for (size_t i = 0; list && i < list->count; i++)
		if (version_compare(list->items[i], version) == 0)
			return true;
	return false;
}

/* Versions of extensions have dots, numbers and words: numbers compare as numbers, the rest as text. */
static int extension_version_compare(const char *a, const char *b)
{
	while (*a || *b) {
		if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
			char *end_a, *end_b;
			unsigned long number_a = strtoul(a, &end_a, 10), number_b = strtoul(b, &end_b, 10);
			if (number_a != number_b)
				return number_a < number_b ? -1 : 1;
			a = end_a;
			b = end_b;
		} else {
			if (*a != *b)
				return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
			a++;
			b++;
		}
	}
	return 0;
}

static const struct extension *find_extension(const struct target *target, const char *name)
{
	for (size_t i = 0; i < target->extensions.count; i++)
		if (strcmp(target->extensions.items[i].name, name) == 0)
			return &target->extensions.items[i];
	return NULL;
}

static const char *lacks_extension(const struct builder *builder, const struct requirement *requirement)
{
	const struct extension *extension = find_extension(builder->target, requirement->extension);
	const char *version = !extension ? NULL : extension->installed ? extension->installed : extension->available;
	const char *wanted = requirement->at_least;

	if (!version)
		return arena_printf(builder->arena, "it requires extension %s%s%s, which this server does not have",
		                    requirement->extension, wanted ? " >= " : "", wanted ? wanted : "");
	if (!wanted || extension_version_compare(version, wanted) >= 0)
		return NULL;
	return arena_printf(builder->arena, "it requires extension %s >= %s and %s is %s", requirement->extension,
	                    wanted,
	                    version, extension->installed ? "installed" : "available");
}

/* Why the target cannot take this migration; NULL when it can. */
static const char *why_held(const struct builder *builder, const struct migration *migration)
{
	int major = builder->target->server_version / 10000;

	if (migration->requires_server > major)
		return arena_printf(builder->arena, "it requires server >= %d and this one is %d",
		                    migration->requires_server,
		                    major);
	for (size_t i = 0; i < migration->extensions.count; i++) {
		const char *lack = lacks_extension(builder, &migration->extensions.items[i]);
		if (lack)
			return lack;
	}
	return NULL;
}

/* The first migration that this one needs and that is held; moves along the edges. */
static const struct migration *needs_held(struct builder *builder, size_t index)
{
	const struct graph *graph = builder->plan->graph;
	const struct migration *held = NULL;

	while (builder->next_edge < graph->edges.count && graph->edges.items[builder->next_edge].from < index)
		builder->next_edge++;
	while (builder->next_edge < graph->edges.count && graph->edges.items[builder->next_edge].from == index) {
		const struct edge *edge = &graph->edges.items[builder->next_edge++];
		if (!held && edge->to < index && builder->by_index[edge->to]->state == STATE_HELD)
			held = &builder->set->items[edge->to];
	}
	return held;
}

static bool is_edited(const struct applied *applied, const struct migration *migration)
{
	return applied->checksum && strcmp(applied->checksum, migration->up.canonical->hex) != 0 &&
	       strcmp(applied->checksum, migration->up.raw->hex) != 0;
}

static void judge_applied(struct builder *builder, struct plan_item *item)
{
	item->state = STATE_APPLIED;
	builder->plan->applied_count++;
	if (!item->migration) {
		item->state = STATE_MISSING;
		item->reason = arena_printf(builder->arena, "version %s (%s) is applied and its file is gone",
		                            item->applied->version, item->applied->name);
	} else if (is_edited(item->applied, item->migration)) {
		item->state = STATE_EDITED;
		item->reason = arena_printf(builder->arena,
		                            "file %s was edited after it was applied: its checksum is %.12s, the "
		                            "history has %.12s",
		                            item->migration->up.path, item->migration->up.canonical->hex,
		                            item->applied->checksum);
	}
}

static bool is_below_highest(const struct builder *builder, const char *version)
{
	const struct history *history = builder->history;
	return history->rows.count &&
	       version_compare(version, history->rows.items[history->rows.count - 1].version) < 0;
}

static void judge_pending(struct builder *builder, struct plan_item *item, size_t index)
{
	const char *version = item->migration->version;
	const struct migration *held = needs_held(builder, index);
	const char *why = why_held(builder, item->migration);

	if (!why && held)
		why = arena_printf(builder->arena, "it needs %s, which is held", held->version);
	if (why) {
		item->state = STATE_HELD;
		item->reason = why;
		builder->plan->held_count++;
		return;
	}
	if (names_version(builder->options->partial, version)) {
		item->state = STATE_PARTIAL;
		item->reason = "a run stopped inside it";
		return;
	}
	item->state = STATE_PENDING;
	if (!is_below_highest(builder, version) || names_version(builder->options->held_before, version) ||
	    names_version(builder->options->out_of_order, version))
		return;
	item->state = STATE_OUT_OF_ORDER;
	item->reason = arena_printf(builder->arena, "it is below %s, the highest applied version",
	                            builder->history->rows.items[builder->history->rows.count - 1].version);
}

static enum status refuse_double_rows(const struct history *history, struct error *err)
{
	for (size_t i = 1; i < history->rows.count; i++) {
		const char *before = history->rows.items[i - 1].version, *version = history->rows.items[i].version;
		if (version_compare(before, version) != 0)
			continue;
		error_set(err, FAIL_REFUSED, "the history has two rows for one version: %s and %s", before, version);
		return error_hint(err, "Delete the row that is wrong; leading zeros do not count.");
	}
	return OK;
}

/* Files and history, merged by version: every known version gets its item. */
static void merge(struct builder *builder)
{
	const struct migration_set *set = builder->set;
	const struct history *history = builder->history;
	size_t total = set->count + history->rows.count, file = 0, row = 0;

	builder->plan->items.items = arena_alloc(builder->arena, (total ? total : 1) * sizeof(struct plan_item));
	builder->plan->items.room = total;
	builder->by_index = arena_alloc(builder->arena, (set->count ? set->count : 1) * sizeof(struct plan_item *));
	while (file < set->count || row < history->rows.count) {
		struct plan_item *item = &builder->plan->items.items[builder->plan->items.count++];
		int order = file == set->count           ? 1
		            : row == history->rows.count ? -1
		                                         : version_compare(set->items[file].version,
		                                                           history->rows.items[row].version);
		if (order <= 0)
			item->migration = &set->items[file];
		if (order >= 0)
			item->applied = &history->rows.items[row++];
		if (item->migration)
			builder->by_index[file] = item;
		if (item->applied)
			judge_applied(builder, item);
		else
			judge_pending(builder, item, file);
		file += order <= 0;
	}
}

static enum status refuse_items(const struct plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->items.count; i++) {
		const struct plan_item *item = &plan->items.items[i];
		switch (item->state) {
		case STATE_EDITED:
			error_set(err, FAIL_REFUSED, "%s", item->reason);
			error_hint(err,
			           "Restore the file as it was applied and put the change into a new migration.");
			return error_where(err, item->migration->up.path, 0, 0);
		case STATE_MISSING:
			error_set(err, FAIL_REFUSED, "%s", item->reason);
			return error_hint(err,
			                  "Bring the file back; if it was never meant to be there, see "
																					"pgsluice-runbook(7).");
		case STATE_OUT_OF_ORDER:
			error_set(err, FAIL_REFUSED, "version %s is not applied and %s", item->migration->version,
			          item->reason);
			error_hint(err, "Give it a higher number, or name it with --out-of-order %s.",
			           item->migration->version);
			return error_where(err, item->migration->up.path, 0, 0);
		case STATE_APPLIED:
		case STATE_PENDING:
		case STATE_HELD:
		case STATE_PARTIAL:
			break;
		}
	}
	return OK;
}

static enum status take_pending(struct builder *builder, struct error *err)
{
	struct plan *plan = builder->plan;
	const char *until = builder->options->until;

	if (until && !migration_find(builder->set, until)) {
		error_set(err, FAIL_REFUSED, "no migration has version %s", until);
		return error_hint(err, "Name a version that `pgsluice status` lists.");
	}
	for (size_t i = 0; i < plan->items.count; i++) {
		struct plan_item *item = &plan->items.items[i];
		bool pending = item->state == STATE_PENDING || item->state == STATE_PARTIAL;
		if (!pending)
			continue;
		if (!until || version_compare(item->migration->version, until) <= 0)
			list_push(builder->arena, &plan->pending, item->migration);
		else
			item->reason = arena_printf(builder->arena, "it is behind --until %s: not in this plan", until);
	}
	return OK;
}

static bool is_pending(const struct plan *plan, const struct migration *migration)
{
	for (size_t i = 0; i < plan->pending.count; i++)
		if (plan->pending.items[i] == migration)
			return true;
	return false;
}

static bool is_applied(const struct history *history, const char *version)
{
	for (size_t i = 0; i < history->rows.count; i++)
		if (version_compare(history->rows.items[i].version, version) == 0)
			return true;
	return false;
}

static enum status refuse_conflicts(const struct builder *builder, struct error *err)
{
	const struct plan *plan = builder->plan;

	for (size_t i = 0; i < plan->pending.count; i++) {
		const struct migration *migration = plan->pending.items[i];
		for (size_t j = 0; j < migration->conflicts.count; j++) {
			const char *other = migration->conflicts.items[j];
			const struct migration *found = migration_find(builder->set, other);
			bool applied = is_applied(builder->history, other);
			if (!applied && !(found && is_pending(plan, found)))
				continue;
			error_set(err, FAIL_REFUSED, "migration %s conflicts with %s, which is %s",
			          migration->version, other,
			          applied ? "applied" : "pending");
			error_hint(err, "Only one of them can be applied to this database: remove the other's file.");
			return error_where(err, migration->up.path, 0, 0);
		}
	}
	return OK;
}

/*
 * The pending expand that a contract needs: at the other end of one of its edges, or further on along declared ones
 * (contract, backfill, expand). What is inferred from objects alone goes no further: every table has a first migration.
 */
static const struct migration *find_expand(const struct builder *builder, size_t contract, bool *seen)
{
	const struct graph *graph = builder->plan->graph;
	size_t *queue = arena_alloc(builder->arena, (builder->set->count + 1) * sizeof(*queue));
	size_t done = 0, waiting = 0;

	memset(seen, 0, builder->set->count * sizeof(*seen));
	queue[waiting++] = contract;
	while (done < waiting) {
		size_t from = queue[done++];
		for (size_t e = graph_first_edge(graph, from); e < graph->edges.count; e++) {
			const struct edge *edge = &graph->edges.items[e];
			if (edge->from != from)
				break;
			if (seen[edge->to] || !(edge->declared || from == contract))
				continue;
			seen[edge->to] = true;
			const struct migration *to = &builder->set->items[edge->to];
			if (to->phase == PHASE_EXPAND && is_pending(builder->plan, to))
				return to;
			if (edge->declared)
				queue[waiting++] = edge->to;
		}
	}
	return NULL;
}

/* A contract takes away what running code may still use; its expand must have been live before. */
static enum status refuse_contract_with_expand(const struct builder *builder, struct error *err)
{
	const struct plan *plan = builder->plan;
	bool *seen = arena_alloc(builder->arena, builder->set->count * sizeof(*seen));

	for (size_t i = 1; i < plan->pending.count; i++) {
		const struct migration *contract = plan->pending.items[i];
		if (contract->phase != PHASE_CONTRACT)
			continue;
		const struct migration *expand = find_expand(builder, (size_t)(contract - builder->set->items), seen);
		if (!expand)
			continue;
		error_set(err, FAIL_REFUSED, "migration %s is the contract of %s and cannot share a plan with it",
		          contract->version, expand->version);
		error_hint(err, "Apply up to %s first with --until %s, release what uses the new shape, and apply %s "
		                "afterwards.",
		           plan->pending.items[i - 1]->version, plan->pending.items[i - 1]->version, contract->version);
		return error_where(err, contract->up.path, 0, 0);
	}
	return OK;
}

enum status plan_build(struct arena *arena, const struct migration_set *set, const struct graph *graph,
                       const struct history *history, const struct target *target, const struct plan_options *options,
                       struct plan *ret_plan, struct error *err)
{
	struct plan *plan = ret_plan;
	struct builder builder = {
		.arena = arena, .set = set, .history = history, .target = target, .options = options, .plan = plan};

	*plan = (struct plan){.set = set, .graph = graph, .target = target};
	if (refuse_double_rows(history, err) != OK)
		return err->status;
	merge(&builder);
	if (take_pending(&builder, err) != OK)
		return err->status;
	plan->id = plan_seal(plan, history, options);
	if (refuse_items(plan, err) != OK || refuse_conflicts(&builder, err) != OK)
		return err->status;
	return refuse_contract_with_expand(&builder, err);
}
