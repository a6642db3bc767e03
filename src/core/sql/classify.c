#include <string.h>

#include "core/sql/analysis.h"

/* One row per kind of statement of PostgreSQL's grammar. */

enum trait {
	TRAIT_NONE = 0,
	TRAIT_READS = 1,   /* writes nothing by itself */
	TRAIT_CLUSTER = 2, /* reaches beyond the database */
	TRAIT_FOREIGN = 4, /* makes or uses a way to another server */
	TRAIT_OUTSIDE = 8, /* cannot run in a transaction block */
	TRAIT_SESSION = 16, /* sets what later statements of the session run under */
};

struct statement_kind {
	const char *tag;
	unsigned traits;
	describe_function *describe; /* NULL: the walk says all */
};

#define STATEMENT(node) [PG_QUERY__NODE__NODE_##node##_STMT]

static const struct statement_kind KINDS[] = {
	STATEMENT(ALTER_COLLATION) = {.tag = "ALTER COLLATION"},
	STATEMENT(ALTER_DATABASE) = {.tag = "ALTER DATABASE", .traits = TRAIT_CLUSTER, .describe = describe_alter_database},
	STATEMENT(ALTER_DATABASE_REFRESH_COLL) = {.tag = "ALTER DATABASE", .traits = TRAIT_CLUSTER},
	STATEMENT(ALTER_DATABASE_SET) = {.tag = "ALTER DATABASE", .traits = TRAIT_CLUSTER},
	STATEMENT(ALTER_DEFAULT_PRIVILEGES) = {.tag = "ALTER DEFAULT PRIVILEGES"},
	STATEMENT(ALTER_DOMAIN) = {.tag = "ALTER DOMAIN", .describe = describe_alter_domain},
	STATEMENT(ALTER_ENUM) = {.tag = "ALTER TYPE", .describe = describe_alter_enum},
	STATEMENT(ALTER_EVENT_TRIG) = {.tag = "ALTER EVENT TRIGGER"},
	STATEMENT(ALTER_EXTENSION) = {.tag = "ALTER EXTENSION", .describe = describe_alter_extension},
	STATEMENT(ALTER_EXTENSION_CONTENTS) = {.tag = "ALTER EXTENSION"},
	STATEMENT(ALTER_FDW) = {.tag = "ALTER FOREIGN DATA WRAPPER", .traits = TRAIT_FOREIGN},
	STATEMENT(ALTER_FOREIGN_SERVER) = {.tag = "ALTER SERVER", .traits = TRAIT_FOREIGN},
	STATEMENT(ALTER_FUNCTION) = {.tag = "ALTER FUNCTION", .describe = describe_alter_function},
	STATEMENT(ALTER_OBJECT_DEPENDS) = {.tag = "ALTER OBJECT"},
	STATEMENT(ALTER_OBJECT_SCHEMA) = {.tag = "ALTER OBJECT", .describe = describe_set_schema},
	STATEMENT(ALTER_OPERATOR) = {.tag = "ALTER OPERATOR"},
	STATEMENT(ALTER_OP_FAMILY) = {.tag = "ALTER OPERATOR FAMILY"},
	STATEMENT(ALTER_OWNER) = {.tag = "ALTER OBJECT", .describe = describe_owner},
	STATEMENT(ALTER_POLICY) = {.tag = "ALTER POLICY", .describe = describe_alter_policy},
	STATEMENT(ALTER_PUBLICATION) = {.tag = "ALTER PUBLICATION", .describe = describe_publication},
	STATEMENT(ALTER_ROLE) = {.tag = "ALTER ROLE", .traits = TRAIT_CLUSTER},
	STATEMENT(ALTER_ROLE_SET) = {.tag = "ALTER ROLE", .traits = TRAIT_CLUSTER},
	STATEMENT(ALTER_SEQ) = {.tag = "ALTER SEQUENCE", .describe = describe_alter_sequence},
	STATEMENT(ALTER_STATS) = {.tag = "ALTER STATISTICS"},
	STATEMENT(ALTER_SUBSCRIPTION) = {.tag = "ALTER SUBSCRIPTION",
	                                 .traits = TRAIT_FOREIGN,
	                                 .describe = describe_alter_subscription},
	STATEMENT(ALTER_SYSTEM) = {.tag = "ALTER SYSTEM", .traits = TRAIT_CLUSTER | TRAIT_OUTSIDE},
	STATEMENT(ALTER_TABLE) = {.tag = "ALTER TABLE", .describe = describe_alter_table},
	STATEMENT(ALTER_TABLE_MOVE_ALL) = {.tag = "ALTER TABLE"},
	STATEMENT(ALTER_TABLE_SPACE_OPTIONS) = {.tag = "ALTER TABLESPACE", .traits = TRAIT_CLUSTER},
	STATEMENT(ALTER_TSCONFIGURATION) = {.tag = "ALTER TEXT SEARCH CONFIGURATION"},
	STATEMENT(ALTER_TSDICTIONARY) = {.tag = "ALTER TEXT SEARCH DICTIONARY"},
	STATEMENT(ALTER_TYPE) = {.tag = "ALTER TYPE"},
	STATEMENT(ALTER_USER_MAPPING) = {.tag = "ALTER USER MAPPING", .traits = TRAIT_FOREIGN},
	STATEMENT(CALL) = {.tag = "CALL", .describe = describe_opaque},
	STATEMENT(CHECK_POINT) = {.tag = "CHECKPOINT", .traits = TRAIT_CLUSTER},
	STATEMENT(CLOSE_PORTAL) = {.tag = "CLOSE CURSOR", .traits = TRAIT_READS},
	STATEMENT(CLUSTER) = {.tag = "CLUSTER", .describe = describe_cluster},
	STATEMENT(COMMENT) = {.tag = "COMMENT", .describe = describe_comment},
	STATEMENT(COMPOSITE_TYPE) = {.tag = "CREATE TYPE", .describe = describe_composite_type},
	STATEMENT(CONSTRAINTS_SET) = {.tag = "SET CONSTRAINTS"},
	STATEMENT(COPY) = {.tag = "COPY", .describe = describe_copy},
	STATEMENT(CREATE_AM) = {.tag = "CREATE ACCESS METHOD"},
	STATEMENT(CREATE_CAST) = {.tag = "CREATE CAST"},
	STATEMENT(CREATE_CONVERSION) = {.tag = "CREATE CONVERSION"},
	STATEMENT(CREATE_DOMAIN) = {.tag = "CREATE DOMAIN", .describe = describe_create_domain},
	STATEMENT(CREATE_ENUM) = {.tag = "CREATE TYPE", .describe = describe_create_enum},
	STATEMENT(CREATE_EVENT_TRIG) = {.tag = "CREATE EVENT TRIGGER"},
	STATEMENT(CREATE_EXTENSION) = {.tag = "CREATE EXTENSION", .describe = describe_create_extension},
	STATEMENT(CREATE_FDW) = {.tag = "CREATE FOREIGN DATA WRAPPER", .traits = TRAIT_FOREIGN},
	STATEMENT(CREATE_FOREIGN_SERVER) = {.tag = "CREATE SERVER", .traits = TRAIT_FOREIGN},
	STATEMENT(CREATE_FOREIGN_TABLE) = {.tag = "CREATE FOREIGN TABLE",
	                                   .traits = TRAIT_FOREIGN,
	                                   .describe = describe_create_foreign_table},
	STATEMENT(CREATE_FUNCTION) = {.tag = "CREATE FUNCTION", .describe = describe_create_function},
	STATEMENT(CREATE) = {.tag = "CREATE TABLE", .describe = describe_create_table},
	STATEMENT(CREATE_OP_CLASS) = {.tag = "CREATE OPERATOR CLASS"},
	STATEMENT(CREATE_OP_FAMILY) = {.tag = "CREATE OPERATOR FAMILY"},
	STATEMENT(CREATE_PLANG) = {.tag = "CREATE LANGUAGE"},
	STATEMENT(CREATE_POLICY) = {.tag = "CREATE POLICY", .describe = describe_create_policy},
	STATEMENT(CREATE_PUBLICATION) = {.tag = "CREATE PUBLICATION", .describe = describe_publication},
	STATEMENT(CREATE_RANGE) = {.tag = "CREATE TYPE", .describe = describe_create_range},
	STATEMENT(CREATE_ROLE) = {.tag = "CREATE ROLE", .traits = TRAIT_CLUSTER},
	STATEMENT(CREATE_SCHEMA) = {.tag = "CREATE SCHEMA", .describe = describe_create_schema},
	STATEMENT(CREATE_SEQ) = {.tag = "CREATE SEQUENCE", .describe = describe_create_sequence},
	STATEMENT(CREATE_STATS) = {.tag = "CREATE STATISTICS", .describe = describe_create_statistics},
	STATEMENT(CREATE_SUBSCRIPTION) = {.tag = "CREATE SUBSCRIPTION",
	                                  .traits = TRAIT_FOREIGN,
	                                  .describe = describe_create_subscription},
	STATEMENT(CREATE_TABLE_AS) = {.tag = "CREATE TABLE AS", .describe = describe_create_table_as},
	STATEMENT(CREATE_TABLE_SPACE) = {.tag = "CREATE TABLESPACE", .traits = TRAIT_CLUSTER | TRAIT_OUTSIDE},
	STATEMENT(CREATE_TRANSFORM) = {.tag = "CREATE TRANSFORM"},
	STATEMENT(CREATE_TRIG) = {.tag = "CREATE TRIGGER", .describe = describe_create_trigger},
	STATEMENT(CREATE_USER_MAPPING) = {.tag = "CREATE USER MAPPING", .traits = TRAIT_FOREIGN},
	STATEMENT(CREATEDB) = {.tag = "CREATE DATABASE", .traits = TRAIT_CLUSTER | TRAIT_OUTSIDE},
	STATEMENT(DEALLOCATE) = {.tag = "DEALLOCATE", .traits = TRAIT_READS},
	STATEMENT(DECLARE_CURSOR) = {.tag = "DECLARE CURSOR", .traits = TRAIT_READS, .describe = describe_data_change},
	STATEMENT(DEFINE) = {.tag = "CREATE OBJECT", .describe = describe_define},
	STATEMENT(DELETE) = {.tag = "DELETE", .describe = describe_data_change},
	STATEMENT(DISCARD) = {.tag = "DISCARD", .traits = TRAIT_SESSION, .describe = describe_discard},
	STATEMENT(DO) = {.tag = "DO", .describe = describe_opaque},
	STATEMENT(DROP) = {.tag = "DROP OBJECT", .describe = describe_drop},
	STATEMENT(DROP_OWNED) = {.tag = "DROP OWNED"},
	STATEMENT(DROP_ROLE) = {.tag = "DROP ROLE", .traits = TRAIT_CLUSTER},
	/* With a slot it cannot run in a transaction, and the text does not show whether there is one. */
	STATEMENT(DROP_SUBSCRIPTION) = {.tag = "DROP SUBSCRIPTION", .traits = TRAIT_FOREIGN | TRAIT_OUTSIDE},
	STATEMENT(DROP_TABLE_SPACE) = {.tag = "DROP TABLESPACE", .traits = TRAIT_CLUSTER | TRAIT_OUTSIDE},
	STATEMENT(DROP_USER_MAPPING) = {.tag = "DROP USER MAPPING", .traits = TRAIT_FOREIGN},
	STATEMENT(DROPDB) = {.tag = "DROP DATABASE", .traits = TRAIT_CLUSTER | TRAIT_OUTSIDE},
	STATEMENT(EXECUTE) = {.tag = "EXECUTE", .describe = describe_opaque},
	STATEMENT(EXPLAIN) = {.tag = "EXPLAIN", .traits = TRAIT_READS, .describe = describe_explain},
	STATEMENT(FETCH) = {.tag = "FETCH"},
	STATEMENT(GRANT) = {.tag = "GRANT", .describe = describe_without_locks},
	STATEMENT(GRANT_ROLE) = {.tag = "GRANT ROLE", .traits = TRAIT_CLUSTER},
	STATEMENT(IMPORT_FOREIGN_SCHEMA) = {.tag = "IMPORT FOREIGN SCHEMA", .traits = TRAIT_FOREIGN},
	STATEMENT(INDEX) = {.tag = "CREATE INDEX", .describe = describe_create_index},
	STATEMENT(INSERT) = {.tag = "INSERT", .describe = describe_data_change},
	STATEMENT(LISTEN) = {.tag = "LISTEN"},
	STATEMENT(LOAD) = {.tag = "LOAD"},
	STATEMENT(LOCK) = {.tag = "LOCK TABLE", .describe = describe_lock},
	STATEMENT(MERGE) = {.tag = "MERGE", .describe = describe_data_change},
	STATEMENT(NOTIFY) = {.tag = "NOTIFY"},
	STATEMENT(PREPARE) = {.tag = "PREPARE", .describe = describe_without_locks},
	STATEMENT(REASSIGN_OWNED) = {.tag = "REASSIGN OWNED"},
	STATEMENT(REFRESH_MAT_VIEW) = {.tag = "REFRESH MATERIALIZED VIEW", .describe = describe_refresh},
	STATEMENT(REINDEX) = {.tag = "REINDEX", .describe = describe_reindex},
	STATEMENT(RENAME) = {.tag = "ALTER OBJECT", .describe = describe_rename},
	STATEMENT(RULE) = {.tag = "CREATE RULE", .describe = describe_create_rule},
	STATEMENT(SEC_LABEL) = {.tag = "SECURITY LABEL", .describe = describe_label},
	STATEMENT(SELECT) = {.tag = "SELECT", .traits = TRAIT_READS, .describe = describe_select},
	STATEMENT(TRANSACTION) = {.tag = "TRANSACTION", .describe = describe_transaction},
	STATEMENT(TRUNCATE) = {.tag = "TRUNCATE TABLE", .describe = describe_truncate},
	STATEMENT(UNLISTEN) = {.tag = "UNLISTEN"},
	STATEMENT(UPDATE) = {.tag = "UPDATE", .describe = describe_data_change},
	STATEMENT(VACUUM) = {.tag = "VACUUM", .describe = describe_vacuum},
	STATEMENT(VARIABLE_SET) = {.tag = "SET", .traits = TRAIT_SESSION},
	STATEMENT(VARIABLE_SHOW) = {.tag = "SHOW", .traits = TRAIT_READS},
	STATEMENT(VIEW) = {.tag = "CREATE VIEW", .describe = describe_create_view},
};

static const struct statement_kind *find_kind(const PgQuery__Node *node)
{
	static const struct statement_kind OTHER = {.tag = "UNKNOWN"};
	size_t index = (size_t)node->node_case;
	return index < sizeof(KINDS) / sizeof(KINDS[0]) && KINDS[index].tag ? &KINDS[index] : &OTHER;
}

/* SELECT ... FOR UPDATE: which of its tables are locked is not looked at, so all count. */
static void strengthen_row_locks(struct analysis *analysis)
{
	for (size_t i = 0; analysis->locks_rows && i < analysis->objects.count; i++)
		if (analysis->objects.items[i].lock == LOCK_ACCESS_SHARE)
			analysis->objects.items[i].lock = LOCK_ROW_SHARE;
}

static bool names_cte(const struct analysis *analysis, const struct object_use *use)
{
	return !use->creates && !use->writes && strcmp(use->kind, "table") == 0 &&
	       text_list_has(&analysis->ctes, use->name);
}

static void drop_ctes(struct analysis *analysis)
{
	size_t kept = 0;
	for (size_t i = 0; i < analysis->objects.count; i++)
		if (!names_cte(analysis, &analysis->objects.items[i]))
			analysis->objects.items[kept++] = analysis->objects.items[i];
	analysis->objects.count = kept;
}

/* Which table a bare column belongs to is not known from the text: each table of the statement may have it. */
static void add_columns(struct analysis *analysis)
{
	size_t tables = analysis->objects.count;
	for (size_t t = 0; t < tables; t++) {
		struct object_use table = analysis->objects.items[t];
		if (strcmp(table.kind, "table") != 0 || table.creates || table.drops)
			continue;
		for (size_t c = 0; c < analysis->columns.count; c++)
			analysis_use(analysis, "column",
			             tree_qualified(analysis->arena, table.name, analysis->columns.items[c]), USE_NAMES,
			             LOCK_NONE);
	}
}

void analyse(struct analysis *analysis, const PgQuery__Node *node)
{
	const struct statement_kind *kind = find_kind(node);
	struct statement *statement = analysis->statement;

	statement->tag = kind->tag;
	statement->class = kind->traits & TRAIT_OUTSIDE ? CLASS_OUTSIDE : CLASS_TRANSACTIONAL;
	statement->read_only = (kind->traits & TRAIT_READS) != 0;
	statement->cluster_wide = (kind->traits & TRAIT_CLUSTER) != 0;
	statement->foreign = (kind->traits & TRAIT_FOREIGN) != 0;
	if (kind->describe)
		kind->describe(analysis, tree_message(node));
	analysis_walk(analysis, tree_message(node));
	statement->session_state = (kind->traits & TRAIT_SESSION) != 0 ||
	                           (analysis->configures && statement->read_only && !statement->opaque_writes);
	drop_ctes(analysis);
	strengthen_row_locks(analysis);
	add_columns(analysis);
}
