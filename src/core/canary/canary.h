/*
 * A canary: a query whose plan and latency are watched before and after a migration. Read from a text that the caller
 * brings; knows no disk and no server.
 *
 *	-- name: documents of a source
 *	-- budget: 200ms
 *	-- parameters: 42, 'x', null
 *	-- frequency: 10/s
 *	SELECT ... WHERE source_id = $1 ...;
 */
#ifndef CORE_CANARY_CANARY_H
#define CORE_CANARY_CANARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/list.h"

/* What a canary may take at its 95th percentile when it does not say so itself. */
enum { CANARY_BUDGET_MS = 2000 };

/* Evidence says exactly these words where there are none. */
#define CANARY_NONE_TEXT "no canaries"

enum canary_origin {
	CANARY_FILE,       /* of the folder canaries */
	CANARY_STATEMENTS, /* of the server's pg_stat_statements */
};

struct canary {
	const char *name;
	enum canary_origin origin;
	const char *file;            /* path, or NULL for the server's */
	long line;                   /* of the statement in it */
	const char *sql;             /* one statement that only reads, without its semicolon */
	struct text_list parameters; /* of $1, $2, ...: texts as the server reads them, a NULL item is null */
	bool generic;                /* its parameters are not known: it can be planned, and is never run */
	int64_t budget_ms;
	double frequency;            /* how often it runs, per second; 0 = not told */
	int64_t calls, total_ms;     /* of the server's: since its statistics began */
};

struct canary_list {
	struct canary *items;
	size_t count;
	size_t room;
};

/*
 * Reads one file's text, whatever its line ends. The name is the file's without its ending unless a header line says
 * otherwise. FAIL_REFUSED with file and line, and a hint: two statements or none, a statement that writes, a value that
 * is none, another number of values than the statement has parameters, a key that is told twice or misspelt.
 */
enum status canary_read(struct arena *arena, const char *path, const char *text, size_t length,
                        struct canary *ret_canary, struct error *err) MUST_CHECK;

/* FAIL_REFUSED when two of them have one name: it names both files. */
enum status canaries_check_names(const struct canary_list *list, struct error *err) MUST_CHECK;

/* Over all that decides what is measured and what is allowed: what evidence about them depends on. */
struct digest canaries_digest(const struct canary_list *list);

#endif
