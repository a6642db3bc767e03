/* Where migrations are executed: opens and closes the sessions of an executor, on live or on a clone. */
#ifndef ENGINE_PLACE_H
#define ENGINE_PLACE_H

#include "engine/copy/copy.h"
#include "engine/execute/execute.h"

/*
 * Opens an executor on a clone, logged in as the operator, and makes history table and ledger there as the apply
 * will:
 * a missing right shows now. With `traced` it measures every statement. The caller closes it, also after an error.
 */
enum status place_on_clone(struct run *run, struct clone *clone, bool traced, struct executor *ret_executor,
                           struct error *err) MUST_CHECK;

/*
 * The same on any database that is nobody's: all sessions with these options (role word and access are set here), not
 * measured.
 */
enum status place_on_scratch(struct run *run, const struct session_options *options, struct executor *ret_executor,
                             struct error *err) MUST_CHECK;

/* Opens an executor on live; writes nothing yet. */
enum status place_on_live(struct run *run, struct executor *ret_executor, struct error *err) MUST_CHECK;
void place_close(struct executor *executor);

/* History table and ledger, made or extended where they are missing: the first thing an approved apply writes. */
enum status place_prepare(struct executor *executor, struct error *err) MUST_CHECK;

#endif
