#include <string.h>

#include "core/sql/analysis.h"
#include "core/sql/kind.h"

/* What statements about tables, indexes, views and sequences name and lock. */

static void describe_created_constraint(struct analysis *analysis, const PgQuery__RangeVar *table,
                                        const PgQuery__Constraint *constraint)
{
	bool makes_index = constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY ||
	                   constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE ||
	                   constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION;
	if (*constraint->conname) {
		analysis_use(analysis, "constraint", analysis_part(analysis, table, constraint->conname), USE_CREATES,
		             LOCK_NONE);
		if (makes_index)
			analysis_use(analysis, "index", analysis_beside(analysis, table, constraint->conname), USE_CREATES,
			             LOCK_NONE);
	}
	if (*constraint->indexname)
		analysis_use(analysis, "index", analysis_beside(analysis, table, constraint->indexname), USE_NAMES,
		             LOCK_ACCESS_EXCLUSIVE);
}

/* A serial column makes a sequence of this name (manual, section 8.1.4). */
static void describe_column(struct analysis *analysis, const PgQuery__RangeVar *table, const PgQuery__ColumnDef *column)
{
	const char *type = column->type_name && column->type_name->n_names
	                       ? tree_text(column->type_name->names[column->type_name->n_names - 1])
	                       : NULL;
	if (type && strstr(type, "serial"))
		analysis_use(analysis, "sequence",
		             analysis_beside(analysis, table,
		                             arena_printf(analysis->arena, "%s_%s_seq", table->relname, column->colname)),
		             USE_CREATES, LOCK_NONE);
	for (size_t i = 0; i < column->n_constraints; i++)
		if (column->constraints[i]->node_case == PG_QUERY__NODE__NODE_CONSTRAINT)
			describe_created_constraint(analysis, table, column->constraints[i]->constraint);
}

static void describe_parents(struct analysis *analysis, const PgQuery__CreateStmt *create)
{
	/* A partition changes its parent's descriptor; plain inheritance only its catalog row (tablecmds.c). */
	enum lock_mode lock = create->partbound ? LOCK_ACCESS_EXCLUSIVE : LOCK_SHARE_UPDATE_EXCLUSIVE;
	for (size_t i = 0; i < create->n_inh_relations; i++)
		if (create->inh_relations[i]->node_case == PG_QUERY__NODE__NODE_RANGE_VAR)
			analysis_use_relation(analysis, "table", create->inh_relations[i]->range_var, USE_NAMES, lock);
}

static void describe_new_table(struct analysis *analysis, const PgQuery__CreateStmt *create, const char *kind)
{
	analysis->statement->if_not_exists = create->if_not_exists;
	analysis_use_relation(analysis, kind, create->relation, USE_CREATES, LOCK_NONE);
	describe_parents(analysis, create);
	for (size_t i = 0; i < create->n_table_elts; i++) {
		const PgQuery__Node *element = create->table_elts[i];
		if (element->node_case == PG_QUERY__NODE__NODE_COLUMN_DEF)
			describe_column(analysis, create->relation, element->column_def);
		else if (element->node_case == PG_QUERY__NODE__NODE_CONSTRAINT)
			describe_created_constraint(analysis, create->relation, element->constraint);
	}
}

void describe_create_table(struct analysis *analysis, const ProtobufCMessage *message)
{
	describe_new_table(analysis, (const PgQuery__CreateStmt *)message, "table");
}

void describe_create_foreign_table(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__CreateForeignTableStmt *create = (const PgQuery__CreateForeignTableStmt *)message;
	describe_new_table(analysis, create->base_stmt, "foreign table");
	analysis_use(analysis, "server", create->servername, USE_NAMES, LOCK_NONE);
}

void describe_create_table_as(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__CreateTableAsStmt *create = (const PgQuery__CreateTableAsStmt *)message;
	const struct object_kind *kind = object_kind_get(create->objtype);
	analysis->statement->tag = create->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW ? kind->create
	                                                                                    : "CREATE TABLE AS";
	analysis->statement->if_not_exists = create->if_not_exists;
	analysis_use_relation(analysis, kind->word, create->into->rel, USE_CREATES, LOCK_NONE);
}

void describe_create_index(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__IndexStmt *create = (const PgQuery__IndexStmt *)message;
	struct statement *statement = analysis->statement;

	analysis_use_relation(analysis, "table", create->relation, USE_NAMES,
	                      create->concurrent ? LOCK_SHARE_UPDATE_EXCLUSIVE : LOCK_SHARE);
	if (*create->idxname) {
		statement->index_name = analysis_beside(analysis, create->relation, create->idxname);
		analysis_use(analysis, "index", statement->index_name, USE_CREATES, LOCK_NONE);
	}
	analysis_use(analysis, "extension", extension_of(create->access_method), USE_NAMES, LOCK_NONE);
	statement->if_not_exists = create->if_not_exists;
	statement->concurrent_index = create->concurrent;
	if (create->concurrent)
		statement->class = CLASS_OUTSIDE;
}

static const char *described_column(const PgQuery__AlterTableCmd *action)
{
	switch (action->subtype) {
	case PG_QUERY__ALTER_TABLE_TYPE__AT_ColumnDefault:
	case PG_QUERY__ALTER_TABLE_TYPE__AT_DropNotNull:
	case PG_QUERY__ALTER_TABLE_TYPE__AT_SetNotNull:
	case PG_QUERY__ALTER_TABLE_TYPE__AT_DropExpression:
	case PG_QUERY__ALTER_TABLE_TYPE__AT_SetStatistics:
	case PG_QUERY__ALTER_TABLE_TYPE__AT_SetOptions:
	case PG_QUERY__ALTER_TABLE_TYPE__AT_ResetOptions:
	case PG_QUERY__ALTER_TABLE_TYPE__AT_SetStorage:
	case PG_QUERY__ALTER_TABLE_TYPE__AT_SetCompression:
	case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType:
	case PG_QUERY__ALTER_TABLE_TYPE__AT_AddIdentity:
	case PG_QUERY__ALTER_TABLE_TYPE__AT_SetIdentity:
	case PG_QUERY__ALTER_TABLE_TYPE__AT_DropIdentity:
		return action->name;
	default:
		return NULL;
	}
}

static void describe_added(struct analysis *analysis, const PgQuery__RangeVar *table,
                           const PgQuery__AlterTableCmd *action)
{
	const PgQuery__Node *definition = action->def;
	if (definition && definition->node_case == PG_QUERY__NODE__NODE_COLUMN_DEF &&
	    action->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn) {
		analysis_use(analysis, "column", analysis_part(analysis, table, definition->column_def->colname),
		             USE_CREATES, LOCK_NONE);
		describe_column(analysis, table, definition->column_def);
	} else if (definition && definition->node_case == PG_QUERY__NODE__NODE_CONSTRAINT) {
		describe_created_constraint(analysis, table, definition->constraint);
	}
}

static void describe_partition(struct analysis *analysis, const PgQuery__AlterTableCmd *action)
{
	if (!action->def || action->def->node_case != PG_QUERY__NODE__NODE_PARTITION_CMD)
		return;
	const PgQuery__PartitionCmd *partition = action->def->partition_cmd;
	analysis_use_relation(analysis, "table", partition->name, USE_NAMES, LOCK_ACCESS_EXCLUSIVE);
	if (partition->concurrent)
		analysis->statement->class = CLASS_OUTSIDE;
}

static void describe_action(struct analysis *analysis, const PgQuery__RangeVar *table,
                            const PgQuery__AlterTableCmd *action)
{
	const char *column = described_column(action);
	if (column)
		analysis_use(analysis, "column", analysis_part(analysis, table, column), USE_NAMES, LOCK_NONE);
	switch (action->subtype) {
	case PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn:
	case PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint:
		describe_added(analysis, table, action);
		break;
	case PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn:
		analysis_use(analysis, "column", analysis_part(analysis, table, action->name), USE_DROPS, LOCK_NONE);
		break;
	case PG_QUERY__ALTER_TABLE_TYPE__AT_DropConstraint:
		analysis_use(analysis, "constraint", analysis_part(analysis, table, action->name), USE_DROPS, LOCK_NONE);
		break;
	case PG_QUERY__ALTER_TABLE_TYPE__AT_ValidateConstraint:
		analysis_use(analysis, "constraint", analysis_part(analysis, table, action->name), USE_NAMES, LOCK_NONE);
		break;
	case PG_QUERY__ALTER_TABLE_TYPE__AT_AttachPartition:
	case PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartition:
	case PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartitionFinalize:
		describe_partition(analysis, action);
		break;
	default:
		break;
	}
}

void describe_alter_table(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__AlterTableStmt *alter = (const PgQuery__AlterTableStmt *)message;
	const struct object_kind *kind = object_kind_get(alter->objtype);
	enum lock_mode lock = LOCK_NONE;

	analysis->statement->tag = kind->alter;
	for (size_t i = 0; i < alter->n_cmds; i++) {
		const PgQuery__AlterTableCmd *action = alter->cmds[i]->alter_table_cmd;
		enum lock_mode needed = alter_action_lock(action);
		lock = needed > lock ? needed : lock;
		describe_action(analysis, alter->relation, action);
	}
	analysis_use_relation(analysis, kind->word, alter->relation, USE_NAMES, lock);
}

void describe_create_view(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__ViewStmt *view = (const PgQuery__ViewStmt *)message;
	analysis_use_relation(analysis, "view", view->view, USE_CREATES,
	                      view->replace ? LOCK_ACCESS_EXCLUSIVE : LOCK_NONE);
}

void describe_create_sequence(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__CreateSeqStmt *create = (const PgQuery__CreateSeqStmt *)message;
	analysis->statement->if_not_exists = create->if_not_exists;
	analysis_use_relation(analysis, "sequence", create->sequence, USE_CREATES, LOCK_NONE);
}

void describe_alter_sequence(struct analysis *analysis, const ProtobufCMessage *message)
{
	analysis_use_relation(analysis, "sequence", ((const PgQuery__AlterSeqStmt *)message)->sequence, USE_NAMES,
	                      LOCK_SHARE_ROW_EXCLUSIVE);
}
