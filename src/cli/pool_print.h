/* How pools are used, as text for people and as one JSON document. Knows no pooler. */
#ifndef CLI_POOL_PRINT_H
#define CLI_POOL_PRINT_H

#include "base/json.h"
#include "cli/screen.h"
#include "core/pool/bouncer.h"
#include "core/pool/ramp.h"

struct pool_report {
	bool looked;              /* at PgBouncer */
	struct bouncer_look look; /* the second one */
	double seconds;           /* between the two */
	struct bouncer_load_list loads;

	const char *on;           /* "copy" or "live"; NULL = there was no ramp, and the rest is nothing */
	const char *place;
	const char *ended;        /* why there were no more sessions, or NULL */
	struct ramp_step_list steps;
	struct ramp_knee knee;
	struct ramp_setting_list settings;
	struct text_list hints;
};

/*
 * A line of figures for each database and what is to be said of it; a line for each step, and each setting with its
 * reason.
 */
void pool_print_text(struct screen *screen, const struct pool_report *report);

/* One line on standard output. */
void pool_print_json(const struct pool_report *report);

/* The ramp's part of each; the caller owns the JSON. */
void pool_print_ramp(struct screen *screen, const struct pool_report *report);
struct json *pool_ramp_json(const struct pool_report *report);

#endif
