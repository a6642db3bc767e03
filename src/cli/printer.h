/*
 * The batch printer: event lines as text for people, or as they are for machines. Decides nothing and knows no gate:
 * it shows what the events say.
 */
#ifndef CLI_PRINTER_H
#define CLI_PRINTER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "cli/options.h"
#include "cli/screen.h"
#include "core/migration/plan.h"
#include "engine/emit.h"

struct printer {
	struct sink sink;              /* give this one to emitter_add */
	struct screen screen;
	bool json;                     /* lines to out as they are; log and errors as text to log */
	const struct options *options; /* for the command to run next; NULL = none is shown */
	int64_t (*clock_ms)(void);     /* monotonic */
	int64_t sampled_ms;            /* when a sample was last printed where there is no progress line */
	char plan_id[DIGEST_HEX_LENGTH + 1];
	size_t pending;                /* migrations of that plan */
};

/* The caller owns the printer and keeps it until the emitter is closed. */
void printer_init(struct printer *printer, const struct screen *screen, bool json, const struct options *options);

/* An error for people: where, message, detail, hint. */
void printer_error(FILE *stream, const struct error *err);

#endif
