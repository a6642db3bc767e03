/*
 * What a query plan was made under: server, settings, schema, and what the planner knew of the relations it reads; and
 * what of that changed between two plans. Knows no plan.
 */
#ifndef CORE_EXPLAIN_SURROUNDINGS_H
#define CORE_EXPLAIN_SURROUNDINGS_H

#include <stdint.h>

#include "base/arena.h"
#include "base/list.h"

/* NULL and 0: not known, and then nothing is said about it. */
struct plan_surroundings {
	const char *server_version; /* as the server prints it: "15.4 (Debian 15.4-1)" */
	const char *settings_json;  /* object: name -> text, those of the planner's that are not as shipped */
	const char *schema_digest;  /* hex */
	/*
	 * Array of the relations that it reads: {"name": "public.orders", "rows": n, "pages": n, "indexes": [CREATE INDEX
	 * texts]}: rows and pages as the statistics say.
	 */
	const char *relations_json;
	double rows;                /* that the planner expected of the whole query */
};

/*
 * Appends a sentence without full stop for each thing that differs, in the arena, those first that change a plan most
 * directly: "index gone: CREATE INDEX ...", "setting work_mem: 4MB before, 64MB now". Row counts count from 10 %
 * on, the rows expected from twice as many or half.
 */
void surroundings_compare(struct arena *arena, const struct plan_surroundings *before,
                          const struct plan_surroundings *after, struct text_list *ret_sentences);

#endif
