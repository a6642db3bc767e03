/* The JSON form of EXPLAIN, from a scanned tree. Knows no text form. */
#ifndef CORE_EXPLAIN_READ_JSON_H
#define CORE_EXPLAIN_READ_JSON_H

#include "base/json_scan.h"
#include "core/explain/reading/build.h"

/* The array that EXPLAIN prints, or the object in it. FAIL_USAGE when it is none. */
enum status query_plan_read_scanned(struct arena *arena, const struct json_node *value, struct query_plan **ret_plan,
                                    struct error *err) MUST_CHECK;

/* One member of EXPLAIN's object beside "Plan". */
void plan_json_take_member(struct plan_builder *builder, const struct json_node *member);

#endif
