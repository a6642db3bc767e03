/*
 * One version of the schema: its files, their headers and directives, checksums and steps. Read from bytes that the
 * caller brings; knows no disk, no server and no clock.
 *
 * Reading has two phases, since a folder holds thousands of files that were applied long ago: migrations_read takes
 * names, headers and checksums of all; migration_parse takes the statements of one.
 */
#ifndef CORE_MIGRATION_MIGRATION_H
#define CORE_MIGRATION_MIGRATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/list.h"
#include "core/sql/statement.h"

/* Files over this are refused unless the configuration says otherwise; the one who reads them looks at it. */
enum { FILE_CEILING_BYTES = 64 * 1024 * 1024 };

enum phase { PHASE_NONE, PHASE_EXPAND, PHASE_BACKFILL, PHASE_CONTRACT };

/* A step is one transaction, or one statement that cannot run in one. */
struct step {
	bool transactional;
	struct statement *statements; /* BEGIN and COMMIT of the file are absorbed: not in here */
	size_t count;
	const char *reason;           /* why the file was cut here; NULL for the first step */
};

struct allowance {               /* -- pgsluice:allow RULE because REASON */
	const char *rule, *reason;
	long line;
};

/* One of the files of a migration. */
struct script {
	const char *path;             /* as the caller named it; NULL = there is none */
	const struct digest *raw;       /* SHA-256 of the bytes */
	const struct digest *canonical; /* SHA-256 of the canonical text: no BOM, LF. Both are empty where no file is */
	char *text;                   /* canonical text; once parsed, a NUL stands behind each statement */
	size_t length;
	size_t body;                  /* offset behind the header */
	bool transaction_none;
	LIST(struct allowance) allowances;
	LIST(struct step) steps;      /* empty until migration_parse, and when nothing is left to run */
};

/* `-- Key: value` lines of the leading comment block, shown and not interpreted. */
struct header {
	const char *key, *value;
	long line;
};

struct requirement {             /* -- pgsluice:requires-extension vector >= 0.7 */
	const char *extension;
	const char *at_least;    /* version, or NULL for any */
};

struct migration {
	const char *version;     /* the file's own digits */
	const char *name;        /* what stands between the version and .sql */
	const char *description; /* the header of that key, else NULL */
	struct script up, down, verify;
	bool parsed;             /* migration_parse was here: the steps are filled in */
	LIST(struct header) headers;
	struct text_list requires;    /* versions, in this set's digits */
	LIST(long) requires_lines;    /* where each of them stands in the up file */
	struct text_list conflicts;   /* versions */
	LIST(struct requirement) extensions;
	int requires_server;          /* major version, 0 = any */
	struct text_list changes_data; /* "documents", "orders.status" */
	enum phase phase;
	int64_t lock_timeout_ms;      /* -1 = as configured */
	int64_t statement_timeout_ms; /* -1 = as configured */
	int64_t guard_wait_ms;        /* -1 = as configured */
	int guard_waiting;            /* -1 = as configured */
};

struct migration_set {
	struct migration *items; /* by version */
	size_t count;
	size_t room;
	const char *history_table; /* as given to migrations_read */
};

/* A file as found in the folder. */
struct source_file {
	const char *name; /* without the folder */
	const char *path; /* for messages */
	char *bytes;      /* with a NUL behind them; migrations_read turns them into the script's text, in place */
	size_t length;
};

/* Compares versions as numbers of any length: <0, 0, >0. Leading zeros do not count. */
int version_compare(const char *a, const char *b);

/*
 * Whether the name belongs to a migration folder at all: FILE_IGNORED for TEMPLATE.sql, names that do not end in
 * .sql and dot files; FILE_BAD_NAME for any other .sql name.
 */
enum file_kind { FILE_UP, FILE_DOWN, FILE_VERIFY, FILE_IGNORED, FILE_BAD_NAME };
enum file_kind file_kind_of(const char *name);

/*
 * Phase one: a whole folder's files (of any order) become a set with names, headers, directives and checksums. The
 * set takes the files' bytes over, which must live as long as it does. FAIL_REFUSED with file, line and column for a
 * bad name, a version in two files, a down or verify file without its up file, no up file at all, a NUL byte, invalid
 * UTF-8, and an unknown or wrong directive. `folder` is for messages. history_table is the name of the history table,
 * with or without its schema: its CREATE and INSERTs in the files are absorbed.
 */
enum status migrations_read(struct arena *arena, const char *folder, const char *history_table,
                            const struct source_file *files, size_t count, struct migration_set *ret_set,
                            struct error *err) MUST_CHECK;

/*
 * Phase two, for one migration of the set: the statements and steps of its up, down and verify file. Does nothing the
 * second time. FAIL_REFUSED with file, line and column for what cannot be cut (see statements_read), a statement that
 * the packaged parser does not take and `allow unparsed` does not cover, BEGIN inside a transaction, BEGIN without
 * COMMIT and the reverse, ROLLBACK, a directive outside the header, and a verify statement that does not only read.
 */
enum status migration_parse(struct arena *arena, const struct migration_set *set, struct migration *migration,
                            struct error *err) MUST_CHECK;

/* Phase two for all whose version is not among `except` (the applied ones, in any order); NULL = for all. */
enum status migrations_parse(struct arena *arena, struct migration_set *set, const struct text_list *except,
                             struct error *err) MUST_CHECK;

/* The migration of that version (compared as a number), or NULL. */
const struct migration *migration_find(const struct migration_set *set, const char *version);

/* "transactional", "none" or "mixed", as the plan document says: mixed is what is not atomic. */
const char *migration_transaction(const struct migration *migration);

#endif
