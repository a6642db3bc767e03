#include <stdlib.h>
#include <string.h>

#include "core/sql/analysis.h"

/* All tables here are sorted: they are searched by halves, and a unit test holds them to it. */

/* PostgreSQL's own functions that write nothing. Aggregates, text, numbers, times, JSON, catalog look-ups. */
static const char *const READING[] = {
	"abs", "age", "array_agg", "array_append", "array_length", "array_position", "array_remove",
	"array_to_string", "avg", "bool_and", "bool_or", "btrim", "cardinality", "ceil", "ceiling",
	"char_length", "chr", "clock_timestamp", "coalesce", "col_description", "concat", "concat_ws", "count",
	"current_database", "current_schema", "current_schemas", "current_setting", "date_part", "date_trunc",
	"decode", "dense_rank", "encode", "every", "extract", "first_value", "floor", "format", "format_type",
	"gen_random_uuid", "generate_series", "generate_subscripts", "has_column_privilege",
	"has_schema_privilege", "has_table_privilege", "hashtext", "initcap", "isfinite", "json_agg",
	"json_array_elements", "json_array_elements_text", "json_array_length", "json_build_array",
	"json_build_object", "json_each", "json_each_text", "json_object_agg", "json_populate_record",
	"json_populate_recordset", "json_to_record", "json_to_recordset", "json_typeof", "jsonb_agg",
	"jsonb_array_elements", "jsonb_array_elements_text", "jsonb_array_length", "jsonb_build_array",
	"jsonb_build_object", "jsonb_each", "jsonb_each_text", "jsonb_extract_path", "jsonb_extract_path_text",
	"jsonb_insert", "jsonb_object_agg", "jsonb_object_keys", "jsonb_path_exists", "jsonb_path_query",
	"jsonb_populate_record", "jsonb_pretty", "jsonb_set", "jsonb_strip_nulls", "jsonb_to_record",
	"jsonb_to_recordset", "jsonb_typeof", "lag", "last_value", "lead", "left", "length", "like_escape",
	"lower", "lpad", "ltrim", "make_date", "make_interval", "make_timestamptz", "max", "md5", "min", "mod",
	"now", "ntile", "num_nonnulls", "num_nulls", "obj_description", "octet_length", "overlay",
	"percentile_cont", "percentile_disc", "pg_column_size", "pg_get_constraintdef", "pg_get_expr",
	"pg_get_functiondef", "pg_get_indexdef", "pg_get_serial_sequence", "pg_get_triggerdef",
	"pg_get_viewdef", "pg_is_in_recovery", "pg_relation_size", "pg_size_pretty", "pg_table_is_visible",
	"pg_table_size", "pg_total_relation_size", "pg_typeof", "plainto_tsquery", "position", "power",
	"quote_ident", "quote_literal", "quote_nullable", "random", "rank", "regexp_match", "regexp_matches",
	"regexp_replace", "regexp_split_to_array", "regexp_split_to_table", "repeat", "replace", "reverse",
	"right", "round", "row_number", "row_to_json", "rpad", "rtrim", "session_user", "set_config",
	"setweight", "sha256", "sign", "split_part", "sqrt", "starts_with", "statement_timestamp",
	"string_agg", "string_to_array", "strpos", "substr", "substring", "sum", "to_char", "to_date",
	"to_json", "to_jsonb", "to_number", "to_regclass", "to_regproc", "to_regtype", "to_timestamp",
	"to_tsquery", "to_tsvector", "transaction_timestamp", "translate", "trim", "trunc", "ts_rank",
	"txid_current_snapshot", "unnest", "upper", "uuid_generate_v4", "version", "width_bucket",
};

/* Known to write, or to act on the server or on other sessions. */
static const char *const WRITING[] = {
	"lo_creat", "lo_create", "lo_from_bytea", "lo_put", "lo_unlink", "lowrite", "nextval",
	"pg_advisory_lock", "pg_advisory_lock_shared", "pg_advisory_unlock", "pg_advisory_unlock_all",
	"pg_advisory_xact_lock", "pg_cancel_backend", "pg_create_logical_replication_slot",
	"pg_create_physical_replication_slot", "pg_create_restore_point", "pg_drop_replication_slot",
	"pg_logical_emit_message", "pg_notify", "pg_promote", "pg_reload_conf", "pg_replication_slot_advance",
	"pg_rotate_logfile", "pg_stat_reset", "pg_switch_wal", "pg_terminate_backend", "pg_try_advisory_lock",
	"pg_try_advisory_xact_lock", "setval", "txid_current",
};

/* By the beginning of their names: other servers, and the server's own files and programs. */
static const char *const FOREIGN[] = {
	"dblink", "lo_export", "lo_import", "pg_ls_", "pg_read_binary_file", "pg_read_file", "pg_stat_file",
	"postgres_fdw_",
};

static const char *const TYPES[] = {
	"anyarray", "anyelement", "bigserial", "bit", "bool", "box", "bpchar", "bytea", "char", "cidr",
	"circle", "date", "daterange", "event_trigger", "float4", "float8", "inet", "int", "int2", "int4",
	"int4range", "int8", "int8range", "interval", "json", "jsonb", "jsonpath", "line", "lseg", "macaddr",
	"macaddr8", "money", "name", "numeric", "numrange", "oid", "path", "pg_lsn", "point", "polygon",
	"record", "regclass", "regproc", "regprocedure", "regrole", "regtype", "serial", "serial2", "serial4",
	"serial8", "smallserial", "text", "tid", "time", "timestamp", "timestamptz", "timetz", "trigger",
	"tsquery", "tsrange", "tstzrange", "tsvector", "uuid", "varbit", "varchar", "void", "xid", "xid8",
	"xml",
};

/* What well-known extensions bring: a statement that names it needs the extension's migration. */
static const struct member {
	const char *name, *extension;
} MEMBERS[] = {
	{"citext", "citext"},
	{"crypt", "pgcrypto"},
	{"cube", "cube"},
	{"gen_salt", "pgcrypto"},
	{"geography", "postgis"},
	{"geometry", "postgis"},
	{"gin_trgm_ops", "pg_trgm"},
	{"gist_trgm_ops", "pg_trgm"},
	{"halfvec", "vector"},
	{"hnsw", "vector"},
	{"hstore", "hstore"},
	{"ivfflat", "vector"},
	{"ltree", "ltree"},
	{"similarity", "pg_trgm"},
	{"sparsevec", "vector"},
	{"unaccent", "unaccent"},
	{"uuid_generate_v1", "uuid-ossp"},
	{"uuid_generate_v4", "uuid-ossp"},
	{"vector", "vector"},
};

static int compare_text(const void *a, const void *b)
{
	return strcmp(a, *(const char *const *)b);
}

static bool has(const char *const *words, size_t count, const char *name)
{
	return bsearch(name, words, count, sizeof(*words), compare_text) != NULL;
}

#define HAS(words, name) has(words, sizeof(words) / sizeof((words)[0]), name)

enum function_reach function_reach_of(const char *name)
{
	for (size_t i = 0; i < sizeof(FOREIGN) / sizeof(FOREIGN[0]); i++)
		if (strncmp(name, FOREIGN[i], strlen(FOREIGN[i])) == 0)
			return FUNCTION_FOREIGN;
	if (HAS(READING, name))
		return FUNCTION_READS;
	return HAS(WRITING, name) ? FUNCTION_WRITES : FUNCTION_UNKNOWN;
}

bool type_is_builtin(const char *name)
{
	return HAS(TYPES, name);
}

static int compare_member(const void *name, const void *member)
{
	return strcmp(name, ((const struct member *)member)->name);
}

const char *extension_of(const char *name)
{
	const struct member *member =
		bsearch(name, MEMBERS, sizeof(MEMBERS) / sizeof(MEMBERS[0]), sizeof(MEMBERS[0]), compare_member);
	return member ? member->extension : NULL;
}
