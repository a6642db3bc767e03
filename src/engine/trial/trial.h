/*
 * The trial of a migration folder on an empty server: every migration forward, a second time, verified, back and
 * forward again, and the schema of a fresh install held beside the result. Needs no target. The executor is the one
 * that applies.
 */
#ifndef ENGINE_TRIAL_H
#define ENGINE_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/list.h"
#include "engine/run.h"

/* What was found out about a migration. */
enum trial_outcome {
	TRIAL_GOOD,
	TRIAL_FOUND,       /* there are findings that are errors */
	TRIAL_HELD,        /* this server lacks what it requires: not tried */
	TRIAL_NOT_REACHED, /* one before it does not run */
};

struct trial_row {
	const struct migration *migration;
	enum trial_outcome outcome;
	const char *reason;   /* why held or not reached: a sentence part; else NULL */
	int64_t duration_ms;
};

struct trial_finding {
	const char *check;    /* "up", "twice", "verify", "down", "again", "init", or the name of a rule */
	bool warning;         /* reported, never refuses */
	const char *version;  /* or NULL */
	const char *file;     /* or NULL */
	long line;            /* 0 = unknown */
	const char *message;
	const char *hint;     /* or NULL */
	const char *allowed_because; /* the file's own reason for it, or NULL: then it is a warning */
};

struct trial {
	/* what the caller sets */
	const char *init;     /* the file for fresh installs, or NULL: none is compared */
	void (*tried)(void *context, const struct trial_row *row); /* called as each is done; NULL = nothing */
	void *context;

	/* what comes out, in the run's arena */
	const char *server_version;
	const char *place;    /* where it ran: a sentence part */
	LIST(struct trial_row) rows;
	LIST(struct trial_finding) findings;
	size_t error_count;   /* findings that are no warnings */
};

/*
 * Reads the run's files and carries the trial out on a scratch cluster of the newest installed server programs, or in
 * databases of its own on the settings' staging server; nothing of it stays. Findings are no error. FAIL_REFUSED for
 * what the files alone show.
 */
enum status trial_run(struct run *run, struct trial *trial, struct error *err) MUST_CHECK;

#endif
