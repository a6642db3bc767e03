#include "core/sql/kind.h"

#include <stddef.h>
#include <string.h>

#define KIND(type, name, TAG)                                                                            \
	[PG_QUERY__OBJECT_TYPE__OBJECT_##type] = {                                                       \
		.word = name, .create = "CREATE " TAG, .alter = "ALTER " TAG, .drop = "DROP " TAG}

/* What is a part of another object is altered with it. */
#define PART(type, name, TAG)                                                                            \
	[PG_QUERY__OBJECT_TYPE__OBJECT_##type] = {                                                       \
		.word = name, .create = "ALTER " TAG, .alter = "ALTER " TAG, .drop = "ALTER " TAG}

static const struct object_kind KINDS[] = {
	KIND(ACCESS_METHOD, "access method", "ACCESS METHOD"),
	KIND(AGGREGATE, "aggregate", "AGGREGATE"),
	PART(ATTRIBUTE, "attribute", "TYPE"),
	KIND(CAST, "cast", "CAST"),
	PART(COLUMN, "column", "TABLE"),
	KIND(COLLATION, "collation", "COLLATION"),
	KIND(CONVERSION, "conversion", "CONVERSION"),
	KIND(DATABASE, "database", "DATABASE"),
	KIND(DOMAIN, "domain", "DOMAIN"),
	PART(DOMCONSTRAINT, "constraint", "DOMAIN"),
	KIND(EVENT_TRIGGER, "event trigger", "EVENT TRIGGER"),
	KIND(EXTENSION, "extension", "EXTENSION"),
	KIND(FDW, "foreign-data wrapper", "FOREIGN DATA WRAPPER"),
	KIND(FOREIGN_SERVER, "server", "SERVER"),
	KIND(FOREIGN_TABLE, "foreign table", "FOREIGN TABLE"),
	KIND(FUNCTION, "function", "FUNCTION"),
	KIND(INDEX, "index", "INDEX"),
	KIND(LANGUAGE, "language", "LANGUAGE"),
	KIND(LARGEOBJECT, "large object", "LARGE OBJECT"),
	KIND(MATVIEW, "materialized view", "MATERIALIZED VIEW"),
	KIND(OPCLASS, "operator class", "OPERATOR CLASS"),
	KIND(OPERATOR, "operator", "OPERATOR"),
	KIND(OPFAMILY, "operator family", "OPERATOR FAMILY"),
	KIND(POLICY, "policy", "POLICY"),
	KIND(PROCEDURE, "procedure", "PROCEDURE"),
	KIND(PUBLICATION, "publication", "PUBLICATION"),
	KIND(ROLE, "role", "ROLE"),
	KIND(ROUTINE, "routine", "ROUTINE"),
	KIND(RULE, "rule", "RULE"),
	KIND(SCHEMA, "schema", "SCHEMA"),
	KIND(SEQUENCE, "sequence", "SEQUENCE"),
	KIND(SUBSCRIPTION, "subscription", "SUBSCRIPTION"),
	KIND(STATISTIC_EXT, "statistics", "STATISTICS"),
	PART(TABCONSTRAINT, "constraint", "TABLE"),
	KIND(TABLE, "table", "TABLE"),
	KIND(TABLESPACE, "tablespace", "TABLESPACE"),
	KIND(TRANSFORM, "transform", "TRANSFORM"),
	KIND(TRIGGER, "trigger", "TRIGGER"),
	KIND(TSCONFIGURATION, "text search configuration", "TEXT SEARCH CONFIGURATION"),
	KIND(TSDICTIONARY, "text search dictionary", "TEXT SEARCH DICTIONARY"),
	KIND(TSPARSER, "text search parser", "TEXT SEARCH PARSER"),
	KIND(TSTEMPLATE, "text search template", "TEXT SEARCH TEMPLATE"),
	KIND(TYPE, "type", "TYPE"),
	KIND(USER_MAPPING, "user mapping", "USER MAPPING"),
	KIND(VIEW, "view", "VIEW"),
};

static const struct object_kind OTHER = {
	.word = "object", .create = "CREATE OBJECT", .alter = "ALTER OBJECT", .drop = "DROP OBJECT"};

static const char *const RELATIONS[] = {"table", "index", "view", "materialized view", "sequence", "foreign table"};

const struct object_kind *object_kind_get(PgQuery__ObjectType type)
{
	size_t index = (size_t)type;
	return index < sizeof(KINDS) / sizeof(KINDS[0]) && KINDS[index].word ? &KINDS[index] : &OTHER;
}

bool kind_is_relation(const char *word)
{
	for (size_t i = 0; i < sizeof(RELATIONS) / sizeof(RELATIONS[0]); i++)
		if (strcmp(word, RELATIONS[i]) == 0)
			return true;
	return false;
}
