#include "engine/execute/verify_scripts.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "engine/execute/conceal.h"

static const char *place(struct run *run, const struct script *script, const struct statement *statement)
{
	return arena_printf(run->arena, "%s:%ld", script->path, statement->line);
}

/* NULL when the statement's rows say nothing against it. */
static const char *judge_rows(struct run *run, const struct script *script, const struct statement *statement,
                              const struct rows *rows)
{
	for (size_t i = 0; i < rows_count(rows); i++) {
		const char *first = rows_get(rows, i, 0);
		if (!first || strcmp(first, "f") == 0)
			return arena_printf(run->arena, "%s: row %zu says %s", place(run, script, statement), i + 1,
			                    first ? "false" : "null");
	}
	return NULL;
}

static enum status run_statement(struct run *run, struct session *session, const struct script *script,
                                 const struct statement *statement, const char **ret_problem, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;

	if (!statement->read_only) {
		*ret_problem = arena_printf(run->arena, "%s: %s does more than read", place(run, script, statement),
		                            statement->tag);
		return OK;
	}
	if (session_query(session, statement->sql, 0, NULL, &rows, err) == OK) {
		*ret_problem = judge_rows(run, script, statement, rows);
		return OK;
	}
	if (err->status == FAIL_UNREACHABLE || loop_stop_signal(run->loop))
		return err->status;
	conceal_error(err, script, statement);
	*ret_problem = arena_printf(run->arena, "%s: %s", place(run, script, statement), err->message);
	error_clear(err);
	return OK;
}

static enum status run_script(struct run *run, struct session *session, const struct script *script,
                              const char **ret_problem, struct error *err)
{
	enum status status = session_exec(session, "discard all", err);
	if (status == OK)
		status = session_exec(session, "begin isolation level repeatable read read only", err);
	for (size_t i = 0; status == OK && !*ret_problem && i < script->steps.count; i++)
		for (size_t j = 0; status == OK && !*ret_problem && j < script->steps.items[i].count; j++)
			status = run_statement(run, session, script, &script->steps.items[i].statements[j],
			                       ret_problem, err);
	if (status == OK)
		status = session_exec(session, "rollback", err);
	return status;
}

enum status verify_scripts_run(struct run *run, struct evidence *evidence, const char *name,
                               const struct text_list *versions, struct session *session, struct error *err)
{
	size_t passed = 0;

	for (size_t i = 0; i < versions->count; i++) {
		const struct migration *migration = migration_find(&run->set, versions->items[i]);
		const char *problem = NULL;
		if (!migration || !migration->verify.path)
			continue;
		if (run_parse(run, migration->version, err) != OK)
			return err->status;
		if (run_script(run, session, &migration->verify, &problem, err) != OK)
			return error_wrap(err, "verify script of migration %s", migration->version);
		passed += problem == NULL;
		if (problem)
			run_check(run, evidence, name, false,
			          "Correct the migration, or the script where it asks for the wrong thing.",
			          problem, "every statement runs, and no row begins with false or null");
	}
	if (passed)
		run_check(run, evidence, name, true, NULL, arena_printf(run->arena, "%zu verify script(s) passed",
		                                                        passed),
		          "every statement runs, and no row begins with false or null");
	return OK;
}
