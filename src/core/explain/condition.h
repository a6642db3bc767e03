/*
 * Conditions and keys as EXPLAIN prints them, taken apart as far as an index could serve them. Pure; knows no types but
 * those that are printed.
 */
#ifndef CORE_EXPLAIN_CONDITION_H
#define CORE_EXPLAIN_CONDITION_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/list.h"

enum term_kind {
	TERM_EQUAL,     /* column = constant */
	TERM_ANY,       /* column = ANY (constants) */
	TERM_STATE,     /* column IS NULL, a boolean column, NOT one */
	TERM_RANGE,     /* column < constant */
	TERM_CONTAINED, /* column @> constant of jsonb or an array */
	TERM_JOIN,      /* column = column of another table */
	TERM_OTHER,     /* anything else: what it needs is not known */
};

/* One of the conditions that are joined by AND. */
struct term {
	enum term_kind kind;
	const char *qualifier;       /* "o" of o.status, or NULL */
	const char *key;             /* the column as printed, quoted where it must be, or an expression in parentheses */
	const char *other_qualifier; /* of a join: the right side */
	const char *other_key;
};

struct term_list {
	struct term *items;
	size_t count;
	size_t room;
};

/* The terms of a condition in their order; NULL has none. */
void condition_terms(struct arena *arena, const char *condition, struct term_list *ret_terms);

/* Names of the columns in a condition, or in a list of sort or group keys: as printed, each once, without qualifiers.
 * Nothing of what is said of SubPlans. NULL has none. */
void condition_columns(struct arena *arena, const char *condition, struct text_list *ret_columns);

/*
 * The keys of a sort that are plain columns, without qualifiers and with their direction: "created_at DESC". None at
 * all when one of them is an expression.
 */
void condition_sort_keys(struct arena *arena, const char *sort_key, struct text_list *ret_keys);

/* The qualifiers of columns in it, each once. */
void condition_qualifiers(struct arena *arena, const char *condition, struct text_list *ret_qualifiers);

#endif
