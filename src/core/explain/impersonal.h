/*
 * A printed query plan without the constants of its query: a plan that is kept or passed on tells how a query is
 * answered, not for whom. Knows no figures and no tree.
 */
#ifndef CORE_EXPLAIN_IMPERSONAL_H
#define CORE_EXPLAIN_IMPERSONAL_H

#include "base/json.h"
#include "base/strbuf.h"

/*
 * A copy, owned by the caller, of what EXPLAIN (FORMAT JSON) or auto_explain printed, with ? for each constant in its
 * expressions: (id = 42) is (id = ?), 'x'::text is ?::text. Names, figures, settings, parameters ($1) and references to
 * subplans stay. Members that are not known are expressions. A query's text becomes its normalised one.
 */
struct json *query_plan_impersonal(const struct json *printed);

/* The same for one expression. */
void expression_impersonal(struct strbuf *out, const char *expression);

#endif
