#include "core/rules/check.h"

/* ON ONLY the parent of partitions builds nothing. */
static void look(struct rule_check *check)
{
	const PgQuery__IndexStmt *create = check->tree->index_stmt;

	if (create->concurrent || !create->relation->inh || !table_is_live(check, create->relation))
		return;
	rule_find(check,
	          "Write CREATE INDEX CONCURRENTLY: it takes longer and stops nobody; the statement is a step of its own "
	          "then.",
	          "writers of %s wait while the index is built", tree_relation_name(check->arena, create->relation));
}

const struct rule_entry index_lock_rule = {
	.row = {.name = "index-lock",
	        .severity = SEVERITY_WARNING,
	        .meaning = "an index is built without CONCURRENTLY on a table that is there"},
	.tag = "CREATE INDEX",
	.look = look,
};
