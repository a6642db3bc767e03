#include <string.h>

#include "core/sql/analysis.h"

static const struct {
	const char *name;    /* as SQL writes it */
	const char *catalog; /* as pg_locks.mode has it */
} MODES[] = {
	[LOCK_NONE] = {"none", ""},
	[LOCK_ACCESS_SHARE] = {"ACCESS SHARE", "AccessShareLock"},
	[LOCK_ROW_SHARE] = {"ROW SHARE", "RowShareLock"},
	[LOCK_ROW_EXCLUSIVE] = {"ROW EXCLUSIVE", "RowExclusiveLock"},
	[LOCK_SHARE_UPDATE_EXCLUSIVE] = {"SHARE UPDATE EXCLUSIVE", "ShareUpdateExclusiveLock"},
	[LOCK_SHARE] = {"SHARE", "ShareLock"},
	[LOCK_SHARE_ROW_EXCLUSIVE] = {"SHARE ROW EXCLUSIVE", "ShareRowExclusiveLock"},
	[LOCK_EXCLUSIVE] = {"EXCLUSIVE", "ExclusiveLock"},
	[LOCK_ACCESS_EXCLUSIVE] = {"ACCESS EXCLUSIVE", "AccessExclusiveLock"},
};

enum { MODE_COUNT = sizeof(MODES) / sizeof(MODES[0]) };

const char *lock_mode_name(enum lock_mode mode)
{
	return MODES[mode].name;
}

enum lock_mode lock_mode_read(const char *catalog_name)
{
	for (size_t i = LOCK_ACCESS_SHARE; i < MODE_COUNT; i++)
		if (strcmp(MODES[i].catalog, catalog_name) == 0)
			return (enum lock_mode)i;
	return LOCK_NONE;
}

/*
 * ALTER TABLE actions that take less than ACCESS EXCLUSIVE (PostgreSQL 13 to 18, AlterTableGetLockLevel; manual, page
 * ALTER TABLE). What is not in the table takes ACCESS EXCLUSIVE.
 */
#define ACTION(name) [PG_QUERY__ALTER_TABLE_TYPE__AT_##name]
static const enum lock_mode ACTION_LOCKS[] = {
	ACTION(SetStatistics) = LOCK_SHARE_UPDATE_EXCLUSIVE,
	ACTION(SetOptions) = LOCK_SHARE_UPDATE_EXCLUSIVE,
	ACTION(ResetOptions) = LOCK_SHARE_UPDATE_EXCLUSIVE,
	ACTION(ClusterOn) = LOCK_SHARE_UPDATE_EXCLUSIVE,
	ACTION(DropCluster) = LOCK_SHARE_UPDATE_EXCLUSIVE,
	ACTION(ValidateConstraint) = LOCK_SHARE_UPDATE_EXCLUSIVE,
	ACTION(AttachPartition) = LOCK_SHARE_UPDATE_EXCLUSIVE,
	ACTION(DetachPartitionFinalize) = LOCK_SHARE_UPDATE_EXCLUSIVE,
	ACTION(EnableTrig) = LOCK_SHARE_ROW_EXCLUSIVE,
	ACTION(EnableAlwaysTrig) = LOCK_SHARE_ROW_EXCLUSIVE,
	ACTION(EnableReplicaTrig) = LOCK_SHARE_ROW_EXCLUSIVE,
	ACTION(EnableTrigAll) = LOCK_SHARE_ROW_EXCLUSIVE,
	ACTION(EnableTrigUser) = LOCK_SHARE_ROW_EXCLUSIVE,
	ACTION(DisableTrig) = LOCK_SHARE_ROW_EXCLUSIVE,
	ACTION(DisableTrigAll) = LOCK_SHARE_ROW_EXCLUSIVE,
	ACTION(DisableTrigUser) = LOCK_SHARE_ROW_EXCLUSIVE,
};
#undef ACTION

/* Storage options that can be set beside reads and writes (manual, page CREATE TABLE; reloptions.c). */
static const char *const LIGHT_OPTIONS[] = {
	"autovacuum_", "deduplicate_items", "fillfactor", "log_autovacuum_", "n_distinct",
	"parallel_workers", "toast_tuple_target", "vacuum_",
};

static bool is_light(const char *option)
{
	for (size_t i = 0; i < sizeof(LIGHT_OPTIONS) / sizeof(LIGHT_OPTIONS[0]); i++)
		if (strncmp(option, LIGHT_OPTIONS[i], strlen(LIGHT_OPTIONS[i])) == 0)
			return true;
	return false;
}

enum lock_mode storage_options_lock(PgQuery__Node *const *options, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (options[i]->node_case != PG_QUERY__NODE__NODE_DEF_ELEM || !is_light(options[i]->def_elem->defname))
			return LOCK_ACCESS_EXCLUSIVE;
	return LOCK_SHARE_UPDATE_EXCLUSIVE;
}

static bool adds_foreign_key(const PgQuery__AlterTableCmd *action)
{
	return action->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint && action->def &&
	       action->def->node_case == PG_QUERY__NODE__NODE_CONSTRAINT &&
	       action->def->constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN;
}

static bool detaches_concurrently(const PgQuery__AlterTableCmd *action)
{
	return action->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartition && action->def &&
	       action->def->node_case == PG_QUERY__NODE__NODE_PARTITION_CMD && action->def->partition_cmd->concurrent;
}

enum lock_mode alter_action_lock(const PgQuery__AlterTableCmd *action)
{
	size_t index = (size_t)action->subtype;

	if (adds_foreign_key(action))
		return LOCK_SHARE_ROW_EXCLUSIVE;
	if (detaches_concurrently(action))
		return LOCK_SHARE_UPDATE_EXCLUSIVE;
	if ((action->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_SetRelOptions ||
	     action->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_ResetRelOptions) &&
	    action->def && action->def->node_case == PG_QUERY__NODE__NODE_LIST)
		return storage_options_lock(action->def->list->items, action->def->list->n_items);
	if (index < sizeof(ACTION_LOCKS) / sizeof(ACTION_LOCKS[0]) && ACTION_LOCKS[index] != LOCK_NONE)
		return ACTION_LOCKS[index];
	return LOCK_ACCESS_EXCLUSIVE;
}
