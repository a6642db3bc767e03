/*
 * One version of the schema: its files, their headers and directives, checksums and steps. Read from bytes that the
 * caller brings; knows no disk, no server and no clock.
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

enum phase { PHASE_NONE, PHASE_EXPAND, PHASE_BACKFILL, PHASE_CONTRACT };

/* A step is one transaction, or one statement that cannot run in one. */
struct step {
	bool transactional;
	struct statement *statements; /* BEGIN and COMMIT of the file are absorbed: not in here */
	size_t count;
	const char *reason;           /* why the file was cut here; NULL for the first step */
};

/* One of the files of a migration. */
struct script {
	const char *path;             /* as the caller named it; NULL = there is none */
	struct digest raw;            /* SHA-256 of the bytes */
	struct digest canonical;      /* SHA-256 of the canonical text: no BOM, LF */
	const char *text;             /* canonical text, NUL-ended */
	size_t length;
	LIST(struct step) steps;
};

/* `-- Key: value` lines of the leading comment block, shown and not interpreted. */
struct header {
	const char *key, *value;
	long line;
};

struct allowance {               /* -- pgsluice:allow RULE because REASON */
	const char *rule, *reason;
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
	LIST(struct header) headers;
	struct text_list requires;    /* versions, in this set's digits */
	struct text_list conflicts;
	LIST(struct requirement) extensions;
	int requires_server;          /* major version, 0 = any */
	struct text_list changes_data; /* "documents", "orders.status" */
	LIST(struct allowance) allowances;
	enum phase phase;
	bool transaction_none;
	int64_t lock_timeout_ms;      /* -1 = as configured */
	int64_t statement_timeout_ms; /* -1 = as configured */
};

struct migration_set {
	struct migration *items; /* by version */
	size_t count;
	size_t room;
};

/* A file as found in the folder. */
struct source_file {
	const char *name; /* without the folder */
	const char *path; /* for messages */
	const char *bytes;
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
 * Reads a whole folder's files (of any order) into a set: names, headers, directives, checksums, statements, steps.
 * All errors of DESIGN section 5 are FAIL_REFUSED with file, line and column. `folder` is for messages.
 * history_table is the unqualified name of the history table, whose CREATE and INSERTs are absorbed.
 */
enum status migrations_read(struct arena *arena, const char *folder, const char *history_table,
                            const struct source_file *files, size_t count, struct migration_set *ret_set,
                            struct error *err) MUST_CHECK;

/* The migration of that version (compared as a number), or NULL. */
const struct migration *migration_find(const struct migration_set *set, const char *version);

/* "transactional", "none" or "mixed", as the plan document says. */
const char *migration_transaction(const struct migration *migration);

#endif
