/*
 * A statement under study: what its tree says is gathered here, by one describe function per kind of statement and
 * by a walk over everything in it. Knows no text.
 */
#ifndef CORE_SQL_ANALYSIS_H
#define CORE_SQL_ANALYSIS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/list.h"
#include "core/sql/statement.h"
#include "core/sql/tree.h"

enum use_flag {
	USE_NAMES = 0,
	USE_CREATES = 1,
	USE_DROPS = 2,
	USE_WRITES = 4,
};

struct analysis {
	struct arena *arena;         /* for names: dies with the analysis */
	struct statement *statement; /* tag, class and flags are set in it; its texts and objects later, by the caller */
	LIST(struct object_use) objects;
	LIST(const ProtobufCMessage *) seen; /* described already: the walk passes them by */
	struct text_list ctes;       /* WITH names: no tables */
	struct text_list columns;    /* names of columns that are read or written */
	const struct text_list *watched; /* values to look for in string constants, or NULL */
	size_t watched_use;          /* 1-based number of the last of them that is found; 0 = none */
	bool executes;               /* runs queries now: its functions are called and its DML writes */
	bool stores;                 /* the queries in it are kept for later: they lock and write nothing now */
	bool plans;                  /* EXPLAIN: its query is planned under its locks, and not run */
	bool locks_rows;             /* SELECT ... FOR UPDATE and such */
	bool configures;             /* calls set_config */
};

/* Fills in the analysis and the statement's tag, class and flags; its texts are in the analysis' arena. */
void analyse(struct analysis *analysis, const PgQuery__Node *node);

/*
 * Notes the use of an object. The same object noted again keeps all flags and the strongest lock; relations of
 * different kinds with one name are one object (the first kind stands). A NULL name does nothing.
 */
void analysis_use(struct analysis *analysis, const char *kind, const char *name, unsigned flags, enum lock_mode lock);

/* The same for a relation in the tree, which the walk then passes by. NULL does nothing. */
void analysis_use_relation(struct analysis *analysis, const char *kind, const PgQuery__RangeVar *relation,
                           unsigned flags, enum lock_mode lock);

/* "table.part" in the analysis' arena: a column, constraint, trigger, policy or rule. */
const char *analysis_part(struct analysis *analysis, const PgQuery__RangeVar *relation, const char *part);

/* A name in the schema of that relation. */
const char *analysis_beside(struct analysis *analysis, const PgQuery__RangeVar *relation, const char *name);

/* The walk over a whole tree: relations, types, functions, columns, literals, writes (uses.c). */
void analysis_walk(struct analysis *analysis, const ProtobufCMessage *message);

/* One per kind of statement; the message is of that kind. */
typedef void describe_function(struct analysis *analysis, const ProtobufCMessage *message);

describe_function describe_create_table, describe_create_foreign_table, describe_create_table_as,
	describe_create_index, describe_alter_table, describe_create_view, describe_create_sequence,
	describe_alter_sequence, describe_truncate, describe_lock, describe_vacuum, describe_cluster, describe_reindex,
	describe_refresh, describe_copy, describe_select, describe_data_change, describe_explain, describe_without_locks;

describe_function describe_drop, describe_rename, describe_set_schema, describe_owner, describe_comment,
	describe_label, describe_create_function, describe_alter_function, describe_define, describe_composite_type,
	describe_create_enum, describe_alter_enum, describe_create_range, describe_create_domain, describe_alter_domain,
	describe_create_schema, describe_create_extension, describe_alter_extension, describe_create_trigger,
	describe_create_policy, describe_alter_policy, describe_create_rule, describe_create_statistics;

describe_function describe_transaction, describe_discard, describe_create_subscription, describe_alter_subscription,
	describe_alter_database, describe_publication, describe_opaque;

/* Lock of one ALTER TABLE action, and of a list of storage options (locks.c). */
enum lock_mode alter_action_lock(const PgQuery__AlterTableCmd *action);
enum lock_mode storage_options_lock(PgQuery__Node *const *options, size_t count);

/* Whether a function of PostgreSQL's own is known, and to what it reaches (functions.c). */
enum function_reach {
	FUNCTION_UNKNOWN, /* may write */
	FUNCTION_READS,   /* known to write nothing */
	FUNCTION_WRITES,  /* known to write or to act on the server */
	FUNCTION_FOREIGN, /* reaches another server or the server's files */
};
enum function_reach function_reach_of(const char *name);

/* The extension that brings a type, function or operator class of this name, or NULL (functions.c). */
const char *extension_of(const char *name);

/* Whether the type is PostgreSQL's own and so no dependency worth noting (functions.c). */
bool type_is_builtin(const char *name);

#endif
