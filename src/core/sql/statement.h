/*
 * SQL text cut into statements, each with what its parse tree says: what it is, whether it can run in a transaction,
 * what it creates, uses, changes and locks. Built on libpg_query. Knows no files and no server.
 */
#ifndef CORE_SQL_STATEMENT_H
#define CORE_SQL_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/list.h"

enum transaction_class {
	CLASS_TRANSACTIONAL,     /* runs inside our transaction */
	CLASS_OUTSIDE,           /* not in a transaction block: CREATE INDEX CONCURRENTLY, VACUUM, ALTER SYSTEM ... */
	CLASS_BEGIN,             /* BEGIN, START TRANSACTION */
	CLASS_COMMIT,            /* COMMIT, END */
	CLASS_ROLLBACK,          /* ROLLBACK, ABORT, PREPARE TRANSACTION ...: refused */
	CLASS_SAVEPOINT,         /* SAVEPOINT, RELEASE, ROLLBACK TO */
};

/* Lock modes in PostgreSQL's order of strength; LOCK_NONE = takes no relation lock that matters. */
enum lock_mode {
	LOCK_NONE,
	LOCK_ACCESS_SHARE,
	LOCK_ROW_SHARE,
	LOCK_ROW_EXCLUSIVE,
	LOCK_SHARE_UPDATE_EXCLUSIVE,
	LOCK_SHARE,
	LOCK_SHARE_ROW_EXCLUSIVE,
	LOCK_EXCLUSIVE,
	LOCK_ACCESS_EXCLUSIVE,
};

/* "ACCESS EXCLUSIVE" and so on; PostgreSQL's catalog spelling ("AccessExclusiveLock") is read by lock_mode_read. */
const char *lock_mode_name(enum lock_mode mode);
enum lock_mode lock_mode_read(const char *catalog_name); /* LOCK_NONE when unknown */
bool lock_modes_conflict(enum lock_mode a, enum lock_mode b); /* PostgreSQL manual, table 13.2 */

/* One object a statement names: kind is PostgreSQL's word (table, index, view, type, function, schema, ...). */
struct object_use {
	const char *kind;
	const char *name;        /* as written, folded as PostgreSQL folds: "schema.name" or "name" */
	bool creates;            /* CREATE, or the new name of RENAME */
	bool drops;
	bool writes;             /* INSERT, UPDATE, DELETE, MERGE, COPY FROM, TRUNCATE: a declared data change */
	enum lock_mode lock;     /* predicted from the tree; the rehearsal measures */
};

/* Why the packaged parser does not take a statement: it is wrong, or newer than the parser. */
struct parse_problem {
	const char *message; /* the parser's words, without passwords */
	long line, column;   /* in the file, 1-based, column in characters */
};

/* A value that a statement adds to an enum. */
struct enum_value {
	const char *value, *type;
};

/* There is one for every statement of a file: wide fields first, so that 300,000 of them stay small. */
struct statement {
	const char *sql;         /* without the final semicolon and without COPY data; NUL-ended, in the source's text */
	long line, column;       /* of its first byte in the file, 1-based, column in characters */
	const char *tag;         /* "CREATE INDEX", "ALTER TABLE", "INSERT", ...; "UNKNOWN" when not parsed */
	const char *index_name;  /* CREATE and DROP INDEX: "schema.name" or "name" of the index named, or NULL */
	const struct parse_problem *problem; /* when not parsed */
	const struct enum_value *adds; /* ALTER TYPE ... ADD VALUE: the value, else NULL */
	const char *copy_data;   /* the inline rows of COPY, without the line "\."; not NUL-safe: use copy_length */
	size_t copy_length;
	struct {
		const struct object_use *items;
		size_t count;
	} objects;
	uint32_t uses_enum_of;   /* number (from 1) of the last statement whose new value it uses; 0 = none */
	enum transaction_class class;
	bool parsed;             /* false: the packaged parser does not take it; cut by the scanner alone */
	bool deep;               /* nested too deeply to be sent to the parser */
	bool in_block;           /* stands in a BEGIN ... COMMIT of the file's own: set by core/migration */
	bool concurrent_index;   /* CREATE/DROP/REINDEX ... CONCURRENTLY */
	bool if_not_exists;
	bool cluster_wide;       /* roles, databases, tablespaces, ALTER SYSTEM: reaches beyond the database */
	bool foreign;            /* reads or writes through a foreign server, dblink, COPY PROGRAM or a server file */
	bool opaque_writes;      /* DO, CALL, SELECT of a function: may write what the text does not show */
	bool session_state;      /* SET, RESET, DISCARD, SELECT set_config(...): later statements may rely on it */
	bool read_only;          /* SELECT without locking or known-writing functions, SHOW, EXPLAIN without ANALYZE */
	bool copy_in;            /* COPY ... FROM STDIN: copy_data holds the inline rows */
};

struct statement_list {
	struct statement *items;
	size_t count;
	size_t room;
};

/* A text to be cut. */
struct statement_source {
	const char *file;   /* for errors */
	char *text;         /* canonical (no BOM, LF) with a NUL at text[length]; the statements point into it */
	size_t length;
	size_t from;        /* where the statements start: behind a header that was read already */
	const char *marker; /* a line comment that begins with it is an error behind `from`; or NULL */
};

/*
 * Cuts the text into statements and parses each. The list is in the arena; the text must live as long and is changed:
 * the byte behind each statement becomes NUL, so that a file of 20 MB is not copied. FAIL_REFUSED with file, line and
 * column for: an unterminated quote, dollar quote or comment (where it opens), a psql command (but those that ask for
 * what we do anyway: \set ON_ERROR_STOP, \unset ON_ERROR_STOP, \restrict, \unrestrict), COPY rows without their end.
 * A statement that does not parse is in the list with parsed = false: whether it may stay is the caller's decision.
 * Empty and comment-only text gives an empty list. Statements with equal objects share one list of them.
 */
enum status statements_read(struct arena *arena, const struct statement_source *source,
                            struct statement_list *ret_list, struct error *err) MUST_CHECK;

/* Major version of the PostgreSQL whose parser is packaged: what is newer does not parse. */
int parser_version(void);

/*
 * The statement's fingerprint by libpg_query (16 hex digits), NULL when it does not parse. For display and caches.
 */
const char *statement_fingerprint(struct arena *arena, const char *sql);

#endif
