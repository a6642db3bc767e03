/*
 * What a query's plan looks like, as 16 hex digits: two plans of one query with one shape do the same in the same
 * order. Pure.
 *
 * In it: the nodes in their order, each with its kind (Seq Scan, Hash Join), parallel or not, join type, strategy,
 * partial mode, operation, backward direction; the relation, index, function or CTE that it reads; the columns of its
 * index, join, hash and merge conditions, of filters, sort and group keys; whether it is a SubPlan, InitPlan or CTE.
 *
 * Not in it: numbers, literals, parameters, operators, aliases, schemas, and what differs between the text and JSON
 * forms, between server versions or with EXPLAIN's options. Digits in names of relations count as one mark, and so
 * does a relation's name in that of its index. Partitions of one table that are read in the same way count once,
 * however many there are; when one alone is left it is known for theirs only if their names differ in digits.
 */
#ifndef CORE_EXPLAIN_SHAPE_H
#define CORE_EXPLAIN_SHAPE_H

#include "core/explain/query_plan.h"

struct plan_shape {
	char hex[17]; /* with NUL */
};

struct plan_shape query_plan_shape(const struct query_plan *plan);

#endif
