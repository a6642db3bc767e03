/* Figures of query plans as people read them: "200,000", "20.0 ms", "99%", "1,204 pages". Knows no plan. */
#ifndef CORE_EXPLAIN_FIGURE_H
#define CORE_EXPLAIN_FIGURE_H

#include "base/arena.h"

/* "200,000"; below 10 a fraction is kept: "0.25", "3.3". */
const char *figure_count(struct arena *arena, double value);

/* "1 row", "200,000 rows", "0 pages of temporary files": the noun's first word in plural unless it is exactly 1. */
const char *figure_of(struct arena *arena, double value, const char *noun);

/* "0.05 ms", "20.0 ms", "1.23 s", "3 min 20 s". */
const char *figure_ms(struct arena *arena, double ms);

/* "99%" of a share in 0..1; never "100%" or "0%" unless it is exactly that. */
const char *figure_share(struct arena *arena, double share);

/* "12 times", "1.5 times" */
const char *figure_times(struct arena *arena, double factor);

/* "12 MiB" of pages of 8 kB, of bytes. */
const char *figure_page_bytes(struct arena *arena, double pages);
const char *figure_bytes(struct arena *arena, double bytes);

#endif
