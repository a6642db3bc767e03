/*
 * A query that a viewer asks about: whether it may be asked where it is to be, and the `explain` event that answers it.
 * Waits for the server; knows no viewer.
 */
#ifndef ENGINE_EXPLAIN_REQUEST_H
#define ENGINE_EXPLAIN_REQUEST_H

#include "engine/queries/explain_place.h"

/* In an arena of its own, so that it outlives the run. */
struct explain_request {
	struct arena *arena;
	const char *sql;
	bool on_copy, analyze;
	const char *confirm; /* the database's name as typed, or NULL */
	uint64_t viewer;     /* who asked */
};

/*
 * Takes a request's fields. NULL = it may be carried out, else why not: a sentence. Without `on` the copy is asked
 * where the run has one. `run` is NULL between two runs. The caller closes *ret_request when there is one.
 */
const char *explain_request_take(const struct run *run, const struct json *fields,
                                 struct explain_request **ret_request);
void explain_request_close(struct explain_request *request);

/* Asks the server and makes the answer, an error among them; the caller owns it. */
struct json *explain_request_answer(struct loop *loop, const struct settings *settings, struct run *run,
                                    const struct explain_request *request);

#endif
