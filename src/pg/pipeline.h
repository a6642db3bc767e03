/*
 * Statements sent as one pipeline with flush requests between; results come in order, each with its index.
 * One round trip for any number of statements. Knows no migrations.
 */
#ifndef PG_PIPELINE_H
#define PG_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/list.h"
#include "pg/session.h"

struct pipeline_item {
	const char *sql;
	const char *name;              /* with sql: the server is to keep it as this; without: run what it keeps */
	int count;                     /* parameters, text */
	const char *const *parameters;
	bool want_rows;                /* hand the result to `result` as rows, else only tag and counts */
	bool quiet;                    /* its result may come with the next one's: nobody waits for it */
};

struct pipeline_item_list {
	struct pipeline_item *items;
	size_t count;
	size_t room;
};

/*
 * Appends what brings a session back to how session_open left it: settings, role, prepared statements, cursors,
 * temporary tables and advisory locks that a file may have left. They must be the first of their pipeline, and no
 * transaction be open: DISCARD ALL alone would lose the configured role and our settings.
 */
void session_reset_items(struct session *session, struct arena *arena, struct pipeline_item_list *list);

/*
 * Called for each result in order. Return false to stop early: the rest is read and dropped.
 * `rows` is valid during the call only.
 */
typedef bool pipeline_result(void *context, size_t index, const struct rows *rows);

/*
 * Runs the items as one pipeline ended by one Sync. On the first error the rest is aborted by the server; the error
 * carries the server's parts, *ret_failed the index, and *ret_position the character position (1-based, 0 = none)
 * in that item's sql. The transaction is left as the server left it: the caller rolls back.
 */
enum status pipeline_run(struct session *session, const struct pipeline_item *items, size_t count,
                         pipeline_result *result, void *context, size_t *ret_failed, long *ret_position,
                         struct error *err) MUST_CHECK;

/*
 * COPY ... FROM STDIN with inline data, outside a pipeline. Error lines count from the data's first line. ret_rows may
 * be NULL.
 */
enum status copy_in(struct session *session, const char *sql, const char *data, size_t length, int64_t *ret_rows,
                    struct error *err) MUST_CHECK;

#endif
