#include "core/rules/check.h"

static void look(struct rule_check *check)
{
	const PgQuery__AlterTableStmt *alter = check->tree->alter_table_stmt;

	if (alter->objtype != PG_QUERY__OBJECT_TYPE__OBJECT_TABLE || !table_is_live(check, alter->relation))
		return;
	for (size_t i = 0; i < alter->n_cmds; i++) {
		const PgQuery__AlterTableCmd *action = alter->cmds[i]->alter_table_cmd;
		if (action->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType)
			rule_find(check,
			          "Add a column of the new type, write both, backfill, and drop the old one in a later plan; a "
			          "longer varchar, and varchar to text, rewrite nothing: the rehearsal shows it.",
			          "changing the type of %s.%s can rewrite the table while nobody can read it",
			          tree_relation_name(check->arena, alter->relation), action->name);
	}
}

const struct rule_entry type_change_rule = {
	.row = {.name = "type-change",
	        .severity = SEVERITY_WARNING,
	        .meaning = "a column's type is changed, which can rewrite the table"},
	.tag = "ALTER TABLE",
	.look = look,
};
