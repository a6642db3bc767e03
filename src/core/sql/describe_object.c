#include <string.h>

#include "core/sql/analysis.h"
#include "core/sql/kind.h"

/* What statements about objects in general name and lock: DROP, RENAME, OWNER, COMMENT. */

/* The name in the forms that the grammar gives it. */
static const char *object_name(struct analysis *analysis, const PgQuery__Node *object)
{
	if (!object)
		return NULL;
	switch (object->node_case) {
	case PG_QUERY__NODE__NODE_STRING:
		return object->string->sval;
	case PG_QUERY__NODE__NODE_LIST:
		return tree_list_name(analysis->arena, object->list->items, object->list->n_items);
	case PG_QUERY__NODE__NODE_TYPE_NAME:
		return tree_list_name(analysis->arena, object->type_name->names, object->type_name->n_names);
	case PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS:
		return tree_list_name(analysis->arena, object->object_with_args->objname,
		                      object->object_with_args->n_objname);
	default:
		return NULL;
	}
}

/* Locks that a change of an object takes on the relation it is or belongs to. */
struct object_locks {
	enum lock_mode relation, index;
};

static bool is_part(PgQuery__ObjectType type)
{
	switch (type) {
	case PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN:
	case PG_QUERY__OBJECT_TYPE__OBJECT_TABCONSTRAINT:
	case PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER:
	case PG_QUERY__OBJECT_TYPE__OBJECT_POLICY:
	case PG_QUERY__OBJECT_TYPE__OBJECT_RULE:
		return true;
	default:
		return false;
	}
}

/* [schema.]table.part, as a list of names. */
static void use_part(struct analysis *analysis, const char *word, const PgQuery__Node *object, unsigned flags,
                     enum lock_mode lock)
{
	if (object->node_case != PG_QUERY__NODE__NODE_LIST || object->list->n_items < 2)
		return;
	size_t last = object->list->n_items - 1;
	const char *table = tree_list_name(analysis->arena, object->list->items, last);
	const char *part = tree_text(object->list->items[last]);
	if (!table || !part)
		return;
	analysis_use(analysis, "table", table, USE_NAMES, lock);
	analysis_use(analysis, word, tree_qualified(analysis->arena, table, part), flags, LOCK_NONE);
}

static void use_object(struct analysis *analysis, PgQuery__ObjectType type, const PgQuery__Node *object,
                       unsigned flags, struct object_locks locks)
{
	const struct object_kind *kind = object_kind_get(type);
	enum lock_mode lock = LOCK_NONE;

	if (!object)
		return;
	if (is_part(type)) {
		use_part(analysis, kind->word, object, flags, locks.relation);
		return;
	}
	if (kind_is_relation(kind->word))
		lock = type == PG_QUERY__OBJECT_TYPE__OBJECT_INDEX ? locks.index : locks.relation;
	if (object->node_case == PG_QUERY__NODE__NODE_TYPE_NAME)
		list_push(analysis->arena, &analysis->seen, &object->type_name->base);
	analysis_use(analysis, kind->word, object_name(analysis, object), flags, lock);
}

static const struct object_locks EXCLUSIVE = {LOCK_ACCESS_EXCLUSIVE, LOCK_ACCESS_EXCLUSIVE};

void describe_drop(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__DropStmt *drop = (const PgQuery__DropStmt *)message;
	struct object_locks locks = EXCLUSIVE;

	if (drop->concurrent) {
		locks.index = LOCK_SHARE_UPDATE_EXCLUSIVE;
		analysis->statement->class = CLASS_OUTSIDE;
		analysis->statement->concurrent_index = true;
	}
	if (drop->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_INDEX && drop->n_objects == 1)
		analysis->statement->index_name = object_name(analysis, drop->objects[0]);
	analysis->statement->tag = object_kind_get(drop->remove_type)->drop;
	for (size_t i = 0; i < drop->n_objects; i++)
		use_object(analysis, drop->remove_type, drop->objects[i], USE_DROPS, locks);
}

/* A part of a relation: the column, constraint, trigger, ... is subname. */
static void rename_part(struct analysis *analysis, const PgQuery__RenameStmt *rename, const char *word)
{
	analysis_use_relation(analysis, "table", rename->relation, USE_NAMES, LOCK_ACCESS_EXCLUSIVE);
	analysis_use(analysis, word, analysis_part(analysis, rename->relation, rename->subname), USE_DROPS, LOCK_NONE);
	analysis_use(analysis, word, analysis_part(analysis, rename->relation, rename->newname), USE_CREATES, LOCK_NONE);
}

static void rename_relation(struct analysis *analysis, const PgQuery__RenameStmt *rename, const char *word)
{
	/* Renaming an index is light (manual, page ALTER INDEX). */
	bool index = rename->rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_INDEX;
	analysis_use_relation(analysis, word, rename->relation, USE_DROPS,
	                      index ? LOCK_SHARE_UPDATE_EXCLUSIVE : LOCK_ACCESS_EXCLUSIVE);
	analysis_use(analysis, word, analysis_beside(analysis, rename->relation, rename->newname), USE_CREATES, LOCK_NONE);
}

static const char *schema_of(struct analysis *analysis, const char *name)
{
	const char *dot = strchr(name, '.');
	return dot ? arena_strndup(analysis->arena, name, (size_t)(dot - name)) : NULL;
}

static void rename_object(struct analysis *analysis, const PgQuery__RenameStmt *rename, const char *word)
{
	/* Schemas, roles and databases have their old name in subname. */
	const char *old = rename->object ? object_name(analysis, rename->object) : rename->subname;
	if (!old)
		return;
	analysis_use(analysis, word, old, USE_DROPS, LOCK_NONE);
	analysis_use(analysis, word, tree_qualified(analysis->arena, schema_of(analysis, old), rename->newname),
	             USE_CREATES, LOCK_NONE);
}

void describe_rename(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__RenameStmt *rename = (const PgQuery__RenameStmt *)message;
	const struct object_kind *kind = object_kind_get(rename->rename_type);
	bool part = is_part(rename->rename_type);

	analysis->statement->tag = kind->alter;
	if (rename->rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN)
		analysis->statement->tag = object_kind_get(rename->relation_type)->alter;
	if (part && rename->relation)
		rename_part(analysis, rename, kind->word);
	else if (rename->relation && kind_is_relation(kind->word))
		rename_relation(analysis, rename, kind->word);
	else if (!part)
		rename_object(analysis, rename, kind->word);
}

void describe_set_schema(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__AlterObjectSchemaStmt *alter = (const PgQuery__AlterObjectSchemaStmt *)message;
	const struct object_kind *kind = object_kind_get(alter->object_type);

	analysis->statement->tag = kind->alter;
	analysis_use(analysis, "schema", alter->newschema, USE_NAMES, LOCK_NONE);
	if (alter->relation) {
		analysis_use_relation(analysis, kind->word, alter->relation, USE_DROPS, LOCK_ACCESS_EXCLUSIVE);
		analysis_use(analysis, kind->word,
		             tree_qualified(analysis->arena, alter->newschema, alter->relation->relname), USE_CREATES,
		             LOCK_NONE);
	} else {
		use_object(analysis, alter->object_type, alter->object, USE_NAMES, EXCLUSIVE);
	}
}

void describe_owner(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__AlterOwnerStmt *alter = (const PgQuery__AlterOwnerStmt *)message;
	analysis->statement->tag = object_kind_get(alter->object_type)->alter;
	if (alter->relation)
		analysis_use_relation(analysis, "table", alter->relation, USE_NAMES, LOCK_ACCESS_EXCLUSIVE);
	else
		use_object(analysis, alter->object_type, alter->object, USE_NAMES, EXCLUSIVE);
}

/* A comment or label locks its object; the table of a constraint, trigger, policy or rule is only looked up. */
static struct object_locks comment_locks(PgQuery__ObjectType type)
{
	bool light = is_part(type) && type != PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN;
	enum lock_mode lock = light ? LOCK_ACCESS_SHARE : LOCK_SHARE_UPDATE_EXCLUSIVE;
	return (struct object_locks){lock, lock};
}

void describe_comment(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__CommentStmt *comment = (const PgQuery__CommentStmt *)message;
	use_object(analysis, comment->objtype, comment->object, USE_NAMES, comment_locks(comment->objtype));
}

void describe_label(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__SecLabelStmt *label = (const PgQuery__SecLabelStmt *)message;
	use_object(analysis, label->objtype, label->object, USE_NAMES, comment_locks(label->objtype));
}
