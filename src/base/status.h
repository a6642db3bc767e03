/* The outcomes a function can end with, and the exit code of each; knows no message texts but the default hints. */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

enum status {
	OK = 0,
	FAIL_INTERNAL,     /* a bug, or a resource of this machine gave out */
	FAIL_USAGE,        /* options, configuration, password, rights, a pooler in the path */
	FAIL_PENDING,      /* `status --check`: migrations are pending */
	FAIL_REFUSED,      /* files, checksums, graph, rules, history or drift refuse the plan */
	FAIL_GATE,         /* a gate did not hold; live untouched */
	FAIL_NOT_APPROVED, /* approval missing, expired, or for another plan */
	FAIL_NOT_READY,    /* live is not ready now */
	FAIL_BUSY,         /* another run holds this target */
	FAIL_LOCK_BUDGET,  /* lock budget spent or guard gave up; rolled back clean */
	FAIL_UNREACHABLE,  /* the target does not answer */
	FAIL_WINDOW,       /* outside the maintenance window */
	FAIL_IN_DOUBT,     /* connection lost at COMMIT and the target cannot be asked yet */
	FAIL_MIGRATION,    /* a migration failed and was rolled back */
	FAIL_PARTIAL,      /* a non-transactional statement failed half-way */
	FAIL_UNCONFIRMED,  /* committed locally, replication unconfirmed */
	FAIL_VERIFY,       /* applied, but the proof afterwards failed */
	FAIL_INTERRUPTED,  /* SIGINT */
	FAIL_TERMINATED,   /* SIGTERM or SIGHUP */
	STATUS_COUNT,
};

struct status_row {
	const char *name;    /* as in event lines: lower case with underscores */
	int exit_code;       /* DESIGN: command contract */
	const char *meaning; /* one line, as the manual page prints it */
	const char *hint;    /* shown where an error carries none of its own; NULL for OK */
};

/* Returns the row of a status; never NULL. */
const struct status_row *status_get(enum status status);

#endif
