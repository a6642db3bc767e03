/* Where a file's own BEGIN and COMMIT stand, and whether they fit together. Knows no steps. */
#ifndef CORE_MIGRATION_BLOCKS_H
#define CORE_MIGRATION_BLOCKS_H

#include "base/error.h"
#include "core/sql/statement.h"

/*
 * A file can also be written to slip out of a transaction that its runner has opened: COMMIT; ...; BEGIN; with the
 * runner's BEGIN before and its COMMIT behind it.
 */
enum blocks_state {
	BLOCKS_RUNNER,  /* no BEGIN or COMMIT yet: the runner's transaction */
	BLOCKS_OWN,     /* behind a BEGIN of the file */
	BLOCKS_OUTSIDE, /* behind a COMMIT */
};

struct blocks {
	const char *file;    /* for errors */
	bool rollback_ends;  /* ROLLBACK ends a block as COMMIT does: nothing is written anyway */
	enum blocks_state state;
	bool slipped;        /* the first COMMIT ended the runner's transaction */
	struct {
		long line, column;
	} slip, begin;       /* where that COMMIT and the last BEGIN stand */
};

enum block_event {
	BLOCK_INSIDE,     /* a statement to run */
	BLOCK_ABSORBED,   /* BEGIN */
	BLOCK_ENDS_STEP,  /* COMMIT, or a BEGIN behind statements that stood outside */
};

/* Takes the file's statements in order. FAIL_REFUSED with their place for those that do not fit. */
enum status blocks_follow(struct blocks *blocks, const struct statement *statement, enum block_event *ret_event,
                          struct error *err) MUST_CHECK;

/* Behind the last one: FAIL_REFUSED for a BEGIN without COMMIT and the reverse. */
enum status blocks_finish(const struct blocks *blocks, struct error *err) MUST_CHECK;

#endif
