/* What `smoke` measured, as text for people and as one JSON document. Knows no server. */
#ifndef CLI_SMOKE_PRINT_H
#define CLI_SMOKE_PRINT_H

#include "cli/screen.h"
#include "engine/smoke.h"

/* "85 us", "1.23 ms", "850 ms", "2.10 s"; in the arena. */
const char *latency_text(struct arena *arena, int64_t latency_us);

/* Per query and in total, what failed, what is over its budget, and the histogram. */
void smoke_print_text(struct screen *screen, const struct smoke_result *result);

/* One line on standard output. */
void smoke_print_json(const struct smoke_result *result);

#endif
