#include <string.h>

#include "core/sql/analysis.h"
#include "core/sql/kind.h"

/* What statements that create or alter functions, types, schemas, extensions, triggers and policies name. */

static void use_list(struct analysis *analysis, const char *word, PgQuery__Node *const *names, size_t count,
                     unsigned flags)
{
	analysis_use(analysis, word, tree_list_name(analysis->arena, names, count), flags, LOCK_NONE);
}

void describe_create_function(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__CreateFunctionStmt *create = (const PgQuery__CreateFunctionStmt *)message;
	analysis->stores = true; /* the body of a SQL-standard function */
	if (create->is_procedure)
		analysis->statement->tag = "CREATE PROCEDURE";
	use_list(analysis, "function", create->funcname, create->n_funcname, USE_CREATES);
}

void describe_alter_function(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__AlterFunctionStmt *alter = (const PgQuery__AlterFunctionStmt *)message;
	analysis->statement->tag = object_kind_get(alter->objtype)->alter;
	use_list(analysis, "function", alter->func->objname, alter->func->n_objname, USE_NAMES);
}

/* CREATE AGGREGATE, OPERATOR, TYPE (base and shell), COLLATION, TEXT SEARCH ... */
void describe_define(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__DefineStmt *define = (const PgQuery__DefineStmt *)message;
	const struct object_kind *kind = object_kind_get(define->kind);
	bool aggregate = define->kind == PG_QUERY__OBJECT_TYPE__OBJECT_AGGREGATE;

	analysis->statement->tag = kind->create;
	analysis->statement->if_not_exists = define->if_not_exists;
	use_list(analysis, aggregate ? "function" : kind->word, define->defnames, define->n_defnames, USE_CREATES);
}

void describe_composite_type(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__CompositeTypeStmt *create = (const PgQuery__CompositeTypeStmt *)message;
	list_push(analysis->arena, &analysis->seen, &create->typevar->base);
	analysis_use(analysis, "type", tree_relation_name(analysis->arena, create->typevar), USE_CREATES, LOCK_NONE);
}

void describe_create_enum(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__CreateEnumStmt *create = (const PgQuery__CreateEnumStmt *)message;
	use_list(analysis, "type", create->type_name, create->n_type_name, USE_CREATES);
}

void describe_alter_enum(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__AlterEnumStmt *alter = (const PgQuery__AlterEnumStmt *)message;
	struct statement *statement = analysis->statement;

	use_list(analysis, "type", alter->type_name, alter->n_type_name, USE_NAMES);
	if (*alter->old_val)
		return; /* a renamed value can be used at once */
	struct enum_value *added = arena_alloc(analysis->arena, sizeof(*added));
	added->value = arena_strdup(analysis->arena, alter->new_val);
	added->type = tree_list_name(analysis->arena, alter->type_name, alter->n_type_name);
	statement->adds = added;
	statement->if_not_exists = alter->skip_if_new_val_exists;
}

void describe_create_range(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__CreateRangeStmt *create = (const PgQuery__CreateRangeStmt *)message;
	use_list(analysis, "type", create->type_name, create->n_type_name, USE_CREATES);
}

void describe_create_domain(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__CreateDomainStmt *create = (const PgQuery__CreateDomainStmt *)message;
	use_list(analysis, "domain", create->domainname, create->n_domainname, USE_CREATES);
}

void describe_alter_domain(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__AlterDomainStmt *alter = (const PgQuery__AlterDomainStmt *)message;
	use_list(analysis, "domain", alter->type_name, alter->n_type_name, USE_NAMES);
}

void describe_create_schema(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__CreateSchemaStmt *create = (const PgQuery__CreateSchemaStmt *)message;
	analysis->statement->if_not_exists = create->if_not_exists;
	if (*create->schemaname)
		analysis_use(analysis, "schema", create->schemaname, USE_CREATES, LOCK_NONE);
}

void describe_create_extension(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__CreateExtensionStmt *create = (const PgQuery__CreateExtensionStmt *)message;
	analysis->statement->if_not_exists = create->if_not_exists;
	analysis_use(analysis, "extension", create->extname, USE_CREATES, LOCK_NONE);
}

void describe_alter_extension(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__AlterExtensionStmt *alter = (const PgQuery__AlterExtensionStmt *)message;
	analysis_use(analysis, "extension", alter->extname, USE_NAMES, LOCK_NONE);
}

void describe_create_trigger(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__CreateTrigStmt *create = (const PgQuery__CreateTrigStmt *)message;
	analysis->stores = true;
	analysis_use_relation(analysis, "table", create->relation, USE_NAMES, LOCK_SHARE_ROW_EXCLUSIVE);
	analysis_use_relation(analysis, "table", create->constrrel, USE_NAMES, LOCK_ACCESS_SHARE);
	analysis_use(analysis, "trigger", analysis_part(analysis, create->relation, create->trigname), USE_CREATES,
	             LOCK_NONE);
	use_list(analysis, "function", create->funcname, create->n_funcname, USE_NAMES);
}

void describe_create_policy(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__CreatePolicyStmt *create = (const PgQuery__CreatePolicyStmt *)message;
	analysis_use_relation(analysis, "table", create->table, USE_NAMES, LOCK_ACCESS_EXCLUSIVE);
	analysis_use(analysis, "policy", analysis_part(analysis, create->table, create->policy_name), USE_CREATES,
	             LOCK_NONE);
}

void describe_alter_policy(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__AlterPolicyStmt *alter = (const PgQuery__AlterPolicyStmt *)message;
	analysis_use_relation(analysis, "table", alter->table, USE_NAMES, LOCK_ACCESS_EXCLUSIVE);
	analysis_use(analysis, "policy", analysis_part(analysis, alter->table, alter->policy_name), USE_NAMES, LOCK_NONE);
}

void describe_create_rule(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__RuleStmt *create = (const PgQuery__RuleStmt *)message;
	analysis->stores = true; /* its actions run later */
	analysis_use_relation(analysis, "table", create->relation, USE_NAMES, LOCK_ACCESS_EXCLUSIVE);
	analysis_use(analysis, "rule", analysis_part(analysis, create->relation, create->rulename), USE_CREATES,
	             LOCK_NONE);
}

void describe_create_statistics(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__CreateStatsStmt *create = (const PgQuery__CreateStatsStmt *)message;
	analysis->statement->if_not_exists = create->if_not_exists;
	use_list(analysis, "statistics", create->defnames, create->n_defnames, USE_CREATES);
	for (size_t i = 0; i < create->n_relations; i++)
		if (create->relations[i]->node_case == PG_QUERY__NODE__NODE_RANGE_VAR)
			analysis_use_relation(analysis, "table", create->relations[i]->range_var, USE_NAMES,
			                      LOCK_SHARE_UPDATE_EXCLUSIVE);
}
