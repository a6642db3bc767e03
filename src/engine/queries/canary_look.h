/*
 * A canary looked at on one server: its plan, and how long it takes. Knows no gate and judges nothing; what is run
 * reads only.
 */
#ifndef ENGINE_CANARY_LOOK_H
#define ENGINE_CANARY_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/canary/canary.h"
#include "pg/session.h"

struct canary_look {
	const char *error;     /* why it could not be looked at, one sentence without full stop; NULL = it could */
	const char *sqlstate;  /* of that error, "" when it is ours */
	bool stopped;          /* it did not end in time: that is the error */
	const char *plan_text; /* what EXPLAIN said, of the median of its runs; NULL with an error */
	int64_t p95_us;        /* of plain runs; -1 = not timed */
	size_t runs;           /* so many of them */
};

struct canary_measure {
	bool run;              /* EXPLAIN with ANALYZE, warm, the median of several; else the plan alone */
	const struct session_options *timed; /* plain runs for its p95, in a session of this kind; NULL = none */
	int64_t timeout_ms;    /* of one run */
	int64_t time_ms;       /* no timed run begins later than this after the first */
	int64_t repetitions;   /* of the timed runs, at most */
};

/*
 * Texts are in the arena. A canary whose parameters are not known is planned generically, whatever is asked for. An
 * error is one of the session or a stop; what the server says about the canary is in the look.
 */
enum status canary_look(struct session *session, struct arena *arena, const struct canary *canary,
                        const struct canary_measure *measure, struct canary_look *ret_look,
                        struct error *err) MUST_CHECK;

#endif
