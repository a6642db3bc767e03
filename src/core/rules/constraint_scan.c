#include "core/rules/check.h"

static void look_at_constraint(struct rule_check *check, const PgQuery__RangeVar *table,
                               const PgQuery__Constraint *constraint)
{
	const char *name = tree_relation_name(check->arena, table);
	const char *two_steps = "Add it NOT VALID, and run ALTER TABLE ... VALIDATE CONSTRAINT in a later migration: that "
	                        "reads the rows and stops nobody.";

	switch (constraint->contype) {
	case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN:
		if (!constraint->skip_validation)
			rule_find(check, two_steps, "writers of %s and %s wait while the foreign key reads all rows", name,
			          tree_relation_name(check->arena, constraint->pktable));
		break;
	case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
		if (!constraint->skip_validation)
			rule_find(check, two_steps, "nobody can read %s while the check reads all rows", name);
		break;
	case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
	case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
		if (!*constraint->indexname)
			rule_find(check,
			          "Build the index with CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT ... USING INDEX.",
			          "nobody can read %s while the constraint's index is built", name);
		break;
	default:
		break;
	}
}

static void look(struct rule_check *check)
{
	const PgQuery__AlterTableStmt *alter = check->tree->alter_table_stmt;

	if (alter->objtype != PG_QUERY__OBJECT_TYPE__OBJECT_TABLE || !table_is_live(check, alter->relation))
		return;
	for (size_t i = 0; i < alter->n_cmds; i++) {
		const PgQuery__AlterTableCmd *action = alter->cmds[i]->alter_table_cmd;
		if (action->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint && action->def &&
		    action->def->node_case == PG_QUERY__NODE__NODE_CONSTRAINT)
			look_at_constraint(check, alter->relation, action->def->constraint);
	}
}

const struct rule_entry constraint_scan_rule = {
	.row = {.name = "constraint-scan",
	        .severity = SEVERITY_WARNING,
	        .meaning = "a constraint is added that reads all rows under its lock: not NOT VALID, not USING INDEX"},
	.tag = "ALTER TABLE",
	.look = look,
};
