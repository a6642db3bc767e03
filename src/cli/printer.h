/*
 * The batch printer: event lines as text for people, or as they are for machines. Decides nothing and knows no gate:
 * it shows what the events say.
 */
#ifndef CLI_PRINTER_H
#define CLI_PRINTER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/list.h"
#include "cli/activity.h"
#include "cli/options.h"
#include "cli/screen.h"
#include "core/migration/plan.h"
#include "engine/tell/emit.h"

struct printed_migration {
	const char *version, *name;
};

struct printer {
	struct sink sink;              /* give this one to emitter_add */
	struct screen screen;
	bool json;                     /* lines to out as they are; log and errors as text to log */
	bool mute;                     /* no text at all: another one writes the log */
	const struct options *options; /* for the command to run next; NULL = none is shown */
	int64_t (*clock_ms)(void);     /* monotonic */
	struct activity activity;      /* what is at work */
	int64_t told_ms;               /* when the last line was printed */

	char plan_id[DIGEST_HEX_LENGTH + 1];
	const char *goal;              /* of a rollback: the version that stays; else NULL */
	size_t pending;                /* migrations of that plan */
	struct arena *arena;
	LIST(struct printed_migration) migrations;
	size_t at;                     /* the one that was looked for last */

	/* the gate that is at work */
	int gate;                      /* enum gate; -1 = none */
	bool refused;                  /* a failed check of it was told */
	bool failed;                   /* it has failed by its checks */
	const char *refusal;           /* what the last failed check measured */
	const char *last_check, *last_hint; /* what the line above is about */
	size_t migrations_done, statements_done;
};

/* The caller owns the printer, keeps it until the emitter is closed, and clears it. */
void printer_init(struct printer *printer, const struct screen *screen, bool json, const struct options *options);
void printer_clear(struct printer *printer);

/* Time went by: the progress line shows it; where there is none, a line is printed now and then. */
void printer_tick(struct printer *printer);

/* An error for people: where, message, detail, hint. */
void printer_error(FILE *stream, const struct error *err);

#endif
