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

#endif
