#include "core/rules/check.h"

static void look(struct rule_check *check)
{
	const struct statement *statement = check->statement;
	const char *index = statement->index_name;

	if (!index || !statement->if_not_exists || !check->facts->invalid_indexes ||
	    !names_one_of(index, check->facts->invalid_indexes) || names_one_of(index, check->dropped))
		return;
	rule_find(check,
	          arena_printf(check->arena,
	                       "Drop it first, on live or in the migration before the statement: "
	                       "DROP INDEX CONCURRENTLY %s;",
	                       index),
	          "IF NOT EXISTS would pass over the invalid index %s and leave it so", index);
}

const struct rule_entry invalid_index_rule = {
	.row = {.name = "invalid-index",
	        .severity = SEVERITY_ERROR,
	        .meaning = "CREATE INDEX IF NOT EXISTS over an index that is there and invalid"},
	.tag = "CREATE INDEX",
	.look = look,
};
