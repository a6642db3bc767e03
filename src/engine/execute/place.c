#include "engine/execute/place.h"

#include "pg/history.h"
#include "pg/ledger.h"
#include "pg/query.h"

static bool has_unparsed(const struct executor *executor)
{
	const struct run *run = executor->run;
	for (size_t m = 0; m < run->plan.pending.count; m++) {
		const struct script *script = executor_script(executor, run->plan.pending.items[m]);
		for (size_t i = 0; i < script->steps.count; i++)
			for (size_t j = 0; j < script->steps.items[i].count; j++)
				if (!script->steps.items[i].statements[j].parsed)
					return true;
	}
	return false;
}

static enum status look_at_triggers(struct executor *executor, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	if (session_query(executor->watch, query_event_triggers, 0, NULL, &rows, err) != OK)
		return err->status;
	executor->count_always = rows_true(rows, 0, 0) || has_unparsed(executor);
	session_on_notice(executor->session, execute_notice, executor);
	return OK;
}

enum status place_prepare(struct executor *executor, struct error *err)
{
	if (ledger_setup(executor->ledger, err) != OK)
		return error_wrap(err, "ledger");
	if (history_prepare(executor->ledger, executor->history, err) != OK)
		return error_wrap(err, "history table");
	return OK;
}

enum status place_on_clone(struct run *run, struct clone *clone, bool traced, struct executor *ret_executor,
                           struct error *err)
{
	struct executor *executor = ret_executor;
	*executor = (struct executor){
		.run = run, .arena = run->arena, .direction = run->direction, .history = &run->history};

	if (clone_session(clone, CLONE_OPERATOR, "apply", SESSION_READ_WRITE, true, &executor->session, err) != OK ||
	    clone_session(clone, CLONE_OPERATOR, "ledger", SESSION_READ_WRITE, false, &executor->ledger, err) != OK ||
	    clone_session(clone, CLONE_SUPERUSER, "watch", SESSION_READ_ONLY, false, &executor->watch, err) != OK)
		return error_wrap(err, "cannot log in to the copy as the operator");
	if (place_prepare(executor, err) != OK)
		return err->status;
	if (traced && measure_open(executor->watch, &executor->measure, err) != OK)
		return err->status;
	return look_at_triggers(executor, err);
}

static enum status open_as(struct run *run, const struct session_options *options, const char *role_word,
                           enum session_access access, bool plain, struct session **ret_session, struct error *err)
{
	struct session_options own = *options;
	own.role_word = role_word;
	own.access = access;
	own.plain = plain;
	return session_open(run->loop, &own, ret_session, err);
}

enum status place_on_scratch(struct run *run, const struct session_options *options, struct executor *ret_executor,
                             struct error *err)
{
	struct executor *executor = ret_executor;
	*executor = (struct executor){
		.run = run, .arena = run->arena, .direction = run->direction, .history = &run->history};

	if (open_as(run, options, "apply", SESSION_READ_WRITE, true, &executor->session, err) != OK ||
	    open_as(run, options, "ledger", SESSION_READ_WRITE, false, &executor->ledger, err) != OK ||
	    open_as(run, options, "watch", SESSION_READ_ONLY, false, &executor->watch, err) != OK ||
	    place_prepare(executor, err) != OK)
		return err->status;
	return look_at_triggers(executor, err);
}

enum status place_on_live(struct run *run, struct executor *ret_executor, struct error *err)
{
	struct executor *executor = ret_executor;
	*executor = (struct executor){
		.run = run, .arena = run->arena, .direction = run->direction, .history = &run->history, .live = true};

	if (execute_reconnect(executor, err) != OK || execute_ledger(executor, err) != OK ||
	    execute_watch(executor, err) != OK)
		return err->status;
	return look_at_triggers(executor, err);
}

void place_close(struct executor *executor)
{
	session_close(executor->session);
	session_close(executor->ledger);
	session_close(executor->watch);
	measure_close(executor->measure);
	*executor = (struct executor){0};
}
