#include "engine/queries/canary_clone.h"

#include <string.h>

#include "base/memory.h"
#include "core/explain/query_plan.h"
#include "engine/copy/copy.h"
#include "engine/execute/place.h"
#include "engine/tell/steering.h"
#include "pg/query.h"

struct canary_clone {
	struct run *run;
	struct clone *clone;
	struct session *admin;   /* superuser on it, who gathers statistics */
	struct executor executor;
	struct text_list vacuumed;
};

static enum status before_step(struct executor *executor, struct error *err)
{
	return steering_between(executor->run, err);
}

enum status canary_clone_open(struct run *run, struct canary_clone **ret_clone, struct error *err)
{
	struct canary_clone *clone = memory_new(sizeof(*clone));
	struct copy *copy = NULL;

	clone->run = run;
	if (copy_need(run, &copy, err) != OK || clone_make(copy, &clone->clone, err) != OK ||
	    clone_session(clone->clone, CLONE_SUPERUSER, "plans", SESSION_READ_WRITE, false, &clone->admin, err) != OK) {
		canary_clone_close(clone);
		return err->status;
	}
	*ret_clone = clone;
	return OK;
}

void canary_clone_close(struct canary_clone *clone)
{
	if (!clone)
		return;
	place_close(&clone->executor);
	session_close(clone->admin);
	clone_drop(clone->clone);
	memory_free(clone);
}

struct session_options canary_clone_options(struct canary_clone *clone)
{
	return clone_operator_options(clone->clone, "canary");
}

/* Tables whose rows the migrations changed, as the executor counted them. */
static void add_changed(struct run *run, const struct migration_trace *trace, struct text_list *tables)
{
	for (size_t s = 0; s < trace->steps.count; s++)
		for (size_t c = 0; c < trace->steps.items[s].changes.count; c++)
			text_list_add_once(run->arena, tables, trace->steps.items[s].changes.items[c].table);
}

static enum status execute_all(struct canary_clone *clone, struct text_list *tables, struct error *err)
{
	struct run *run = clone->run;
	struct executor *executor = &clone->executor;

	enum status status = place_on_clone(run, clone->clone, false, executor, err);
	executor->before_step = before_step;
	executor->quiet = true;
	for (size_t i = 0; status == OK && i < run->plan.pending.count; i++) {
		const struct migration *migration = run->plan.pending.items[i];
		struct migration_trace trace = {0};
		status = execute_migration(executor, migration, resume_first_step(run, migration->version), &trace, err);
		add_changed(run, &trace, tables);
	}
	place_close(executor);
	return status;
}

/* Tables of a plan, as SQL names. */
static void add_tables(struct arena *arena, const char *text, struct text_list *tables)
{
	struct query_plan *plan = NULL;
	_cleanup_error_ struct error ignored = {0};

	if (!text || query_plan_read(arena, text, strlen(text), &plan, &ignored) != OK)
		return;
	for (size_t i = 0; i < plan->nodes.count; i++) {
		const struct plan_node *node = &plan->nodes.items[i];
		if (node->schema && node->relation && strncmp(node->schema, "pg_", 3) != 0)
			text_list_add_once(arena, tables, arena_printf(arena, "%s.%s", quote_ident(arena, node->schema),
			                                               quote_ident(arena, node->relation)));
	}
}

enum status canary_clone_vacuum(struct canary_clone *clone, const struct text_list *plans, struct error *err)
{
	struct arena *arena = clone->run->arena;
	struct text_list tables = {0};

	for (size_t i = 0; i < plans->count; i++)
		add_tables(arena, plans->items[i], &tables);
	for (size_t i = 0; i < tables.count; i++) {
		if (text_list_has(&clone->vacuumed, tables.items[i]))
			continue;
		if (session_exec(clone->admin, arena_printf(arena, "VACUUM %s", tables.items[i]), err) != OK)
			return err->status;
		list_push(arena, &clone->vacuumed, tables.items[i]);
	}
	return OK;
}

enum status canary_clone_migrate(struct canary_clone *clone, struct error *err)
{
	_cleanup_rows_ struct rows *marks = NULL, *rows = NULL;
	struct arena *arena = clone->run->arena;
	struct text_list tables = {0};

	if (session_query(clone->admin, "SELECT pg_current_xact_id()::xid", 0, NULL, &marks, err) != OK ||
	    execute_all(clone, &tables, err) != OK)
		return err->status;
	const char *parameters[] = {rows_get(marks, 0, 0), quote_array(arena, &tables)};
	if (session_query(clone->admin, query_touched_tables, 2, parameters, &rows, err) != OK)
		return err->status;
	for (size_t i = 0; i < rows_count(rows); i++)
		if (session_exec(clone->admin, arena_printf(arena, "VACUUM (ANALYZE) %s", rows_get(rows, i, 0)), err) != OK)
			return err->status;
	return OK;
}
