/* PostgreSQL's kinds of objects: their words and the command tags made of them. Knows no statements. */
#ifndef CORE_SQL_KIND_H
#define CORE_SQL_KIND_H

#include <stdbool.h>

#include <pg_query/pg_query.pb-c.h>

struct object_kind {
	const char *word;   /* "materialized view" */
	const char *create; /* "CREATE MATERIALIZED VIEW" */
	const char *alter;
	const char *drop;
};

/* The row of a kind; one that the table lacks (a newer parser's) is "object". Never NULL. */
const struct object_kind *object_kind_get(PgQuery__ObjectType type);

/* Whether objects of this kind share PostgreSQL's one name space of relations. */
bool kind_is_relation(const char *word);

#endif
