/*
 * A SQLite file of ours that may be lost: opened privately, brought to the present form, set aside when it is damaged;
 * SQLite's results as errors of ours. Knows no tables.
 */
#ifndef CACHE_STORE_H
#define CACHE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

struct store;
struct store_statement;

/* What the file must be: steps[n] brings form n to form n + 1, and the number of steps is the present form. */
struct store_form {
	const char *what;         /* "plan cache", for messages */
	int application_id;       /* SQLite's, in the file's header */
	const char *const *steps; /* SQL scripts */
	int count;
};

/* See plan_cache_open. The path and the form outlive it. */
enum status store_open(const char *path, const struct store_form *form, int busy_ms, struct store **ret_store,
                       struct error *err) MUST_CHECK;
void store_close(struct store *store);

/* A sentence on what was set aside, told once; or NULL. */
const char *store_notice(struct store *store, struct arena *arena);

/*
 * Does a piece of work on the file, in a transaction of its own when it writes: that ends with the outcome of the work.
 * Where the file turns out to be damaged, or was taken away, the work is done once more on a new one.
 */
typedef enum status store_work(struct store *store, void *context, struct error *err);
enum status store_do(struct store *store, bool writes, store_work *work, void *context, struct error *err) MUST_CHECK;

/* Bytes in use: what a file without free pages would have. Inside a work that writes. */
enum status store_used(struct store *store, int64_t *ret_bytes, struct error *err) MUST_CHECK;

/* ---- statements, inside a work ---- */

/* The text must be one statement. The caller closes it; closing NULL does nothing. */
enum status store_prepare(struct store *store, const char *sql, struct store_statement **ret_statement,
                          struct error *err) MUST_CHECK;
void store_statement_close(struct store_statement *statement);
void store_statement_cleanup(struct store_statement **statement);
#define _cleanup_store_statement_ __attribute__((cleanup(store_statement_cleanup)))

/* Parameters from 1 on. A text must live until the statement is closed; NULL is null. */
void store_bind_text(struct store_statement *statement, int parameter, const char *text);
void store_bind_int(struct store_statement *statement, int parameter, int64_t number);
void store_bind_real(struct store_statement *statement, int parameter, double number);

/* The next row; *ret_row is false behind the last one, and then it can be run again with other parameters. */
enum status store_step(struct store_statement *statement, bool *ret_row, struct error *err) MUST_CHECK;

/* To its end, for statements without rows that matter. */
enum status store_run(struct store_statement *statement, struct error *err) MUST_CHECK;

/* Columns from 0 on, of the present row. Texts are valid until the next step. */
const char *store_text(struct store_statement *statement, int column); /* NULL = null */
int64_t store_int(struct store_statement *statement, int column);
double store_real(struct store_statement *statement, int column);

/* Key of the row that was inserted last. */
int64_t store_inserted(const struct store *store);

#endif
