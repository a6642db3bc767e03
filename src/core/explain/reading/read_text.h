/* The text form of EXPLAIN, without frame. Knows no JSON. */
#ifndef CORE_EXPLAIN_READ_TEXT_H
#define CORE_EXPLAIN_READ_TEXT_H

#include "core/explain/query_plan.h"

/* FAIL_USAGE when there is no node in it. */
enum status query_plan_read_text(struct arena *arena, const char *text, size_t length, struct query_plan **ret_plan,
                                 struct error *err) MUST_CHECK;

#endif
