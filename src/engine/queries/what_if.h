/*
 * What a query's plan would be if an index were there: asked of the copy with HypoPG, which shows the planner an index
 * that nobody built. Knows no command.
 */
#ifndef ENGINE_WHAT_IF_H
#define ENGINE_WHAT_IF_H

#include <stdbool.h>
#include <stdint.h>

#include "core/sql/index_proposal.h"
#include "engine/queries/explain.h"

struct what_if {
	struct index_proposal index;
	int64_t size_bytes;       /* as HypoPG estimates it */
	const char *before, *with; /* EXPLAIN's JSON, planned only: without the index, and with it under its name */
	bool used;                 /* the plan with it reads it */
	const char *hypothetical;  /* HypoPG's name for it */
};

/*
 * Asks for the plan of `query` (planned, never run) before and with the index of the CREATE INDEX text. The session
 * is one on the copy as explain_session_on_copy opens it: a superuser's, in the operator's role. The copy stays as it
 * is: what HypoPG needs in it is rolled back. The hypothetical index stays in the session, which the caller closes.
 *
 * FAIL_USAGE: no CREATE INDEX, an index that HypoPG or the server does not take, HypoPG not installed (the hint names
 * the package). What explain_query fails with.
 */
enum status what_if_ask(struct session *session, struct arena *arena, const struct explain_options *query,
                        const char *index, struct what_if *ret_answer, struct error *err) MUST_CHECK;

#endif
