/*
 * A session for small queries that is served from inside other waits: it connects, asks, and connects anew when it was
 * lost, all in the loop's handlers and without ever waiting. One query at a time; it has no queue. Knows no sampler.
 */
#ifndef PG_ASKER_H
#define PG_ASKER_H

#include "pg/session.h"

struct asker;

/*
 * The end of a query: its rows, which live during the call only; or NULL, and why: the server's error as session_query
 * has it, FAIL_UNREACHABLE when the connection was lost or no answer came. The asker may be asked again from inside.
 */
typedef void asker_answer(void *context, const struct rows *rows, const struct error *err);

struct asker_options {
	struct session_options session; /* its texts live as long as the asker; `sent`, `direct` are not heeded */
	int64_t begin_after_ms; /* when to connect; 0 = at once */
	int64_t lock_timeout_ms;
	bool console;           /* PgBouncer's: the simple protocol alone, and no settings */
	void (*changed)(void *context); /* it became idle, or a connection could not be made: see asker_trouble */
	void *context;
};

/*
 * Begins to connect. Fails only when the connection string does not parse (FAIL_USAGE). The caller closes it, not from
 * inside one of its calls; a query that runs is given up without an answer.
 */
enum status asker_open(struct loop *loop, const struct asker_options *options, struct asker **ret_asker,
                       struct error *err) MUST_CHECK;
void asker_close(struct asker *asker);

/* Whether it can be asked now. */
bool asker_idle(const struct asker *asker);

/* Why there is no connection at present; its status is OK while nothing is wrong. */
const struct error *asker_trouble(const struct asker *asker);

/* How many connections it has had: another number, and it may be another server. */
unsigned asker_connection(const struct asker *asker);

/* Of the present connection: server_version_num, the version as it says it, "host=... dbname=..." without secrets. */
int asker_server_version(const struct asker *asker);
const char *asker_version_text(const struct asker *asker);
const char *asker_place(const struct asker *asker);

/*
 * Sends a query without parameters, whose text lives as long as the asker: the server keeps its plan. It is cancelled
 * by the server after timeout_ms; when no word comes for some seconds more, the connection is given up and made anew.
 * Only while idle.
 */
void asker_ask(struct asker *asker, const char *sql, int64_t timeout_ms, asker_answer *answer, void *context);

/* The same with parameters, which live during the call only. */
void asker_ask_with(struct asker *asker, const char *sql, int count, const char *const *parameters, int64_t timeout_ms,
                    asker_answer *answer, void *context);

#endif
