#include <string.h>

#include "core/sql/analysis.h"

/*
 * The walk over a whole tree. It goes by the types of messages alone, so it finds a relation wherever a grammar, also
 * a newer one, puts it: in a sub-select, a default, a view's query, a policy's condition.
 */

static bool is_seen(const struct analysis *analysis, const ProtobufCMessage *message)
{
	for (size_t i = 0; i < analysis->seen.count; i++)
		if (analysis->seen.items[i] == message)
			return true;
	return false;
}

static void note_relation(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__RangeVar *relation = (const PgQuery__RangeVar *)message;
	analysis_use(analysis, "table", tree_relation_name(analysis->arena, relation), USE_NAMES,
	             analysis->stores ? LOCK_NONE : LOCK_ACCESS_SHARE);
}

/* A name's last part, when it is PostgreSQL's own or has no schema; NULL for a name in a schema of somebody's. */
static const char *plain_name(PgQuery__Node *const *names, size_t count)
{
	const char *schema = count > 1 ? tree_text(names[count - 2]) : NULL;
	if (schema && strcmp(schema, "pg_catalog") != 0)
		return NULL;
	return count ? tree_text(names[count - 1]) : NULL;
}

static bool is_catalog_name(PgQuery__Node *const *names, size_t count)
{
	const char *schema = count > 1 ? tree_text(names[count - 2]) : NULL;
	return schema && strcmp(schema, "pg_catalog") == 0;
}

static void note_extension(struct analysis *analysis, PgQuery__Node *const *names, size_t count)
{
	const char *name = count ? tree_text(names[count - 1]) : NULL;
	if (name)
		analysis_use(analysis, "extension", extension_of(name), USE_NAMES, LOCK_NONE);
}

static void note_type(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__TypeName *type = (const PgQuery__TypeName *)message;
	const char *plain = plain_name(type->names, type->n_names);
	if (!type->n_names || is_catalog_name(type->names, type->n_names) || (plain && type_is_builtin(plain)))
		return;
	note_extension(analysis, type->names, type->n_names);
	analysis_use(analysis, "type", tree_list_name(analysis->arena, type->names, type->n_names), USE_NAMES, LOCK_NONE);
}

static void note_reach(struct analysis *analysis, enum function_reach reach)
{
	struct statement *statement = analysis->statement;
	statement->foreign |= reach == FUNCTION_FOREIGN;
	if (reach == FUNCTION_WRITES || reach == FUNCTION_FOREIGN)
		statement->read_only = false;
	if (analysis->executes && !analysis->stores && (reach == FUNCTION_UNKNOWN || reach == FUNCTION_FOREIGN))
		statement->opaque_writes = true;
}

/* nextval('name') and 'name'::regclass name a relation in a string. */
static void note_named_relation(struct analysis *analysis, const PgQuery__Node *argument)
{
	if (argument && argument->node_case == PG_QUERY__NODE__NODE_TYPE_CAST)
		argument = argument->type_cast->arg;
	if (!argument || argument->node_case != PG_QUERY__NODE__NODE_A_CONST ||
	    argument->a_const->val_case != PG_QUERY__A__CONST__VAL_SVAL)
		return;
	const char *name = argument->a_const->sval->sval;
	if (!strpbrk(name, "\" "))
		analysis_use(analysis, "sequence", arena_strdup(analysis->arena, name), USE_NAMES, LOCK_NONE);
}

static void note_call(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__FuncCall *call = (const PgQuery__FuncCall *)message;
	const char *plain = plain_name(call->funcname, call->n_funcname);
	enum function_reach reach = plain ? function_reach_of(plain) : FUNCTION_UNKNOWN;

	note_reach(analysis, reach);
	analysis->configures |= plain && strcmp(plain, "set_config") == 0;
	note_extension(analysis, call->funcname, call->n_funcname);
	if (plain && call->n_args && (strcmp(plain, "nextval") == 0 || strcmp(plain, "setval") == 0))
		note_named_relation(analysis, call->args[0]);
	if (reach == FUNCTION_UNKNOWN && !is_catalog_name(call->funcname, call->n_funcname))
		analysis_use(analysis, "function", tree_list_name(analysis->arena, call->funcname, call->n_funcname), USE_NAMES,
		             LOCK_NONE);
}

static void note_column(struct analysis *analysis, const char *name)
{
	if (name && *name)
		text_list_add_once(analysis->arena, &analysis->columns, name);
}

static void note_column_list(struct analysis *analysis, PgQuery__Node *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (names[i]->node_case == PG_QUERY__NODE__NODE_RES_TARGET)
			note_column(analysis, names[i]->res_target->name);
		else
			note_column(analysis, tree_text(names[i]));
	}
}

static void note_column_reference(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__ColumnRef *column = (const PgQuery__ColumnRef *)message;
	if (column->n_fields)
		note_column(analysis, tree_text(column->fields[column->n_fields - 1]));
}

static void note_index_element(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__IndexElem *element = (const PgQuery__IndexElem *)message;
	note_column(analysis, element->name);
	note_extension(analysis, element->opclass, element->n_opclass);
}

static void note_constraint(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__Constraint *constraint = (const PgQuery__Constraint *)message;
	note_column_list(analysis, constraint->keys, constraint->n_keys);
	note_column_list(analysis, constraint->fk_attrs, constraint->n_fk_attrs);
	/* A foreign key puts its triggers on both tables. */
	analysis_use_relation(analysis, "table", constraint->pktable, USE_NAMES, LOCK_SHARE_ROW_EXCLUSIVE);
}

static void note_write(struct analysis *analysis, const PgQuery__RangeVar *relation)
{
	if (analysis->stores || analysis->plans) {
		analysis_use_relation(analysis, "table", relation, USE_NAMES,
		                      analysis->stores ? LOCK_NONE : LOCK_ROW_EXCLUSIVE);
		return;
	}
	analysis->statement->read_only = false;
	analysis_use_relation(analysis, "table", relation, USE_WRITES, LOCK_ROW_EXCLUSIVE);
}

static void note_insert(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__InsertStmt *insert = (const PgQuery__InsertStmt *)message;
	note_write(analysis, insert->relation);
	note_column_list(analysis, insert->cols, insert->n_cols);
}

static void note_update(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__UpdateStmt *update = (const PgQuery__UpdateStmt *)message;
	note_write(analysis, update->relation);
	note_column_list(analysis, update->target_list, update->n_target_list);
}

static void note_delete(struct analysis *analysis, const ProtobufCMessage *message)
{
	note_write(analysis, ((const PgQuery__DeleteStmt *)message)->relation);
}

static void note_merge(struct analysis *analysis, const ProtobufCMessage *message)
{
	note_write(analysis, ((const PgQuery__MergeStmt *)message)->relation);
}

static void note_into(struct analysis *analysis, const ProtobufCMessage *message)
{
	analysis->statement->read_only = false;
	analysis_use_relation(analysis, "table", ((const PgQuery__IntoClause *)message)->rel, USE_CREATES, LOCK_NONE);
}

static void note_row_locks(struct analysis *analysis, const ProtobufCMessage *message)
{
	(void)message;
	analysis->statement->read_only = false;
	analysis->locks_rows |= !analysis->stores;
}

static void note_cast(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__TypeCast *cast = (const PgQuery__TypeCast *)message;
	const char *type = cast->type_name ? plain_name(cast->type_name->names, cast->type_name->n_names) : NULL;
	if (type && strcmp(type, "regclass") == 0)
		note_named_relation(analysis, cast->arg);
}

/* Whether the constant is the value, or names it in quotes (a body) or in an array's text. */
static bool mentions(struct arena *arena, const char *literal, const char *value)
{
	if (strcmp(literal, value) == 0)
		return true;
	if (!strstr(literal, value))
		return false;
	return *literal == '{' || strstr(literal, arena_printf(arena, "'%s'", value)) != NULL;
}

static void note_literal(struct analysis *analysis, const ProtobufCMessage *message)
{
	const char *literal = ((const PgQuery__String *)message)->sval;
	for (size_t i = analysis->watched ? analysis->watched->count : 0; i > analysis->watched_use; i--)
		if (mentions(analysis->arena, literal, analysis->watched->items[i - 1]))
			analysis->watched_use = i;
}

static void note_cte(struct analysis *analysis, const ProtobufCMessage *message)
{
	list_push(analysis->arena, &analysis->ctes, ((const PgQuery__CommonTableExpr *)message)->ctename);
}

/* The grammar reads an option's bare word (WITH (x = off)) as a type; only these options have one. */
static void note_option(struct analysis *analysis, const ProtobufCMessage *message)
{
	static const char *const TYPED[] = {"basetype", "leftarg", "like", "mstype", "rightarg", "stype", "subtype"};
	const PgQuery__DefElem *option = (const PgQuery__DefElem *)message;
	if (!option->arg || option->arg->node_case != PG_QUERY__NODE__NODE_TYPE_NAME)
		return;
	for (size_t i = 0; i < sizeof(TYPED) / sizeof(TYPED[0]); i++)
		if (strcmp(option->defname, TYPED[i]) == 0)
			return;
	list_push(analysis->arena, &analysis->seen, &option->arg->type_name->base);
}

static const struct {
	const ProtobufCMessageDescriptor *descriptor;
	void (*note)(struct analysis *analysis, const ProtobufCMessage *message);
} NOTES[] = {
	{&pg_query__string__descriptor, note_literal},
	{&pg_query__column_ref__descriptor, note_column_reference},
	{&pg_query__type_name__descriptor, note_type},
	{&pg_query__range_var__descriptor, note_relation},
	{&pg_query__func_call__descriptor, note_call},
	{&pg_query__type_cast__descriptor, note_cast},
	{&pg_query__constraint__descriptor, note_constraint},
	{&pg_query__def_elem__descriptor, note_option},
	{&pg_query__index_elem__descriptor, note_index_element},
	{&pg_query__insert_stmt__descriptor, note_insert},
	{&pg_query__update_stmt__descriptor, note_update},
	{&pg_query__delete_stmt__descriptor, note_delete},
	{&pg_query__merge_stmt__descriptor, note_merge},
	{&pg_query__into_clause__descriptor, note_into},
	{&pg_query__locking_clause__descriptor, note_row_locks},
	{&pg_query__common_table_expr__descriptor, note_cte},
};

static bool visit(const ProtobufCMessage *message, void *context)
{
	struct analysis *analysis = context;
	if (is_seen(analysis, message))
		return false;
	for (size_t i = 0; i < sizeof(NOTES) / sizeof(NOTES[0]); i++)
		if (NOTES[i].descriptor == message->descriptor) {
			NOTES[i].note(analysis, message);
			break;
		}
	return true;
}

void analysis_walk(struct analysis *analysis, const ProtobufCMessage *message)
{
	tree_walk(message, visit, analysis);
}
