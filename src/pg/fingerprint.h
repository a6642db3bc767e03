/*
 * Row count and content fingerprint of every table of a database at one snapshot, read by several sessions in
 * parallel. Knows no gate: what a difference means is for others to say.
 *
 * A fingerprint is the numeric sum over the rows of a hash over the columns by name: native values only for types
 * whose equality is byte equality, all others as text under pinned settings. It survives dump and restore.
 */
#ifndef PG_FINGERPRINT_H
#define PG_FINGERPRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "pg/relation.h"
#include "pg/session.h"

struct fingerprint_progress {
	size_t tables_done, tables_total;
	int64_t bytes_done, bytes_total;
	int64_t elapsed_ms;
	int64_t rate_bytes; /* per second */
	int64_t remaining_ms; /* -1 = too early to say */
};

/* Called about once a second while tables are read; anything but OK ends the reading with that error. */
struct fingerprint_watch {
	enum status (*tick)(void *context, const struct fingerprint_progress *progress, struct error *err);
	void *context;
};

struct fingerprint_reader;

/*
 * Opens up to `workers` read-only sessions on the options' server, as there is work for them. With `snapshot` (an
 * exported one, whose session must stay open) all of them see exactly that; without one each table is read at its own
 * moment, which is right only where nobody writes. Texts of the options are needed until it is closed. The caller
 * closes the reader.
 */
enum status fingerprint_open(struct loop *loop, const struct session_options *options, const char *snapshot,
                             size_t workers, struct fingerprint_reader **ret_reader, struct error *err) MUST_CHECK;
void fingerprint_close(struct fingerprint_reader *reader);
void fingerprint_cleanup(struct fingerprint_reader **reader);
#define _cleanup_fingerprint_ __attribute__((cleanup(fingerprint_cleanup)))

/*
 * The relations at the snapshot with their columns and treatment, large objects last. The caller may take out columns
 * or relations and set casts before they are read. FAIL_USAGE, naming them, when this role may not read tables, or
 * row level security would hide rows from it.
 */
enum status fingerprint_relations(struct fingerprint_reader *reader, struct arena *arena,
                                  struct relation_list *ret_relations, struct error *err) MUST_CHECK;

/*
 * Reads them: fills rows and hash of all that are compared or reported and have no hash yet. FAIL_GATE names a table
 * that cannot be read.
 */
enum status fingerprint_take(struct fingerprint_reader *reader, struct arena *arena, struct relation_list *relations,
                             const struct fingerprint_watch *watch, struct error *err) MUST_CHECK;

#endif
