/*
 * One query explained by a server, safely: exactly one statement, over the extended protocol, in a transaction of our
 * own that is always rolled back, under limits. Knows no canaries and no gates.
 */
#ifndef ENGINE_EXPLAIN_H
#define ENGINE_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/list.h"
#include "pg/session.h"

struct explain_options {
	const char *sql;                    /* one query; a semicolon at its end is fine */
	const struct text_list *parameters; /* of $1, $2, ...; a NULL item is null; NULL = none are known */
	bool analyze;                       /* it is run */
	bool generic;                       /* the generic plan, for parameters that are not known; not with analyze */
	bool writes;                        /* one that writes may be run and is rolled back: never on live */
	int64_t timeout_ms;                 /* of the statement; 0 = 10 s */
	int64_t lock_timeout_ms;            /* 0 = 1 s */
};

/*
 * Asks for EXPLAIN's JSON with all that the server can tell (BUFFERS, VERBOSE, SETTINGS; with analyze WAL of a write,
 * from 17 MEMORY and SERIALIZE, from 19 IO) and gives its text, in the arena. Whatever is not run with `writes` is in a
 * transaction that is READ ONLY. The session must be plain, so that names are found as the query's author finds them,
 * with no transaction open; it is as before afterwards.
 *
 * FAIL_REFUSED with line and column: no single query, one that writes where it may not, parameters without values.
 * FAIL_GATE: the server refused it, or it did not end in time (SQLSTATE 57014) or got no lock (55P03); message, detail
 * and hint are the server's, but for the last two. FAIL_UNREACHABLE and the status of a stop as ever.
 */
enum status explain_query(struct session *session, struct arena *arena, const struct explain_options *options,
                          const char **ret_text, struct error *err) MUST_CHECK;

#endif
