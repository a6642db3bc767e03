/* What a node of the text form reads: " using orders_pkey on public.orders o". Knows nothing else of the line. */
#ifndef CORE_EXPLAIN_TEXT_TARGET_H
#define CORE_EXPLAIN_TEXT_TARGET_H

#include "core/explain/reading/build.h"

/* From behind the type's name to `end`. */
void text_target_read(struct plan_builder *builder, struct plan_place place, const char *type, const char *at,
                      const char *end);

#endif
