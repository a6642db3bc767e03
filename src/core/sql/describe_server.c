#include <string.h>

#include "core/sql/analysis.h"

/* Statements about transactions, sessions, replication and databases. */

static const struct {
	const char *tag;
	enum transaction_class class;
} TRANSACTIONS[] = {
	[PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_BEGIN] = {"BEGIN", CLASS_BEGIN},
	[PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_START] = {"START TRANSACTION", CLASS_BEGIN},
	[PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT] = {"COMMIT", CLASS_COMMIT},
	[PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK] = {"ROLLBACK", CLASS_ROLLBACK},
	[PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_SAVEPOINT] = {"SAVEPOINT", CLASS_SAVEPOINT},
	[PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_RELEASE] = {"RELEASE", CLASS_SAVEPOINT},
	[PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK_TO] = {"ROLLBACK TO SAVEPOINT", CLASS_SAVEPOINT},
	[PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_PREPARE] = {"PREPARE TRANSACTION", CLASS_ROLLBACK},
	[PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT_PREPARED] = {"COMMIT PREPARED", CLASS_ROLLBACK},
	[PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK_PREPARED] = {"ROLLBACK PREPARED", CLASS_ROLLBACK},
};

/* The modes of BEGIN that change nothing for us: ours is READ COMMITTED, READ WRITE. */
static bool is_default_mode(const PgQuery__Node *option)
{
	if (option->node_case != PG_QUERY__NODE__NODE_DEF_ELEM || !option->def_elem->arg ||
	    option->def_elem->arg->node_case != PG_QUERY__NODE__NODE_A_CONST)
		return false;
	const PgQuery__AConst *value = option->def_elem->arg->a_const;
	if (value->val_case == PG_QUERY__A__CONST__VAL_SVAL)
		return strcmp(value->sval->sval, "read committed") == 0;
	return strcmp(option->def_elem->defname, "transaction_read_only") == 0 &&
	       value->val_case == PG_QUERY__A__CONST__VAL_IVAL && value->ival->ival == 0;
}

void describe_transaction(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__TransactionStmt *transaction = (const PgQuery__TransactionStmt *)message;
	size_t index = (size_t)transaction->kind;
	struct statement *statement = analysis->statement;

	statement->class = CLASS_ROLLBACK;
	if (index < sizeof(TRANSACTIONS) / sizeof(TRANSACTIONS[0]) && TRANSACTIONS[index].tag) {
		statement->tag = TRANSACTIONS[index].tag;
		statement->class = TRANSACTIONS[index].class;
	}
	for (size_t i = 0; statement->class == CLASS_BEGIN && i < transaction->n_options; i++)
		if (!is_default_mode(transaction->options[i])) {
			statement->tag = "BEGIN with transaction modes";
			statement->class = CLASS_ROLLBACK;
		}
	if (transaction->chain) {
		statement->tag = "COMMIT AND CHAIN";
		statement->class = CLASS_ROLLBACK;
	}
}

void describe_discard(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__DiscardStmt *discard = (const PgQuery__DiscardStmt *)message;
	if (discard->target == PG_QUERY__DISCARD_MODE__DISCARD_ALL)
		analysis->statement->class = CLASS_OUTSIDE;
}

/* Making a replication slot cannot be undone by a rollback (manual, page CREATE SUBSCRIPTION). */
void describe_create_subscription(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__CreateSubscriptionStmt *create = (const PgQuery__CreateSubscriptionStmt *)message;
	analysis_use(analysis, "subscription", create->subname, USE_CREATES, LOCK_NONE);
	if (!tree_option_is_off(create->options, create->n_options, "connect") &&
	    !tree_option_is_off(create->options, create->n_options, "create_slot"))
		analysis->statement->class = CLASS_OUTSIDE;
}

/* Actions that refresh the publication cannot run in a transaction (manual, page ALTER SUBSCRIPTION). */
void describe_alter_subscription(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__AlterSubscriptionStmt *alter = (const PgQuery__AlterSubscriptionStmt *)message;
	analysis_use(analysis, "subscription", alter->subname, USE_NAMES, LOCK_NONE);
	switch (alter->kind) {
	case PG_QUERY__ALTER_SUBSCRIPTION_TYPE__ALTER_SUBSCRIPTION_SET_PUBLICATION:
	case PG_QUERY__ALTER_SUBSCRIPTION_TYPE__ALTER_SUBSCRIPTION_ADD_PUBLICATION:
	case PG_QUERY__ALTER_SUBSCRIPTION_TYPE__ALTER_SUBSCRIPTION_DROP_PUBLICATION:
		if (tree_option_is_off(alter->options, alter->n_options, "refresh"))
			return;
		break;
	case PG_QUERY__ALTER_SUBSCRIPTION_TYPE__ALTER_SUBSCRIPTION_REFRESH:
		break;
	default:
		return;
	}
	analysis->statement->class = CLASS_OUTSIDE;
}

void describe_alter_database(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__AlterDatabaseStmt *alter = (const PgQuery__AlterDatabaseStmt *)message;
	for (size_t i = 0; i < alter->n_options; i++)
		if (alter->options[i]->node_case == PG_QUERY__NODE__NODE_DEF_ELEM &&
		    strcmp(alter->options[i]->def_elem->defname, "tablespace") == 0)
			analysis->statement->class = CLASS_OUTSIDE;
}

/* Published tables are locked against other changes of their definition. */
static bool visit_published(const ProtobufCMessage *message, void *context)
{
	if (message->descriptor != &pg_query__publication_table__descriptor)
		return true;
	analysis_use_relation(context, "table", ((const PgQuery__PublicationTable *)message)->relation, USE_NAMES,
	                      LOCK_SHARE_UPDATE_EXCLUSIVE);
	return false;
}

void describe_publication(struct analysis *analysis, const ProtobufCMessage *message)
{
	tree_walk(message, visit_published, analysis);
}

/* DO, CALL, EXECUTE: code whose effect the text does not show. */
void describe_opaque(struct analysis *analysis, const ProtobufCMessage *message)
{
	(void)message;
	analysis->executes = true;
	analysis->statement->opaque_writes = true;
}
