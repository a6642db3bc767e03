#include "engine/rule_findings.h"

#include "pg/query.h"

static enum status read_names(struct arena *arena, struct session *session, const char *query,
                              struct text_list *ret_names, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;

	if (session_query(session, query, 0, NULL, &rows, err) != OK)
		return error_wrap(err, "cannot read the tables");
	for (size_t i = 0; i < rows_count(rows); i++)
		list_push(arena, ret_names, arena_strdup(arena, rows_get(rows, i, 0)));
	return OK;
}

enum status rule_findings_read(struct arena *arena, const struct plan *plan, struct session *session,
                               struct finding_list *ret_findings, struct error *err)
{
	struct text_list invalid = {0}, tables = {0};
	struct rule_facts facts = {.invalid_indexes = &invalid, .tables = &tables};

	if (read_names(arena, session, query_unfinished_indexes, &invalid, err) != OK ||
	    read_names(arena, session, query_table_names, &tables, err) != OK)
		return err->status;
	rules_check(arena, plan, &facts, ret_findings);
	return OK;
}

bool rule_finding_refuses(const struct finding *finding)
{
	return finding->severity == SEVERITY_ERROR && !finding->allowed_because;
}
