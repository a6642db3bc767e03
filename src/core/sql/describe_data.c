#include "core/sql/analysis.h"

/* What statements that read, write or maintain data name and lock. */

void describe_select(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__SelectStmt *select = (const PgQuery__SelectStmt *)message;
	analysis->executes = true;
	if (select->into_clause)
		analysis->statement->tag = "SELECT INTO";
}

void describe_data_change(struct analysis *analysis, const ProtobufCMessage *message)
{
	(void)message;
	analysis->executes = true; /* the walk notes what is written, also in WITH */
}

/* PREPARE keeps its query, GRANT changes the catalog alone. */
void describe_without_locks(struct analysis *analysis, const ProtobufCMessage *message)
{
	(void)message;
	analysis->stores = true;
}

void describe_explain(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__ExplainStmt *explain = (const PgQuery__ExplainStmt *)message;
	bool runs = tree_option_is_on(explain->options, explain->n_options, "analyze");
	analysis->executes = runs;
	analysis->plans = !runs;
	analysis->statement->read_only = !runs;
}

/* COPY reads or writes a table through us, or a file or program of the server. */
void describe_copy(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__CopyStmt *copy = (const PgQuery__CopyStmt *)message;
	analysis->executes = true;
	analysis->statement->foreign = copy->is_program || *copy->filename;
	analysis_use_relation(analysis, "table", copy->relation, copy->is_from ? USE_WRITES : USE_NAMES,
	                      copy->is_from ? LOCK_ROW_EXCLUSIVE : LOCK_ACCESS_SHARE);
}

static void use_relations(struct analysis *analysis, PgQuery__Node *const *relations, size_t count, unsigned flags,
                          enum lock_mode lock)
{
	for (size_t i = 0; i < count; i++)
		if (relations[i]->node_case == PG_QUERY__NODE__NODE_RANGE_VAR)
			analysis_use_relation(analysis, "table", relations[i]->range_var, flags, lock);
}

void describe_truncate(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__TruncateStmt *truncate = (const PgQuery__TruncateStmt *)message;
	use_relations(analysis, truncate->relations, truncate->n_relations, USE_WRITES, LOCK_ACCESS_EXCLUSIVE);
}

void describe_lock(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__LockStmt *lock = (const PgQuery__LockStmt *)message;
	/* The tree has PostgreSQL's own numbers, which are ours too: 1 is ACCESS SHARE, 8 ACCESS EXCLUSIVE. */
	use_relations(analysis, lock->relations, lock->n_relations, USE_NAMES, (enum lock_mode)lock->mode);
}

void describe_vacuum(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__VacuumStmt *vacuum = (const PgQuery__VacuumStmt *)message;
	bool full = vacuum->is_vacuumcmd && tree_option_is_on(vacuum->options, vacuum->n_options, "full");

	analysis->statement->tag = vacuum->is_vacuumcmd ? "VACUUM" : "ANALYZE";
	analysis->statement->class = vacuum->is_vacuumcmd ? CLASS_OUTSIDE : CLASS_TRANSACTIONAL;
	for (size_t i = 0; i < vacuum->n_rels; i++)
		analysis_use_relation(analysis, "table", vacuum->rels[i]->vacuum_relation->relation, USE_NAMES,
		                      full ? LOCK_ACCESS_EXCLUSIVE : LOCK_SHARE_UPDATE_EXCLUSIVE);
}

void describe_cluster(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__ClusterStmt *cluster = (const PgQuery__ClusterStmt *)message;
	if (!cluster->relation)
		analysis->statement->class = CLASS_OUTSIDE;
	analysis_use_relation(analysis, "table", cluster->relation, USE_NAMES, LOCK_ACCESS_EXCLUSIVE);
}

void describe_reindex(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__ReindexStmt *reindex = (const PgQuery__ReindexStmt *)message;
	bool concurrent = tree_option_is_on(reindex->params, reindex->n_params, "concurrently");
	bool index = reindex->kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_INDEX;
	enum lock_mode plain = index ? LOCK_ACCESS_EXCLUSIVE : LOCK_SHARE;

	analysis->statement->concurrent_index = concurrent;
	/* Whole schemas and databases commit table by table. */
	if (concurrent || !reindex->relation)
		analysis->statement->class = CLASS_OUTSIDE;
	analysis_use_relation(analysis, index ? "index" : "table", reindex->relation, USE_NAMES,
	                      concurrent ? LOCK_SHARE_UPDATE_EXCLUSIVE : plain);
}

void describe_refresh(struct analysis *analysis, const ProtobufCMessage *message)
{
	const PgQuery__RefreshMatViewStmt *refresh = (const PgQuery__RefreshMatViewStmt *)message;
	analysis_use_relation(analysis, "materialized view", refresh->relation, USE_NAMES,
	                      refresh->concurrent ? LOCK_EXCLUSIVE : LOCK_ACCESS_EXCLUSIVE);
}
