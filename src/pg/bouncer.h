/* PgBouncer's console: looks at its pools over the simple protocol, the only one that it speaks. Judges nothing. */
#ifndef PG_BOUNCER_H
#define PG_BOUNCER_H

#include "core/pool/bouncer.h"
#include "pg/session.h"

struct bouncer;

/*
 * Connects to the database "pgbouncer" at the connection string, whatever database that names, as a user of
 * admin_users or stats_users. FAIL_UNREACHABLE, FAIL_USAGE as session_open; FAIL_USAGE when it is no PgBouncer.
 */
enum status bouncer_open(struct loop *loop, const char *conninfo, struct bouncer **ret_bouncer,
                         struct error *err) MUST_CHECK;
void bouncer_close(struct bouncer *bouncer);
void bouncer_cleanup(struct bouncer **bouncer);
#define _cleanup_bouncer_ __attribute__((cleanup(bouncer_cleanup)))

/* SHOW POOLS, STATS, DATABASES and CONFIG, one after the other. Texts are in the arena. */
enum status bouncer_take(struct bouncer *bouncer, struct arena *arena, struct bouncer_look *ret_look,
                         struct error *err) MUST_CHECK;

/* ---- for those who ask it from inside the loop: each question once, in this order, makes a look ---- */

struct bouncer_question {
	const char *sql;
	enum status (*read)(struct arena *arena, const struct bouncer_table *table, struct bouncer_look *look,
	                    struct error *err);
};

enum { BOUNCER_QUESTION_COUNT = 4 };
extern const struct bouncer_question BOUNCER_QUESTIONS[BOUNCER_QUESTION_COUNT];

/* Puts an answer into the look, texts into the arena. */
enum status bouncer_read(const struct bouncer_question *question, struct arena *arena, const struct rows *rows,
                         struct bouncer_look *look, struct error *err) MUST_CHECK;

/* "1.18.0" of its server_version, "1.18.0/bouncer". */
const char *bouncer_version(struct arena *arena, const char *text);

/* How its console is connected to; run_id may be NULL. Texts are the caller's. */
struct session_options bouncer_session(const char *conninfo, const char *role_word, const char *run_id);

#endif
