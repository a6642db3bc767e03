/*
 * Which relations each node of two plans combines, as sets over one dictionary. Pure; for matching and comparing plans.
 * Functions, CTEs and VALUES count as relations; SubPlans, InitPlans and CTEs are not part of what they hang on.
 */
#ifndef CORE_EXPLAIN_RELATIONS_H
#define CORE_EXPLAIN_RELATIONS_H

#include "core/explain/family.h"

/* One of the two plans. */
struct plan_side {
	const struct query_plan *plan;
	const struct plan_name *names;
	const char **words;  /* for each node what it reads itself, or NULL */
	unsigned char *sets; /* set_bytes for each node */
};

struct plan_relations {
	struct plan_side before, after;
	struct text_list dictionary; /* sorted; of a family what names it in both plans */
	const char **shown;          /* for each word what people call it */
	size_t set_bytes;
};

void plan_relations_find(struct arena *arena, const struct query_plan *before, const struct query_plan *after,
                         struct plan_relations *ret);

/* The set of a node; the order of two sets, 0 = equal. */
const unsigned char *plan_set(const struct plan_relations *relations, const struct plan_side *side, size_t node);
int plan_set_compare(const struct plan_relations *relations, const unsigned char *a, const unsigned char *b);

/* "orders, customers and 3 more"; "nothing" for an empty set. */
const char *plan_set_text(struct arena *arena, const struct plan_relations *relations, const unsigned char *set);

#endif
