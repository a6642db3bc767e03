/* What `smoke` measured, as text for people and as one JSON document. Knows no server. */
#ifndef CLI_SMOKE_PRINT_H
#define CLI_SMOKE_PRINT_H

#include "cli/screen.h"
#include "engine/watch/smoke.h"

/* Per query and in total, what failed, what is over its budget, and the histogram. */
void smoke_print_text(struct screen *screen, const struct smoke_result *result);

/* One line on standard output. */
void smoke_print_json(const struct smoke_result *result);

#endif
