/* How pools are used, as text for people and as one JSON document. Knows no pooler. */
#ifndef CLI_POOL_PRINT_H
#define CLI_POOL_PRINT_H

#include "cli/screen.h"
#include "core/pool/bouncer.h"

struct pool_report {
	struct bouncer_look look; /* the second one */
	double seconds;           /* between the two */
	struct bouncer_load_list loads;
};

/* A line of figures for each database, and what is to be said of it. */
void pool_print_text(struct screen *screen, const struct pool_report *report);

/* One line on standard output. */
void pool_print_json(const struct pool_report *report);

#endif
